"""What came while a user was away is shown when they come, and counts as taken over when their
client says so."""

import attrs

from chat_domain.log.follower import Follower
from chat_domain.log.marks import Marks
from chat_domain.log.reading import Reader
from chat_domain.log.session import Session


@attrs.frozen
class Offline:
    follower: Follower
    reader: Reader
    marks: Marks

    def go_on(self, session: Session) -> None:
        """Let come what a session has not seen, as far as it takes that now. Safe at any time."""
        self.reader.go_on(session)

    def choked(self, session: Session) -> None:
        """The session's link takes no more for now."""
        session.choke(self.follower.applied)

    def unchoked(self, session: Session) -> None:
        """The session's link takes more again."""
        session.choked = False
        self.reader.go_on(session)

    def taken_over(self, session: Session, at: int) -> None:
        """The client has taken over all that it was shown up to this position. Raises
        NotSentYet."""
        self.marks.taken_over(session, at)

    def place(self, session: Session) -> int:
        """Everything of the session's user up to this position was shown."""
        return session.place(self.follower.applied)
