"""What applying an entry does to the sessions of this node.

The entry is shown to the sessions whose users may see it, except the one that wrote it. (A session
of version 1 is shown what it writes to its own user, as by the C++ server.) A change of a group's
members counts from then on, and the sessions that an entry ends are ended.
"""

from chat_domain.entries import (
    TEXT,
    ChangeKind,
    Entry,
    is_group,
    is_with_oneself,
    membership_change,
)
from chat_domain.fairness.meter import READERS_PER_FRAME
from chat_domain.log.authorizing import Writer
from chat_domain.log.ring import Ring
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions

_END_SESSIONS = {ChangeKind.DEVICE_ENDED, ChangeKind.ALL_ENDED, ChangeKind.ERASED}


class Fanout:
    """Each method handles one kind of entry. writer: None if the entry is another node's. Each
    returns the number of readers to account for, one more than there were sessions.

    shown: how many entries were shown to sessions, by this and by `Offline`. (Clients of version 1
    do not send all of them on.)
    """

    def __init__(self, sessions: Sessions, ring: Ring) -> None:
        self._sessions = sessions
        self._ring = ring
        self.shown = 0

    def to_group(self, entry: Entry, writer: Writer | None) -> int:
        """In a group, nobody is told who has received what, so there are no receipts."""
        at, sessions = entry.at, self._sessions.in_group(entry.conv)
        for own in self._sessions.of(entry.sender_id):
            if own.expected and own is not writer and at > own.live_above:
                own.expect_no_more(entry)
        # Two loops: in a short one, a processor loads the memory of several sessions at once.
        clients = [one.client for one in sessions if at > one.live_above and one is not writer]
        for client in clients:
            client.show(entry)
        self.shown += len(clients)
        return len(sessions) + 1

    def to_people(self, entry: Entry, writer: Writer | None) -> int:
        at, sender_id, sessions = entry.at, entry.sender_id, self._sessions.of_people(entry.conv)
        if len(sessions) > READERS_PER_FRAME and isinstance(writer, Session):
            writer.copies += len(sessions)
        if writer is not None and writer.claim is not None and is_with_oneself(entry.conv):
            writer = None  # a client of version 1 is shown what it writes to itself
        for session in sessions:
            if at <= session.live_above or session is writer:
                continue
            if session.user.id == sender_id:
                if session.expected:
                    session.expect_no_more(entry)
            elif entry.kind == TEXT:
                # As `add_receipt`, without a call for each message.
                receipts = session.pending_receipts
                if receipts is None:
                    receipts = session.begin_receipts()
                receipts.append((at, sender_id))
            session.client.show(entry)
            self.shown += 1
        return len(sessions) + 1

    def change(self, entry: Entry, writer: Writer | None) -> int:
        """A user who joins sees the entry, and so does one who leaves."""
        conv, at, sessions = entry.conv, entry.at, self._sessions
        if not is_group(conv):
            readers = self.to_people(entry, writer)
            self._end(entry)
            return readers
        user_id, is_member = membership_change(entry)
        if is_member:
            sessions.join(user_id, conv, at)
        readers = self.to_group(entry, writer)
        if not is_member:
            sessions.leave(user_id, conv, at)
        return readers

    def _end(self, entry: Entry) -> None:
        """Carry out a user's change of their own account or sessions: end the one that it names, or
        all except that. A session that is ended sees nothing above the entry."""
        change = entry.change
        assert change is not None
        if change.what == ChangeKind.ERASED:
            self._ring.erase(entry.sender_id)
        if change.what in _END_SESSIONS:
            ends_named = change.what == ChangeKind.DEVICE_ENDED
            for session in self._sessions.of(entry.sender_id):
                if (session.name == change.detail) == ends_named:
                    session.fall_behind(entry.at)
                    session.revoke()
