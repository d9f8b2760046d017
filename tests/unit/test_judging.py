"""Whatever is in a row, judging it raises nothing, and lets nothing through that is no good."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.sql import judging
from adapters.sql.numbers import NO_ID
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
    for user in judging.users(rows):
        assert 0 < user.id < NO_ID
        assert len(user.name) <= MAX_NAME
    assert all(isinstance(account.secret, str) for account in judging.accounts(rows))
    for row in rows:
        assert judging.role(row[0]) in Role
        assert isinstance(judging.description(row[1]), str)
    assert all(judging.is_id(number) for number in judging.ids(row[0] for row in rows))


@given(st.lists(st.tuples(*[ANYTHING] * 8), max_size=5))
def test_messages_can_be_sent(rows: list[tuple[Any, ...]]) -> None:
    """They have what a frame needs."""
    found = judging.messages(row[1:] for row in rows)
    found += [entry.message for entry in judging.entries(rows)]
    for message in found:
        assert message.size > 0
        assert 0 < message.sender_id < NO_ID
    for row in rows:
        assert isinstance(judging.on_file(row[1:]).text, str)


@given(st.lists(st.tuples(*[ANYTHING] * 7), max_size=5))
def test_tokens_have_digests_and_users(rows: list[tuple[Any, ...]]) -> None:
    for token in judging.tokens(rows):
        assert all((token.digest, token.series, token.session))
        assert 0 < token.user_id < NO_ID
    assert all(isinstance(judging.word(row[0]), str) for row in rows)
