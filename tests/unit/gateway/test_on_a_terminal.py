"""No control characters for a terminal reach a person who reads version 1 on one, in any field."""

import json
from collections.abc import Callable

import pytest

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.wire.framing import MAX_SERVER_FRAME
from chat_domain.entries import Change, ChangeKind, pair
from chat_domain.model import User
from chat_domain.names import Name
from tests.contract.making import append, text
from tests.unit.gateway.server import Frame, Peer, Server, settled

EVIL = "\x9b31m\u202e\u2028"  # as a name in a database of the C++ server may have it
ESCAPED = rb"\u009b31m\u202e\u2028"


class Crowd:
    """A user who is away, with control characters in their list, group and messages, and the user
    who has written these."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.user_id = self.evil_id = self.group_id = 0

    async def gather(self) -> None:
        users, groups = self.server.store.users, self.server.chat.groups
        self.user_id = await users.add(Name(f"Nick {EVIL}"), "hash of pw")
        self.evil_id = await users.add(Name(f"Evil {EVIL}"), "hash of pw")
        await self.server.store.friends.add(self.user_id, self.evil_id)
        evil, nick = User(self.evil_id, "Evil"), User(self.user_id, "Nick")
        _, group = await groups.create(evil, "hikers", f"about {EVIL}")
        self.group_id = group.id
        await groups.change(evil, group.id, Change(ChangeKind.RENAMED, name=f"Group {EVIL}"))
        await groups.join(nick, group.id)
        await self.writes()

    async def writes(self) -> None:
        evil = await self.server.log_in(self.evil_id)
        evil.say({"msgid": 1005, "toid": self.user_id, "msg": EVIL})
        evil.say({"msgid": 1009, "groupid": self.group_id, "msg": EVIL})
        await settled()
        evil.context.link.close(DisconnectReason.CLIENT_CLOSED)
        await settled()

    async def arrives(self, version: int, end: bytes) -> Peer:
        return await self.server.log_in(self.user_id, version=version, end=end)


@pytest.fixture
async def crowd(server: Server) -> Crowd:
    crowd = Crowd(server)
    await crowd.gather()
    return crowd


def heard(peer: Peer) -> bytes:
    """All bytes that have arrived since the last call."""
    data = b"".join(peer.link.chunks)
    peer.link.chunks.clear()
    return data


async def test_the_answer_to_a_login_is_safe(crowd: Crowd) -> None:
    """It has the names of friends, groups and members, descriptions, and missed messages."""
    peer = await crowd.arrives(1, b"\n")
    data = heard(peer)
    assert data.isascii()
    # own name, friend, group and its description, 2 members, 2 messages with their senders' names
    assert data.count(ESCAPED) == 10
    (ack,) = peer.frames_in(data)
    assert json.loads(ack["friends"][0])["name"] == f"Evil {EVIL}"
    assert json.loads(json.loads(ack["groups"][0])["users"][0])["name"] == f"Nick {EVIL}"


async def test_chats_are_safe(crowd: Crowd) -> None:
    """Their texts and their senders' names are escaped."""
    peer = await crowd.arrives(1, b"\n")
    heard(peer)
    await crowd.writes()
    data = heard(peer)
    assert data.isascii()
    assert data.count(ESCAPED) == 4
    assert [frame["msg"] for frame in peer.frames_in(data)] == [EVIL, EVIL]


ASKING: dict[str, Callable[[Crowd], Frame]] = {
    "friends": lambda _: {"msgid": 1022},
    "groups": lambda _: {"msgid": 1024},
    "members": lambda crowd: {"msgid": 1026, "groupid": crowd.group_id},
    "a user": lambda _: {"msgid": 1019, "name": f"Evil {EVIL}"},
    "a bad name": lambda _: {"msgid": 1007, "groupname": EVIL},
    "an unknown user": lambda _: {"msgid": 1019, "name": f"nobody {EVIL}"},
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
async def test_answers_are_safe(crowd: Crowd, ask: Callable[[Crowd], Frame]) -> None:
    """Pages of lists and errors are escaped."""
    peer = await crowd.arrives(1, b"\n")
    heard(peer)
    peer.say({**ask(crowd), "seq": 1})
    await settled()
    data = heard(peer)
    assert data.isascii()
    assert [frame["seq"] for frame in peer.frames_in(data)] == [1]


@pytest.mark.parametrize(("version", "end"), [(1, b"\0"), (2, b"\n"), (2, b"\0")])
async def test_programs_get_what_was_written(crowd: Crowd, version: int, end: bytes) -> None:
    """The C++ server's client knows its frames byte for byte, and clients of version 2 show texts
    in a way of their own."""
    peer = await crowd.arrives(version, end)
    await crowd.writes()
    data = heard(peer)
    assert f'"msg":"{EVIL}"'.encode() in data.replace(rb"\"", b'"')
    assert ESCAPED not in data


@pytest.mark.parametrize("letter", ["\x7f", "\u202e", "\x01"], ids=ascii)
async def test_the_answer_to_a_login_fits_into_a_frame(server: Server, letter: str) -> None:
    """Escaping makes it longer. What does not fit follows as chats."""
    ann, nick = await server.register("Ann", "Nick")
    store, said = server.store, letter * 4096
    await append(store, *(text(ann, pair(ann, nick), said) for _ in range(30)))
    await server.chat.follower.wait_until_applied((await store.log.ends()).head)
    peer = await server.log_in(nick, version=1)
    frames = heard(peer).splitlines()
    assert max(map(len, frames)) <= MAX_SERVER_FRAME
    ack, *chats = map(json.loads, frames)
    shown = [*map(json.loads, ack["offlinemsg"]), *chats]
    assert [one["msg"] for one in shown] == [said] * 30


async def test_it_fits_also_where_only_all_of_it_has_much_that_steers(server: Server) -> None:
    """Everything in it is then escaped beyond ASCII, although no part of it would have been on its
    own."""
    ann, nick = await server.register("Ann", "Nick")
    groups = server.chat.groups
    for number in range(20):
        name = f"{number:02}" + "\u00e9" * 48
        _, group = await groups.create(User(nick, "Nick"), name, "\xad" * 6 + "\u00e9" * 194)
        await groups.join(User(ann, "Ann"), group.id)
    store, said = server.store, "\u00e9" * 1000
    await append(store, *(text(ann, pair(ann, nick), said) for _ in range(60)))
    await server.chat.follower.wait_until_applied((await store.log.ends()).head)
    peer = await server.log_in(nick, version=1)
    frames = heard(peer).splitlines()
    assert max(map(len, frames)) <= MAX_SERVER_FRAME
    ack, *chats = map(json.loads, frames)
    assert len(ack["groups"]) == 20
    assert len(ack["offlinemsg"]) + len(chats) == 60


@pytest.mark.parametrize("letter", ["\x7f", "\u202e", "\x01"], ids=ascii)
@pytest.mark.parametrize("version", [1, 2])
async def test_a_page_of_groups_fits_into_a_frame(
    server: Server, letter: str, version: int
) -> None:
    """Their descriptions do not matter."""
    (nick,) = await server.register("Nick")
    for number in range(200):
        await server.chat.groups.create(User(nick, "Nick"), f"group {number:04}", letter * 200)
    peer = await server.log_in(nick, version=version)
    heard(peer)
    found: list[int] = []
    asked: Frame = {"msgid": 1024, "limit": 200}
    while True:
        peer.say(asked)
        await settled()
        data = heard(peer)
        (page,) = peer.frames_in(data)
        assert len(data) <= MAX_SERVER_FRAME + 1
        found += [row["id"] for row in page["groups"]]
        if "next" not in page:
            break
        asked["after"] = page["next"]
    assert found == list(range(1, 201))
