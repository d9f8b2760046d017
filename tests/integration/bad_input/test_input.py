"""What is no request, and texts that look like something else, against a real server process.

The unit tests show which error each gets. Here it costs nothing else: the connection still works,
and after each test two bystanders go on chatting.
"""

import json
from collections.abc import Iterator
from unicodedata import normalize

import pytest

from chat_domain.fairness.limits import STRANGERS_FRAME
from tests.integration.bad_input.chatters import (
    KINDS,
    assert_refused,
    logged_in,
    newcomer,
    numbers,
)
from tests.integration.raw_client import ACK, ERROR, PONG, RawClient
from tests.unit.wire.bad_fields import BAD_FIELDS

LIMIT = 65_536  # bytes of a client's frame
GARBAGE = {
    b"nonsense": "bad_json",
    b'{"msgid":1019,"name":"\xff"}': "bad_json",
    b"\x16\x03\x01\x02\x01\xfc\x03\x03": "bad_json",  # a TLS greeting
    b"[" * 8_000: "bad_json",
    b"[]": "not_an_object",
    b"{}": "bad_field",
    b'{"msgid":"1012"}': "bad_field",
    b'{"msgid":4242}': "unknown_msgid",
}
AWKWARD = {
    "quotes": "\"'`\\",
    "SQL": "'); DROP TABLE user; --",
    "percent": "%s %d %n {} {0} ${x}",
    "emoji": "😀 👍🏽 🇨🇳",
    "Chinese": "你好,世界",
    "right to left": "שלום عليكم",
    "combining": "e\u0301 Z̴̙͑ͫ̓ͪ̂ͫ̽",
    "markup": "<script>alert(1)</script>",
}
CONTROLS = {
    "NUL": "a\0b",
    "a family of emoji": "👩\u200d👩\u200d👧\u200d👦",
    "newlines": "a\r\nb\n",
    "escape": "\x1b[31mred",
    "override": "\u202ex",
}


@pytest.fixture(params=KINDS)
def anybody(request: pytest.FixtureRequest, port: int) -> Iterator[RawClient]:
    """A client of each kind."""
    with newcomer(port, request.param) as client:
        yield client


def test_bad_frames_cost_only_themselves(anybody: RawClient) -> None:
    """Of good and bad frames in one segment, each gets its own answer, in order."""
    frames = [b'%s\n{"msgid":1012,"seq":%d}\n' % (bad, seq) for seq, bad in enumerate(GARBAGE)]
    anybody.send_bytes(b"".join(frames))
    answers = [anybody.find(lambda _: True) for _ in range(2 * len(GARBAGE))]
    assert [answer["error"] for answer in answers[::2]] == list(GARBAGE.values())
    assert [answer["seq"] for answer in answers[1::2]] == list(range(len(GARBAGE)))


def test_bad_fields_cost_only_their_requests(port: int) -> None:
    """Whatever is wrong with a field, the answer names it."""
    with newcomer(port) as client:
        for good, fields in BAD_FIELDS:
            for field, values in fields.items():
                for value in values:
                    assert_refused(client.ask({**good, field: value}), "bad_field", field)
        assert client.is_alive()


def test_a_frame_may_come_byte_by_byte(port: int) -> None:
    """How TCP cuts a frame makes no difference."""
    with newcomer(port) as client, newcomer(port) as listener:
        frame = {"msgid": 1005, "toid": listener.id, "msg": "你好 😀", "seq": 500}
        for byte in json.dumps(frame, ensure_ascii=False).encode() + b"\n":
            client.send_bytes(bytes([byte]))
        assert listener.next_chat()["msg"] == "你好 😀"
        assert client.find(lambda answer: answer.get("seq") == 500)["msgid"] == ACK


def test_a_hundred_frames_may_share_a_segment(port: int) -> None:
    """Many requests in one write are each answered, and messages keep their order."""
    with newcomer(port) as client, newcomer(port) as listener:
        chats = [
            json.dumps({"msgid": 1005, "toid": listener.id, "msg": f"{n}", "seq": 500 + n})
            for n in range(100)
        ]
        client.send_text("\n".join(chats))
        assert [listener.next_chat()["msg"] for _ in range(100)] == [f"{n}" for n in range(100)]
        answers = [client.find_msgid(ACK) for _ in range(100)]
        assert [answer["seq"] for answer in answers] == list(range(500, 600))
        places = [answer["at"] for answer in answers]
        assert places == sorted(set(places))


@pytest.mark.parametrize(
    ("kind", "limit"), [("version 2", LIMIT), ("not logged in", STRANGERS_FRAME)]
)
def test_the_longest_frame_is_accepted(port: int, kind: str, limit: int) -> None:
    """A frame of exactly 65,536 bytes is handled like any other; before a login, of 8,192."""
    with newcomer(port, kind) as client:
        client.send_bytes(ping_of(limit) + b"\n")
        assert client.find_msgid(PONG)["seq"] == 700


@pytest.mark.parametrize("version", [1, 2])
def test_a_frame_that_is_too_long_ends_the_connection(port: int, version: int) -> None:
    """With one byte more, the server says so and closes; the account is free at once."""
    with newcomer(port, f"version {version}") as client:
        client.send_bytes(ping_of(LIMIT + 1) + b"\n")
        assert_refused(client.find_msgid(ERROR), "frame_too_long")
        client.wait_for_close()
        logged_in(port, client.id, version).close()


def test_the_end_in_mid_frame_ends_the_session(port: int) -> None:
    """Whole frames are answered, half a frame is dropped, and the user's slot is free."""
    with newcomer(port, "version 1") as client:
        client.send_bytes(b'{"msgid":1012,"seq":1}\n{"msgid":1012,"se')
        client.end_sending()
        assert client.find_msgid(PONG)["seq"] == 1
        client.wait_for_close()
        logged_in(port, client.id, version=1).close()


def test_a_broken_connection_loses_no_message(port: int) -> None:
    """A message to a user whose connection ended in mid-frame comes at the next login."""
    with newcomer(port) as sender, newcomer(port) as client:
        client.send_bytes(b'{"msgid":1005,"to')
        client.close()
        sender.ask({"msgid": 1005, "toid": client.id, "msg": "did you get it?", "cid": "c1"})
        with logged_in(port, client.id) as again:
            assert again.next_chat()["msg"] == "did you get it?"


@pytest.mark.parametrize("text", (AWKWARD | CONTROLS).values(), ids=AWKWARD | CONTROLS)
def test_a_text_arrives_as_it_was_sent(port: int, text: str) -> None:
    """Nothing in a text means anything to the server, live, in a group or later."""
    with newcomer(port) as sender, newcomer(port) as reader:
        group_id = sender.ask({"msgid": 1007, "groupname": f"group {next(numbers)}"})["groupid"]
        reader.ask({"msgid": 1008, "groupid": group_id})
        sender.send({"msgid": 1005, "toid": reader.id, "msg": text})
        sender.send({"msgid": 1009, "groupid": group_id, "msg": text})
        assert [reader.next_chat()["msg"] for _ in range(2)] == [text, text]
        reader.ask({"msgid": 1002})
        assert sender.ask({"msgid": 1005, "toid": reader.id, "msg": text})["at"]
        reader.login()
        assert reader.next_chat()["msg"] == text


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
def test_names_and_a_password_are_kept_as_they_were_given(port: int, text: str) -> None:
    """So are descriptions of groups."""
    name = f"{next(numbers)} {text}"
    with RawClient(port) as client:
        client.register(name, text)
        assert client.login(text)["name"] == client.ask({"msgid": 1019, "name": name})["name"]
        client.ask({"msgid": 1007, "groupname": name, "groupdesc": text})
        (group,) = client.ask({"msgid": 1024})["groups"]
        assert (group["groupname"], group["groupdesc"]) == (normalize("NFC", name), text)


def ping_of(size: int) -> bytes:
    """Make a PING of so many bytes."""
    start, end = b'{"msgid":1012,"seq":700,"padding":"', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end
