"""ChatClient over real sockets, against a server that follows the test's script."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import attrs
import pytest
import uvloop

from adapters.client import (
    Ack,
    ChatClient,
    Connected,
    ConnectionLost,
    Disconnected,
    GoingAway,
    Message,
    OutboxFull,
    Presence,
    Reconnected,
    Refused,
    Replaced,
    SessionEnded,
    Settings,
    hints,
)
from chat_domain.model import Friend, Group, Member, Membership, Role, User
from tests.unit.client.fake_chat_server import TIMEOUT, FakeServer, Peer, line

T = TypeVar("T")
LOGIN, REGISTER, RESUME, PUSHED, CHAT = 1000, 1003, 1015, 1014, 1005
HASTY = Settings(first_delay=0.001, longest_delay=0.01, steady_after=0.0)


@asynccontextmanager
async def connected(
    server: FakeServer, settings: Settings = HASTY, **options: Any
) -> AsyncIterator[tuple[ChatClient, Peer]]:
    async with ChatClient.connect(
        "127.0.0.1", server.port, settings=settings, rng=random.Random(1), **options
    ) as client:
        yield client, await server.accept()


@asynccontextmanager
async def logged_in(
    server: FakeServer, settings: Settings = HASTY, **options: Any
) -> AsyncIterator[tuple[ChatClient, Peer]]:
    async with connected(server, settings, **options) as (client, peer):
        await both(client.login("zhang san", "secret"), peer.admit())
        yield client, peer


async def both(one: Any, other: Any) -> Any:
    """Do the client's and the server's part at the same time; the client's result."""
    async with asyncio.timeout(TIMEOUT):
        return (await asyncio.gather(one, other))[0]


async def until(client: ChatClient, kind: type[T]) -> T:
    """The next event of this kind."""
    async with asyncio.timeout(TIMEOUT):
        async for event in client.events():
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the events ended without {kind}")


def push(number: int, cid: str) -> bytes:
    who = {"id": 15, "name": "li", "toid": 13}
    return line(msgid=1005, push=number, mid="m", cid=cid, **who, msg="hello", time=7)


async def test_login_by_name_asks_for_version_2(server: FakeServer) -> None:
    """The user is known afterwards, and the token at hand."""
    async with connected(server) as (client, peer):
        knocking = asyncio.create_task(client.login("zhang san", "secret"))
        request = await peer.admit()
        assert await knocking == client.user == User(13, "zhang san")
        assert client.token == "t1"
        assert request == {
            "msgid": LOGIN,
            "name": "zhang san",
            "password": "secret",
            "v": 2,
            "seq": 1,
        }


@pytest.mark.parametrize("who", [13, "13", " 13 "])
async def test_digits_are_an_id(server: FakeServer, who: int | str) -> None:
    """No name is digits alone."""
    async with connected(server) as (client, peer):
        knocking = asyncio.create_task(client.login(who, "secret"))
        assert (await peer.admit())["id"] == 13
        await knocking


async def test_a_refused_login_can_be_repeated(server: FakeServer) -> None:
    """The server's reason is in the exception, and the connection stays."""
    async with connected(server) as (client, peer):
        with pytest.raises(Refused) as refused:
            await both(client.login(13, "x"), peer.turn_away(LOGIN, 3, "bad_credentials"))
        assert refused.value.error == "bad_credentials"
        assert client.user is None
        await both(client.login(13, "y"), peer.admit())


async def test_a_taken_name_is_refused(server: FakeServer) -> None:
    """Registration has an answer of its own."""
    async with connected(server) as (client, peer):
        asking = asyncio.create_task(client.register("li si", "secret"))
        seq = (await peer.hear(REGISTER))["seq"]
        peer.say(msgid=1004, seq=seq, errno=1, error="name_taken", errmsg="taken")
        with pytest.raises(Refused, match="name_taken: taken"):
            await asking


async def test_without_a_server_there_is_no_client() -> None:
    """The first connection is not tried again and again."""
    async with FakeServer().listening() as gone:
        port = gone.port
    with pytest.raises(ConnectionLost, match="cannot connect"):
        async with ChatClient.connect("127.0.0.1", port):
            raise AssertionError("there was a server")


async def test_send_waits_for_the_answer(server: FakeServer) -> None:
    """The acknowledgement says whether the message was delivered or stored."""
    async with logged_in(server) as (client, peer):
        ack = await both(client.send(15, "hello"), peer.take("stored"))
        assert ack == Ack("m", 1, delivered=False)
        assert client.unsettled == 0


async def test_a_group_ack_names_who_could_not_be_reached(server: FakeServer) -> None:
    """Their mailboxes are full; the others have the message."""
    async with logged_in(server) as (client, peer):
        sending = client.post_group(3, "hello all")
        chat = await peer.hear(1009)
        assert (chat["groupid"], chat["msg"]) == (3, "hello all")
        peer.say(msgid=1010, seq=chat["seq"], mid="m", time=1, status="stored", refused=[21])
        assert (await sending).refused == (21,)


async def test_a_bad_text_is_not_queued(server: FakeServer) -> None:
    """It is refused at once and stands in nobody's way."""
    async with logged_in(server) as (client, _):
        with pytest.raises(Refused, match="bad_field"):
            client.post(15, "")
        assert client.unsettled == 0


async def test_sending_needs_a_login(server: FakeServer) -> None:
    """It is refused here, without asking."""
    async with connected(server) as (client, _):
        with pytest.raises(Refused, match="not_logged_in"):
            await client.send(15, "hello")


async def test_messages_are_events_and_acknowledged_once_per_read(server: FakeServer) -> None:
    """One PUSHED covers all that came together."""
    async with logged_in(server) as (client, peer):
        peer.say_together(push(1, "a"), push(2, "b"))
        assert (await peer.hear(PUSHED))["push"] == 2
        assert await until(client, Message) == Message("m", "a", 15, "li", "hello", 7)
        assert (await until(client, Message)).cid == "b"


async def test_events_can_go_to_a_function(server: FakeServer) -> None:
    """Its mistakes do not cost the events behind."""
    had: list[object] = []
    complaints: list[str] = []

    def on_event(event: object) -> None:
        had.append(event)
        if isinstance(event, Presence):
            raise ZeroDivisionError

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    async with logged_in(server, on_event=on_event) as (_, peer):
        peer.say_together(line(msgid=1017, id=1, name="x", state="online"), push(1, "a"))
        assert (await peer.hear(PUSHED))["push"] == 1
    assert [type(event) for event in had] == [Connected, Presence, Message]
    assert len(complaints) == 1


async def test_a_lost_connection_is_resumed_by_token(server: FakeServer) -> None:
    """The application hears of both, and need not do anything."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        assert (await until(client, Disconnected)).retrying
        request = await (await server.accept()).admit(RESUME)
        assert request["token"] == "t1"
        assert await until(client, Reconnected) == Reconnected(resumed=True)


async def test_unanswered_messages_are_sent_again_before_new_ones(server: FakeServer) -> None:
    """In their order, with the same cids."""
    async with logged_in(server) as (client, peer):
        futures = [client.post(15, text) for text in ("one", "two", "three")]
        cids = [(await peer.hear(CHAT))["cid"] for _ in range(3)]
        await peer.hang_up()
        await until(client, Disconnected)
        futures.append(client.post(15, "four"))
        second = await server.accept()
        await second.admit(RESUME)
        chats = [await second.take() for _ in range(4)]
        assert [chat["msg"] for chat in chats] == ["one", "two", "three", "four"]
        assert [chat["cid"] for chat in chats][:3] == cids
        await asyncio.gather(*futures)


async def test_a_message_that_comes_twice_is_shown_once(server: FakeServer) -> None:
    """The second copy is acknowledged like the first."""
    async with logged_in(server) as (client, peer):
        peer.say_together(push(1, "a"))
        await until(client, Message)
        await peer.hang_up()
        second = await server.accept()
        await second.admit(RESUME)
        second.say_together(push(1, "a"), push(2, "b"))
        assert (await second.hear(PUSHED))["push"] == 2
        assert (await until(client, Message)).cid == "b"


async def test_the_token_of_the_last_answer_is_used(server: FakeServer) -> None:
    """A RESUME can be answered with another one, which the program can read, too."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        second = await server.accept()
        assert (await second.admit(RESUME, token="t2"))["token"] == "t1"
        await until(client, Reconnected)
        assert client.token == "t2"
        await second.hang_up()
        request = await (await server.accept()).admit(RESUME, token="t2")
        assert request["token"] == "t2"


async def test_a_refused_token_falls_back_to_the_password(server: FakeServer) -> None:
    """The server may have lost its tokens, or the token may be too old."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        second = await server.accept()
        await second.turn_away(RESUME, 4, "bad_token")
        request = await second.admit(LOGIN, token="t2")
        assert (request["name"], request["password"]) == ("zhang san", "secret")
        assert await until(client, Reconnected) == Reconnected(resumed=True)
        assert client.token == "t2"


async def test_without_a_password_a_refused_token_ends_the_session(server: FakeServer) -> None:
    """Who is logged in no more is told, and so is who waits for an acknowledgement."""
    async with connected(server) as (client, peer):
        await both(client.resume("t0"), peer.admit(RESUME))
        sending = client.post(15, "hello")
        await peer.hear(CHAT)
        await peer.hang_up()
        second = await server.accept()
        await second.turn_away(RESUME, 4, "bad_token")
        assert (await until(client, SessionEnded)).refusal.error == "bad_token"
        with pytest.raises(Refused, match="bad_token"):
            await sending
        assert client.user is None
        await both(client.login(13, "secret"), second.admit(LOGIN))


async def test_a_lingering_session_is_waited_for(server: FakeServer) -> None:
    """The server needs time to notice that the old connection is gone."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        second = await server.accept()
        for _ in range(3):
            await second.turn_away(RESUME, 2, "already_online")
        await second.admit(RESUME)
        assert await until(client, Reconnected) == Reconnected(resumed=True)


async def test_a_lingering_session_is_not_waited_for_for_ever(server: FakeServer) -> None:
    """It may be somebody else's who has logged in meanwhile."""
    settings = attrs.evolve(HASTY, claim_patience=0.0)
    async with logged_in(server, settings) as (client, peer):
        await peer.hang_up()
        await (await server.accept()).turn_away(RESUME, 2, "already_online")
        assert (await until(client, SessionEnded)).refusal.error == "already_online"


async def test_a_first_login_does_not_wait_for_another_session(server: FakeServer) -> None:
    """There it is somebody's, and the user wants to know."""
    async with connected(server) as (client, peer):
        with pytest.raises(Refused, match="already_online"):
            await both(client.login(13, "x"), peer.turn_away(LOGIN, 2, "already_online"))


async def test_a_session_is_taken_over_if_it_is_to_be(server: FakeServer) -> None:
    """By the login that says so, and by no reconnection after it: the other one has the user."""
    async with connected(server) as (client, peer):
        logging_in = asyncio.create_task(client.login("zhang san", "secret", takeover=True))
        assert (await peer.admit(LOGIN))["takeover"] is True
        await logging_in
        await peer.hang_up()
        second = await server.accept()
        await second.turn_away(RESUME, 4, "bad_token")
        request = await second.turn_away(LOGIN, 2, "already_online")
        assert "takeover" not in request
        assert request["password"] == "secret"


async def test_a_login_takes_nothing_over_by_itself(server: FakeServer) -> None:
    """The application has to ask for it."""
    async with connected(server) as (client, peer):
        request = await both(peer.admit(LOGIN), client.login(13, "secret"))
        assert "takeover" not in request


async def test_a_busy_server_is_asked_for_a_resume_again(server: FakeServer) -> None:
    """On another connection, which may lead to another server."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        await (await server.accept()).turn_away(RESUME, 50, "try_again")
        await (await server.accept()).admit(RESUME)
        assert await until(client, Reconnected) == Reconnected(resumed=True)


async def test_a_server_that_is_silent_at_the_login_is_left(server: FakeServer) -> None:
    """The login goes on over another connection; its first copy may have gone through."""
    settings = attrs.evolve(HASTY, greet_within=0.05)
    async with connected(server, settings) as (client, peer):
        knocking = asyncio.create_task(client.login(13, "secret"))
        await peer.hear(LOGIN)
        second = await server.accept()
        await second.turn_away(LOGIN, 2, "already_online")
        await second.admit(LOGIN)
        assert await knocking == User(13, "zhang san")
        await peer.until_gone()


async def test_a_login_that_nobody_answers_fails_in_the_end(server: FakeServer) -> None:
    """Patience is bounded."""
    settings = attrs.evolve(HASTY, greet_within=0.02, patience=0.1)
    async with connected(server, settings) as (client, _):
        with pytest.raises(ConnectionLost, match="does not answer"):
            await client.login(13, "secret")


async def test_a_login_that_is_given_up_ends_its_connection(server: FakeServer) -> None:
    """It may come about all the same, and then no other could on that connection."""
    async with connected(server) as (client, peer):
        knocking = asyncio.create_task(client.login(13, "secret"))
        await peer.hear(LOGIN)
        knocking.cancel()
        await peer.until_gone()
        second = await server.accept()
        assert await both(client.login(13, "secret"), second.admit()) == User(13, "zhang san")


async def test_a_silent_resume_is_tried_on_another_connection(server: FakeServer) -> None:
    """A server that accepts connections and says nothing does not stop the client."""
    settings = attrs.evolve(HASTY, greet_within=0.05)
    async with logged_in(server, settings) as (client, peer):
        await peer.hang_up()
        silent = await server.accept()
        await silent.hear(RESUME)
        await (await server.accept()).admit(RESUME)
        await until(client, Reconnected)


async def test_silence_ends_the_connection(server: FakeServer) -> None:
    """A PING that nobody answers is followed by a reconnection."""
    settings = attrs.evolve(HASTY, ping_after=0.02, dead_after=0.06)
    async with logged_in(server, settings) as (client, peer):
        await peer.hear(1012)
        assert (await until(client, Disconnected)).why == "the server is silent"


async def test_who_was_replaced_does_not_come_back(server: FakeServer) -> None:
    """The events end, and so do the hopes of whoever waits."""
    async with logged_in(server) as (client, peer):
        sending = client.post(15, "hello")
        await peer.hear(CHAT)
        peer.say(msgid=1016)
        await until(client, Replaced)
        await peer.hang_up()
        assert not (await until(client, Disconnected)).retrying
        assert [event async for event in client.events()] == []
        with pytest.raises(ConnectionLost, match="taken this session over"):
            await sending
        with pytest.raises(ConnectionLost, match="taken this session over"):
            await client.send(15, "again")


async def test_the_delay_of_a_server_that_goes_away_is_honoured(server: FakeServer) -> None:
    """The client comes back within it, instead of after its own delay."""
    settings = attrs.evolve(HASTY, first_delay=1_000.0, longest_delay=1_000.0)
    async with logged_in(server, settings) as (client, peer):
        peer.say(msgid=1018, delay=20)
        assert await until(client, GoingAway) == GoingAway(20)
        await peer.hang_up()
        await (await server.accept()).admit(RESUME)
        await until(client, Reconnected)


async def test_a_client_that_shall_not_reconnect_ends_with_its_connection(
    server: FakeServer,
) -> None:
    """Everything asked of it fails from then on."""
    async with logged_in(server, reconnect=False) as (client, peer):
        sending = client.post(15, "hello")
        await peer.hear(CHAT)
        await peer.hang_up()
        assert not (await until(client, Disconnected)).retrying
        with pytest.raises(ConnectionLost):
            await sending
        with pytest.raises(ConnectionLost):
            await client.find_user("li si")


async def test_a_request_under_way_fails_with_its_connection(server: FakeServer) -> None:
    """Nobody can know whether it was carried out."""
    async with logged_in(server) as (client, peer):
        asking = asyncio.create_task(client.create_group("hikers"))
        await peer.hear(1007)
        await peer.hang_up()
        with pytest.raises(ConnectionLost):
            await asyncio.wait_for(asking, TIMEOUT)


async def test_a_connection_that_lasted_makes_the_delays_small_again(server: FakeServer) -> None:
    """Otherwise the fifteenth loss would be followed by half a minute's wait."""
    settings = attrs.evolve(HASTY, longest_delay=1_000.0)
    async with logged_in(server, settings) as (client, peer):
        await peer.hang_up()
        for _ in range(15):
            next_peer = await server.accept()
            await next_peer.admit(RESUME)
            await until(client, Reconnected)
            await next_peer.hang_up()


async def test_a_request_waits_for_the_connection_to_come_back(server: FakeServer) -> None:
    """It need not be repeated by the application."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        await until(client, Disconnected)
        asking = asyncio.create_task(client.find_user("li si"))
        second = await server.accept()
        await second.admit(RESUME)
        seq = (await second.hear(1019))["seq"]
        second.say(msgid=1020, seq=seq, id=15, name="li si", state="online")
        assert await asking == Friend(15, "li si", online=True)


async def test_an_unread_backlog_makes_the_server_wait(server: FakeServer) -> None:
    """Messages are not acknowledged until somebody reads; answers come all the same."""
    settings = attrs.evolve(HASTY, backlog=2)
    async with logged_in(server, settings) as (client, peer):
        await until(client, Connected)
        peer.say_together(push(1, "a"), push(2, "b"))
        await both(client.send(15, "hello"), peer.take())
        assert (await until(client, Message)).cid == "a"
        assert (await peer.hear(PUSHED))["push"] == 2


async def test_send_waits_for_room_and_post_does_not(server: FakeServer) -> None:
    """The queue of messages is bounded."""
    settings = attrs.evolve(HASTY, waiting=1)
    async with logged_in(server, settings) as (client, peer):
        first = client.post(15, "one")
        with pytest.raises(OutboxFull):
            client.post(15, "two")
        second, third = (asyncio.create_task(client.send(15, text)) for text in ("two", "three"))
        assert [(await peer.take())["msg"] for _ in range(3)] == ["one", "two", "three"]
        await asyncio.gather(first, second, third)


async def test_logout_waits_for_what_is_under_way(server: FakeServer) -> None:
    """Afterwards nobody is logged in, and another user may be."""
    async with logged_in(server) as (client, peer):
        sending = client.post(15, "bye")
        leaving = asyncio.create_task(client.logout())
        await peer.take()
        seq = (await peer.hear(1002))["seq"]
        peer.say(msgid=1010, seq=seq)
        await leaving
        assert (await sending).delivered
        assert client.user is None
        await both(client.login(14, "secret"), peer.admit(id=14))


async def test_a_changed_password_is_used_from_then_on(server: FakeServer) -> None:
    """So is the new token that comes with it."""
    async with logged_in(server) as (client, peer):
        changing = asyncio.create_task(client.change_password("secret", "better"))
        seq = (await peer.hear(1029))["seq"]
        peer.say(msgid=1030, seq=seq, token="t9", expires=1)
        await changing
        await peer.hang_up()
        second = await server.accept()
        assert (await second.turn_away(RESUME, 4, "bad_token"))["token"] == "t9"
        assert (await second.admit(LOGIN))["password"] == "better"


async def test_lists_are_fetched_page_by_page(server: FakeServer) -> None:
    """The answer's `next` is asked for until there is none."""
    async with logged_in(server) as (client, peer):

        async def pages() -> None:
            one = await peer.hear(1022)
            row = {"id": 15, "name": "li", "state": "online"}
            peer.say(msgid=1023, seq=one["seq"], friends=[row], next=15)
            two = await peer.hear(1022)
            assert (one.get("after"), two["after"], two["limit"]) == (None, 15, 1)
            row = {"id": 16, "name": "wu", "state": "offline"}
            peer.say(msgid=1023, seq=two["seq"], friends=[row])

        async def friends() -> list[Friend]:
            return [friend async for friend in client.friends(page=1)]

        assert await both(friends(), pages()) == [Friend(15, "li", True), Friend(16, "wu", False)]


async def test_groups_and_members_have_roles(server: FakeServer) -> None:
    """They come as the same records that the server's rules use."""
    async with logged_in(server) as (client, peer):

        async def answers() -> None:
            seq = (await peer.hear(1024))["seq"]
            group = {"id": 3, "groupname": "hikers", "groupdesc": "every Sunday", "role": "creator"}
            peer.say(msgid=1025, seq=seq, groups=[group])
            seq = (await peer.hear(1026))["seq"]
            user = {"id": 13, "name": "zhang", "state": "online", "role": "normal"}
            peer.say(msgid=1027, seq=seq, groupid=3, users=[user])

        async def lists() -> tuple[list[Membership], list[Member]]:
            groups = [group async for group in client.groups()]
            return groups, [member async for member in client.members(3)]

        groups, members = await both(lists(), answers())
        assert groups == [Membership(Group(3, "hikers", "every Sunday"), Role.CREATOR)]
        assert members == [Member(13, "zhang", Role.NORMAL, online=True)]


async def test_a_group_is_renamed_and_its_members_hear_of_it(server: FakeServer) -> None:
    """The one who asks has an answer, the others an event."""
    async with logged_in(server) as (client, peer):
        renaming = asyncio.create_task(client.rename_group(3, "walkers"))
        request = await peer.hear(1035)
        assert (request["groupid"], request["groupname"]) == (3, "walkers")
        peer.say(msgid=1010, seq=request["seq"])
        await renaming
        peer.say(msgid=1036, groupid=4, groupname="larks", id=15, name="li si")
        changed = await until(client, hints.GroupChanged)
        assert changed == hints.GroupChanged(4, "larks", User(15, "li si"))


def test_it_runs_on_uvloop_too() -> None:
    """Whose transports are of other classes."""

    async def converse() -> Ack:
        async with FakeServer().listening() as server, logged_in(server) as (client, peer):
            ack: Ack = await both(client.send(15, "hello"), peer.take())
            return ack

    assert uvloop.run(converse()).delivered


async def test_closing_fails_what_is_unanswered(server: FakeServer) -> None:
    """Nobody waits for ever for a client that is gone."""
    async with logged_in(server) as (client, peer):
        sending = client.post(15, "hello")
        await peer.hear(CHAT)
    with pytest.raises(ConnectionLost, match="closed"):
        await sending
