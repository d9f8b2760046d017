"""Completions of the line being typed."""

from prompt_toolkit.completion import Completion

from adapters.terminal.book import Book
from adapters.terminal.clean import clean
from adapters.terminal.forms import ORIGINAL, SLASHED
from adapters.terminal.parsing import quoted
from chat_domain.names import name_key

_WHO = {form.word: form for form in SLASHED if form.arguments[:1] == ["NAME"]}
_GROUP = {form.word: form for form in SLASHED if form.arguments[:1] == ["GROUP"]}
_EITHER = ("/talk", "/mute", "/unmute")  # take a person or a group
_OTHERS = ("/create", "/join")  # take a group that is not one of the user's own


def completions(line: str, book: Book) -> list[Completion]:
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


def _commands(line: str) -> list[Completion]:
    forms = SLASHED if line.startswith("/") else ORIGINAL
    found = [form for form in forms if line and form.word.startswith(line)]
    return [
        Completion(
            form.word + (form.between if form.arguments else ""),
            -len(line),
            display_meta=form.does,
        )
        for form in found
    ]


def _names(typed: str, names: list[str], *, last: bool) -> list[Completion]:
    wanted = name_key(typed.removeprefix('"'))
    # If a name is not shown as it is, typing what is shown would not find it.
    fit = (name for name in names if name == clean(name) and name_key(name).startswith(wanted))
    return [Completion(name if last else quoted(name) + " ", -len(typed)) for name in fit]
