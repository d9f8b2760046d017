"""What people with the original client say to each other while both are there."""

import re
import time

import pytest

from tests.integration.original_client.people import (
    LARGEST_FRAME,
    LONG_TEXTS,
    LONGEST_TEXT,
    People,
    leave,
    numbers,
    shared_group,
    welcomed,
)
from tests.integration.raw_client import RawClient


class TestChat:
    def test_two_people_chat(self, people: People) -> None:
        """Each sees what the other says, from whom, and at what time."""
        alice, bob = people.newcomer(), people.newcomer()
        alice.chat(bob.id, "hello: are you there?")
        heard = bob.next_chat()
        bob.chat(alice.id, "你好 👋")
        assert (heard.sender_id, heard.sender_name) == (alice.id, alice.name)
        assert heard.text == "hello: are you there?"
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", heard.time)
        assert alice.next_chat().text == "你好 👋"

    def test_the_time_is_the_servers_local_time(self, people: People) -> None:
        """The time of a chat is text in local time, and the server's own."""
        alice, bob = people.newcomer(), people.newcomer()
        alice.send(alice.spoken(1005, "now") | {"toid": bob.id, "time": "1999-12-31 23:59:59"})
        shown = time.mktime(time.strptime(bob.next_chat().time, "%Y-%m-%d %H:%M:%S"))
        assert abs(shown - time.time()) < 60

    def test_a_forged_sender_is_replaced_by_the_true_one(self, people: People) -> None:
        """Nobody speaks in anybody else's name, one to one or in a group."""
        alice, bob, mallory = people.newcomer(), people.newcomer(), people.newcomer()
        group_id = shared_group(alice, bob, mallory)
        forged = {"id": alice.id, "name": alice.name, "time": "2026-01-01 00:00:00"}
        mallory.send({"msgid": 1005, "toid": bob.id, "msg": "give me money"} | forged)
        assert bob.next_chat().sender_id == mallory.id
        mallory.send({"msgid": 1009, "groupid": group_id, "msg": "me too"} | forged)
        heard = bob.next_chat()
        assert (heard.sender_id, heard.sender_name) == (mallory.id, mallory.name)

    def test_a_forged_owner_of_a_list_is_ignored(self, people: People) -> None:
        """Befriending under another's id changes one's own list, not theirs."""
        alice, mallory = people.newcomer(), people.newcomer()
        mallory.send({"msgid": 1006, "id": alice.id, "friendid": mallory.id})
        mallory.send({"msgid": 1006, "id": alice.id, "friendid": alice.id})
        leave(mallory)
        leave(alice)
        assert [friend.id for friend in welcomed(mallory).friends] == [alice.id]
        assert welcomed(alice).friends == ()

    @pytest.mark.parametrize("kind", LONG_TEXTS)
    def test_a_long_text_arrives_whole(self, people: People, kind: str) -> None:
        """A text that fits no frame of the original's comes in several, in order."""
        text = LONG_TEXTS[kind][:LONGEST_TEXT]
        writer, reader = people.modern(), people.newcomer()
        assert writer.ask({"msgid": 1005, "toid": reader.id, "msg": text})["at"]
        assert reader.next_text_of_length(len(text)) == text
        assert reader.longest_frame <= LARGEST_FRAME

    def test_what_is_said_behind_a_long_text_stays_behind_it(self, people: People) -> None:
        """Live messages line up behind the pieces of a long one."""
        writer, reader = people.modern(), people.newcomer()
        text = LONG_TEXTS["emoji"][:LONGEST_TEXT]
        writer.send({"msgid": 1005, "toid": reader.id, "msg": text})
        writer.send({"msgid": 1005, "toid": reader.id, "msg": "and that was that"})
        assert reader.next_text_of_length(len(text)) == text
        assert reader.next_chat().text == "and that was that"


class TestExactFrames:
    """The bytes that the original gets, field by field."""

    def test_each_frame_has_exactly_the_original_fields(self, port: int) -> None:
        """Nothing is added to the C++ server's frames and nothing is left out."""
        with RawClient(port, terminator=b"\0") as alice, RawClient(port, terminator=b"\0") as bob:
            for client in (alice, bob):
                client.send({"msgid": 1003, "name": f"exact {next(numbers)}", "password": "secret"})
                ack = client.find_msgid(1004)
                client.id = ack["id"]
                assert ack == {"msgid": 1004, "errno": 0, "id": client.id}
                client.send({"msgid": 1000, "id": client.id, "password": "secret"})
                ack = client.find_msgid(1001)
                client.name = ack["name"]
                assert ack == {"msgid": 1001, "errno": 0, "id": client.id, "name": client.name}
            alice.send({"msgid": 1005, "toid": bob.id, "msg": "hello"})
            chat = bob.find_msgid(1005)
            assert chat.pop("time")
            assert chat == {
                "msgid": 1005,
                "id": alice.id,
                "name": alice.name,
                "toid": bob.id,
                "msg": "hello",
            }
