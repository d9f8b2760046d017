"""The table of errors, in the code and on the page."""

import pytest

from adapters.wire import errors
from chat_domain import errors as domain
from chat_domain.errors import ChatError
from tests.unit.wire.protocol_page import rows, section

REFUSALS = ChatError.__subclasses__()


def test_the_table_is_the_page_s() -> None:
    """Each has the same numbers and names."""
    page = {name.strip("`"): int(number) for number, name, _ in rows(section("Errors"))}
    assert page == errors.NUMBERS


def test_numbers_are_given_once() -> None:
    """A client may go by either the number or the name."""
    assert len(set(errors.NUMBERS.values())) == len(errors.NUMBERS)


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_has_a_name_and_a_number(kind: type[ChatError]) -> None:
    """Neither the rules nor the gateway raise an error without them."""
    name = errors.name_of(kind)
    assert name in errors.NUMBERS


def test_every_name_is_somebody_s() -> None:
    """Every name belongs to a refusal, to an unreadable frame or to a broken stream."""
    of_refusals = {errors.name_of(kind) for kind in REFUSALS}
    of_frames = {"bad_json", "not_an_object", "bad_field", "unknown_msgid"}
    of_streams = {"frame_too_long", "http_request", "bad_websocket"}
    assert of_refusals | of_frames | of_streams == errors.NUMBERS.keys()


@pytest.mark.parametrize(
    "refusal",
    [
        domain.NameTaken("li si"),
        domain.GroupNameTaken("hikers"),
        domain.NoSuchUser("li si"),
        domain.NoSuchUser(15),
        domain.NoSuchGroup(3),
        domain.AlreadyFriends(15),
        domain.NotFriends(15),
        domain.AlreadyMember(3),
        domain.NotMember(3),
        domain.MailboxFull(15),
        domain.TooManyConversations(5000),
        domain.CidConflict("c1"),
        domain.TooManyUnanswered(256),
        domain.NotSentYet(17, 16),
    ],
    ids=str,
)
def test_refusals_name_their_facts(refusal: ChatError) -> None:
    """The sentence for a person is one line."""
    values = [value for value in vars(refusal).values() if value is not None]
    assert values
    assert all(str(value) in str(refusal) for value in values)
    assert "\n" not in str(refusal)
