"""Completions of the line being typed."""

import attrs

from adapters.terminal.book import Book
from adapters.terminal.clean import clean
from adapters.terminal.forms import ORIGINAL, SLASHED
from adapters.terminal.parsing import quoted
from chat_domain.names import name_key


@attrs.frozen
class Candidate:
    """text: what replaces the last `length` characters before the cursor."""

    text: str
    length: int
    meaning: str = ""


_WHO = {form.word: form for form in SLASHED if form.arguments[:1] == ["NAME"]}
_GROUP = {form.word: form for form in SLASHED if form.arguments[:1] == ["GROUP"]}
_EITHER = ("/talk", "/mute", "/unmute")  # take a person or a group
_OTHERS = ("/create", "/join")  # take a group that is not one of the user's own


def candidates(line: str, book: Book) -> list[Candidate]:
    """Commands at the beginning of the line; names where a command takes one."""
    word, space, typed = line.partition(" ")
    if not space:
        return _commands(line)
    if word in _WHO:
        groups = book.group_names() if word in _EITHER else []
        return _names(typed, book.user_names() + groups, last=len(_WHO[word].arguments) == 1)
    if word in _GROUP and word not in _OTHERS:
        return _names(typed, book.group_names(), last=len(_GROUP[word].arguments) == 1)
    return []


def _commands(line: str) -> list[Candidate]:
    forms = SLASHED if line.startswith("/") else ORIGINAL
    found = [form for form in forms if line and form.word.startswith(line)]
    return [
        Candidate(form.word + _follows(form.word, bool(form.arguments)), len(line), form.does)
        for form in found
    ]


def _follows(word: str, has_arguments: bool) -> str:
    if not has_arguments:
        return ""
    return " " if word.startswith("/") else ":"


def _names(typed: str, names: list[str], *, last: bool) -> list[Candidate]:
    wanted = name_key(typed.removeprefix('"'))
    # If a name is not shown as it is, typing what is shown would not find it.
    fit = (name for name in names if name == clean(name) and name_key(name).startswith(wanted))
    return [Candidate(name if last else quoted(name) + " ", len(typed)) for name in fit]
