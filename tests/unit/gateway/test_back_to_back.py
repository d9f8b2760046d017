"""Our client's protocol and our server's conversation, one against the other, without a socket."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.client.backoff import Backoff
from adapters.client.events import Ack, GoingAway, Message, Presence, Replaced
from adapters.client.protocol import Answered, Broken, ClientProtocol, Settled, State
from adapters.client.settings import Settings
from adapters.gateway.watch import DROP_AFTER
from adapters.wire import requests
from adapters.wire.answers import LoginAck
from adapters.wire.requests import AnyRequest
from chat_domain.people.news import QUIET
from tests.unit.gateway.server import FakeLink, Server, settled


class Near:
    """A client, and the link to the server that it has at the moment."""

    def __init__(self, server: Server, seed: int = 0) -> None:
        self._server = server
        self._random = random.Random(seed)
        self.protocol = ClientProtocol(Settings(), Backoff(0.2, 5.0, random.Random(1)))
        self.now = 100.0
        self.heard: list[Any] = []
        self.connect()

    def connect(self) -> None:
        self.link = FakeLink()
        self.link.receiver = self._server.gateway.joined(self.link)
        self._taken = 0
        self.protocol.connection_made(self.now)

    def lose_connection(self) -> None:
        self.link.abort()
        self.protocol.connection_lost()

    async def shuttle(self) -> None:
        """Carry bytes both ways, cut anywhere, until nobody has anything to say."""
        while True:
            self.protocol.pump(self.now)
            said = self.protocol.data_to_send()
            for piece in self._cut(said):
                self.link.arrives(piece)
            await settled()
            answered = b"".join(self.link.chunks[self._taken :])
            self._taken = len(self.link.chunks)
            for piece in self._cut(answered):
                self.heard += self.protocol.receive(piece, self.now)
            if not said and not answered:
                return

    def _cut(self, data: bytes) -> list[bytes]:
        pieces = []
        while data:
            size = self._random.choice([1, 2, 10, 100, len(data)])
            pieces.append(data[:size])
            data = data[size:]
        return pieces

    async def ask(self, request: AnyRequest) -> Any:
        seq = self.protocol.request(request)
        await self.shuttle()
        (answer,) = [
            one.answer for one in self.heard if isinstance(one, Answered) and one.seq == seq
        ]
        self.heard = [one for one in self.heard if not isinstance(one, Answered)]
        return answer

    async def log_in(self, user_id: int, password: str = "pw") -> LoginAck:
        answer = await self.ask(requests.Login(id=user_id, password=password, v=2))
        assert isinstance(answer, LoginAck)
        assert answer.errno == 0
        return answer

    def texts(self) -> list[str]:
        return [one.text for one in self.heard if isinstance(one, Message)]

    def settlements(self) -> list[tuple[str, bool]]:
        """Which messages were acknowledged, and whether as delivered."""
        return [
            (one.cid, one.outcome.delivered)
            for one in self.heard
            if isinstance(one, Settled) and isinstance(one.outcome, Ack)
        ]

    def post(self, to: int, cid: str, text: str) -> None:
        self.protocol.post(cid, requests.OneChat(toid=to, msg=text))


async def two(server: Server) -> tuple[Near, Near]:
    """Ann (1) and Bob (2), logged in."""
    await server.register("Ann", "Bob")
    ann, bob = Near(server, 1), Near(server, 2)
    await ann.log_in(1)
    await bob.log_in(2)
    return ann, bob


async def exchange(*ends: Near) -> None:
    """Let everybody say, hear and acknowledge all there is."""
    for _ in range(6):
        for end in ends:
            await end.shuttle()
            end.protocol.acknowledge()


async def test_a_registration_and_a_login(server: Server) -> None:
    """As a new user begins."""
    near = Near(server)
    registered = await near.ask(requests.Register(name="Ann", password="pw"))
    assert registered.errno == 0
    answer = await near.log_in(registered.id)
    assert (answer.name, answer.v) == ("Ann", 2)
    assert answer.token
    assert near.protocol.state is State.READY


async def test_messages_are_delivered_and_acknowledged(server: Server) -> None:
    """In both directions, in order."""
    ann, bob = await two(server)
    for number in range(100):
        ann.post(2, f"a{number}", f"to Bob {number}")
        bob.post(1, f"b{number}", f"to Ann {number}")
    await exchange(ann, bob)
    assert bob.texts() == [f"to Bob {number}" for number in range(100)]
    assert ann.texts() == [f"to Ann {number}" for number in range(100)]
    assert ann.settlements() == [(f"a{number}", True) for number in range(100)]
    assert bob.settlements() == [(f"b{number}", True) for number in range(100)]
    assert ann.protocol.unsettled == bob.protocol.unsettled == 0


async def test_stored_messages_come_with_the_next_login(server: Server) -> None:
    """And leave the mailbox as they are acknowledged, window by window."""
    ann, bob = await two(server)
    bob.lose_connection()
    await settled()
    for number in range(200):
        ann.post(2, f"a{number}", str(number))
    await exchange(ann)
    assert ann.settlements() == [(f"a{number}", False) for number in range(200)]
    bob.connect()
    await bob.log_in(2)
    await exchange(bob)
    assert bob.texts() == [str(number) for number in range(200)]
    assert await server.mailbox.read(2, 10, ()) == []


async def test_nothing_is_shown_twice_after_lost_connections(server: Server) -> None:
    """Neither what the sender sends again, nor what the server pushes again."""
    ann, bob = await two(server)
    bob_token = (await bob.ask(requests.ChangePassword(old="pw", new="better"))).token
    ann.post(2, "a1", "one")
    await ann.shuttle()
    await bob.shuttle()
    for near, token in ((bob, bob_token), (ann, None)):
        near.lose_connection()
        await settled()
        near.connect()
        if token:
            assert (await near.ask(requests.Resume(token=token))).errno == 0
        else:
            await near.log_in(1)
    ann.post(2, "a2", "two")
    await exchange(ann, bob)
    assert bob.texts() == ["one", "two"]
    assert [cid for cid, _ in ann.settlements()] == ["a1", "a2"]
    assert await server.mailbox.read(2, 10, ()) == []


async def test_a_second_login_on_a_connection_is_like_the_first(server: Server) -> None:
    """What comes in it is acknowledged, so that the session does not stall."""
    ann, bob = await two(server)
    for turn in range(3):
        ann.post(2, f"a{turn}", str(turn))
        await exchange(ann, bob)
        bob.protocol.log_out()
        await bob.shuttle()
        await bob.log_in(2)
    assert bob.texts() == ["0", "1", "2"]
    assert ann.settlements() == [("a0", True), ("a1", True), ("a2", True)]


async def test_a_silent_client_lives_on_its_pongs(server: Server) -> None:
    """It says nothing by itself, and is not dropped."""
    ann, _ = await two(server)
    for now in range(0, 600, 5):
        ann.link.receiver.tick(float(now))
        await ann.shuttle()
    assert not ann.link.closed
    for now in range(600, 606 + int(DROP_AFTER), 5):
        ann.link.receiver.tick(float(now))
    assert ann.link.closed


async def test_every_request_has_an_answer_that_the_client_reads(server: Server) -> None:
    """Nothing that the server says breaks the connection."""
    ann, _ = await two(server)
    assert (await ann.ask(requests.AddFriend(friendname="bob"))).friend.name == "Bob"
    group_id = (await ann.ask(requests.CreateGroup(groupname="hikers", groupdesc="walk"))).groupid
    assert [one.name for one in (await ann.ask(requests.ListFriends())).friends] == ["Bob"]
    assert [one.groupname for one in (await ann.ask(requests.ListGroups())).groups] == ["hikers"]
    assert [one.role for one in (await ann.ask(requests.ListMembers(groupid=group_id))).users] == [
        "creator"
    ]
    assert (await ann.ask(requests.FindUser(name="BOB"))).state == "online"
    assert (await ann.ask(requests.JoinGroup(groupid=group_id))).error == "already_member"
    assert (await ann.ask(requests.LeaveGroup(groupid=group_id))).seq
    assert (await ann.ask(requests.RemoveFriend(friendid=2))).seq
    assert (await ann.ask(requests.Ping())).seq
    assert (await ann.ask(requests.FindUser(name="nobody"))).error == "no_such_user"
    assert (await ann.ask(requests.ChangePassword(old="pw", new="better"))).token
    assert len((await ann.ask(requests.ListSessions())).sessions) >= 1
    assert not [one for one in ann.heard if isinstance(one, Broken)]


async def test_notices_reach_the_application(server: Server) -> None:
    """Presence, REPLACED and GOING_AWAY."""
    ann, bob = await two(server)
    await ann.ask(requests.AddFriend(friendid=2))
    bob.lose_connection()
    await settled()
    server.passes(QUIET)
    await settled()
    await ann.shuttle()
    assert ann.heard == [Presence(2, "Bob", online=False)]
    bob.connect()
    token = (await bob.log_in(2)).token
    second = Near(server)
    assert (await second.ask(requests.Resume(token=token))).errno == 0
    await bob.shuttle()
    assert bob.heard[-1] == Replaced()
    await server.gateway.close()
    await ann.shuttle()
    assert ann.heard[-1] == GoingAway(1000)
    assert ann.protocol.state is State.LEAVING


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4096)


@settings(max_examples=20)
@given(st.lists(texts, min_size=1, max_size=5), st.integers())
async def test_any_text_arrives_as_it_was_sent(said: list[str], seed: int) -> None:
    """Whatever is in it, and however the bytes are cut."""
    server = Server()
    await server.register("Ann")
    ann = Near(server, seed)
    await ann.log_in(1)
    for number, text in enumerate(said):
        ann.post(1, f"c{number}", text)
    await exchange(ann)
    assert ann.texts() == said
    assert len(ann.settlements()) == len(said)
