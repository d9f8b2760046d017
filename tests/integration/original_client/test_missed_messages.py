"""What the original client reads that came while its user was away."""

import pytest

from tests.integration.original_client.client import Welcome
from tests.integration.original_client.people import (
    LARGEST_FRAME,
    LONG_TEXTS,
    LONGEST_TEXT,
    People,
    leave,
    read_missed,
    welcomed,
)


class TestMissedMessages:
    @pytest.mark.parametrize("count", [1, 10, 100])
    def test_all_that_was_missed_is_read_in_order(self, people: People, count: int) -> None:
        """However many have waited, a client that sees one frame per read sees them all, once."""
        alice, bob = people.newcomer(), people.newcomer()
        leave(bob)
        for number in range(count):
            alice.chat(bob.id, f"message {number}")
        alice.wait_until_heard()
        missed = read_missed(bob, count)
        assert [chat.text for chat in missed] == [f"message {number}" for number in range(count)]
        assert {chat.sender_id for chat in missed} == {alice.id}
        assert bob.longest_frame <= LARGEST_FRAME
        leave(bob)
        assert welcomed(bob).offline == ()
        assert bob.unread_chats() == []

    def test_long_texts_are_read_later_too(self, people: People) -> None:
        """Stored texts of 4,096 characters of every kind come whole and in order."""
        writer, reader = people.modern(), people.newcomer()
        leave(reader)
        texts = [text[:LONGEST_TEXT] for text in LONG_TEXTS.values()]
        for text in texts:
            assert writer.ask({"msgid": 1005, "toid": reader.id, "msg": text})["at"]
        offline = "".join(chat.text for chat in welcomed(reader).offline)
        everything = "".join(texts)
        assert offline + reader.next_text_of_length(len(everything) - len(offline)) == everything
        assert reader.longest_frame <= LARGEST_FRAME

    def test_what_is_said_meanwhile_comes_behind_what_was_missed(self, people: People) -> None:
        """A live message does not overtake those that still wait."""
        alice, bob = people.newcomer(), people.newcomer()
        leave(bob)
        for number in range(30):
            alice.chat(bob.id, f"message {number}, which is long enough to fill a frame soon")
        alice.wait_until_heard()
        offline = welcomed(bob).offline
        alice.chat(bob.id, "live")
        texts = [chat.text for chat in bob.next_chats(31 - len(offline))]
        assert texts[-1] == "live"
        assert texts[:-1] == [
            f"message {number}, which is long enough to fill a frame soon"
            for number in range(len(offline), 30)
        ]

    def test_each_frame_comes_in_a_read_of_its_own(self, people: People) -> None:
        """Neither LOGIN's answer nor a missed message shares a read with another frame.

        A busy machine can run the reader late, hence the further tries.
        """
        alice, bob = people.newcomer(), people.newcomer()
        for _ in range(10):
            leave(bob)
            for number in range(12):
                alice.chat(bob.id, f"message {number}: " + "x" * 400)
            alice.wait_until_heard()
            late_before = bob.late_reads
            read_missed(bob, 12)
            if bob.late_reads == late_before:
                return
        pytest.fail("in none of ten logins did each frame come in a read of its own")

    def test_nothing_comes_before_the_login(self, people: People) -> None:
        """Who has logged out hears nothing on the connection until the next login."""
        alice, bob = people.newcomer(), people.newcomer()
        leave(bob)
        alice.chat(bob.id, "later")
        alice.wait_until_heard()
        bob.wait_until_logged_out()
        assert bob.unread_chats() == []
        assert [chat.text for chat in read_missed(bob, 1)] == ["later"]

    def test_another_account_on_the_same_connection_reads_its_own(self, people: People) -> None:
        """After logging out, the connection may serve somebody else, with their own messages."""
        alice, bob, carol = (people.newcomer() for _ in range(3))
        leave(bob)
        leave(carol)
        alice.chat(carol.id, "for carol")
        alice.wait_until_heard()
        welcome = bob.login(carol.id, "secret")
        assert isinstance(welcome, Welcome)
        assert welcome.name == carol.name
        missed = list(welcome.offline) or bob.next_chats(1)
        assert [chat.text for chat in missed] == ["for carol"]
