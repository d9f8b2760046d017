"""What all conversations of a gateway share."""

import attrs

from adapters.gateway.few_at_once import FewAtOnce
from adapters.gateway.slices import Slices
from adapters.gateway.tally import Tally
from adapters.gateway.tasks import BackgroundTasks
from adapters.wire.version2 import MessageEncoder
from chat_domain.chat import Chat
from chat_domain.fairness.guard import Guard


@attrs.define(eq=False)
class Shared:
    """closing: whether the server is about to end, so that nobody may log in any more."""

    chat: Chat
    tasks: BackgroundTasks
    guard: Guard = attrs.field(factory=Guard)
    tally: Tally = attrs.field(factory=Tally)
    encoder: MessageEncoder = attrs.field(factory=MessageEncoder)
    few_at_once: FewAtOnce = attrs.field(factory=FewAtOnce)
    slices: Slices = attrs.field(init=False)
    closing: bool = False

    @slices.default
    def _new_slices(self) -> Slices:
        return Slices(self.guard.networks.line_of)
