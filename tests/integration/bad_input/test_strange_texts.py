"""Names, texts and passwords of every script and with every trick in them.

Each gets the clear error that docs/protocol.md names, and costs nothing else: the connection still
works, and after each test two bystanders go on chatting.
"""

import json

import pytest

from tests.integration.bad_input.chatters import (
    assert_refused,
    assert_undisturbed,
    newcomer,
    numbers,
)
from tests.integration.raw_client import Frame, RawClient

BAD_NAMES = {
    "empty": "",
    "blank": " \t ",
    "too long": "x" * 51,
    "digits": "12345",
    "a NUL": "a\0b",
    "a newline": "a\nb",
    "an escape": "a\x1b[31mb",
    "DEL": "a\x7fb",
    "a C1 control": "a\x9bb",
    "a line separator": "a\u2028b",
    "a bidirectional override": "a\u202eb",
    "a zero-width space": "a\u200bb",
    "a joiner": "a\u200db",
    "a variation selector": "❤\ufe0f",
    "a filler": "a\u3164b",
    "another space": "a\u00a0b",
    "nothing assigned": "a\u0378b",
    "something private": "a\ue000b",
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
STEERING = {
    "DEL": "a\x7fb",
    "a C1 control": "a\x9b31mb",
    "a next line": "a\x85b",
    "an override": "a\u202eb",
    "an isolate": "a\u2067b",
    "a line separator": "a\u2028b",
    "a tag": "a\U000e0041b",
}


def _harmless(frame: bytes) -> Frame:
    """What a frame says that shows a terminal nothing but ASCII's pictures."""
    assert all(0x20 <= byte < 0x7F for byte in frame), frame
    answer = json.loads(frame)
    assert isinstance(answer, dict)
    return answer


class TestTexts:
    @pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
    def test_a_bad_name_is_refused(
        self, regular: RawClient, stranger: RawClient, name: str
    ) -> None:
        """Neither a user nor a group can be called so, and the error says why."""
        answer = stranger.ask({"msgid": 1003, "name": name, "password": "secret"})
        assert_refused(answer, "bad_name", msgid=1004)
        assert answer["errmsg"]
        assert_refused(regular.ask({"msgid": 1007, "groupname": name}), "bad_name")
        assert_undisturbed(stranger)

    def test_a_name_that_looks_like_another_is_taken(
        self, regular: RawClient, stranger: RawClient
    ) -> None:
        """Its owner keeps it; this holds for users and for groups."""
        name, alike = "Olga", "\u041elga"  # Cyrillic
        stranger.register(name)
        answer = stranger.ask({"msgid": 1003, "name": alike, "password": "secret"})
        assert_refused(answer, "name_taken", msgid=1004)
        assert_refused(regular.ask({"msgid": 1019, "name": alike}), "no_such_user")
        assert regular.ask({"msgid": 1019, "name": name})["id"] == stranger.id
        regular.ask({"msgid": 1007, "groupname": name})
        assert_refused(regular.ask({"msgid": 1007, "groupname": alike}), "group_name_taken")

    @pytest.mark.parametrize("text", (AWKWARD | CONTROLS).values(), ids=AWKWARD | CONTROLS)
    def test_a_text_arrives_as_it_was_sent(self, port: int, text: str) -> None:
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

    @pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
    def test_nothing_of_others_steers_the_terminal_of_a_person(self, port: int, text: str) -> None:
        """Who reads frames as they come gets it as escapes: live, in a group, when they log in,
        and as a group's description."""
        with newcomer(port) as sender, newcomer(port, "version 1") as reader:
            group = {"msgid": 1007, "groupname": f"group {next(numbers)}", "groupdesc": text}
            group_id = sender.ask(group)["groupid"]
            reader.send({"msgid": 1008, "groupid": group_id})
            reader.ask({"msgid": 1024})  # by then the reader is a member
            sender.send({"msgid": 1005, "toid": reader.id, "msg": text})
            sender.send({"msgid": 1009, "groupid": group_id, "msg": text})
            for _ in range(2):
                assert _harmless(reader.read_raw_frame())["msg"] == text
            reader.send({"msgid": 1024})
            assert _harmless(reader.read_raw_frame())["groups"][0]["groupdesc"] == text
            reader.ask({"msgid": 1002})
            sender.ask({"msgid": 1005, "toid": reader.id, "msg": text, "cid": "later"})
            reader.send({"msgid": 1000, "id": reader.id, "password": "secret"})
            ack = _harmless(reader.read_raw_frame())
            assert json.loads(ack["offlinemsg"][0])["msg"] == text
            assert json.loads(ack["groups"][0])["groupdesc"] == text

    @pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
    def test_a_name_is_kept_as_it_was_given(self, port: int, regular: RawClient, text: str) -> None:
        """Names of users and groups, and descriptions, come back as they went in."""
        name = f"{next(numbers)} {text}"
        with RawClient(port) as other:
            other.register(name)
            assert other.login()["name"] == other.ask({"msgid": 1019, "name": name})["name"]
            found = regular.ask({"msgid": 1006, "friendname": name})["friend"]
            assert found["id"] == other.id
            answer = other.ask({"msgid": 1007, "groupname": name, "groupdesc": text})
            (group,) = other.ask({"msgid": 1024})["groups"]
            assert group["groupid" if "groupid" in group else "id"] == answer["groupid"]
            assert (group["groupname"], group["groupdesc"]) == (found["name"], text)

    @pytest.mark.parametrize("password", (AWKWARD | CONTROLS).values(), ids=AWKWARD | CONTROLS)
    def test_a_password_may_be_anything(self, stranger: RawClient, password: str) -> None:
        """What registers logs in."""
        stranger.register(f"user {next(numbers)}", password)
        stranger.login(password)

    def test_the_longest_text_is_accepted(self, port: int, regular: RawClient) -> None:
        """A text of 4,096 characters of four bytes each is delivered whole."""
        text = "😀" * 4096
        with newcomer(port) as reader:
            assert regular.ask({"msgid": 1005, "toid": reader.id, "msg": text})["at"]
            assert reader.next_chat()["msg"] == text
