"""Our client's protocol against our server's conversation, without a socket."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.client.backoff import Backoff
from adapters.client.cids import Cids
from adapters.client.events import (
    Ack,
    Changed,
    GoingAway,
    Got,
    Message,
    Presence,
    Reset,
    SessionEnded,
)
from adapters.client.outputs import Answered, Broken, Settled, State
from adapters.client.position import Position
from adapters.client.protocol import ClientProtocol
from adapters.client.settings import Settings
from adapters.gateway.keepalive import DROP_AFTER
from adapters.wire import requests
from adapters.wire.answers import LoginAck
from adapters.wire.declaring import AnyRequest
from chat_domain.people.announcer import QUIET
from tests.unit.gateway.server import FakeLink, Server, settled


class Near:
    """A client, with the link to the server that it has at the moment."""

    def __init__(self, server: Server, seed: int = 0) -> None:
        self._server = server
        self._random = random.Random(seed)
        self.cids = Cids()
        self.protocol = ClientProtocol(Settings(), Backoff(0.2, 5.0, random.Random(1)), self.cids)
        self.now = 100.0
        self.heard: list[Any] = []
        self.connect()

    def connect(self) -> None:
        self.link = FakeLink()
        self.link.receiver = self._server.gateway.add(self.link)
        self._taken = 0
        self.protocol.connection_made(self.now)

    def lose_connection(self) -> None:
        self.link.abort()
        self.protocol.connection_lost()

    async def shuttle(self) -> None:
        """Carry bytes both ways, cut anywhere, until neither side has anything to send."""
        while True:
            self.protocol.pump(self.now)
            said = self.protocol.data_to_send()
            for piece in self._cut(said):
                self.link.arrives(piece)
            await settled()
            answered = b"".join(self.link.chunks[self._taken :])
            self._taken = len(self.link.chunks)
            for piece in self._cut(answered):
                self._hear(self.protocol.receive(piece, self.now))
            if not said and not answered:
                return

    def _hear(self, outputs: list[Any]) -> None:
        """The application finishes each entry at once."""
        self.heard += outputs
        for entry in outputs:
            if isinstance(entry, Message | Changed):
                self.protocol.stream.finish(entry)

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

    async def log_in(self, user_id: int) -> LoginAck:
        since = self.protocol.stream.position
        request = requests.Login(id=user_id, password="pw", v=2)
        if since is not None:
            request = replace(request, since=since.since, epoch=since.epoch)
        answer = await self.ask(request)
        assert isinstance(answer, LoginAck)
        assert answer.errno == 0
        return answer

    async def come_back(self, user_id: int) -> LoginAck:
        """Log in over a new connection after losing the old one."""
        self.lose_connection()
        await settled()
        self.connect()
        return await self.log_in(user_id)

    def texts(self) -> list[str]:
        return [one.text for one in self.heard if isinstance(one, Message)]

    def positions(self) -> list[int]:
        return [one.at for one in self.heard if isinstance(one, Message)]

    def settlements(self) -> list[str]:
        """The cids of the acknowledged messages."""
        return [
            one.cid
            for one in self.heard
            if isinstance(one, Settled) and isinstance(one.outcome, Ack)
        ]

    def post(self, to: int, text: str) -> str:
        """Send a message and return its cid."""
        cid = self.cids.next()
        self.protocol.post(cid, requests.OneChat(toid=to, msg=text))
        return cid


async def two(server: Server) -> tuple[Near, Near]:
    """Ann (1) and Bob (2), logged in."""
    await server.register("Ann", "Bob")
    ann, bob = Near(server, 1), Near(server, 2)
    await ann.log_in(1)
    await bob.log_in(2)
    return ann, bob


async def exchange(*ends: Near) -> None:
    """Let all clients send, receive and take over everything."""
    for _ in range(6):
        for end in ends:
            await end.shuttle()
            end.protocol.send_taken()


async def test_a_registration_and_a_login(server: Server) -> None:
    """A new user begins with these two."""
    near = Near(server)
    registered = await near.ask(requests.Register(name="Ann", password="pw"))
    assert registered.errno == 0
    answer = await near.log_in(registered.id)
    assert (answer.name, answer.v) == ("Ann", 2)
    assert answer.token
    assert near.protocol.state is State.READY


async def test_messages_arrive_and_are_acknowledged(server: Server) -> None:
    """They arrive in both directions and in order, and both senders are told that they were taken
    over."""
    ann, bob = await two(server)
    to_bob = [ann.post(2, f"to Bob {number}") for number in range(100)]
    to_ann = [bob.post(1, f"to Ann {number}") for number in range(100)]
    await exchange(ann, bob)
    assert bob.texts() == [f"to Bob {number}" for number in range(100)]
    assert ann.texts() == [f"to Ann {number}" for number in range(100)]
    assert sorted(ann.positions() + bob.positions()) == list(range(1, 201))
    assert ann.settlements() == to_bob
    assert bob.settlements() == to_ann
    assert ann.protocol.forget_messages() == bob.protocol.forget_messages() == []
    server.passes(0.5)
    await exchange(ann, bob)
    assert [one for one in ann.heard if isinstance(one, Got)][-1] == Got(2, bob.positions()[-1])
    assert [one for one in bob.heard if isinstance(one, Got)][-1] == Got(1, ann.positions()[-1])


async def test_what_was_said_meanwhile_comes_with_the_next_login(server: Server) -> None:
    """They follow the client's position. A new device starts behind what the user's devices have
    taken over."""
    ann, bob = await two(server)
    ann.post(2, "first")
    await exchange(ann, bob)
    bob.lose_connection()
    await settled()
    for number in range(300):
        ann.post(2, str(number))
    await exchange(ann)
    await bob.come_back(2)
    await exchange(bob)
    assert bob.texts() == ["first", *(str(number) for number in range(300))]
    await server.chat.marks.write()
    assert await server.waiting_for(2) == []
    other = Near(server)
    await other.log_in(2)
    await exchange(other)
    assert other.texts() == []


async def test_nothing_is_shown_twice_after_lost_connections(server: Server) -> None:
    """The sender sends messages again, and the server pushes entries again. The client takes its
    own message from the log as the answer."""
    ann, bob = await two(server)
    first = ann.post(2, "one")
    await ann.shuttle()
    second = ann.post(2, "two")
    ann.protocol.pump(ann.now)
    ann.link.arrives(ann.protocol.data_to_send())
    await settled()  # the answer is never read
    await bob.shuttle()
    await bob.come_back(2)
    await ann.come_back(1)
    third = ann.post(2, "three")
    await exchange(ann, bob)
    assert bob.texts() == ["one", "two", "three"]
    assert ann.texts() == []
    assert ann.settlements() == [first, second, third]
    assert server.chat.follower.applied == 3


async def test_a_client_that_says_ping_moves_on(server: Server) -> None:
    """Its position also advances if all that happens is what it writes itself."""
    ann, _ = await two(server)
    ann.post(2, "hello")
    await exchange(ann)
    assert ann.protocol.stream.position == Position(0, server.chat.follower.epoch)
    ann.protocol.request(requests.Ping())
    await exchange(ann)
    assert ann.protocol.stream.position == Position(1, server.chat.follower.epoch)
    await ann.come_back(1)
    await exchange(ann)
    assert ann.texts() == []


async def test_a_second_login_on_a_connection_is_like_the_first(server: Server) -> None:
    """The client takes over what arrives in it as well."""
    ann, bob = await two(server)
    posted = []
    for turn in range(3):
        posted.append(ann.post(2, str(turn)))
        await exchange(ann, bob)
        bob.protocol.log_out()
        await bob.shuttle()
        await bob.log_in(2)
    assert bob.texts() == ["0", "1", "2"]
    assert ann.settlements() == posted
    await server.chat.marks.write()
    assert await server.waiting_for(2) == []


async def test_another_epoch_makes_no_message_come_twice_or_not_at_all(server: Server) -> None:
    """The client may be connected when the epoch begins, or come later with a position of the old
    one."""
    ann, bob = await two(server)
    ann.post(2, "one")
    await exchange(ann, bob)
    bob.lose_connection()
    await settled()
    ann.post(2, "lost with the disk")
    await exchange(ann)
    await server.lose(1)
    await exchange(ann)
    await ann.come_back(1)
    assert Reset(Position(1, server.chat.follower.epoch)) in ann.heard
    ann.post(2, "two")
    await exchange(ann)
    bob.connect()
    assert (await bob.log_in(2)).reset
    ann.post(2, "three")
    await exchange(ann, bob)
    assert bob.texts() == ["one", "three"]  # "two" is in the conversation's history


async def test_own_words_come_from_other_devices(server: Server) -> None:
    """Changes that the user makes on one device reach all others too."""
    ann, bob = await two(server)
    other = Near(server, 3)
    await other.log_in(1)
    ann.post(2, "hello")
    await exchange(ann, other, bob)
    assert [(one.own, one.to_id) for one in other.heard if isinstance(one, Message)] == [(True, 2)]
    assert ann.texts() == []
    await ann.ask(requests.CreateGroup(groupname="hikers", cid=ann.cids.next()))
    await exchange(ann, other)
    assert [one.what for one in other.heard if isinstance(one, Changed)] == ["created"]
    assert not [one for one in ann.heard if isinstance(one, Changed)]


async def test_a_silent_client_lives_on_its_pongs(server: Server) -> None:
    """A client that sends nothing else is not dropped while it answers each PING."""
    ann, _ = await two(server)
    for now in range(0, 600, 5):
        ann.link.receiver.tick(float(now))
        await ann.shuttle()
    assert not ann.link.closed
    for now in range(600, 606 + int(DROP_AFTER), 5):
        ann.link.receiver.tick(float(now))
    assert ann.link.closed


async def test_every_request_has_an_answer_that_the_client_reads(server: Server) -> None:
    """Nothing that the server sends breaks the connection."""
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
    assert (await ann.ask(requests.FindUser(name="nobody"))).error == "no_such_user"
    assert (await ann.ask(requests.ChangePassword(old="pw", new="better"))).token
    assert len((await ann.ask(requests.ListSessions())).sessions) >= 1
    assert not [one for one in ann.heard if isinstance(one, Broken)]


async def test_notices_reach_the_application(server: Server) -> None:
    """The application gets PRESENCE, the end of the session and GOING_AWAY."""
    ann, bob = await two(server)
    await ann.ask(requests.AddFriend(friendid=2))
    bob.lose_connection()
    await settled()
    server.passes(QUIET)
    await settled()
    await ann.shuttle()
    assert ann.heard == [Presence(2, "Bob", online=False)]
    bob.connect()
    session = (await bob.log_in(2)).session
    second = Near(server)
    await second.log_in(2)
    await second.ask(requests.EndSession(session=session))
    await bob.shuttle()
    assert isinstance(bob.heard[-1], SessionEnded)
    assert bob.link.closed
    await server.gateway.close()
    await ann.shuttle()
    assert ann.heard[-1] == GoingAway(1000)
    assert ann.protocol.state is State.LEAVING


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4096)


@given(st.lists(texts, min_size=1, max_size=5), st.integers())
async def test_any_text_arrives_as_it_was_sent(said: list[str], seed: int) -> None:
    """Neither its characters nor the cuts between the bytes matter."""
    server = Server()
    await server.register("Ann")
    ann = Near(server, seed)
    await ann.log_in(1)
    other = Near(server, seed)
    await other.log_in(1)
    for text in said:
        ann.post(1, text)
    await exchange(ann, other)
    assert other.texts() == said
    assert len(ann.settlements()) == len(said)
