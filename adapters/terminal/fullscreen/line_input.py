"""What the user types: answers to questions, and lines with texts or commands."""

import asyncio
from collections import deque
from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer
from prompt_toolkit.history import DummyHistory, InMemoryHistory

from adapters.terminal.fullscreen.window import Window
from adapters.terminal.parsing import switches_partner

MOST_LINES = 1_000  # that may wait for earlier ones


class LineInput:
    """Hands out typed lines one by one. Passwords and other answers go into no history.

    window: returns the conversation in which a line finished now was typed.
    switching: whether what is typed now is for the partner of a `/talk` that still waits.
    """

    def __init__(self, completer: Completer, window: Callable[[], Window]) -> None:
        self.asking = True
        self.switching = False
        self.question = ""
        self.hidden = False
        self.answers = Buffer(
            name="answers", multiline=False, accept_handler=self._accept, history=DummyHistory()
        )
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
        """The buffer that keys go to."""
        return self.answers if self.asking else self.lines

    @property
    def waiting(self) -> int:
        """How many finished lines wait."""
        return len(self._finished)

    @property
    def will_switch(self) -> bool:
        """Whether a `/talk` is among the waiting lines."""
        return any(switches_partner(line) for line, _ in self._finished)

    async def answer(self, question: str, *, hidden: bool) -> str:
        """The next line, as an answer. Raises EOFError when the user leaves."""
        self.asking, self.question, self.hidden = True, question, hidden
        try:
            answer, _ = await self._next()
        except asyncio.CancelledError:
            if hidden:  # half a password must not show in the next input
                self.answers.reset()
            raise
        self.switching = self.will_switch  # an answer is never a `/talk`
        return answer.split("\n", 1)[0]

    async def line(self) -> tuple[str, Window | None]:
        """The next line and the window in which it was typed, None if that is the one to which the
        `/talk` before it leads. Raises EOFError when the user leaves."""
        if self.asking:
            self.asking = self.hidden = False
            self.lines.insert_text(self.answers.text)  # typed ahead of the prompt
            self.answers.reset()
        return await self._next()

    def discard(self) -> int:
        """Drop the lines that wait, and return how many. The Up key still brings them back."""
        count = self.waiting
        self._finished.clear()
        self.switching = False
        return count

    def leave(self) -> None:
        self._over = True
        self._news.set()

    def paste(self, text: str) -> None:
        """Insert a text. Several lines form one message; of an answer, only the first counts."""
        text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        self.buffer.insert_text(text.split("\n", 1)[0] if self.asking else text)

    def stash(self) -> bool:
        """Empty the line. Returns whether the Up key brings something back."""
        if not self.buffer.text:
            return False
        self.buffer.reset(append_to_history=True)
        return not self.asking

    def swap_draft(self, draft: str) -> str:
        """Replace the draft that is being typed, and return the old one."""
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
            return True  # keeps the text in the buffer
        self._finished.append((buffer.text, None if self.switching else self._window()))
        self.switching |= switches_partner(buffer.text)
        self._news.set()
        return False
