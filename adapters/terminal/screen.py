"""The line client at a terminal: a prompt that stays while messages appear above it."""

import sys
import termios
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app_or_none, get_app_session
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style

from adapters.terminal import tty
from adapters.terminal.book import Book
from adapters.terminal.clean import clean
from adapters.terminal.completion import candidates
from adapters.terminal.render import Line

_STYLE = Style.from_dict(
    {
        "time": "ansibrightblack",
        "note": "ansibrightblack",
        "error": "ansired",
        "title": "bold",
        "group": "ansimagenta",
        "own": "ansibrightblack",
        "got": "ansigreen",
        "logged": "ansiyellow",
        "online": "ansigreen",
        "offline": "ansibrightblack",
        "prompt": "bold",
        "sender0": "bold ansicyan",
        "sender1": "bold ansigreen",
        "sender2": "bold ansiyellow",
        "sender3": "bold ansiblue",
        "sender4": "bold ansimagenta",
        "sender5": "bold ansibrightcyan",
    }
)


class Suggestions(Completer):
    def __init__(self, book: Book) -> None:
        self._book = book

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        for candidate in candidates(document.text_before_cursor, self._book):
            yield Completion(
                candidate.text, -candidate.length, display_meta=candidate.meaning or None
            )


class TerminalScreen:
    scripted = False

    def __init__(self, book: Book) -> None:
        # What is asked does not come back with the arrow keys, least of all passwords.
        self._questions: PromptSession[str] = PromptSession(style=_STYLE)
        self._secrets: PromptSession[str] = PromptSession(style=_STYLE, is_password=True)
        self._commands: PromptSession[str] = PromptSession(
            style=_STYLE,
            completer=Suggestions(book),
            complete_while_typing=False,
            erase_when_done=True,  # what the line has led to is shown instead
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the prompt in its place, and what is typed between two prompts for the next."""
        with tty.without(termios.ECHO | termios.ICANON, sys.stdin.fileno()), patch_stdout(raw=True):
            yield

    def show(self, line: Line) -> None:
        """Print above the prompt, at once.

        prompt_toolkit's own way would give the terminal back to the system meanwhile, and a key
        pressed just then could be lost.
        """
        text = FormattedText([*line, ("", "\n")])
        app = get_app_or_none()
        if app is None or not app.is_running:
            print_formatted_text(get_app_session().output, text, _STYLE)
            return
        app.renderer.erase()
        print_formatted_text(app.output, text, _STYLE)
        if not app.is_done:
            app.renderer.request_absolute_cursor_position()
            app.invalidate()

    def complain(self, line: Line) -> None:
        self.show(line)

    def echo(self, line: str) -> None:
        if line.strip():
            self.show([("class:note", f"> {clean(line)}")])

    async def ask(self, question: str, *, hidden: bool = False) -> str:
        return await _prompt(self._secrets if hidden else self._questions, question)

    async def command(self, prompt: str) -> str:
        return await _prompt(self._commands, prompt)


async def _prompt(session: "PromptSession[str]", text: str) -> str:
    try:
        return await session.prompt_async([("class:prompt", text)])
    except KeyboardInterrupt:
        raise EOFError from None
