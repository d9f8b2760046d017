"""The full-screen line client."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples

from adapters.terminal.book import Book
from adapters.terminal.clean import clean
from adapters.terminal.completion import candidates
from adapters.terminal.fullscreen import keys, layout, listing
from adapters.terminal.fullscreen.bell import Bell
from adapters.terminal.fullscreen.colours import STYLE
from adapters.terminal.fullscreen.desk import Desk
from adapters.terminal.fullscreen.remarks import about, state_of
from adapters.terminal.fullscreen.talks import DeskTalks
from adapters.terminal.fullscreen.typed import Typed
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.render import Line
from chat_domain.model import User

_REDRAW_EVERY = 0.02  # seconds at least between two redraws
_LEAVE_HINT = "press Ctrl-C again to quit"
_KEPT_HINT = f"Up brings your text back; {_LEAVE_HINT}"


class Suggestions(Completer):
    def __init__(self, book: Book) -> None:
        self._book = book

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        for candidate in candidates(document.text_before_cursor, self._book):
            yield Completion(
                candidate.text, -candidate.length, display_meta=candidate.meaning or None
            )


class WholeScreen:
    """`seat.Screen` and `keys.Hands`."""

    scripted = False
    whole = True

    def __init__(self, desk: Desk, book: Book, talks: DeskTalks, bell: Bell) -> None:
        self._desk = desk
        self._book = book
        self._talks = talks
        self._bell = bell
        self._hint = ""
        self._keys = 0  # keys pressed so far
        self._interrupted_at = -1
        self._exchanging = False
        self._typed = Typed(Suggestions(book), lambda: desk.current)
        self._typed.lines.on_text_changed += self._on_text
        self._app: Application[None] = Application(
            layout.layout(
                conversation=talks.looking.drawn,
                sidebar=lambda columns, rows: listing.sidebar(desk, columns, rows),
                title=lambda columns, _: [listing.title(desk.current, self._about(), columns)],
                bar=lambda columns, _: [listing.bar(desk, columns)],
                status=lambda columns, _: [listing.status(self._state(), columns)],
                prompt=self._prompt,
                hidden=lambda: self._typed.hidden,
                answers=self._typed.answers,
                lines=self._typed.lines,
                asking=lambda: self._typed.asking,
            ),
            style=STYLE,
            key_bindings=keys.bindings(self),
            full_screen=True,
            min_redraw_interval=_REDRAW_EVERY,
        )
        self._app.after_render += lambda _: talks.looking.attend()
        self._app.key_processor.before_key_press += self._on_key
        desk.switched = self._on_switch
        talks.changed = self._app.invalidate
        talks.turned = self._arrive
        bell.ring = self._ring

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Use the terminal while the context is open."""
        started = asyncio.Event()
        running = asyncio.create_task(
            self._app.run_async(
                pre_run=started.set, handle_sigint=False, set_exception_handler=False
            )
        )
        running.add_done_callback(lambda _: started.set())
        running.add_done_callback(lambda _: self._typed.leave())
        await started.wait()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._typed.leave)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
            if self._app.is_running:
                self._app.exit()
            with suppress(EOFError):  # the terminal is gone
                await running

    # What is shown.

    def show(self, line: Line) -> None:
        self._talks.show(line)

    def complain(self, line: Line) -> None:
        self._talks.show(line)

    def tell(self, line: Line) -> None:
        self._talks.tell(line)

    def lament(self, line: Line) -> None:
        self._talks.tell(line)

    def echo(self, line: str) -> None:
        if line.strip():
            self.show([("class:note", f"> {clean(line)}")])

    # What is typed.

    async def ask(self, question: str, *, hidden: bool = False) -> str:
        self._look_at(asking=True)
        answer = await self._typed.answer(question, hidden=hidden)
        said = "*" * min(len(answer), 1) * 6 if hidden else clean(answer)
        self.show([("class:prompt", question), ("", said)])
        return answer

    async def command(self, prompt: str) -> str:  # noqa: ARG002  # the prompt depends on the window
        self._look_at(asking=False)
        try:
            line, window = await self._typed.line()
        except asyncio.CancelledError:  # the session has ended
            self._typed.put_aside()
            raise
        self._talks.entered_in = self._talks.turned_to if window is None else window
        return line

    def _look_at(self, *, asking: bool) -> None:
        typed = self._typed
        self._app.layout.focus(typed.answers if asking else typed.lines)
        self._app.invalidate()

    def _prompt(self) -> StyleAndTextTuples:
        if self._typed.asking:
            return [("class:prompt", self._typed.question)]
        partner = User(0, "…") if self._typed.turning else self._desk.current.partner
        return [("class:prompt", listing.prompt(self._talks.user, partner, layout.columns()))]

    # What keys do.

    @property
    def asking(self) -> bool:
        return self._typed.asking

    def page(self, up: int) -> None:
        self._talks.looking.move(up * max(self._talks.looking.height - 1, 1))

    def to_end(self) -> None:
        self._talks.looking.go_to_end()

    def to_number(self, number: int) -> None:
        if self._typed.asking:
            return
        self._typed.turning = False
        self._desk.show_number(number)
        self._talks.opened()

    def step(self, by: int) -> None:
        self._typed.turning = False
        self._desk.step(by)
        self._talks.opened()

    def to_unread(self) -> None:
        self._typed.turning = False
        if not self._desk.next_unread():
            self._hint = "no unread messages"
        self._talks.opened()

    def interrupt(self) -> None:
        """Empty the line; leave if the key before was the same."""
        if self._keys - self._interrupted_at == 1:
            self._typed.leave()
        self._interrupted_at = self._keys
        self._hint = _KEPT_HINT if self._typed.put_aside() else _LEAVE_HINT

    def end_of_input(self) -> None:
        """Leave if nothing was typed; otherwise delete a character."""
        if self._typed.buffer.text:
            self._typed.buffer.delete()
        else:
            self._typed.leave()

    def paste(self, text: str) -> None:
        self._typed.paste(text)

    def seek(self, *, older: bool) -> None:
        if self._talks.looking.sought:
            self._hint = self._talks.looking.seek(self._talks.looking.sought, older=older)

    def _on_key(self, _: object) -> None:
        self._keys += 1
        self._hint = ""
        self._bell.key()

    def _on_text(self, buffer: Buffer) -> None:
        text = buffer.text
        if text and not text.startswith("/") and not self._exchanging and not self._typed.turning:
            self._talks.types()

    def _arrive(self, window: Window) -> None:
        """Show where a `/talk` led, unless the user has gone elsewhere, or typed another."""
        if self._typed.turning and not self._typed.turns:
            self._desk.show(window)
            self._typed.turning = False

    def _on_switch(self, before: Window, now: Window) -> None:
        """Keep the draft with its conversation; what is typed after a `/talk` goes to the next."""
        self._exchanging = True
        draft = self._typed.exchange(now.draft)
        now.draft = ""  # from now on it may be sent, or put aside
        if self._typed.turning:
            self._typed.lines.insert_text(draft)
        else:
            before.draft = draft
        self._exchanging = False

    # What is said around the conversation.

    def _about(self) -> list[str]:
        return about(self._desk.current, self._book)

    def _state(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        connected, waiting = self._talks.state.connected, self._typed.waiting
        said = state_of(self._desk.current, now, connected=connected, waiting=waiting)
        return [self._hint, *said] if self._hint else said

    def _ring(self) -> None:
        self._app.output.bell()
        self._app.output.flush()
