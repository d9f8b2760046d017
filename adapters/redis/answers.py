"""Validates Redis's answers to our scripts: others may have written what they contain.

Invalid parts of an answer are left out, so that one bad claim harms only its user. An answer of
another kind altogether raises TryAgain.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.faults.incidents import INCIDENTS
from adapters.ids import NO_ID
from adapters.redis.failures import Failure, try_again
from chat_domain.model import Claim

# Printable ASCII except the bar, which separates the words of a claim.
_NODE = re.compile(rb"[ -{}~]{1,200}")
_CLAIM = re.compile(rb"([ -{}~]{1,200})\|([ -{}~]{0,100})")
_ID = re.compile(rb"[1-9][0-9]{0,9}")


def number(answer: Any) -> int:
    """Raises TryAgain if it is not a number."""
    if type(answer) is not int:
        raise _invalid(answer)
    return answer


def items(answer: Any) -> Sequence[Any]:
    """Raises TryAgain if it is not a list."""
    if not isinstance(answer, list | tuple):
        raise _invalid(answer)
    return answer


def facts(answer: Any) -> Mapping[str, Any]:
    """What the driver has parsed from an INFO. Raises TryAgain if that is no dict."""
    if not isinstance(answer, dict):
        raise _invalid(answer)
    return answer


def _invalid(answer: Any) -> Exception:
    why = f"it is a {type(answer).__name__}"
    INCIDENTS.bad_input("redis", "answer", why)
    return try_again(Failure("odd answer", why))


def nodes(answer: Any) -> set[str]:
    """The ids of nodes. Raises TryAgain."""
    return {name for item in items(answer) if (name := _node(item))}


def users(answer: Any) -> list[int]:
    """The ids of users. Raises TryAgain."""
    return [user for item in items(answer) if (user := _user(item))]


def users_by_node(answer: Any) -> list[tuple[str, list[int]]]:
    """Nodes with their users, from rows of both. Raises TryAgain."""
    rows = [list(items(row)) for row in items(answer)]
    return [(name, users(some)) for node, *some in filter(None, rows) if (name := _node(node))]


def claims(answer: Any) -> list[Claim]:
    """From user, claim, user, claim ... Raises TryAgain."""
    return list(_claims(items(answer)))


def _claims(answer: Sequence[Any]) -> Iterator[Claim]:
    for one, text in zip(answer[::2], answer[1::2], strict=False):
        user_id = _user(one)
        found = claim(user_id, text) if user_id else None
        if found is not None:
            yield found


def claim(user_id: int, text: Any) -> Claim | None:
    """A claim, None if it is invalid."""
    match = _CLAIM.fullmatch(text) if isinstance(text, bytes) else None
    if match is None:
        INCIDENTS.bad_input("redis", "claim", "it is not two words with a bar between")
        return None
    node, session = (part.decode() for part in match.groups())
    return Claim(user_id, session, node)


def _node(item: Any) -> str:
    """A node's id, "" if it is invalid."""
    if isinstance(item, bytes) and _NODE.fullmatch(item):
        return item.decode()
    INCIDENTS.bad_input("redis", "node", "its id has other characters or is too long")
    return ""


def _user(item: Any) -> int:
    """A user's id, 0 if it is invalid."""
    found = int(item) if isinstance(item, bytes) and _ID.fullmatch(item) else 0
    if not 0 < found < NO_ID:
        INCIDENTS.bad_input("redis", "user", "it is not an id")
        return 0
    return found
