"""Messages from one user to another."""

from collections.abc import Awaitable

import attrs

from chat_domain.delivery.delivery import Delivery
from chat_domain.delivery.session import Session


@attrs.frozen
class OneToOne:
    delivery: Delivery

    def send(
        self, sender: Session, to_id: int, text: str, cid: str | None, tag: int | None
    ) -> Awaitable[None] | None:
        """Send a text to a user, who may be the sender. Anybody may write to anybody.

        cid, tag: the client's ids of the message, and of its request.
        Return None when all is done; otherwise the message is being forwarded or stored, and the
        sender's next request has to wait for this. Raises TooManyUnanswered. What became of the
        message is told by `Client.answered`.
        """
        message = self.delivery.accept(sender, 0, text, cid)
        receipt = self.delivery.receipt(sender, message, tag, 1)
        left = self.delivery.route((to_id,), message, receipt)
        return self.delivery.forward(left) if left else None
