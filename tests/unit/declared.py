"""What a request needs besides its declaration in adapters/wire/requests.py, and where.

Each demand is a sentence that says what is missing in which file, so that somebody who adds a
request is told what is left to do.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from adapters.client import ChatClient
from adapters.gateway.commands import COMMANDS
from adapters.wire import errors, requests
from adapters.wire.answers import Ack, Answer
from adapters.wire.declaring import ALWAYS, AnyRequest, answer_of
from adapters.wire.frames import number_of
from tests.unit.wire.bad_fields import BAD_FIELDS, GREETINGS
from tests.unit.wire.protocol_page import quoted, rows, section

ROOT = Path(__file__).parents[2]

# Requests that the page does not call by their classes' names, those of the C++ server included.
NAMES: dict[type[AnyRequest], str] = {
    requests.Login: "LOGIN_MSG",
    requests.Logout: "LOGINOUT_MSG",
    requests.Register: "REGISTER_MSG",
    requests.OneChat: "ONE_CHAT_MSG",
    requests.AddFriend: "ADD_FRIEND_MSG",
    requests.CreateGroup: "CREATE_GROUP_MSG",
    requests.JoinGroup: "ADD_GROUP_MSG",
    requests.GroupChat: "GROUP_CHAT_MSG",
    requests.ListFriends: "FRIENDS",
    requests.ListGroups: "GROUPS",
    requests.ListMembers: "MEMBERS",
    requests.ListSessions: "SESSIONS",
    requests.ListConversations: "CONVERSATIONS",
}
# Requests that our client sends by itself, so that no method of ChatClient names them.
SAID_BY_ITSELF = (requests.Ping, requests.Pong, requests.Taken, requests.Logout)
NO_FIELDS_TO_SPOIL = (requests.Ping, requests.Pong)
ALWAYS_NAMES = {errors.name_of(kind) for kind in ALWAYS}


def name_of(request: type[AnyRequest]) -> str:
    """What the protocol calls a request: its class's name in capitals, unless NAMES has another."""
    in_capitals = re.sub(r"(?<!^)(?=[A-Z])", "_", request.__name__).upper()
    return NAMES.get(request, in_capitals)


def fields_of(request: type[AnyRequest]) -> set[str]:
    return set(request.__struct_fields__) - {"seq"}


def missing(request: type[AnyRequest]) -> list[str]:
    """A sentence for each thing that this request lacks."""
    demands = (_row, _refusals, _bad_fields, _gateway_test, _handler, _client_method)
    return [sentence for demand in demands for sentence in demand(request)]


# -- the page --------------------------------------------------------------------------------------


def _row(request: type[AnyRequest]) -> Iterator[str]:
    """Its row in the table of requests: number, name, fields and answer."""
    number, name = number_of(request), name_of(request)
    where, row = "docs/protocol.md, What the client sends", _row_of("What the client sends", number)
    if not row:
        yield f"{where}: the table has no row for {number} {name}."
        return
    if row[1] != name:
        yield f"{where}: {number} is {row[1]} there, and not {name}."
    for field in sorted(fields_of(request) ^ quoted(row[2])):
        yield f"{where}: {name} is declared otherwise as to `{field}`."
    answer = answer_of(request)
    expected = "none" if answer is None else _name_of_answer(answer)
    if row[4].partition(" ")[0] != expected:
        yield f"{where}: the answer to {name} is {expected}, and not {row[4]}."
    if answer is Ack:
        for field in sorted(quoted(row[4]) - set(Ack.__struct_fields__)):
            yield f"{where}: no ACK has the `{field}` that {name} is promised."


def _name_of_answer(answer: type[Answer]) -> str:
    row = _row_of("What the server sends", number_of(answer))
    return row[1] if row else f"{number_of(answer)}, which has no row"


def _refusals(request: type[AnyRequest]) -> Iterator[str]:
    """Its row in the table of the errors of each request."""
    where, name = "docs/protocol.md, Errors of each request", name_of(request)
    table = {row[0]: quoted(row[1]) for row in rows(section("Errors of each request"))}
    declared = {errors.name_of(kind) for kind in request.refusals}
    for error in sorted(declared - table.get(name, set())):
        yield f"{where}: {name} lacks `{error}`."
    for error in sorted(table.get(name, set()) - declared):
        yield f"{where}: {name} is not declared to be refused with `{error}`."


@cache
def answered_fields(request: type[AnyRequest]) -> frozenset[str]:
    """The fields that the page promises in the answer to a request."""
    answer = answer_of(request)
    if answer is None:
        return frozenset()
    if answer is Ack:
        return frozenset(quoted(_row_of("What the client sends", number_of(request))[4]))
    return frozenset(quoted(_row_of("What the server sends", number_of(answer))[2]))


@cache
def _row_of(title: str, number: int) -> list[str]:
    """The cells of a frame's row; none if it has no row."""
    found = [row for row in rows(section(title)) if row[0] == str(number)]
    return found[0] if found else []


# -- the code and its tests ------------------------------------------------------------------------


def _bad_fields(request: type[AnyRequest]) -> Iterator[str]:
    """Good frames of it, each with what may be wrong with its fields."""
    where, name = "tests/unit/wire/bad_fields.py", name_of(request)
    if request in NO_FIELDS_TO_SPOIL:
        return
    cases = [case for case in BAD_FIELDS + GREETINGS if case[0]["msgid"] == number_of(request)]
    if not cases:
        yield f"{where}: there is no good {name}."
    spoiled = {field for _, fields in cases for field in fields}
    for field in sorted(fields_of(request) - spoiled):
        yield f"{where}: nothing is wrong with `{field}` of any {name}."


def _gateway_test(request: type[AnyRequest]) -> Iterator[str]:
    said = re.compile(rf"\b({number_of(request)}|requests\.{request.__name__})\b")
    if not said.search(_gateway_tests()):
        name = f"requests.{request.__name__}"
        yield f"tests/unit/gateway: no test says {number_of(request)} or {name}."


@cache
def _gateway_tests() -> str:
    return "\n".join(test.read_text("utf-8") for test in ROOT.glob("tests/unit/gateway/test_*.py"))


def _handler(request: type[AnyRequest]) -> Iterator[str]:
    if request not in COMMANDS:
        yield f"adapters/gateway/commands.py: COMMANDS has nothing that does {name_of(request)}."


def _client_method(request: type[AnyRequest]) -> Iterator[str]:
    if request not in SAID_BY_ITSELF and request.__name__ not in _made_by_client():
        yield f"adapters/client: no method of ChatClient sends {name_of(request)}."


@cache
def _made_by_client() -> frozenset[str]:
    """The requests that methods of ChatClient make."""
    parts = [part for part in ChatClient.__mro__ if part.__module__.startswith("adapters.")]
    tree = ast.parse("\n".join(inspect.getsource(part) for part in parts))
    return frozenset(
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "requests"
    )
