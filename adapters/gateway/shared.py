"""What all handlers of a gateway share."""

import attrs

from adapters.gateway.per_origin_limit import (
    BEGINNINGS_AT_ONCE,
    LISTS_AT_ONCE,
    REQUESTS_AT_ONCE,
    PerOriginLimit,
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
    end, so that nobody may log in any more. recipient_limit: for chats for which the store is
    asked, and nothing else; other requests may wait for Redis as well."""

    chat: Chat
    tasks: BackgroundTasks
    guard: Guard = attrs.field(factory=Guard)
    tally: Tally = attrs.field(factory=Tally)
    depths: Depths = attrs.field(factory=dict)
    encoder: MessageEncoder = attrs.field(factory=MessageEncoder)
    list_limit: PerOriginLimit = attrs.field(factory=lambda: PerOriginLimit(LISTS_AT_ONCE))
    request_limit: PerOriginLimit = attrs.field(factory=lambda: PerOriginLimit(REQUESTS_AT_ONCE))
    recipient_limit: PerOriginLimit = attrs.field(factory=lambda: PerOriginLimit(REQUESTS_AT_ONCE))
    beginning_limit: PerOriginLimit = attrs.field(
        factory=lambda: PerOriginLimit(BEGINNINGS_AT_ONCE)
    )
    slices: Slices = attrs.field(init=False)
    unsent: Unsent = attrs.field(init=False)
    closing: bool = False

    @slices.default
    def _new_slices(self) -> Slices:
        return Slices(self.guard.networks.lineage_of)

    @unsent.default
    def _new_unsent(self) -> Unsent:
        return Unsent(self.guard)
