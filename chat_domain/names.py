"""What a user or a group may be called, and when two names are the same."""

import unicodedata

import attrs

from chat_domain.errors import BadName

MAX_NAME = 50  # characters; the width of the original tables' columns
# Characters that a name of MAX_NAME may have as it is typed: no character in NFC is made of more
# than four. What is longer is not even normalised, since for a thousand accents that takes 3 ms.
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

    @classmethod
    def parse(cls, raw: str) -> "Name":
        """Make a name of what somebody typed. Raises BadName, which says what is wrong."""
        typed = raw.strip()
        text = unicodedata.normalize("NFC", typed) if len(typed) <= MAX_TYPED else typed
        if not text:
            raise BadName("a name needs at least one character")
        if len(text) > MAX_NAME:
            raise BadName(f"a name has at most {MAX_NAME} characters")
        if any(unicodedata.category(character) in _FORBIDDEN for character in text):
            raise BadName("a name has no control or invisible characters")
        if text.isdigit():
            raise BadName("a name is not digits alone, since a number means an id")
        return cls(text)


# Cc control, Cf format (bidirectional overrides among them), Cs lone surrogates,
# Zl and Zp line and paragraph separators: each could forge what a reader sees.
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def name_key(raw: str) -> str:
    """The form in which names are compared; also of names that `Name.parse` would refuse.

    Of what is too long for a name it is something too long for a key, which nobody has.
    """
    typed = raw.strip()
    if len(typed) > MAX_TYPED:
        return typed[: MAX_TYPED + 1]
    composed = unicodedata.normalize("NFC", typed)
    return unicodedata.normalize("NFC", composed.casefold())
