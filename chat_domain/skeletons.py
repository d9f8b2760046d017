"""What a text looks like: the skeleton of Unicode Technical Standard 39.

Two texts whose skeletons are the same are hard to tell apart by eye: 'paypal' and 'paypaI' (with a
capital i), 'anna' and 'аnna' (whose first letter is Cyrillic), 'modern' and 'modem'.
"""

import unicodedata
from importlib.resources import files

LONGEST = 150  # code points; three for each character of a name, more than real names need


def skeleton(text: str) -> str:
    """The form of at most LONGEST code points that all texts share that look like this one.

    Case makes no difference, nor how much space is in one place, nor what shows nothing. Texts
    whose skeletons are cut may count as alike if they only look alike at the beginning.
    """
    shown = unicodedata.normalize("NFD", text).translate(_STANDS_FOR).casefold()
    return " ".join(unicodedata.normalize("NFD", shown).split())[:LONGEST].rstrip()


def is_visible(character: str) -> bool:
    """Whether a character shows something of its own, the plain space included.

    Not if it is a control or format character, any other space, a surrogate, private use,
    unassigned in this Python's version of Unicode, or a letter or mark by its category that is
    blank all the same.
    """
    if character == " ":
        return True
    return unicodedata.category(character) not in _INVISIBLE and ord(character) not in _BLANK


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})

# Unicode's property Default_Ignorable_Code_Point, less the categories above; and six that are
# drawn as nothing: OBJECT REPLACEMENT CHARACTER, BRAILLE PATTERN BLANK, KHITAN SMALL SCRIPT FILLER,
# two EGYPTIAN HIEROGLYPH BLANKs and MUSICAL SYMBOL NULL NOTEHEAD.
_BLANK = frozenset({
    0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, *range(0xFE00, 0xFE10),
    0xFFA0, *range(0xE0100, 0xE01F0), 0xFFFC, 0x2800, 0x16FE4, 0x13441, 0x13442, 0x1D159,
})  # fmt: skip


def _table() -> dict[int, str | None]:
    """The replacement of each code point that does not stand for itself; None for a blank one."""
    table: dict[int, str | None] = {}
    for line in files(__package__).joinpath("confusables.txt").read_text("ascii").splitlines():
        if not line.startswith("#"):
            stands_for_them, characters = line.split(";")
            text = "".join(chr(int(number, 16)) for number in stands_for_them.split())
            table |= dict.fromkeys((int(number, 16) for number in characters.split()), text)
    return table | dict.fromkeys(_BLANK)


_STANDS_FOR = _table()
