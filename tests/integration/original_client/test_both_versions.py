"""Original clients and version 2 clients talk to each other."""

import time

from tests.integration.original_client.people import (
    People,
    leave,
    read_missed,
    shared_group,
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
