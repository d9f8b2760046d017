"""Registering, logging in and out with the original client."""

import time

import pytest

from tests.integration.original_client.client import PATIENCE, Refusal
from tests.integration.original_client.people import People, leave, welcomed


class TestAccounts:
    def test_a_newcomer_logs_in_under_the_id_that_registering_gave(self, people: People) -> None:
        """A new account's login shows its id and name, and no lists, since they are empty."""
        people.newcomer()

    def test_a_taken_name_is_refused(self, people: People) -> None:
        """Registering a name twice is answered with errno 1 and a sentence."""
        first = people.newcomer()
        refusal = people.connect().register(first.name, "other")
        assert isinstance(refusal, Refusal)
        assert refusal.errno == 1
        assert refusal.errmsg

    def test_a_bad_name_is_refused(self, people: People) -> None:
        """A name that may not be is answered, since the client waits for an answer."""
        refusal = people.connect().register("12345", "secret")
        assert isinstance(refusal, Refusal)
        assert refusal.errmsg

    def test_a_wrong_password_and_an_unknown_id_get_the_same_answer(self, people: People) -> None:
        """Neither hangs the client, and neither tells whether the account exists."""
        somebody = people.newcomer()
        leave(somebody)
        refusal = somebody.login(somebody.id, "wrong")
        assert isinstance(refusal, Refusal)
        assert refusal == somebody.login(2_000_000_000, "secret")
        assert refusal.errno == 3
        assert welcomed(somebody).id == somebody.id

    @pytest.mark.parametrize("user_id", [0, -1, 2**31, 2**63, 10**30])
    def test_an_impossible_id_gets_an_answer(self, people: People, user_id: int) -> None:
        """Whatever number is typed for an id, the client is not left waiting."""
        assert isinstance(people.connect().login(user_id, "secret"), Refusal)

    def test_who_is_online_already_is_refused(self, people: People) -> None:
        """A second login while the first lives is answered with errno 2; the first stays."""
        first = people.newcomer()
        second = people.connect()
        refusal = second.login(first.id, "secret")
        assert isinstance(refusal, Refusal)
        assert refusal.errno == 2
        people.newcomer().chat(first.id, "still there?")
        assert first.next_chat().text == "still there?"

    def test_an_account_is_free_again_when_its_connection_breaks(self, people: People) -> None:
        """A client that vanished without a word can log in again."""
        first = people.newcomer()
        first.close()
        second = people.connect()
        deadline = time.monotonic() + PATIENCE
        while isinstance(welcome := second.login(first.id, "secret"), Refusal):
            assert time.monotonic() < deadline, welcome

    @pytest.mark.parametrize(
        "request_without", [b'{"id":1,"msgid":1000}', b'{"msgid":1000,"password":"x"}']
    )
    def test_a_login_without_a_field_gets_an_answer(
        self, people: People, request_without: bytes
    ) -> None:
        """A refusal of LOGIN comes in LOGIN's own ack, also when the frame is bad."""
        client = people.connect()
        client.send_bytes(request_without + b"\0")
        assert client.next_refusal().errmsg
