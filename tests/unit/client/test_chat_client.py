"""ChatClient on real sockets, against a server that follows the test's script."""

import asyncio
import errno
import os
from typing import Any

import attrs
import pytest
import uvloop

from adapters.client import (
    Ack,
    Changed,
    ChatClient,
    Connected,
    ConnectionLost,
    Disconnected,
    GoingAway,
    Message,
    OutboxFull,
    Position,
    Presence,
    Reconnected,
    Refused,
    Reset,
    ServerError,
    SessionEnded,
)
from chat_domain.model import Friend, Group, Member, Membership, Role, User
from tests.eventually import eventually
from tests.unit.client.fake_chat_server import AT_0, TAKEN, TIMEOUT, FakeServer, line, push
from tests.unit.client.fellows import HASTY, both, connected, cut_off, logged_in, until

LOGIN, REGISTER, RESUME, CHAT = 1000, 1003, 1015, 1005


async def test_login_by_name_asks_for_version_2(server: FakeServer) -> None:
    """Afterwards, the client knows its user and the token."""
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


NO_IDS = ["0", "2147483648", "9" * 5_000, "²"]


@pytest.mark.parametrize(
    ("who", "field", "value"),
    [*((who, "id", 13) for who in (13, "13", " 13 ")), *((who, "name", who) for who in NO_IDS)],
)
async def test_digits_are_an_id(
    server: FakeServer, who: int | str, field: str, value: int | str
) -> None:
    """No name consists of digits only. Of digits that no id has, the server knows nobody."""
    async with connected(server) as (client, peer):
        knocking = asyncio.create_task(client.login(who, "secret"))
        assert (await peer.admit())[field] == value
        await knocking


async def test_a_refused_login_can_be_repeated(server: FakeServer) -> None:
    """The exception has the server's reason, and the connection stays."""
    async with connected(server) as (client, peer):
        with pytest.raises(Refused) as refused:
            await both(client.login(13, "x"), peer.turn_away(LOGIN, 3, "bad_credentials"))
        assert refused.value.error == "bad_credentials"
        assert client.user is None
        await both(client.login(13, "y"), peer.admit())


async def test_a_taken_name_is_refused(server: FakeServer) -> None:
    """A registration has its own kind of answer."""
    async with connected(server) as (client, peer):
        asking = asyncio.create_task(client.register("li si", "secret"))
        seq = (await peer.hear(REGISTER))["seq"]
        peer.say(msgid=1004, seq=seq, errno=1, error="name_taken", errmsg="taken")
        with pytest.raises(Refused, match="name_taken: taken"):
            await asking


async def test_without_a_server_there_is_no_client() -> None:
    """The client does not retry the first connection."""
    async with FakeServer().listening() as gone:
        port = gone.port
    with pytest.raises(ConnectionLost, match="cannot connect"):
        async with ChatClient.connect("127.0.0.1", port):
            raise AssertionError("there was a server")


async def test_a_login_says_which_device_it_is_and_where_it_was(server: FakeServer) -> None:
    """The application supplies the position. RESUME sends it too."""
    async with connected(server) as (client, peer):
        position = Position(4, "e1")
        knocking = client.login(13, "secret", device="laptop", position=position)
        _, request = await asyncio.gather(knocking, peer.admit())
        assert (request["device"], request["since"], request["epoch"]) == ("laptop", 4, "e1")
        assert client.position == position
    async with connected(server) as (client, peer):
        _, request = await asyncio.gather(client.resume("t", position=position), peer.admit(RESUME))
        assert (request["since"], request["epoch"]) == (4, "e1")


async def test_send_waits_for_the_answer(server: FakeServer) -> None:
    """The acknowledgement has the message's position in the log."""
    async with logged_in(server) as (client, peer):
        sending = asyncio.create_task(client.send(15, "hello", answers=5))
        chat = await peer.take(at=8)
        assert await sending == Ack(8, 1)
        assert chat["re"] == 5
        assert client.unsettled == 0


async def test_a_cid_begins_with_the_time(server: FakeServer) -> None:
    """The time has 13 digits of milliseconds, and each cid is different."""
    async with logged_in(server) as (client, peer):
        client.post(15, "hello")
        client.post_group(3, "hello all")
        cids = [(await peer.take())["cid"] for _ in range(2)]
        assert all(cid[:13].isdigit() and cid[13] == "-" for cid in cids)
        assert len(set(cids)) == 2


async def test_a_bad_text_is_not_queued(server: FakeServer) -> None:
    """The client refuses it at once, so it holds up no other message."""
    async with logged_in(server) as (client, _):
        with pytest.raises(Refused, match="bad_field"):
            client.post(15, "")
        assert client.unsettled == 0


async def test_sending_needs_a_login(server: FakeServer) -> None:
    """The client refuses it without asking the server."""
    async with connected(server) as (client, _):
        with pytest.raises(Refused, match="not_logged_in"):
            await client.send(15, "hello")


async def test_messages_are_events_and_taken_over(server: FakeServer) -> None:
    """An event is taken over when the application asks for the next one. The client tells the
    server from time to time."""
    settings = attrs.evolve(HASTY, taken_every=0.02)
    async with logged_in(server, settings) as (client, peer):
        peer.say_together(push(1, "a"), push(2, "b"))
        assert await until(client, Message) == Message(1, "a", 15, "li", "hello", 7, to_id=13)
        assert client.position == Position(0, "e1")
        assert (await until(client, Message)).cid == "b"
        assert client.position == Position(1, "e1")
        reading = asyncio.create_task(until(client, Message))
        told = 0
        while told < 2:
            told = (await peer.hear(TAKEN))["at"]
        peer.say_together(push(3, "c"))
        await reading


async def test_what_is_done_is_taken_over_before_closing(server: FakeServer) -> None:
    """The client does so however little time has passed. What the application was still working on
    is not taken over."""
    settings = attrs.evolve(HASTY, taken_every=1_000.0)
    async with logged_in(server, settings) as (client, peer):
        peer.say_together(push(1, "a"), push(2, "b"), push(3, "c"), push(4, "d"))
        for _ in range(2):
            await until(client, Message)
        assert (await peer.hear(TAKEN))["at"] == 1
        await until(client, Message)
        last = await until(client, Message)
        await client.taken(last)
        peer.say_together(push(5, "e"))
        await until(client, Message)
    assert (await peer.hear(TAKEN))["at"] == 4


async def test_an_application_can_say_what_it_is_done_with(server: FakeServer) -> None:
    """The loop's next step then no longer does so. What the application names includes everything
    before it."""
    settings = attrs.evolve(HASTY, taken_every=0.0)
    async with logged_in(server, settings) as (client, peer):
        peer.say_together(push(1, "a"), push(2, "b"), push(3, "c"))
        messages = []
        async with asyncio.timeout(TIMEOUT):
            async for event in client.events(explicit=True):
                messages += [event] if isinstance(event, Message) else []
                if len(messages) == 3:
                    break
        assert client.position == Position(0, "e1")
        await client.taken(messages[1])
        assert (await peer.hear(TAKEN))["at"] == 2
        assert client.position == Position(2, "e1")


async def test_events_can_go_to_a_function(server: FakeServer) -> None:
    """If the function fails, later events still reach it."""
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
        assert (await peer.hear(TAKEN))["at"] == 1
    assert [type(event) for event in had] == [Connected, Presence, Message]
    assert len(complaints) == 1


async def test_what_is_said_at_once_is_heard(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it and the end may have arrived before the connecting client continues: uvloop reads
    first."""
    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async def late(*args: Any, **options: Any) -> Any:
        made = await connect(*args, **options)
        peer = await server.accept()
        peer.say(msgid=1011, errno=14, error="too_many_connections", errmsg="there is no room")
        peer.close()
        await eventually(made[0].is_closing)
        return made

    monkeypatch.setattr(loop, "create_connection", late)
    async with ChatClient.connect("127.0.0.1", server.port, reconnect=False) as client:
        async with asyncio.timeout(TIMEOUT):
            had = [event async for event in client.events()]
    assert {type(event) for event in had} == {ServerError, Connected, Disconnected}


async def test_a_lost_connection_is_resumed_by_token(server: FakeServer) -> None:
    """The application hears of both the loss and the return, and need not do anything."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        assert (await until(client, Disconnected)).retrying
        request = await (await server.accept()).admit(RESUME)
        assert (request["token"], request["since"], request["epoch"]) == ("t1", 0, "e1")
        assert await until(client, Reconnected) == Reconnected(resumed=True)


async def test_why_a_connection_was_lost_is_said_in_words(server: FakeServer) -> None:
    """The reason may be shown to a person, to whom the system's error number says nothing."""
    async with logged_in(server) as (client, peer):
        await peer.reset()
        assert (await until(client, Disconnected)).why == os.strerror(errno.ECONNRESET)


async def test_unanswered_messages_are_sent_again_before_new_ones(server: FakeServer) -> None:
    """They are sent in their order, with the same cids."""
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


async def test_a_client_goes_on_from_where_it_was(server: FakeServer) -> None:
    """By token or by password, it names the last position that it received. A copy is shown
    once."""
    async with logged_in(server) as (client, peer):
        peer.say_together(push(6, "a"))
        await until(client, Message)
        second = await cut_off(server, peer)
        assert (await second.turn_away(RESUME, 4, "bad_token"))["since"] == 6
        assert (await second.admit(LOGIN))["since"] == 6
        second.say_together(push(6, "a"), push(7, "b"))
        assert (await until(client, Message)).cid == "b"
        assert client.position == Position(6, "e1")


async def test_an_own_message_from_the_log_is_an_answer(server: FakeServer) -> None:
    """Its ACK was lost with the connection."""
    async with logged_in(server) as (client, peer):
        sending = client.post(15, "hello")
        cid = (await peer.hear(CHAT))["cid"]
        second = await cut_off(server, peer)
        await second.admit(RESUME)
        second.say_together(push(4, cid, sender=13, toid=15), push(5, "a"))
        assert await sending == Ack(4, 7)
        assert (await until(client, Message)).cid == "a", "nor is it shown"


async def test_positions_that_mean_nothing_any_more_are_forgotten(server: FakeServer) -> None:
    """The application hears of it, and the next login continues from the position that the server
    named."""
    async with logged_in(server) as (client, peer):
        peer.say_together(push(6, "a"))
        await until(client, Message)
        second = await cut_off(server, peer)
        await second.admit(RESUME, reset=True, head=3, epoch="e2")
        assert await until(client, Reset) == Reset(Position(3, "e2"))
        request = await (await cut_off(server, second)).admit(RESUME, epoch="e2")
        assert (request["since"], request["epoch"]) == (3, "e2")


async def test_the_token_of_the_last_answer_is_used(server: FakeServer) -> None:
    """The answer to a RESUME may have a new token, which the program can also read."""
    async with logged_in(server) as (client, peer):
        second = await cut_off(server, peer)
        assert (await second.admit(RESUME, token="t2"))["token"] == "t1"
        await until(client, Reconnected)
        assert client.token == "t2"
        request = await (await cut_off(server, second)).admit(RESUME, token="t2")
        assert request["token"] == "t2"


async def test_a_refused_token_falls_back_to_the_password(server: FakeServer) -> None:
    """The server may have lost its tokens, or the token may be too old."""
    async with logged_in(server) as (client, peer):
        second = await cut_off(server, peer)
        await second.turn_away(RESUME, 4, "bad_token")
        request = await second.admit(LOGIN, token="t2")
        assert (request["name"], request["password"]) == ("zhang san", "secret")
        assert await until(client, Reconnected) == Reconnected(resumed=True)
        assert client.token == "t2"


async def test_without_a_password_a_refused_token_ends_the_session(server: FakeServer) -> None:
    """The application is told, and so is whoever waits for an acknowledgement."""
    async with connected(server) as (client, peer):
        await both(client.resume("t0"), peer.admit(RESUME))
        sending = client.post(15, "hello")
        await peer.hear(CHAT)
        second = await cut_off(server, peer)
        await second.turn_away(RESUME, 4, "bad_token")
        assert (await until(client, SessionEnded)).refusal.error == "bad_token"
        with pytest.raises(Refused, match="bad_token"):
            await sending
        assert client.user is None
        await both(client.login(13, "secret"), second.admit(LOGIN))


async def test_a_busy_server_is_asked_for_a_resume_again(server: FakeServer) -> None:
    """The client uses another connection, which may lead to another server."""
    async with logged_in(server) as (client, peer):
        await (await cut_off(server, peer)).turn_away(RESUME, 50, "try_again")
        await (await server.accept()).admit(RESUME)
        assert await until(client, Reconnected) == Reconnected(resumed=True)


async def test_a_server_that_is_silent_at_the_login_is_left(server: FakeServer) -> None:
    """The login continues on another connection, and on a further one if that server is busy."""
    settings = attrs.evolve(HASTY, greet_within=0.3)
    async with connected(server, settings) as (client, peer):
        knocking = asyncio.create_task(client.login(13, "secret"))
        await peer.hear(LOGIN)
        second = await server.accept()
        await second.turn_away(LOGIN, 50, "try_again")
        await second.admit(LOGIN)
        assert await knocking == User(13, "zhang san")
        await peer.until_gone()


async def test_a_login_that_nobody_answers_fails_in_the_end(server: FakeServer) -> None:
    """The client waits for a bounded time."""
    settings = attrs.evolve(HASTY, greet_within=0.02, patience=0.1)
    async with connected(server, settings) as (client, _):
        with pytest.raises(ConnectionLost, match="does not answer"):
            await client.login(13, "secret")


async def test_a_login_that_is_given_up_ends_its_connection(server: FakeServer) -> None:
    """The server may still carry it out, and then accepts no other login on that connection."""
    async with connected(server) as (client, peer):
        knocking = asyncio.create_task(client.login(13, "secret"))
        await peer.hear(LOGIN)
        knocking.cancel()
        await peer.until_gone()
        second = await server.accept()
        assert await both(client.login(13, "secret"), second.admit()) == User(13, "zhang san")


async def test_a_silent_resume_is_tried_on_another_connection(server: FakeServer) -> None:
    """A server that accepts connections and sends nothing does not stop the client."""
    settings = attrs.evolve(HASTY, greet_within=0.3)
    async with logged_in(server, settings) as (client, peer):
        silent = await cut_off(server, peer)
        await silent.hear(RESUME)
        await (await server.accept()).admit(RESUME)
        await until(client, Reconnected)


async def test_a_client_is_back_only_when_the_server_answers(server: FakeServer) -> None:
    """Even if nobody is logged in: a proxy, or a stopped server, accepts connections and is silent.
    The client leaves it for another, and only then says that it has reconnected."""
    settings = attrs.evolve(HASTY, greet_within=0.3)
    async with connected(server, settings) as (client, peer):
        peer.say(msgid=1018, delay=0)
        await until(client, GoingAway)
        await (await cut_off(server, peer)).until_gone()
        third = await server.accept()
        looking = asyncio.create_task(third.hear())
        assert await until(client, Reconnected) == Reconnected(resumed=False)
        looking.cancel()


async def test_silence_ends_the_connection(server: FakeServer) -> None:
    """The client reconnects if nobody answers its PING."""
    settings = attrs.evolve(HASTY, ping_after=0.1, dead_after=0.3)
    async with logged_in(server, settings) as (client, peer):
        await peer.hear(1012)
        assert (await until(client, Disconnected)).why == "the server is silent"


async def test_who_was_ended_elsewhere_does_not_come_back(server: FakeServer) -> None:
    """The client tries neither the token nor the password, but the application may log in again."""
    async with logged_in(server) as (client, peer):
        sending = client.post(15, "hello")
        await peer.hear(CHAT)
        peer.say(msgid=1016)
        ended = await until(client, SessionEnded)
        assert ended.refusal.error == "bad_token"
        with pytest.raises(Refused, match="ended elsewhere"):
            await sending
        assert (client.user, client.token) == (None, None)
        second = await cut_off(server, peer)
        with pytest.raises(Refused, match="ended elsewhere"):
            await until(client, Reconnected)
        await both(client.login(13, "secret"), second.admit(LOGIN))
        assert await until(client, Reconnected) == Reconnected(resumed=False)


async def test_the_delay_of_a_server_that_goes_away_is_honoured(server: FakeServer) -> None:
    """The client comes back within that delay, instead of after its own."""
    settings = attrs.evolve(HASTY, first_delay=1_000.0, longest_delay=1_000.0)
    async with logged_in(server, settings) as (client, peer):
        peer.say(msgid=1018, delay=20)
        assert await until(client, GoingAway) == GoingAway(20)
        await (await cut_off(server, peer)).admit(RESUME)
        await until(client, Reconnected)


async def test_a_client_that_shall_not_reconnect_ends_with_its_connection(
    server: FakeServer,
) -> None:
    """Every request fails from then on."""
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
        asking = asyncio.create_task(client.change_password("old", "new"))
        await peer.hear(1029)
        await peer.hang_up()
        with pytest.raises(ConnectionLost):
            await asyncio.wait_for(asking, TIMEOUT)


async def test_a_change_of_a_group_is_asked_for_until_it_has_an_answer(server: FakeServer) -> None:
    """All attempts have one cid, by which the server recognizes them."""
    async with logged_in(server) as (client, peer):
        asking = asyncio.create_task(client.join_group(3))
        first = await peer.hear(1008)
        second = await cut_off(server, peer)
        await second.admit(RESUME)
        again = await second.hear(1008)
        second.say(msgid=1011, seq=again["seq"], errno=50, error="try_again", errmsg="")
        last = await second.hear(1008)
        assert first["cid"] == again["cid"] == last["cid"]
        group = {"groupid": 3, "groupname": "hikers", "groupdesc": "every Sunday"}
        second.say(msgid=1010, seq=last["seq"], at=4, time=1, **group)
        assert await asking == Group(3, "hikers", "every Sunday")


async def test_a_change_of_a_group_that_is_refused_is_not_asked_for_again(
    server: FakeServer,
) -> None:
    """The reason is permanent."""
    async with logged_in(server) as (client, peer):
        asking = asyncio.create_task(client.create_group("hikers"))
        seq = (await peer.hear(1007))["seq"]
        peer.say(msgid=1011, seq=seq, errno=37, error="group_name_taken", errmsg="")
        with pytest.raises(Refused, match="group_name_taken"):
            await asking


async def test_a_change_of_a_group_is_not_asked_for_for_ever(server: FakeServer) -> None:
    """The caller learns why it was not carried out."""
    settings = attrs.evolve(HASTY, patience=0.5)
    async with logged_in(server, settings) as (client, peer):

        async def refuse_all() -> None:
            while True:
                request = await peer.hear(1028)
                peer.say(msgid=1011, seq=request["seq"], errno=50, error="try_again", errmsg="")

        refusing = asyncio.create_task(refuse_all())
        with pytest.raises(Refused, match="try_again"):
            await client.leave_group(3)
        refusing.cancel()


async def test_a_connection_that_lasted_makes_the_delays_small_again(server: FakeServer) -> None:
    """Otherwise the fifteenth loss would be followed by a wait of half a minute."""
    settings = attrs.evolve(HASTY, longest_delay=1_000.0)
    async with logged_in(server, settings) as (client, peer):
        await peer.hang_up()
        for _ in range(15):
            next_peer = await server.accept()
            await next_peer.admit(RESUME)
            await until(client, Reconnected)
            await next_peer.hang_up()


async def test_who_asks_again_in_the_moment_of_the_loss_waits_too(server: FakeServer) -> None:
    """An application does so if it has just learned that the loss has cost it an answer."""

    async def ask(client: ChatClient) -> Friend:
        try:
            return await client.find_user("li si")
        except ConnectionLost:
            return await client.find_user("li si")

    async with logged_in(server) as (client, peer):
        asking = asyncio.create_task(ask(client))
        await peer.hear(1019)
        second = await cut_off(server, peer)
        await second.admit(RESUME)
        seq = (await second.hear(1019))["seq"]
        second.say(msgid=1020, seq=seq, id=15, name="li si", state="online")
        assert await asking == Friend(15, "li si", online=True)


async def test_a_request_waits_for_the_connection_to_come_back(server: FakeServer) -> None:
    """The application need not repeat it."""
    async with logged_in(server) as (client, peer):
        await peer.hang_up()
        await until(client, Disconnected)
        asking = asyncio.create_task(client.find_user("li si"))
        second = await server.accept()
        await second.admit(RESUME)
        seq = (await second.hear(1019))["seq"]
        second.say(msgid=1020, seq=seq, id=15, name="li si", state="online")
        assert await asking == Friend(15, "li si", online=True)


async def test_what_is_left_unread_is_fetched_later(server: FakeServer) -> None:
    """The client takes no more than it may keep, while answers still arrive. When everything is
    read, the next connection brings the rest."""
    settings = attrs.evolve(HASTY, backlog=2)
    async with logged_in(server, settings) as (client, peer):
        await until(client, Connected)
        peer.say_together(push(1, "a"), push(2, "b"))
        await both(client.send(15, "hello"), peer.take())
        peer.say_together(push(3, "c"))
        await both(client.send(15, "hello"), peer.take())
        assert [(await until(client, Message)).cid for _ in range(2)] == ["a", "b"]
        reading = asyncio.create_task(until(client, Message))
        second = await server.accept()
        assert (await second.admit(RESUME))["since"] == 2
        second.say_together(push(3, "c"))
        assert (await reading).cid == "c"


async def test_requests_have_their_answers_before_the_rest_is_fetched(server: FakeServer) -> None:
    """Otherwise nobody could know whether they were carried out."""
    settings = attrs.evolve(HASTY, backlog=1, answer_within=0.04)
    async with logged_in(server, settings) as (client, peer):
        await until(client, Connected)
        peer.say_together(push(1, "a"))
        await both(client.send(15, "hello"), peer.take())
        asking = asyncio.create_task(client.find_user("li si"))
        seq = (await peer.hear(1019))["seq"]
        peer.say_together(push(2, "b"))
        await both(client.send(15, "hello"), peer.take())
        assert (await until(client, Message)).cid == "a"
        reading = asyncio.create_task(until(client, Message))
        await asyncio.sleep(0)
        peer.say(msgid=1020, seq=seq, id=15, name="li si", state="online")
        assert await asking == Friend(15, "li si", online=True)
        second = await server.accept()
        await second.admit(RESUME)
        second.say_together(push(2, "b"))
        assert (await reading).cid == "b"


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
    """Afterwards nobody is logged in, and another user may log in."""
    async with logged_in(server) as (client, peer):
        sending = client.post(15, "bye")
        leaving = asyncio.create_task(client.logout())
        await peer.take()
        seq = (await peer.hear(1002))["seq"]
        peer.say(msgid=1010, seq=seq)
        await leaving
        assert (await sending).at == 7
        assert client.user is None
        await both(client.login(14, "secret"), peer.admit(id=14))


async def test_a_changed_password_is_used_from_then_on(server: FakeServer) -> None:
    """So is the new token that comes with it."""
    async with logged_in(server) as (client, peer):
        changing = asyncio.create_task(client.change_password("secret", "better"))
        seq = (await peer.hear(1029))["seq"]
        peer.say(msgid=1030, seq=seq, token="t9", expires=1)
        await changing
        second = await cut_off(server, peer)
        assert (await second.turn_away(RESUME, 4, "bad_token"))["token"] == "t9"
        assert (await second.admit(LOGIN))["password"] == "better"


async def test_lists_are_fetched_page_by_page(server: FakeServer) -> None:
    """The client asks for the answer's `next` until an answer has none."""
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
    """They are the same records that the server's rules use."""
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
    """The asking client gets an answer, and the others get an event."""
    async with logged_in(server) as (client, peer):
        renaming = asyncio.create_task(client.rename_group(3, "walkers"))
        request = await peer.hear(1035)
        assert (request["groupid"], request["groupname"]) == (3, "walkers")
        peer.say(msgid=1010, seq=request["seq"], at=4, time=1)
        await renaming
        what = {"msgid": 1037, "name": "li", "groupid": 3, "time": 7, "what": "renamed"}
        peer.say(at=4, cid=request["cid"], id=13, newname="walkers", **what)
        peer.say(at=5, cid="x", id=15, newname="larks", **what)
        changed = await until(client, Changed)
        assert changed == Changed(5, "x", 15, "li", 7, "renamed", 3, new_name="larks")


def test_it_runs_on_uvloop_too() -> None:
    """Its transports are of other classes."""

    async def converse() -> Ack:
        async with FakeServer().listening() as server, logged_in(server) as (client, peer):
            ack: Ack = await both(client.send(15, "hello"), peer.take())
            return ack

    assert uvloop.run(converse()) == Ack(7, 1)


async def test_closing_fails_what_is_unanswered(server: FakeServer) -> None:
    """Nobody waits forever for a client that is closed."""
    async with logged_in(server) as (client, peer):
        sending = client.post(15, "hello")
        await peer.hear(CHAT)
    with pytest.raises(ConnectionLost, match="closed"):
        await sending


async def test_a_session_that_ends_as_soon_as_it_begins_is_over(server: FakeServer) -> None:
    """SESSION_ENDED may arrive in one piece with the answer to a login or a RESUME."""
    ended = line(msgid=1016)
    ack = {"msgid": 1001, "errno": 0, "id": 13, "name": "li", "v": 2, "token": "t1"} | AT_0
    async with connected(server) as (client, peer):
        knocking = asyncio.create_task(client.login(13, "secret"))
        peer.say_together(line(seq=(await peer.hear(LOGIN))["seq"], **ack), ended)
        with pytest.raises(Refused, match="ended elsewhere"):
            await knocking
        assert client.user is None
    async with logged_in(server) as (client, peer):
        second = await cut_off(server, peer)
        second.say_together(line(seq=(await second.hear(RESUME))["seq"], **ack), ended)
        with pytest.raises(Refused, match="ended elsewhere"):
            await until(client, Reconnected)
        request = await asyncio.gather(second.admit(LOGIN), client.login(13, "by hand"))
        assert request[0]["password"] == "by hand", "it has not come back by itself"
