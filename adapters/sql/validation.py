"""Validates what comes out of the tables: others may have written to them, or altered them.

What can be shown is: a name that is too long is cut, one that is no name is UNNAMED, an unknown
role is the lesser one. The rest is left out: a row without an id, an entry without its text. Each
is counted. Nothing in a row raises an error here: a bad row harms only itself.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeGuard, TypeVar

import msgspec

from adapters.faults.incidents import INCIDENTS
from adapters.ids import NO_ID
from adapters.sql.admission import FirstCopy, Key
from adapters.sql.session_eviction import Kept
from chat_domain.entries import CHANGE, KINDS, TEXT, Change, Duplicate, Entry, LogEnds
from chat_domain.model import (
    DISABLED,
    MAX_DAYS,
    NO_PASSWORD,
    OPERATOR,
    UNNAMED,
    Account,
    Group,
    KeptToken,
    Role,
    User,
)
from chat_domain.names import MAX_NAME

LONGEST_ID = 64  # characters of a digest or a cid
LONGEST_TEXT = 65_535  # characters; as many as the columns have bytes
LONGEST_BODY = 2 * LONGEST_TEXT  # of an entry: a text, or a change, in which a text is escaped
NO_TIME = 253_402_300_800_000  # ms; the year 10000 has no calendar
NO_CONV = -1  # of an invalid entry in the table, so that it is the first of no other

T = TypeVar("T")

_INTEGERS = (int,) * 6
_ROLES = {role.value: role for role in Role}


def _report(what: str, why: str) -> None:
    INCIDENTS.bad_input("database", what, why)


def is_id(number: Any) -> bool:
    return type(number) is int and 0 < number < NO_ID


def ids(found: Iterable[Any]) -> list[int]:
    """Those that are ids, in the same order."""
    return _valid(found, is_id, "id", "it is not a number or is out of range")


def _valid(found: Iterable[T], is_valid: Callable[[T], bool], what: str, why: str) -> list[T]:
    every = list(found)
    valid = [one for one in every if is_valid(one)]
    if len(valid) < len(every):
        _report(what, why)
    return valid


def name(text: Any) -> str:
    return _cut(text, MAX_NAME, "name", UNNAMED)


def description(text: Any) -> str:
    return _cut(text, LONGEST_TEXT, "description", "")


def _cut(text: Any, longest: int, what: str, otherwise: str) -> str:
    if type(text) is str and len(text) <= longest:
        return text
    _report(what, "it is too long" if isinstance(text, str) else _kind(text))
    return text[:longest] if isinstance(text, str) else otherwise


def role(text: Any) -> Role:
    known = _ROLES.get(text) if isinstance(text, str) else None
    if known is None:
        _report("role", "it is not a group role")
        return Role.NORMAL
    return known


def users(rows: Iterable[Sequence[Any]]) -> list[User]:
    """From ids and names; rows without an id are left out."""
    return [User(row[0], name(row[1])) for row in with_ids(rows)]


def with_ids(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """The rows that begin with an id."""
    return _valid(rows, lambda row: is_id(row[0]), "id", "it is not a number or is out of range")


def accounts(rows: Iterable[Sequence[Any]]) -> list[Account]:
    """From ids, names and secrets. One without a secret is as if the operator had disabled it."""
    return [Account(User(row[0], name(row[1])), _secret(row[2])) for row in with_ids(rows)]


def _secret(text: Any) -> str:
    if isinstance(text, str):
        return text
    _report("secret", _kind(text))
    return DISABLED + NO_PASSWORD


def days(number: Any) -> int:
    """How many days something is kept: 0, for no limit, if that cannot be told."""
    if number is None:
        return 0
    if type(number) is int and 0 <= number <= MAX_DAYS:
        return number
    _report("days", "they are not a number or are out of range")
    return 0


def group(row: Sequence[Any]) -> Group:
    """From a valid id, a name and a description."""
    return Group(row[0], name(row[1]), description(row[2]))


def word(value: Any) -> str:
    """A digest, or the name of a session; "" if it is neither."""
    found = _word(value)
    if not found:
        _report("token", "a digest is not text or is too long")
    return found


def _word(value: Any) -> str:
    """A column that compares bytes returns bytes (MySQL's VARBINARY)."""
    if isinstance(value, bytes) and value.isascii():
        value = value.decode()
    return value if type(value) is str and len(value) <= LONGEST_ID else ""


def tokens(rows: Iterable[Sequence[Any]]) -> list[KeptToken]:
    """From the columns named like the fields of KeptToken, in their order."""
    return [found for row in rows if (found := _token(row)) is not None]


def _token(row: Sequence[Any]) -> KeptToken | None:
    digest, series, user_id, session, begun_ms, expires_ms, used, device, seen_ms = row
    words = digest, series, session = _word(digest), _word(series), _word(session)
    times = begun_ms, expires_ms, seen_ms
    if not (all(words) and is_id(user_id) and all(map(is_time, times))):
        _report("token", "a digest, its user or a time is invalid")
        return None
    used, device = bool(used), device_name(device)
    return KeptToken(digest, series, user_id, session, begun_ms, expires_ms, used, device, seen_ms)


def sessions(rows: Iterable[Sequence[Any]]) -> list[Kept]:
    """From names, devices, and the times when they were last seen."""
    return [
        Kept(word(name), device_name(device), seen_ms if is_time(seen_ms) else 0)
        for name, device, seen_ms in rows
    ]


def device_name(value: Any) -> str:
    """A user's name for a device; "" if it is invalid."""
    value = text(value)
    if type(value) is str and len(value) <= MAX_NAME:
        return value
    _report("device", "its name is not text or is too long")
    return ""


def is_time(ms: Any) -> bool:
    """Whether it is a time in milliseconds that a calendar has."""
    return type(ms) is int and 0 <= ms < NO_TIME


def entries(rows: Iterable[Sequence[Any]]) -> list[Entry]:
    """From the columns of `sql.entries.SELECT`, ascending; invalid entries are left out."""
    found = [one for row in rows if (one := entry(*row)) is not None]
    found.sort(key=lambda one: one.at)
    return found


def entry(  # noqa: PLR0917  # a row's columns
    at: Any,
    conv: Any,
    kind: Any,
    sender_id: Any,
    sender: Any,
    cid: Any,
    time_ms: Any,
    answers: Any,
    body: Any,
) -> Entry | None:
    """From such columns; None if they are no entry."""
    cid, body = text(cid), text(body)
    why = _why_invalid((at, conv, kind, sender_id, time_ms, answers), cid, body)
    changed = change(body) if kind == CHANGE and not why else None
    if why or (changed is None and kind == CHANGE):
        _report("entry", why or "it is not a valid change")
        return None
    said = "" if changed else body
    called = _name_of(sender_id, sender)
    return Entry(conv, kind, sender_id, called, cid, said, changed, answers, at, time_ms)


def _name_of(sender_id: int, text: Any) -> str:
    """A sender's name. text: None if there is no such user (any more)."""
    if text is None:
        return UNNAMED if sender_id else OPERATOR.name
    return name(text)


def _why_invalid(numbers: tuple[Any, ...], cid: Any, body: Any) -> str:
    if tuple(map(type, numbers)) != _INTEGERS:
        return "a number in it is not an integer"
    at, conv, kind, sender_id, time_ms, answers = numbers
    if not (at > 0 and conv > 0 and kind in KINDS and 0 <= sender_id < NO_ID):
        return "a number in it is out of range"
    if not (0 <= time_ms < NO_TIME and answers >= 0):
        return "a number in it is out of range"
    if not (type(cid) is str and 0 < len(cid) <= LONGEST_ID):
        return "its id is not text, is empty or is too long"
    if not (type(body) is str and len(body) <= LONGEST_BODY):
        return "its body is not text or is too long"
    return ""


def text(value: Any) -> Any:
    """The text of a column. A column that compares bytes returns bytes (MySQL's VARBINARY)."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def change(body: str) -> Change | None:
    """The change in an entry's body, None if there is none."""
    try:
        facts = msgspec.json.decode(body)  # `json.loads` accepts half of a surrogate pair
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(facts, dict):
        return None
    what, user_id = facts.get("what"), facts.get("user_id", 0)
    words = [facts.get("name", ""), facts.get("detail", "")]
    if not (type(what) is str and 0 < len(what) <= LONGEST_ID and type(user_id) is int):
        return None
    if not (0 <= user_id < NO_ID and all(type(word) is str for word in words)):
        return None
    return Change(what, user_id, *words)


def first_copy(row: Sequence[Any]) -> tuple[Key, FirstCopy]:
    """From an entry's sender, cid, position, time, conversation, kind, what it answers, and body.
    An invalid entry is the first of no copy: it conflicts with all."""
    sender_id, cid, at, time_ms, conv, kind, answers, body = row
    cid, body = text(cid), text(body)
    found = entry(at, conv, kind, sender_id, "", cid, time_ms, answers, body)
    if found is None:
        return (sender_id, cid), FirstCopy(Duplicate(0, 0, NO_CONV), TEXT, "", None, 0)
    known = Duplicate(at, time_ms, conv)
    return (sender_id, cid), FirstCopy(known, kind, found.text, found.change, answers)


def ends(rows: Sequence[Sequence[Any]]) -> LogEnds:
    """From an epoch, the head, the oldest position and the last change's. Without these nothing
    works, so this raises ValueError."""
    if len(rows) != 1:
        raise ValueError("the log does not have one row, which it begins with")
    epoch, *positions = rows[0]
    epoch = _word(epoch)
    if not epoch or not all(_is_position(at) for at in positions):
        raise ValueError("the log's epoch or one of its positions is invalid")
    return LogEnds(epoch, *positions)


def _is_position(at: Any) -> TypeGuard[int]:
    return type(at) is int and at >= 0


def position(at: Any) -> int:
    """0 if it is none."""
    if _is_position(at):
        return at
    _report("position", "it is not a number or is below 0")
    return 0


def positions(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """The rows with positions alone, or numbers of conversations, which look the same."""
    every = list(rows)
    numbers = list(chain.from_iterable(every))
    if set(map(type, numbers)) <= {int} and min(numbers, default=0) >= 0:
        return every  # all are tested at once, since a user may have thousands of conversations
    why = "it is not a number or is below 0"
    return _valid(every, lambda row: all(map(_is_position, row)), "position", why)


def _kind(value: Any) -> str:
    return f"it is of type {type(value).__name__}"
