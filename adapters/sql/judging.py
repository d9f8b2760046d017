"""What comes out of the tables, judged: others may have written to them, or altered them.

What can be shown is: a name that is too long is cut, one that is none is UNNAMED, an unknown role
is the lesser one. What cannot be is left out: a row without an id, a message without its text. Each
is counted. Nothing here raises for what a row holds: one bad row harms nobody but itself.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.incidents import INCIDENTS
from adapters.sql.numbers import NO_ID
from chat_domain.model import (
    DISABLED,
    NO_PASSWORD,
    Account,
    Entry,
    Group,
    KeptToken,
    Message,
    Role,
    User,
)
from chat_domain.names import MAX_NAME

UNNAMED = "?"
LONGEST_ID = 64  # characters of a mid or a cid
LONGEST_TEXT = 65_535  # characters; the columns' bytes
NO_TIME = 253_402_300_800_000  # ms; the year 10000 has no calendar
LOOKS = 100  # for messages, at one reading; in between only what is none was found
NO_GROUP = -1  # of a message on file that is none, so that it says the same as no other

_ROLES = {role.value: role for role in Role}


def _odd(what: str, why: str) -> None:
    INCIDENTS.bad_input("database", what, why)


def is_id(number: Any) -> bool:
    return type(number) is int and 0 < number < NO_ID


def ids(found: Iterable[Any]) -> list[int]:
    """Those that are ids, in the same order."""
    numbers = list(found)
    good = [number for number in numbers if is_id(number)]
    if len(good) < len(numbers):
        _odd("id", "it is no number, or out of range")
    return good


def name(text: Any) -> str:
    if type(text) is str and len(text) <= MAX_NAME:
        return text
    _odd("name", "it is too long" if isinstance(text, str) else _kind(text))
    return text[:MAX_NAME] if isinstance(text, str) else UNNAMED


def description(text: Any) -> str:
    if type(text) is str and len(text) <= LONGEST_TEXT:
        return text
    _odd("description", "it is too long" if isinstance(text, str) else _kind(text))
    return text[:LONGEST_TEXT] if isinstance(text, str) else ""


def role(text: Any) -> Role:
    known = _ROLES.get(text) if isinstance(text, str) else None
    if known is None:
        _odd("role", "it is none of a group's")
        return Role.NORMAL
    return known


def users(rows: Iterable[Sequence[Any]]) -> list[User]:
    """Of ids and names; those without an id are left out."""
    return [User(row[0], name(row[1])) for row in with_ids(rows)]


def with_ids(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Those rows that begin with an id."""
    every = list(rows)
    good = [row for row in every if is_id(row[0])]
    if len(good) < len(every):
        _odd("id", "it is no number, or out of range")
    return good


def accounts(rows: Iterable[Sequence[Any]]) -> list[Account]:
    """Of ids, names and secrets. One without a secret is as if the operator had disabled it."""
    return [Account(User(row[0], name(row[1])), _secret(row[2])) for row in with_ids(rows)]


def _secret(text: Any) -> str:
    if isinstance(text, str):
        return text
    _odd("secret", _kind(text))
    return DISABLED + NO_PASSWORD


def group(row: Sequence[Any]) -> Group:
    """Of an id that is one, a name and a description."""
    return Group(row[0], name(row[1]), description(row[2]))


def word(value: Any) -> str:
    """A digest, or the name of a session; "" for what is none."""
    found = _word(value)
    if not found:
        _odd("token", "a digest of it is no text, or too long")
    return found


def _word(value: Any) -> str:
    """A column that compares bytes gives bytes (MySQL's VARBINARY)."""
    if isinstance(value, bytes) and value.isascii():
        value = value.decode()
    return value if type(value) is str and len(value) <= LONGEST_ID else ""


def tokens(rows: Iterable[Sequence[Any]]) -> list[KeptToken]:
    """Of the columns that are named as KeptToken's fields, in their order."""
    return [found for row in rows if (found := _token(row)) is not None]


def _token(row: Sequence[Any]) -> KeptToken | None:
    digest, series, user_id, session, begun_ms, expires_ms, used = row
    words = _word(digest), _word(series), _word(session)
    if all(words) and is_id(user_id) and _is_time(begun_ms) and _is_time(expires_ms):
        return KeptToken(*words[:2], user_id, words[2], begun_ms, expires_ms, bool(used))
    _odd("token", "a digest of it is none, or its user or a time of it")
    return None


def _is_time(ms: Any) -> bool:
    return type(ms) is int and 0 <= ms < NO_TIME


def messages(rows: Iterable[Sequence[Any]]) -> list[Message]:
    """Those that are messages; see `message`."""
    return [found for row in rows if (found := message(row)) is not None]


def message(row: Sequence[Any]) -> Message | None:
    """Of the columns that are named as Message's fields, in their order. None for what is none."""
    why = _wrong_with(*row)
    if why:
        _odd("message", why)
        return None
    return Message(*row)


def on_file(row: Sequence[Any]) -> Message:
    """The same of a row that a copy was refused for. What is no message conflicts with all."""
    found = message(row)
    return Message("", "", 0, "", NO_GROUP, "", 0) if found is None else found


def entries(rows: Iterable[Sequence[Any]]) -> list[Entry]:
    """Of a recipient and a message each."""
    return [
        Entry(recipient, found)
        for recipient, *facts in with_ids(rows)
        if (found := message(facts)) is not None
    ]


def _wrong_with(  # noqa: PLR0917  # a row's columns
    mid: Any, cid: Any, sender_id: Any, sender_name: Any, group_id: Any, text: Any, time_ms: Any
) -> str:
    if not (type(mid) is type(cid) is type(sender_name) is type(text) is str):
        return "a text of it is none"
    if not (type(sender_id) is type(group_id) is type(time_ms) is int):
        return "a number of it is none"
    if not (0 < len(mid) <= LONGEST_ID and len(cid) <= LONGEST_ID):
        return "its id has no characters, or too many"
    if len(sender_name) > MAX_NAME or len(text) > LONGEST_TEXT:
        return "a text of it is too long"
    if not (0 < sender_id < NO_ID and 0 <= group_id < NO_ID and 0 <= time_ms < NO_TIME):
        return "a number of it is out of range"
    return ""


def _kind(value: Any) -> str:
    return f"it is of the kind {type(value).__name__}"
