"""Positions in the log: what devices say of theirs, what they are told, and what they are sent."""

import asyncio
from typing import Any

import pytest

from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.keepalive import PING_AFTER
from chat_domain.entries import Opening, pair
from chat_domain.errors import NotSentYet, TryAgain
from chat_domain.log.marks import WRITTEN_EVERY
from chat_domain.log.session import Session
from chat_domain.model import User
from chat_domain.people.devices import Devices
from chat_domain.people.tokens import Token
from tests.contract import making
from tests.unit.gateway.server import Frame, Peer, Server, settled

LOGIN, RESUME, TAKEN, PING = 1000, 1015, 1014, 1012
CHAT, GROUP_CHAT, PONG, GOING_AWAY = 1005, 1009, 1013, 1018
MARKS, READ = 1038, 1043
END = 2**63 - 1


async def ann_and_bob(server: Server) -> tuple[Peer, Peer]:
    """Ann (1) and Bob (2), who have read the answers to their logins."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    ann.heard(), bob.heard()
    return ann, bob


async def say(peer: Peer, to: int, *texts: str) -> None:
    for text in texts:
        peer.say({"msgid": CHAT, "toid": to, "msg": text})
        await settled()


async def take(peer: Peer, at: int) -> None:
    peer.say({"msgid": TAKEN, "at": at})
    await settled()


def texts(frames: list[Frame]) -> list[str]:
    return [one["msg"] for one in frames if one["msgid"] in (CHAT, GROUP_CHAT)]


def session_of(peer: Peer) -> Session:
    assert peer.context.session is not None
    return peer.context.session


def position_of(server: Server, since: int) -> dict[str, Any]:
    """The fields by which a device says that it has everything up to this position."""
    return {"since": since, "epoch": server.chat.follower.epoch}


async def come(server: Server, way: int, **fields: Any) -> tuple[Frame, list[Frame]]:
    """Let Ann log in or resume. Return the answer, and what is sent after it."""
    peer = server.join()
    if way == LOGIN:
        peer.say({"msgid": LOGIN, "id": 1, "password": "pw", "v": 2, **fields})
    else:
        before = await server.log_in(1)
        peer.say({"msgid": RESUME, "token": before.heard()[0]["token"], **fields})
    await asyncio.sleep(0.01)  # until nothing more comes
    ack, *rest = peer.heard()
    assert (ack["msgid"], ack["errno"]) == (1001, 0)
    return ack, rest


# -- coming with a position, or without ----------------------------------------------------------


async def test_who_missed_long_texts_has_few_read_in_vain(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node asks the store for little more than it can show before it asks again."""
    await ann_and_bob(server)
    missed = [making.text(2, pair(1, 2), "x" * 4096) for _ in range(600)]
    await making.append(server.store, *missed)
    await server.chat.follower.wait_until_applied(600)
    read, found = server.log.read, 0

    async def counted(*args: Any) -> Any:
        nonlocal found
        reading = await read(*args)
        found += len(reading.entries)
        return reading

    monkeypatch.setattr(server.log, "read", counted)
    peer = server.join()
    peer.say({"msgid": LOGIN, "id": 1, "password": "pw", "v": 2, **position_of(server, 0)})
    await asyncio.sleep(0.01)
    assert len(texts(peer.heard())) == 600
    assert found < 2 * 600


both_ways = pytest.mark.parametrize("way", [LOGIN, RESUME], ids=["LOGIN_MSG", "RESUME"])


@both_ways
async def test_a_device_is_sent_what_follows_its_position(server: Server, way: int) -> None:
    """Entries come in the order of the log, including the user's own messages; `head` is the log's
    head."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two")
    await say(ann, 2, "mine")
    await say(bob, 1, "three")
    ack, rest = await come(server, way, **position_of(server, 1))
    assert [(one["at"], one["id"], one["msg"]) for one in rest] == [
        (2, 2, "two"), (3, 1, "mine"), (4, 2, "three"),
    ]  # fmt: skip
    assert (ack["head"], ack["epoch"], ack["oldest"]) == (4, server.chat.follower.epoch, 1)
    assert "reset" not in ack


@both_ways
async def test_without_a_position_it_begins_where_no_device_has_been(
    server: Server, way: int
) -> None:
    """It begins behind what any of the user's devices has taken over, whether or not that is
    written yet."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two", "three")
    _, rest = await come(server, way)
    assert texts(rest) == ["one", "two", "three"]
    await take(ann, 2)
    for _ in range(2):
        _, rest = await come(server, way)
        assert texts(rest) == ["three"]
        await server.chat.marks.write()


async def test_a_mark_is_written_when_its_session_ends(server: Server) -> None:
    """A session that follows on another node then begins behind it."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two")
    await take(ann, 1)
    await ann.ask(1002)
    assert await server.waiting_for(1) == ["two"]


@both_ways
@pytest.mark.parametrize(
    ("since", "epoch"),
    [
        (3, "the log's"),
        (END, "the log's"),
        (1, "another"),
        (0, "another"),
        (1, "none"),
        (2, "none"),
    ],
)
async def test_a_position_that_means_nothing_is_reset(
    server: Server, way: int, since: int, epoch: str
) -> None:
    """A position beyond the head, of another epoch or without one resets the device, which begins
    at the log's head."""
    _, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two")
    epochs = {"the log's": {"epoch": server.chat.follower.epoch}, "another": {"epoch": "x"}}
    ack, rest = await come(server, way, since=since, **epochs.get(epoch, {}))
    assert (ack["reset"], ack["head"], rest) == (True, 2, [])
    assert ack["epoch"] == server.chat.follower.epoch


@both_ways
async def test_a_position_below_the_oldest_is_reset(server: Server, way: int) -> None:
    """Entries after it may be deleted; from the oldest on, nothing is missing."""
    _, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two", "three", "four", "five")
    assert await server.store.log.forget(END, 3) == 3
    ack, rest = await come(server, way, **position_of(server, 2))
    assert (ack["oldest"], ack["reset"], ack["head"], texts(rest)) == (4, True, 5, [])
    ack, rest = await come(server, way, **position_of(server, 3))
    assert "reset" not in ack
    assert texts(rest) == ["four", "five"]


async def test_a_device_that_was_reset_is_shown_what_is_new(server: Server) -> None:
    """The device may take that over."""
    _, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two")
    peer = await server.log_in(1, since=77, epoch="x")
    peer.heard()
    await say(bob, 1, "three")
    (chat,) = peer.heard()
    assert (chat["at"], chat["msg"]) == (3, "three")
    await take(peer, 3)
    await server.chat.marks.write()
    assert await server.waiting_for(1) == []


@both_ways
@pytest.mark.parametrize("since", [-1, END + 1, 1.5, "1", True, [1], 1e300])
async def test_a_since_that_is_no_position_is_refused(server: Server, way: int, since: Any) -> None:
    """The request's own ack refuses it, and nobody is logged in."""
    await server.register("Ann")
    peer = server.join()
    refusal = await peer.ask(way, id=1, password="pw", v=2, token="x", since=since, epoch="x")
    assert (refusal["msgid"], refusal["error"]) == (1001, "bad_field")
    assert "since" in refusal["errmsg"]
    assert len(server.chat.sessions) == 0


# -- PING and PONG -----------------------------------------------------------------------------


async def test_pong_says_up_to_where_everything_was_sent(server: Server) -> None:
    """That includes what the connection has written itself, and what concerns others only."""
    ann, bob = await ann_and_bob(server)
    assert (await server.join().ask(PING)) == {"msgid": PONG, "seq": 1, "at": 0}
    assert (await ann.ask(PING))["at"] == 0
    await say(bob, 1, "one")
    await say(bob, 2, "to myself")
    await say(ann, 2, "mine")
    assert (await ann.ask(PING))["at"] == 3


async def test_ping_says_the_same(server: Server) -> None:
    """A device that nobody writes to therefore advances too."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 2, "to myself")
    server.tick(0.0)
    server.tick(PING_AFTER)
    await settled()
    assert ann.heard() == [{"msgid": 1012, "at": 1}]


async def test_who_is_behind_is_told_of_no_more_than_was_sent(server: Server) -> None:
    """A device that believed more would never see what lies between."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one")
    server.chat.offline.choked(session_of(ann))
    await say(bob, 1, "two")
    assert (await ann.ask(PING))["at"] == 1
    server.chat.offline.unchoked(session_of(ann))
    await settled()
    assert texts(ann.heard()) == ["two"]
    assert (await ann.ask(PING))["at"] == 2


# -- TAKEN and MARKS ---------------------------------------------------------------------------


async def test_what_is_taken_over_is_so_for_all_devices(server: Server) -> None:
    """The mark is written within about a second."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two", "three")
    await take(ann, 1)
    await take(ann, 2)
    assert (await server.log.opening(1)).got == 0
    server.passes(WRITTEN_EVERY)
    await settled()
    assert (await server.log.opening(1)).got == 2
    await take(ann, 1)  # the mark only grows
    server.passes(WRITTEN_EVERY)
    await settled()
    assert (await server.log.opening(1)).got == 2


async def test_what_cannot_be_written_is_written_later(server: Server) -> None:
    """The node keeps it meanwhile."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one")
    await take(ann, 1)
    server.log.failing = True
    server.passes(WRITTEN_EVERY)
    await settled()
    server.log.failing = False
    server.passes(WRITTEN_EVERY)
    await settled()
    assert await server.waiting_for(1) == []


@pytest.mark.parametrize("at", [2, 3, END])
async def test_nothing_is_taken_over_that_was_not_sent(server: Server, at: int) -> None:
    """The node answers with an error and changes nothing. The device can go on."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one")
    ann.heard(), bob.heard()
    assert (await ann.ask(TAKEN, at=at))["error"] == "bad_at"
    server.passes(WRITTEN_EVERY)
    await settled()
    assert await server.waiting_for(1) == ["one"]
    assert bob.heard() == []
    await take(ann, 1)
    await server.chat.marks.write()
    assert await server.waiting_for(1) == []


@pytest.mark.parametrize("at", [-1, END + 1, 0.5, "1", None])
async def test_what_is_no_position_is_not_taken_over(server: Server, at: Any) -> None:
    """It is refused as a bad field."""
    ann, _ = await ann_and_bob(server)
    assert (await ann.ask(TAKEN, at=at))["error"] == "bad_field"


async def test_who_does_not_read_takes_over_no_more_than_was_sent(server: Server) -> None:
    """The log may have more."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one")
    ann.handler.choked()
    await say(bob, 1, "two")
    with pytest.raises(NotSentYet):
        server.chat.marks.record_taken(session_of(ann), 2)
    server.chat.marks.record_taken(session_of(ann), 1)


async def test_writers_hear_of_what_was_taken_over(server: Server) -> None:
    """The writer's devices are told, as far as the writer's own messages go. Nobody else is."""
    ann, bob = await ann_and_bob(server)
    laptop, cid = await server.log_in(2), await server.logged_in("Cid")
    await say(bob, 1, "one", "two")
    await say(cid, 1, "three")
    await say(bob, 1, "four")
    for peer in (bob, laptop, cid):
        peer.heard()
    await take(ann, 3)
    server.passes(0.5)
    await settled()
    assert bob.heard() == laptop.heard() == [{"msgid": MARKS, "marks": [{"id": 1, "got": 2}]}]
    assert cid.heard() == [{"msgid": MARKS, "marks": [{"id": 1, "got": 3}]}]
    assert texts(ann.heard()) == ["one", "two", "three", "four"]


async def test_marks_come_together(server: Server) -> None:
    """They come at most twice a second, however often something is taken over."""
    ann, bob = await ann_and_bob(server)
    for number in range(1, 10):
        await say(bob, 1, "hello")
        await take(ann, number)
    bob.heard()
    server.passes(0.5)
    await settled()
    server.passes(0.5)
    await settled()
    assert bob.heard() == [{"msgid": MARKS, "marks": [{"id": 1, "got": 9}]}]


async def test_writers_hear_once_of_what_several_devices_take_over(server: Server) -> None:
    """The first device counts. The mark does not go back to where another device is."""
    ann, bob = await ann_and_bob(server)
    laptop = await server.log_in(1)
    await say(bob, 1, "one", "two", "three")
    bob.heard()
    for peer, at, got in ((ann, 2, [2]), (laptop, 1, []), (laptop, 2, []), (laptop, 3, [3])):
        await take(peer, at)
        server.passes(0.5)
        await settled()
        told = [frame["marks"] for frame in bob.heard()]
        assert told == [[{"id": 1, "got": one}] for one in got]


async def test_nobody_hears_of_what_groups_have_got(server: Server) -> None:
    """Only messages to a single user have this mark."""
    ann, bob = await ann_and_bob(server)
    group_id = await server.group(1, 2)
    await bob.ask(GROUP_CHAT, groupid=group_id, msg="hello")
    bob.heard()
    await take(ann, server.chat.follower.applied)
    server.passes(0.5)
    await settled()
    assert bob.heard() == []


# -- another epoch -----------------------------------------------------------------------------


async def test_whoever_is_there_is_sent_away_by_another_epoch(server: Server) -> None:
    """They learn of it from the answer to the next login. New entries follow that, at the new
    positions; what is under way on the old connection belongs to the old epoch and means
    nothing."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    before = ann.heard()[0]["epoch"]
    await say(bob, 1, "one", "two")
    await take(ann, 2)
    ann.heard()
    await server.lose(1)
    (away,) = ann.heard()
    assert (away["msgid"], ann.link.why) == (GOING_AWAY, DisconnectReason.MOVED)
    ann, bob = await server.log_in(1, since=2, epoch=before), await server.log_in(2)
    (ack,) = ann.heard()
    assert (ack["reset"], ack["head"]) == (True, 1)
    assert ack["epoch"] == server.chat.follower.epoch != before
    assert (await ann.ask(TAKEN, at=2))["error"] == "bad_at"
    assert (await ann.ask(PING))["at"] == 1
    await say(bob, 1, "three")
    (chat,) = ann.heard()
    assert (chat["at"], chat["msg"]) == (2, "three")
    await take(ann, 2)
    await server.chat.marks.write()
    assert (await server.log.opening(1)).got == 2


async def test_what_waits_of_a_client_at_a_reset_is_not_done(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection stays until all output has left. By then, the position that the client names
    may belong to another entry."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "lost")
    ann.handler.choked()
    ann.say({"msgid": TAKEN, "at": 2}, {"msgid": READ, "toid": 2, "at": 2})
    monkeypatch.setattr(ann.link, "close", lambda _: None)
    await server.lose(1)
    await say(await server.log_in(2), 1, "where that was")
    ann.handler.unchoked()
    await settled()
    assert ann.handler.intake.is_done()
    assert len(server.chat.marks) == 0


async def test_very_many_are_sent_away_a_few_at_a_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other work comes in between. A client whose turn has not come yet is told to try again."""
    monkeypatch.setattr("chat_domain.cluster.node.DROPPED_AT_ONCE", 1)
    ann, bob = await ann_and_bob(server)
    chat = {"msgid": CHAT, "toid": 1, "msg": "hi", "seq": 7}
    soon = asyncio.get_running_loop().call_soon
    monkeypatch.setattr(ann.link, "close", lambda _: soon(bob.say, chat))
    await server.log.renew()
    await server.chat.follower.poll_head()
    await settled()
    refused, away = bob.heard()
    assert (refused["seq"], refused["error"], away["msgid"]) == (7, "try_again", GOING_AWAY)
    assert bob.is_gone()


async def test_marks_of_another_epoch_are_dropped(server: Server) -> None:
    """A node that has not noticed the epoch yet drops them too; otherwise the next login would miss
    entries below them."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two")
    await take(ann, 2)
    await server.log.renew()
    await server.chat.marks.write()
    assert (await server.log.opening(1)).got == 0


async def test_marks_of_what_the_log_has_lost_are_dropped(server: Server) -> None:
    """A new epoch would cut them to a head that may include entries written since, which the device
    has not received."""
    ann, bob = await ann_and_bob(server)
    await say(bob, 1, "one", "two")
    await take(ann, 2)
    await server.lose(1, noticed=False)
    await server.chat.marks.write()
    assert (await server.log.opening(1)).got == 0


async def test_what_is_on_its_way_into_another_epoch_is_sent_again(server: Server) -> None:
    """It is refused for now, with what follows it, and accepted when it is sent again."""
    ann, bob = await ann_and_bob(server)
    await say(ann, 2, "one")
    await server.log.renew()
    chat = {"msgid": CHAT, "toid": 2}
    ann.say(
        {**chat, "msg": "two", "cid": "c2", "seq": 2},
        {**chat, "msg": "three", "cid": "c3", "seq": 3},
    )
    await settled()
    frames = ann.heard()
    assert [(one["seq"], one["error"]) for one in frames if "seq" in one] == [
        (2, "try_again"), (3, "try_again"),
    ]  # fmt: skip
    assert ann.is_gone()
    ann, bob = await server.log_in(1), await server.log_in(2)
    for text, cid in (("two", "c2"), ("three", "c3"), ("four", "c4")):
        assert "error" not in await ann.ask(CHAT, toid=2, msg=text, cid=cid)
    assert texts(bob.heard()) == ["one", "two", "three", "four"]


@pytest.mark.parametrize("leaves", [True, False], ids=["who leaves", "who finds no room"])
async def test_who_goes_while_another_epoch_begins_is_gone(
    server: Server, monkeypatch: pytest.MonkeyPatch, *, leaves: bool
) -> None:
    """They are no longer online, and their slot is free."""
    ann, bob = await server.logged_in("Ann", version=1), await server.logged_in("Bob", version=1)
    opening, gate = server.log.opening, asyncio.Event()

    async def slow_opening(user_id: int) -> Opening:
        await gate.wait()
        if user_id == 1 and not leaves:
            raise TryAgain
        return await opening(user_id)

    await server.log.renew()
    monkeypatch.setattr(server.log, "opening", slow_opening)
    polling = asyncio.create_task(server.chat.follower.poll_head())
    await settled()
    if leaves:
        ann.link.abort()
        await settled()
    gate.set()
    await polling
    await settled()
    monkeypatch.setattr(server.log, "opening", opening)
    assert (ann.is_gone(), bob.is_gone()) == (True, False)
    assert set(await server.chat.overview.presence.where([1, 2])) == {2}
    again = await server.log_in(1, version=1)
    assert again.heard()[0]["errno"] == 0


async def test_who_stays_when_another_device_goes_in_another_epoch_is_there(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are online, although they had no position at that moment."""
    await server.logged_in("Ann", version=1)
    laptop = await server.log_in(1)
    opening, gate = server.log.opening, asyncio.Event()

    async def slow_opening(user_id: int) -> Opening:
        await gate.wait()
        return await opening(user_id)

    await server.log.renew()
    monkeypatch.setattr(server.log, "opening", slow_opening)
    polling = asyncio.create_task(server.chat.follower.poll_head())
    await settled()
    assert laptop.is_gone()
    gate.set()
    await polling
    assert set(await server.chat.overview.presence.where([1])) == {1}


@pytest.mark.parametrize("end", [b"\n", b"\0"])
async def test_version_1_hears_nothing_of_positions(server: Server, end: bytes) -> None:
    """It gets no MARKS, and is not sent away."""
    old = await server.logged_in("Old", version=1, end=end)
    bob = await server.logged_in("Bob")
    old.heard()
    old.say({"msgid": CHAT, "toid": 2, "msg": "hello"})
    await settled()
    await take(bob, 1)
    server.passes(0.5)
    await settled()
    await server.lose(1)
    await settled()
    assert old.heard() == []
    assert not old.is_gone()


async def test_who_logs_in_during_a_reset_is_sent_away(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are sent away before the answer, and log in again."""
    ann, bob = await server.logged_in("Ann"), await server.logged_in("Bob")
    login = ann.heard()[0]
    await say(bob, 1, "one", "two", "three")
    use = Devices.use

    async def use_late(devices: Devices, token: Token) -> Token:
        await server.lose(1)
        return await use(devices, token)

    resume = {
        "msgid": RESUME,
        "token": login["token"],
        "since": 3,
        "epoch": login["epoch"],
        "seq": 1,
    }
    with monkeypatch.context() as patch:
        patch.setattr(Devices, "use", use_late)
        again = server.join()
        again.say(resume)
        for _ in range(3):
            await settled()
    assert [one["msgid"] for one in again.heard()] == [GOING_AWAY]
    assert again.is_gone()
    again = server.join()
    again.say(resume)
    await settled()
    (ack,) = again.heard()
    assert (ack["msgid"], ack["reset"], ack["head"]) == (1001, True, 2)
    assert ack["epoch"] != login["epoch"]


async def test_a_login_that_nobody_is_told_of_leaves_no_device(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each such login would be listed as a device, and could end one of the others."""
    (ann,) = await server.register("Ann")
    keep = Devices.store_token

    async def keep_late(devices: Devices, user: User, token: Token) -> None:
        await keep(devices, user, token)
        await server.log.renew()
        await server.chat.follower.poll_head()

    monkeypatch.setattr(Devices, "store_token", keep_late)
    peer = await server.log_in(ann)
    await settled()
    refused, away = peer.heard()
    assert (refused["error"], away["msgid"]) == ("try_again", GOING_AWAY)
    assert await server.chat.devices.resumable(User(ann, "Ann")) == []
