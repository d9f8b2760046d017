"""What all handlers of a gateway share."""

import attrs

from adapters.gateway.per_origin_limit import (
    BEGINNINGS_AT_ONCE,
    LISTS_AT_ONCE,
    REQUESTS_AT_ONCE,
    WAITS_WITHIN,
    PerOriginLimit,
    ResumeLimit,
)
from adapters.gateway.slices import Slices
from adapters.gateway.tally import Tally
from adapters.gateway.tasks import BackgroundTasks
from adapters.gateway.unsent import Unsent
from adapters.wire.version2 import MessageEncoder
from chat_domain.chat import Chat
from chat_domain.fairness.guard import Guard
from chat_domain.ports.runtime import Depths


@attrs.define(eq=False)
class Shared:
    """depths: the lengths of the queues behind the rules. closing: whether the server is about to
    end, so that nobody may log in any more. list_limit: for requests that may ask the store for
    much. recipient_limit: for chats to users about whom the store is asked. request_limit: for all
    others that wait for the store or for Redis. beginning_limit: for sessions that begin.
    resume_limit: for RESUME as a whole."""

    chat: Chat
    tasks: BackgroundTasks
    guard: Guard = attrs.field(factory=Guard)
    tally: Tally = attrs.field(factory=Tally)
    depths: Depths = attrs.field(factory=dict)
    encoder: MessageEncoder = attrs.field(factory=MessageEncoder)
    list_limit: PerOriginLimit = attrs.field(
        factory=lambda: PerOriginLimit(LISTS_AT_ONCE, WAITS_WITHIN)
    )
    request_limit: PerOriginLimit = attrs.field(
        factory=lambda: PerOriginLimit(REQUESTS_AT_ONCE, WAITS_WITHIN)
    )
    recipient_limit: PerOriginLimit = attrs.field(
        factory=lambda: PerOriginLimit(REQUESTS_AT_ONCE, WAITS_WITHIN)
    )
    beginning_limit: PerOriginLimit = attrs.field(
        factory=lambda: PerOriginLimit(BEGINNINGS_AT_ONCE)
    )
    resume_limit: ResumeLimit = attrs.field(factory=ResumeLimit)
    slices: Slices = attrs.field(init=False)
    unsent: Unsent = attrs.field(init=False)
    closing: bool = False

    @slices.default
    def _new_slices(self) -> Slices:
        return Slices(self.guard.networks.lineage_of)

    @unsent.default
    def _new_unsent(self) -> Unsent:
        return Unsent(self.guard)
