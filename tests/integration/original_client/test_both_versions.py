"""Original clients and version 2 clients talk to each other."""

import json
import time

from tests.integration.original_client.people import (
    LONG_TEXTS,
    LONGEST_TEXT,
    People,
    leave,
    read_missed,
    shared_group,
    welcomed,
)
from tests.integration.raw_client import RawClient


class TestBothVersions:
    def test_a_version_2_client_hears_the_original(self, people: People) -> None:
        """What an original client says reaches a new one with all that version 2 has."""
        original, modern = people.newcomer(), people.modern()
        original.chat(modern.id, "from the old world")
        chat = modern.next_chat()
        assert chat["at"] > 0
        assert (chat["id"], chat["name"]) == (original.id, original.name)
        assert (chat["toid"], chat["msg"]) == (modern.id, "from the old world")
        assert abs(chat["time"] / 1000 - time.time()) < 60
        assert chat["cid"]

    def test_the_original_hears_a_version_2_client(self, people: People) -> None:
        """What a new client says reaches an original, and the new one is told that it did."""
        original, modern = people.newcomer(), people.modern()
        answer = modern.ask({"msgid": 1005, "toid": original.id, "msg": "new", "cid": "cid-1"})
        heard = original.next_chat()
        assert (heard.sender_id, heard.sender_name) == (modern.id, modern.name)
        assert heard.text == "new"
        assert modern.find_msgid(1038)["marks"] == [{"id": original.id, "got": answer["at"]}]

    def test_a_group_may_have_members_of_both(self, people: People) -> None:
        """A group message is heard by members with either client, from either."""
        original, modern = people.newcomer(), people.modern()
        group_id = shared_group(original)
        modern.ask({"msgid": 1008, "groupid": group_id})
        original.group_chat(group_id, "from the old")
        heard = modern.next_chat()
        assert (heard["groupid"], heard["msg"]) == (group_id, "from the old")
        modern.ask({"msgid": 1009, "groupid": group_id, "msg": "from the new"})
        assert original.next_chat().text == "from the new"

    def test_an_account_may_use_either_client(self, people: People) -> None:
        """Messages missed by an original client are read by a new one, and the other way round."""
        traveller, friend = people.newcomer(), people.modern()
        leave(traveller)
        friend.ask({"msgid": 1005, "toid": traveller.id, "msg": "for the new client"})
        with RawClient(people.port) as modern:
            modern.id = traveller.id
            modern.login()
            chat = modern.next_chat()
            assert chat["msg"] == "for the new client"
            modern.ask({"msgid": 1002})
        friend.ask({"msgid": 1005, "toid": traveller.id, "msg": "for the old client"})
        assert [chat.text for chat in read_missed(traveller, 1)] == ["for the old client"]


class TestPerson:
    """Somebody with `nc`: version 1, its frames ended by newlines."""

    def test_a_person_gets_a_long_text_in_one_frame(self, people: People) -> None:
        """A terminal takes frames of any length, so nothing is split."""
        writer, person = people.newcomer(), people.person()
        writer.chat(person.id, LONG_TEXTS["emoji"][:LONGEST_TEXT])
        assert person.find_msgid(1005)["msg"] == LONG_TEXTS["emoji"][:LONGEST_TEXT]

    def test_a_person_sees_the_whole_list_at_login(self, people: People, crowd: list[int]) -> None:
        """Two hundred friends, and a hundred messages that waited, come in the answer to LOGIN."""
        writer, person = people.newcomer(), people.person()
        for friend_id in crowd:
            person.ask({"msgid": 1006, "friendid": friend_id})
        person.ask({"msgid": 1002})
        for number in range(100):
            writer.chat(person.id, f"message {number}")
        writer.wait_until_heard()
        person.send({"msgid": 1000, "id": person.id, "password": "secret"})
        welcome = person.find_msgid(1001)
        assert [json.loads(friend)["id"] for friend in welcome["friends"]] == crowd
        texts = [json.loads(chat)["msg"] for chat in welcome.get("offlinemsg", [])]
        texts += [person.find_msgid(1005)["msg"] for _ in range(100 - len(texts))]
        assert texts == [f"message {number}" for number in range(100)]

    def test_a_person_is_told_what_went_wrong(self, people: People) -> None:
        """An ERROR comes also without a `seq`, since somebody sits there and reads."""
        person = people.person()
        person.send({"msgid": 1005, "toid": 2_000_000_000, "msg": "hello?"})
        assert person.find_msgid(1011)["error"] == "no_such_user"

    def test_a_person_is_not_told_who_comes_and_goes(self, people: People) -> None:
        """PRESENCE is for version 2 alone."""
        person, friend = people.person(), people.newcomer()
        person.ask({"msgid": 1006, "friendid": friend.id})
        leave(friend)
        welcomed(friend)
        friend.chat(person.id, "I am back")
        assert person.find(lambda _: True)["msg"] == "I am back"
