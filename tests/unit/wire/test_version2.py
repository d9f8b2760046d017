"""Frames of version 2."""

import json
from typing import Any

import attrs
import pytest

from adapters.client import codec
from adapters.wire.answers import Ack, FriendRow, FriendsAck, GroupRow, MemberRow, Pong
from adapters.wire.frames import encode, number_of
from adapters.wire.version2 import MessageEncoder, chat_ack
from chat_domain.delivery.receipt import Receipt
from chat_domain.delivery.session import Session
from chat_domain.model import Claim, Friend, Group, Member, Membership, Message, Role, User
from tests.unit.fakes import ManualClock, RecordingClient
from tests.unit.wire.protocol_page import examples, rows, section

EXAMPLES = examples(section("What the server sends"))
SERVER_TABLE = rows(section("What the server sends"))
TEXT = 'quotes " and \\, 👩, \n and \0'


def message(group_id: int = 0, text: str = TEXT) -> Message:
    return Message("019ab0c5d2f1", "c-1", 13, "zhang san", group_id, text, 1_795_176_000_123)


def receipt(**facts: Any) -> Receipt:
    user = User(13, "zhang san")
    session = Session(Claim(13, "s", "n", ""), user, RecordingClient(), ManualClock().now_ms)
    return Receipt(session, message(), message().mid, 2, 0, **facts)


def example_of(msgid: int, *names: str) -> dict[str, Any]:
    """The page's example of this frame that has these fields."""
    return next(one for one in EXAMPLES if one["msgid"] == msgid and one.keys() >= set(names))


# -- messages ----------------------------------------------------------------------------------


def test_a_message_has_the_documented_fields() -> None:
    """All of them, whatever the text."""
    frame = MessageEncoder().encode(17, message(), 15, stored=False)
    assert json.loads(frame) == {
        "msgid": 1005, "push": 17, "mid": "019ab0c5d2f1", "cid": "c-1", "id": 13,
        "name": "zhang san", "toid": 15, "msg": TEXT, "time": 1_795_176_000_123,
    }  # fmt: skip
    assert json.loads(frame).keys() == example_of(1005).keys()


def test_a_group_message_has_the_documented_fields() -> None:
    """`groupid` in the place of `toid`; `stored` where it waited in the mailbox."""
    frame = json.loads(MessageEncoder().encode(18, message(3), 15, stored=True))
    assert frame == {
        "msgid": 1009, "push": 18, "mid": "019ab0c5d2f1", "cid": "c-1", "id": 13,
        "name": "zhang san", "groupid": 3, "msg": TEXT, "time": 1_795_176_000_123, "stored": True,
    }  # fmt: skip
    assert frame.keys() == example_of(1009).keys()


def test_a_frame_has_no_terminator_in_it() -> None:
    """Neither of the two, whatever the text."""
    frame = MessageEncoder().encode(1, message(), 15, stored=False)
    assert b"\0" not in frame
    assert b"\n" not in frame


def test_a_group_message_is_encoded_once_for_all_members() -> None:
    """What differs is the number of the push; the rest is the same bytes."""
    encoder, one = MessageEncoder(), message(3)
    first = encoder.encode(1, one, 15, stored=False)
    rest = encoder._rest
    second = encoder.encode(222, one, 16, stored=False)
    assert encoder._rest is rest
    assert json.loads(second) == json.loads(first) | {"push": 222}


def test_for_version_1_it_is_made_once_as_well() -> None:
    """Cut into short frames, or with what steers a terminal escaped; anew for the next message."""
    encoder = MessageEncoder()
    for make in (encoder.short_chats, encoder.chat_for_terminal):
        one, other = message(3, "\u202e"), message(3, "\u202e")
        assert make(one, 15) is make(one, 16)
        assert make(other, 15) is not make(one, 15)
        assert make(message(), 15) != make(message(), 16)


def test_what_was_kept_is_of_this_message_alone() -> None:
    """Another message, or the same as a stored one, is encoded anew; one to one always is."""
    encoder = MessageEncoder()
    encoder.encode(1, message(3, "first"), 15, stored=False)
    assert json.loads(encoder.encode(2, message(3, "second"), 15, stored=False))["msg"] == "second"
    one = message(3)
    assert "stored" not in json.loads(encoder.encode(3, one, 15, stored=False))
    assert json.loads(encoder.encode(4, one, 15, stored=True))["stored"] is True
    assert "stored" not in json.loads(encoder.encode(5, one, 15, stored=False))
    mine = message()
    assert json.loads(encoder.encode(6, mine, 15, stored=False))["toid"] == 15
    assert json.loads(encoder.encode(7, mine, 16, stored=False))["toid"] == 16


def test_presence_is_encoded_once_for_all_who_are_told() -> None:
    """And anew for the next news, whoever they are of."""
    encoder, came = MessageEncoder(), Friend(15, "li si", online=True)
    first = encoder.presence(came)
    assert json.loads(first) == example_of(1017)
    assert encoder.presence(came) is first
    gone = json.loads(encoder.presence(Friend(15, "li si", online=False)))
    assert gone == json.loads(first) | {"state": "offline"}


# -- answers -----------------------------------------------------------------------------------


def test_an_ack_says_what_became_of_a_chat() -> None:
    """The page's examples, made here."""
    delivered = json.loads(chat_ack(receipt(), 2))
    assert delivered == {
        "msgid": 1010, "seq": 2, "mid": "019ab0c5d2f1", "time": 1_795_176_000_123,
        "status": "delivered",
    }  # fmt: skip
    assert delivered.keys() == example_of(1010, "mid").keys()
    stored = json.loads(chat_ack(receipt(stored=True, refused=[21]), 3))
    assert (stored["status"], stored["refused"]) == ("stored", [21])
    assert stored.keys() == example_of(1010, "refused").keys()


def test_an_answer_leaves_out_what_is_not_there() -> None:
    """`seq` among it; 0 and an empty list or text are something."""
    assert encode(Pong()) == b'{"msgid":1013}'
    assert encode(FriendsAck(seq=0, friends=[])) == b'{"msgid":1023,"seq":0,"friends":[]}'
    joined = Ack(seq=7, groupid=3, groupname="hikers", groupdesc="")
    assert encode(joined) == (
        b'{"msgid":1010,"seq":7,"groupid":3,"groupname":"hikers","groupdesc":""}'
    )


def test_rows_of_lists_have_the_documented_fields() -> None:
    """Of friends, groups and members; and they are understood again."""
    friend = Friend(15, "li si", online=True)
    row = json.loads(encode(FriendRow.of(friend)))
    assert row == example_of(1023)["friends"][0] == example_of(1010, "friend")["friend"]
    away = attrs.evolve(friend, online=False)
    assert json.loads(encode(FriendRow.of(away)))["state"] == "offline"
    assert [FriendRow.of(one).friend() for one in (friend, away)] == [friend, away]
    own = Membership(Group(3, "hikers", "every Sunday"), Role.CREATOR)
    assert json.loads(encode(GroupRow.of(own))) == example_of(1025)["groups"][0]
    assert GroupRow.of(own).membership() == own
    member = Member(13, "zhang san", Role.CREATOR, online=True)
    assert json.loads(encode(MemberRow.of(member))) == example_of(1027)["users"][0]
    plain = attrs.evolve(member, role=Role.NORMAL)
    assert json.loads(encode(MemberRow.of(plain)))["role"] == "normal"
    assert [MemberRow.of(one).member() for one in (member, plain)] == [member, plain]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_example_of_the_page_is_sent_and_read_to_the_letter(example: dict[str, Any]) -> None:
    """Whatever is declared, it comes out again as it went in, with its fields in their order."""
    raw = json.dumps(example, separators=(",", ":")).encode()
    frame = codec.decode(raw)
    assert frame is not None
    assert encode(frame) == raw


@pytest.mark.parametrize("row", SERVER_TABLE, ids=lambda row: row[1])
def test_every_frame_of_the_page_is_declared(row: list[str]) -> None:
    """And nothing else is."""
    numbers = {number_of(frame) for frame in codec.FRAMES}
    assert int(row[0]) in numbers
    assert len(SERVER_TABLE) == len(numbers) == len(codec.FRAMES)


@pytest.mark.parametrize("frame", EXAMPLES, ids=str)
def test_every_example_is_in_the_page_s_table(frame: dict[str, Any]) -> None:
    """And has no field that its row does not name; an ACK's are in the requests' table."""
    row = next(row for row in SERVER_TABLE if int(row[0]) == frame["msgid"])
    requests = " ".join(row[4] for row in rows(section("What the client sends")))
    named = row[2] + (requests if frame["msgid"] == number_of(Ack) else "")
    assert all(f"`{name}`" in named for name in frame.keys() - {"msgid", "seq"})
