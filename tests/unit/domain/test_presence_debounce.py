"""When a change of a user's presence can be announced."""

import pytest

from chat_domain.model import User
from chat_domain.people import presence_debounce
from chat_domain.people.presence_debounce import QUIET, PresenceDebounce

ANN, BOB = User(1, "Ann"), User(2, "Bob")


def test_users_are_taken_in_their_order() -> None:
    """Each user is taken once, however often something has happened."""
    debounce = PresenceDebounce()
    for user in (ANN, BOB, ANN):
        debounce.changed(user)
    assert len(debounce) == 2
    assert [debounce.take(0.0) for _ in range(3)] == [ANN, BOB, None]


def test_what_happens_after_an_announcement_waits() -> None:
    """It waits for QUIET seconds from the end of that announcement, and is then announced once."""
    debounce = PresenceDebounce()
    debounce.changed(ANN)
    assert debounce.take(0.0) == ANN
    debounce.changed(ANN)
    debounce.announced(ANN.id, 2.0)
    debounce.changed(ANN)
    assert debounce.take(1.9 + QUIET) is None
    assert [debounce.take(2.0 + QUIET) for _ in range(2)] == [ANN, None]


def test_nothing_is_announced_twice_without_need() -> None:
    """If nothing has happened since, nobody is due after the quiet time, and nothing is kept."""
    debounce = PresenceDebounce()
    debounce.changed(ANN)
    debounce.take(0.0)
    debounce.announced(ANN.id, 0.0)
    assert debounce.take(QUIET) is None
    debounce.changed(ANN)
    assert debounce.take(QUIET) == ANN


def test_a_long_announcement_keeps_no_other_quiet() -> None:
    """Bob's quiet time ends while Ann's change is still being announced."""
    debounce = PresenceDebounce()
    debounce.changed(ANN)
    debounce.changed(BOB)
    assert [debounce.take(0.0), debounce.take(0.0)] == [ANN, BOB]
    debounce.announced(BOB.id, 0.0)
    debounce.changed(BOB)
    assert debounce.take(QUIET) == BOB


def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes of further users are dropped until something happens to them again."""
    most = 10
    monkeypatch.setattr(presence_debounce, "WAITING", most)
    debounce = PresenceDebounce()
    for user_id in range(most + 1):
        debounce.changed(User(user_id, "somebody"))
    assert len(debounce) == most
    first = debounce.take(0.0)
    assert first == User(0, "somebody")
    late = User(most, "somebody")
    debounce.changed(late)
    assert [debounce.take(0.0) for _ in range(most)][-1] == late
