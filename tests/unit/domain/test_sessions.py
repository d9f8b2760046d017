"""Which sessions are here, and the stores that they have to wait for."""

from chat_domain.delivery.session import Session
from chat_domain.delivery.sessions import Sessions
from chat_domain.model import Claim, User
from tests.unit.fakes import ManualClock, RecordingClient


def session_of(user_id: int) -> Session:
    claim = Claim(user_id, "session", "here", "")
    return Session(claim, User(user_id, "U"), RecordingClient(), ManualClock().now_ms)


def is_held_back(session: Session) -> bool:
    """Whether it neither reads its mailbox nor turns live when it has read all there is."""
    return not session.wants_read()


def test_a_user_has_one_session() -> None:
    """The last one that began; those of nobody are not found."""
    sessions = Sessions()
    first, second, other = session_of(1), session_of(1), session_of(2)
    for session in (first, second, other):
        sessions.add(session)
    assert sessions.get(1) is second
    assert sessions.get(3) is None
    assert sessions.of([3, 2, 1]) == [other, second]
    assert list(sessions) == [second, other]
    assert len(sessions) == 2


def test_the_end_of_an_old_session_does_not_forget_the_new_one() -> None:
    """It may come late."""
    sessions = Sessions()
    first, second = session_of(1), session_of(1)
    sessions.add(first)
    sessions.add(second)
    sessions.discard(first)
    assert sessions.get(1) is second
    sessions.discard(second)
    sessions.discard(second)
    assert sessions.get(1) is None


def test_a_session_that_begins_waits_for_all_stores_that_are_under_way() -> None:
    """For its own user, and for no other's."""
    sessions = Sessions()
    sessions.store_begins({1})
    sessions.store_begins({1, 2})
    sessions.store_begins({2})
    session, other = session_of(1), session_of(3)
    for one in (session, other):
        sessions.add(one)
    assert is_held_back(session)
    assert not is_held_back(other)
    sessions.store_ended({1})
    assert is_held_back(session)
    sessions.store_ended({1, 2})
    assert not is_held_back(session)
    late = session_of(2)
    sessions.add(late)
    assert is_held_back(late)
    sessions.store_ended({2})
    assert not is_held_back(late)


def test_stores_that_begin_later_hold_no_reading_back() -> None:
    """Otherwise a user who is written to all the time would never catch up."""
    sessions = Sessions()
    session = session_of(1)
    sessions.add(session)
    sessions.store_begins({1})
    assert not is_held_back(session)
