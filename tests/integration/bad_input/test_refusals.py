"""Good requests that the rules refuse.

Each gets the clear error that docs/protocol.md names, and costs nothing else: the connection still
works, and after each test two bystanders go on chatting.
"""

import pytest

from tests.integration.bad_input.chatters import (
    NOBODY,
    OWN_ACK,
    assert_refused,
    assert_undisturbed,
    newcomer,
    numbers,
    try_to_log_in,
)
from tests.integration.bad_input.requests import REQUESTS
from tests.integration.raw_client import ACK, ERROR, PONG, Frame, RawClient


class TestBeforeLogin:
    @pytest.mark.parametrize("frame", [good for good, _ in REQUESTS], ids=str)
    def test_what_needs_a_login_is_refused_without(self, stranger: RawClient, frame: Frame) -> None:
        """Every request that needs a login says so, and carries its `seq`."""
        assert_refused(stranger.ask(frame), "not_logged_in")
        assert_undisturbed(stranger)

    def test_seq_works_before_login(self, stranger: RawClient) -> None:
        """PING, REGISTER and a refused LOGIN give their `seq` back before anybody has logged in."""
        assert stranger.ask({"msgid": 1012})["msgid"] == PONG
        assert stranger.register(f"user {next(numbers)}")
        answer = stranger.ask({"msgid": 1000, "id": stranger.id, "password": "wrong", "v": 2})
        assert_refused(answer, "bad_credentials", msgid=1001)

    def test_an_accepted_version_1_login_gives_its_seq_back(self, stranger: RawClient) -> None:
        """A version 1 login may carry a `seq` like any other request."""
        stranger.register(f"user {next(numbers)}")
        answer = stranger.ask({"msgid": 1000, "id": stranger.id, "password": "secret"})
        assert answer["errno"] == 0

    def test_the_largest_seq_is_given_back(self, stranger: RawClient) -> None:
        """0 and 2^53-1 are good."""
        for seq in (0, 2**53 - 1):
            stranger.send({"msgid": 1012, "seq": seq})
            assert stranger.find_msgid(PONG)["seq"] == seq

    def test_a_request_without_seq_is_refused_all_the_same(self, stranger: RawClient) -> None:
        """An error comes even if the client asked for no answer."""
        stranger.send({"msgid": 1005, "toid": 1, "msg": "hello"})
        answer = stranger.find_msgid(ERROR)
        assert_refused(answer, "not_logged_in")
        assert "seq" not in answer

    @pytest.mark.parametrize("password", ["", "wrong", "x" * 129, "x" * 2000, "\0", "' OR 1=1 --"])
    def test_a_wrong_password_of_any_kind_is_refused(self, port: int, password: str) -> None:
        """Whatever the password is, LOGIN has an answer, and the account stays as it is."""
        with newcomer(port) as client:
            client.ask({"msgid": 1002})
            answer = client.ask({"msgid": 1000, "id": client.id, "password": password, "v": 2})
            assert answer["msgid"] == 1001
            assert answer["error"] in ("bad_credentials", "bad_field")
            client.login()

    @pytest.mark.parametrize("token", ["", "x", "x" * 128, "x" * 5000, "ü", "\0"])
    def test_a_token_that_is_none_is_refused(self, stranger: RawClient, token: str) -> None:
        """RESUME with a bad token is refused by LOGIN's ack."""
        answer = stranger.ask({"msgid": 1015, "token": token})
        assert answer["msgid"] == 1001
        assert answer["error"] in ("bad_token", "bad_field")
        assert_undisturbed(stranger)


class TestLoginTwice:
    def test_on_one_connection(self, regular: RawClient) -> None:
        """A client that is logged in can neither log in, nor resume, nor register."""
        greetings: list[Frame] = [
            {"msgid": 1000, "id": regular.id, "password": "secret", "v": 2},
            {"msgid": 1015, "token": "token"},
            {"msgid": 1003, "name": f"user {next(numbers)}", "password": "secret"},
        ]
        for frame in greetings:
            answer = regular.ask(frame)
            assert_refused(answer, "already_logged_in", msgid=OWN_ACK[frame["msgid"]])
        assert_undisturbed(regular)

    def test_on_two_connections(self, port: int, stranger: RawClient) -> None:
        """The slot of version 1 is taken: a second login is refused, and the first session stays.
        Devices do not need it."""
        with newcomer(port, "version 1") as first:
            answer = try_to_log_in(stranger, first.id, version=1)
            assert_refused(answer, "already_online", msgid=1001)
            assert answer["errno"] == 2
            assert try_to_log_in(stranger, first.id)["errno"] == 0
            assert_undisturbed(first)
            assert_undisturbed(stranger)


class TestRules:
    def test_a_name_in_another_case_is_taken(self, stranger: RawClient) -> None:
        """Two names that differ only in case are the same, for users and for groups."""
        name = f"Straße Ünal {next(numbers)}"
        stranger.register(name)
        for same in (name, name.upper(), name.lower(), f" {name} "):
            answer = stranger.ask({"msgid": 1003, "name": same, "password": "secret"})
            assert_refused(answer, "name_taken", msgid=1004)
        stranger.login()
        stranger.ask({"msgid": 1007, "groupname": name})
        for same in (name, name.swapcase()):
            answer = stranger.ask({"msgid": 1007, "groupname": same})
            assert_refused(answer, "group_name_taken")

    def test_one_cannot_befriend_oneself(self, regular: RawClient) -> None:
        """They can do so neither by id nor by name."""
        assert_refused(regular.ask({"msgid": 1006, "friendid": regular.id}), "oneself")
        assert_refused(regular.ask({"msgid": 1006, "friendname": regular.name}), "oneself")

    def test_nobody_cannot_be_befriended(self, regular: RawClient) -> None:
        """An id or a name that no user has gets no_such_user."""
        for frame in ({"friendid": NOBODY}, {"friendname": "nobody"}, {"friendname": "\0"}):
            assert_refused(regular.ask({"msgid": 1006, **frame}), "no_such_user")
        assert_refused(regular.ask({"msgid": 1019, "name": "nobody"}), "no_such_user")

    def test_a_friend_can_be_added_once(self, port: int, regular: RawClient) -> None:
        """Adding them twice, or removing them twice, is refused."""
        with newcomer(port) as friend:
            assert regular.ask({"msgid": 1006, "friendid": friend.id})["msgid"] == ACK
            assert_refused(regular.ask({"msgid": 1006, "friendid": friend.id}), "already_friends")
            by_name = {"msgid": 1006, "friendname": friend.name.upper()}
            assert_refused(regular.ask(by_name), "already_friends")
            assert regular.ask({"msgid": 1021, "friendid": friend.id})["msgid"] == ACK
            assert_refused(regular.ask({"msgid": 1021, "friendid": friend.id}), "not_friends")
            assert_refused(regular.ask({"msgid": 1021, "friendid": NOBODY}), "not_friends")

    def test_a_group_can_be_joined_once(self, port: int, regular: RawClient) -> None:
        """Joining twice is refused, for the creator too, and so is leaving twice."""
        with newcomer(port) as creator:
            name = f"group {next(numbers)}"
            join = {
                "msgid": 1008,
                "groupid": creator.ask({"msgid": 1007, "groupname": name})["groupid"],
            }
            assert_refused(creator.ask(join), "already_member")
            assert regular.ask(join)["groupname"] == name
            assert_refused(regular.ask(join), "already_member")
            leave = {**join, "msgid": 1028}
            assert regular.ask(leave)["msgid"] == ACK
            assert_refused(regular.ask(leave), "not_member")

    def test_a_group_is_closed_to_others(self, port: int, regular: RawClient) -> None:
        """Somebody who is not in it can neither write to it, nor see its members, nor leave it."""
        with newcomer(port) as creator:
            name = f"group {next(numbers)}"
            group_id = creator.ask({"msgid": 1007, "groupname": name})["groupid"]
            for frame in ({"msgid": 1009, "msg": "let me in"}, {"msgid": 1026}, {"msgid": 1028}):
                assert_refused(regular.ask({**frame, "groupid": group_id}), "not_member")

    def test_a_group_that_is_not_there_is_no_group(self, regular: RawClient) -> None:
        """Joining, writing to, looking into or leaving it gets no_such_group."""
        for frame in ({"msgid": 1008}, {"msgid": 1009, "msg": "hello"}, {"msgid": 1026}):
            assert_refused(regular.ask({**frame, "groupid": NOBODY}), "no_such_group")
        answer = regular.ask({"msgid": 1028, "groupid": NOBODY})
        assert answer["error"] in ("no_such_group", "not_member")

    def test_a_message_to_nobody_is_refused(self, regular: RawClient) -> None:
        """A chat to an id that no user has gets no_such_user."""
        answer = regular.ask({"msgid": 1005, "toid": NOBODY, "msg": "hello", "cid": "nobody-1"})
        assert_refused(answer, "no_such_user")

    def test_a_cid_means_one_message(self, port: int, regular: RawClient) -> None:
        """The same cid with the same content is the same message, and gets the answer of the first
        one; with another content or recipient it is refused."""
        with newcomer(port) as reader:
            cid = f"c-{next(numbers)}"
            chat = {"msgid": 1005, "toid": reader.id, "msg": "once", "cid": cid}
            first = regular.ask(chat)
            assert regular.ask(chat)["at"] == first["at"]
            assert_refused(regular.ask({**chat, "msg": "twice"}), "cid_conflict")
            assert_refused(regular.ask({**chat, "toid": regular.id}), "cid_conflict")
            regular.ask({**chat, "cid": f"{cid}-2", "msg": "behind"})
            assert [reader.next_chat()["msg"] for _ in range(2)] == ["once", "behind"]

    def test_the_cid_of_another_is_free(self, port: int, regular: RawClient) -> None:
        """A cid is its sender's own: somebody who guesses it neither learns of a message nor stops
        it."""
        with newcomer(port) as other:
            chat = {"msgid": 1005, "toid": other.id, "msg": "mine", "cid": f"c-{next(numbers)}"}
            at = regular.ask(chat)["at"]
            assert other.ask({**chat, "toid": regular.id, "msg": "theirs"})["at"] > at

    def test_a_wrong_old_password_is_refused(self, regular: RawClient) -> None:
        """CHANGE_PASSWORD needs the old one, and changes nothing without it."""
        answer = regular.ask({"msgid": 1029, "old": "wrong", "new": "other"})
        assert_refused(answer, "bad_credentials")
        assert_undisturbed(regular)
