"""Unexpected rows of the C++ server do not stop an upgrade, and are not lost."""

import json
import tracemalloc
from pathlib import Path

import pytest

from adapters.mysql import mysql_store
from adapters.mysql.managing import upgrade_tables
from adapters.mysql.upgrading.filling import LONGEST_DESCRIPTION
from adapters.mysql.upgrading.messages import LONGEST_ROW, LONGEST_TEXT
from adapters.mysql.upgrading.report import ORIGINAL, SHOWN, Report
from chat_domain.entries import Entry
from entrypoints.services.database import DatabaseServer

from .conftest import Ask
from .test_upgrade import restore
from .test_upgrade import waiting as shown


@pytest.fixture
def old(database_server: DatabaseServer, database: str, ask: Ask) -> str:
    """A database of the C++ server with columns that its operator has widened."""
    restore(database_server.port, database)
    ask(f"USE {database}")
    ask("DELETE FROM offlinemessage")
    ask(
        "ALTER TABLE offlinemessage MODIFY message MEDIUMTEXT CHARACTER SET latin1,"
        " MODIFY userid BIGINT"
    )
    return database_server.url(database)


def keep_for(ask: Ask, user_id: object, frame: object) -> None:
    """Store an offline message as the C++ server did."""
    text = frame if isinstance(frame, str) else json.dumps(frame)
    literal = "0x" + text.encode().hex() if text else "''"
    ask(f"INSERT INTO offlinemessage VALUES ({user_id}, {literal})")  # noqa: S608


def chat(text: object, **fields: object) -> dict[str, object]:
    return {"msgid": 1005, "id": 21, "name": "li si", "toid": 13, "msg": text} | fields


async def upgrade(url: str) -> Report:
    report = await upgrade_tables(url)
    assert report is not None
    return report


def told_of(report: Report, about: str) -> list[str]:
    return [str(line) for line in report.lines if line.about == about]


async def waiting(url: str, user_id: int) -> list[Entry]:
    async with mysql_store(url) as store:
        return await shown(store, user_id)


async def test_a_text_that_is_too_long_becomes_several_messages(old: str, ask: Ask) -> None:
    """They are in order, each as long as a client takes. Nothing is lost, and nothing reported."""
    text = "".join(chr(0x4E00 + number % 5000) for number in range(10_000))
    keep_for(ask, 13, chat("before"))
    keep_for(ask, 13, chat(text))
    keep_for(ask, 13, chat("x" * 4_096, msgid=10, groupid=1))
    keep_for(ask, 13, chat(""))
    report = await upgrade(old)
    found = await waiting(old, 13)
    assert [len(message.text) for message in found] == [6, 4096, 4096, 1808, 4096, 0]
    assert "".join(message.text for message in found[1:4]) == text
    assert {message.sender_name for message in found} == {"li si"}
    assert told_of(report, "message") == []
    assert not report.lost["messages"]


async def test_a_row_that_no_client_could_have_written_is_left_out(old: str, ask: Ask) -> None:
    """The report has its beginning, the old table has all of it, and the operator is told."""
    keep_for(ask, 13, chat("x" * 100_000))
    keep_for(ask, 13, chat("behind"))
    report = await upgrade(old)
    assert [message.text for message in await waiting(old, 13)] == ["behind"]
    (line,) = told_of(report, "message")
    assert line.startswith("message 13: left out: it has 100")
    assert line.endswith(" bytes; all of them are in the old table")
    summary = list(report.summary())
    assert summary[1] == ("left out: friends (3), groups (1), members of groups (2), messages (1)")
    assert f"  {line}" in summary
    ((original,),) = ask("SELECT original FROM UpgradeReport WHERE about = 'message'")
    assert isinstance(original, bytes)
    assert len(original) == 65_536
    ((length,),) = ask("SELECT MAX(LENGTH(message)) FROM old_offlinemessage")
    assert isinstance(length, int)
    assert length > 100_000


@pytest.mark.parametrize(
    "frame",
    [
        "[" * 60_000,
        '{"msgid":1005,"id":21,"msg":"a' + "\0",
        "{}",
        "1" * 5_000,
        '{"msgid":1005,"id":' + "9" * 4_000 + ',"msg":"x"}',
        chat(["y" * 50_000]),
        chat("x", id=-1),
        chat("x", msgid=10, groupid="1"),
    ],
    ids=range(8),
)
async def test_a_row_that_is_no_message_is_left_out(old: str, ask: Ask, frame: object) -> None:
    """It is kept as it was, and does not affect the rows after it."""
    keep_for(ask, 13, frame)
    keep_for(ask, 13, chat("behind"))
    report = await upgrade(old)
    assert [message.text for message in await waiting(old, 13)] == ["behind"]
    assert report.lost["messages"] == 1
    text = frame if isinstance(frame, str) else json.dumps(frame)
    rows = ask("SELECT id, original FROM UpgradeReport WHERE about = 'message'")
    assert rows == [(13, text.encode())]


async def test_what_is_left_out_does_not_pile_up_in_memory(old: str, ask: Ask) -> None:
    """Each row is in the report, numbered in order, and the operator is told how many there are."""
    keep_for(ask, 13, "x" * 60_000)
    for _ in range(10):
        ask("INSERT INTO offlinemessage SELECT * FROM offlinemessage")
    tracemalloc.start()
    try:
        report = await upgrade(old)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_024 * 60_000  # bytes
    assert len(told_of(report, "message")) == SHOWN
    assert f"  and {1_024 - SHOWN} more" in report.summary()
    left_out = "SELECT COUNT(*), MIN(LENGTH(original)) FROM UpgradeReport WHERE about = 'message'"
    assert ask(left_out) == [(1_024, 60_000)]
    assert ask("SELECT MIN(number), MAX(number) = COUNT(*) FROM UpgradeReport") == [(1, 1)]


async def test_a_row_of_nobody_is_left_out(old: str, ask: Ask) -> None:
    """This holds for any number as recipient, or none."""
    ask("ALTER TABLE offlinemessage MODIFY message MEDIUMTEXT CHARACTER SET latin1 NULL")
    for user_id in ("NULL", -1, 2**31, 2**62):
        keep_for(ask, user_id, chat("x"))
    ask("INSERT INTO offlinemessage VALUES (13, NULL)")
    report = await upgrade(old)
    assert report.lost["messages"] == 5
    assert told_of(report, "message") == [
        "message : left out: there is no such user",
        "message -1: left out: there is no such user",
        f"message {2**31}: left out: there is no such user",
        f"message {2**62}: left out: there is no such user",
        "message 13: left out: it is NULL, or too long for the database to tell",
    ]
    assert ask("SELECT MAX(id) FROM UpgradeReport") == [(2**62,)]


async def test_bytes_without_a_character_set_are_read(old: str, ask: Ask) -> None:
    """They are read as UTF-8 if they are valid, otherwise as latin1. Those that are no message are
    kept."""
    ask("ALTER TABLE offlinemessage MODIFY message MEDIUMBLOB")
    latin1 = json.dumps(chat("gr\xfc\xdfe"), ensure_ascii=False).encode("latin1")
    for raw in (json.dumps(chat("张三"), ensure_ascii=False).encode(), latin1, b"\xff\xfe\0"):
        ask(f"INSERT INTO offlinemessage VALUES (13, 0x{raw.hex()})")  # noqa: S608
    await upgrade(old)
    assert [message.text for message in await waiting(old, 13)] == ["张三", "grüße"]
    assert ask("SELECT original FROM UpgradeReport WHERE about = 'message'") == [(b"\xff\xfe\0",)]


@pytest.mark.parametrize("character", ["x", "'", "国"])
async def test_many_long_rows_are_no_statement_that_is_too_long(
    old: str, ask: Ask, character: str
) -> None:
    """All rows together may be longer than the server takes at once (`max_allowed_packet`), here
    the least that the documentation allows."""
    ask("ALTER TABLE offlinemessage MODIFY message MEDIUMTEXT CHARACTER SET utf8mb4")
    number = 60_000 // len(character.encode())
    quoted = "''" if character == "'" else character
    frame = json.dumps(chat("TEXT", id=21)).replace("TEXT", f"', REPEAT('{quoted}', {number}), '")
    values = ", ".join([f"(13, CONCAT('{frame}'))"] * 200 + ["(13, REPEAT('y', 60000))"] * 200)
    ask(f"INSERT INTO offlinemessage VALUES {values}")  # noqa: S608
    ((usual,),) = ask("SELECT @@GLOBAL.max_allowed_packet")
    ask("SET GLOBAL max_allowed_packet = 1048576")
    try:
        report = await upgrade(old)
    finally:
        ask(f"SET GLOBAL max_allowed_packet = {usual}")
    assert report.kept["messages"] == 200
    assert report.lost["messages"] == 200
    assert len(await waiting(old, 13)) == 200 * -(-number // 4_096)


async def test_a_description_that_is_too_long_is_cut(old: str, ask: Ask) -> None:
    """Otherwise, a client could not read the list that has it. The report has all of it."""
    ask("ALTER TABLE allgroup MODIFY groupdesc MEDIUMTEXT CHARACTER SET utf8")
    ask("UPDATE allgroup SET groupdesc = CONCAT(REPEAT('x', 199), 'yz') WHERE id = 1")
    ask("UPDATE allgroup SET groupdesc = REPEAT('x', 200) WHERE id = 2")
    report = await upgrade(old)
    assert "group 1: its description is cut to 200 characters" in told_of(report, "group")
    found = ask("SELECT groupdesc FROM AllGroup WHERE id IN (1, 2) ORDER BY id")
    assert found == [("x" * 199 + "y",), ("x" * 200,)]
    ((original,),) = ask("SELECT original FROM UpgradeReport WHERE what LIKE 'its description%'")
    assert original == b"x" * 199 + b"yz"


async def test_a_name_of_any_length_gets_a_shorter_one(old: str, ask: Ask) -> None:
    """The line that reports it is bounded, too."""
    ask("ALTER TABLE user DROP KEY name, MODIFY name MEDIUMTEXT")
    ask("UPDATE user SET name = REPEAT('x', 200000) WHERE id = 13")
    report = await upgrade(old)
    (line,) = [line for line in told_of(report, "user") if line.startswith("user 13:")]
    assert len(line) < 1_100
    assert ask("SELECT name FROM User WHERE id = 13") == [("x" * 44 + "~13",)]


def test_the_bounds_are_documented() -> None:
    """docs/upgrade.md names them."""
    text = (Path(__file__).parents[3] / "docs" / "upgrade.md").read_text("utf-8")
    for bound in (
        f"{LONGEST_TEXT:,} characters",
        f"{LONGEST_ROW:,} bytes",
        f"{LONGEST_DESCRIPTION} characters",
        f"the first {ORIGINAL:,} bytes",
    ):
        assert bound in text
