"""The two kinds of version 1 clients: the C++ server's, and a person at a terminal."""

import asyncio
import json
from itertools import pairwise

import pytest

from adapters.faults.incidents import INCIDENTS
from adapters.gateway.keepalive import DROP_AFTER
from adapters.gateway.version1_clients import MOST_PACED, OriginalClient
from adapters.sql.tokens import SqlTokens
from adapters.wire.framing import MAX_SERVER_FRAME
from adapters.wire.version1 import MAX_FRAME
from chat_domain.errors import TryAgain
from chat_domain.log.offline import READ_AT_ONCE
from chat_domain.model import Account
from chat_domain.people.accounts import Accounts
from tests.unit.gateway.server import Frame, Peer, Server, settled

NUL = b"\0"
PAUSE = 0.05  # seconds, as docs/protocol.md promises


async def original(server: Server) -> Peer:
    """The C++ server's client, logged in."""
    peer = await server.logged_in("Old", version=1, end=NUL)
    peer.heard()
    return peer


async def person(server: Server) -> Peer:
    """A person who types frames into `nc`, logged in."""
    peer = await server.logged_in("Nick", version=1)
    peer.heard()
    return peer


async def away(server: Server, name: str, *texts: str) -> int:
    """Register a user for whom these texts are waiting. Return their id."""
    (user_id,) = await server.register(name)
    sender = await server.logged_in(f"who writes to {name}")
    for text in texts:
        await sender.ask(1005, toid=user_id, msg=text)
    return user_id


async def took_over(server: Server, user_id: int = 1) -> list[str]:
    """What still waits for a user once the clock has ticked and the marks are written."""
    server.tick(0.0)
    await server.chat.marks.write()
    return await server.waiting_for(user_id)


def chats(peer: Peer) -> list[str]:
    return [frame["msg"] for frame in peer.heard() if frame["msgid"] in (1005, 1009)]


def offline(ack: Frame) -> list[str]:
    return [json.loads(item)["msg"] for item in ack.get("offlinemsg", [])]


# -- logging in --------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [NUL, b"\n"])
async def test_a_version_1_login_is_answered_as_ever(server: Server, end: bytes) -> None:
    """The answer has friends, groups and missed messages as lists of strings, and no token."""
    user_id = await away(server, "Old", "one", "two")
    (friend,) = await server.register("Bob")
    await server.chat.friends.add(user_id, friend)
    group_id = await server.group(user_id)
    peer = await server.log_in(user_id, version=1, end=end)
    (ack,) = peer.heard()
    assert list(ack) == ["msgid", "errno", "id", "name", "friends", "groups", "offlinemsg"]
    assert json.loads(ack["friends"][0]) == {"id": friend, "name": "Bob", "state": "offline"}
    shown = json.loads(ack["groups"][0])
    assert (shown["id"], json.loads(shown["users"][0])["role"]) == (group_id, "creator")
    assert offline(ack) == ["one", "two"]
    assert await took_over(server) == []


async def test_a_refused_login_is_answered_by_its_ack(server: Server) -> None:
    """The C++ server's client waits for it, and reads errno and errmsg."""
    peer = server.join(NUL)
    for frame in ({"id": 99, "password": "x"}, {"id": "?", "password": "x"}, {"id": 1}):
        peer.say({"msgid": 1000, **frame})
        await settled()
        (ack,) = peer.heard()
        assert ack["msgid"] == 1001
        assert ack["errno"]
        assert ack["errmsg"]
    peer.say({"msgid": 1003, "name": "42", "password": "x"})
    await settled()
    (ack,) = peer.heard()
    assert (ack["msgid"], ack["errno"]) == (1004, 20)


async def test_a_login_that_fails_half_way_leaves_no_session(server: Server) -> None:
    """Here, the store of friends is away. The next attempt can succeed."""
    await server.register("Old")
    peer = server.join(NUL)
    server.failing_friends.away = True
    peer.say({"msgid": 1000, "id": 1, "password": "pw"})
    await settled()
    (ack,) = peer.heard()
    assert (ack["msgid"], ack["errno"]) == (1001, 50)
    assert len(server.chat.sessions) == 0
    server.failing_friends.away = False
    peer.say({"msgid": 1000, "id": 1, "password": "pw"})
    await settled()
    assert [frame["errno"] for frame in peer.heard()] == [0]


# -- the original client -----------------------------------------------------------------------


async def test_what_does_not_fit_into_the_answer_follows_one_by_one(server: Server) -> None:
    """They come 50 ms apart, each in a write of its own, and live messages line up behind them."""
    texts = [f"{number} " + "x" * 300 for number in range(6)]
    user_id = await away(server, "Old", *texts)
    bob = await server.logged_in("Bob")
    peer = await server.log_in(user_id, version=1, end=NUL)
    in_ack = offline(peer.heard()[0])
    assert in_ack == texts[: len(in_ack)]
    assert 1 <= len(in_ack) < 6
    bob.say({"msgid": 1005, "toid": user_id, "msg": "live"})
    await settled()
    assert peer.heard() == []
    await asyncio.sleep(1)
    assert chats(peer) == [*texts[len(in_ack) :], "live"]
    chunks, times = peer.link.chunks[1:], peer.link.times
    assert all(chunk.count(NUL) == 1 for chunk in chunks)
    assert all(later - earlier >= PAUSE - 1e-9 for earlier, later in pairwise(times))
    assert times[-1] - times[0] < 6.5 * PAUSE
    assert await took_over(server) == []


async def test_a_short_live_message_comes_at_once(server: Server) -> None:
    """Two that arrive in the same turn share a write, as the page says."""
    peer, bob = await original(server), await server.logged_in("Bob")
    bob.say({"msgid": 1005, "toid": 1, "msg": "one"}, {"msgid": 1005, "toid": 1, "msg": "two"})
    await settled()
    assert len(peer.link.chunks) == 2
    assert chats(peer) == ["one", "two"]


async def test_a_long_message_comes_in_parts(server: Server) -> None:
    """The parts are paced, each fits into one read, and what follows waits for the last one."""
    peer, bob = await original(server), await server.logged_in("Bob")
    long = '👩"\n' * 1000
    bob.say({"msgid": 1005, "toid": 1, "msg": long, "seq": 1})
    bob.say({"msgid": 1005, "toid": 1, "msg": "short", "seq": 2})
    await settled()
    assert peer.heard() == []
    await asyncio.sleep(PAUSE * 2.5)
    assert len(peer.link.chunks[1:]) == 2
    assert await took_over(server) == [long, "short"]
    await asyncio.sleep(2)
    chunks = peer.link.chunks[1:]
    assert max(map(len, chunks)) <= MAX_FRAME + 1
    assert all(chunk.count(NUL) == 1 for chunk in chunks)
    *parts, last = chats(peer)
    assert ("".join(parts), last) == (long, "short")
    assert await took_over(server) == []


async def test_after_the_pause_messages_come_at_once_again(server: Server) -> None:
    """Pacing ends with the paced message."""
    peer, bob = await original(server), await server.logged_in("Bob")
    bob.say({"msgid": 1005, "toid": 1, "msg": "x" * 2000})
    await asyncio.sleep(1)
    peer.heard()
    bob.say({"msgid": 1005, "toid": 1, "msg": "now"})
    await settled()
    assert chats(peer) == ["now"]


async def test_what_has_left_the_server_is_taken_over(server: Server) -> None:
    """While the client does not read, its messages still wait on the server. Their writers are told
    when they have left."""
    peer, bob = await original(server), await server.logged_in("Bob")
    peer.link.stuck = True
    at = (await bob.ask(1005, toid=1, msg="hello"))["at"]
    server.passes(1)
    assert bob.heard() == []
    assert await took_over(server) == ["hello"]
    peer.link.unstick()
    server.tick(0.0)
    server.passes(1)
    await settled()
    assert chats(peer) == ["hello"]
    assert await took_over(server) == []
    assert bob.heard() == [{"msgid": 1038, "marks": [{"id": 1, "got": at}]}]


async def test_a_long_message_is_taken_over_with_its_last_part(server: Server) -> None:
    """If the connection breaks in between, nothing of it is lost."""
    peer, bob = await original(server), await server.logged_in("Bob")
    bob.say({"msgid": 1005, "toid": 1, "msg": "x" * 3000, "seq": 1})
    bob.say({"msgid": 1005, "toid": 1, "msg": "behind", "seq": 2})
    await asyncio.sleep(PAUSE * 2.5)
    assert len(chats(peer)) == 2
    peer.link.abort()
    await asyncio.sleep(1)
    assert [len(text) for text in await took_over(server)] == [3000, 6]


async def test_what_is_passed_over_does_not_overtake_what_is_paced(server: Server) -> None:
    """What its user writes on another device does not acknowledge what came before."""
    peer, bob = await original(server), await server.logged_in("Bob")
    device = await server.log_in(1)
    bob.say({"msgid": 1005, "toid": 1, "msg": "x" * 3000})
    await settled()
    await device.ask(1005, toid=2, msg="own words")
    await asyncio.sleep(PAUSE * 2.5)
    assert len(chats(peer)) == 2
    assert await took_over(server) == ["x" * 3000]


async def test_what_is_paced_has_not_left_with_what_waited_before_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the login may still wait for its turn to be sent when the first message behind
    it is due. If that then does not leave, it is shown again."""
    texts = [f"{number} {'x' * 200}" for number in range(10)]
    user_id = await away(server, "Old", *texts)
    peer = server.join(NUL)
    link, flush = peer.link, peer.link._flush
    link.stuck = True
    peer.say({"msgid": 1000, "id": user_id, "password": "pw"})
    await settled()

    def flush_once() -> None:
        flush()
        link.stuck = True

    monkeypatch.setattr(link, "_flush", flush_once)
    link.stuck = False
    await asyncio.sleep(PAUSE * 1.5)
    (ack,) = peer.heard()
    link.abort()
    await settled()
    await server.chat.marks.write()
    assert 0 < len(offline(ack)) < len(texts)
    assert await server.waiting_for(user_id) == texts[len(offline(ack)) :]


async def test_a_tick_notices_what_has_left_meanwhile(server: Server) -> None:
    """The writer learns that the message was taken over while both are connected."""
    await original(server)
    bob = await server.logged_in("Bob")
    await bob.ask(1005, toid=1, msg="hello")
    assert await took_over(server) == []


async def test_what_has_left_counts_without_a_tick_when_the_connection_breaks(
    server: Server,
) -> None:
    """What was still on the server then does not count."""
    peer, bob = await original(server), await server.logged_in("Bob")
    await bob.ask(1005, toid=1, msg="has left")
    peer.link.stuck = True
    await bob.ask(1005, toid=1, msg="has not")
    peer.link.abort()
    await settled()
    await server.chat.marks.write()
    assert await server.waiting_for(1) == ["has not"]


async def test_what_is_taken_over_is_written_before_the_slot_is_free(server: Server) -> None:
    """The next login is therefore not shown it again."""
    peer, bob = await original(server), await server.logged_in("Bob")
    await bob.ask(1005, toid=1, msg="hello")
    assert chats(peer) == ["hello"]
    server.log.gate.clear()
    peer.link.abort()
    await settled()
    again = server.join(NUL)
    again.say({"msgid": 1000, "id": 1, "password": "pw"})
    await settled()
    (refusal,) = again.heard()
    assert refusal["errno"] == 2
    server.log.gate.set()
    await settled()
    again.say({"msgid": 1000, "id": 1, "password": "pw"})
    await settled()
    (ack,) = again.heard()
    assert (ack["errno"], offline(ack)) == (0, [])


@pytest.mark.parametrize("end", [NUL, b"\n"])
async def test_version_1_is_shown_what_others_say_and_nothing_else(
    server: Server, end: bytes
) -> None:
    """Live or missed, its user's own texts from other devices, changes and deleted texts are left
    out. Its mark passes them all the same."""
    bob = await server.logged_in("Bob")
    peer = await server.logged_in("Old", version=1, end=end)
    device = await server.log_in(2)
    peer.heard()

    async def talk() -> None:
        group_id = (await device.ask(1007, groupname=f"group {server.chat.follower.applied}"))[
            "groupid"
        ]
        await bob.ask(1008, groupid=group_id)
        await device.ask(1009, groupid=group_id, msg="own words")
        await bob.ask(1009, groupid=group_id, msg="to all")
        await device.ask(1005, toid=1, msg="own words again")
        await bob.ask(1005, toid=2, msg="to one")
        await device.ask(1035, groupid=group_id, groupname=f"name {server.chat.follower.applied}")

    await talk()
    assert chats(peer) == ["to all", "to one"]
    server.tick(0.0)
    assert await took_over(server, 2) == []
    assert (await server.log.opening(2)).got == server.chat.follower.applied
    peer.link.abort()
    await settled()
    await talk()
    eve = await server.logged_in("Eve")
    await eve.ask(1005, toid=2, msg="deleted")
    await server.chat.administration.delete("Eve", with_sent=True)
    peer = await server.log_in(2, version=1, end=end)
    (ack,) = peer.heard()
    assert offline(ack) == ["to all", "to one"]
    server.tick(0.0)
    assert await took_over(server, 2) == []


@pytest.mark.parametrize("end", [NUL, b"\n"])
async def test_version_1_hears_what_its_user_says_to_themselves(server: Server, end: bytes) -> None:
    """The C++ server did so too. This includes what the user writes on a device, live or missed."""
    peer = await server.logged_in("Old", version=1, end=end)
    device = await server.log_in(1)
    peer.heard()
    peer.say({"msgid": 1005, "toid": 1, "msg": "a note"})
    await settled()
    await device.ask(1005, toid=1, msg="another")
    assert chats(peer) == ["a note", "another"]
    peer.link.abort()
    await settled()
    await device.ask(1005, toid=1, msg="a third")
    (ack,) = (await server.log_in(1, version=1, end=end)).heard()
    assert offline(ack) == ["a third"]


@pytest.mark.parametrize("end", [NUL, b"\n"])
async def test_devices_and_the_slot_are_not_in_each_other_s_way(server: Server, end: bytes) -> None:
    """Both get everything. A second client of version 1 is still refused."""
    old = await server.logged_in("Old", version=1, end=end)
    device = await server.log_in(1)
    bob = await server.logged_in("Bob")
    for peer in (old, device):
        peer.heard()
    second = server.join(end)
    second.say({"msgid": 1000, "id": 1, "password": "pw"})
    await settled()
    (refusal,) = second.heard()
    assert (refusal["msgid"], refusal["errno"]) == (1001, 2)
    assert not second.is_gone()
    await bob.ask(1005, toid=1, msg="hello")
    assert chats(old) == chats(device) == ["hello"]


async def test_whatever_was_missed_comes_without_being_held_at_once(server: Server) -> None:
    """Some messages wait to be sent one after the other; the log has the rest."""
    texts = [str(number) for number in range(1000)]
    user_id = await away(server, "Old", *texts)
    peer = await server.log_in(user_id, version=1, end=NUL)
    found = offline(peer.heard()[0])
    assert isinstance(peer.context.client, OriginalClient)
    most = READ_AT_ONCE  # read for the answer
    while len(found) < len(texts):
        assert len(peer.context.client) <= most
        if len(peer.context.client) <= MOST_PACED:
            most = MOST_PACED
        await asyncio.sleep(PAUSE)
        found += chats(peer)
    assert found == texts
    assert peer.context.session is not None
    assert peer.context.session.live


async def test_who_does_not_read_and_is_paced_gets_all_of_it_once(server: Server) -> None:
    """What waits stays bounded, whichever of the two ends first."""
    texts = [str(number) for number in range(1000)]
    user_id = await away(server, "Old", *texts)
    peer = await server.log_in(user_id, version=1, end=NUL)
    found = offline(peer.heard()[0])
    assert isinstance(peer.context.client, OriginalClient)
    while len(found) < len(texts):
        peer.handler.choked()
        await asyncio.sleep(PAUSE * 3)
        peer.handler.unchoked()
        await settled()
        assert len(peer.context.client) <= MOST_PACED + READ_AT_ONCE
        peer.handler.choked()
        waited = len(peer.context.client)
        await asyncio.sleep(PAUSE * (waited + 2))
        assert len(peer.context.client) == 0
        peer.handler.unchoked()
        await settled()
        found += chats(peer)
    assert found == texts


async def test_version_1_goes_on_in_another_epoch(server: Server) -> None:
    """What it was sent in the old epoch means nothing in the new one."""
    peer, bob = await original(server), await server.logged_in("Bob")
    await bob.ask(1005, toid=1, msg="short")
    bob.say({"msgid": 1005, "toid": 1, "msg": "x" * 3000})
    await asyncio.sleep(PAUSE * 1.5)
    await server.lose(2)
    await asyncio.sleep(1)
    for now in range(3):
        server.tick(float(now))
    assert "".join(chats(peer)) == "short" + "x" * 3000
    bob = await server.log_in(2)
    peer.link.stuck = True
    await bob.ask(1005, toid=1, msg="behind")
    assert await took_over(server) == ["behind"]
    peer.link.unstick()
    assert chats(peer) == ["behind"]
    assert await took_over(server) == []
    assert not INCIDENTS.defects["clock"]


async def test_what_was_read_for_the_answer_to_a_login_is_none_of_the_new_positions(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the follower is reset before the login is answered, the messages are read again, and
    nothing counts as taken over before it has left."""
    user_id = await away(server, "Old", "one", "lost")
    check = Accounts.check_unchanged

    async def check_late(accounts: Accounts, account: Account) -> None:
        monkeypatch.setattr(Accounts, "check_unchanged", check)
        await server.lose(1)
        bob = await server.logged_in("Bob")
        await bob.ask(1005, toid=user_id, msg="where that was")
        await check(accounts, account)

    monkeypatch.setattr(Accounts, "check_unchanged", check_late)
    peer = await server.log_in(user_id, version=1, end=NUL)
    for _ in range(9):
        await settled()
    assert offline(peer.heard()[0]) == []
    assert await took_over(server, user_id) == ["one", "where that was"]
    await asyncio.sleep(1)
    assert chats(peer) == ["one", "where that was"]
    assert await took_over(server, user_id) == []


async def test_the_original_gets_nothing_but_chats(server: Server) -> None:
    """It gets no error, answer, notice or PING, which it could take for a chat, or for which it
    could miss one."""
    peer, bob = await original(server), await server.logged_in("Bob")
    await server.chat.friends.add(1, 2)
    peer.link.arrives(b"nonsense\0[]\0{}\0")
    peer.say(
        {"msgid": 77}, {"msgid": 1005, "toid": 99, "msg": "to nobody"}, {"msgid": 1005, "toid": 1},
        {"msgid": 1005, "toid": 2, "msg": "hello", "seq": 1}, {"msgid": 1006, "friendid": 99},
        {"msgid": 1007, "groupname": "42"}, {"msgid": 1008, "groupid": 99}, {"msgid": 1012},
        {"msgid": 1009, "groupid": 99, "msg": "x"}, {"msgid": 1014, "at": 5},
        {"msgid": 1022, "seq": 2}, {"msgid": 1000, "id": 1, "password": "pw"},
        {"msgid": 1003, "name": "x", "password": "y"}, {"msgid": 1015, "token": "x"},
        {"msgid": 1006, "friendname": "Bob", "seq": 3}, {"msgid": 1031},
        {"msgid": 1043, "toid": 2, "at": 9}, {"msgid": 1044, "groupid": 9}, {"msgid": 1045},
    )  # fmt: skip
    await settled()
    bob.link.abort()
    for now in range(0, 300, 5):
        server.tick(float(now))
    await settled()
    await server.gateway.close()
    assert peer.heard() == []


async def test_the_original_s_requests_are_done(server: Server) -> None:
    """It is told nothing about them."""
    peer = await original(server)
    await server.register("Bob")
    await server.group(2, name="theirs")
    peer.say(
        {"msgid": 1006, "id": 1, "friendid": 2},
        {"msgid": 1007, "id": 1, "groupname": "mine", "groupdesc": "x"},
        {"msgid": 1008, "id": 1, "groupid": 1},
    )
    await settled()
    assert [one.id for one in (await server.chat.friends.page(1, 0, 10)).items] == [2]
    own = (await server.chat.groups.page(1, 0, 10)).items
    assert [one.group.name for one in own] == ["theirs", "mine"]


async def test_an_original_that_logs_out_may_log_in_again(server: Server) -> None:
    """This works on the same connection, and what was still to be paced comes with the next
    login. Then it is taken over."""
    peer, bob = await original(server), await server.logged_in("Bob")
    bob.say({"msgid": 1005, "toid": 1, "msg": "x" * 3000})
    await settled()
    peer.say({"msgid": 1002, "id": 1})
    await asyncio.sleep(1)
    assert peer.heard() == []
    peer.say({"msgid": 1000, "id": 1, "password": "pw"})
    await asyncio.sleep(1)
    ack, *parts = peer.heard()
    assert ack["errno"] == 0
    assert "".join(part["msg"] for part in parts) == "x" * 3000
    assert await took_over(server) == []


async def test_an_original_that_is_lost_during_its_login_is_not_written_to(server: Server) -> None:
    """Nothing is paced for it, and none of its missed messages are lost."""
    texts = ["x" * 600, "y" * 600, "z" * 600]
    user_id = await away(server, "Old", *texts)
    peer = server.join(NUL)
    server.failing_friends.gate.clear()
    peer.say({"msgid": 1000, "id": user_id, "password": "pw"})
    await settled()
    peer.link.abort()
    await settled()
    server.failing_friends.gate.set()
    await asyncio.sleep(1)
    assert peer.link.chunks == []
    assert not server.chat.sessions.of(user_id)
    assert await took_over(server) == texts


async def test_a_silent_original_is_not_dropped(server: Server) -> None:
    """It cannot answer a PING; TCP finds out whether it is still there."""
    peer = await original(server)
    for now in range(0, 1000, 10):
        server.tick(float(now))
    assert not peer.is_gone()


async def test_an_original_that_does_not_read_is_dropped(server: Server) -> None:
    """This happens after 60 s, as with any client."""
    peer = await original(server)
    server.tick(0.0)
    peer.handler.choked()
    server.tick(DROP_AFTER)
    assert peer.is_gone()


# -- a person with a terminal -----------------------------------------------------------------


async def test_a_person_gets_everything_at_once(server: Server) -> None:
    """Messages of any length come whole, live and in the answer to the login."""
    texts = ["x" * 2000, "y" * 2000]
    user_id = await away(server, "Nick", *texts)
    peer = await server.log_in(user_id, version=1)
    assert offline(peer.heard()[0]) == texts
    bob = await server.logged_in("Bob")
    bob.say({"msgid": 1005, "toid": user_id, "msg": "z" * 4096})
    await settled()
    assert chats(peer) == ["z" * 4096]


async def test_what_does_not_fit_into_a_person_s_answer_follows_at_once(server: Server) -> None:
    """The answer has at most three fourths of our longest frame, for it is made in one go."""
    texts = [f"{number} " + '"' * 4000 for number in range(16)]  # each is quoted twice
    user_id = await away(server, "Nick", *texts)
    peer = await server.log_in(user_id, version=1)
    first, _, _ = peer.link.chunks[0].partition(b"\n")
    longest = MAX_SERVER_FRAME * 3 // 4
    assert longest - 20_000 < len(first) <= longest
    ack, *rest = peer.heard()
    assert offline(ack) + [frame["msg"] for frame in rest] == texts


async def test_a_person_gets_errors_and_answers(server: Server) -> None:
    """A person gets an ACK if the request had a seq, and may use our own requests."""
    peer = await person(server)
    peer.say({"msgid": 1005, "toid": 99, "msg": "to nobody"})
    await settled()
    peer.say({"msgid": 77}, {"msgid": 1012})
    peer.say({"msgid": 1007, "groupname": "mine", "seq": 5}, {"msgid": 1022})
    await settled()
    answers = [(frame["msgid"], frame.get("error"), frame.get("seq")) for frame in peer.heard()]
    assert answers == [
        (1011, "no_such_user", None), (1011, "unknown_msgid", None), (1013, None, None),
        (1010, None, 5), (1023, None, None),
    ]  # fmt: skip


async def test_a_person_is_shown_so_much_at_login(server: Server) -> None:
    """The answer has 200 friends, and 20 groups with 50 members of each, if there are more."""
    user_id, *others = await server.register("Nick", *(f"friend {n}" for n in range(201)))
    for other in others:
        await server.chat.friends.add(user_id, other)
    for number in range(21):
        members = others[:50] if number == 19 else []  # the last that is shown has the most room
        await server.group(user_id, *members, name=f"group {number}")
    (ack,) = (await server.log_in(user_id, version=1)).heard()
    groups = [json.loads(group) for group in ack["groups"]]
    assert [json.loads(friend)["id"] for friend in ack["friends"]] == others[:200]
    assert [len(group["users"]) for group in groups] == [*[1] * 19, 50]


@pytest.mark.parametrize("end", [b"\n", NUL])
async def test_a_login_has_its_seq_in_its_answer(server: Server, end: bytes) -> None:
    """Version 1 may number its requests, too."""
    (user_id,) = await server.register("Nick")
    peer = await server.log_in(user_id, version=1, end=end, seq=7)
    assert [frame["seq"] for frame in peer.heard()] == [7]


async def test_a_person_gets_no_ping_and_no_presence(server: Server) -> None:
    """Nobody types an answer to a PING."""
    peer = await person(server)
    (bob_id,) = await server.register("Bob")
    await server.chat.friends.add(1, bob_id)
    await server.log_in(bob_id)
    for now in range(0, 1000, 10):
        server.tick(float(now))
    await settled()
    assert peer.heard() == []
    assert not peer.is_gone()


async def test_a_person_has_no_positions_to_acknowledge(server: Server) -> None:
    """What has left the server counts as taken over."""
    peer = await person(server)
    assert (await peer.ask(1014, at=0))["error"] == "bad_at"


@pytest.mark.parametrize(("version", "end"), [(1, b"\n"), (1, NUL)])
async def test_only_version_2_can_be_resumed(server: Server, version: int, end: bytes) -> None:
    """The answer to a login of version 1 has no token."""
    peer = await server.logged_in("Nick", version=version, end=end)
    assert "token" not in peer.heard()[0]


async def test_version_1_is_refused_where_it_is_not_spoken(server: Server) -> None:
    """This is so over a WebSocket. The server also closes the connection, since the client speaks
    nothing else."""
    await server.register("Ann")
    for version, is_gone in ((1, True), (2, False)):
        peer = server.join()
        peer.link.oldest_version = 2
        answer = await peer.ask(1000, id=1, password="pw", v=version)
        assert answer.get("error") == ("too_old" if is_gone else None)
        assert peer.is_gone() is is_gone


@pytest.mark.parametrize("version", [2, 3, 99])
async def test_the_lower_of_the_two_versions_is_in_force(server: Server, version: int) -> None:
    """The answer says which one it is."""
    peer = await server.logged_in("Ann", version=version)
    assert peer.heard()[0]["v"] == 2


async def test_version_2_works_over_nul_as_well(server: Server) -> None:
    """The server ends its frames as the client has ended its first one."""
    peer = await server.logged_in("Ann", end=NUL)
    peer.heard()
    server.tick(0.0)
    server.tick(30.0)
    await settled()
    assert [frame["msgid"] for frame in peer.heard()] == [1012]


@pytest.mark.parametrize("half_closed", [False, True])
async def test_what_it_is_sent_once_it_leaves_is_not_taken_over(
    server: Server, monkeypatch: pytest.MonkeyPatch, *, half_closed: bool
) -> None:
    """A logout can take long, as can the answers that a client still gets whose input has ended.
    Meanwhile its program may have ended."""
    nick, ann = await person(server), await server.logged_in("Ann")
    await ann.ask(1005, toid=1, msg="early")
    gate = asyncio.Event()

    async def slow_remove(*_: object) -> None:
        await gate.wait()

    monkeypatch.setattr(SqlTokens, "remove", slow_remove)
    if half_closed:
        server.hasher.gate = gate
        nick.say({"msgid": 1029, "old": "pw", "new": "mine"})
        nick.handler.input_ended()
    else:
        nick.say({"msgid": 1002})
    await settled()
    await ann.ask(1005, toid=1, msg="late")
    server.tick(0.0)
    gate.set()
    await settled()
    assert nick.is_gone() == half_closed
    assert await server.waiting_for(1) == ["late"]


async def test_what_is_sent_to_who_has_left_before_their_login_is_answered_is_not_taken_over(
    server: Server,
) -> None:
    nick, ann = await person(server), await server.logged_in("Ann")
    await nick.ask(1002)
    await ann.ask(1005, toid=1, msg="late")
    server.hasher.gate = gate = asyncio.Event()
    again = server.join()
    again.say({"msgid": 1000, "id": 1, "password": "pw"})
    again.handler.input_ended()
    gate.set()
    await settled()
    assert "late" in str(again.heard())
    assert again.is_gone()
    assert await server.waiting_for(1) == ["late"]


async def test_a_client_whose_input_ended_behind_a_logout_that_fails_still_leaves(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its program may have ended by then, so what it is sent is not taken over."""
    gate = asyncio.Event()

    async def fail_late(*_: object) -> None:
        await gate.wait()
        raise TryAgain

    monkeypatch.setattr(SqlTokens, "remove", fail_late)
    nick, ann = await person(server), await server.logged_in("Ann")
    nick.say({"msgid": 1002})
    nick.handler.input_ended()
    await settled()
    await ann.ask(1005, toid=1, msg="late")
    gate.set()
    await settled()
    assert nick.is_gone()
    assert await server.waiting_for(1) == ["late"]


async def test_a_client_whose_logout_failed_goes_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it is sent counts as taken over again."""

    async def fail(*_: object) -> None:
        raise TryAgain

    monkeypatch.setattr(SqlTokens, "remove", fail)
    nick, ann = await person(server), await server.logged_in("Ann")
    assert (await nick.ask(1002))["error"] == "try_again"
    await ann.ask(1005, toid=1, msg="hello")
    assert await took_over(server) == []
