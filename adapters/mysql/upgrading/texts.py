"""What the texts in the old tables really say.

If a C++ server does not tell the database which character set it uses, the database takes its
clients' UTF-8 for latin1. In a latin1 column the bytes are then the original UTF-8; in a utf8
column each of these bytes was encoded once more ('ä' has become 'Ã¤'). If other programs filled the
tables, or a server that did tell, texts are what their column says.

The two can be told apart safely: bytes beyond ASCII are hardly ever valid UTF-8 by accident, since
all non-ASCII characters of a real latin1 text would have to be pairs like 'Ã¤'. So whatever is
valid UTF-8 is taken for it, and everything else for what the column says.
"""

# MySQL's latin1 is Windows-1252, whose five gaps are the control characters of the same number.
_GAPS = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_CHARACTERS = "".join(
    chr(byte) if byte in _GAPS else bytes([byte]).decode("cp1252") for byte in range(256)
)
_BYTES = {character: byte for byte, character in enumerate(_CHARACTERS)}


def recovered(raw: bytes, *, latin1: bool) -> str:
    """The text that these bytes mean. Their column is latin1, or otherwise utf8."""
    if raw.isascii():
        return raw.decode("ascii")
    if latin1:
        return _utf8(raw) or "".join(_CHARACTERS[byte] for byte in raw)
    text = raw.decode("utf-8", "replace")
    once = _latin1(text)
    return (once and _utf8(once)) or text


def _utf8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _latin1(text: str) -> bytes | None:
    """The text in MySQL's latin1, None if that cannot represent it."""
    try:
        return bytes(_BYTES[character] for character in text)
    except KeyError:
        return None
