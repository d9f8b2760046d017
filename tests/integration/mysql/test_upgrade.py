"""A database that the C++ server made becomes ours, and nothing in it is lost."""

import asyncio
import subprocess
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pymysql
import pytest
from pymysql.constants import CLIENT

from adapters.faults.startup_errors import StoreUnusable
from adapters.mysql import mysql_store
from adapters.mysql.address import Address
from adapters.mysql.link import Link, connect
from adapters.mysql.managing import make_tables, upgrade_tables
from adapters.mysql.schema import OUR_TABLES
from adapters.mysql.upgrade import LOCK, Upgrade
from adapters.mysql.upgrading.report import Report
from adapters.passwords import Argon2Hasher
from adapters.runtime.system import RandomIds
from chat_domain.entries import Entry, pair
from chat_domain.errors import BadCredentials, GroupNameTaken, NameTaken
from chat_domain.model import DISABLED, NO_PASSWORD, PLAIN, Member, Role
from chat_domain.names import Name, name_key
from chat_domain.people.accounts import Accounts
from chat_domain.ports.store import Store
from entrypoints.bootstrap import open_without_node
from entrypoints.services.database import PASSWORD, USER, DatabaseServer
from entrypoints.services.ports import LOOPBACK
from entrypoints.settings import Settings
from tests.contract.making import create, ids, join, leave, say, unread
from tests.eventually import PATIENCE
from tests.integration.database_server import MYSQLD, Database

from .conftest import Ask

DUMP = Path(__file__).with_name("cpp_dump.sql")
NOW = 1_790_000_000_000
ZONE = ZoneInfo("Asia/Shanghai")
ROOT = Path(__file__).parents[3]


def restore(port: int, database: str) -> None:
    """What `mysql database < cpp_dump.sql` does."""
    with (
        pymysql.connect(
            host=LOOPBACK,
            port=port,
            user=USER,
            password=PASSWORD,
            database=database,
            client_flag=CLIENT.MULTI_STATEMENTS,
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(DUMP.read_text("utf-8"))
        while cursor.nextset():
            pass


@pytest.fixture
def old(database_server: DatabaseServer, database: str, ask: Ask) -> str:
    """The address of a database that the C++ server made, which `ask` is in."""
    restore(database_server.port, database)
    ask(f"USE {database}")
    return database_server.url(database)


@asynccontextmanager
async def upgrading(
    url: str, link_type: Callable[[Link], Link] = lambda link: link
) -> AsyncIterator[Upgrade]:
    address = Address.parse(url)
    link, reading = await connect(address), await connect(address)
    try:
        yield Upgrade(link_type(link), link_type(reading), str(address), NOW, ZONE)
    finally:
        link.abort()
        reading.abort()


async def upgrade(url: str) -> Report | None:
    async with upgrading(url) as run:
        return await run.run()


async def waiting(store: Store, user_id: int) -> list[Entry]:
    """What a user is shown at their next login with the C++ server's client."""
    got = (await store.log.opening(user_id)).got
    entries = (await store.log.read(user_id, got, 10_000)).entries
    return [entry for entry in entries if entry.sender_id != user_id]


@pytest.fixture
async def upgraded(old: str) -> AsyncIterator[Store]:
    """The store in the upgraded database."""
    await upgrade(old)
    async with mysql_store(old) as store:
        yield store


@asynccontextmanager
async def accounts_of(url: str) -> AsyncIterator[Accounts]:
    async with open_without_node(Settings(store=url, single_node=True, hashing="cheap")) as chat:
        yield chat.accounts


@pytest.fixture
async def accounts(old: str) -> AsyncIterator[Accounts]:
    """Those of the upgraded database."""
    await upgrade(old)
    async with accounts_of(old) as found:
        yield found


@pytest.mark.parametrize(
    ("user_id", "password", "name"),
    [
        (13, "123456", "zhang san"),
        (15, 'it\'s "me" %s', "liu shuo"),
        (22, "paß", "张三"),
        (23, "密码", "王五"),
        (24, "nameless", "user~24"),
        (26, "bond", "007~26"),
        (29, "decomposed", "Zoë~29"),
        (37, "looks like 13", "zh\u0430ng san"),
    ],
)
async def test_old_passwords_are_good(
    accounts: Accounts, ask: Ask, user_id: int, password: str, name: str
) -> None:
    """Everybody logs in by id with the old password, which is hashed then."""
    for _ in range(2):
        assert (await accounts.prove(user_id, password)).user.name == name
    ((secret,),) = ask(f"SELECT password FROM User WHERE id = {user_id}")  # noqa: S608
    assert str(secret).startswith("$argon2id$")
    with pytest.raises(BadCredentials):
        await accounts.prove(user_id, password + " ")


async def test_who_had_no_password_stays_locked_out(accounts: Accounts) -> None:
    """No password is good for an account that had none."""
    for password in ("", "NULL", "None", NO_PASSWORD):
        with pytest.raises(BadCredentials):
            await accounts.prove(34, password)


LOOKS_LIKE_A_HASH = "$argon2id$v=19$m=131072,t=40,p=1$c29tZXNhbHQ$AAAA"


@pytest.mark.parametrize("password", [LOOKS_LIKE_A_HASH, PLAIN + "x", DISABLED + "x", NO_PASSWORD])
async def test_a_plain_password_may_look_like_anything(old: str, ask: Ask, password: str) -> None:
    """Like a hash that takes many seconds, say: it is a password, and hashed at the first login."""
    ask(f"UPDATE user SET password = '{password}' WHERE id = 13")  # noqa: S608
    await upgrade(old)
    assert ask("SELECT password FROM User WHERE id = 13") == [(PLAIN + password,)]
    async with accounts_of(old) as accounts:
        for wrong in ("x", ""):
            with pytest.raises(BadCredentials):
                await accounts.prove(13, wrong)
        assert (await accounts.prove(13, password)).user.id == 13
    ((secret,),) = ask("SELECT password FROM User WHERE id = 13")
    assert str(secret).startswith("$argon2id$v=19$m=8,t=1,p=1$")


async def test_a_password_that_nobody_can_type_is_nobodys(old: str, ask: Ask) -> None:
    """More than 128 characters are refused at any login; the old table still has them."""
    ask("ALTER TABLE user MODIFY password MEDIUMTEXT")
    ask("UPDATE user SET password = REPEAT('x', 128) WHERE id = 13")
    ask("UPDATE user SET password = REPEAT('x', 100000) WHERE id = 15")
    report = await upgrade(old)
    assert report is not None
    told = [str(line) for line in report.lines if (line.about, line.id) == ("user", 15)]
    assert told == [
        "user 15: has a password of more than 128 characters, so nobody can log in as them"
    ]
    found = ask("SELECT password FROM User WHERE id IN (13, 15) ORDER BY id")
    assert found == [(PLAIN + "x" * 128,), (NO_PASSWORD,)]


async def test_what_is_no_secret_of_ours_is_found(old: str, ask: Ask) -> None:
    """By the query that docs/security.md gives to the operator; what the upgrade wrote is good."""
    await upgrade(old)
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    (query,) = [part for part in text.split("```") if part.startswith("sql\nSELECT id FROM User")]
    query = query.removeprefix("sql\n")
    assert ask(query) == []
    secrets = ["123456", "", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", PLAIN + "x"]
    hasher = Argon2Hasher(cheap=True)
    secrets += [DISABLED + await hasher.hash("x"), DISABLED + "x", "nonesuch"]
    hasher.close()
    for number, secret in enumerate(secrets, 28):
        ask(f"UPDATE User SET password = '{secret}' WHERE id = {number}")  # noqa: S608
    assert [number for (number,) in ask(query)] == [28, 29, 30, 33, 34]


async def test_all_names_are_valid_and_unique(upgraded: Store, ask: Ask) -> None:
    """Names that are not, get another; everybody else keeps theirs."""
    names = await upgraded.users.names(range(100))
    assert names == {
        13: "zhang san",
        15: "liu shuo",
        21: "li si",
        22: "张三",
        23: "王五",
        24: "user~24",
        25: "user~25",
        26: "007~26",
        27: "zhang san~27~2",  # since 33 was called so
        28: "Zoë",
        29: "Zoë~29",
        30: "li si~30",
        31: "x" * 50,
        32: "x" * 49,
        33: "zhang san~27",
        34: "no password",
        35: "Weiß",
        36: "WEISS~36",
        37: "zh\u0430ng san",
        38: "odd\u00a0space\u3164",
    }
    for user_id, text in names.items():
        account = await upgraded.users.find(name_key(text))
        assert account is not None
        assert account.user.id == user_id
    assert ask("SELECT DISTINCT state FROM User") == [("offline",)]


@pytest.mark.parametrize("name", ["zhang s\u0430n", "odd space", "1i si"])
async def test_nobody_new_looks_like_somebody_of_old(upgraded: Store, name: str) -> None:
    """Nor where two of old look alike, or an old name has in it what no new one may have."""
    with pytest.raises(NameTaken):
        await upgraded.users.add(Name.parse(name), "hash")


async def test_a_group_of_old_is_not_imitated(upgraded: Store) -> None:
    """The same for groups: 'C++ chat project', with a Greek omicron."""
    with pytest.raises(GroupNameTaken):
        await create(upgraded, 13, "c++ chat pr\u03bfject")


async def test_friends_are_there(upgraded: Store) -> None:
    """Each once, and nobody who does not exist."""
    lists = {
        user_id: [friend.id for friend in await upgraded.friends.page(user_id, 0, 100)]
        for user_id in (13, 15, 21, 22)
    }
    assert lists == {13: [15, 21], 15: [13], 21: [13, 15], 22: []}


async def test_groups_are_there(upgraded: Store) -> None:
    """With their names, their descriptions, and what each member is."""
    groups = {
        membership.group.id: (membership.group.name, membership.group.description, membership.role)
        for membership in await upgraded.groups.page_of(13, 0, 100)
    }
    assert groups == {
        1: ("C++ chat project", "start develop a chat project", Role.CREATOR),
        3: ("grüße", "schoîn", Role.NORMAL),
        4: ("42~4", "", Role.CREATOR),
        6: ("no creator", "it was lost", Role.NORMAL),
        7: ("two creators", "", Role.NORMAL),
        8: ("c++ CHAT project~8", "only ghosts and Ann", Role.CREATOR),
    }
    assert await upgraded.groups.members(1, 0, 100) == [
        Member(13, "zhang san", Role.CREATOR),
        Member(15, "liu shuo", Role.NORMAL),
        Member(21, "li si", Role.NORMAL),
    ]
    (membership,) = await upgraded.groups.page_of(21, 1, 1)
    assert (membership.group.name, membership.group.description) == ("技术群", "你好！")


async def test_the_longest_member_leads_a_group_without_a_creator(upgraded: Store) -> None:
    """Members are in the order of the old rows: 21 came first, then 15, then 13."""
    for user_id in (21, 15):
        assert await leads(upgraded, 6) == user_id
        await leave(upgraded, 6, user_id)
    assert await ids(upgraded, 6) == [13]


async def test_who_joins_now_comes_behind_the_members_of_old(old: str, ask: Ask) -> None:
    """Though there are more of them than the log has entries: 37 leads the group last."""
    keep(ask)
    await upgrade(old)
    async with mysql_store(old) as store:
        assert (await join(store, 6, 37)).at == 1
        for user_id in (21, 15, 13):
            assert await leads(store, 6) == user_id
            await leave(store, 6, user_id)
        assert await leads(store, 6) == 37


async def leads(store: Store, group_id: int) -> int:
    members = await store.groups.members(group_id, 0, 100)
    (creator,) = [member.id for member in members if member.role is Role.CREATOR]
    return creator


async def test_offline_messages_are_there(upgraded: Store) -> None:
    """In the order in which they were stored, with sender, conversation, text and time."""
    found = await waiting(upgraded, 13)
    assert [(m.at, m.sender_id, m.sender_name, m.conv, m.text, m.time_ms) for m in found] == [
        (1, 21, "li si", pair(13, 21), "hello", 1_663_899_300_000),
        (2, 21, "li si", pair(13, 21), "ok", 1_663_899_307_000),
        (3, 21, "li si", pair(13, 21), "ok", 1_663_899_307_000),
        (4, 15, "liu shuo", 1, "to all", 1_663_894_800_000),
        (5, 15, "liu shuo", 1, "to all again", 1_663_899_360_000),
        (6, 15, "liu shuo", pair(13, 15), "你好", 1_663_899_420_000),
    ]
    assert len({message.cid for message in found}) == 6
    newer = RandomIds(lambda: NOW + 1).cid()
    assert all(message.cid < newer for message in found)
    assert [m.text for m in await waiting(upgraded, 15)] == ["grüße", "from the future"]
    ends = await upgraded.log.ends()
    assert (ends.head, ends.oldest, ends.changed) == (8, 1, 0)


async def test_who_has_nothing_waiting_is_shown_nothing(upgraded: Store) -> None:
    """They have all that there is, and nothing counts as unread; what is said next is shown."""
    opening = await upgraded.log.opening(21)
    assert (opening.got, opening.groups) == (8, (1, 2, 6))
    assert await unread(upgraded, 21) == {}
    assert await unread(upgraded, 13) == {1: 2, pair(13, 21): 3, pair(13, 15): 1}
    (said,) = await say(upgraded, 13, pair(13, 21), "at last")
    assert said.at == 9
    assert [m.text for m in await waiting(upgraded, 21)] == ["at last"]


def chat(sender: int, text: str, group: int = 0, second: int = 0) -> str:
    """An offline message as the C++ server kept it."""
    kind = f'"msgid":1009,"groupid":{group}' if group else '"msgid":1005'
    time = f"2022-09-23 10:15:{second:02}"
    return f'{{{kind},"id":{sender},"name":"?","msg":"{text}","time":"{time}"}}'


def keep(ask: Ask, *rows: tuple[int, str]) -> None:
    """Have these wait, and nothing else."""
    ask("DELETE FROM offlinemessage")
    for user_id, frame in rows:
        ask(f"INSERT INTO offlinemessage VALUES ({user_id}, '{frame}')")  # noqa: S608


async def test_mailboxes_overlap(old: str, ask: Ask) -> None:
    """A group's message is one entry for all for whom it waits; each begins with their own first.

    Of those that are the same each stays one: 15 and 13 have heard 'ok' twice, 21 once.
    """
    ok = chat(22, "ok", group=1)
    keep(
        ask,
        (15, ok),
        (13, chat(21, "to 13")),
        (13, ok),
        (21, ok),
        (13, ok),
        (15, chat(21, "to 15")),
        (15, ok),
        (21, chat(13, "to 21")),
        (13, chat(22, "ok", group=1, second=1)),
        (15, chat(22, "last", group=1)),
        (13, chat(22, "last", group=1)),
    )
    report = await upgrade(old)
    assert report is not None
    assert (report.kept["messages"], report.lost["messages"]) == (11, 0)
    async with mysql_store(old) as store:
        log = [(entry.at, entry.text) for entry in (await store.log.tail(0, 100)).entries]
        assert log == [
            (1, "ok"),
            (2, "to 13"),
            (3, "ok"),
            (4, "to 15"),
            (5, "to 21"),
            (6, "ok"),
            (7, "last"),
        ]
        found = {
            user_id: [entry.at for entry in await waiting(store, user_id)]
            for user_id in (13, 15, 21, 22)
        }
        # 21 took the second 'ok' and 'last' before: they are shown again, as is documented
        assert found == {13: [1, 2, 3, 6, 7], 15: [1, 3, 4, 6, 7], 21: [1, 3, 5, 6, 7], 22: []}


async def test_the_longest_waiting_is_shown_first_though_another_has_it_already(
    old: str, ask: Ask
) -> None:
    """15 had nothing but a group's message, which was stored for 13 before: `got` is below it."""
    keep(
        ask,
        (13, chat(21, "before")),
        (13, chat(21, "hello", group=1)),
        (13, chat(21, "between")),
        (15, chat(21, "hello", group=1)),
    )
    await upgrade(old)
    async with mysql_store(old) as store:
        assert [entry.text for entry in await waiting(store, 15)] == ["hello"]
        assert (await store.log.opening(15)).got == 1


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (chat(999, "hello"), "its sender, user 999, does not exist"),
        (chat(999, "hello", group=1), "its sender, user 999, does not exist"),
        (chat(21, "hello", group=2), "they are not in group 2"),
        (chat(21, "hello", group=5), "they are not in group 5"),
        (chat(21, "hello", group=2**31 - 1), "they are not in group 2147483647"),
    ],
)
async def test_what_nobody_could_be_shown_is_left_out(
    old: str, ask: Ask, frame: str, why: str
) -> None:
    """What comes behind it is not touched by it."""
    keep(ask, (13, frame), (13, chat(21, "behind")))
    report = await upgrade(old)
    assert report is not None
    told = [str(line) for line in report.lines if line.about == "message"]
    assert told == [f"message 13: left out: {why}"]
    async with mysql_store(old) as store:
        assert [entry.text for entry in await waiting(store, 13)] == ["behind"]


async def test_a_conversation_with_oneself_and_both_sides_of_one(old: str, ask: Ask) -> None:
    """Each has its members once."""
    keep(ask, (13, chat(13, "to me")), (15, chat(13, "there")), (13, chat(15, "and back")))
    await upgrade(old)
    found = ask("SELECT userid, conv, role, joined, since FROM Member WHERE conv > 100")
    assert found == [
        (13, pair(13, 13), "normal", 1, 0),
        (13, pair(13, 15), "normal", 2, 0),
        (15, pair(13, 15), "normal", 2, 0),
    ]


async def test_what_was_left_out_is_told(old: str, ask: Ask) -> None:
    """Each change and each omission is a line of the report, and unreadable messages are kept."""
    report = await upgrade(old)
    assert report is not None
    told = {str(line) for line in report.lines}
    assert {
        "user 24: '' is now called 'user~24': a name needs at least one character",
        r"user 30: '\u202eli si' is now called 'li si~30':"  # noqa: ISC004
        " a name must not have control or invisible characters (U+202E)",
        "user 36: 'WEISS' is now called 'WEISS~36': it is the same name as that of user 35",
        "user 34: has no password (NULL), so nobody can log in as them",
        "friend 13: friend 999 left out: there is no such user",
        "friend 13: friend 13 left out: nobody is on their own list",
        "group 5: 'nobody is here' left out: it has no members",
        "group 6: had no creator; it is 21 now, the longest member",
        "group 7: had several creators; 13 is an ordinary member now",
        "group 77: member 13 left out: no such group",
        "group 8: member 997 left out: no such user",
        "message 15: left out: its msgid is 1006",
        "message 15: left out: its 'id' is 0",
        "message 15: left out: it is not JSON",
        "message 996: left out: there is no such user",
    } <= told
    rows = ask("SELECT what, original FROM UpgradeReport ORDER BY number")
    assert [what for what, _ in rows] == [line.what for line in report.lines]
    assert ("left out: it is not JSON", b'{"id":13,"msg":"cut off in the mid') in rows
    assert next(report.summary()) == (
        "upgraded: 20 users, 5 friends, 7 groups, 13 members of groups, 8 messages"
    )


async def test_ids_go_on(upgraded: Store) -> None:
    """New users and groups have ids above all that were ever given."""
    assert await upgraded.users.add(Name.parse("Ann"), "hash") == 41
    assert (await create(upgraded, 13, "Chess")).id == 31


async def test_the_old_tables_stay_as_they_were(old: str, ask: Ask, database: str) -> None:
    """They are there under other names, to the last byte, and can be put back."""
    names = ["allgroup", "friend", "groupuser", "offlinemessage", "user"]
    before = [ask(f"CHECKSUM TABLE {name}")[0][1] for name in names]
    await upgrade(old)
    assert [ask(f"CHECKSUM TABLE old_{name}")[0][1] for name in names] == before
    found = {str(name) for (name,) in ask(f"SHOW TABLES FROM {database}")}
    assert found == {*OUR_TABLES, "UpgradeReport", *(f"old_{name}" for name in names)}


async def test_a_second_upgrade_does_nothing(old: str, ask: Ask) -> None:
    """It says so and changes nothing."""
    await upgrade(old)
    ask("DELETE FROM Friend")
    assert await upgrade(old) is None
    assert ask("SELECT COUNT(*) FROM Friend") == [(0,)]


class CutOff(Exception):
    """The connection is gone."""


class FrailLink(Link):
    """One that is cut off after so many statements, of it and of all that share the counter."""

    def __init__(self, link: Link, counter: Iterator[int]) -> None:
        super().__init__(link._connection)
        self._counter = counter

    async def _execute(self, sql: str, args: Any) -> Any:
        if next(self._counter, None) is None:
            self.abort()
            raise CutOff
        return await super()._execute(sql, args)


def contents(ask: Ask, database: str) -> dict[str, Any]:
    """All that is in a database, with the numbers that come next."""
    tables = sorted(str(name) for (name,) in ask(f"SHOW TABLES FROM {database}"))
    return {
        name: (
            ask(f"SHOW CREATE TABLE {database}.{name}")[0][1],
            sorted(map(repr, ask(f"SELECT * FROM {database}.{name}"))),  # noqa: S608
        )
        for name in tables
        if name != "Log"  # whose epoch is each time another
    }


async def comes_to_its_end(url: str, statements: int) -> bool:
    """Upgrade by at most so many statements."""
    counter = iter(range(statements))
    async with upgrading(url, lambda link: FrailLink(link, counter)) as run:
        try:
            await run.run()
        except CutOff:
            return False
        return True


@pytest.fixture
async def whole(database_server: DatabaseServer, database: str, ask: Ask) -> AsyncIterator[str]:
    """The name of a database that was upgraded without being cut off."""
    name = f"{database}_whole"
    ask(f"CREATE DATABASE {name}")
    restore(database_server.port, name)
    await upgrade(database_server.url(name))
    yield name
    ask(f"DROP DATABASE {name}")


async def test_an_upgrade_can_be_cut_off_anywhere(
    old: str, whole: str, database: str, ask: Ask
) -> None:
    """Cut off before each of its statements and run again, it comes to the same end."""
    statements = 0
    while not await comes_to_its_end(old, statements):
        statements += 1
    assert statements > 40
    assert contents(ask, database) == contents(ask, whole)


async def test_a_renaming_that_was_done_in_part_is_finished(
    old: str, whole: str, database: str, ask: Ask
) -> None:
    """Even if a server renames only some of the tables, the next run renames the others."""
    await stop_before_renaming(old)
    ask("RENAME TABLE user TO old_user, friend TO old_friend")
    await stop_before_renaming(old)
    ask(
        "RENAME TABLE allgroup TO old_allgroup, groupuser TO old_groupuser,"
        " offlinemessage TO old_offlinemessage, new_UpgradeReport TO UpgradeReport,"
        " new_User TO User, new_Token TO Token"
    )
    with pytest.raises(StoreUnusable):
        async with mysql_store(old):
            pass
    await upgrade(old)
    assert contents(ask, database) == contents(ask, whole)


async def stop_before_renaming(url: str) -> None:
    class Stopped(Link):
        async def change(self, sql: str, args: Any = ()) -> Any:
            if sql.startswith("RENAME"):
                raise CutOff
            return await super().change(sql, args)

    with pytest.raises(CutOff):
        async with upgrading(url, lambda link: Stopped(link._connection)) as run:
            await run.run()


async def test_a_process_that_is_killed(old: str, ask: Ask, database: str) -> None:
    """`kill -9` of the command at some moment, and running it again."""
    command = [sys.executable, "-m", "entrypoints.manage", "upgrade-db", "--store", old]
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not ask(f"SHOW TABLES FROM {database} LIKE 'new%'") and process.returncode is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "upgraded" in done.stdout
    assert ask("SELECT COUNT(*) FROM User") == [(20,)]


async def test_a_server_that_folds_the_names_of_tables(home: Path) -> None:
    """Where `user` and `User` are one table it works as well, even after schema.sql."""
    options = ["--lower-case-table-names=1"]
    with Database(home / "folding", fast=True, options=options) as server:
        restore(server.port, "chat")
        with pytest.raises(StoreUnusable, match="run upgrade-db instead"):
            await make_tables(server.url())
        for statement in (ROOT / "schema.sql").read_text("utf-8").split(";\n"):
            if "Token" in statement or "SchemaVersion" in statement:
                await execute(server.url(), statement)
        with pytest.raises(StoreUnusable, match="has tables of the C\\+\\+ server"):
            async with mysql_store(server.url()):
                pass
        assert await upgrade_tables(server.url(), ZONE) is not None
        assert await upgrade_tables(server.url(), ZONE) is None
        async with mysql_store(server.url()) as store:
            assert len(await store.users.names(range(100))) == 20
            assert len(await waiting(store, 13)) == 6


async def execute(url: str, statement: str) -> None:
    link = await connect(Address.parse(url))
    await link.change(statement)
    await link.close()


async def test_tables_that_nobody_uses_yet_make_way(old: str, ask: Ask) -> None:
    """schema.sql may have been run beside the old tables; as long as they are empty."""
    for statement in (ROOT / "schema.sql").read_text("utf-8").split(";\n"):
        if "TABLE" in statement or "INSERT" in statement:
            ask(statement)
    assert await upgrade(old) is not None
    assert ask("SELECT COUNT(*) FROM User") == [(20,)]


async def refused(attempt: Awaitable[object]) -> str:
    with pytest.raises(StoreUnusable) as refusal:
        await attempt
    return str(refusal.value)


async def test_what_is_in_use_is_not_touched(old: str, ask: Ask) -> None:
    """Old tables beside new ones that have users are for a person to decide."""
    for statement in (ROOT / "schema.sql").read_text("utf-8").split(";\n"):
        if "TABLE" in statement or "INSERT" in statement:
            ask(statement)
    ask("INSERT INTO User (name, namekey, password) VALUES ('Ann', 'ann', 'x')")
    assert "a new User that is in use" in await refused(upgrade(old))
    assert ask("SELECT COUNT(*) FROM user") == [(20,)]
    assert ask("SELECT COUNT(*) FROM User") == [(1,)]


async def test_an_earlier_backup_is_not_overwritten(old: str, ask: Ask) -> None:
    """The tables of an earlier upgrade are in the way, and it is said which."""
    ask("CREATE TABLE old_user (id INT)")
    assert "backups of an earlier upgrade: old_user" in await refused(upgrade(old))


async def test_a_database_with_nothing_to_upgrade(
    database_server: DatabaseServer, database: str
) -> None:
    """An empty database is not what was meant."""
    line = await refused(upgrade(database_server.url(database)))
    assert "no tables of the C++ server" in line


async def test_one_upgrade_at_a_time(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one is refused while the first runs."""
    monkeypatch.setattr("adapters.mysql.upgrade.LOCK_WITHIN", 0)
    async with upgrading(old) as first:
        assert await first.link.rows(LOCK, (0,)) == [(1,)]
        assert "another upgrade of" in await refused(upgrade(old))


async def test_a_server_that_still_runs_is_noticed(old: str, ask: Ask) -> None:
    """Rows that come while the upgrade runs would be lost, so it ends without effect."""

    class Late(Link):
        async def change(self, sql: str, args: Any = ()) -> Any:
            if sql.startswith("ALTER TABLE new_User"):
                ask("INSERT INTO friend VALUES (15, 21)")
            return await super().change(sql, args)

    async with upgrading(old, lambda link: Late(link._connection)) as run:
        assert "stop all C++ servers" in await refused(run.run())
    assert await upgrade(old) is not None
    assert ask("SELECT COUNT(*) FROM Friend") == [(6,)]


async def test_a_server_that_only_reads_is_named(
    old: str, database: str, database_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its open transaction keeps the old tables from being renamed. Without it, they are."""
    monkeypatch.setattr("adapters.mysql.upgrade.WAIT", 1)
    port, user = database_server.port, USER
    with pymysql.connect(
        host=LOOPBACK, port=port, user=user, password=PASSWORD, database=database
    ) as reader:
        reader.cursor().execute("SELECT * FROM user")
        assert "stop all C++ servers" in await refused(upgrade(old))
    assert await upgrade(old) is not None


async def test_a_server_that_ends_long_statements_does_not_end_those_of_an_upgrade(
    old: str, ask: Ask
) -> None:
    """Reading a whole table takes long. Here, it waits for a lock."""
    limit = "max_execution_time = {}000" if MYSQLD else "max_statement_time = {}"
    ask(f"SET GLOBAL {limit.format(1)}")
    try:
        ask("LOCK TABLES user WRITE")
        upgrading = asyncio.create_task(upgrade_tables(old))
        await asyncio.sleep(2)
        ask("UNLOCK TABLES")
        assert await upgrading is not None
    finally:
        ask("UNLOCK TABLES")
        ask(f"SET GLOBAL {limit.format(0)}")


async def test_going_back(old: str, ask: Ask) -> None:
    """What docs/upgrade.md says brings the old tables back, and they can be upgraded again."""
    text = (ROOT / "docs" / "upgrade.md").read_text("utf-8")
    commands = text.partition("```sql\n")[2].partition("```")[0]
    before = ask("CHECKSUM TABLE user, friend, allgroup, groupuser, offlinemessage")
    await upgrade(old)
    for command in commands.split(";\n")[:-1]:
        ask(command)
    assert ask("CHECKSUM TABLE user, friend, allgroup, groupuser, offlinemessage") == before
    assert await upgrade(old) is not None


async def test_names_that_the_old_documentation_gives(old: str, ask: Ask) -> None:
    """Tables that were made with the names of the C++ server's description are found, too."""
    ask(
        "RENAME TABLE user TO User, friend TO Friend, allgroup TO AllGroup,"
        " groupuser TO GroupUser, offlinemessage TO OfflineMessage"
    )
    assert await upgrade(old) is not None
    assert ask("SELECT COUNT(*) FROM User") == [(20,)]
    assert ask("SELECT COUNT(*) FROM old_user") == [(20,)]
    assert ask("SELECT COUNT(*) FROM Entry") == [(8,)]
    assert ask("SELECT COUNT(*) FROM old_offlinemessage") == [(13,)]


def test_the_commands(database_server: DatabaseServer, database: str) -> None:
    """init-db makes the tables, once; the store may be named by the environment."""
    command = [sys.executable, "-m", "entrypoints.manage", "init-db"]
    for said in ("the tables are created\n", "the tables already exist\n"):
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={"CHAT_STORE": database_server.url(database)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == (said, "")
