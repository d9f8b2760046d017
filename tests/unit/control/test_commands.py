"""The operator's commands, and what they do to connected users."""

import json
from typing import Any

import pytest

from adapters.control.server import answer
from adapters.control.user_commands import COMMANDS
from chat_domain.operators.administration import SKIPPED
from tests.unit.gateway.server import Frame, Peer, Server, settled

LOGIN, RESUME, CHAT, CHANGED, NOTICE = 1000, 1015, 1005, 1037, 1034


async def ask(server: Server, command: str, **arguments: Any) -> Any:
    """The answer to a command as it goes over the socket, in JSON."""
    line = json.dumps({"command": command, "arguments": arguments}).encode()

    def bound(name: str) -> Any:
        async def carry_out(**given: Any) -> Any:
            return json.loads(json.dumps(dict(await COMMANDS[name](server.chat, **given))))

        return carry_out

    found = await answer({name: bound(name) for name in COMMANDS}, line)
    await settled()
    return found.get("result", found.get("error"))


async def ann_and_bob(server: Server) -> tuple[Peer, Peer]:
    """Ann (1) and Bob (2), each on a phone, in a group of Ann's."""
    await server.register("Ann", "Bob")
    ann, bob = [await server.log_in(user_id, device="phone") for user_id in (1, 2)]
    await server.group(1, 2)
    await settled()
    return ann, bob


def changes(frames: list[Frame]) -> list[tuple[str, int, str]]:
    """Each change, who made it, and whom it concerns or what the new name is."""
    return [
        (one["what"], one["id"], str(one.get("whom", one.get("newname", ""))))
        for one in frames
        if one["msgid"] == CHANGED
    ]


async def test_people_are_listed_and_found(server: Server) -> None:
    """They come in pages, with the nodes on which they are online."""
    await ann_and_bob(server)
    await server.register("Cid")
    ann = {"id": 1, "name": "Ann", "disabled": False, "nodes": ["alone"]}
    assert await ask(server, "list", after=0, limit=1) == {"users": [ann], "next": 1}
    listed = await ask(server, "list", after=1, limit=5)
    assert [(one["name"], one["nodes"]) for one in listed["users"]] == [
        ("Bob", ["alone"]), ("Cid", []),
    ]  # fmt: skip
    for text in ("1", "ANN"):
        assert (await ask(server, "find", text=text, limit=5))["users"] == [ann]
    assert await ask(server, "find", text="99", limit=5) == "no_such_user"


async def test_who_is_where(server: Server) -> None:
    """A user counts once, however many devices they have."""
    await ann_and_bob(server)
    await server.log_in(1)
    assert await ask(server, "nodes") == {"nodes": [{"node": "alone", "users": 2}]}
    assert await ask(server, "who") == {
        "users": [
            {"id": 1, "name": "Ann", "node": "alone"}, {"id": 2, "name": "Bob", "node": "alone"},
        ]
    }  # fmt: skip


async def test_an_account_is_made(server: Server) -> None:
    """The account can log in. A second one of the name is refused."""
    assert await ask(server, "add", name="Ann", password="secret") == {"id": 1, "name": "Ann"}
    assert (await server.join().ask(LOGIN, id=1, password="secret", v=2))["errno"] == 0
    assert await ask(server, "add", name="ann", password="secret") == "name_taken"


@pytest.mark.parametrize(
    ("command", "arguments", "answered", "password"),
    [
        ("log-out", {}, {"id": 1, "name": "Ann", "was_online": True}, "pw"),
        ("set-password", {"password": "new"}, {"id": 1, "name": "Ann"}, "new"),
        ("disable", {}, {"id": 1, "name": "Ann"}, None),
        ("delete", {}, {"id": 1, "name": "Ann"}, None),
    ],
)
async def test_all_sessions_of_a_user_are_ended(
    server: Server, command: str, arguments: Frame, answered: Frame, password: str | None
) -> None:
    """This includes every version, every device and the tokens. Other users are not affected."""
    ann, bob = await ann_and_bob(server)
    old = await server.log_in(1, version=1)
    token = ann.heard()[0]["token"]
    assert await ask(server, command, who="Ann", **arguments) == answered
    assert (ann.is_gone(), old.is_gone(), bob.is_gone()) == (True, True, False)
    assert ann.heard()[-1] == {"msgid": 1016}
    assert (await server.join().ask(RESUME, token=token))["error"] == "bad_token"
    for tried in ("pw", "new"):
        found = await server.join().ask(LOGIN, id=1, password=tried, v=2)
        assert (found["errno"] == 0) is (tried == password)


async def test_who_is_enabled_again_has_the_old_password(server: Server) -> None:
    """Nothing that arrives for them meanwhile is lost."""
    _, bob = await ann_and_bob(server)
    await ask(server, "disable", who="1")
    assert (await ask(server, "list", after=0, limit=1))["users"][0]["disabled"]
    await bob.ask(CHAT, toid=1, msg="hello")
    await ask(server, "enable", who="1")
    frames = (await server.log_in(1)).heard()
    assert (frames[0]["errno"], frames[-1]["msg"]) == (0, "hello")


@pytest.mark.parametrize("with_sent", [False, True])
async def test_an_account_is_deleted(server: Server, *, with_sent: bool) -> None:
    """Its groups go on without it. What it has written is deleted only if the operator asks for
    that."""
    ann, bob = await ann_and_bob(server)
    await ann.ask(CHAT, toid=2, msg="to Bob")
    bob.heard()
    assert await ask(server, "delete", who="Ann", with_sent=with_sent) == {"id": 1, "name": "Ann"}
    assert changes(bob.heard()) == [("left", 1, "2")]
    device = await server.log_in(2, since=0, epoch=server.chat.follower.epoch)
    texts = [one["msg"] for one in device.heard() if one["msgid"] == CHAT]
    assert texts == ([] if with_sent else ["to Bob"])
    assert await ask(server, "find", text="1", limit=1) == "no_such_user"
    assert (await bob.ask(CHAT, toid=1, msg="hello?"))["error"] == "no_such_user"


async def test_after_a_restore_nothing_of_before_counts(server: Server) -> None:
    """Tokens, ids and positions of before mean nothing, and connected clients are sent away."""
    ann, _ = await ann_and_bob(server)
    token = ann.heard()[0]["token"]
    epoch = server.chat.follower.epoch
    assert await ask(server, "after-restore") == {"skipped": SKIPPED, "tokens": 2}
    await server.chat.follower.poll_head()
    await settled()
    assert ann.is_gone()
    assert server.chat.follower.epoch != epoch
    assert (await server.join().ask(RESUME, token=token))["error"] == "bad_token"
    assert await server.register("Cid") == [2 + SKIPPED + 1]
    assert await server.group(1, name="owls") == 1 + SKIPPED + 1


async def test_all_that_is_kept_of_somebody_is_exported(server: Server) -> None:
    """This is their list, groups and sessions, and what they may see of the log."""
    ann, bob = await ann_and_bob(server)
    await ann.ask(1006, friendid=2)
    await bob.ask(CHAT, toid=1, msg="hello")
    await ann.ask(1009, groupid=1, msg="to all")
    await bob.ask(CHAT, toid=2, msg="to myself")
    found = await ask(server, "export", who="Ann")
    now = server.clock.ms
    (session,) = found.pop("sessions")
    assert (session["device"], session["begun"], session["seen"]) == ("phone", now, now)
    assert found == {
        "id": 1,
        "name": "Ann",
        "next": None,
        "upto": 5,
        "disabled": False,
        "friends": [{"id": 2, "name": "Bob"}],
        "groups": [{"id": 1, "groupname": "hikers", "groupdesc": "walk", "role": "creator"}],
        "entries": [
            {
                "at": 1, "time": now, "group": 1, "sender": 1, "sendername": "Ann",
                "change": {"what": "created", "user_id": 0, "name": "hikers", "detail": "walk"},
            },
            {
                "at": 2, "time": now, "group": 1, "sender": 2, "sendername": "Bob",
                "change": {"what": "joined", "user_id": 0, "name": "", "detail": ""},
            },
            {
                "at": 3, "time": now, "with": [1, 2], "sender": 2, "sendername": "Bob",
                "text": "hello",
            },
            {"at": 4, "time": now, "group": 1, "sender": 1, "sendername": "Ann", "text": "to all"},
        ],
    }  # fmt: skip


async def test_lists_of_any_length_are_exported_and_whether_the_account_is_disabled(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = await ann_and_bob(server)
    await server.register("Cid")
    for friend in (2, 3):
        await ann.ask(1006, friendid=friend)
    await server.group(1, name="owls")
    await ask(server, "disable", who="Ann")
    monkeypatch.setattr("chat_domain.operators.overview.PAGE", 1)
    found = await ask(server, "export", who="Ann")
    assert [friend["name"] for friend in found["friends"]] == ["Bob", "Cid"]
    assert [group["groupname"] for group in found["groups"]] == ["hikers", "owls"]
    assert found["disabled"] is True


async def test_an_export_comes_in_parts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part has few entries, or hardly more bytes than it may have; the first one has the rest as
    well. What is written meanwhile is in none of them."""
    ann, _ = await ann_and_bob(server)
    for _ in range(5):
        ann.say(*({"msgid": CHAT, "toid": 1, "msg": "x"} for _ in range(100)))
        await settled()
    monkeypatch.setattr("chat_domain.operators.overview.MOST_ENTRIES", 150)
    part = await ask(server, "export", who="Ann")
    assert part["sessions"]
    assert (part["next"], part["upto"]) == (150, 502)
    ann.say({"msgid": CHAT, "toid": 1, "msg": "later"})
    await settled()
    monkeypatch.setattr("chat_domain.operators.overview.MOST_BYTES", 1)
    entries = part["entries"]
    while part["next"] is not None:
        part = await ask(server, "export", who="Ann", after=part["next"], upto=502)
        assert (part["id"], part["name"]) == (1, "Ann")
        assert len(part["entries"]) <= 50
        entries += part["entries"]
    assert [one["at"] for one in entries] == list(range(1, 503))


async def test_a_notice_is_told_to_everybody(server: Server) -> None:
    """Every client that has notices gets it, and the answer counts the users online."""
    ann, bob = await ann_and_bob(server)
    ann.heard(), bob.heard()
    assert await ask(server, "broadcast", text="back in a minute") == {"online": 2}
    assert ann.heard() == bob.heard() == [{"msgid": NOTICE, "text": "back in a minute"}]
    assert await ask(server, "broadcast", text="") == "bad_field"
    assert ann.heard() == []


async def test_groups_are_listed_with_their_members(server: Server) -> None:
    """The group is named by its id, or by its name in any case."""
    await ann_and_bob(server)
    hikers = {"id": 1, "name": "hikers", "members": 2, "keep_days": 0}
    assert await ask(server, "groups list", after=0, limit=5) == {"groups": [hikers], "next": None}
    assert (await ask(server, "groups list", after=0, limit=5, containing="owl"))["groups"] == []
    found = await ask(server, "groups members", group="HIKERS", after=0, limit=5)
    assert found["group"] == {"id": 1, "name": "hikers"}
    assert found["users"] == [
        {"id": 1, "name": "Ann", "role": "creator", "online": True},
        {"id": 2, "name": "Bob", "role": "normal", "online": True},
    ]
    assert await ask(server, "groups members", group="9", after=0, limit=5) == "no_such_group"


async def test_the_operator_chooses_what_who_joins_is_shown(server: Server) -> None:
    """They are shown everything, or only what follows their joining."""
    ann, bob = await ann_and_bob(server)
    await ask(server, "groups remove", group="hikers", who="Bob")
    hikers = {"id": 1, "name": "hikers"}
    for shown, expected in (("all", ["created"]), ("joining", ["joined"])):
        answer = await ask(server, "groups history", group="HIKERS", shown=shown)
        assert answer == {"group": hikers, "shown": shown}
        await bob.ask(1008, groupid=1)
        page = await bob.ask(1041, groupid=1, after=0, limit=1)
        assert [entry["what"] for entry in page["entries"]] == expected
        await bob.ask(1028, groupid=1)
    assert await ask(server, "groups history", group="9", shown="all") == "no_such_group"
    await ann.ask(1028, groupid=1)
    assert await ask(server, "groups history", group="1", shown="all") == "no_such_group"


async def test_a_group_is_kept_for_as_long_as_the_operator_says(server: Server) -> None:
    """The time is given in days, up to a hundred years, or forever."""
    await ann_and_bob(server)
    hikers = {"id": 1, "name": "hikers"}
    for days, before in ((30, 0), (36_500, 30), (0, 36_500)):
        answer = await ask(server, "groups keep", group="HIKERS", days=days)
        assert answer == {"group": hikers, "days": days, "before": before}
        (listed,) = (await ask(server, "groups list", after=0, limit=5))["groups"]
        assert listed["keep_days"] == days
    for days in (-1, 36_501):
        assert await ask(server, "groups keep", group="1", days=days) == "bad_field"
    assert await ask(server, "groups keep", group="9", days=1) == "no_such_group"


async def test_the_operator_s_changes_reach_members_as_any_other(server: Server) -> None:
    """They have no user as their sender. A removed user sees the removal, and nothing after it."""
    ann, bob = await ann_and_bob(server)
    ann.heard(), bob.heard()
    renamed = await ask(server, "groups rename", group="hikers", name="Walkers")
    assert renamed == {"group": {"id": 1, "name": "Walkers"}, "before": "hikers"}
    removed = await ask(server, "groups remove", group="walkers", who="Bob")
    assert removed == {"group": {"id": 1, "name": "Walkers"}, "user": {"id": 2, "name": "Bob"}}
    assert await ask(server, "groups remove", group="walkers", who="Bob") == "not_member"
    assert await ask(server, "groups end", group="1") == {"group": {"id": 1, "name": "Walkers"}}
    assert await ask(server, "groups end", group="1") == "no_such_group"
    assert changes(ann.heard()) == [
        ("renamed", 0, "Walkers"),
        ("removed", 0, "2"),
        ("ended", 0, ""),
    ]
    assert changes(bob.heard()) == [("renamed", 0, "Walkers"), ("removed", 0, "2")]
    assert (await ann.ask(1009, groupid=1, msg="anybody?"))["error"] == "no_such_group"
