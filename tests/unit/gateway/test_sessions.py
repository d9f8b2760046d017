"""A user has several devices. Each has a session that lasts over many connections, by one token
after the other."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest

from adapters.gateway import gateway
from adapters.gateway.disconnect_reasons import DisconnectReason
from chat_domain.log.sessions import MOST_OF_A_USER
from chat_domain.people.devices import SESSIONS_KEPT, Devices
from chat_domain.people.tokens import ROTATED_AFTER_MS, Token
from tests.unit.gateway.server import Peer, Server, settled

LOGIN, LOGOUT, RESUME, SESSION_ENDED, CHANGE_PASSWORD = 1000, 1002, 1015, 1016, 1029
SESSIONS, END_SESSION = 1031, 1033

Frame = dict[str, Any]


async def logged_in(server: Server) -> tuple[Peer, Frame]:
    """Ann's connection and the answer to her login."""
    ann = await server.logged_in("Ann")
    (answer,) = ann.heard()
    return ann, answer


async def resumed(server: Server, token: str) -> tuple[Peer, Frame]:
    peer = server.join()
    return peer, await peer.ask(RESUME, token=token)


async def sessions(peer: Peer) -> list[Frame]:
    found: list[Frame] = (await peer.ask(SESSIONS))["sessions"]
    return found


async def test_a_session_has_one_name(server: Server) -> None:
    """The answer to the login has it, SESSIONS lists it, and it stays the same after a RESUME."""
    ann, answer = await logged_in(server)
    (listed,) = await sessions(ann)
    assert (listed["session"], listed["current"]) == (answer["session"], True)
    assert listed["expires"] == answer["expires"]
    again, second = await resumed(server, answer["token"])
    assert second["session"] == answer["session"]
    assert await sessions(again) == [listed]


async def test_a_session_is_ended_by_the_name_that_its_login_told(server: Server) -> None:
    """This also ends a session whose connection is lost; its token becomes worthless."""
    ann, answer = await logged_in(server)
    ann.link.abort()
    await settled()
    server.clock.advance(1)
    again = await server.log_in(1)
    assert [one["current"] for one in await sessions(again)] == [True, False]
    assert (await again.ask(END_SESSION, session=answer["session"]))["msgid"] == 1010
    assert [one["current"] for one in await sessions(again)] == [True]
    assert (await again.ask(END_SESSION, session=answer["session"]))["error"] == "no_such_session"
    _, refusal = await resumed(server, answer["token"])
    assert refusal["error"] == "bad_token"


async def test_to_end_the_current_session_is_a_logout(server: Server) -> None:
    """The connection goes on without it, and the token becomes worthless."""
    ann, answer = await logged_in(server)
    assert (await ann.ask(END_SESSION, session=answer["session"]))["msgid"] == 1010
    assert (await ann.ask(SESSIONS))["error"] == "not_logged_in"
    assert (await ann.ask(RESUME, token=answer["token"]))["error"] == "bad_token"


async def test_a_new_password_ends_all_other_sessions(server: Server) -> None:
    """Those of version 1 end too. The session that has asked keeps its name and goes on."""
    ann, first = await logged_in(server)
    old, nick = [await server.log_in(1, version=1, end=b"\0"), await server.logged_in("Nick")]
    again = server.join()
    answer = await again.ask(LOGIN, id=1, password="pw", v=2)
    changed = await again.ask(CHANGE_PASSWORD, old="pw", new="better")
    (listed,) = await sessions(again)
    assert (listed["session"], listed["current"]) == (answer["session"], True)
    assert told_to_go(ann)
    assert (old.is_gone(), len(old.heard())) == (True, 1)
    assert not nick.is_gone()
    third, resumption = await resumed(server, changed["token"])
    assert resumption["session"] == answer["session"]
    for token in (first["token"], answer["token"]):
        _, refusal = await resumed(server, token)
        assert refusal["error"] == "bad_token"
    assert (third.is_gone(), again.is_gone()) == (False, False)


async def test_a_connection_that_breaks_before_the_answer_costs_nothing(server: Server) -> None:
    """The old token stays good until the new one has been used."""
    ann, first = await logged_in(server)
    server.clock.ms += ROTATED_AFTER_MS
    _, unread = await resumed(server, first["token"])
    _, read = await resumed(server, first["token"])
    assert len({first["token"], unread["token"], read["token"]}) == 3
    assert read["expires"] == first["expires"] + ROTATED_AFTER_MS
    peer, answer = await resumed(server, read["token"])
    assert (answer["errno"], answer["token"]) == (0, read["token"])
    assert [one["current"] for one in await sessions(peer)] == [True]
    assert not ann.is_gone()


async def test_a_token_that_comes_again_ends_the_session(server: Server) -> None:
    """If a later token was used, the client that has it is disconnected and cannot come back."""
    _, first = await logged_in(server)
    server.clock.ms += ROTATED_AFTER_MS
    _, second = await resumed(server, first["token"])
    peer, _ = await resumed(server, second["token"])
    _, refusal = await resumed(server, first["token"])
    assert refusal["error"] == "bad_token"
    await settled()
    assert peer.is_gone()
    assert peer.link.why == "logged_out"
    _, refusal = await resumed(server, second["token"])
    assert refusal["error"] == "bad_token"
    owner = server.join()
    assert (await owner.ask(LOGIN, id=1, password="pw", v=2))["errno"] == 0


async def test_a_logout_ends_the_token_that_was_given_last_as_well(server: Server) -> None:
    """It does so whether or not that token was used."""
    _, first = await logged_in(server)
    server.clock.ms += ROTATED_AFTER_MS
    peer, second = await resumed(server, first["token"])
    await peer.ask(LOGOUT)
    for token in (first["token"], second["token"]):
        _, refusal = await resumed(server, token)
        assert refusal["error"] == "bad_token"


# -- several devices ---------------------------------------------------------------------------


def told_to_go(peer: Peer) -> bool:
    """Whether a device was told that its session has ended, and was disconnected."""
    return peer.heard()[-1] == {"msgid": SESSION_ENDED} and peer.is_gone()


async def test_each_device_gets_everything(server: Server) -> None:
    """It gets what others say to the user, and what the user says on another device. The writer
    gets the ACK."""
    phone, laptop = await server.logged_in("Ann"), await server.log_in(1)
    bob = await server.logged_in("Bob")
    for peer in (phone, laptop):
        peer.heard()
    await bob.ask(1005, toid=1, msg="hello")
    phone.say({"msgid": 1005, "toid": 2, "msg": "hello Bob", "seq": 9})
    await settled()
    hello, ack = phone.heard()
    assert (hello["msg"], ack["msgid"], ack["at"]) == ("hello", 1010, 2)
    assert [(one["at"], one["id"], one["msg"]) for one in laptop.heard()] == [
        (1, 2, "hello"), (2, 1, "hello Bob"),
    ]  # fmt: skip


async def test_a_connection_with_the_same_token_is_another_one(server: Server) -> None:
    """The server serves both."""
    ann, answer = await logged_in(server)
    again, second = await resumed(server, answer["token"])
    assert second == answer | {"seq": second["seq"]}
    bob = await server.logged_in("Bob")
    ann.heard()
    await bob.ask(1005, toid=1, msg="hello")
    assert [one["msg"] for one in ann.heard()] == [one["msg"] for one in again.heard()] == ["hello"]


@pytest.mark.parametrize("how", [LOGOUT, END_SESSION])
async def test_a_logout_ends_all_connections_of_its_device(server: Server, how: int) -> None:
    """Those of other devices stay."""
    first, answer = await logged_in(server)
    phone = await server.log_in(1, device="phone")
    second, _ = await resumed(server, answer["token"])
    await first.ask(how, **({"session": answer["session"]} if how == END_SESSION else {}))
    await settled()
    assert told_to_go(second)
    assert not (first.is_gone())
    assert not (phone.is_gone())


async def test_sessions_say_what_their_devices_are_called(server: Server) -> None:
    """They also say when they were begun and last seen."""
    (user_id,) = await server.register("Ann")
    phone = await server.log_in(user_id, device="phone")
    token = phone.heard()[0]["token"]
    begun = server.clock.ms
    server.clock.advance(60)
    phone, _ = await resumed(server, token)
    await server.log_in(user_id)
    found = {one["device"]: one for one in await sessions(phone)}
    assert found.keys() == {"phone", ""}
    assert (found["phone"]["begun"], found["phone"]["seen"]) == (begun, begun + 60_000)
    assert (found[""]["begun"], found[""]["seen"]) == (begun + 60_000, begun + 60_000)
    assert (found["phone"]["current"], found[""]["current"]) == (True, False)


async def test_a_device_has_one_session(server: Server) -> None:
    """A login on a device of the same name replaces the session before. The user's other devices go
    on, and are told."""
    (user_id,) = await server.register("Ann")
    phone, laptop = [await server.log_in(user_id, device=name) for name in ("phone", "laptop")]
    (ack,) = phone.heard()
    laptop.heard()
    second = await server.log_in(user_id, device="phone")
    assert told_to_go(phone)
    (changed,) = laptop.heard()
    assert (changed["msgid"], changed["what"], changed["toid"]) == (1037, "device_ended", user_id)
    assert changed["detail"] == ack["session"]
    assert (laptop.is_gone(), second.is_gone()) == (False, False)
    assert sorted(one["device"] for one in await sessions(second)) == ["laptop", "phone"]
    _, refusal = await resumed(server, ack["token"])
    assert refusal["error"] == "bad_token"


async def test_the_eleventh_session_ends_the_one_that_was_longest_unused(server: Server) -> None:
    """It is chosen among those that are not connected, or among all if all are connected."""
    (user_id,) = await server.register("Ann")
    peers = []
    for _ in range(SESSIONS_KEPT):
        peers.append(await server.log_in(user_id))
        server.clock.advance(1)
    peers[3].link.abort()
    await settled()
    peers.append(await server.log_in(user_id))
    assert [peer.is_gone() for peer in peers].index(True) == 3
    assert sum(peer.is_gone() for peer in peers) == 1
    server.clock.advance(1)
    await server.log_in(user_id)
    assert told_to_go(peers[0])
    assert sum(peer.is_gone() for peer in peers) == 2


async def test_who_logs_in_again_and_again_does_not_fill_the_log(server: Server) -> None:
    """The end of a session that is connected nowhere is not written to the log."""
    (user_id,) = await server.register("Ann")
    for _ in range(SESSIONS_KEPT + 5):
        peer = await server.log_in(user_id)
        server.clock.advance(1)
        peer.link.abort()
        await settled()
    assert len(await sessions(await server.log_in(user_id))) == SESSIONS_KEPT
    assert (await server.store.log.ends()).head == 0


async def test_a_session_is_ended_from_another_device(server: Server) -> None:
    """Its connections are told so and closed, and its token becomes worthless."""
    ann, answer = await logged_in(server)
    both, _ = await resumed(server, answer["token"])
    other = await server.log_in(1)
    assert (await other.ask(END_SESSION, session=answer["session"]))["msgid"] == 1010
    assert told_to_go(ann)
    assert told_to_go(both)
    _, refusal = await resumed(server, answer["token"])
    assert refusal["error"] == "bad_token"
    assert not other.is_gone()
    assert [one["current"] for one in await sessions(other)] == [True]


async def test_nobody_ends_another_user_s_session(server: Server) -> None:
    """The other user has no such session."""
    ann, answer = await logged_in(server)
    bob = await server.logged_in("Bob")
    assert (await bob.ask(END_SESSION, session=answer["session"]))["error"] == "no_such_session"
    assert not ann.is_gone()


async def test_what_could_not_be_ended_for_the_moment_is_ended_later(server: Server) -> None:
    """The client that has asked is told to try again. The token is worthless from then on."""
    ann, answer = await logged_in(server)
    other = await server.log_in(1)
    server.log.failing = True
    assert (await other.ask(END_SESSION, session=answer["session"]))["error"] == "try_again"
    assert not ann.is_gone()
    _, refusal = await resumed(server, answer["token"])
    assert refusal["error"] == "bad_token"
    server.log.failing = False
    server.passes(0.5)
    await settled()
    assert told_to_go(ann)


async def test_nothing_is_said_before_a_login_is_answered(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens meanwhile, the client does not know yet that it is logged in."""
    ann, login = await logged_in(server)
    bob = await server.logged_in("Bob")
    await ann.ask(1005, toid=2, msg="hello")
    use, happened = Devices.use, asyncio.Event()

    async def use_late(devices: Devices, token: Token) -> Token:
        bob.say({"msgid": 1014, "at": 1})
        await bob.ask(1043, toid=1, at=1)
        await ann.ask(1045, toid=2, muted=True)
        server.chat.notices.tell("back in a minute")
        server.passes(0.5)
        await settled()
        happened.set()
        return await use(devices, token)

    monkeypatch.setattr(Devices, "use", use_late)
    ann.heard()
    again = server.join()
    again.say({"msgid": RESUME, "token": login["token"], "seq": 1})
    await happened.wait()
    await settled()
    assert again.heard()[0]["msgid"] == 1001
    assert {frame["msgid"] for frame in ann.heard()} == {1034, 1038}


async def test_the_operator_ends_all_of_a_user_s_sessions(server: Server) -> None:
    """Sessions of every version end."""
    ann, answer = await logged_in(server)
    laptop, nick = await server.log_in(1), await server.log_in(1, version=1)
    await server.chat.administration.log_out("Ann")
    await settled()
    assert told_to_go(ann)
    assert told_to_go(laptop)
    assert (nick.is_gone(), nick.link.why) == (True, "logged_out")
    _, refusal = await resumed(server, answer["token"])
    assert refusal["error"] == "bad_token"


async def test_a_user_has_so_many_connections_at_once(server: Server) -> None:
    """A further one is refused but stays open, so that it can log in as another user."""
    (user_id,) = await server.register("Ann")
    (token,) = [peer.heard()[0]["token"] for peer in [await server.log_in(user_id)]]
    for _ in range(MOST_OF_A_USER - 1):
        await resumed(server, token)
    peer, refusal = await resumed(server, token)
    assert (refusal["error"], peer.is_gone()) == ("too_many_connections", False)
    await server.register("Bob")
    assert (await peer.ask(LOGIN, id=2, password="pw", v=2))["errno"] == 0


async def cut_off_together(monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server whose six users have lost their connections in this turn of the event loop."""
    monkeypatch.setattr(gateway, "LOGGED_OUT_AT_ONCE", 1)
    server = Server()
    peers = [await server.logged_in(name) for name in ("Ann", "Bob", "Cy", "Dee", "Eve", "Fay")]
    for peer in peers:
        peer.handler.lost(DisconnectReason.UNREACHABLE)
    return server


async def test_many_who_lose_their_connections_at_once_are_logged_out_over_several_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A network may go down: the event loop does other work meanwhile."""
    server = await cut_off_together(monkeypatch)
    left = [6]
    for _ in range(20):
        await asyncio.sleep(0)
        left.append(len(server.chat.logins.sessions))
    assert left[-1] == 0
    assert max(before - after for before, after in pairwise(left)) == 1


async def test_when_the_server_ends_it_waits_for_those_who_were_not_logged_out_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It waits for all tasks, and by then each of them has one."""
    server, waited_for = await cut_off_together(monkeypatch), list[int]()
    finish = server.tasks.finish

    def count(seconds: float) -> Coroutine[Any, Any, None]:
        waited_for.append(len(server.tasks))
        return finish(seconds)

    monkeypatch.setattr(server.tasks, "finish", count)
    await server.gateway.close()
    assert waited_for[0] >= 6
    assert not len(server.chat.logins.sessions)
