"""The operator's commands as they are typed, and the answers as a person reads them."""

import json
import pty
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql.managing import make_tables
from entrypoints.declaring import BadSettings
from entrypoints.managing.arguments import NotDone, arguments_of, parse
from entrypoints.managing.exporting import whole_answer
from entrypoints.managing.text_output import as_json, plain_text


@pytest.mark.parametrize("limit", ["0", "-1", "x", "²", ""])
def test_a_page_has_at_least_one_row(limit: str) -> None:
    """Anything else is named as it was typed."""
    with pytest.raises(BadSettings, match=f"'{limit}' is not a number of at least 1"):
        parse(["list", f"--limit={limit}"])


def test_what_is_no_text_is_neither_sent_nor_stored() -> None:
    """Python gives bytes that are no UTF-8 to a program as halves of characters."""
    with pytest.raises(BadSettings, match="the text is not text in UTF-8"):
        arguments_of(parse(["find", "\udcff"]))


@pytest.mark.parametrize("command", [["add", "ann"], ["delete", "ann"]])
def test_nothing_is_done_if_a_question_is_not_answered(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-D ends the terminal's input."""
    keyboard, terminal = pty.openpty()
    with open(terminal) as stdin, open(keyboard, "wb") as keys:  # noqa: PTH123  # by their numbers
        monkeypatch.setattr("sys.stdin", stdin)
        monkeypatch.setattr("getpass.getpass", input)
        keys.write(b"\x04")
        keys.flush()
        with pytest.raises(NotDone, match="nothing was done"):
            arguments_of(parse(command))


async def test_a_database_that_says_nothing_is_said_to_do_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What listens on the port may be something else, which waits, too."""
    monkeypatch.setattr("adapters.mysql.managing.CONNECTING_TAKES", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(
            StoreUnusable, match=f"^cannot use database 'chat' at {where}: no answer$"
        ):
            await make_tables(f"mysql://user:secret@{where}/chat")


def test_no_days_are_forever() -> None:
    """A sentence says so, instead of 0."""
    result = {"group": {"id": 5, "name": "owls"}, "days": 30, "before": 0}
    said = "messages in owls (id 5) are kept for 30 days; before: forever"
    assert list(plain_text("groups keep", result)) == [said]


def test_columns_stand_below_each_other_whatever_is_in_them() -> None:
    """A Chinese character takes two."""
    rows = [{"name": "王小明", "disabled": False}, {"name": "ann", "disabled": True}]
    assert list(plain_text("list", {"users": rows})) == [
        "name    disabled",
        "王小明  no",
        "ann     yes",
    ]


@pytest.mark.parametrize("steering", ["\x9b", "\u202e", "\x7f", "\x1b"])
def test_json_for_scripts_does_not_steer_a_terminal_either(steering: str) -> None:
    """An operator may look at it, and others have written what is in it."""
    result = {"entries": [{"text": f"王{steering}2J"}]}
    said = as_json(result)
    assert "王" in said
    assert steering not in said
    assert json.loads(said) == result


def test_a_name_of_a_file_that_is_no_text_is_json_too() -> None:
    """Python gives such bytes as halves of characters."""
    assert json.loads(as_json({"file": "copy\udcff.db"})) == {"file": "copy\udcff.db"}


async def test_an_export_is_asked_for_until_all_of_it_is_there() -> None:
    """It is shown as a whole, without what only says where its parts end."""
    log, asked = [{"at": at} for at in range(1, 6)], list[Mapping[str, Any]]()

    async def once(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(arguments)
        after = arguments.get("after", 0)
        part = {"id": 7, "entries": log[after : after + 2], "upto": 5}
        return {"result": part | {"next": after + 2 if after < 4 else None}}

    answer = await whole_answer("export", {"who": "ann"}, once)
    assert answer == {"result": {"id": 7, "entries": log}}
    assert asked == [{"who": "ann"}] + [
        {"who": "ann", "after": after, "upto": 5} for after in (2, 4)
    ]


async def test_an_export_of_which_a_part_is_refused_is_refused() -> None:
    """Half of it would pass for all of it."""
    gone = {"error": "no_such_user", "message": "ann"}

    async def once(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        part = {"id": 7, "entries": [{"at": 1}], "upto": 5, "next": 1}
        return gone if "after" in arguments else {"result": part}

    assert await whole_answer("export", {"who": "ann"}, once) == gone
