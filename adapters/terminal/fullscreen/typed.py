"""What the user types: answers, and lines that say or do something."""

import asyncio
from collections import deque
from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer
from prompt_toolkit.history import InMemoryHistory

from adapters.terminal.fullscreen.window import Window
from adapters.terminal.parsing import turns

MOST_LINES = 1_000  # that wait for what was typed before them


class Typed:
    """One line after the other. Passwords and other answers are in no history.

    window: which conversation a line that is finished now was typed in.
    turning: whether what is typed now is for whomever a `/talk` leads to that has not been done.
    """

    def __init__(self, completer: Completer, window: Callable[[], Window]) -> None:
        self.asking = True
        self.turning = False
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
        self._finished: deque[tuple[str, Window | None]] = deque()
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

    @property
    def turns(self) -> bool:
        """Whether a `/talk` is among the lines that have not had their turn."""
        return any(turns(line) for line, _ in self._finished)

    async def answer(self, question: str, *, hidden: bool) -> str:
        """Raises EOFError when the user leaves."""
        self.asking, self.question, self.hidden = True, question, hidden
        try:
            answer, _ = await self._next()
        except asyncio.CancelledError:
            if hidden:  # half a password is not to be read in what comes next
                self.answers.reset()
            raise
        self.turning = self.turns  # an answer leads nowhere
        return answer.split("\n", 1)[0]

    async def line(self) -> tuple[str, Window | None]:
        """And where it was typed, None if that is where a `/talk` in front of it leads to. Raises
        EOFError when the user leaves."""
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

    async def _next(self) -> tuple[str, Window | None]:
        while not self._finished:
            if self._over:
                raise EOFError
            self._news.clear()
            await self._news.wait()
        return self._finished.popleft()

    def _accept(self, buffer: Buffer) -> bool:
        if len(self._finished) >= MOST_LINES:
            return True  # which keeps it where it is
        self._finished.append((buffer.text, None if self.turning else self._window()))
        self.turning |= turns(buffer.text)
        self._news.set()
        return False
