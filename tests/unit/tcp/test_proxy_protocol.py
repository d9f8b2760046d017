"""Reading exactly what a proxy says about its client, in whatever pieces it arrives."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.tcp.proxy_protocol import BadHeader, Beginning, read_beginning

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
DATA = b'{"msgid":1012}\n'
LOCAL, PROXY = 0x20, 0x21
UNSPECIFIED, TCP4, UDP4, TCP6, UNIX = 0x00, 0x11, 0x12, 0x21, 0x31
V4_PORTS = b"\x30\x39\x17\x70"

# The protocol's name, a checksum, and padding to more than a kilobyte.
TLVS = b"\x01\0\x04chat" + b"\x03\0\x04\1\2\3\4" + b"\x04\x04\0" + bytes(1024)


def block(command: int, family: int, content: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + len(content).to_bytes(2, "big") + content


def v4(client: str) -> bytes:
    return socket.inet_aton(client) + socket.inet_aton("10.0.0.1") + V4_PORTS


def v6(client: str) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, client)
    return packed + socket.inet_pton(socket.AF_INET6, "::1") + V4_PORTS


def unix(path: bytes) -> bytes:
    return path.ljust(108, b"\0") + b"/run/chat.sock".ljust(108, b"\0")


LONGEST_LINE = (
    b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535".ljust(105, b"f") + b"\r\n"
)

HEADERS = {
    b"PROXY TCP4 203.0.113.7 10.0.0.1 56324 8000\r\n": "203.0.113.7",
    b"PROXY TCP6 2001:db8::7 ::1 56324 8000\r\n": "2001:db8::7",
    b"PROXY TCP6 2001:0DB8:0:0:0:0:0:7 ::1 56324 8000\r\n": "2001:db8::7",
    b"PROXY TCP6 ::ffff:203.0.113.7 ::1 56324 8000\r\n": "203.0.113.7",
    b"PROXY UNKNOWN\r\n": None,
    LONGEST_LINE: None,
    block(PROXY, TCP4, v4("203.0.113.7")): "203.0.113.7",
    block(PROXY, UDP4, v4("203.0.113.7")): "203.0.113.7",
    block(PROXY, TCP6, v6("2001:db8::7")): "2001:db8::7",
    block(PROXY, TCP6, v6("::ffff:203.0.113.7")): "203.0.113.7",
    block(PROXY, UNIX, unix(b"/run/client.sock")): "unix:/run/client.sock",
    block(PROXY, UNIX, unix(b"/run/\xff")): "unix:/run/\\xff",
    block(PROXY, UNSPECIFIED, b""): None,
    block(PROXY, UNSPECIFIED, b"whatever"): None,
    block(LOCAL, UNSPECIFIED, b""): None,
    block(LOCAL, TCP4, v4("203.0.113.7")): None,
    block(PROXY, TCP4, v4("203.0.113.7") + TLVS): "203.0.113.7",
}

NO_HEADERS = [
    DATA,
    b"\r\n" + DATA,
    b"\r\n\r\n\0" + DATA,
    b"\0" + DATA,
    b"PROX\n",
    b"PROXY\n",
    b"proxy TCP4 203.0.113.7 10.0.0.1 56324 8000\r\n",
    b" PROXY TCP4 203.0.113.7 10.0.0.1 56324 8000\r\n",
    SIGNATURE[:-1] + b"\r",
]

BAD_HEADERS = [
    b"PROXY \r\n",
    b"PROXY TCP4\r\n",
    b"PROXY TCP5 203.0.113.7 10.0.0.1 56324 8000\r\n",
    b"PROXY UNIX 203.0.113.7 10.0.0.1 56324 8000\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 56324\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 56324 8000 1\r\n",
    b"PROXY TCP4  203.0.113.7 10.0.0.1 56324 8000\r\n",
    b"PROXY TCP4 2001:db8::7 ::1 56324 8000\r\n",
    b"PROXY TCP6 203.0.113.7 10.0.0.1 56324 8000\r\n",
    b"PROXY TCP4 203.0.113 10.0.0.1 56324 8000\r\n",
    b"PROXY TCP4 203.0.113.7 nobody 56324 8000\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 -1 8000\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 56324 65536\r\n",
    "PROXY TCP4 203.0.113.٧ 10.0.0.1 56324 8000\r\n".encode(),
    b"PROXY UNKNOWN ".ljust(106, b"f") + b"\r\n",
    b"PROXY TCP4 203.0.113.7 10.0.0.1 56324 8000\n".ljust(107, b" "),
    block(0x11, TCP4, v4("203.0.113.7")),
    block(0x30, UNSPECIFIED, b""),
    block(0x22, TCP4, v4("203.0.113.7")),
    block(PROXY, 0x41, bytes(100)),
    block(PROXY, TCP4, v4("203.0.113.7")[:7]),
    block(PROXY, TCP6, v4("203.0.113.7")),
    block(PROXY, UNIX, v4("203.0.113.7")),
]


@pytest.mark.parametrize(("header", "client"), HEADERS.items())
def test_a_header_names_the_client_and_is_taken_off(header: bytes, client: str | None) -> None:
    """The client's data behind the header is not changed."""
    assert read_beginning(header + DATA) == Beginning(client, DATA)
    assert read_beginning(header) == Beginning(client, b"")


@pytest.mark.parametrize("data", [*NO_HEADERS, *BAD_HEADERS])
def test_anything_else_is_refused(data: bytes) -> None:
    """This includes clients without a proxy, and proxies that cannot be understood."""
    with pytest.raises(BadHeader):
        read_beginning(data)


def test_what_is_no_header_is_not_shown() -> None:
    """It may be somebody's login."""
    with pytest.raises(BadHeader) as caught:
        read_beginning(b'{"msgid":1000,"id":1,"password":"open sesame"}\n')
    assert str(caught.value) == "there is none"


def read_in_pieces(pieces: list[bytes]) -> Beginning | str:
    """Read as a connection does, piece by piece, until the beginning is known."""
    data = b""
    for position, piece in enumerate(pieces):
        data += piece
        try:
            beginning = read_beginning(data)
        except BadHeader:
            return "bad"
        if beginning is not None:
            return Beginning(beginning.client, beginning.rest + b"".join(pieces[position + 1 :]))
    return "more"


@st.composite
def cut_streams(draw: st.DrawFn) -> list[bytes]:
    """A good or bad beginning with data behind it, cut at random places."""
    beginning = draw(st.sampled_from([*HEADERS, *NO_HEADERS, *BAD_HEADERS]))
    stream = beginning + draw(st.sampled_from([b"", DATA, b"\r\n", DATA * 20]))
    cuts = sorted(draw(st.sets(st.integers(1, len(stream)))))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(cut_streams())
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    """The result is the same wherever the network cuts a beginning."""
    assert read_in_pieces(pieces) == read_in_pieces([b"".join(pieces)])


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PROXY ", SIGNATURE, SIGNATURE + b"\x21\x11"])
)
def test_any_bytes_have_an_end(noise: bytes, start: bytes) -> None:
    """Nobody can make the server wait for more than the longest header, or fail in another way."""
    read_in_pieces([start + noise])
    assert read_in_pieces([start + noise + bytes(65_551)]) != "more"


@pytest.mark.parametrize("data", [b"", b"P", b"PROXY TCP4 203", SIGNATURE, SIGNATURE[:3]])
def test_half_a_header_is_waited_for(data: bytes) -> None:
    """A header that has begun is not data yet."""
    assert read_beginning(data) is None
