"""When a change of a user's presence can be announced."""

from chat_domain.model import User
from chat_domain.people.presence_debounce import QUIET, WAITING, PresenceDebounce

ANN, BOB = User(1, "Ann"), User(2, "Bob")


def test_news_are_taken_in_their_order() -> None:
    """Each user is taken once, however often something has happened."""
    news = PresenceDebounce()
    for user in (ANN, BOB, ANN):
        news.changed(user)
    assert len(news) == 2
    assert [news.take(0.0) for _ in range(3)] == [ANN, BOB, None]


def test_what_happens_after_a_telling_waits() -> None:
    """It waits for QUIET seconds from the end of that telling, and is then told once."""
    news = PresenceDebounce()
    news.changed(ANN)
    assert news.take(0.0) == ANN
    news.changed(ANN)
    news.announced(ANN.id, 2.0)
    news.changed(ANN)
    assert news.take(1.9 + QUIET) is None
    assert [news.take(2.0 + QUIET) for _ in range(2)] == [ANN, None]


def test_nothing_is_told_twice_without_need() -> None:
    """If nothing has happened since, the end of the quiet time is no news, and nothing is kept."""
    news = PresenceDebounce()
    news.changed(ANN)
    news.take(0.0)
    news.announced(ANN.id, 0.0)
    assert news.take(QUIET) is None
    news.changed(ANN)
    assert news.take(QUIET) == ANN


def test_a_long_telling_keeps_no_other_quiet() -> None:
    """Bob's quiet time ends while Ann's change is still being told."""
    news = PresenceDebounce()
    news.changed(ANN)
    news.changed(BOB)
    assert [news.take(0.0), news.take(0.0)] == [ANN, BOB]
    news.announced(BOB.id, 0.0)
    news.changed(BOB)
    assert news.take(QUIET) == BOB


def test_only_so_many_wait() -> None:
    """Changes of further users are dropped until something happens to them again."""
    news = PresenceDebounce()
    for user_id in range(WAITING + 1):
        news.changed(User(user_id, "somebody"))
    assert len(news) == WAITING
    first = news.take(0.0)
    assert first == User(0, "somebody")
    late = User(WAITING, "somebody")
    news.changed(late)
    assert [news.take(0.0) for _ in range(WAITING)][-1] == late
