"""Frames of version 2."""

import json
from typing import Any

import attrs
import msgspec
import pytest

from adapters.client import codec
from adapters.wire.answers import (
    Ack,
    FindUserAck,
    FriendRow,
    FriendsAck,
    GroupRow,
    LoginAck,
    MemberRow,
    Pong,
    SessionRow,
)
from adapters.wire.frames import PingFrame, encode, number_of
from adapters.wire.version2 import MessageEncoder
from chat_domain.entries import CHANGE, DELETED, TEXT, Change, ChangeKind, Entry, pair
from chat_domain.model import Friend, Group, KeptToken, Member, Membership, Role
from tests.unit.wire.protocol_page import examples, rows, section

EXAMPLES = examples(section("What the server sends"))
SAID_BY_SERVER = examples(section("A conversation"))
SERVER_TABLE = rows(section("What the server sends"))
SAID = 'quotes " and \\, 👩, \n and \0'
CID = "1795176000123-k3v9"
MS = 1_795_176_000_123


def said(conv: int = pair(13, 15), text: str = SAID, answers: int = 0) -> Entry:
    """A text from user 13."""
    return Entry(conv, TEXT, 13, "zhang san", CID, text, None, answers, 4711, MS)


def changed(conv: int = 3, **facts: Any) -> Entry:
    change = Change(**{"what": ChangeKind.RENAMED, "name": "walkers", **facts})
    return Entry(conv, CHANGE, 13, "zhang san", CID, change=change, at=4713, time_ms=MS)


def example_of(msgid: int, *names: str) -> dict[str, Any]:
    """The page's example of this frame with these fields."""
    return next(one for one in EXAMPLES if one["msgid"] == msgid and one.keys() >= set(names))


# -- what is in the log ------------------------------------------------------------------------


def test_a_message_has_the_documented_fields() -> None:
    """It has all of them, whatever the text."""
    frame = json.loads(MessageEncoder().encode(said()))
    assert frame == {
        "msgid": 1005, "at": 4711, "cid": CID, "id": 13, "name": "zhang san", "toid": 15,
        "msg": SAID, "time": MS,
    }  # fmt: skip
    assert frame.keys() == example_of(1005).keys()


def test_a_group_message_has_the_documented_fields() -> None:
    """It has `groupid` instead of `toid`, and `re` if it answers another message."""
    frame = json.loads(MessageEncoder().encode(said(3, answers=4711)))
    assert frame == {
        "msgid": 1009, "at": 4711, "cid": CID, "id": 13, "name": "zhang san", "groupid": 3,
        "msg": SAID, "time": MS, "re": 4711,
    }  # fmt: skip
    assert frame.keys() == example_of(1009, "re").keys()


@pytest.mark.parametrize("to_id", [12, 13, 14])
def test_a_message_is_for_the_other_one(to_id: int) -> None:
    """Either user may have the lower id. A user who writes to themselves is also the recipient."""
    assert json.loads(MessageEncoder().encode(said(pair(13, to_id))))["toid"] == to_id


def test_a_frame_has_no_terminator_in_it() -> None:
    """It contains neither of the two, whatever the text."""
    encoder = MessageEncoder()
    for entry in (said(), changed(name=SAID, detail=SAID)):
        frame = encoder.encode(entry)
        assert b"\0" not in frame
        assert b"\n" not in frame


def test_a_deleted_text_is_a_message_without_text() -> None:
    """The frame says that the text is deleted."""
    deleted = Entry(3, DELETED, 13, "zhang san", CID, at=4711, time_ms=MS)
    frame = json.loads(MessageEncoder().encode(deleted))
    assert (frame["msgid"], frame["at"], frame["deleted"]) == (1009, 4711, True)
    assert "msg" not in frame


def test_a_change_has_the_documented_fields() -> None:
    """A change of a group has `groupid`. `whom`, `newname` and `detail` are there only if they have
    a value."""
    frame = json.loads(MessageEncoder().encode(changed()))
    assert frame == {
        "msgid": 1037, "at": 4713, "cid": CID, "id": 13, "name": "zhang san", "groupid": 3,
        "time": MS, "what": "renamed", "newname": "walkers",
    }  # fmt: skip
    assert frame.keys() == example_of(1037, "newname").keys()
    frame = json.loads(
        MessageEncoder().encode(changed(what=ChangeKind.REMOVED, user_id=15, name=""))
    )
    assert (frame["what"], frame["whom"]) == ("removed", 15)
    assert not frame.keys() & {"newname", "detail", "toid"}


def test_a_change_of_one_s_own_is_in_the_conversation_with_oneself() -> None:
    """It therefore has a `toid`. `detail` names the session."""
    entry = changed(pair(13, 13), what=ChangeKind.DEVICE_ENDED, name="", detail="3f9a")
    frame = json.loads(MessageEncoder().encode(entry))
    assert (frame["toid"], frame["what"], frame["detail"]) == (13, "device_ended", "3f9a")
    assert "groupid" not in frame


def test_every_change_is_on_the_page() -> None:
    """The page uses the same names, and has no others."""
    assert {row[0].strip("`") for row in rows(section("CHANGED (1037)"))} == set(ChangeKind)


def test_a_change_of_a_later_version_is_passed_on() -> None:
    """It keeps the name that the later version gives it."""
    assert json.loads(MessageEncoder().encode(changed(what="muted")))["what"] == "muted"


@pytest.mark.parametrize("name", ["encode", "short_chats", "chat_for_terminal"])
def test_what_everybody_gets_is_made_once(name: str) -> None:
    """Each form of an entry is encoded once. The next entry is encoded anew, even if it looks the
    same."""
    encoder = MessageEncoder()
    make = {
        "encode": encoder.encode,
        "short_chats": encoder.short_chats.of,
        "chat_for_terminal": encoder.chat_for_terminal.of,
    }[name]
    one, other = said(), said()
    first = make(one)
    assert make(one) is first
    second = make(other)
    assert second == first
    assert second is not first
    assert make(said(text="something else")) != first


def test_each_form_is_kept_by_itself() -> None:
    """No client gets a form that was made for another kind of client."""
    encoder, entry = MessageEncoder(), said(text="\u202e")
    forms = [
        encoder.encode(entry),
        encoder.chat_for_terminal.of(entry),
        *encoder.short_chats.of(entry),
    ]
    assert len(set(forms)) == 3
    assert b"\\u202e" in encoder.chat_for_terminal.of(entry)


def test_presence_is_encoded_once_for_all_who_are_told() -> None:
    """The next change is encoded anew, for any user."""
    encoder, came = MessageEncoder(), Friend(15, "li si", online=True)
    first = encoder.presence.of(came)
    assert json.loads(first) == example_of(1017)
    assert encoder.presence.of(came) is first
    gone = json.loads(encoder.presence.of(Friend(15, "li si", online=False)))
    assert gone == json.loads(first) | {"state": "offline"}


# -- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seq", [0, 2, 2**53 - 1])
def test_an_ack_says_where_a_message_is(seq: int) -> None:
    """It is the position of the first copy."""
    ack = {"msgid": 1010, "seq": seq, "at": 4711, "time": MS}
    assert json.loads(encode(Ack(seq, 4711, MS))) == ack
    assert ack.keys() == example_of(1010, "time").keys()


def test_an_answer_leaves_out_what_is_not_there() -> None:
    """This includes `seq`. Zero, an empty list and an empty text are not left out."""
    assert encode(Pong()) == b'{"msgid":1013}'
    assert encode(Pong(at=0)) == b'{"msgid":1013,"at":0}'
    assert encode(PingFrame(0)) == b'{"msgid":1012,"at":0}'
    login = json.loads(encode(LoginAck(errno=0, head=0, epoch="e", oldest=1)))
    assert (login["head"], "reset" in login) == (0, False)
    assert encode(FriendsAck(seq=0, friends=[])) == b'{"msgid":1023,"seq":0,"friends":[]}'
    joined = Ack(seq=7, groupid=3, groupname="hikers", groupdesc="")
    assert encode(joined) == (
        b'{"msgid":1010,"seq":7,"groupid":3,"groupname":"hikers","groupdesc":""}'
    )


def test_rows_of_lists_have_the_documented_fields() -> None:
    """The rows are those of friends, groups and members, and each can be read back."""
    friend = Friend(15, "li si", online=True)
    row = json.loads(encode(FriendRow.of(friend)))
    assert row == example_of(1023)["friends"][0] == example_of(1010, "friend")["friend"]
    away = attrs.evolve(friend, online=False)
    assert json.loads(encode(FriendRow.of(away)))["state"] == "offline"
    hidden = attrs.evolve(friend, online=None)
    assert json.loads(encode(FriendRow.of(hidden)))["state"] == "unknown"
    every = [friend, away, hidden]
    assert [FriendRow.of(one).friend() for one in every] == every
    assert [FindUserAck.of(one).friend() for one in every] == every
    own = Membership(Group(3, "hikers", "every Sunday"), Role.CREATOR)
    assert json.loads(encode(GroupRow.of(own))) == example_of(1025)["groups"][0]
    assert GroupRow.of(own).membership() == own
    member = Member(13, "zhang san", Role.CREATOR, online=True)
    assert json.loads(encode(MemberRow.of(member))) == example_of(1027)["users"][0]
    plain = attrs.evolve(member, role=Role.NORMAL)
    assert json.loads(encode(MemberRow.of(plain)))["role"] == "normal"
    assert [MemberRow.of(one).member() for one in (member, plain)] == [member, plain]


def test_a_row_of_a_session_has_the_documented_fields() -> None:
    """It can be read back, and has nothing of the token."""
    name = "3f9a1c5e7b2d4860"
    token = KeptToken(
        "digest", "series", 13, name, MS, MS + 2, used=True, device="phone", seen_ms=MS + 1
    )
    own = SessionRow.of(token, name)
    row = json.loads(encode(own))
    assert row == {
        "session": "3f9a1c5e7b2d4860", "device": "phone", "begun": MS, "seen": MS + 1,
        "expires": MS + 2, "current": True,
    }  # fmt: skip
    assert row.keys() == example_of(1032)["sessions"][0].keys()
    assert msgspec.json.decode(encode(own), type=SessionRow) == own
    assert not SessionRow.of(token, "another").current


@pytest.mark.parametrize("example", EXAMPLES + SAID_BY_SERVER, ids=str)
def test_every_example_of_the_page_is_sent_and_read_to_the_letter(example: dict[str, Any]) -> None:
    """Each example is decoded and encoded again to the same bytes, with its fields in the same
    order."""
    raw = json.dumps(example, separators=(",", ":")).encode()
    frame = codec.decode(raw)
    assert frame is not None
    assert encode(frame) == raw


@pytest.mark.parametrize("row", SERVER_TABLE, ids=lambda row: row[1])
def test_every_frame_of_the_page_is_declared(row: list[str]) -> None:
    """No other frame is declared."""
    numbers = {number_of(frame) for frame in codec.FRAMES}
    assert int(row[0]) in numbers
    assert len(SERVER_TABLE) == len(numbers) == len(codec.FRAMES)


@pytest.mark.parametrize("frame", EXAMPLES + SAID_BY_SERVER, ids=str)
def test_every_example_is_in_the_page_s_table(frame: dict[str, Any]) -> None:
    """It has no field that its row does not name. The fields of an ACK are in the table of
    requests."""
    row = next(row for row in SERVER_TABLE if int(row[0]) == frame["msgid"])
    requests = " ".join(row[4] for row in rows(section("What the client sends")))
    named = row[2] + (requests if frame["msgid"] == number_of(Ack) else "")
    assert all(f"`{name}`" in named for name in frame.keys() - {"msgid", "seq"})
