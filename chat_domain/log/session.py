"""One client's session: a reader of the log, and a writer to it.

Rules:
1. A session is live, behind, or ended. It begins behind.
2. A live session is shown what the node applies, at once. Its position in the log is the node's.
3. A session that is behind is shown only what is read for it, and its position is `after`. It is
   behind until its client knows that it is logged in (`ready`), and when its link takes no more
   (`choked`); it is live again once its position is what the node has applied.
4. Nothing is kept for it in either case, and nothing has to be stored when it ends.
5. At most MOST_UNANSWERED of its texts are on their way into the log. A text that cannot be written
   for the moment is expected again, and so are those behind it. Nothing else is accepted until they
   have come, in order. One that its client is shown as written is expected no longer; none are, if
   the first has not come for EXPECTED_FOR seconds. So the order in which its user writes is kept. A
   session that is not subscribed, since the follower was reset, writes nothing at all.
"""

from collections import deque

import attrs

from chat_domain.entries import FOREVER, TEXT, Duplicate, Entry, is_group, people
from chat_domain.errors import ChatError, TooManyUnanswered, TryAgain
from chat_domain.model import Claim, User
from chat_domain.ports.client import Client
from chat_domain.ports.runtime import Latch

MOST_UNANSWERED = 256
EXPECTED_FOR = 20.0  # seconds
MAX_RECEIPTS = 1000  # texts whose writers get receipts once they are taken over


@attrs.define(eq=False, repr=False, weakref_slot=False)
class _Reader:
    """What is read for each message to each member of a group: adjacent in memory, so that a
    processor loads it all at once."""

    client: Client
    live_above: int = attrs.field(default=FOREVER, init=False)
    expected: deque[str] | None = attrs.field(default=None, init=False)  # cids


@attrs.define(eq=False, repr=False, weakref_slot=False)
class Session(_Reader):
    """live_above: the position above which it is shown what the node applies, FOREVER unless it is
    live. after: its position while it is not live. name: its tokens are kept under it, and it stays
    when the session is resumed (see `KeptToken.session`); for version 1, new with each login.
    claim: of its user's slot, for version 1 only. groups: those that its user is in, as far as this
    node has applied the log; valid above `groups_changed_at`, the position of their last change.
    taken: how far its client has taken over. copies: of its texts to one user, if they were many;
    its client is charged for them."""

    user: User
    name: str
    claim: Claim | None = None
    groups: set[int] = attrs.field(factory=set)
    groups_changed_at: int = 0
    after: int = 0
    taken: int = 0
    choked: bool = False
    reading: bool = False
    ended: bool = False
    revoked: bool = False
    ready: bool = False
    subscribed: bool = False  # whether `groups` are known
    unanswered: int = 0
    copies: int = 0
    last_written: int = 0  # the highest position of what it wrote
    expected_until: float = 0.0
    all_answered: Latch | None = None  # opened once nothing is unanswered
    # when TYPING was passed on last, by conversation
    typing_sent: dict[int, float] = attrs.field(factory=dict)
    # texts to a user until the next check (see `OneToOne`)
    allowance: dict[int, int] = attrs.field(factory=dict)
    # The positions and writers of texts that are not taken over yet, ascending.
    pending_receipts: deque[tuple[int, int]] | None = None

    def labels(self) -> dict[str, int | str]:
        return {"session": self.name, "user": self.user.id}

    # -- reading ---------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        return self.live_above != FOREVER

    def sees(self, entry: Entry) -> bool:
        """Whether its user may see an entry above `groups_changed_at`."""
        conv = entry.conv
        return conv in self.groups if is_group(conv) else self.user.id in people(conv)

    def show_late(self, entry: Entry) -> None:
        """Show an entry of any of its conversations that was applied earlier."""
        if entry.sender_id != self.user.id and entry.kind == TEXT and not is_group(entry.conv):
            self.add_receipt(entry)
        if self.expected:
            self.expect_no_more(entry)
        self.client.show_late(entry)
        self.after = entry.at

    def add_receipt(self, entry: Entry) -> None:
        """Note that the writer of a one-to-one text is to get a receipt once it is taken over."""
        receipts = self.pending_receipts
        if receipts is None:
            receipts = self.begin_receipts()
        receipts.append((entry.at, entry.sender_id))

    def begin_receipts(self) -> deque[tuple[int, int]]:
        """Create `pending_receipts`, which most sessions never need."""
        receipts = self.pending_receipts = deque(maxlen=MAX_RECEIPTS)
        return receipts

    def go_live(self, applied: int) -> None:
        """Be shown what the node applies from now on; all that it has applied was shown."""
        # Usually its position is the node's, and one value for all stays in the caches.
        self.live_above = self.after if self.after > applied else 0

    def position(self, applied: int) -> int:
        """The position up to which everything was shown. applied: what the node has applied."""
        return max(self.live_above, applied) if self.live else self.after

    def fall_behind(self, applied: int) -> None:
        """Stop being shown what the node applies."""
        self.after = self.position(applied)
        self.live_above = FOREVER

    def may_read(self) -> bool:
        """Whether it is behind, and can be shown more now."""
        return self.subscribed and self.ready and not (self.live or self.choked or self.ended)

    def reset(self) -> None:
        """The follower was reset: it has no position until it is subscribed again."""
        self.subscribed, self.live_above = False, FOREVER
        self.after = self.taken = self.last_written = 0
        self.pending_receipts = None

    def revoke(self) -> None:
        """End it for good: what it has written that is not in the log yet is refused."""
        self.ended = self.revoked = True
        self.client.revoked()

    def drop(self) -> None:
        """End it, and let its client reconnect."""
        self.ended = True
        self.client.dropped()

    def take_receipts(self, at: int) -> dict[int, int]:
        """The client has received everything up to this position. Return the receipts: by writer,
        the position of their last text up to there."""
        told: dict[int, int] = {}
        receipts = self.pending_receipts
        while receipts and receipts[0][0] <= at:
            position, writer = receipts.popleft()
            told[writer] = position
        return told

    # -- writing ---------------------------------------------------------------------------

    def accepted(self, tag: int | None, entry: Entry | Duplicate) -> None:
        """A text that it wrote is in the log. tag: its client's own tag of the request."""
        if entry.at > self.last_written:  # noqa: PLR1730  # `max` takes twice as long
            self.last_written = entry.at
        self.client.accepted(tag, entry)
        self.unanswered -= 1
        if self.all_answered is not None:
            self._open_if_all_answered(self.all_answered)

    def refused(self, error: ChatError, tag: int | None) -> None:
        """A text that it wrote was refused."""
        self.client.refused(error, tag)
        self.unanswered -= 1
        if self.all_answered is not None:
            self._open_if_all_answered(self.all_answered)

    def check_may_write(self, cid: str | None, now: float) -> None:
        """Raises TooManyUnanswered, and TryAgain by rule 5. cid: None if its client gave none. now:
        monotonic seconds."""
        if self.unanswered >= MOST_UNANSWERED:
            self.expect_again(cid, now)
            raise TooManyUnanswered(MOST_UNANSWERED)
        if not self.subscribed:
            self.expect_again(cid, now)
            raise TryAgain
        self.check_turn(cid, now)
        if not self.expected:
            return
        if now >= self.expected_until:
            self.expected.clear()
        else:
            self.expected.popleft()
            self.expected_until = now + EXPECTED_FOR

    def check_turn(self, cid: str | None, now: float) -> None:
        """Raises TryAgain if another text is expected first; this one is expected behind it."""
        expected = self.expected
        if expected and now < self.expected_until and cid != expected[0]:
            self.expect_again(cid, now)
            raise TryAgain

    def expect_again(self, cid: str | None, now: float) -> None:
        """This text could not be written for the moment: expect it after all others. If it is the
        first of them, the wait for it starts again, since it has come."""
        if self.expected and now >= self.expected_until:  # they were given up
            self.expected.clear()
        expected = self._expecting(now)
        if expected and cid == expected[0]:
            self.expected_until = now + EXPECTED_FOR
        elif cid is not None and len(expected) < MOST_UNANSWERED and cid not in expected:
            expected.append(cid)

    def expect_first(self, cid: str, now: float) -> None:
        """This text could not be written for the moment: expect it before all others."""
        expected = self._expecting(now)
        if cid in expected:
            expected.remove(cid)
        expected.appendleft(cid)
        self.expected_until = now + EXPECTED_FOR

    def _expecting(self, now: float) -> deque[str]:
        """The texts that are expected; the first of them sets the deadline."""
        if self.expected is None:
            self.expected = deque()
        if not self.expected:
            self.expected_until = now + EXPECTED_FOR
        return self.expected

    def expect_no_more(self, entry: Entry) -> None:
        """Its client is shown this entry: it was written after all, and need not come again."""
        expected = self.expected
        if expected and entry.sender_id == self.user.id and entry.cid in expected:
            expected.remove(entry.cid)

    def _open_if_all_answered(self, latch: Latch) -> None:
        if not self.unanswered:
            self.all_answered = None
            latch.open()
