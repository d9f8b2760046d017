"""How ChatClient asks for history, marks, typing and settings, and reports them."""

import asyncio
from typing import Any

import attrs
import pytest

from adapters.client import (
    ChatClient,
    Got,
    InGroup,
    Message,
    Page,
    Preferences,
    Read,
    Refused,
    SettingsChanged,
    Typing,
    Where,
    With,
)
from chat_domain.model import Group
from tests.unit.client.fake_chat_server import FakeServer, Frame, Peer, line, push
from tests.unit.client.fellows import HASTY, both, cut_off, logged_in, until
from tests.unit.client.texts import message, text

HISTORY, READ, TYPING, SETTINGS, MARKS, JOIN = 1041, 1043, 1044, 1045, 1038, 1008


async def answer_pages(peer: Peer, *pages: Frame) -> list[Frame]:
    """Answer requests for history with these pages, one after the other. Return the requests."""
    had = []
    for page in pages:
        request = await peer.hear(HISTORY)
        had.append({key: value for key, value in request.items() if key not in ("msgid", "seq")})
        peer.say(**({"msgid": 1042, "seq": request["seq"], "toid": 15, "more": False} | page))
    return had


async def ats(client: ChatClient, **options: Any) -> list[int]:
    return [entry.at async for entry in client.history(15, **options)]


async def test_history_goes_back_from_the_end(server: FakeServer) -> None:
    """The newest entry comes first, and each page begins where the previous one ended."""
    async with logged_in(server) as (client, peer):
        pages = [
            {"entries": [text(4), text(6)], "more": True},
            {"entries": [text(1), text(3)], "more": False},
        ]
        reading = asyncio.create_task(ats(client, page=2))
        asked = await answer_pages(peer, *pages)
        assert await reading == [6, 4, 3, 1]
        assert asked == [{"toid": 15, "limit": 2}, {"toid": 15, "limit": 2, "before": 4}]


async def test_history_goes_forward_from_a_position(server: FakeServer) -> None:
    """The oldest entry comes first, and no more entries come than were asked for."""
    async with logged_in(server) as (client, peer):
        pages = [
            {"entries": [text(4), text(6)], "more": True},
            {"entries": [text(7)], "more": True},
        ]
        reading = asyncio.create_task(ats(client, after=0, page=2, limit=3))
        asked = await answer_pages(peer, *pages)
        assert await reading == [4, 6, 7]
        assert asked == [
            {"toid": 15, "limit": 2, "after": 0},
            {"toid": 15, "limit": 1, "after": 6},
        ]


async def test_a_page_says_who_has_read_up_to_where(server: FakeServer) -> None:
    """A deleted text is empty and marked as deleted; the user's own messages are marked as own."""
    async with logged_in(server) as (client, peer):
        deleted = text(5, 13, toid=15, deleted=True)
        del deleted["msg"]
        page = {"entries": [text(4), deleted], "read": 4, "marks": [{"id": 15, "read": 5}]}
        reading = asyncio.create_task(client.history_page(With(15)))
        await answer_pages(peer, page)
        gone = Message(5, "c5", 13, "li", "", 7, to_id=15, own=True, deleted=True)
        assert await reading == Page((message(4), gone), more=False, read=4, reads={15: 5})


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (message(1), With(15)),
        (attrs.evolve(message(1), sender_id=13, to_id=15, own=True), With(15)),
        (attrs.evolve(message(1), sender_id=13, own=True), With(13)),
        (attrs.evolve(message(1), to_id=0, group_id=3), InGroup(3)),
    ],
)
async def test_a_message_knows_its_conversation(
    server: FakeServer, said: Message, where: Where
) -> None:
    """An answer to the message goes there."""
    assert said.where == where
    async with logged_in(server) as (client, peer):
        answering = asyncio.create_task(client.send(said.where, "yes"))
        chat = await peer.take()
        await answering
        assert {chat.get("toid"), chat.get("groupid")} - {None} == set(attrs.astuple(where))


async def test_a_read_mark_is_told_until_it_is_known(server: FakeServer) -> None:
    """The client uses another connection if this one breaks. Telling a mark twice does no harm."""
    async with logged_in(server) as (client, peer):
        telling = asyncio.create_task(client.read(InGroup(3), 9))
        request = await peer.hear(READ)
        assert (request["groupid"], request["at"]) == (3, 9)
        second = await cut_off(server, peer)
        await second.admit(1015)
        second.say(msgid=1010, seq=(await second.hear(READ))["seq"])
        await telling


async def test_a_read_mark_means_nothing_after_a_reset(
    server: FakeServer,
) -> None:
    """The server would take it for one of the new positions."""
    async with logged_in(server) as (client, peer):
        telling = asyncio.create_task(client.read(15, 9))
        await peer.hear(READ)
        second = await cut_off(server, peer)
        await second.admit(1015, reset=True, head=3, epoch="e2")
        await telling
        telling = asyncio.create_task(client.read(15, 3))
        request = await second.hear(READ)
        assert request["at"] == 3
        second.say(msgid=1010, seq=request["seq"])
        await telling


async def test_typing_is_said_at_most_once_in_3_s(server: FakeServer) -> None:
    """The number of keys pressed does not matter. Each conversation counts separately."""
    async with logged_in(server) as (client, peer):
        for _ in range(3):
            await client.typing(15)
        await client.typing(InGroup(3))
        sending = asyncio.create_task(client.send(15, "x"))
        assert [(await peer.hear(TYPING)).get(key) for key in ("toid", "groupid")] == [15, 3]
        await peer.take()
        await sending


async def test_typing_without_a_connection_is_lost(server: FakeServer) -> None:
    """The note would be out of date later."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        await client.typing(15)
        second = await server.accept()
        await second.admit(1015)
        await both(client.send(15, "x"), second.take())


async def test_settings_are_asked_for_and_changed(server: FakeServer) -> None:
    """A setting that is not named stays as it is, and the answer has all of them."""
    async with logged_in(server) as (client, peer):
        changing = asyncio.create_task(client.settings(hide_read=True))
        request = await peer.hear(SETTINGS)
        assert {key: request[key] for key in request.keys() - {"msgid", "seq"}} == {
            "hide_read": True
        }
        peer.say(msgid=1046, seq=request["seq"], hide_read=True, hide_typing=True)
        assert await changing == Preferences(hide_read=True, hide_typing=True)
        muting = asyncio.create_task(client.mute(InGroup(3)))
        request = await peer.hear(SETTINGS)
        assert (request["groupid"], request["muted"]) == (3, True)
        answer = {"hide_read": True, "hide_typing": True, "groupid": 3, "muted": True}
        peer.say(msgid=1046, seq=request["seq"], **answer)
        assert await muting


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (line(msgid=MARKS, marks=[{"id": 15, "got": 4}]), Got(15, 4)),
        (line(msgid=MARKS, marks=[{"id": 15, "read": 4, "toid": 15}]), Read(15, With(15), 4)),
        (line(msgid=MARKS, marks=[{"id": 15, "read": 4, "groupid": 3}]), Read(15, InGroup(3), 4)),
        (
            line(msgid=MARKS, marks=[{"id": 13, "read": 4, "toid": 15}]),
            Read(13, With(15), 4, own=True),
        ),
        (line(msgid=TYPING, id=15, name="li", toid=15), Typing(15, "li", With(15))),
        (line(msgid=TYPING, id=15, name="li", groupid=3), Typing(15, "li", InGroup(3))),
        (
            line(msgid=1046, hide_read=True, hide_typing=False),
            SettingsChanged(Preferences(hide_read=True)),
        ),
        (
            line(msgid=1046, hide_read=False, hide_typing=False, toid=15, muted=True),
            SettingsChanged(Preferences(), With(15), muted=True),
        ),
    ],
)
async def test_what_is_told_by_the_way_is_an_event(
    server: FakeServer, frame: bytes, event: object
) -> None:
    """These are marks, typing, and settings that another device has changed."""
    async with logged_in(server) as (client, peer):
        peer.say_together(frame)
        assert await until(client, type(event)) == event


async def test_a_group_is_joined_by_its_name(server: FakeServer) -> None:
    """The answer has the group's id."""
    async with logged_in(server) as (client, peer):
        joining = asyncio.create_task(client.join_group("hikers"))
        request = await peer.hear(JOIN)
        assert (request["groupname"], request.get("groupid")) == ("hikers", None)
        group = {"groupid": 3, "groupname": "hikers", "groupdesc": ""}
        peer.say(msgid=1010, seq=request["seq"], at=4, time=1, **group)
        assert await joining == Group(3, "hikers", "")


async def test_a_message_can_be_given_a_cid(server: FakeServer) -> None:
    """A second message with this cid is the same message; another text with it is refused at once.
    The copy that comes from the log is not shown."""
    settings = attrs.evolve(HASTY, waiting=2)
    async with logged_in(server, settings) as (client, peer):
        first = client.post(15, "hello", cid="c-1")
        assert client.post(15, "hello", cid="c-1") is first
        with pytest.raises(Refused, match="cid_conflict"):
            client.post(15, "something else", cid="c-1")
        with pytest.raises(Refused, match="bad_field"):
            client.post(15, "hello", cid="a space")
        assert (await peer.take(at=4))["cid"] == "c-1"
        assert (await first).at == 4
        peer.say_together(push(4, "c-1", sender=13, toid=15), push(5, "b"))
        assert (await until(client, Message)).at == 5


async def test_who_has_given_up_waiting_can_ask_again_under_the_same_cid(
    server: FakeServer,
) -> None:
    """It is one message, and the last caller gets the answer."""
    async with logged_in(server) as (client, peer):
        client.post(15, "hello", cid="c-1").cancel()
        again = client.post(15, "hello", cid="c-1")
        assert (await peer.take(at=4))["cid"] == "c-1"
        assert (await again).at == 4
        assert client.unsettled == 0
