"""Whatever a row has, validating it raises no error and lets nothing bad through."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.ids import NO_ID
from adapters.sql import validation
from adapters.sql.entries import body_of
from chat_domain.entries import CHANGE, KINDS, TEXT, Change, Duplicate, Entry
from chat_domain.errors import CidConflict
from chat_domain.model import Role
from chat_domain.names import MAX_NAME

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-1, 3),
    st.floats(),
    st.text(max_size=80),
    st.binary(max_size=80),
    st.lists(st.integers(), max_size=2),
)


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING), max_size=5))
def test_users_have_ids_and_names(rows: list[tuple[Any, ...]]) -> None:
    for user in validation.users(rows):
        assert 0 < user.id < NO_ID
        assert len(user.name) <= MAX_NAME
    assert all(isinstance(account.secret, str) for account in validation.accounts(rows))
    for row in rows:
        assert validation.role(row[0]) in Role
        assert isinstance(validation.description(row[1]), str)
    assert all(validation.is_id(number) for number in validation.ids(row[0] for row in rows))


# Most random rows fail at their first column, so these are nearly good.
NEARLY = st.tuples(
    st.integers(-1, 5),
    st.integers(-1, 5) | ANYTHING,
    st.integers(-1, 3) | ANYTHING,
    st.integers(-1, 5),
    ANYTHING,
    st.text(max_size=70) | ANYTHING,
    st.integers(-1, 5),
    st.integers(-1, 5),
    st.sampled_from(["", "{}", '{"what":"left"}', '{"what":"x","name":null}', "[]"]) | ANYTHING,
)


@given(st.lists(st.tuples(*[ANYTHING] * 9) | NEARLY, max_size=5))
def test_entries_can_be_shown(rows: list[tuple[Any, ...]]) -> None:
    """They have what a frame needs, and are in order; changes, and only they, have a change."""
    found = validation.entries(rows)
    assert [entry.at for entry in found] == sorted(entry.at for entry in found)
    for entry in found:
        assert entry.size > 0
        assert entry.conv > 0
        assert 0 <= entry.sender_id < NO_ID
        assert entry.kind in KINDS
        assert (entry.change is not None) == (entry.kind == CHANGE)
        assert all(isinstance(one, str) for one in (entry.cid, entry.text, entry.sender_name))
        assert len(entry.sender_name) <= MAX_NAME


@given(st.tuples(*[ANYTHING] * 8))
def test_whatever_is_on_file_can_be_compared(row: tuple[Any, ...]) -> None:
    """Any copy can be compared with any row."""
    _, first = validation.first_copy(row)
    for entry in (
        Entry(7, TEXT, 1, "", "cid", "hello"),
        Entry(7, CHANGE, 1, "", "cid", change=Change("left")),
    ):
        assert isinstance(first.answer(entry), CidConflict | Duplicate)


@given(st.text(max_size=70), st.integers(0, NO_ID - 1), st.text(), st.text())
def test_a_change_is_read_as_it_was_written(what: str, user_id: int, name: str, more: str) -> None:
    """This holds for any change."""
    change = Change(what, user_id, name, more)
    expected = change if 0 < len(what) <= validation.LONGEST_ID else None
    assert validation.change(body_of(change)) == expected


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING, ANYTHING), max_size=2))
def test_positions_are_numbers(rows: list[tuple[Any, ...]]) -> None:
    """A log's ends are valid, or reading them raises an error."""
    for row in validation.positions(rows):
        assert all(at >= 0 for at in row)
    assert all(validation.position(row[0]) >= 0 for row in rows)
    try:
        ends = validation.ends(rows)
    except ValueError:
        return
    assert min(ends.head, ends.oldest, ends.changed) >= 0
    assert ends.epoch


@given(st.lists(st.tuples(*[ANYTHING] * 9), max_size=5))
def test_tokens_have_digests_and_users(rows: list[tuple[Any, ...]]) -> None:
    for token in validation.tokens(rows):
        assert all((token.digest, token.series, token.session))
        assert 0 < token.user_id < NO_ID
        assert len(token.device) <= MAX_NAME
        assert token.seen_ms >= 0
    assert all(isinstance(validation.word(row[0]), str) for row in rows)
    assert all(one.seen_ms >= 0 for one in validation.sessions(row[:3] for row in rows))
