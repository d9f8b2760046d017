"""Each declared request has everything that a request needs; `declared` lists that."""

import pytest
from msgspec import inspect

from adapters.client import codec
from adapters.wire.answers import Ack
from adapters.wire.declaring import AnyRequest, Request
from adapters.wire.requests import REQUESTS
from chat_domain.errors import GroupFull, NoSuchGroup
from tests.unit.declared import ALWAYS_NAMES, missing, name_of
from tests.unit.wire.protocol_page import quoted, rows, section


@pytest.mark.parametrize("request_kind", REQUESTS.values(), ids=name_of)
def test_a_request_has_all_that_it_needs(request_kind: type[AnyRequest]) -> None:
    """It has rows on the page, bad input, a test in the gateway, a handler and a client method."""
    sentences = missing(request_kind)
    assert not sentences, "\n" + "\n".join(sentences)


class Unheard(Request[Ack], tag=2999, kw_only=True):
    """A request that is declared, and lacks everything else."""

    refusals = (NoSuchGroup, GroupFull)

    groupid: int
    flavour: str = ""


def test_what_a_request_lacks_is_said() -> None:
    """There is one sentence for each place where something has to be done."""
    assert missing(Unheard) == [
        "docs/protocol.md, What the client sends: the table has no row for 2999 UNHEARD.",
        "docs/protocol.md, Errors of each request: UNHEARD lacks `group_full`.",
        "docs/protocol.md, Errors of each request: UNHEARD lacks `no_such_group`.",
        "tests/unit/wire/bad_fields.py: there is no good UNHEARD.",
        "tests/unit/wire/bad_fields.py: nothing is wrong with `flavour` of any UNHEARD.",
        "tests/unit/wire/bad_fields.py: nothing is wrong with `groupid` of any UNHEARD.",
        "tests/unit/gateway: no test says 2999 or requests.Unheard.",
        "adapters/gateway/commands.py: COMMANDS has nothing that does UNHEARD.",
        "adapters/client: no method of ChatClient sends UNHEARD.",
    ]


class Misnamed(Request[None], tag=1021, kw_only=True):
    """A request that has the number of REMOVE_FRIEND, and nothing else of it."""

    who: int


def test_a_row_that_says_something_else_is_noticed() -> None:
    """It may have another name, other fields, another answer or other errors."""
    assert missing(Misnamed)[:4] == [
        "docs/protocol.md, What the client sends: 1021 is REMOVE_FRIEND there, and not MISNAMED.",
        "docs/protocol.md, What the client sends: MISNAMED is declared otherwise as to `friendid`.",
        "docs/protocol.md, What the client sends: MISNAMED is declared otherwise as to `who`.",
        "docs/protocol.md, What the client sends: the answer to MISNAMED is none, and not ACK.",
    ]


def test_the_page_says_what_any_request_may_be_refused_with() -> None:
    """It says so above the table of the errors that only some requests have."""
    above, _, _ = section("Errors of each request").partition("\n|")
    assert quoted(above) >= ALWAYS_NAMES


def test_the_page_has_errors_of_declared_requests_alone() -> None:
    """A request that no longer exists has no row."""
    names = {name_of(request) for request in REQUESTS.values()}
    assert {row[0] for row in rows(section("Errors of each request"))} <= names


def test_the_client_sets_no_limits_to_what_the_server_says() -> None:
    """So it never hangs up on a server whose limits are wider than those it knows."""
    fields = [
        field
        for kind in inspect.multi_type_info(codec.FRAMES)
        if isinstance(kind, inspect.StructType)
        for field in kind.fields
    ]
    assert len(fields) > 50
    for field in fields:
        if isinstance(field.type, inspect.IntType):
            assert (field.type.ge, field.type.le) == (None, None), field
        elif isinstance(field.type, inspect.StrType):
            assert (field.type.min_length, field.type.max_length) == (None, None), field
