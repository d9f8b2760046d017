"""Messages from a member of a group to all its other members."""

from collections.abc import Awaitable, Collection

import attrs

from chat_domain.delivery.delivery import Delivery
from chat_domain.delivery.rosters import Rosters
from chat_domain.delivery.session import Session
from chat_domain.errors import NotMember, TryAgain
from chat_domain.model import Message


@attrs.frozen
class GroupChat:
    delivery: Delivery
    rosters: Rosters

    def copies(self, group_id: int) -> int | None:
        """How many copies a message to this group makes; None where that has to be counted."""
        members = self.rosters.known(group_id)
        return None if members is None else len(members)

    async def count_copies(self, group_id: int) -> int:
        """How many copies it makes, looked up if need be. Raises NoSuchGroup and TryAgain."""
        return len(await self.rosters.members(group_id))

    def send(
        self, sender: Session, group_id: int, text: str, cid: str | None, tag: int | None
    ) -> Awaitable[None] | None:
        """Send a text to everyone who is in the group at this moment, but for the sender.

        Arguments, result and errors as in `OneToOne.send`, and NotMember and NoSuchGroup, which
        the returned awaitable may raise as well.
        """
        message = self.delivery.accept(sender, group_id, text, cid)
        members = self.rosters.known(group_id)
        if members is None:
            return self._look_up_and_send(sender, message, tag)
        return self._send(members, sender, message, tag)

    async def _look_up_and_send(self, sender: Session, message: Message, tag: int | None) -> None:
        try:
            members = await self.rosters.members(message.group_id)
        except TryAgain:
            sender.sendings.expect_again(message.mid, message)
            raise
        storing = self._send(members, sender, message, tag)
        if storing is not None:
            await storing

    def _send(
        self, members: Collection[int], sender: Session, message: Message, tag: int | None
    ) -> Awaitable[None] | None:
        if sender.user.id not in members:
            raise NotMember(message.group_id)
        # One more than the recipients, so that the answer is not given before all are routed.
        receipt = self.delivery.receipt(sender, message, tag, len(members))
        sender_id = sender.user.id
        others = [member_id for member_id in members if member_id != sender_id]
        left = self.delivery.route(others, message, receipt)
        if receipt is not None:
            receipt.delivered()
        return self.delivery.forward(left) if left else None
