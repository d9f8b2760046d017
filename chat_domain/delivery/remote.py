"""Messages for users whose sessions are on other nodes.

1. A message is handed to the recipient's node and kept here until that node reports its fate.
2. The way to a recipient is a `Route`: the claim that was found, and what is unsettled on it. While
   it is open, messages are handed over without asking where the recipient is.
3. A route is given up when its node reports that the session is gone or not live, when that node
   has lost its lease, when a message is unsettled for too long, or when the recipient logs in
   here. Then all that is unsettled is stored, in order, and so is what comes meanwhile; only
   after that, and after the recipient's node has been told to fetch, is a new route looked for.
4. Each message names the one before it on its route. A node that has not taken that one does not
   take it either, so that the route is given up instead of the order.
5. No route is opened before what a session of the recipient's on this node could not deliver is
   stored, and the recipient's new node has been told to fetch it.
6. A report on a message that is not on a route any more is ignored.
"""

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

import attrs

from chat_domain.delivery.budget import Budget
from chat_domain.delivery.held import Held
from chat_domain.errors import CidConflict, TryAgain
from chat_domain.model import Claim
from chat_domain.notes import Fate, Handed
from chat_domain.ports.cluster import Broker

UNREPORTED_FOR = 9000  # ms; the session there is ended after 6 s, the sender's answer due after 10
IDLE_ROUTES = 100_000  # routes with nothing on them that are remembered; some 50 MB


@attrs.define(eq=False)
class Route:
    claim: Claim
    unsettled: dict[str, Held] = attrs.field(factory=dict)  # by mid, in order
    given_up: bool = False
    last: str = ""  # the mid of what was handed over last


class RemoteRoutes:
    """The routes of this node, by recipient."""

    def __init__(self, broker: Broker, budget: Budget) -> None:
        self._broker = broker
        self._budget = budget
        self._routes: OrderedDict[int, Route] = OrderedDict()
        self._last_note: dict[str, Handed] = {}
        self._closed: Counter[int] = Counter()  # users to whom none may be opened, how many times

    def hand_over(self, recipient_id: int, held: Held) -> bool:
        """Send a message on the recipient's open route; return whether there is one."""
        route = self._routes.get(recipient_id)
        if route is None or route.given_up or self._budget.used > self._budget.limit:
            return False
        route.unsettled[held.message.mid] = held
        self._budget.used += held.size
        self._send(route.claim, held, route.last)
        route.last = held.message.mid
        return True

    def _send(self, claim: Claim, held: Held, after: str) -> None:
        to = (claim.user_id, claim.session_id, after)
        last = self._last_note.get(claim.node)
        if last is not None and last.message is held.message:
            last.to.append(to)  # a group's message goes to a node once, for all members there
            return
        note = Handed(held.message, [to])
        self._last_note[claim.node] = note
        self._broker.send(claim.node, note)

    def turn_ended(self) -> None:
        """What was sent in this turn is encoded: nothing can be added to it any more."""
        self._last_note.clear()

    def found(self, claim: Claim) -> bool:
        """Open a route to a user who has none; return whether there is an open one now."""
        if claim.user_id in self._closed:
            return False
        route = self._routes.get(claim.user_id)
        if route is not None:
            return not route.given_up
        self._routes[claim.user_id] = Route(claim)
        if len(self._routes) > IDLE_ROUTES:
            self._forget_idle()
        return True

    def _forget_idle(self) -> None:
        """Forget the oldest route, if nothing is on it; otherwise look at it again later."""
        user_id, route = next(iter(self._routes.items()))
        if route.unsettled or route.given_up:
            self._routes.move_to_end(user_id)
        else:
            del self._routes[user_id]

    def settled(self, node: str, recipient_id: int, mid: str, fate: Fate) -> bool:
        """Take a report in; return whether the route must be given up."""
        route = self._routes.get(recipient_id)
        if route is None or route.claim.node != node:
            return False
        if fate is Fate.GONE:
            return not route.given_up
        held = route.unsettled.pop(mid, None)
        if held is not None:
            self._budget.used -= held.size
            _tell(held, recipient_id, fate)
        return False

    def give_up(self, recipient_id: int) -> Sequence[Held] | None:
        """Take everything off a route; return it, to be stored in order. Then `close` it.

        None: there is no route, or it is being given up already.
        """
        route = self._routes.get(recipient_id)
        if route is None or route.given_up:
            return None
        route.given_up = True
        unsettled = list(route.unsettled.values())
        self._budget.used -= sum(held.size for held in unsettled)
        route.unsettled.clear()
        return unsettled

    def close(self, recipient_id: int) -> None:
        """Forget a route that was given up: what was on it is stored."""
        route = self._routes.get(recipient_id)
        if route is not None and route.given_up:
            del self._routes[recipient_id]

    @contextmanager
    def none_to(self, recipient_ids: Collection[int]) -> Iterator[None]:
        """Open no route to these users within the context (rule 5)."""
        self._closed.update(recipient_ids)
        try:
            yield
        finally:
            self._closed.subtract(recipient_ids)
            for recipient_id in recipient_ids:
                if not self._closed[recipient_id]:
                    del self._closed[recipient_id]

    def to_node(self, node: str) -> list[int]:
        """The recipients whose routes lead to a node."""
        return [user_id for user_id, route in self._routes.items() if route.claim.node == node]

    def overdue(self, now_ms: int) -> list[int]:
        """The recipients for whom something has gone unsettled for too long."""
        return [
            user_id
            for user_id, route in self._routes.items()
            if route.unsettled and _age(route, now_ms) >= UNREPORTED_FOR
        ]

    def all(self) -> Iterable[int]:
        return tuple(self._routes)


def _age(route: Route, now_ms: int) -> int:
    return now_ms - next(iter(route.unsettled.values())).message.time_ms


def _tell(held: Held, recipient_id: int, fate: Fate) -> None:
    receipts, held.receipts = held.each_receipt(), None
    for receipt in receipts:
        match fate:
            case Fate.DELIVERED:
                receipt.delivered()
            case Fate.STORED:
                receipt.kept()
            case Fate.FULL:
                receipt.refuse(recipient_id)
            case Fate.CONFLICT:
                receipt.fail(CidConflict(receipt.message.cid))
            case _:
                receipt.fail(TryAgain())
