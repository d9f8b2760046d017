"""Cutting a TLS stream into records."""

import pytest

from adapters.tcp.records import BLANKS, Records, TooManyBlanks

ONE, OTHER, EMPTY = b"\x17\3\3\0\3abc", b"\x15\3\3\0\1x", b"\x17\3\3\0\0"


def taken(records: Records) -> list[bytes]:
    found = []
    while (record := records.take()) is not None:
        found.append(record)
    return found


@pytest.mark.parametrize("size", range(1, 20))
def test_records_are_told_apart_wherever_the_stream_is_cut(size: int) -> None:
    """The pieces may have any size."""
    stream = ONE + OTHER + EMPTY + ONE
    records, found = Records(), []
    for start in range(0, len(stream), size):
        records.add(stream[start : start + size])
        found += taken(records)
    assert found == [ONE, OTHER, EMPTY, ONE]


@pytest.mark.parametrize("stream", [b"GET / HTTP/1.1\r\n", b"\x17\3\3\xff\xffand so on"])
def test_what_is_no_record_is_taken_as_it_is(stream: bytes) -> None:
    """It is passed on at once, and OpenSSL says what is wrong."""
    records = Records()
    records.add(ONE + stream)
    assert taken(records) == [ONE, stream]


def say(records: Records, times: int, *, blanks: int) -> None:
    """Send this many times a number of records without data and one with data."""
    for _ in range(times):
        records.add(ONE * (blanks + 1))
        taken(records)
        records.had_data()


def test_a_record_with_data_makes_up_for_one_without() -> None:
    """It makes up for one only. Otherwise a client could go on forever with two empty records for
    each."""
    records = Records()
    say(records, 10 * BLANKS, blanks=1)
    with pytest.raises(TooManyBlanks):
        say(records, BLANKS + 1, blanks=2)
