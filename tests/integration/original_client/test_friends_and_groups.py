"""Lists of friends, and groups, with the original client."""

import pytest

from tests.integration.original_client.client import Friend, Member
from tests.integration.original_client.people import (
    LARGEST_FRAME,
    People,
    leave,
    name_of_50,
    read_missed,
    shared_group,
    welcomed,
)


class TestFriends:
    def test_a_friend_is_on_the_list_at_the_next_login(self, people: People) -> None:
        """Befriending has no answer; the list at login shows it, and whether they are online."""
        alice, bob, carol = people.newcomer(), people.newcomer(), people.newcomer()
        alice.add_friend(bob.id)
        alice.add_friend(carol.id)
        leave(alice)
        leave(carol)
        assert welcomed(alice).friends == (
            Friend(bob.id, bob.name, "online"),
            Friend(carol.id, carol.name, "offline"),
        )

    def test_befriending_is_one_way(self, people: People) -> None:
        """Whoever is listed does not thereby list anybody."""
        alice, bob = people.newcomer(), people.newcomer()
        alice.add_friend(bob.id)
        alice.wait_until_heard()
        leave(bob)
        assert welcomed(bob).friends == ()


class TestGroups:
    def test_a_group_is_shown_with_its_members_at_login(self, people: People) -> None:
        """The creator and those who joined see the group, its members and their roles."""
        alice, bob = people.newcomer(), people.newcomer()
        group_id = shared_group(alice, bob)
        leave(alice)
        leave(bob)
        (group,) = welcomed(bob).groups
        assert group.id == group_id
        assert group.description == "for tests"
        assert set(group.users) == {
            Member(alice.id, alice.name, "offline", "creator"),
            Member(bob.id, bob.name, "online", "normal"),
        }

    def test_every_other_member_hears_a_group_message(self, people: People) -> None:
        """A group message goes to all members but its sender."""
        alice, bob, carol = (people.newcomer() for _ in range(3))
        group_id = shared_group(alice, bob, carol)
        bob.group_chat(group_id, "hello all")
        for listener in (alice, carol):
            heard = listener.next_chat()
            assert (heard.sender_id, heard.group_id) == (bob.id, group_id)
            assert heard.text == "hello all"
        bob.wait_until_heard()
        assert bob.unread_chats() == []

    def test_an_absent_member_reads_the_group_later(self, people: People) -> None:
        """A group message waits for members who are offline."""
        alice, bob = people.newcomer(), people.newcomer()
        group_id = shared_group(alice, bob)
        leave(bob)
        alice.group_chat(group_id, "you missed this")
        alice.wait_until_heard()
        (missed,) = read_missed(bob, 1)
        assert (missed.group_id, missed.text) == (group_id, "you missed this")


class TestLargeAccounts:
    """No frame outgrows the original's buffer, whatever an account has gathered."""

    def test_two_hundred_friends(self, people: People, crowd: list[int]) -> None:
        """As many friends as fit are shown, and missed messages are read all the same."""
        alice, bob = people.newcomer(), people.newcomer()
        for friend_id in crowd:
            bob.add_friend(friend_id)
        leave(bob)
        for number in range(5):
            alice.chat(bob.id, f"message {number}")
        alice.wait_until_heard()
        welcome = welcomed(bob)
        assert 0 < len(welcome.friends) < len(crowd)
        assert {friend.id for friend in welcome.friends} <= set(crowd)
        missed = list(welcome.offline) + bob.next_chats(5 - len(welcome.offline))
        assert [chat.text for chat in missed] == [f"message {number}" for number in range(5)]
        assert bob.longest_frame <= LARGEST_FRAME

    @pytest.mark.parametrize("letter", ["g", "群", '"', "😀"])
    def test_many_groups(self, people: People, letter: str) -> None:
        """As many groups as fit are shown, however long their names and descriptions are."""
        alice = people.newcomer()
        for _ in range(30):
            alice.create_group(name_of_50(letter), letter * 100)
        leave(alice)
        groups = welcomed(alice).groups
        assert 0 < len(groups) < 30
        assert {group.description for group in groups} == {letter * 100}
        assert alice.longest_frame <= LARGEST_FRAME

    def test_a_group_with_many_members(self, people: People) -> None:
        """A group too large for the buffer does not burst it, and can be talked in."""
        members = [people.newcomer(name_of_50("群")) for _ in range(12)]
        group_id = shared_group(*members)
        leave(members[0])
        welcomed(members[0])
        members[0].group_chat(group_id, "are you all there?")
        for member in members[1:]:
            assert member.next_chat().text == "are you all there?"
        assert max(member.longest_frame for member in members) <= LARGEST_FRAME

    @pytest.mark.parametrize("letter", ["n", "名", '"', "😀"])
    def test_the_longest_names(self, people: People, letter: str) -> None:
        """A sender's name of 50 characters leaves room for the text of each piece."""
        writer, reader = people.newcomer(name_of_50(letter)), people.newcomer()
        writer.chat(reader.id, letter * 300)
        assert reader.next_text_of_length(300) == letter * 300
        assert reader.longest_frame <= LARGEST_FRAME
