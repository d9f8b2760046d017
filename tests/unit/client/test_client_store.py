"""ChatClient with a local store: what a program finds that runs after another one."""

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.client import (
    ChatClient,
    Connected,
    ConnectionLost,
    InGroup,
    Message,
    NotSent,
    Position,
    Reset,
    SessionEnded,
    StoreError,
)
from adapters.client import store as client_store
from adapters.client.store import VERSION, Numbered, Owner, Store
from tests.unit.client.fake_chat_server import TAKEN, TIMEOUT, FakeServer, Peer, push
from tests.unit.client.fellows import HASTY, both, connected, cut_off, until

LOGIN, RESUME, CHAT = 1000, 1015, 1005


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@asynccontextmanager
async def running(
    server: FakeServer, path: Path, msgid: int = RESUME, **options: Any
) -> AsyncIterator[tuple[ChatClient, Peer]]:
    """A program of user 13 with this store, logged in."""
    async with connected(server, store=path, **options) as (client, peer):
        await both(client.login("zhang san", "secret"), peer.admit(msgid))
        yield client, peer


async def in_another_epoch(server: FakeServer, peer: Peer, head: int) -> Peer:
    """The next connection, after a reset."""
    peer = await cut_off(server, peer)
    await peer.admit(RESUME, reset=True, head=head, epoch="e2")
    return peer


async def ats(client: ChatClient, count: int) -> list[int]:
    """The positions of the next messages."""
    return [(await until(client, Message)).at for _ in range(count)]


async def test_a_later_program_begins_with_what_the_first_was_not_done_with(
    server: FakeServer, path: Path
) -> None:
    """What is new comes afterwards. The client sends its position, and logs in with the token."""
    async with running(server, path, LOGIN) as (client, peer):
        peer.say_together(push(1, "a"), push(2, "b"), push(3, "c"))
        assert await ats(client, 2) == [1, 2]
        await both(client.send(15, "x"), peer.take())
    async with connected(server, store=path) as (client, peer):
        request = asyncio.create_task(peer.admit(RESUME))
        await client.login("Zhang San", "secret")
        assert ((await request)["token"], (await request)["since"]) == ("t1", 3)
        peer.say_together(push(3, "c"), push(4, "d"))
        assert await ats(client, 3) == [2, 3, 4]
        assert client.position == Position(3, "e1")


async def test_what_a_program_is_done_with_comes_to_no_other(
    server: FakeServer, path: Path
) -> None:
    """A program is done with an event at the next step of its loop, when it says so, or when its
    function returns. A copy in another epoch does not come either."""
    async with running(server, path, LOGIN) as (client, peer):
        peer.say_together(push(1, "a"), push(2, "b"))
        await until(client, Message)
        await client.taken(await until(client, Message))
    had: list[object] = []
    async with running(server, path, on_event=had.append) as (client, peer):
        peer.say_together(push(3, "c"))
        await both(client.send(15, "x"), peer.take())
    async with running(server, path) as (client, peer):
        second = await in_another_epoch(server, peer, head=0)
        second.say_together(push(1, "a"), push(2, "c"), push(5, "e"))
        assert await ats(client, 1) == [5]
    assert [event.at for event in had if isinstance(event, Message)] == [3]


async def test_what_was_to_be_fetched_is_told_again_to_a_later_program(
    server: FakeServer, path: Path
) -> None:
    """This lasts until a program is done with the Reset, or until positions are reset once
    more."""
    async with running(server, path, LOGIN) as (client, peer):
        second = await cut_off(server, peer)
        await second.admit(RESUME, reset=True, head=9)
        first = await until(client, Reset)
        second.say_together(push(10, "a"))
        await both(client.send(15, "x"), second.take(11))
    async with running(server, path) as (client, peer):
        assert await until(client, Reset) == first
        assert await ats(client, 1) == [10]
        assert [one.at for one in await client.kept(15)] == [10, 11]
    async with running(server, path) as (client, peer):
        events = client.events()
        assert [type(await anext(events)) for _ in range(2)] == [Connected, Message]
        await in_another_epoch(server, peer, head=5)
        assert (await until(client, Reset)).position == Position(5, "e2")
    async with connected(server, store=path) as (client, peer):
        third = {"reset": True, "head": 2, "epoch": "e3"}
        await both(client.login("zhang san", "secret"), peer.admit(RESUME, **third))
        assert (await until(client, Reset)).position == Position(2, "e3")
        peer.say_together(push(3, "c"))
        assert isinstance(await anext(client.events()), Message), "what was to be fetched is gone"


@contextmanager
def slow_disk() -> Iterator[threading.Event]:
    """A disk that writes nothing until it is told to go on."""
    disk = threading.Event()
    commit = Store.commit

    def slowly(store: Store) -> None:
        disk.wait(TIMEOUT)
        commit(store)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "commit", slowly)
        try:
            yield disk
        finally:
            disk.set()


async def test_nothing_is_told_before_it_is_on_the_disk(server: FakeServer, path: Path) -> None:
    """Neither the program nor the server is told."""
    settings = attrs.evolve(HASTY, taken_every=0.0)
    async with running(server, path, LOGIN, settings=settings) as (client, peer):
        await settled(client)
        with slow_disk() as disk:
            peer.say_together(push(1, "a"))
            reading = asyncio.create_task(ats(client, 1))
            for _ in range(3):
                await both(client.send(15, "x"), peer.take())
            assert (reading.done(), client.position) == (False, Position(0, "e1"))
            disk.set()
            assert await reading == [1]
        reading = asyncio.create_task(ats(client, 1))
        assert (await peer.hear(TAKEN))["at"] == 1
        reading.cancel()


async def test_what_is_done_is_on_the_disk_before_the_next_event(
    server: FakeServer, path: Path
) -> None:
    """A killed program can therefore have been working on one event at most."""
    async with running(server, path, LOGIN) as (client, peer):
        peer.say_together(push(1, "a"), push(2, "b"))
        await both(client.send(15, "x"), peer.take())
        assert await ats(client, 1) == [1]
        await settled(client)
        with slow_disk() as disk:
            reading = asyncio.create_task(ats(client, 1))
            for _ in range(3):
                await both(client.find_user("li"), answer_search(peer))
            assert not reading.done()
            disk.set()
            assert await reading == [2]


async def test_who_reads_on_after_the_end_hears_of_it(server: FakeServer, path: Path) -> None:
    """The last event that was read no longer counts as done, so a later program gets it again."""
    async with running(server, path, LOGIN) as (client, peer):
        peer.say_together(push(1, "a"))
        events = client.events()
        while not isinstance(await anext(events), Message):
            pass
    async with asyncio.timeout(TIMEOUT):
        assert await anext(events, None) is None
        with pytest.raises(StoreError, match="closed"):
            await client.kept(15)
    async with running(server, path) as (client, peer):
        assert await ats(client, 1) == [1]


async def answer_search(peer: Peer) -> None:
    peer.say(msgid=1020, seq=(await peer.hear(1019))["seq"], id=15, name="li", state="online")


async def test_a_slow_disk_holds_no_more_than_it_may(server: FakeServer, path: Path) -> None:
    """The rest comes with the next connection, once everything is written."""
    had: asyncio.Queue[object] = asyncio.Queue()
    settings = attrs.evolve(HASTY, backlog=2)
    async with running(server, path, LOGIN, settings=settings, on_event=had.put_nowait) as (
        client,
        peer,
    ):
        await settled(client)
        with slow_disk() as disk:
            for at in range(1, 5):
                peer.say_together(push(at, f"c{at}"))
                await both(client.find_user("li"), answer_search(peer))
            disk.set()
            second = await server.accept()
            since = (await second.admit(RESUME))["since"]
            assert 2 <= since < 4
            second.say_together(*(push(at, f"c{at}") for at in range(since + 1, 5)))
            messages: list[int] = []
            while len(messages) < 4:
                event = await asyncio.wait_for(had.get(), TIMEOUT)
                messages += [event.at] if isinstance(event, Message) else []
            assert messages == [1, 2, 3, 4]


async def test_a_session_that_was_ended_is_not_resumed(server: FakeServer, path: Path) -> None:
    """Its token is worthless."""
    async with running(server, path, LOGIN) as (client, peer):
        peer.say(msgid=1016)
        await until(client, SessionEnded)
    async with running(server, path, LOGIN):
        pass


async def settled(client: ChatClient) -> None:
    """Let everything be written that was begun."""
    await client.kept(15)


async def test_what_has_no_answer_is_sent_by_a_later_program(
    server: FakeServer, path: Path
) -> None:
    """It is sent once, with its cid and in its order, before anything new. Messages that have an
    answer are not sent."""
    async with running(server, path, LOGIN) as (client, peer):
        await both(client.send(15, "zero"), peer.take())
        futures = [client.post(15, "one"), client.post_group(3, "two", answers=5, cid="c-2")]
        cids = [(await peer.hear())["cid"] for _ in range(2)]
    for future in futures:
        with pytest.raises(ConnectionLost, match="closed"):
            await future
    async with running(server, path) as (client, peer):
        again = client.post_group(3, "two", answers=5, cid="c-2")
        new = client.post(15, "three")
        chats = [await peer.take(at) for at in (7, 8, 9)]
        assert [chat["msg"] for chat in chats] == ["one", "two", "three"]
        assert [chat["cid"] for chat in chats][:2] == cids
        assert ((await again).at, (await new).at) == (8, 9)
    async with running(server, path) as (client, peer):
        peer.say_together(push(7, cids[0], sender=13, toid=15), push(10, "a"))
        assert await ats(client, 1) == [10], "nor is it news"
        assert client.unsettled == 0


async def test_a_refused_message_of_an_earlier_program_is_an_event(
    server: FakeServer, path: Path
) -> None:
    """Nobody waits for it any more, and it is not sent again."""
    async with running(server, path, LOGIN) as (client, peer):
        client.post_group(3, "hello", cid="c-1")
        await peer.hear()
    async with running(server, path) as (client, peer):
        seq = (await peer.hear())["seq"]
        peer.say(msgid=1011, seq=seq, errno=36, error="not_member", errmsg="no")
        event = await until(client, NotSent)
        assert (event.where, event.text, event.cid) == (InGroup(3), "hello", "c-1")
        assert event.refusal.error == "not_member"
    async with running(server, path) as (client, peer):
        assert client.unsettled == 0


async def test_a_logout_ends_what_is_under_way(server: FakeServer, path: Path) -> None:
    """A later program has neither these messages nor the token, but continues at the same
    position."""
    settings = attrs.evolve(HASTY, answer_within=0.01)
    async with running(server, path, LOGIN, settings=settings) as (client, peer):
        peer.say_together(push(1, "a"))
        await client.taken(await until(client, Message))
        client.post(15, "one")
        await peer.hear(CHAT)
        leaving = asyncio.create_task(client.logout())
        while (frame := await peer.hear())["msgid"] != 1002:
            assert frame["msgid"] == CHAT
        peer.say(msgid=1010, seq=frame["seq"])
        await leaving
    async with connected(server, store=path) as (client, peer):
        request = asyncio.create_task(peer.admit(LOGIN))
        await client.login(13, "secret")
        assert (await request)["since"] == 1
        assert client.unsettled == 0


async def test_the_last_token_is_kept(server: FakeServer, path: Path) -> None:
    """It comes from a login, a RESUME or a change of password. If it is refused, the password
    follows, with the store's position."""
    async with running(server, path, LOGIN) as (client, peer):
        peer.say_together(push(4, "a"))
        await client.taken(await until(client, Message))
    async with connected(server, store=path) as (client, peer):
        await both(client.login(13, "secret"), peer.admit(RESUME, token="t2"))
    async with connected(server, store=path) as (client, peer):
        request = asyncio.create_task(peer.admit(RESUME))
        await client.login(13, "secret")
        assert (await request)["token"] == "t2"
        changing = asyncio.create_task(client.change_password("secret", "better"))
        peer.say(msgid=1030, seq=(await peer.hear(1029))["seq"], token="t9", expires=1)
        await changing
    async with connected(server, store=path) as (client, peer):
        knocking = asyncio.create_task(client.login(13, "better"))
        assert (await peer.turn_away(RESUME, 4, "bad_token"))["token"] == "t9"
        assert (await peer.admit(LOGIN))["since"] == 4
        await knocking


async def test_what_was_of_another_epoch_is_still_to_be_dealt_with(
    server: FakeServer, path: Path
) -> None:
    """The event is still there, although its position means nothing any more."""
    async with running(server, path, LOGIN) as (client, peer):
        peer.say_together(push(6, "a"))
        await both(client.send(15, "x"), peer.take())
        second = await in_another_epoch(server, peer, head=3)
        second.say_together(push(4, "b"))
        await both(client.send(15, "x"), second.take())
        assert await ats(client, 1) == [6]
    async with connected(server, store=path) as (client, peer):
        request = asyncio.create_task(peer.admit(RESUME, epoch="e2"))
        await client.login(13, "secret")
        assert ((await request)["since"], (await request)["epoch"]) == (4, "e2")
        assert client.position == Position(3, "e2")
        assert await ats(client, 2) == [6, 4]


async def test_a_conversation_is_kept(server: FakeServer, path: Path) -> None:
    """The store also has what this user has written, in the order of the log, as far back as the
    caller asks."""
    async with running(server, path, LOGIN) as (client, peer):
        peer.say_together(push(1, "a"), push(2, "b", sender=16))
        await both(client.send(15, "yes"), peer.take(4))
        peer.say_together(push(5, "c"))
        assert await ats(client, 3) == [1, 2, 5]
        assert [entry.at for entry in await client.kept(15)] == [1, 4, 5]
        assert [entry.at for entry in await client.kept(15, before=5, limit=1)] == [4]
    async with connected(server, store=path) as (client, _):
        said = (await client.kept(15))[1]
        assert isinstance(said, Message)
        assert (said.text, said.to_id, said.own) == ("yes", 15, True)


async def test_without_a_store_nothing_is_kept(server: FakeServer) -> None:
    """An error is raised, so that nobody takes this for an empty conversation."""
    async with connected(server) as (client, _):
        with pytest.raises(StoreError, match="no local store"):
            await client.kept(15)


# -- stores that cannot be used --------------------------------------------------------------------


@pytest.fixture
def used(path: Path) -> Path:
    """A store of user 13 with some messages."""
    store = Store(path, kept=1_000)
    store.begin()
    store.set_owner(Owner(13, "zhang san", "t1", Position(500, "e1")))
    add_messages(store, range(1, 501))
    store.commit()
    store.close()
    return path


def add_messages(store: Store, numbers: Iterable[int]) -> None:
    for number in numbers:
        message = Message(number, f"c{number}", 15, "li", "x" * 500, 7, to_id=13)
        store.add(Numbered(number, "e1", message), unfinished=False)


def fails(path: Path, why: str) -> None:
    with pytest.raises(StoreError, match=why):
        Store(path, kept=10)


async def test_a_store_that_cannot_be_used_is_an_error_at_once(path: Path) -> None:
    """The client does not try to connect: no server is running here."""
    with pytest.raises(StoreError, match="cannot be written: Is a directory"):
        async with ChatClient.connect("127.0.0.1", 1, store=path.parent):
            raise AssertionError("it was used")


@pytest.mark.parametrize("who", [14, "li si"])
async def test_a_store_of_another_user_is_refused(
    server: FakeServer, used: Path, who: int | str
) -> None:
    """The client refuses it before asking the server."""
    async with connected(server, store=used) as (client, _):
        with pytest.raises(StoreError, match="belongs to user 13, zhang san, not to"):
            await client.login(who, "secret")


async def test_a_store_of_another_user_of_this_name_is_refused(
    server: FakeServer, used: Path
) -> None:
    """The user may belong to another server. Nothing that comes for them is taken over."""
    async with connected(server, store=used) as (client, peer):
        knocking = asyncio.create_task(client.login("zhang san", "secret"))
        await peer.turn_away(RESUME, 4, "bad_token")
        request = await peer.hear(LOGIN)
        fields = {"errno": 0, "id": 14, "name": "zhang san", "v": 2, "token": "t", "epoch": "e1"}
        peer.say(msgid=1001, seq=request["seq"], **fields)
        peer.say_together(push(2_000, "a", toid=14))
        with pytest.raises(StoreError, match="belongs to zhang san"):
            await knocking
        await peer.until_gone()
        assert client.position == Position(500, "e1")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_store_that_was_cut_off_is_refused(used: Path, part: float) -> None:
    """The file may have been cut off anywhere."""
    os.truncate(used, int(used.stat().st_size * part))
    fails(used, "damaged")


def test_a_store_of_a_later_version_is_refused(used: Path) -> None:
    """The file stays as it is."""
    with sqlite3.connect(used) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    before = used.read_bytes()
    fails(used, f"later version of the client: {VERSION + 1}")
    assert used.read_bytes() == before


@contextmanager
def nobody() -> Iterator[None]:
    """Run as a user without privileges, since root may write anything."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_store_that_cannot_be_written_is_refused(used: Path) -> None:
    """A program that used it would get everything again each time."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)  # noqa: PTH101, S103
        path = Path(directory, "bot.db")
        path.write_bytes(used.read_bytes())
        path.chmod(0o444)
        with nobody():
            fails(path, "cannot be written: Permission denied")


def test_another_database_is_no_store(path: Path) -> None:
    """The file stays as it is."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE Precious (thing)")
    database.close()
    before = path.read_bytes()
    fails(path, "not a database of this client")
    assert path.read_bytes() == before


def test_what_is_no_database_is_no_store(path: Path) -> None:
    """The client refuses the file, whatever it is."""
    path.write_text("dear diary, " * 1_000)
    fails(path, "damaged or not a database")


async def test_a_store_is_one_programs(
    server: FakeServer, used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program can use it only after the first one has ended."""
    monkeypatch.setattr(client_store, "_WAIT", 0.0)
    async with connected(server, store=used):
        fails(used, "another program uses it")


async def test_a_store_that_fails_ends_the_client(
    server: FakeServer, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk may be full. What arrives then is given to nobody, and the next program gets it."""

    def full(_: Store) -> None:
        raise StoreError("the disk is full")

    async with running(server, path, LOGIN) as (client, peer):
        await settled(client)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "commit", full)
            peer.say_together(push(1, "a"))
            with pytest.raises(StoreError, match="full"):
                await until(client, Message)
            with pytest.raises(StoreError, match="full"):
                await client.find_user("li si")
            await peer.until_gone()
    async with running(server, path) as (client, peer):
        peer.say_together(push(1, "a"))
        assert await ats(client, 1) == [1]


async def test_a_new_store_is_its_owners_alone(server: FakeServer, path: Path) -> None:
    """It contains a token."""
    async with connected(server, store=path):
        files = list(path.parent.iterdir())
        assert files
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_old_entries_are_deleted(path: Path) -> None:
    """Entries that no program is done with stay."""
    store = Store(path, kept=10)
    store.begin()
    for number in range(1, 1_001):
        message = Message(number, f"c{number}", 15, "li", "hello", 7, to_id=13)
        store.add(Numbered(number, "e1", message), unfinished=number in {5, 6})
    store.commit()
    assert [at for _, at in store.recent_cids()] == [
        "c5",
        "c6",
        *(f"c{n}" for n in range(991, 1001)),
    ]
    assert [one.number for one in store.unfinished()] == [5, 6]
    store.close()
