"""What a user or a group may be called, when two names are the same, and when they look alike."""

import unicodedata
from collections.abc import Callable

import attrs

from chat_domain.errors import BadName
from chat_domain.skeletons import is_visible, skeleton

MAX_NAME = 50  # characters; the width of the original tables' columns
# Characters that a name of MAX_NAME may have as typed: no character in NFC is composed of more than
# four. Anything longer is not even normalised: for a thousand accents, that takes 3 ms.
MAX_TYPED = 4 * MAX_NAME


@attrs.frozen
class Name:
    """A valid name: `text` as it is shown, `key` as it is compared.

    Two names with the same key are the same name: case, surrounding space and
    the way in which an accent is composed make no difference.
    """

    text: str
    key: str = attrs.field(init=False)

    @key.default
    def _fold(self) -> str:
        return name_key(self.text)

    @property
    def skeleton(self) -> str:
        """The same for all names that look like this one as it is shown: 'Ian' and 'lan'."""
        return skeleton(self.text)

    @property
    def key_skeleton(self) -> str:
        """The same for all names that look like this one in lower case: 'Ian', and 'іan' with a
        Cyrillic first letter. A letter and its capital may look like different letters."""
        return skeleton(self.key)

    @classmethod
    def parse(cls, raw: str, is_allowed: Callable[[str], bool] = is_visible) -> "Name":
        """Make a name of what a user has typed. Raises BadName, which says what is wrong.

        is_allowed: whether a name may have a character.
        """
        typed = raw.strip()
        text = unicodedata.normalize("NFC", typed) if len(typed) <= MAX_TYPED else typed
        if not text:
            raise BadName("a name needs at least one character")
        if len(text) > MAX_NAME:
            raise BadName(f"a name can have at most {MAX_NAME} characters")
        for character in text:
            if not is_allowed(character):
                code = f"U+{ord(character):04X}"
                raise BadName(f"a name must not have control or invisible characters ({code})")
        if text.isdigit():
            raise BadName("a name must not be digits alone: a number means an id")
        return cls(text)


def name_key(raw: str) -> str:
    """The form in which names are compared; also of names that `Name.parse` would refuse.

    Text too long for a name gives something too long for a key, which nobody has.
    """
    typed = raw.strip()
    if len(typed) > MAX_TYPED:
        return typed[: MAX_TYPED + 1]
    composed = unicodedata.normalize("NFC", typed)
    return unicodedata.normalize("NFC", composed.casefold())


def id_or_key(typed: str) -> int | str:
    """What a user means by what they typed: an id if it is a number, otherwise a name's key."""
    return int(typed) if typed.isascii() and typed.isdigit() else name_key(typed)
