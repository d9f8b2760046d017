"""What the user types: answers, and lines that say or do something."""

import asyncio
from collections import deque
from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer
from prompt_toolkit.history import InMemoryHistory

from adapters.terminal.fullscreen.window import Window

MOST_LINES = 1_000  # that wait for what was typed before them


class Typed:
    """One line after the other. Passwords and other answers are in no history.

    window: which conversation a line that is finished now was typed in.
    """

    def __init__(self, completer: Completer, window: Callable[[], Window]) -> None:
        self.asking = True
        self.question = ""
        self.hidden = False
        self.answers = Buffer(name="answers", multiline=False, accept_handler=self._accept)
        self.lines = Buffer(
            name="lines",
            multiline=False,
            accept_handler=self._accept,
            completer=completer,
            complete_while_typing=False,
            history=InMemoryHistory(),
        )
        self._window = window
        self._finished: deque[tuple[str, Window]] = deque()
        self._news = asyncio.Event()
        self._over = False

    @property
    def buffer(self) -> Buffer:
        """Where keys go to."""
        return self.answers if self.asking else self.lines

    @property
    def waiting(self) -> int:
        """How many lines have not had their turn."""
        return len(self._finished)

    async def answer(self, question: str, *, hidden: bool) -> str:
        """Raises EOFError when the user leaves."""
        self.asking, self.question, self.hidden = True, question, hidden
        return (await self._next())[0].split("\n", 1)[0]

    async def line(self) -> tuple[str, Window]:
        """And where it was typed. Raises EOFError when the user leaves."""
        if self.asking:
            self.asking = self.hidden = False
            self.lines.insert_text(self.answers.text)  # typed before it was asked for
            self.answers.reset()
        return await self._next()

    def leave(self) -> None:
        self._over = True
        self._news.set()

    def paste(self, text: str) -> None:
        """Several lines are one message of several lines; of an answer only the first counts."""
        text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        self.buffer.insert_text(text.split("\n", 1)[0] if self.asking else text)

    def put_aside(self) -> bool:
        """Empty the line; an arrow key brings it back. False if it is empty already."""
        buffer = self.buffer
        if not buffer.text:
            return False
        buffer.reset(append_to_history=not self.asking)
        return True

    def exchange(self, draft: str) -> str:
        """Put another draft in the place of the one that is being typed, which is returned."""
        before = self.lines.text
        self.lines.reset()
        self.lines.insert_text(draft)
        return before

    async def _next(self) -> tuple[str, Window]:
        while not self._finished:
            if self._over:
                raise EOFError
            self._news.clear()
            await self._news.wait()
        return self._finished.popleft()

    def _accept(self, buffer: Buffer) -> bool:
        if len(self._finished) >= MOST_LINES:
            return True  # which keeps it where it is
        self._finished.append((buffer.text, self._window()))
        self._news.set()
        return False
