"""Requests with a bad field, against a real server process.

Each gets the clear error that docs/protocol.md names, and costs nothing else: the connection still
works, and after each test two bystanders go on chatting.
"""

from typing import Any

import pytest

from tests.integration.bad_input.chatters import (
    OWN_ACK,
    assert_refused,
    assert_undisturbed,
)
from tests.integration.bad_input.requests import GREETINGS, OPTIONAL, REQUESTS, Requests
from tests.integration.raw_client import ERROR, PONG, Frame, RawClient

BAD_SEQ: list[Any] = ["7", 7.5, True, [7], -1, 2**53, 2**64]


def with_one_bad_field(requests: Requests) -> list[Any]:
    return [
        pytest.param({**good, field: value}, field, id=f"{good['msgid']}-{field}-{value!s:.12}")
        for good, fields in requests
        for field, values in fields.items()
        for value in values
    ]


def with_one_field_missing(requests: Requests) -> list[Any]:
    return [
        pytest.param(
            {name: value for name, value in good.items() if name != field},
            field,
            id=f"{good['msgid']}-{field}",
        )
        for good, fields in requests
        for field in fields
        if field not in OPTIONAL
    ]


class TestFields:
    @pytest.mark.parametrize(("frame", "field"), with_one_bad_field(REQUESTS))
    def test_a_bad_field_is_named(self, regular: RawClient, frame: Frame, field: str) -> None:
        """A field of the wrong type, too long or out of range gets bad_field with its name."""
        assert_refused(regular.ask(frame), "bad_field", field)
        assert_undisturbed(regular)

    @pytest.mark.parametrize(("frame", "field"), with_one_field_missing(REQUESTS))
    def test_a_missing_field_is_named(self, regular: RawClient, frame: Frame, field: str) -> None:
        """A request without one of its fields gets bad_field with the field's name."""
        assert_refused(regular.ask(frame), "bad_field", field)
        assert_undisturbed(regular)

    @pytest.mark.parametrize(
        ("frame", "field"),
        [*with_one_bad_field(GREETINGS), *with_one_field_missing(GREETINGS)],
    )
    def test_a_bad_or_missing_field_of_a_greeting_is_named(
        self, stranger: RawClient, frame: Frame, field: str
    ) -> None:
        """LOGIN, REGISTER and RESUME are then refused by their own acks."""
        answer = stranger.ask(frame)
        assert_refused(answer, "bad_field", field, msgid=OWN_ACK[frame["msgid"]])
        assert_undisturbed(stranger)

    @pytest.mark.parametrize("seq", BAD_SEQ, ids=str)
    def test_a_bad_seq_is_named(self, anybody: RawClient, seq: Any) -> None:
        """A bad `seq` gets bad_field; the answer has no `seq`, since it cannot repeat this one."""
        anybody.send({"msgid": 1012, "seq": seq})
        answer = anybody.find_msgid(ERROR)
        assert_refused(answer, "bad_field", "seq")
        assert "seq" not in answer
        assert_undisturbed(anybody)

    def test_a_number_too_large_for_a_float_is_refused(self, regular: RawClient) -> None:
        """An id of 1e400 is an error like any other."""
        regular.send_text('{"msgid":1005,"toid":1e400,"msg":"hello","seq":77}')
        answer = regular.find_msgid(ERROR)
        assert answer["error"] in ("bad_field", "bad_json")
        assert_undisturbed(regular)

    def test_unknown_fields_are_ignored(self, regular: RawClient) -> None:
        """A frame may have any fields that this version does not know."""
        extra = {"x": [1, {"y": None}], "toid": "ignored", "id": [], "": 10**400}
        assert regular.ask({"msgid": 1012, **extra})["msgid"] == PONG
