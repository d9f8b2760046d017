"""Messages from a member of a group to all its other members."""

import attrs

from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.messages.writing import Writing
from chat_domain.ports.client import TextRequest


@attrs.frozen
class GroupChat:
    writing: Writing
    sessions: Sessions

    def readers(self, group_id: int) -> int:
        """How many sessions of this node are shown a message to this group."""
        return len(self.sessions.in_group(group_id))

    def send(self, sender: Session, group_id: int, request: TextRequest) -> None:
        """Send a text to all who are in the group when it is written, except the sending session.

        The outcome is reported, and errors are raised, as by `OneToOne.send`. The text may also be
        refused with NotMember and NoSuchGroup.
        """
        self.writing.write(sender, group_id, request)
