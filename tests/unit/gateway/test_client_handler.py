"""A client's conversation: order, answers, silence, and how it ends."""

import asyncio
from typing import Any

import attrs
import pytest

from adapters.gateway.keepalive import DROP_AFTER, PING_AFTER
from chat_domain.fairness.limits import UNLIMITED, Limits
from chat_domain.fairness.meter import READERS_PER_FRAME, STORE_WEIGHT
from chat_domain.log.follower import APPLIED_WITHIN
from chat_domain.log.queue import ANSWERED_WITHIN
from chat_domain.people.announcer import QUIET
from tests.unit.gateway.server import Peer, Server, settled
from tests.unit.wire.bad_fields import BAD_FIELDS

LOGIN = {"msgid": 1000, "password": "pw", "v": 2}


def msgids(peer: Peer) -> list[int]:
    return [frame["msgid"] for frame in peer.heard()]


async def about_to_wait(server: Server) -> Peer:
    """A client whose login as Ann will wait until passwords are hashed."""
    await server.register("Ann")
    server.hasher.gate.clear()
    return server.join()


async def hash_passwords(server: Server) -> None:
    server.hasher.gate.set()
    await settled()


# -- order -----------------------------------------------------------------------------------


async def test_requests_are_answered_in_one_turn(server: Server) -> None:
    """Requests that wait for nothing are handled inside the read, and all answers leave in one
    write."""
    peer = server.join()
    peer.say(*({"msgid": 1012, "seq": seq} for seq in range(5)))
    await settled()
    (chunk,) = peer.link.chunks
    assert [frame["seq"] for frame in peer.frames_in(chunk)] == [0, 1, 2, 3, 4]


async def test_while_a_request_waits_those_behind_it_wait(server: Server) -> None:
    """The server reads nothing more from this client. Then it answers all requests in their
    order."""
    peer = await about_to_wait(server)
    peer.say({"msgid": 1012, "seq": 1}, {**LOGIN, "id": 1, "seq": 2}, {"msgid": 1012, "seq": 3})
    await settled()
    assert [frame["seq"] for frame in peer.heard()] == [1]
    assert not peer.link.reading
    peer.say({"msgid": 1022, "seq": 4})
    await hash_passwords(server)
    assert [(frame["msgid"], frame["seq"]) for frame in peer.heard()] == [
        (1001, 2), (1013, 3), (1023, 4),
    ]  # fmt: skip
    assert peer.link.reading


async def test_what_comes_while_a_request_waits_stops_the_reading(server: Server) -> None:
    """The server therefore keeps no more than one read of it."""
    peer = await about_to_wait(server)
    peer.say({**LOGIN, "id": 1, "seq": 1})
    await settled()
    assert peer.link.reading
    peer.say({"msgid": 1012, "seq": 2})
    assert not peer.link.reading
    await hash_passwords(server)
    assert [frame["seq"] for frame in peer.heard()] == [1, 2]
    assert peer.link.reading


async def test_a_waiting_client_holds_nobody_else(server: Server) -> None:
    """Other clients are answered meanwhile."""
    await server.register("Ann")
    waiting, other = server.join(), server.join()
    server.hasher.gate.clear()
    waiting.say({**LOGIN, "id": 1})
    other.say({"msgid": 1012, "seq": 1})
    await settled()
    assert msgids(other) == [1013]
    await hash_passwords(server)


async def test_two_requests_that_wait_wait_one_after_the_other(server: Server) -> None:
    """The second one begins when the first is done, and is refused for that reason here."""
    await server.register("Ann")
    peer = server.join()
    peer.say({**LOGIN, "id": 1, "seq": 1}, {**LOGIN, "id": 1, "seq": 2}, {"msgid": 1022, "seq": 3})
    await settled()
    answers = peer.heard()
    assert [(frame["msgid"], frame.get("errno")) for frame in answers] == [
        (1001, 0), (1001, 6), (1023, None),
    ]  # fmt: skip


async def test_a_client_that_does_not_read_is_not_read_from(server: Server) -> None:
    """What it has sent waits until it reads again, and is handled in order."""
    peer = server.join()
    peer.handler.choked()
    assert not peer.link.reading
    peer.say({"msgid": 1012, "seq": 1}, {"msgid": 1012, "seq": 2})
    await settled()
    assert peer.heard() == []
    peer.handler.unchoked()
    await settled()
    assert [frame["seq"] for frame in peer.heard()] == [1, 2]
    assert peer.link.reading


async def test_choking_in_the_midst_of_a_read_stops_it(server: Server) -> None:
    """The frames behind it wait, even if the server was waiting for a request."""
    peer = await about_to_wait(server)
    peer.say({**LOGIN, "id": 1, "seq": 1}, {"msgid": 1012, "seq": 2})
    await settled()
    peer.handler.choked()
    await hash_passwords(server)
    assert [frame["seq"] for frame in peer.heard()] == [1]
    assert not peer.link.reading
    peer.handler.unchoked()
    await settled()
    assert [frame["seq"] for frame in peer.heard()] == [2]
    assert peer.link.reading


async def test_unchoking_while_a_request_waits_does_not_read_on(server: Server) -> None:
    """The order of the requests stays the same."""
    peer = await about_to_wait(server)
    peer.say({**LOGIN, "id": 1, "seq": 1}, {"msgid": 1012, "seq": 2})
    await settled()
    peer.handler.choked()
    peer.handler.unchoked()
    await settled()
    assert peer.heard() == []
    assert not peer.link.reading
    await hash_passwords(server)
    assert [frame["seq"] for frame in peer.heard()] == [1, 2]


# -- bad frames ------------------------------------------------------------------------------


async def test_a_bad_frame_costs_nothing_but_itself(server: Server) -> None:
    """Its error carries its seq if that can be read."""
    peer = server.join()
    peer.link.arrives(b'{"msgid":1012,"seq":1}\n{\n{"msgid":77,"seq":2}\n{"msgid":1012,"seq":3}\n')
    await settled()
    assert [(frame["msgid"], frame.get("error"), frame.get("seq")) for frame in peer.heard()] == [
        (1013, None, 1), (1011, "bad_json", None), (1011, "unknown_msgid", 2), (1013, None, 3),
    ]  # fmt: skip


async def test_a_bad_login_is_refused_by_its_own_ack(server: Server) -> None:
    """LOGIN, RESUME and REGISTER_MSG are, as far as their msgid can be read."""
    peer = server.join()
    for msgid, ack in ((1000, 1001), (1015, 1001), (1003, 1004)):
        answer = await peer.ask(msgid)
        assert (answer["msgid"], answer["errno"], answer["error"]) == (ack, 12, "bad_field")


@pytest.mark.parametrize("password", ["a\0b", "a\r\n", "\x1b[31mred", "\u202ex", " ", "密码"])
async def test_a_password_may_have_any_characters(server: Server, password: str) -> None:
    """What registers logs in."""
    peer = server.join()
    user_id = (await peer.ask(1003, name="Ann", password=password))["id"]
    assert (await peer.ask(1000, id=user_id, password=password))["errno"] == 0


async def test_a_frame_that_is_too_long_ends_the_connection(server: Server) -> None:
    """The server first answers the frames before it, and then gives the reason."""
    peer = server.join()
    peer.link.arrives(b'{"msgid":1012,"seq":1}\n' + b"x" * 65_537)
    await settled()
    assert [frame.get("error") for frame in peer.heard()] == [None, "frame_too_long"]
    assert peer.is_gone()


async def test_a_request_of_http_ends_the_connection(server: Server) -> None:
    """Nothing in it is carried out, however it arrives: a page has made a browser send it."""
    for number, cut in enumerate((10, 20, 45, 1000)):
        peer = server.join()
        request = (
            "POST / HTTP/1.1\r\nHost: chat\r\n\r\n"
            f'{{"msgid":1003,"name":"mallory{number}","password":"secret"}}\n'
        ).encode()
        for part in (request[:cut], request[cut:]):
            if part and not peer.is_gone():
                peer.link.arrives(part)
                await settled()
        assert [frame.get("error") for frame in peer.heard()] == ["http_request"]
        assert peer.is_gone()
        assert await server.chat.administration.users.find(f"mallory{number}") is None


async def test_a_frame_that_is_too_long_waits_for_those_before_it(server: Server) -> None:
    """The server answers those before it first, even if one of them has to wait."""
    peer = await about_to_wait(server)
    login = b'{"msgid":1000,"id":1,"password":"pw","v":2}\n'
    peer.link.arrives(login + b'{"msgid":1012}\n' + b"x" * 65_537)
    await settled()
    assert peer.heard() == []
    await hash_passwords(server)
    assert msgids(peer) == [1001, 1013, 1011]
    assert peer.is_gone()


async def test_a_request_that_needs_a_login_says_so(server: Server) -> None:
    """The client gets `not_logged_in` for each of them."""
    peer = server.join()
    for request, _ in BAD_FIELDS:
        answer = await peer.ask(**request)
        assert (answer["msgid"], answer["error"]) == (1011, "not_logged_in")


async def test_a_defect_costs_its_request_and_nothing_else(server: Server) -> None:
    """The client is told to try again, and the connection goes on."""

    async def defect(password: str, origin: str = "") -> str:
        raise ZeroDivisionError(password)

    server.hasher.hash = defect  # type: ignore[method-assign]  # a hasher with a defect
    peer = server.join()
    assert (await peer.ask(1003, name="Ann", password="pw"))["error"] == "try_again"
    assert (await peer.ask(1012))["msgid"] == 1013


# -- coming and going --------------------------------------------------------------------------


async def test_a_client_that_is_lost_during_its_login_leaves_no_session(server: Server) -> None:
    """The next login to its account succeeds."""
    peer = await about_to_wait(server)
    peer.say({**LOGIN, "id": 1})
    await settled()
    peer.link.abort()
    await settled()
    await hash_passwords(server)
    assert len(server.chat.sessions) == 0
    assert msgids(await server.log_in(1)) == [1001]


async def test_a_lost_connection_ends_the_session(server: Server) -> None:
    """What arrives meanwhile is in the log, and comes with the next login."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    bob.link.abort()
    await settled()
    assert len(server.chat.sessions) == 1
    assert (await ann.ask(1005, toid=2, msg="hello"))["at"] == 1
    bob = await server.log_in(2)
    login, chat = bob.heard()
    assert (login["errno"], login["head"], chat["msg"]) == (0, 1, "hello")


async def test_what_was_sent_before_a_half_closed_end_is_answered(server: Server) -> None:
    """`printf ... | nc` gets its answers, and then the connection closes."""
    peer = await about_to_wait(server)
    peer.say({**LOGIN, "id": 1, "seq": 1}, {"msgid": 1012, "seq": 2})
    peer.handler.input_ended()
    await settled()
    assert not peer.is_gone()
    await hash_passwords(server)
    assert msgids(peer) == [1001, 1013]
    assert peer.is_gone()


async def test_a_half_closed_end_waits_for_the_fate_of_its_messages(server: Server) -> None:
    """The client is told once they are in the log, and then the connection closes."""
    ann, _ = await server.logged_in("Ann"), await server.logged_in("Bob")
    ann.heard()
    server.log.slow_writes = True
    ann.say({"msgid": 1005, "toid": 2, "msg": "hello", "seq": 1})
    ann.handler.input_ended()
    await settled()
    server.tick(0.5)
    assert not ann.is_gone()
    server.log.serve()
    await settled()
    server.tick(1.0)
    await settled()
    assert [(frame["seq"], frame["at"]) for frame in ann.heard()] == [(1, 1)]
    assert ann.is_gone()


async def test_a_logout_ends_the_session_and_not_the_connection(server: Server) -> None:
    """Another user may log in on the same connection."""
    ann = await server.logged_in("Ann")
    await server.register("Bob")
    token = ann.heard()[0]["token"]
    assert (await ann.ask(1002))["msgid"] == 1010
    assert (await ann.ask(1022))["error"] == "not_logged_in"
    assert (await ann.ask(1015, token=token))["error"] == "bad_token"
    answer = await ann.ask(1000, id=2, password="pw", v=2)
    assert (answer["errno"], answer["name"]) == (0, "Bob")


async def test_everybody_is_told_before_the_server_goes_away(server: Server) -> None:
    """By then, the log has what they have written, their marks are written, and the connections
    close."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    guest = server.join()
    bob.say({"msgid": 1005, "toid": 1, "msg": "taken over"})
    await settled()
    ann.say({"msgid": 1014, "at": 1})
    for peer in (ann, bob):
        peer.heard()
    server.log.slow_writes = True
    ann.say({"msgid": 1005, "toid": 2, "msg": "hello", "seq": 1})
    closing = asyncio.create_task(server.gateway.close())
    await asyncio.sleep(0.05)
    assert bob.heard() == [{"msgid": 1018, "delay": 1000}]
    assert [frame["msgid"] for frame in ann.heard()] == [1018]
    assert not ann.is_gone()
    server.log.slow_writes = False
    server.log.serve()
    await closing
    assert [(frame["seq"], frame["at"]) for frame in ann.heard()] == [(1, 2)]
    assert all(peer.is_gone() for peer in (ann, bob, guest))
    assert len(server.chat.sessions) == 0
    assert await server.waiting_for(1) == []
    assert await server.waiting_for(2) == ["hello"]


async def test_who_sends_no_more_is_answered_before_the_server_goes_away(server: Server) -> None:
    """Its connection would close at the next tick if nothing more had to be said."""
    ann, _ = await server.logged_in("Ann"), await server.logged_in("Bob")
    ann.heard()
    server.log.slow_writes = True
    ann.say({"msgid": 1005, "toid": 2, "msg": "last words", "seq": 1})
    await settled()
    ann.handler.input_ended()
    closing = asyncio.create_task(server.gateway.close())
    await asyncio.sleep(0.05)
    server.tick(0.0)
    assert not ann.is_gone()
    server.log.slow_writes = False
    server.log.serve()
    await closing
    assert [frame.get("at") for frame in ann.heard()] == [None, 1]


async def test_a_registration_that_fails_does_not_count() -> None:
    """Neither a bad name nor a server that cannot hash a password uses up the address's share."""
    server = Server(limits=Limits(registrations_per_hour=1))
    guest = server.join()
    assert (await guest.ask(1003, name="42", password="pw"))["error"] == "bad_name"
    server.hasher.busy = True
    assert (await guest.ask(1003, name="Ann", password="pw"))["error"] == "try_again"
    server.hasher.busy = False
    assert (await guest.ask(1003, name="Ann", password="pw"))["errno"] == 0
    assert (await guest.ask(1003, name="Bob", password="pw"))["error"] == "too_many_registrations"


async def test_a_server_goes_away_without_its_store(server: Server) -> None:
    """What its users' devices have taken over last is not stored then."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    await bob.ask(1005, toid=1, msg="taken over")
    ann.say({"msgid": 1014, "at": 1})
    await settled()
    server.log.failing = True
    await server.gateway.close()
    assert ann.is_gone()
    assert bob.is_gone()


async def test_nobody_logs_in_while_the_server_goes_away(server: Server) -> None:
    """A client that tries is told that the server is shutting down."""
    await server.register("Ann")
    peer = server.join()
    server.gateway.shared.closing = True
    answer = await peer.ask(1000, id=1, password="pw", v=2)
    assert (answer["errno"], answer["error"]) == (51, "shutting_down")


async def test_what_comes_while_the_server_goes_away_is_to_be_sent_elsewhere(
    server: Server,
) -> None:
    """A chat is refused temporarily, even if its sender is not logged in any more."""
    ann = await server.logged_in("Ann")
    ann.heard()
    server.gateway.shared.closing = True
    await ann.context.log_out()
    answer = await ann.ask(1005, toid=1, msg="hello")
    assert answer["error"] == "shutting_down"


# -- silence -----------------------------------------------------------------------------------


async def test_a_silent_client_is_asked_after_20_seconds_and_dropped_after_60(
    server: Server,
) -> None:
    """It is asked once. After it has answered, it is not asked again until it has been silent for
    as long."""
    ann = await server.logged_in("Ann")
    ann.heard()
    server.tick(0.0)
    server.tick(PING_AFTER - 0.5)
    await settled()
    assert ann.heard() == []
    for now in (PING_AFTER, PING_AFTER + 10, DROP_AFTER - 0.5):
        server.tick(now)
    await settled()
    assert msgids(ann) == [1012]
    assert not ann.is_gone()
    server.tick(DROP_AFTER)
    assert ann.is_gone()


async def test_any_frame_is_a_sign_of_life(server: Server) -> None:
    """A bad frame counts too, and so does half a frame."""
    ann = await server.logged_in("Ann")
    now = 0.0
    for data in (b'{"msgid":1013}\n', b"nonsense\n", b"{", b"}\n"):
        server.tick(now)
        now += DROP_AFTER - 1
        server.tick(now)
        ann.link.arrives(data)
        server.tick(now)
    server.tick(now + PING_AFTER)
    assert not ann.is_gone()


async def test_a_client_that_we_do_not_hear_is_not_silent(server: Server) -> None:
    """While the server reads nothing from a client whose request is waiting, its time does not
    count."""
    ann = await server.logged_in("Ann")
    ann.heard()
    server.tick(0.0)
    server.hasher.gate.clear()
    ann.say({"msgid": 1029, "old": "pw", "new": "new"})
    for now in range(0, 200, 5):
        server.tick(float(now))
    await settled()
    assert ann.heard() == []
    assert not ann.is_gone()
    await hash_passwords(server)


async def test_a_client_that_does_not_read_is_dropped_after_60_seconds(server: Server) -> None:
    """The server does not send it a PING, which it would not read."""
    ann = await server.logged_in("Ann")
    ann.heard()
    server.tick(0.0)
    ann.handler.choked()
    server.tick(DROP_AFTER - 0.5)
    await settled()
    assert ann.heard() == []
    assert not ann.is_gone()
    server.tick(DROP_AFTER)
    assert ann.is_gone()


async def test_a_guest_may_be_silent(server: Server) -> None:
    """The C++ server's client shows a menu before it sends anything."""
    guest = server.join(b"\0")
    for now in range(0, 1000, 10):
        server.tick(float(now))
    await settled()
    assert guest.heard() == []
    assert not guest.is_gone()


async def test_a_client_that_takes_nothing_over_goes_on(server: Server) -> None:
    """A client that sends no TAKEN is not cut off. What it was sent waits for the user's other
    devices."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    for now in range(0, 600, 10):
        ann.say({"msgid": 1005, "toid": 2, "msg": "hello"})
        bob.say({"msgid": 1012})
        server.tick(float(now))
        server.passes(10)
        await settled()
    assert not bob.is_gone()
    assert len([one for one in bob.heard() if one["msgid"] == 1005]) == 60
    assert len(await server.waiting_for(2)) == 60


async def test_who_does_not_get_on_is_counted(server: Server) -> None:
    """Such clients are counted by what may end their connection, for as long as they are held
    up."""
    ann = await server.logged_in("Ann")
    assert server.gateway.held_up() == {"not_reading": 0, "too_fast": 0}
    ann.handler.choked()
    assert server.gateway.held_up() == {"not_reading": 1, "too_fast": 0}
    ann.handler.unchoked()
    assert server.gateway.held_up() == {"not_reading": 0, "too_fast": 0}


async def test_the_gateway_looks_at_every_conversation_twice_a_second(server: Server) -> None:
    """The loop's clock counts."""
    ann = await server.logged_in("Ann")
    ann.heard()
    clock = asyncio.create_task(server.gateway.run_clock())
    await asyncio.sleep(PING_AFTER + 1)
    assert msgids(ann) == [1012]
    await asyncio.sleep(DROP_AFTER - PING_AFTER)
    assert ann.is_gone()
    clock.cancel()


# -- messages ----------------------------------------------------------------------------------


async def test_a_message_is_pushed_and_answered(server: Server) -> None:
    """Both the message and the answer have the fields that the page lists, with the same
    position."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    ann.heard(), bob.heard()
    ann.say({"msgid": 1005, "toid": 2, "msg": "hello", "cid": "c1", "seq": 5, "id": 99, "time": 1})
    ann.say({"msgid": 1005, "toid": 2, "msg": "again", "cid": "c2", "re": 1})
    await settled()
    chat = {
        "msgid": 1005, "at": 1, "cid": "c1", "id": 1, "name": "Ann",
        "toid": 2, "msg": "hello", "time": server.clock.ms,
    }  # fmt: skip
    assert bob.heard() == [chat, {**chat, "at": 2, "cid": "c2", "msg": "again", "re": 1}]
    assert ann.heard() == [{"msgid": 1010, "seq": 5, "at": 1, "time": chat["time"]}]


async def test_a_message_to_a_group_is_the_same_frame_for_all(server: Server) -> None:
    """Its writer gets an ACK instead, and those outside the group get nothing."""
    ann, bob, cid, dan = [await server.logged_in(name) for name in ("Ann", "Bob", "Cid", "Dan")]
    group_id = await server.group(1, 2, 3)
    await settled()
    for peer in (ann, bob, cid, dan):
        peer.heard()
    answer = await ann.ask(1009, groupid=group_id, msg="hello all", cid="c1")
    assert answer.keys() == {"msgid", "seq", "at", "time"}
    chat = {
        "msgid": 1009, "at": answer["at"], "cid": "c1", "id": 1, "name": "Ann",
        "groupid": group_id, "msg": "hello all", "time": answer["time"],
    }  # fmt: skip
    assert bob.heard() == cid.heard() == [chat]
    assert ann.heard() == dan.heard() == []


async def test_a_chat_without_a_seq_is_answered_by_errors_alone(server: Server) -> None:
    """An acknowledgement without a seq could not be matched."""
    ann = await server.logged_in("Ann")
    ann.heard()
    ann.say({"msgid": 1005, "toid": 1, "msg": "to myself"})
    ann.say({"msgid": 1005, "toid": 99, "msg": "to nobody"})
    await settled()
    assert [frame.get("error") for frame in ann.heard()] == ["no_such_user"]


@pytest.mark.parametrize("chat", [{"msgid": 1005, "toid": 2}, {"msgid": 1009, "groupid": 1}])
async def test_chats_do_not_wait_for_one_another(server: Server, chat: dict[str, int]) -> None:
    """However slow the disk is, they are all answered together, in their order."""
    ann = await server.logged_in("Ann")
    await server.register("Bob")
    await server.group(1)
    await ann.ask(1005, toid=2, msg="the first is looked at")
    ann.heard()
    server.log.slow_writes = True
    ann.say(*({**chat, "msg": "hello", "seq": 50 + n} for n in range(9)))
    await settled()
    assert ann.heard() == []
    assert ann.link.reading
    while server.log.writing:
        server.log.serve()
        await settled()
    assert [(frame["seq"], frame["at"]) for frame in ann.heard()] == [
        (50 + n, 3 + n) for n in range(9)
    ]


@pytest.mark.parametrize(
    ("msgid", "fields"),
    [
        (1002, {}), (1006, {"friendid": 2}), (1007, {"groupname": "owls"}), (1019, {"name": "Bob"}),
        (1022, {}), (1024, {}), (1026, {"groupid": 1}), (1028, {"groupid": 1}), (1031, {}),
        (1033, {"session": "none"}), (1035, {"groupid": 1, "groupname": "owls"}),
        (1029, {"old": "pw", "new": "better"}),
    ],
)  # fmt: skip
async def test_any_other_request_waits_for_the_chats_before_it(
    server: Server, msgid: int, fields: dict[str, object]
) -> None:
    """What follows that request waits too, so that everything is answered in order."""
    ann = await server.logged_in("Ann")
    await server.register("Bob")
    await server.group(1)
    await settled()
    ann.heard()
    server.log.slow_writes = True
    ann.say(
        {"msgid": 1005, "toid": 2, "msg": "hello", "seq": 50},
        {"msgid": msgid, "seq": 51, **fields},
        {"msgid": 1012, "seq": 52},
    )
    await settled()
    assert ann.heard() == []
    server.log.slow_writes = False
    server.log.serve()
    await settled()
    assert [frame["seq"] for frame in ann.heard() if "seq" in frame] == [50, 51, 52]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({"msgid": 1012, "seq": 51}, {"msgid": 1013, "seq": 51, "at": 1}),
        ({"msgid": 1014, "at": 2, "seq": 51}, {"error": "bad_at", "seq": 51}),
        ({"msgid": 1013}, None),
    ],
)
async def test_signs_of_life_wait_for_nothing(
    server: Server, request_: dict[str, object], answer: dict[str, object] | None
) -> None:
    """PING, PONG and TAKEN do not depend on what the client has written."""
    ann = await server.logged_in("Ann")
    await ann.ask(1005, toid=1, msg="to myself")
    ann.heard()
    server.log.slow_writes = True
    ann.say({"msgid": 1005, "toid": 1, "msg": "hello", "seq": 50}, request_)
    ann.say({"msgid": 1012, "seq": 99})
    await settled()
    *found, last = ann.heard()
    assert last["seq"] == 99
    assert [answer.items() <= one.items() for one in found] == [True] if answer else not found


async def test_who_waits_for_their_chats_waits_ten_seconds_at_most(server: Server) -> None:
    """Then the node carries out their request all the same."""
    ann = await server.logged_in("Ann")
    server.log.slow_writes = True
    ann.say({"msgid": 1005, "toid": 1, "msg": "hello"}, {"msgid": 1022, "seq": 51})
    await asyncio.sleep(ANSWERED_WITHIN - 1)
    ann.heard()
    await asyncio.sleep(2 + APPLIED_WITHIN)
    assert [frame["seq"] for frame in ann.heard()] == [51]


async def test_who_joins_and_writes_at_once_is_a_member(server: Server) -> None:
    """A client that leaves and writes at once is no member."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    await server.group(1)
    ann.heard(), bob.heard()
    chat = {"msgid": 1009, "groupid": 1}
    bob.say(
        {"msgid": 1008, "groupid": 1},
        {**chat, "msg": "hello", "seq": 50},
        {"msgid": 1028, "groupid": 1},
        {**chat, "msg": "bye", "seq": 51},
    )
    await settled()
    assert [frame["msg"] for frame in ann.heard() if frame["msgid"] == 1009] == ["hello"]
    answers = [(one["seq"], one.get("error")) for one in bob.heard() if "seq" in one]
    assert answers == [(50, None), (51, "not_member")]


async def test_friends_hear_of_each_other(server: Server) -> None:
    """PRESENCE goes to users who list the one who comes or goes."""
    ann = await server.logged_in("Ann")
    (bob_id,) = await server.register("Bob")
    assert (await ann.ask(1006, friendid=bob_id))["friend"]["state"] == "offline"
    bob = await server.log_in(bob_id)
    assert ann.heard() == [{"msgid": 1017, "id": bob_id, "name": "Bob", "state": "online"}]
    bob.link.abort()
    await settled()
    assert ann.heard() == []
    server.passes(QUIET)
    await settled()
    assert ann.heard() == [{"msgid": 1017, "id": bob_id, "name": "Bob", "state": "offline"}]


async def test_who_goes_with_a_node_is_told_of_before_its_end(server: Server) -> None:
    """It does so even if they have just come, for the node cannot announce it later."""
    await server.logged_in("Ann")
    assert server.failing_friends.told_of == [1]
    await server.gateway.close()
    assert server.failing_friends.told_of == [1, 1]


@pytest.mark.parametrize(
    ("msgid", "fields", "answer"),
    [
        (1006, {"friendname": "bob"}, {"friend": {"id": 2, "name": "Bob", "state": "offline"}}),
        (1007, {"groupname": "new"}, {"groupid": 2}),
        (1008, {"groupid": 1}, {"groupid": 1, "groupname": "hikers", "groupdesc": "walk"}),
        (1019, {"name": "BOB"}, {"id": 2, "name": "Bob", "state": "offline"}),
        (1022, {}, {"friends": []}),
        (1024, {}, {"groups": []}),
    ],
)
async def test_requests_have_their_documented_answers(
    server: Server, msgid: int, fields: dict[str, object], answer: dict[str, object]
) -> None:
    """The answer is the request's own ack or an ACK, with these fields."""
    ann = await server.logged_in("Ann")
    await server.register("Bob")
    await server.group(2)
    given = await ann.ask(msgid, **fields)
    assert {name: given[name] for name in answer} == answer


async def test_lists_come_in_pages(server: Server) -> None:
    """`next` is set while more items follow."""
    ann = await server.logged_in("Ann")
    for friend in await server.register("Bob", "Cid"):
        await ann.ask(1006, friendid=friend)
    first = await ann.ask(1022, limit=1)
    assert ([one["name"] for one in first["friends"]], first["next"]) == (["Bob"], 2)
    second = await ann.ask(1022, limit=1, after=2)
    assert [one["name"] for one in second["friends"]] == ["Cid"]
    assert "next" not in second


async def test_members_hear_of_what_changes_a_group(server: Server) -> None:
    """Clients that know CHANGED get it, including the one that made the change."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    old, nick = [
        await server.logged_in(name, version=1, end=end)
        for name, end in (("Old", b"\0"), ("Nick", b"\n"))
    ]
    ann.heard(), bob.heard()
    ann.say({"msgid": 1007, "groupname": "hikers", "groupdesc": "walk", "cid": "c1", "seq": 90})
    await settled()
    first, made = sorted(ann.heard(), key=lambda one: -one["msgid"])
    assert made.keys() == {"msgid", "seq", "at", "time", "groupid"}
    for peer in (old, nick):
        peer.say({"msgid": 1008, "groupid": made["groupid"]})
        await settled()
    for peer, frame in (
        (bob, {"msgid": 1008, "groupid": made["groupid"], "cid": "c2", "seq": 90}),
        (ann, {"msgid": 1035, "groupid": made["groupid"], "groupname": " Walkers ", "cid": "c3"}),
        (ann, {"msgid": 1028, "groupid": made["groupid"], "cid": "c4"}),
    ):
        peer.say(frame)
        await settled()
    heard = bob.heard()
    (joined,) = [one for one in heard if one["msgid"] == 1010]
    shown = [
        (one["at"], one["cid"], one["name"], one["what"], one.get("newname"), one.get("whom"))
        for one in heard
        if one["msgid"] == 1037
    ]
    assert shown == [
        (joined["at"], "c2", "Bob", "joined", None, None),
        (joined["at"] + 1, "c3", "Ann", "renamed", "Walkers", None),
        (joined["at"] + 2, "c4", "Ann", "left", None, 3),
    ]
    assert first == {
        "msgid": 1037, "at": made["at"], "cid": "c1", "id": 1, "name": "Ann", "groupid": 1,
        "time": made["time"], "what": "created", "newname": "hikers", "detail": "walk",
    }  # fmt: skip
    assert [one["what"] for one in ann.heard()] == ["joined"] * 3 + ["renamed", "left"]
    assert [one["msgid"] for one in old.heard() + nick.heard()] == [1001, 1001]


@pytest.mark.parametrize(
    ("msgid", "fields"),
    [
        (1007, {"groupname": "owls"}), (1008, {"groupid": 1}),
        (1035, {"groupid": 2, "groupname": "larks"}), (1028, {"groupid": 2}),
    ],
)  # fmt: skip
async def test_a_change_that_comes_again_gets_the_answer_of_the_first(
    server: Server, msgid: int, fields: dict[str, object]
) -> None:
    """The change is made once. The answer says where and when."""
    ann = await server.logged_in("Ann")
    (bob,) = await server.register("Bob")
    await server.group(bob)
    await server.group(1, name="ours")
    first = await ann.ask(msgid, **fields, cid="c1")
    server.clock.advance(1)
    second = await ann.ask(msgid, **fields, cid="c1")
    assert (first["at"], first["time"]) == (server.chat.follower.applied, server.clock.ms - 1000)
    assert second == first | {"seq": second["seq"]}


@pytest.mark.parametrize("msgid", [1007, 1008])
async def test_what_comes_again_is_not_refused_for_what_the_first_has_filled(msgid: int) -> None:
    """The first copy has filled the user's number of groups, or the group's number of members."""
    server = Server(attrs.evolve(UNLIMITED, groups_per_user=1, members_per_group=2))
    ann = await server.logged_in("Ann")
    (bob,) = await server.register("Bob")
    await server.group(bob)
    request = {"groupname": "owls", "groupid": 1, "cid": "c1"}
    first = await ann.ask(msgid, **request)
    second = await ann.ask(msgid, **request)
    assert "error" not in first
    assert second == first | {"seq": second["seq"]}


async def test_a_new_name_that_comes_again_gets_the_answer_of_the_first(server: Server) -> None:
    """Its sender may have handed the group over since."""
    ann = await server.logged_in("Ann")
    (bob,) = await server.register("Bob")
    await server.group(1, bob)
    first = await ann.ask(1035, groupid=1, groupname="walkers", cid="c1")
    await ann.ask(1028, groupid=1)
    second = await ann.ask(1035, groupid=1, groupname="walkers", cid="c1")
    assert second == first | {"seq": second["seq"]}


async def test_what_has_to_ask_the_store_weighs_more(server: Server) -> None:
    """So does the first chat to a user, for which the store is asked, and not the next."""
    ann = await server.logged_in("Ann")
    before = ann.context.meter.frames
    await ann.ask(1022)
    assert ann.context.meter.frames - before == STORE_WEIGHT
    await ann.ask(1005, toid=1, msg="to myself")
    assert ann.context.meter.frames - before == 2 * STORE_WEIGHT
    await ann.ask(1005, toid=1, msg="to myself")
    assert ann.context.meter.frames - before == 2 * STORE_WEIGHT + 1


async def test_a_group_s_new_name_weighs_as_much_as_a_message_to_it(server: Server) -> None:
    """It is shown to as many clients."""
    ann = await server.logged_in("Ann")
    for number in range(31):
        await server.logged_in(f"member {number}")
    group_id = await server.group(1, *range(2, 33))
    before = ann.context.meter.frames
    await ann.ask(1035, groupid=group_id, groupname="walkers")
    assert ann.context.meter.frames - before == STORE_WEIGHT + 32 / READERS_PER_FRAME


@pytest.mark.parametrize("which", [{"groupid": 1}, {"groupname": "hikers"}])
async def test_who_joins_or_leaves_is_charged_for_all_who_are_told(
    server: Server, which: dict[str, Any]
) -> None:
    """Otherwise one client could make a node write to all of a large group, again and again."""
    ann = await server.logged_in("Ann")
    for number in range(31):
        await server.logged_in(f"member {number}")
    assert await server.group(*range(2, 33)) == 1
    before = ann.context.meter.frames
    await ann.ask(1008, **which)
    assert ann.context.meter.frames - before == STORE_WEIGHT + 32 / READERS_PER_FRAME
    before = ann.context.meter.frames
    await ann.ask(1028, groupid=1)
    assert ann.context.meter.frames - before == STORE_WEIGHT + 32 / READERS_PER_FRAME


async def test_a_new_password_comes_with_a_new_token(server: Server) -> None:
    """The new token resumes this session. The old one no longer does."""
    ann = await server.logged_in("Ann")
    old = ann.heard()[0]["token"]
    new = (await ann.ask(1029, old="pw", new="better"))["token"]
    peer = server.join()
    assert (await peer.ask(1015, token=old))["error"] == "bad_token"
    assert (await peer.ask(1015, token=new))["errno"] == 0
    assert not ann.is_gone()


async def test_answers_come_before_a_logout_s(server: Server) -> None:
    """The server first answers the requests that the client has sent before the logout."""
    ann, _ = await server.logged_in("Ann"), await server.logged_in("Bob")
    ann.heard()
    ann.say({"msgid": 1005, "toid": 2, "msg": "hello", "seq": 90}, {"msgid": 1002, "seq": 91})
    await settled()
    assert [frame["seq"] for frame in ann.heard()] == [90, 91]
