"""What the original client must never see, since it could hide a chat."""

from tests.integration.original_client.client import OriginalClient
from tests.integration.original_client.people import People, leave, shared_group, welcomed


class TestQuiet:
    def test_garbage_gets_no_answer_and_does_no_harm(self, people: People) -> None:
        """Once logged in, no bad request is answered, and the next chat is seen."""
        alice, bob = people.newcomer(), people.newcomer()
        for garbage in (
            b"hello",
            b"\xff\xfe",
            b"[1]",
            b"{}",
            b'{"msgid":"x"}',
            b'{"msgid":4242}',
            b'{"msgid":1001,"errno":0}',
            b'{"msgid":1005}',
            b'{"msgid":1005,"toid":2000000000,"msg":"to nobody"}',
            b'{"msgid":1006,"friendid":2000000000}',
            b'{"msgid":1008,"groupid":2000000000}',
            b'{"msgid":1009,"groupid":2000000000,"msg":"to nobody"}',
            b'{"msgid":1006,"friendid":%d}' % alice.id,
            b'{"msgid":1007,"groupname":"","groupdesc":""}',
            b'{"msgid":1007,"groupname":"one with a seq","seq":1}',
        ):
            alice.send_bytes(garbage + b"\0")
        self._assert_undisturbed(alice, bob)

    def test_requests_of_version_2_are_ignored(self, people: People) -> None:
        """Numbers from 1010 up are not the original's, so they are not answered."""
        alice, bob = people.newcomer(), people.newcomer()
        for msgid in range(1010, 1032):
            alice.send({"msgid": msgid, "seq": 7, "at": 1, "name": bob.name, "friendid": bob.id})
        self._assert_undisturbed(alice, bob)

    def test_requests_of_version_2_are_not_carried_out(self, people: People) -> None:
        """What is ignored changes nothing: a friend is not removed, a group not left."""
        alice, bob = people.newcomer(), people.newcomer()
        group_id = shared_group(alice)
        alice.add_friend(bob.id)
        alice.send({"msgid": 1021, "friendid": bob.id})
        alice.send({"msgid": 1028, "groupid": group_id})
        leave(alice)
        welcome = welcomed(alice)
        assert [friend.id for friend in welcome.friends] == [bob.id]
        assert [group.id for group in welcome.groups] == [group_id]

    def test_no_presence_is_told(self, people: People) -> None:
        """Friends come and go without a frame."""
        alice, bob, carol = people.newcomer(), people.newcomer(), people.newcomer()
        alice.add_friend(carol.id)
        alice.wait_until_heard()
        leave(carol)
        welcomed(carol)
        self._assert_undisturbed(alice, bob)

    @staticmethod
    def _assert_undisturbed(listener: OriginalClient, speaker: OriginalClient) -> None:
        listener.wait_until_heard()
        speaker.chat(listener.id, "do you hear me?")
        assert listener.next_chat().text == "do you hear me?"
        assert listener.ignored == []
