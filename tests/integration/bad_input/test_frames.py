"""Frames and streams that are no requests, against a real server process.

Each gets the clear error that docs/protocol.md names, and costs nothing else: the connection still
works, and after each test two bystanders go on chatting.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chat_domain.fairness.limits import STRANGERS_FRAME
from tests.integration.bad_input.chatters import (
    assert_refused,
    assert_undisturbed,
    logged_in,
    newcomer,
)
from tests.integration.raw_client import ACK, ERROR, PONG, RawClient

LIMIT = 65_536  # bytes of a client's frame


NOT_JSON = {
    "words": b"hello",
    "half an object": b'{"msgid":1012',
    "a brace too many": b'{"msgid":1012}}',
    "two objects": b'{"msgid":1012}{"msgid":1012}',
    "single quotes": b"{'msgid':1012}",
    "a trailing comma": b'{"msgid":1012,}',
    "a comment": b'{"msgid":1012} // ping',
    "NaN": b'{"msgid":NaN}',
    "a leading zero": b'{"msgid":01012}',
    "a tab in a string": b'{"msgid":1019,"name":"a\tb"}',
    "blanks": b"   ",
    "a byte order mark": b'\xef\xbb\xbf{"msgid":1012}',
    "a byte that is no UTF-8": b'{"msgid":1019,"name":"\xff"}',
    "a byte that is no UTF-8 in a field nobody reads": b'{"msgid":1012,"x":"\xff"}',
    "half a UTF-8 character": b'{"msgid":1019,"name":"\xe4\xbd"}',
    "an overlong NUL": b'{"msgid":1019,"name":"\xc0\x80"}',
    "a surrogate in UTF-8": b'{"msgid":1019,"name":"\xed\xa0\x80"}',
    "a lone high surrogate": b'{"msgid":1019,"name":"\\ud83d"}',
    "a lone low surrogate": b'{"msgid":1019,"name":"\\ude00"}',
    "deep nesting alone": b"[" * 8_000,
    "a telnet greeting": b"\xff\xfd\x01\xff\xfb\x1f",
    "a TLS greeting": b"\x16\x03\x01\x02\x01\xfc\x03\x03",
    "an HTTP request": b"GET / HTTP/1.1",
}
NESTED_PINGS = {
    "a list": b'{"msgid":1012,"x":' + b"[" * 4_000 + b"]" * 4_000 + b"}",
    "an object": b'{"msgid":1012,"x":' + b'{"":' * 1_600 + b"1" + b"}" * 1_601,
}
NO_OBJECT = [b"[]", b'[{"msgid":1012}]', b'"ping"', b"1012", b"-1.5e3", b"null", b"true"]
NO_MSGID: list[Any] = ["1012", None, 1012.5, True, [1012], {}]
UNKNOWN_MSGID = [0, -1, 1, 999, 1001, 1004, 1010, 1011, 1016, 1017, 1018, 1020, 1030, 4242, 2**31]


class TestFrames:
    @pytest.mark.parametrize("garbage", NOT_JSON.values(), ids=NOT_JSON)
    def test_what_is_not_json_is_refused(self, anybody: RawClient, garbage: bytes) -> None:
        """A frame that is not JSON in UTF-8 gets bad_json, and the next is handled."""
        anybody.send_bytes(garbage + b"\n")
        assert_refused(anybody.find_msgid(ERROR), "bad_json")
        assert_undisturbed(anybody)

    @pytest.mark.parametrize("ping", NESTED_PINGS.values(), ids=NESTED_PINGS)
    def test_deep_nesting_is_refused_or_passed_over(self, anybody: RawClient, ping: bytes) -> None:
        """From Python 3.12 on, a decoder goes deeper into fields that nobody reads."""
        anybody.send_bytes(ping + b"\n")
        answer = anybody.find(lambda frame: frame["msgid"] in {ERROR, PONG})
        if answer["msgid"] == ERROR:
            assert_refused(answer, "bad_json")
        assert_undisturbed(anybody)

    @pytest.mark.parametrize("value", NO_OBJECT)
    def test_json_that_is_no_object_is_refused(self, anybody: RawClient, value: bytes) -> None:
        """A list, a string or a number gets not_an_object."""
        anybody.send_bytes(value + b"\n")
        assert_refused(anybody.find_msgid(ERROR), "not_an_object")
        assert_undisturbed(anybody)

    def test_an_object_without_msgid_is_refused(self, anybody: RawClient) -> None:
        """A frame that does not say what it is gets bad_field, which names `msgid`."""
        assert_refused(anybody.ask({"hello": "world"}), "bad_field", "msgid")
        assert_undisturbed(anybody)

    @pytest.mark.parametrize("msgid", NO_MSGID, ids=str)
    def test_a_msgid_of_the_wrong_type_is_refused(self, anybody: RawClient, msgid: Any) -> None:
        """A `msgid` that is no integer gets bad_field, which names it."""
        assert_refused(anybody.ask({"msgid": msgid}), "bad_field", "msgid")
        assert_undisturbed(anybody)

    @pytest.mark.parametrize("msgid", UNKNOWN_MSGID)
    def test_an_unknown_msgid_is_refused(self, anybody: RawClient, msgid: int) -> None:
        """A number that no client may send gets unknown_msgid."""
        assert_refused(anybody.ask({"msgid": msgid}), "unknown_msgid", str(msgid))
        assert_undisturbed(anybody)

    @pytest.mark.parametrize("msgid", [2**64, 10**400])
    def test_a_huge_msgid_is_refused(self, anybody: RawClient, msgid: int) -> None:
        """A number beyond 64 bits is an error like any other."""
        answer = anybody.ask({"msgid": msgid})
        assert answer["error"] in ("unknown_msgid", "bad_field")
        assert_undisturbed(anybody)

    def test_bad_frames_cost_only_themselves(self, anybody: RawClient) -> None:
        """Of good and bad frames in one segment, each gets its own answer, in order."""
        garbage = (b"nonsense", b"[]", b"{}", b'{"msgid":4242}')
        pings = [b'{"msgid":1012,"seq":%d}' % number for number in range(9_000, 9_004)]
        anybody.send_bytes(
            b"".join(a + b"\n" + b + b"\n" for a, b in zip(garbage, pings, strict=True))
        )
        answers = [anybody.find(lambda _: True) for _ in range(8)]
        assert [answer.get("error", answer.get("seq")) for answer in answers] == [
            *("bad_json", 9_000),
            *("not_an_object", 9_001),
            *("bad_field", 9_002),
            *("unknown_msgid", 9_003),
        ]


class TestStream:
    def test_a_frame_may_come_byte_by_byte(self, port: int) -> None:
        """How TCP cuts a frame makes no difference."""
        with newcomer(port) as client, newcomer(port) as listener:
            frame = {"msgid": 1005, "toid": listener.id, "msg": "你好 😀", "seq": 500}
            for byte in json.dumps(frame, ensure_ascii=False).encode() + b"\n":
                client.send_bytes(bytes([byte]))
            assert listener.next_chat()["msg"] == "你好 😀"
            assert client.find(lambda answer: answer.get("seq") == 500)["msgid"] == ACK

    def test_a_hundred_frames_may_share_a_segment(self, port: int) -> None:
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

    def test_empty_frames_and_carriage_returns_are_ignored(self, stranger: RawClient) -> None:
        """Blank lines, CR LF and a stray NUL do no harm."""
        stranger.send_bytes(b'\n\n\r\n\0{"msgid":1012,"seq":1}\r\n\0\n{"msgid":1012,"seq":2}\0')
        assert [stranger.find_msgid(PONG)["seq"] for _ in range(2)] == [1, 2]

    @pytest.mark.parametrize(("kind", "limit"), [("regular", LIMIT), ("stranger", STRANGERS_FRAME)])
    def test_the_longest_frame_is_accepted(
        self, request: pytest.FixtureRequest, kind: str, limit: int
    ) -> None:
        """A frame of exactly 65,536 bytes is handled like any other; before a login, of 8,192."""
        client: RawClient = request.getfixturevalue(kind)
        client.send_bytes(ping_of(limit) + b"\n")
        assert client.find(lambda frame: frame.get("seq") == 700)["msgid"] == PONG
        assert_undisturbed(client)

    @pytest.mark.parametrize("version", [1, 2])
    @pytest.mark.parametrize(
        "frame",
        [
            pytest.param(lambda: ping_of(LIMIT + 1) + b"\n", id="one byte too long"),
            pytest.param(lambda: b"x" * (LIMIT + 1), id="without an end"),
            pytest.param(lambda: b"[" * 100_000 + b"]" * 100_000 + b"\n", id="deeply nested"),
        ],
    )
    def test_a_frame_that_is_too_long_ends_the_connection(
        self, port: int, version: int, frame: Callable[[], bytes]
    ) -> None:
        """With one byte more, the server says so and closes; the account is free at once."""
        with newcomer(port, f"version {version}") as client:
            client.send_bytes(frame())
            assert_refused(client.find_msgid(ERROR), "frame_too_long")
            client.wait_for_close()
            logged_in(port, client.id, version).close()

    def test_frames_before_one_too_long_are_handled(self, stranger: RawClient) -> None:
        """Whole frames before the one that ends the connection are answered."""
        stranger.send_bytes(b'{"msgid":1012,"seq":1}\n' + ping_of(LIMIT + 1) + b"\n")
        assert stranger.find_msgid(PONG)["seq"] == 1
        assert_refused(stranger.find_msgid(ERROR), "frame_too_long")

    def test_the_end_in_mid_frame_ends_the_session(self, port: int) -> None:
        """Whole frames are answered, half a frame is dropped, and the user's slot is free."""
        with newcomer(port, "version 1") as client:
            client.send_bytes(b'{"msgid":1012,"seq":1}\n{"msgid":1012,"se')
            client.end_sending()
            assert client.find_msgid(PONG)["seq"] == 1
            client.wait_for_close()
            logged_in(port, client.id, version=1).close()

    def test_a_broken_connection_loses_no_message(self, port: int) -> None:
        """A message to a user whose connection ended in mid-frame comes at the next login."""
        with newcomer(port) as sender, newcomer(port) as client:
            client.send_bytes(b'{"msgid":1005,"to')
            client.close()
            sender.ask({"msgid": 1005, "toid": client.id, "msg": "did you get it?", "cid": "c1"})
            with logged_in(port, client.id) as again:
                assert again.next_chat()["msg"] == "did you get it?"


def ping_of(size: int) -> bytes:
    """Make a PING of so many bytes."""
    start, end = b'{"msgid":1012,"seq":700,"padding":"', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end
