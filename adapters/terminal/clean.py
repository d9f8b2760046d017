"""Making text by others safe to show on a terminal."""

import unicodedata

# Cc control, Cf format (including bidirectional overrides), Cs lone surrogates, Co and Cn without a
# known glyph, Zl and Zp line and paragraph separators.
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# The joiners shape Persian and Indian words and compound emoji, and move nothing.
_JOINERS = frozenset("\u200c\u200d")


def clean(text: str) -> str:
    """Replace control, format and bidirectional characters by visible ones."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _UNFIT:
        return character
    if character < " ":
        return chr(0x2400 + ord(character))  # ␛ for escape, ␊ for newline
    return "␡" if character == "\x7f" else f"<U+{ord(character):04X}>"
