"""Names for users and groups whose old ones are not valid, or not unique.

A name is not empty, not only digits, and has no control characters; two names that differ only in
case, surrounding space or the composition of accents are the same. Users of the C++ server log in
by id, so a new name locks nobody out. Two rules for new names do not apply to old ones: an old name
may look like another, and have blank characters.
"""

import unicodedata
from collections.abc import Iterable, Iterator

import attrs

from chat_domain.errors import BadName
from chat_domain.names import MAX_NAME, Name, name_key
from chat_domain.skeletons import is_visible


@attrs.frozen
class Named:
    """The new name of a user or group, and the reason if it is not the old one."""

    id: int
    name: Name
    why: str = ""


def named(old_names: Iterable[tuple[int, str | None]], kind: str) -> Iterator[Named]:
    """A unique valid name for each. Of those with the same name, the first one keeps it.

    All that keep their names come first, so that no made-up name takes an existing one.
    """
    taken: dict[str, int] = {}
    without: list[tuple[int, str, str]] = []
    for number, old in old_names:
        try:
            name = Name.parse(old or "", is_harmless)
        except BadName as error:
            without.append((number, old or "", str(error)))
            continue
        first = taken.setdefault(name.key, number)
        if first != number:
            without.append((number, old or "", f"it is the same name as that of {kind} {first}"))
        else:
            yield Named(number, name, "" if name.text == old else "it was tidied up")
    for number, old, why in without:
        name = _made_up(number, old, kind, taken)
        taken[name.key] = number
        yield Named(number, name, why)


def is_harmless(character: str) -> bool:
    """Whether an old name may keep a character: also one that shows nothing, unless it could forge
    a whole screen."""
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _made_up(number: int, old: str, kind: str, taken: dict[str, int]) -> Name:
    suffix = f"~{number}"
    base = _visible(old)[: MAX_NAME - 2 * len(suffix)].strip() or kind
    text, count = base + suffix, 1
    while name_key(text) in taken:
        count += 1
        text = f"{base}{suffix}~{count}"
    return Name.parse(text)


def _visible(text: str) -> str:
    """Without the characters that a new name may not have."""
    return "".join(filter(is_visible, unicodedata.normalize("NFC", text)))


@attrs.define
class Lookalikes:
    """The appearances of the names so far."""

    _skeletons: set[str] = attrs.field(factory=set, init=False)
    _key_skeletons: set[str] = attrs.field(factory=set, init=False)

    def of(self, name: Name) -> tuple[str | None, str | None]:
        """The two skeletons of a name, each None if an earlier name has the same."""
        return _first(name.skeleton, self._skeletons), _first(
            name.key_skeleton, self._key_skeletons
        )


def _first(skeleton: str, known: set[str]) -> str | None:
    if skeleton in known:
        return None
    known.add(skeleton)
    return skeleton
