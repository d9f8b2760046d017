"""CONVERSATIONS and HISTORY: how clients ask, and what they get."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.wire.framing import MAX_SERVER_FRAME
from chat_domain.entries import ChangeKind, pair
from tests.contract.making import append, change, text
from tests.unit.gateway.server import Frame, Peer, Server

CONVERSATIONS, HISTORY = 1039, 1041


@pytest.fixture
async def ann(server: Server) -> Peer:
    return await server.logged_in("Ann")


@pytest.fixture
async def bob(server: Server, ann: Peer) -> Peer:
    return await server.logged_in("Bob")


async def applied(server: Server) -> None:
    """Let the node apply what the test has written directly to the store."""
    await server.chat.follower.wait_until_applied((await server.store.log.ends()).head)


async def fill(server: Server, said: str, count: int) -> None:
    """Write this many texts from Ann to Bob."""
    await append(server.store, *(text(1, pair(1, 2), said) for _ in range(count)))
    await applied(server)


async def going_back(peer: Peer, conversation: Frame) -> AsyncIterator[Frame]:
    """All pages of a conversation, the newest first."""
    page = await peer.ask(HISTORY, **conversation, limit=200)
    yield page
    while page["more"]:
        before = page["entries"][0]["at"]
        page = await peer.ask(HISTORY, **conversation, before=before, limit=200)
        yield page


async def test_an_entry_is_the_object_that_is_pushed_for_it(
    server: Server, ann: Peer, bob: Peer
) -> None:
    """Texts of both users and changes of a group look as another device has received them."""
    phone = await server.log_in(2)
    phone.heard()
    await ann.ask(1005, toid=2, msg="hello", cid="c-1")
    await bob.ask(1005, toid=1, msg="hello yourself", re=1)
    await ann.ask(1007, groupname="hikers", groupdesc="walk")
    await bob.ask(1008, groupid=1)
    await ann.ask(1009, groupid=1, msg="welcome")
    pushed = phone.heard()
    page = await bob.ask(HISTORY, toid=1)
    assert (page["toid"], page["entries"], page["more"]) == (1, pushed[:2], False)
    page = await bob.ask(HISTORY, groupid=1)
    assert (page["groupid"], page["entries"], page["more"]) == (1, pushed[2:], False)
    assert len(pushed) == 4


async def test_a_deleted_text_is_there_without_its_text(
    server: Server, ann: Peer, bob: Peer
) -> None:
    """The entry says that it is deleted, in both answers."""
    await ann.ask(1005, toid=2, msg="hello")
    await append(server.store, change(ChangeKind.ERASED, 1, pair(1, 1)))
    await applied(server)
    (entry,) = (await bob.ask(HISTORY, toid=1))["entries"]
    assert (entry["at"], entry["deleted"], "msg" in entry) == (1, True, False)
    (row,) = (await bob.ask(CONVERSATIONS))["conversations"]
    assert (row["last"], row["unread"]) == (entry, 0)


async def test_a_conversation_s_last_text_is_shortened(ann: Peer, bob: Peer) -> None:
    """It has at most 100 characters. The row also has its sender and the number of unread
    entries."""
    await ann.ask(1005, toid=2, msg="é" * 101)
    (row,) = (await bob.ask(CONVERSATIONS))["conversations"]
    assert row["last"]["msg"] == "é" * 100
    assert (row["toid"], row["name"], row["read"], row["unread"]) == (1, "Ann", 0, 1)
    assert row["last"]["id"] == 1
    assert not row.keys() & {"groupid", "muted", "left"}


async def test_a_group_that_has_ended_is_listed_as_left(ann: Peer, bob: Peer) -> None:
    """It has no name any more. Its last members can read it up to its end."""
    group_id = (await ann.ask(1007, groupname="hikers"))["groupid"]
    await bob.ask(1008, groupid=group_id)
    for peer in (ann, bob):
        await peer.ask(1028, groupid=group_id)
    (row,) = (await bob.ask(CONVERSATIONS))["conversations"]
    assert (row["groupid"], row["left"], row["name"]) == (group_id, True, "?")
    page = await bob.ask(HISTORY, groupid=group_id)
    assert [entry["what"] for entry in page["entries"]] == ["joined", "left", "left"]


@pytest.mark.parametrize("letter", ["\x01", "👋", "\x7f"], ids=ascii)
@pytest.mark.parametrize("version", [1, 2])
async def test_a_page_fits_into_a_frame(
    server: Server, ann: Peer, letter: str, version: int
) -> None:
    """The node returns fewer entries if their texts are long, and leaves none out. People at
    terminals get such pages, too."""
    said = letter * 4096
    await server.register("Bob")
    await fill(server, said, 30)
    bob = await server.log_in(2, version=version)
    bob.heard()
    begin = len(bob.link.chunks)
    found: list[int] = []
    async for page in going_back(bob, {"toid": 1}):
        found[:0] = [entry["at"] for entry in page["entries"]]
        assert all(entry["msg"] == said for entry in page["entries"])
        assert len(page["entries"]) >= (1 if version == 1 else 4) or not page["more"]
    assert found == list(range(1, 31))
    after = 0
    while True:
        page = await bob.ask(HISTORY, toid=1, after=after, limit=200)
        after = page["entries"][-1]["at"]
        if not page["more"]:
            break
    assert after == 30
    sizes = [len(frame) for chunk in bob.link.chunks[begin:] for frame in chunk.split(b"\n")]
    assert max(sizes) <= MAX_SERVER_FRAME


@pytest.mark.parametrize("place", [{}, {"after": 0}, {"before": 151}], ids=str)
async def test_a_long_page_has_each_entry_once(server: Server, ann: Peer, place: Frame) -> None:
    """The node reads it in several pieces, and no more than it was asked for."""
    bob = await server.logged_in("Bob")
    await fill(server, "hello", 150)
    bob.heard()
    page = await bob.ask(HISTORY, toid=1, limit=150, **place)
    assert [entry["at"] for entry in page["entries"]] == list(range(1, 151))
    assert not page["more"]
    page = await bob.ask(HISTORY, toid=1, limit=120, **place)
    assert (len(page["entries"]), page["more"]) == (120, True)


@pytest.mark.parametrize("place", [{}, {"after": 0}, {"before": 200}], ids=str)
async def test_little_is_read_in_vain(
    server: Server, ann: Peer, monkeypatch: pytest.MonkeyPatch, place: Frame
) -> None:
    """The node does not ask the store for entries that do not fit into the frame."""
    await server.register("Bob")
    await fill(server, "\x01" * 4096, 200)
    bob = await server.log_in(2)
    bob.heard()
    page, read = server.log.page, 0

    async def counted(*args: Any, **options: Any) -> Any:
        nonlocal read
        found = await page(*args, **options)
        read += len(found)
        return found

    monkeypatch.setattr(server.log, "page", counted)
    assert (await bob.ask(HISTORY, toid=1, limit=200, **place))["more"]
    assert read <= 102


async def test_a_list_of_conversations_fits_into_a_frame(server: Server, ann: Peer) -> None:
    """If each conversation ends in the longest possible entry, those that do not fit are on the
    next page."""
    users = await server.register(*("👋" * 46 + f"{number:04}" for number in range(200)))
    await append(
        server.store, *(text(user, pair(1, user), "\x01" * 200, cid="c" * 64) for user in users)
    )
    await applied(server)
    ann.heard()
    found: list[int] = []
    asked: Frame = {"limit": 200}
    while True:
        page = await ann.ask(CONVERSATIONS, **asked)
        assert len(json.dumps(page, ensure_ascii=False).encode()) <= MAX_SERVER_FRAME
        found += [row["toid"] for row in page["conversations"]]
        if "next" not in page:
            break
        asked["before"] = page["next"]
    assert found == users[::-1]


async def test_who_asks_for_the_newest_is_told_their_own_mark(ann: Peer, bob: Peer) -> None:
    """No other page has it."""
    await ann.ask(1005, toid=2, msg="hello")
    assert (await bob.ask(HISTORY, toid=1))["read"] == 0
    for place in ({"before": 9}, {"after": 0}):
        assert not (await bob.ask(HISTORY, toid=1, **place)).keys() & {"read", "marks"}


async def test_requests_of_a_client_wait_for_what_it_has_written(ann: Peer, bob: Peer) -> None:
    """The page therefore has what the client has just written."""
    ann.say({"msgid": 1005, "toid": 2, "msg": "hello"}, {"msgid": HISTORY, "toid": 2, "seq": 7})
    page = await ann.ask(HISTORY, toid=2)
    assert [entry["msg"] for entry in page["entries"]] == ["hello"]
