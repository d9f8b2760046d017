"""Reading what a client sends."""

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.wire import requests
from adapters.wire.declaring import AnyRequest, Request
from adapters.wire.frames import number_of
from adapters.wire.reading import BadFrame, read_request
from adapters.wire.requests import REQUESTS
from tests.unit.wire.bad_fields import BAD_FIELDS, BAD_SEQ, GREETINGS
from tests.unit.wire.protocol_page import examples, rows, section

# One frame for each row of the page's table, with all fields that it names.
FRAMES: dict[int, dict[str, Any]] = {
    1000: {
        "id": 13, "name": "zhang san", "password": "123456", "v": 2, "device": "phone",
        "since": 17, "epoch": "5f1c",
    },
    1002: {},
    1003: {"name": "zhang san", "password": "123456"},
    1005: {"toid": 15, "msg": "hello", "cid": "c-1", "re": 17},
    1006: {"friendid": 15, "friendname": "li si"},
    1007: {"groupname": "hikers", "groupdesc": "every Sunday", "cid": "c-1"},
    1008: {"groupid": 3, "groupname": "hikers", "cid": "c-1"},
    1009: {"groupid": 3, "msg": "hello", "cid": "c-1", "re": 17},
    1012: {},
    1013: {},
    1014: {"at": 17},
    1015: {"token": "wq0lJ8bZ", "since": 17, "epoch": "5f1c"},
    1019: {"name": "li si"},
    1021: {"friendid": 15},
    1022: {"after": 215, "limit": 50},
    1024: {"after": 215, "limit": 50},
    1026: {"groupid": 3, "after": 215, "limit": 50},
    1028: {"groupid": 3, "cid": "c-1"},
    1029: {"old": "123456", "new": "correct horse"},
    1031: {},
    1033: {"session": "3f9a1c5e7b2d4860"},
    1035: {"groupid": 3, "groupname": "hikers", "cid": "c-1"},
    1039: {"before": 215, "limit": 50},
    1041: {"toid": 15, "groupid": 3, "before": 215, "after": 17, "limit": 50},
    1043: {"toid": 15, "groupid": 3, "at": 17},
    1044: {"toid": 15, "groupid": 3},
    1045: {"hide_read": True, "hide_typing": False, "toid": 15, "groupid": 3, "muted": True},
}  # fmt: skip
# At least one of these fields is needed.
REPLACEABLE = {
    1000: ("id", "name"), 1006: ("friendid", "friendname"), 1008: ("groupid", "groupname"),
}  # fmt: skip
# At most one of these may be given.
WHERE = ("toid", "groupid")
EITHER = {1041: [WHERE, ("before", "after")], 1043: [WHERE], 1044: [WHERE], 1045: [WHERE]}
WRITTEN = [msgid for msgid, fields in FRAMES.items() if "cid" in fields]
CLIENT_TABLE = rows(section("What the client sends"))


def frame(msgid: int, **fields: Any) -> bytes:
    return json.dumps({"msgid": msgid, **fields}).encode()


def refusal(raw: bytes) -> BadFrame:
    with pytest.raises(BadFrame) as caught:
        read_request(raw)
    return caught.value


def fields_of(request: AnyRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


def whole(msgid: int) -> Iterator[dict[str, Any]]:
    """All fields that a request can have, in each permitted combination."""
    pairs = EITHER.get(msgid, [])
    for left_out in product(*pairs):
        yield {name: value for name, value in FRAMES[msgid].items() if name not in left_out}


def with_field(msgid: int, name: str) -> dict[str, Any]:
    """One of these combinations that has this field. (Any of them may have `seq`.)"""
    return next(fields for fields in whole(msgid) if name in fields or name == "seq")


# -- what is documented ----------------------------------------------------------------------


@pytest.mark.parametrize("row", CLIENT_TABLE, ids=lambda row: row[1])
def test_every_documented_request_is_read(row: list[str]) -> None:
    """It is read with every field that the page names, and its `seq`."""
    msgid = int(row[0])
    documented = set(row[2].replace("`", " ").replace(";", " ").replace(",", " ").split())
    assert FRAMES[msgid].keys() == documented - {"or", "?"}
    for fields in whole(msgid):
        request = read_request(frame(msgid, seq=7, **fields))
        assert number_of(request) == msgid
        absent = dict.fromkeys(FRAMES[msgid].keys() - fields.keys())
        assert fields_of(request) == {"seq": 7, **fields, **absent}


def test_nothing_else_is_a_request() -> None:
    """The page's table is complete."""
    assert {int(row[0]) for row in CLIENT_TABLE} == REQUESTS.keys() == FRAMES.keys()


@pytest.mark.parametrize("row", CLIENT_TABLE, ids=lambda row: row[1])
def test_what_may_be_left_out_may(row: list[str]) -> None:
    """A field that the page does not mark as optional is required."""
    msgid, text = int(row[0]), row[2]
    replaceable = REPLACEABLE.get(msgid, ())
    for fields in whole(msgid):
        for name in fields:
            less = {other: value for other, value in fields.items() if other != name}
            if f"`{name}`?" in text or name in replaceable:
                read_request(frame(msgid, **less))
            else:
                bad = refusal(frame(msgid, **less))
                assert (bad.error, bad.msgid) == ("bad_field", msgid)
                assert name in str(bad)


@pytest.mark.parametrize(
    ("msgid", "first", "second"),
    [(msgid, *pair) for msgid, pairs in EITHER.items() for pair in pairs],
)
def test_not_both_of_two(msgid: int, first: str, second: str) -> None:
    """Only one of them may be given; the error names both."""
    fields = with_field(msgid, first)
    bad = refusal(frame(msgid, **fields, **{second: FRAMES[msgid][second]}))
    assert bad.error == "bad_field"
    assert f"`{first}` or `{second}`, and not both" in str(bad)


@pytest.mark.parametrize(
    ("msgid", "pair"),
    [*REPLACEABLE.items(), (1041, WHERE), (1043, WHERE), (1044, WHERE), (1045, WHERE)],
)
def test_one_of_two_is_needed(msgid: int, pair: tuple[str, str]) -> None:
    """The error names both. (For SETTINGS, this holds if something is to be muted.)"""
    first, second = pair
    less = {name: value for name, value in FRAMES[msgid].items() if name not in (first, second)}
    bad = refusal(frame(msgid, **less))
    assert bad.error == "bad_field"
    assert f"`{first}` or `{second}`" in str(bad)


@pytest.mark.parametrize("given_frame", examples(section("What the client sends")), ids=str)
def test_every_example_of_the_page_is_a_request(given_frame: dict[str, Any]) -> None:
    """The examples are read exactly as they are written there."""
    request = read_request(json.dumps(given_frame).encode())
    fields = fields_of(request)
    assert number_of(request) == given_frame["msgid"]
    assert all(fields[name] == value for name, value in given_frame.items() if name != "msgid")


def test_the_page_s_conversation_is_understood() -> None:
    """This covers the client's half of it."""
    lines = [line[2:] for line in section("A conversation").splitlines() if line.startswith("> ")]
    assert [number_of(read_request(line.encode())) for line in lines] == [
        1003, 1000, 1014, 1005, 1015, 1014, 1002,
    ]  # fmt: skip


def test_defaults() -> None:
    """These are the values of fields that are left out."""
    assert fields_of(read_request(frame(1022))) == {"seq": None, "after": 0, "limit": 100}
    login = fields_of(read_request(frame(1000, id=1, password="x")))
    assert login == {
        "seq": None, "id": 1, "name": None, "password": "x", "v": 1, "device": "", "since": None,
        "epoch": "",
    }  # fmt: skip
    group = read_request(frame(1007, groupname="x"))
    assert fields_of(group) == {"seq": None, "groupname": "x", "groupdesc": "", "cid": None}
    history = fields_of(read_request(frame(1041, toid=1)))
    assert (history["before"], history["after"], history["limit"]) == (None, None, 50)
    said = fields_of(read_request(frame(1005, toid=1, msg="x")))
    assert (said["cid"], said["re"]) == (None, 0)


def test_fields_that_nobody_knows_are_ignored() -> None:
    """One of them is a sender's claim to be somebody else."""
    request = read_request(
        frame(1005, toid=1, msg="x", id=99, name="root", time=0, stored=[{"a": None}])
    )
    assert isinstance(request, requests.OneChat)
    assert not hasattr(request, "id")


def test_fields_come_in_any_order() -> None:
    """The msgid may come last."""
    assert isinstance(read_request(b' {"msg" : "x", "toid":1 ,"msgid":1005 } '), requests.OneChat)


# -- limits ----------------------------------------------------------------------------------

ID = (1, 2**31 - 1)
POSITION = (0, 2**63 - 1)
SEQ = (0, 2**53 - 1)
CURSOR = (0, 2**31 - 1)
NUMBERS = [
    (1005, "toid", ID), (1006, "friendid", ID), (1008, "groupid", ID), (1009, "groupid", ID),
    (1014, "at", POSITION), (1000, "since", POSITION), (1015, "since", POSITION),
    (1005, "re", POSITION), (1009, "re", POSITION), (1021, "friendid", ID),
    (1022, "after", CURSOR), (1022, "limit", (1, 200)), (1024, "after", CURSOR),
    (1024, "limit", (1, 200)), (1026, "groupid", ID), (1026, "after", CURSOR),
    (1026, "limit", (1, 200)), (1028, "groupid", ID), (1012, "seq", SEQ), (1041, "toid", ID),
    (1043, "toid", ID), (1043, "groupid", ID), (1043, "at", POSITION), (1044, "toid", ID),
    (1044, "groupid", ID), (1045, "toid", ID), (1045, "groupid", ID),
]  # fmt: skip


@pytest.mark.parametrize(("msgid", "name", "limits"), NUMBERS)
def test_numbers_have_their_ranges(msgid: int, name: str, limits: tuple[int, int]) -> None:
    """Both ends of the range are accepted. A number beyond them is refused, and the error names the
    field."""
    least, most = limits
    whole_with = with_field(msgid, name)
    for number in limits:
        fields = whole_with | {name: number}
        assert fields_of(read_request(frame(msgid, **fields)))[name] == number
    for number in (least - 1, most + 1, -(10**30), 10**30):
        bad = refusal(frame(msgid, **(whole_with | {name: number})))
        assert (bad.error, bad.msgid) == ("bad_field", msgid)
        assert name in str(bad)


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63 - 1, -(2**63)])
def test_any_id_may_try_to_log_in(number: int) -> None:
    """It is refused as an unknown account, not for its form."""
    request = read_request(frame(1000, id=number, password="x"))
    assert isinstance(request, requests.Login)
    assert request.id == number


TEXTS = [
    (1005, "msg", 1, 4096), (1009, "msg", 1, 4096), (1007, "groupdesc", 0, 200),
    (1003, "password", 1, 128), (1029, "new", 1, 128), (1003, "name", 0, 1024),
    (1000, "name", 0, 1024), (1000, "password", 0, 1024), (1015, "token", 0, 1024),
    (1019, "name", 0, 1024), (1006, "friendname", 0, 1024), (1007, "groupname", 0, 1024),
    (1008, "groupname", 0, 1024), (1029, "old", 0, 1024), (1033, "session", 0, 1024),
    (1000, "epoch", 0, 64), (1015, "epoch", 0, 64),
]  # fmt: skip


@pytest.mark.parametrize(("msgid", "name", "least", "most"), TEXTS)
def test_texts_have_their_lengths(msgid: int, name: str, least: int, most: int) -> None:
    """Lengths are counted in code points, however many bytes these take."""
    for character in ("x", "é", "👩", "\0", '"'):
        for length in (least, most):
            fields = FRAMES[msgid] | {name: character * length}
            assert fields_of(read_request(frame(msgid, **fields)))[name] == character * length
        for length in {most + 1, max(0, least - 1)} - {least}:
            fields = FRAMES[msgid] | {name: character * length}
            assert refusal(frame(msgid, **fields)).error == "bad_field"


@pytest.mark.parametrize("cid", ["x", "x" * 64, "0f8fad5b-d9cb-469f", "A_z-9"])
def test_a_cid_has_plain_characters(cid: str) -> None:
    """It has 1 to 64 of them, in every request that has a cid."""
    for msgid in WRITTEN:
        request = read_request(frame(msgid, **(FRAMES[msgid] | {"cid": cid})))
        assert fields_of(request)["cid"] == cid


@pytest.mark.parametrize("device", ["x", "Ann's phone", "手机 📱", "é" * 50])
def test_a_device_has_a_name_that_can_be_shown(device: str) -> None:
    """It has 1 to 50 characters of any script."""
    request = read_request(frame(1000, id=1, password="x", device=device))
    assert isinstance(request, requests.Login)
    assert request.device == device


@pytest.mark.parametrize(
    ("good", "field", "values"),
    [
        pytest.param(good, field, values, id=f"{good['msgid']}-{field}")
        for good, fields in [*BAD_FIELDS, *GREETINGS, ({"msgid": 1012}, {"seq": BAD_SEQ})]
        for field, values in fields.items()
    ],
)
def test_a_bad_field_is_named(good: dict[str, Any], field: str, values: list[Any]) -> None:
    """It may be of the wrong type, too long, out of range, or have characters that it may not."""
    read_request(json.dumps(good).encode())
    for value in values:
        bad = refusal(json.dumps({**good, field: value}).encode())
        assert (bad.error, bad.msgid) == ("bad_field", good["msgid"])
        assert field in str(bad)


# -- frames that are no requests ---------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"x", b"{", b"}", b"{}}", b"{'msgid':1012}", b'{"msgid":1012,}', b'{"msgid":1012} x',
        b" ", b'{"msgid":NaN}', b'{"msgid":01012}', b'\xef\xbb\xbf{"msgid":1012}', b'{"msgid":1012',
        b"\xff", b'{"msgid":1012,"x":"\xff"}', b'{"msgid":1012,"x":"\xed\xa0\x80"}',
        b'{"msgid":1012,"x":"\xc0\xaf"}', b'{"msgid":1012,"\xff":1}',
        b'{"msgid":1005,"msg":"\xff"}',
        b'{"msgid":1012,"x":"a\tb"}', b'{"msgid":1012,"x":"\\u12"}', b'{"msgid":1012,"x":tru}',
        b"[1012", b"\x80", b"GET / HTTP/1.1",
    ],
)  # fmt: skip
def test_what_is_not_json_in_utf8_is_bad_json(raw: bytes) -> None:
    """The server refuses the frame even if the fault is in a field that it ignores."""
    assert refusal(raw).error == "bad_json"


@pytest.mark.parametrize(
    "raw", [b"[]", b"1", b'"x"', b"null", b"true", b"1.5", b'[{"msgid":1012}]']
)
def test_other_json_is_not_an_object(raw: bytes) -> None:
    """A frame has to be an object."""
    assert refusal(raw).error == "not_an_object"


@pytest.mark.parametrize("escape", ["\\ud800", "\\udfff", "a\\ud83d", "\\ud83dx", "\\ud83d\\u0041"])
@pytest.mark.parametrize("field", ["msg", "ignored"])
def test_half_of_a_character_is_no_text(escape: str, field: str) -> None:
    """It could neither be stored nor sent to anybody."""
    raw = '{"msgid":1005,"toid":1,"msg":"x","%s":"%s"}' % (field, escape)  # noqa: UP031  # braces
    with suppress(BadFrame):
        request = read_request(raw.encode())
        assert field == "ignored"
        assert request == requests.OneChat(toid=1, msg="x")
        return
    assert refusal(raw.encode()).error in ("bad_json", "bad_field")


def test_a_whole_character_may_be_escaped() -> None:
    """JSON escapes it in two halves."""
    request = read_request(b'{"msgid":1005,"toid":1,"msg":"\\ud83d\\ude00"}')
    assert isinstance(request, requests.OneChat)
    assert request.msg == "😀"


@pytest.mark.parametrize("depth", [100, 1000, 30_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_a_bad_frame_at_most(depth: int, opening: bytes, closing: bytes) -> None:
    """The nesting may be closed or not."""
    nest = opening * min(depth, 65_000 // len(opening + closing))
    for raw in (nest + b"1" + closing * (len(nest) // len(opening)), nest):
        for field in (b"ignored", b"msg", b"msgid", b"seq"):
            with suppress(BadFrame):
                read_request(b'{"msgid":1005,"toid":1,"msg":"x","%s":%s}' % (field, raw))


@pytest.mark.parametrize("digits", [20, 400, 4299, 4301, 60_000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_endless_numbers_are_a_bad_frame_at_most(digits: int, sign: str) -> None:
    """The number may be in any field, and the answer is short enough for any client."""
    number = (sign + "9" * digits).encode()
    for field in (b"msgid", b"seq", b"toid"):
        bad = refusal(b'{"msgid":1005,"toid":1,"msg":"x","%s":%s}' % (field, number))
        assert len(str(bad)) < 200
        assert bad.seq is None
    read_request(b'{"msgid":1005,"toid":1,"msg":"x","ignored":%s}' % number)


def test_a_number_too_large_for_a_float_is_a_bad_field() -> None:
    assert refusal(b'{"msgid":1005,"toid":1e400,"msg":"x"}').error == "bad_field"


@pytest.mark.parametrize("msgid", [0, -1, 999, 1001, 1004, 1010, 1011, 1016, 1017, 2000, 2**63 - 1])
def test_what_a_client_may_not_send_is_unknown(msgid: int) -> None:
    """This includes the server's own frames. The answer has the request's seq."""
    bad = refusal(frame(msgid, seq=7))
    assert (bad.error, bad.msgid, bad.seq) == ("unknown_msgid", msgid, 7)


@pytest.mark.parametrize("msgid", ["1012", 1012.5, None, True, [1012], {}])
def test_a_msgid_is_an_integer(msgid: object) -> None:
    """Anything else is a bad field, and so is a missing msgid."""
    assert refusal(json.dumps({"msgid": msgid, "seq": 7}).encode()).error == "bad_field"
    assert refusal(b'{"seq":7}').error == "bad_field"
    assert refusal(b"{}").error == "bad_field"


def test_a_bad_frame_keeps_what_can_be_read_of_it() -> None:
    """A login is then refused by its own ack, and an error can be matched with its request."""
    bad = refusal(frame(1000, seq=7, id="x"))
    assert (bad.error, bad.msgid, bad.seq) == ("bad_field", 1000, 7)
    bad = refusal(frame(1005, seq=-1, toid=1, msg="x"))
    assert (bad.error, bad.msgid, bad.seq) == ("bad_field", 1005, None)
    bad = refusal(frame(1005, seq=7, toid=1))
    assert "msg" in str(bad)


# -- everything --------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = sorted({name for fields in FRAMES.values() for name in fields} | {"seq"})


@given(st.binary())
@example(b'{"msgid":1012}')
@example(b"\xf0\x9f")
def test_any_bytes_are_a_request_or_a_bad_frame(raw: bytes) -> None:
    """Reading raises nothing else, whatever the bytes."""
    with suppress(BadFrame):
        assert isinstance(read_request(raw), Request)


@given(st.sampled_from(sorted(FRAMES)), st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_fields_are_a_request_or_a_bad_frame(msgid: int, fields: dict[str, Any]) -> None:
    """A refusal has the msgid, which decides the form of the answer."""
    raw = frame(msgid, **(FRAMES[msgid] | fields))
    assert read_or_refused(raw) in (msgid, None)


def read_or_refused(raw: bytes) -> int | None:
    """The msgid that a frame was read or refused with, or None if it could not be read."""
    try:
        return number_of(read_request(raw))
    except BadFrame as bad:
        return bad.msgid if bad.error != "bad_json" else None


@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_any_damage_is_a_request_or_a_bad_frame(msgid: int, data: st.DataObject) -> None:
    """For example, a byte may have changed on the way."""
    raw = bytearray(frame(msgid, seq=7, **FRAMES[msgid]))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadFrame):
        read_request(bytes(raw))
