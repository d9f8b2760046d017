"""A node's budget for messages that are not settled yet."""

from chat_domain.delivery.budget import Budget
from chat_domain.delivery.held import Held
from chat_domain.delivery.remote import RemoteRoutes
from chat_domain.delivery.session import Phase, Session
from chat_domain.model import Claim, User
from chat_domain.notes import Fate
from tests.unit.delivery.lossy_hub import LossyHub
from tests.unit.domain.session_bench import message
from tests.unit.fakes import ManualClock, RecordingClient


def live_session(budget: Budget, user_id: int = 1) -> Session:
    claim = Claim(user_id, f"session of {user_id}", "here", "")
    session = Session(claim, User(user_id, "U"), RecordingClient(), ManualClock().now_ms, budget)
    asked, _ = session.begin_read()
    session.end_read([], asked)
    return session


def test_what_waits_and_is_found_in_the_mailbox_is_counted_once() -> None:
    """When it is taken over, the budget is whole again."""
    budget = Budget()
    session = live_session(budget)
    session.note_store()
    asked, _ = session.begin_read()
    waits = message()
    session.offer(waits, None)
    session.end_read([waits], asked)
    assert budget.used == waits.size
    session.taken_over(1)
    session.end()
    assert budget.used == 0


def test_a_spent_budget_sends_messages_to_the_mailbox() -> None:
    """What comes when the node holds too much is not taken, and the session catches up."""
    budget = Budget(limit=1000)
    session = live_session(budget)
    assert session.offer(message("x" * 1000), None) is None
    assert session.offer(message(), None) is not None
    assert session.phase is Phase.CATCHING_UP


def test_sessions_share_one_budget() -> None:
    """One slow client's messages leave less for the others."""
    budget = Budget(limit=1000)
    slow, other = live_session(budget, 1), live_session(budget, 2)
    slow.offer(message("x" * 1000), None)
    assert other.offer(message(), None) == []


def test_what_is_taken_over_is_given_back() -> None:
    """Settled messages cost nothing."""
    budget = Budget()
    session = live_session(budget)
    for _ in range(200):
        session.offer(message("x" * 1000), None)
    while session.last_push < 200:
        session.taken_over(session.last_push)
    session.taken_over(session.last_push)
    assert budget.used == 0


def test_what_waits_is_given_back_when_it_is_stored() -> None:
    """Falling back hands on what waits; ending hands on the rest."""
    budget = Budget()
    session = live_session(budget)
    for _ in range(200):
        session.offer(message("x" * 1000), None)
    full = budget.used
    waiting = [held for held in session.fall_back() if not held.number]
    assert budget.used == full - sum(held.size for held in waiting)
    session.end()
    assert budget.used == 0


def routes_to(budget: Budget, *user_ids: int) -> RemoteRoutes:
    _, broker = LossyHub().surroundings("here")
    routes = RemoteRoutes(broker, budget)
    for user_id in user_ids:
        routes.found(Claim(user_id, f"session of {user_id}", "there", ""))
    return routes


def test_a_spent_budget_hands_nothing_to_other_nodes() -> None:
    """For until they report, this one has it in memory as well."""
    routes = routes_to(Budget(limit=1000), 1, 2)
    assert routes.hand_over(1, Held(message("x" * 1000)))
    assert not routes.hand_over(2, Held(message()))


def test_what_other_nodes_need_no_more_is_given_back() -> None:
    """They have reported on it, or the way to them was given up."""
    budget = Budget()
    routes = routes_to(budget, 1)
    one, other = Held(message()), Held(message())
    routes.hand_over(1, one)
    routes.hand_over(1, other)
    routes.settled("there", 1, one.message.mid, Fate.DELIVERED)
    assert budget.used == other.size
    routes.give_up(1)
    assert budget.used == 0
