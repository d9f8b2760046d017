"""How ChatClient fetches the list of conversations."""

import asyncio

from adapters.client import Changed, ChatClient, Conversation, InGroup, Where, With
from tests.unit.client.fake_chat_server import FakeServer, Frame, Peer
from tests.unit.client.fellows import both, logged_in
from tests.unit.client.texts import message, text

CONVERSATIONS = 1039


def listed(at: int, user: int = 15) -> Frame:
    """The row of a conversation, whose last entry is at this position."""
    row = {"toid": user, "name": "li", "last": text(at, user), "read": 4, "unread": 2}
    return row | {"peer_read": 3, "peer_got": 5, "muted": True}


async def answer_lists(peer: Peer, *pages: Frame) -> list[int | None]:
    """Answer requests for conversations with these pages. Return what they ask for as `before`."""
    had = []
    for page in pages:
        request = await peer.hear(CONVERSATIONS)
        had.append(request.get("before"))
        peer.say(msgid=1040, seq=request["seq"], **page)
    return had


def page_of(*rows: tuple[int, int], more: bool = False) -> Frame:
    """A page of conversations: where each ends, and with whom it is."""
    page: Frame = {"conversations": [listed(at, user) for at, user in rows]}
    return page | {"next": rows[-1][0]} if more else page


async def lasts(client: ChatClient) -> list[tuple[int, Where]]:
    return [(one.last.at, one.where) async for one in client.conversations(page=2)]


async def test_conversations_are_fetched_page_by_page(server: FakeServer) -> None:
    """The most recent conversation comes first, with all that the server says of it."""
    async with logged_in(server) as (client, peer):

        async def answers() -> None:
            one = await peer.hear(CONVERSATIONS)
            peer.say(msgid=1040, seq=one["seq"], conversations=[listed(9)], next=9)
            two = await peer.hear(CONVERSATIONS)
            assert (one.get("before"), one["limit"], two["before"]) == (None, 1, 9)
            last = {"msgid": 1037, "at": 8, "cid": "x", "id": 13, "name": "zhang", "groupid": 3}
            last |= {"time": 7, "what": "left"}
            rows = [{"groupid": 3, "name": "hikers", "last": last, "read": 8, "unread": 0}]
            peer.say(msgid=1040, seq=two["seq"], conversations=[rows[0] | {"left": True}])
            await answer_lists(peer, {"conversations": [listed(9)], "next": 9})

        async def every() -> list[Conversation]:
            return [one async for one in client.conversations(page=1)]

        assert await both(every(), answers()) == [
            Conversation(With(15), "li", message(9), 4, 2, 3, 5, muted=True),
            Conversation(
                InGroup(3), "hikers", Changed(8, "x", 13, "zhang", 7, "left", 3, own=True), 8, 0,
                left=True,
            ),
        ]  # fmt: skip


async def test_a_conversation_that_moves_between_two_pages_is_listed(server: FakeServer) -> None:
    """It is at the front by then. Those that have moved come after the last page, until a single
    page has all of them; the others come once."""
    async with logged_in(server) as (client, peer):
        pages = [
            page_of((9, 15), (8, 16), more=True),
            page_of((6, 18)),  # 17 would have been here, at 7
            page_of((11, 17), (10, 15), more=True),
            page_of((8, 16), (6, 18)),
            page_of((12, 20), (11, 17), more=True),
        ]
        reading = asyncio.create_task(lasts(client))
        assert await answer_lists(peer, *pages) == [None, 8, None, 10, None]
        assert await reading == [
            *((9, With(15)), (8, With(16)), (6, With(18))),
            *((11, With(17)), (10, With(15)), (12, With(20))),
        ]


async def test_a_single_page_of_conversations_is_not_asked_for_again(server: FakeServer) -> None:
    """It is complete."""
    async with logged_in(server) as (client, peer):
        reading = asyncio.create_task(lasts(client))
        await answer_lists(peer, page_of((9, 15), (8, 16)))
        assert await reading == [(9, With(15)), (8, With(16))]
