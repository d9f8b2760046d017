"""Positions and devices that the server would not expect.

Each gets the clear error that docs/protocol.md names, or a new beginning, and costs nothing else:
after each test two bystanders go on chatting.
"""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.integration.bad_input.chatters import (
    assert_refused,
    assert_undisturbed,
    logged_in,
    newcomer,
    numbers,
)
from tests.integration.raw_client import Frame, RawClient
from tests.integration.server_process import ServerProcess

TAKEN, SESSIONS, SESSION_ENDED = 1014, 1031, 1016
DEVICES = 10  # that a user may have


def say(writer: RawClient, reader: RawClient, text: str) -> int:
    """Write a message to a user; return its position."""
    chat = {"msgid": 1005, "toid": reader.id, "msg": text, "cid": f"p-{next(numbers)}"}
    return int(writer.ask(chat)["at"])


class TestSince:
    @pytest.mark.parametrize(
        ("ahead", "other"),
        [
            pytest.param(1, {}, id="one too far"),
            pytest.param(10**12, {}, id="from the future"),
            pytest.param(0, {"epoch": "another"}, id="another epoch"),
            pytest.param(-1, {"epoch": ""}, id="no epoch"),
            pytest.param(10**12, {"epoch": "another"}, id="all of it"),
        ],
    )
    def test_a_position_that_means_nothing_is_reset(
        self, port: int, ahead: int, other: Frame
    ) -> None:
        """The answer says so. What follows comes, and the new place works afterwards."""
        with newcomer(port) as writer, newcomer(port, "not logged in") as reader:
            say(writer, reader, "before")
            known = reader.login()
            reader.find_msgid(1005)
            reader.ask({"msgid": 1002})
            place = {"since": known["head"] + ahead, "epoch": known["epoch"]}
            ack = reader.login(**place | other)
            assert ack["reset"] is True
            assert (ack["head"], ack["epoch"]) == (known["head"], known["epoch"])
            say(writer, reader, "after")
            assert reader.next_chat()["msg"] == "after"
            reader.ask({"msgid": 1002})
            assert "reset" not in reader.login(since=ack["head"], epoch=ack["epoch"])
            assert reader.next_chat()["msg"] == "after"

    def test_a_position_below_the_oldest_is_reset(self, tmp_path: Path) -> None:
        """Entries after it may be deleted; from the oldest on, nothing is missing."""
        path = tmp_path / "chat.db"
        with ServerProcess(f"sqlite:///{path}", "--hashing", "cheap") as server:
            with newcomer(server.port) as writer, newcomer(server.port) as reader:
                places = [say(writer, reader, f"message {number}") for number in range(5)]
                reader_id = reader.id
            server.stop()
            oldest = places[3]
            with closing(sqlite3.connect(path)) as database, database:
                database.execute("DELETE FROM Entry WHERE at < ?", (oldest,))
                database.execute("UPDATE LogEnds SET oldest = ?", (oldest,))
            server.start()
            with RawClient(server.port) as reader:
                reader.id = reader_id
                ack = reader.login()
                assert ack["oldest"] == oldest
                assert [reader.next_chat()["at"] for _ in range(2)] == places[3:]
                reader.ask({"msgid": 1002})
                ack = reader.login(since=oldest - 2, epoch=ack["epoch"])
                assert (ack["reset"], ack["head"]) == (True, places[-1])
                reader.ask({"msgid": 1002})
                ack = reader.login(since=oldest - 1, epoch=ack["epoch"])
                assert "reset" not in ack
                assert [reader.next_chat()["at"] for _ in range(2)] == places[3:]


class TestTaken:
    def test_what_was_not_sent_is_not_taken_over(self, port: int) -> None:
        """It is refused and changes nothing; the true position counts."""
        with newcomer(port) as writer, newcomer(port) as reader:
            at = say(writer, reader, "for you")
            assert reader.find_msgid(1005)["at"] == at
            for beyond in (at + 1000, 2**53, 2**63 - 1):
                assert_refused(reader.ask({"msgid": TAKEN, "at": beyond}), "bad_at")
            assert_undisturbed(reader)
            with logged_in(port, reader.id) as another:
                assert another.find_msgid(1005)["at"] == at
            reader.send({"msgid": TAKEN, "at": at})
            assert writer.find_msgid(1038)["marks"] == [{"id": reader.id, "got": at}]

    def test_what_was_taken_over_stays_so(self, port: int) -> None:
        """A lower or repeated position is no error and takes nothing back."""
        with newcomer(port) as writer, newcomer(port) as reader:
            places = [say(writer, reader, f"message {number}") for number in range(2)]
            assert [reader.next_chat()["at"] for _ in range(2)] == places
            for at in (places[0], 0, places[1]):
                reader.send({"msgid": TAKEN, "at": at})
            assert_undisturbed(reader)
            say(writer, reader, "the next")
            with logged_in(port, reader.id) as another:
                assert another.next_chat()["msg"] == "the next"

    def test_who_never_says_it_is_sent_everything_all_the_same(self, port: int) -> None:
        """Such clients are not cut off, nobody waits for them, and a device without a place begins
        where they began."""
        texts = [f"message {number}" for number in range(300)]
        with newcomer(port) as writer, newcomer(port) as silent:
            for text in texts:
                say(writer, silent, text)
            assert [silent.find_msgid(1005)["msg"] for _ in texts] == texts
            assert_undisturbed(silent)
            with logged_in(port, silent.id) as another:
                assert [another.next_chat()["msg"] for _ in texts] == texts


class TestDevices:
    def test_the_eleventh_takes_the_place_of_the_longest_unused(self, port: int) -> None:
        """Ten stay; the one that makes room is told, and its token is no longer valid."""
        with newcomer(port, "not logged in") as first, ExitStack() as stack:
            token = first.login(device="device 0")["token"]
            devices = [stack.enter_context(RawClient(port)) for _ in range(DEVICES)]
            for number, device in enumerate(devices, start=1):
                device.id = first.id
                device.login(device=f"device {number}")
            assert first.find_msgid(SESSION_ENDED)
            first.wait_for_close()
            sessions = devices[0].ask({"msgid": SESSIONS})["sessions"]
            named = {session["device"] for session in sessions}
            assert named == {f"device {number}" for number in range(1, DEVICES + 1)}
            for device in devices:
                assert_undisturbed(device)
            with RawClient(port) as stranger:
                answer = stranger.ask({"msgid": 1015, "token": token})
                assert_refused(answer, "bad_token", msgid=1001)

    def test_one_that_is_away_makes_room_first(self, port: int) -> None:
        """This holds however recently it was used: connected ones go on."""
        with newcomer(port, "not logged in") as first, ExitStack() as stack:
            first.login(device="device 0")
            devices = [stack.enter_context(RawClient(port)) for _ in range(DEVICES)]
            for number, device in enumerate(devices, start=1):
                device.id = first.id
                if number == DEVICES:
                    devices[-2].end_sending()
                    devices[-2].wait_for_close()
                device.login(device=f"device {number}")
            for device in (first, *devices[:-2], devices[-1]):
                assert_undisturbed(device)

    def test_the_same_device_takes_its_own_place(self, port: int) -> None:
        """Eleven logins of one device are one session, and the user's other sessions stay."""
        with newcomer(port, "not logged in") as other, ExitStack() as stack:
            other.login(device="other")
            for _ in range(DEVICES + 1):
                device = stack.enter_context(RawClient(port))
                device.id = other.id
                device.login(device="the same")
            sessions = other.ask({"msgid": SESSIONS})["sessions"]
            assert sorted(session["device"] for session in sessions) == ["other", "the same"]
            assert_undisturbed(other)
            assert_undisturbed(device)
