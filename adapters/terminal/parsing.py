"""Parsing what was typed into commands. Carries nothing out."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs

Do = Callable[..., Awaitable[bool | None]]

_TEXTS = ("TEXT", "DESCRIPTION")  # arguments that are taken literally


@attrs.frozen
class Form:
    """One way to give a command: its word, its arguments as help shows them, and what it does.

    do: called with the Actions and the arguments. The last argument takes the rest of the line; it
    needs no quotes, and may have them unless it is a text.
    needs: how many arguments are required, None for all; missing ones are empty.
    echoed: whether the typed line is shown again; a message is shown with its ticks instead.
    """

    word: str
    arguments: Sequence[str]
    does: str
    do: Do
    needs: int | None = None
    echoed: bool = True

    @property
    def between(self) -> str:
        """What separates its words."""
        return " " if self.word.startswith("/") else ":"

    @property
    def usage(self) -> str:
        return self.between.join([self.word, *self.arguments])

    @property
    def quoting(self) -> str:
        """How to give a name with spaces, if its end would be taken for the next argument."""
        if not self.word.startswith("/") or len(self.arguments) < 2:  # noqa: PLR2004
            return ""
        name, *others = self.arguments
        return f'a name with spaces needs quotes: {self.word} "{name}" {" ".join(others)}'


@attrs.frozen
class Command:
    """A command with its arguments."""

    form: Form
    arguments: tuple[str, ...]


@attrs.frozen
class Say:
    """A text for the person or group that the user is talking to."""

    text: str


@attrs.frozen
class Nothing:
    """An empty line."""


@attrs.frozen
class Mistake:
    """Not a command. why: tells the user what would be one."""

    why: str


Line = Command | Say | Nothing | Mistake


def parse(line: str, forms: Mapping[str, Form], *, talking: bool = False) -> Line:
    """Parse a line. forms: by their words.

    While the user is talking to somebody, every line is a text for them unless it begins with a
    slash; two slashes begin a text with one.
    """
    line = line.strip()
    if not line:
        return Nothing()
    if line.startswith("/") and not (talking and line.startswith("//")):
        return _parse_slashed(line, forms)
    if talking:
        return Say(line.removeprefix("/"))
    return _parse_original(line, forms)


def _parse_slashed(line: str, forms: Mapping[str, Form]) -> Line:
    word, _, rest = line.partition(" ")
    form = forms.get(word.lower())
    if form is None:
        return Mistake(f"unknown command {word}; /help lists all commands")
    words = split_words(rest, len(form.arguments))
    if len(words) == len(form.arguments) > 0 and form.arguments[-1] not in _TEXTS:
        words[-1] = _unquoted(words[-1])
    return _fill(form, words)


def _parse_original(line: str, forms: Mapping[str, Form]) -> Line:
    word, *rest = line.split(":", 1)
    form = forms.get(word)
    if form is None:
        return Mistake("this is not a command; try /help, or /talk NAME to write to NAME")
    return _fill(form, rest[0].split(":", max(len(form.arguments) - 1, 0)) if rest else [])


def _fill(form: Form, pieces: list[str]) -> Line:
    given = [piece for piece in pieces if piece]
    needed = len(form.arguments) if form.needs is None else form.needs
    if len(given) < needed or len(given) > len(form.arguments):
        return Mistake(f"usage: {form.usage}")
    return Command(form, (*given, *[""] * (len(form.arguments) - len(given))))


def switches_partner(line: str) -> bool:
    """Whether this line changes to whom the following lines go."""
    return line.strip().partition(" ")[0].lower() == "/talk"


def split_words(text: str, count: int) -> list[str]:
    """Split into at most `count` words, the last of which is the rest of the line.

    A word in double quotes may contain spaces.
    """
    words: list[str] = []
    text = text.strip()
    while text and len(words) < count - 1:
        word, text = _first_word(text)
        words.append(word)
    if text:
        words.append(text)
    return words


def quoted(name: str) -> str:
    """A name as it must be typed if another argument follows."""
    if " " not in name and not name.startswith('"'):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _first_word(text: str) -> tuple[str, str]:
    if not text.startswith('"'):
        word, _, rest = text.partition(" ")
        return word, rest.lstrip()
    word, end = "", 1
    while end < len(text) and text[end] != '"':
        if text[end] == "\\" and end + 1 < len(text):
            end += 1
        word += text[end]
        end += 1
    return word, text[end + 1 :].lstrip()


def _unquoted(text: str) -> str:
    word, rest = _first_word(text)
    return word if text.startswith('"') and not rest else text
