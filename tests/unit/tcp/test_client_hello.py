"""Bounding the first message of a TLS client."""

import pytest

from adapters.tcp.client_hello import LONGEST, BadClientHello, ClientHello

ASKS_AGAIN = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
LATER = b"\x16\3\3\0\x08\1\xff\xff\xffabcd"  # encrypted, and so perhaps anything


def record(content: bytes) -> bytes:
    return b"\x16\3\1" + len(content).to_bytes(2) + content


def hello(size: int) -> bytes:
    """A message of this many bytes with its header."""
    return b"\1" + (size - 4).to_bytes(3) + bytes(size - 4)


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_it_may_come_in_several_records(pieces: int) -> None:
    """What follows it is not looked at."""
    whole, first = hello(LONGEST), ClientHello()
    step = -(-len(whole) // pieces)
    for start in range(0, len(whole), step):
        first.check(record(whole[start : start + step]))
    first.check(LATER)


@pytest.mark.parametrize(
    "content", [b"", b"\1\0\0", hello(LONGEST + 1)[:4], hello(9) + b"x", hello(9) + hello(9)]
)
def test_it_is_as_long_as_it_says_and_not_too_long(content: bytes) -> None:
    """Its length must be in its first record, and nothing may follow it in its last one."""
    with pytest.raises(BadClientHello):
        ClientHello().check(record(content))


def test_nothing_may_follow_it_in_its_last_record() -> None:
    """Another message would not be checked."""
    first, whole = ClientHello(), hello(20)
    first.check(record(whole[:10]))
    with pytest.raises(BadClientHello):
        first.check(record(whole[10:] + hello(9)))


def test_records_of_other_types_are_not_looked_at() -> None:
    """OpenSSL says what is wrong with them, if anything is."""
    first = ClientHello()
    first.check(b"\x14\3\3\0\1\1")
    first.check(record(hello(9)))


def test_another_one_is_checked_if_the_server_asks_for_it() -> None:
    """Only then is what follows not encrypted."""
    first = ClientHello()
    first.check(record(hello(9)))
    first.answered(b"another answer")
    first.check(LATER)
    first.answered(b"\x16\3\3..." + ASKS_AGAIN + b"...")
    first.check(record(hello(9)))
    first.answered(b"\x16\3\3..." + ASKS_AGAIN + b"...")
    with pytest.raises(BadClientHello):
        first.check(LATER)
