"""One client's session: what is on the way to it, and what it has not taken over yet.

A pure state machine. The rules, which `docs/delivery.md` explains:

1. A session is CATCHING_UP, LIVE or ENDED. It begins catching up.
2. While LIVE, what is offered is pushed at once, or waits in order while the window is full.
   While CATCHING_UP it takes nothing, for what comes for it belongs in the mailbox, except during a
   read that may be the last: then it waits behind what that finds. Otherwise somebody to whom
   others write without a pause would catch up for ever.
3. The window is what was pushed and not taken over: at most WINDOW_MESSAGES, and at most
   WINDOW_BYTES unless it is a single message. Pushes are numbered from 1 without a gap.
4. Taking over a number settles it and all below, and lets what waits move up.
5. LIVE falls back to CATCHING_UP when it is told that something was stored for it, when more waits
   than WAITING_MESSAGES or WAITING_BYTES, and when the node's budget for unsettled messages is
   spent. Then all that waits is to be stored, and before it all that is in the window: senders are
   told 'stored' of what comes behind, so what is ahead must not be lost with this process. What
   waits behind a read that was not the last is stored likewise, with the next offer or `overdue`.
6. It turns LIVE when a read of the mailbox finds all there is, nothing was stored for it since that
   read began, and no store for it is under way. It does not read at all before the stores are
   done that were under way when it began: what they store is older than what is there.
7. A message from the mailbox is forgotten there once it is taken over, not before. Until that is
   done it is on the way, and further reads leave it out.
8. A second copy (same sender and cid) of what is in the window or waits joins the first, also one
   that is found in the mailbox. The lower of their mids counts, for it says where the message
   stands among its sender's; where the mailbox has the higher one, the copy must be stored too.
9. A session that ENDED pushes nothing any more. What it had not taken over is to be stored.
"""

import enum
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence

from chat_domain.delivery.budget import Budget
from chat_domain.delivery.held import Held, Keeping
from chat_domain.delivery.receipt import Owed, Receipt
from chat_domain.delivery.sendings import Sendings
from chat_domain.errors import BadPush, CidConflict
from chat_domain.model import Claim, Message, User
from chat_domain.ports.client import Client

WINDOW_MESSAGES = 64
WINDOW_BYTES = 64 * 1024
WAITING_MESSAGES = 1000
WAITING_BYTES = 1024 * 1024
STALLED_AFTER = 6.0  # seconds without a message taken over, while some are under way
# ms; what is not settled by then is stored, for the sender's answer is due at 10 s
UNSETTLED_FOR = 8000


class Phase(enum.Enum):
    CATCHING_UP = "catching up"
    LIVE = "live"
    ENDED = "ended"


# For what is done with every message: looking into an enumeration takes ten times as long.
_CATCHING_UP, _LIVE = Phase.CATCHING_UP, Phase.LIVE
_KEPT = Keeping.DONE


class Session:
    """See the module's docstring for the rules; `offline` and `delivery` act on what it returns."""

    __slots__ = (
        "_budget",
        "_by_cid",
        "_from_mailbox",
        "_read_all_at",
        "_read_began_at",
        "_stores_begun",
        "_stores_seen",
        "_waiting",
        "_waiting_bytes",
        "_watched",
        "_watched_since",
        "_window",
        "_window_bytes",
        "claim",
        "client",
        "last_from",
        "last_push",
        "older_stores",
        "on_hold",
        "phase",
        "reading",
        "sendings",
        "user",
    )

    def __init__(
        self,
        claim: Claim,
        user: User,
        client: Client,
        now_ms: Callable[[], int],
        budget: Budget | None = None,
    ) -> None:
        self.claim = claim
        self.user = user
        self.client = client
        self.phase = Phase.CATCHING_UP
        self.sendings = Sendings(now_ms)
        self.last_from: dict[
            str, str
        ] = {}  # the mid of what was taken last, by the node it is from
        self.reading = False
        self.on_hold = False  # while its client does not know yet that it is logged in
        self.older_stores = 0  # stores that were under way when it began (see rule 6)
        self._budget = budget or Budget()
        self.last_push = 0
        self._window: deque[Held] = deque()
        self._window_bytes = 0
        self._waiting: deque[Held] = deque()
        self._waiting_bytes = 0
        self._by_cid: dict[tuple[int, str], Held] = {}
        self._from_mailbox: set[str] = set()
        self._stores_begun = 0
        self._stores_seen = 0  # counts notices, so that a read can tell whether one came meanwhile
        self._read_began_at = 0
        self._read_all_at = -1  # when a read last found all that there was
        self._watched = 0
        self._watched_since = 0.0

    def labels(self) -> dict[str, int | str]:
        """What tells it apart in a log."""
        return {"session": self.claim.name, "user": self.user.id}

    # -- the sender's side -------------------------------------------------------------

    def answer(self, receipt: Receipt) -> None:
        """Pass the fate of a message of this user's on to the client."""
        self.sendings.answered(receipt.mid, accepted=receipt.error is None)
        self.client.answered(receipt)

    def awaits_answers(self) -> bool:
        """Whether this user has sent messages whose fate is not known yet."""
        return bool(self.sendings.unanswered)

    # -- live messages -----------------------------------------------------------------

    def offer(self, message: Message, receipt: Owed | None) -> Sequence[Held] | None:
        """Take a message for this client, to settle its receipt some day.

        Return None when it was taken. Otherwise it must be stored, right after what is returned.
        Raises CidConflict where another content of the same sender and cid is on the way.
        """
        key = message.key
        if key is not None and key in self._by_cid:
            if self._join(self._by_cid[key], message, receipt):
                return None
            return self.fall_back()
        live = self.phase is _LIVE
        budget = self._budget
        if not (live or self._may_turn_live()) or budget.used > budget.limit:
            return self.fall_back()
        held = Held(message, receipt)
        if live and not self._waiting and self._fits(message):
            self._push(held)
        elif len(self._waiting) >= WAITING_MESSAGES or self._waiting_bytes > WAITING_BYTES:
            return self.fall_back()
        else:
            self._waiting.append(held)
            self._waiting_bytes += message.size
        budget.used += message.size
        if key is not None:
            self._by_cid[key] = held
        return None

    def _join(self, first: Held, message: Message, receipt: Owed | None) -> bool:
        """Let a second copy share the fate of the first; return whether that is enough."""
        if not first.message.same_content(message):
            raise CidConflict(message.cid)
        if message.mid < first.message.mid:
            if first.keeping is not Keeping.NOT:
                return False
            first.message = message
        if receipt is not None:
            receipt.message = first.message
            if first.keeping is Keeping.DONE:
                receipt.kept()
            else:
                first.join(receipt)
        return True

    def _may_turn_live(self) -> bool:
        """Whether the read that is under way sees all that has been stored, as far as is known."""
        return self.reading and not self._stores_begun and self._read_began_at == self._stores_seen

    def _fits(self, message: Message) -> bool:
        window = self._window
        return not window or (
            len(window) < WINDOW_MESSAGES and self._window_bytes + message.size <= WINDOW_BYTES
        )

    def _push(self, held: Held) -> None:
        self.last_push = held.number = number = self.last_push + 1
        self._window.append(held)
        message = held.message
        self._window_bytes += message.size
        self.client.push(number, message, stored=held.keeping is _KEPT)

    def taken_over(self, number: int) -> list[str]:
        """Settle every push up to this number; return the mids to be removed from the mailbox.

        Raises BadPush for a number that was not sent yet, and then changes nothing.
        """
        if number > self.last_push:
            raise BadPush(number, self.last_push)
        done: list[str] = []
        window = self._window
        while window and window[0].number <= number:
            held = window.popleft()
            size = held.message.size
            self._window_bytes -= size
            self._budget.used -= size
            self._settle(held, done)
        if self._waiting:
            self._move_up()
        return done

    def _move_up(self) -> None:
        while self.phase is _LIVE and self._waiting and self._fits(self._waiting[0].message):
            held = self._waiting.popleft()
            self._waiting_bytes -= held.size
            self._push(held)

    def _settle(self, held: Held, done: list[str]) -> None:
        message = held.message
        if message.key is not None:
            self._by_cid.pop(message.key, None)
        held.taken = True
        if held.keeping is _KEPT:
            done.append(message.mid)
        receipts = held.receipts
        if receipts is None:
            return
        held.receipts = None
        if isinstance(receipts, list):
            for receipt in receipts:
                receipt.delivered()
        else:
            receipts.delivered()

    # -- leaving the direct way ----------------------------------------------------------

    def fall_back(self, *, remote: bool = True) -> Sequence[Held]:
        """If live, begin catching up; return all that must be stored now, in order.

        What is in the window stays there; tell `kept` what became of it.
        remote: also what another node keeps until it hears from us.
        """
        if self.phase is _LIVE:
            self.phase = _CATCHING_UP
        unsettled = [*self._live_in_window(), *self._waiting]
        self._waiting.clear()
        self._budget.used -= self._waiting_bytes
        self._waiting_bytes = 0
        ours = [held for held in unsettled if remote or not held.is_remote]
        for held in unsettled:
            if not held.number:
                self._forget_cid(held)
        for held in ours:
            if held.number:
                held.keeping, held.shown_by = Keeping.BEGUN, self
                self._from_mailbox.add(held.message.mid)
        return ours

    def overdue(self, now_ms: int) -> Sequence[Held]:
        """If something has gone unsettled for too long, or has waited for a read that was not the
        last, begin catching up; return the same as `fall_back`. Otherwise nothing."""
        if not self._window and not self._waiting:
            return ()
        if self._waiting and self.phase is _CATCHING_UP and not self.reading:
            return self.fall_back()
        live = (*self._live_in_window(), *self._waiting)
        oldest = next((held for held in live if held.receipts is not None), None)
        if oldest is None or now_ms - oldest.message.time_ms < UNSETTLED_FOR:
            return ()
        return self.fall_back()

    def end(self) -> Sequence[Held]:
        """Push nothing any more; return what must be stored, in order. Idempotent."""
        unsettled = [*self._live_in_window(), *self._waiting]
        self.phase = Phase.ENDED
        self._window.clear()
        self._waiting.clear()
        self._by_cid.clear()
        self._budget.used -= self._window_bytes + self._waiting_bytes
        self._window_bytes = self._waiting_bytes = 0
        return unsettled

    def _live_in_window(self) -> list[Held]:
        """What the mailbox has no copy of, and gets none yet."""
        return [held for held in self._window if held.keeping is Keeping.NOT]

    def _forget_cid(self, held: Held) -> None:
        if held.message.key is not None:
            self._by_cid.pop(held.message.key, None)

    def kept(self, shown: Iterable[Held]) -> list[str]:
        """Note what became of what is in the window: the mailbox has it, or still has not.

        Return the mids of those that the client took over meanwhile, to be removed there.
        """
        taken = []
        for held in shown:
            held.shown_by = None
            if held.keeping is not Keeping.DONE:
                self._from_mailbox.discard(held.message.mid)
            elif held.taken:
                taken.append(held.message.mid)
        return taken

    # -- the mailbox ---------------------------------------------------------------------

    def store_begins(self) -> None:
        """Something is about to be stored for this user: do not turn live before it is seen."""
        self._stores_begun += 1

    def store_ended(self) -> Sequence[Held]:
        """Return the same as `note_store`, which this is as well."""
        self._stores_begun -= 1
        return self.note_store()

    def note_store(self) -> Sequence[Held]:
        """Something was stored for this user. If live, return the same as `fall_back`."""
        self._stores_seen += 1
        return self.fall_back() if self.phase is _LIVE else ()

    def suspend(self) -> Sequence[Held]:
        """Its user may be elsewhere by now. Return the same as `fall_back`, without what another
        node keeps until it hears from us."""
        self._stores_seen += 1
        return self.fall_back(remote=False)

    def may_have_more(self) -> bool:
        """Whether the mailbox may hold something that the client has not taken over."""
        return self.phase is _CATCHING_UP or bool(self._window)

    def wants_read(self) -> bool:
        """Whether it is time to read the mailbox: catching up, there may be something in it that
        is not on the way yet, and half the window is free."""
        return (
            self.phase is Phase.CATCHING_UP
            and not self.reading
            and not self.on_hold
            and not self.older_stores
            and self._read_all_at != self._stores_seen
            and len(self._window) <= WINDOW_MESSAGES // 2
            and self._window_bytes <= WINDOW_BYTES // 2
        )

    def begin_read(self) -> tuple[int, Collection[str]]:
        """Return how many messages to read at most, and which mids to leave out."""
        self.reading = True
        self._read_began_at = self._stores_seen
        return WINDOW_MESSAGES - len(self._window), frozenset(self._from_mailbox)

    def end_read(self, found: Sequence[Message] | None, asked: int) -> None:
        """Push what a read has found (None: it failed); turn live if that was all there is."""
        self.reading = False
        if found is None or self.phase is not Phase.CATCHING_UP:
            return
        here = {held.message.mid: held for held in (*self._window, *self._waiting)}
        for message in found:
            held = here.get(message.mid) or self._twin(message)
            if held is not None and held.number:
                self.on_file(held, message)
                continue
            if not self._fits(message):
                return
            if held is not None:
                self._drop_waiting(held)
            held = Held(message, keeping=Keeping.DONE)
            self._budget.used += message.size
            self._from_mailbox.add(message.mid)
            if message.key is not None:
                self._by_cid[message.key] = held
            self._push(held)
        if len(found) < asked:
            self._read_all_at = self._read_began_at
            if self._read_all_at == self._stores_seen and not self._stores_begun:
                self.phase = _LIVE
                self._move_up()

    def _drop_waiting(self, held: Held) -> None:
        """The mailbox has what waits, and so it comes in its place there."""
        self._waiting.remove(held)
        self._waiting_bytes -= held.size
        self._budget.used -= held.size
        held.keep()

    def _twin(self, message: Message) -> Held | None:
        """Another copy of this message: in the window a later one, or any that waits."""
        first = None if message.key is None else self._by_cid.get(message.key)
        if first is None or (first.number and first.message.mid < message.mid):
            return None
        return first if first.message.same_content(message) else None

    def on_file(self, held: Held, message: Message) -> None:
        """The mailbox has what is in the window, perhaps another copy of it, with its own mid:
        other nodes store without knowing what became of a message here."""
        held.keep()
        self._from_mailbox.discard(held.message.mid)
        self._from_mailbox.add(message.mid)
        held.message = message

    def removed(self, mids: Collection[str]) -> None:
        """These are no longer in the mailbox, so reads need not leave them out any more."""
        self._from_mailbox.difference_update(mids)

    # -- time ------------------------------------------------------------------------------

    def stalled(self, now: float) -> bool:
        """Whether the client has taken nothing over for STALLED_AFTER. To be asked regularly."""
        first = self._window[0].number if self._window else 0
        if first != self._watched or not first:
            self._watched, self._watched_since = first, now
            return False
        return now - self._watched_since >= STALLED_AFTER

    def untouched(self, now: float) -> float:
        """For how many seconds the client has taken nothing over, as far as `stalled` has seen."""
        return now - self._watched_since if self._watched else 0.0
