"""What a session's user has sent and has no answer to, and in which order it may be stored.

A message that is refused for the moment will be sent again, and what stood behind it as well. Until
then nothing of that may be accepted or stored, or it would come before what it was sent behind.
"""

from collections.abc import Callable
from operator import attrgetter

import attrs

from chat_domain.model import Message

EXPECTED_AGAIN_WITHIN = 20_000  # ms from its refusal; then its client has given it up
REMEMBERED = 256  # refused messages; a client has no more without an answer


@attrs.frozen
class _Expected:
    """What a client has to send again before anything else.

    place: the mid of its first copy, by which it stands among the others.
    """

    place: str
    cid: str
    until_ms: int


@attrs.define(eq=False)
class Sendings:
    """unanswered: the cids of the messages that await their fate, by the mids under which they were
    accepted; of copies each has its own.
    expected: the first of those that were refused for the moment.
    """

    _now_ms: Callable[[], int]
    unanswered: dict[str, str] = attrs.field(factory=dict)
    expected: _Expected | None = None
    _awaited: dict[str, _Expected] = attrs.field(factory=dict)  # all of them, by cid
    _moved: dict[str, str] = attrs.field(factory=dict)  # places by mid, of what has come again
    _overtaking: tuple[str, str] = ("", "")  # see `overtakes`: the mids between these two
    _came_again_at: int = 0

    def expect_again(self, mid: str, message: Message) -> None:
        """A message was refused for the moment: what its client has sent behind it must wait until
        it is sent again, or the order would be lost. Of several, the client begins with the first.

        mid: under which it was accepted from this session, even if it has joined another copy.
        """
        if message.key is not None:  # or it could not be known again
            self._expect(mid, message.cid)

    def _expect(self, mid: str, cid: str) -> None:
        if cid in self._awaited:
            return
        # Another copy may be under way still, and only this one refused.
        copy = next((other for other, its_cid in self.unanswered.items() if its_cid == cid), mid)
        place, first = self._moved.get(copy, copy), self.expected
        is_first = first is None or place < first.place
        if is_first or len(self._awaited) <= REMEMBERED:
            one = _Expected(place, cid, self._now_ms() + EXPECTED_AGAIN_WITHIN)
            self._awaited[cid] = one
            if is_first:
                self.expected = one

    def answered(self, mid: str, *, accepted: bool) -> None:
        """The sender of the message with this mid is told its fate.

        One that was accepted by another copy than the one that was refused need not come again.
        """
        cid = self.unanswered.pop(mid)
        if accepted and cid in self._awaited:
            self._expect_no_more(cid)

    def out_of_order(self, mid: str, cid: str | None) -> bool:
        """Whether a message comes while an earlier one is expected again. If so, it is expected
        again as well, behind that one."""
        now_ms = self._now_ms()
        while self.expected is not None:
            first = self.expected
            if cid != first.cid and now_ms < first.until_ms:
                if cid is not None:
                    self._expect(mid, cid)
                return True
            self._came_again(first, mid, now_ms)
            if cid == first.cid:
                self._moved[mid] = first.place
                if len(self._moved) > 2 * REMEMBERED:
                    del self._moved[next(iter(self._moved))]
                break
        return False

    def _came_again(self, first: _Expected, mid: str, now_ms: int) -> None:
        """Or is not expected any more."""
        recent = now_ms < self._came_again_at + EXPECTED_AGAIN_WITHIN
        self._overtaking = (self._overtaking[0] if recent else first.place, mid)
        self._came_again_at = now_ms
        self._expect_no_more(first.cid)

    def _expect_no_more(self, cid: str) -> None:
        del self._awaited[cid]
        self.expected = min(self._awaited.values(), key=attrgetter("place"), default=None)

    def overtakes(self, mid: str) -> bool:
        """Whether the message that was accepted under this mid must not be stored any more: it
        stood behind one that has been refused since, and will be sent again like that."""
        place = self._moved.get(mid)
        if self.expected is not None and self.expected.place < (place or mid):
            return True
        if place is not None:
            return False
        after, before = self._overtaking
        return after < mid < before
