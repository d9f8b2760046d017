"""READ, TYPING and SETTINGS: what clients send, and what they get."""

from typing import Any

import pytest

from chat_domain.fairness.meter import STORE_WEIGHT
from tests.unit.gateway.server import Frame, Peer, Server, settled

CONVERSATIONS, HISTORY, TAKEN = 1039, 1041, 1014
MARKS, READ, TYPING, SETTINGS, SETTINGS_ACK = 1038, 1043, 1044, 1045, 1046


@pytest.fixture
async def ann(server: Server) -> Peer:
    return await server.logged_in("Ann")


@pytest.fixture
async def bob(server: Server, ann: Peer) -> Peer:
    """Bob, who is in group 1 with Ann (positions 1 and 2) and has written to her (position 3)."""
    bob = await server.logged_in("Bob")
    await server.group(1, 2)
    await bob.ask(1005, toid=1, msg="hello")
    ann.heard(), bob.heard()
    return bob


async def tell(server: Server) -> None:
    """Let the time pass after which marks are told."""
    server.passes(0.5)
    await settled()


def of(peer: Peer, msgid: int) -> list[Frame]:
    return [frame for frame in peer.heard() if frame["msgid"] == msgid]


async def test_each_is_told_of_what_was_read_in_their_own_words(
    server: Server, ann: Peer, bob: Peer
) -> None:
    """A conversation of two is named after the other user, in frames to the reader's own devices as
    well."""
    phone = await server.log_in(1)
    phone.heard()
    await ann.ask(READ, toid=2, at=3)
    await ann.ask(READ, groupid=1, at=2)
    await tell(server)
    assert bob.heard() == [
        {
            "msgid": MARKS,
            "marks": [
                {"id": 1, "read": 3, "toid": 1},
                {"id": 1, "read": 2, "groupid": 1},
            ],
        }
    ]
    assert phone.heard() == [
        {
            "msgid": MARKS,
            "marks": [
                {"id": 1, "read": 3, "toid": 2},
                {"id": 1, "read": 2, "groupid": 1},
            ],
        }
    ]
    assert ann.heard() == []


async def test_a_read_is_answered_where_it_has_a_number(ann: Peer, bob: Peer) -> None:
    """It is answered even if it changes nothing."""
    ann.say({"msgid": READ, "toid": 2, "at": 2})
    await settled()
    assert ann.heard() == []
    for at in (3, 1, 3):
        assert (await ann.ask(READ, toid=2, at=at)).keys() == {"msgid", "seq"}
    assert (await ann.ask(READ, toid=99, at=3)).keys() == {"msgid", "seq"}
    assert (await ann.ask(READ, toid=2, at=4))["error"] == "bad_at"


async def test_what_was_read_a_moment_ago_is_not_unread(ann: Peer, bob: Peer) -> None:
    """Neither the list nor the conversation counts it as unread, although the mark may not be
    written yet."""
    await ann.ask(READ, toid=2, at=3)
    assert (await ann.ask(HISTORY, toid=2))["read"] == 3
    (of_two, of_group) = (await ann.ask(CONVERSATIONS))["conversations"]
    assert (of_two["toid"], of_two["read"], of_two["unread"]) == (2, 3, 0)
    assert (of_group["groupid"], of_group["read"]) == (1, 0)


async def test_what_others_have_got_and_read_a_moment_ago_is_as_it_was_told(
    server: Server, ann: Peer, bob: Peer
) -> None:
    """The mark may not be written yet, and a client that asks anew is not told of it again."""
    await ann.ask(READ, toid=2, at=1)
    await tell(server)  # and it is written, as no other is within the next second
    ann.say({"msgid": TAKEN, "at": 3})
    await ann.ask(READ, toid=2, at=3)
    await tell(server)
    row = (await bob.ask(CONVERSATIONS))["conversations"][0]
    assert (row["peer_got"], row["peer_read"]) == (3, 3)
    assert (await bob.ask(HISTORY, toid=1))["marks"] == [{"id": 1, "read": 3}]


async def test_a_conversation_comes_with_what_others_have_read(
    server: Server, ann: Peer, bob: Peer
) -> None:
    """The newest page has it, unless the reader hides it or the asking user has left."""
    for where in (Frame(toid=2), Frame(groupid=1)):
        await ann.ask(READ, **where, at=3)
    server.passes(1.0)
    await settled()
    for where in (Frame(toid=1), Frame(groupid=1)):
        assert (await bob.ask(HISTORY, **where))["marks"] == [{"id": 1, "read": 3}]
        assert "marks" not in await bob.ask(HISTORY, **where, before=9)
        assert "marks" not in await bob.ask(HISTORY, **where, after=0)
    assert (await ann.ask(HISTORY, groupid=1))["marks"] == [{"id": 2, "read": 1}]
    assert (await ann.ask(HISTORY, toid=99))["marks"] == []
    await ann.ask(SETTINGS, hide_read=True)
    for where in (Frame(toid=1), Frame(groupid=1)):
        assert (await bob.ask(HISTORY, **where))["marks"] == []
    assert "peer_read" not in (await bob.ask(CONVERSATIONS))["conversations"][0]
    await ann.ask(SETTINGS, hide_read=False)
    assert (await bob.ask(CONVERSATIONS))["conversations"][0]["peer_read"] == 3
    await bob.ask(1028, groupid=1)
    assert (await bob.ask(HISTORY, groupid=1))["marks"] == []


async def test_what_is_muted_is_in_the_list(ann: Peer, bob: Peer) -> None:
    """The row follows the user's own setting, not that of others."""
    await ann.ask(SETTINGS, groupid=1, muted=True)
    rows = (await ann.ask(CONVERSATIONS))["conversations"]
    assert [row.get("muted", False) for row in rows] == [False, True]
    assert not any("muted" in row for row in (await bob.ask(CONVERSATIONS))["conversations"])


async def test_marks_say_one_of_two_things(server: Server, ann: Peer, bob: Peer) -> None:
    """They say either what the user's devices have received, or what the user has read."""
    ann.say({"msgid": 1014, "at": 3}, {"msgid": READ, "toid": 2, "at": 3})
    await settled()
    await tell(server)
    assert [frame["marks"] for frame in of(bob, MARKS)] == [
        [{"id": 1, "got": 3}],
        [{"id": 1, "read": 3, "toid": 1}],
    ]


@pytest.mark.parametrize(
    ("asked", "told"), [({"toid": 2}, {"toid": 1}), ({"groupid": 1}, {"groupid": 1})]
)
async def test_who_is_typing_is_told(
    ann: Peer, bob: Peer, asked: dict[str, int], told: dict[str, int]
) -> None:
    """It is told at once, and never answered, with or without a seq."""
    ann.say({"msgid": TYPING, **asked, "seq": 90}, {"msgid": TYPING, **asked})
    await settled()
    assert bob.heard() == [{"msgid": TYPING, "id": 1, "name": "Ann", **told}]
    assert ann.heard() == []


async def test_typing_waits_for_nothing(server: Server, ann: Peer, bob: Peer) -> None:
    """It is told before the log has what was written earlier."""
    server.log.slow_writes = True
    ann.say({"msgid": 1005, "toid": 2, "msg": "hi"}, {"msgid": TYPING, "groupid": 1})
    await settled()
    assert [frame["msgid"] for frame in bob.heard()] == [TYPING]
    server.log.serve()
    await settled()
    assert [frame["msgid"] for frame in bob.heard()] == [1005]


async def test_what_one_has_chosen_is_answered(ann: Peer, bob: Peer) -> None:
    """The answer comes to a question and to a change, with or without a seq."""
    assert await ann.ask(SETTINGS) == {
        "msgid": SETTINGS_ACK, "seq": 1, "hide_read": False, "hide_typing": False,
    }  # fmt: skip
    asked: list[tuple[Frame, Frame]] = [
        ({"hide_read": True}, {"hide_read": True, "hide_typing": False}),
        ({"hide_typing": True}, {"hide_read": True, "hide_typing": True}),
        ({"hide_read": False}, {"hide_read": False, "hide_typing": True}),
    ]
    both = {"hide_read": False, "hide_typing": True}
    for where in (Frame(toid=2), Frame(groupid=1)):
        asked += [
            (where, both | where | {"muted": False}),
            (where | {"muted": True}, both | where | {"muted": True}),
            (where, both | where | {"muted": True}),
        ]
    for fields, expected in asked:
        answer = await ann.ask(SETTINGS, **fields)
        assert answer == expected | {"msgid": SETTINGS_ACK, "seq": answer["seq"]}
    ann.say({"msgid": SETTINGS})
    await settled()
    assert ann.heard() == [both | {"msgid": SETTINGS_ACK}]


async def test_of_a_refused_request_nothing_is_done(ann: Peer, bob: Peer) -> None:
    """The rest of the request is not done either."""
    refused = await ann.ask(SETTINGS, groupid=99, muted=True, hide_read=True)
    assert refused["error"] == "not_member"
    assert (await ann.ask(SETTINGS))["hide_read"] is False


async def test_other_devices_hear_of_what_was_chosen(server: Server, ann: Peer, bob: Peer) -> None:
    """The frame has no seq, and comes only if something may have changed."""
    phone = await server.log_in(1)
    phone.heard()
    await ann.ask(SETTINGS, hide_typing=True)
    for _ in range(2):
        await ann.ask(SETTINGS)
        await ann.ask(SETTINGS, toid=2, muted=True)
    both = {"msgid": SETTINGS_ACK, "hide_read": False, "hide_typing": True}
    assert phone.heard() == [both, {**both, "toid": 2, "muted": True}]
    assert ann.heard() == bob.heard() == []


@pytest.mark.parametrize("end", [b"\0", b"\n"])
async def test_version_1_is_told_nothing(server: Server, ann: Peer, bob: Peer, end: bytes) -> None:
    """It hears neither what others read and type, nor what its user sets and reads on other
    devices."""
    old = await server.log_in(2, version=1, end=end)
    old.heard()
    ann.say(
        {"msgid": READ, "toid": 2, "at": 3}, {"msgid": READ, "groupid": 1, "at": 3},
        {"msgid": TYPING, "toid": 2}, {"msgid": TYPING, "groupid": 1},
    )  # fmt: skip
    bob.say(
        {"msgid": READ, "groupid": 1, "at": 3}, {"msgid": SETTINGS, "hide_read": True},
        {"msgid": SETTINGS, "toid": 1, "muted": True},
    )  # fmt: skip
    await settled()
    await tell(server)
    assert {frame["msgid"] for frame in bob.heard()} == {MARKS, TYPING, SETTINGS_ACK}
    assert old.heard() == []


@pytest.mark.parametrize(
    ("frame", "weight"),
    [
        ({"msgid": READ, "toid": 2, "at": 3}, STORE_WEIGHT),
        ({"msgid": SETTINGS}, STORE_WEIGHT),
        ({"msgid": TYPING, "toid": 2}, 1),
    ],
)
async def test_what_it_weighs(ann: Peer, bob: Peer, frame: Frame, weight: int) -> None:
    """A request that asks the store weighs the same each time; typing weighs only its frame."""
    before = ann.context.meter.frames
    for times in (1, 2):
        ann.say(frame)
        await settled()
        assert ann.context.meter.frames - before == times * weight


async def test_a_group_is_joined_by_its_name(server: Server, ann: Peer, bob: Peer) -> None:
    """The case does not matter. The answer has the group's id, and a copy with the same cid gets
    the same one."""
    cid = await server.logged_in("Cid")
    joined: dict[str, Any] = {"groupname": "HIKERS", "cid": "c1"}
    first = await cid.ask(1008, **joined)
    assert (first["groupid"], first["groupname"], first["groupdesc"]) == (1, "hikers", "walk")
    second = await cid.ask(1008, **joined)
    assert second == first | {"seq": second["seq"]}
    assert (await cid.ask(1008, groupname="hikers"))["error"] == "already_member"


async def test_a_group_that_has_another_name_since_is_joined_once(
    server: Server, ann: Peer, bob: Peer
) -> None:
    """A copy gets the first answer, with the group's present name. A request with another cid, or
    with none, is not a copy; one with that of another change is a conflict. For a group that has
    ended since, the client is told only that."""
    cid = await server.logged_in("Cid")
    joined: dict[str, Any] = {"groupname": "hikers", "cid": "c1"}
    first = await cid.ask(1008, **joined)
    made = await cid.ask(1007, groupname="night owls", cid="c2")
    assert (await ann.ask(1035, groupid=1, groupname="walkers"))["msgid"] == 1010
    assert (await cid.ask(1035, groupid=2, groupname="larks"))["msgid"] == 1010
    second = await cid.ask(1008, **joined)
    assert second == first | {"seq": second["seq"], "groupname": "walkers"}
    again = await cid.ask(1007, groupname="night owls", cid="c2")
    assert again == made | {"seq": again["seq"]}
    for other in ({}, {"cid": "c3"}):
        assert (await cid.ask(1008, groupname="hikers", **other))["error"] == "no_such_group"
    assert (await cid.ask(1008, groupname="hikers", cid="c2"))["error"] == "cid_conflict"
    await cid.ask(1028, groupid=2)
    again = await cid.ask(1007, groupname="night owls", cid="c2")
    assert again["error"] == "no_such_group"


async def test_of_a_name_and_a_number_the_number_counts(
    server: Server, ann: Peer, bob: Peer
) -> None:
    """The name does not matter."""
    cid = await server.logged_in("Cid")
    assert (await cid.ask(1008, groupid=1, groupname="nobody's"))["groupid"] == 1


async def test_a_name_that_no_group_has_is_said_again_in_short(ann: Peer) -> None:
    """The error is short and printable, however long the name is and whatever it contains."""
    refused = await ann.ask(1008, groupname="\x1b[2J" + "x" * 1000)
    assert refused["error"] == "no_such_group"
    assert len(refused["errmsg"]) < 120
    assert refused["errmsg"].isprintable()
