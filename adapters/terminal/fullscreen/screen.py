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
from adapters.terminal.fullscreen import keys, layout, listing
from adapters.terminal.fullscreen.bell import Bell
from adapters.terminal.fullscreen.colours import STYLE
from adapters.terminal.fullscreen.completion import completions
from adapters.terminal.fullscreen.line_input import LineInput
from adapters.terminal.fullscreen.presenter import FullScreenPresenter
from adapters.terminal.fullscreen.remarks import about, state_of
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.fullscreen.window_manager import WindowManager
from adapters.terminal.render import Line
from chat_domain.model import User

_REDRAW_EVERY = 0.02  # seconds at least between two redraws
_LEAVE_HINT = "press Ctrl-C again to quit"
_KEPT_HINT = f"Up brings your text back; {_LEAVE_HINT}"


class Suggestions(Completer):
    def __init__(self, book: Book) -> None:
        self._book = book

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        return completions(document.text_before_cursor, self._book)


class WholeScreen:
    """`ports.Screen` and `keys.KeyActions`."""

    scripted = False
    whole = True

    def __init__(
        self, manager: WindowManager, book: Book, presenter: FullScreenPresenter, bell: Bell
    ) -> None:
        self._manager = manager
        self._book = book
        self._presenter = presenter
        self._bell = bell
        self._hint = ""
        self._keys = 0  # keys pressed so far
        self._interrupted_at = -1
        self._swapping = False
        self._input = LineInput(Suggestions(book), lambda: manager.current)
        self._input.lines.on_text_changed += self._on_text
        self._app: Application[None] = Application(
            layout.layout(
                conversation=presenter.viewport.drawn,
                sidebar=lambda columns, rows: listing.sidebar(manager, columns, rows),
                title=lambda columns, _: [listing.title(manager.current, self._about(), columns)],
                bar=lambda columns, _: [listing.bar(manager, columns)],
                status=lambda columns, _: [listing.status(self._state(), columns)],
                prompt=self._prompt,
                hidden=lambda: self._input.hidden,
                answers=self._input.answers,
                lines=self._input.lines,
                asking=lambda: self._input.asking,
            ),
            style=STYLE,
            key_bindings=keys.bindings(self),
            full_screen=True,
            min_redraw_interval=_REDRAW_EVERY,
        )
        self._app.after_render += lambda _: presenter.viewport.after_drawing()
        self._app.key_processor.before_key_press += self._on_key
        manager.switched = self._on_switch
        presenter.changed = self._app.invalidate
        presenter.show_window = self._arrive
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
        running.add_done_callback(lambda _: self._input.leave())
        await started.wait()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._input.leave)
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
        self._presenter.show(line)

    def notify(self, line: Line) -> None:
        self._presenter.notify(line)

    show_error, notify_error = show, notify

    def echo(self, line: str) -> None:
        if line.strip():
            self.show([("class:note", f"> {clean(line)}")])

    # What is typed.

    async def ask(self, question: str, *, hidden: bool = False) -> str:
        self._look_at(asking=True)
        answer = await self._input.answer(question, hidden=hidden)
        said = "*" * min(len(answer), 1) * 6 if hidden else clean(answer)
        self.show([("class:prompt", question), ("", said)])
        return answer

    async def command(self, prompt: str) -> str:  # noqa: ARG002  # the prompt depends on the window
        self._look_at(asking=False)
        try:
            line, window = await self._input.line()
        except asyncio.CancelledError:  # the session has ended
            self._input.stash()
            raise
        self._presenter.input_window = self._presenter.switched_to if window is None else window
        return line

    def discard_typed(self) -> int:
        return self._input.discard()

    def _look_at(self, *, asking: bool) -> None:
        typed = self._input
        self._app.layout.focus(typed.answers if asking else typed.lines)
        self._app.invalidate()

    def _prompt(self) -> StyleAndTextTuples:
        if self._input.asking:
            return [("class:prompt", self._input.question)]
        partner = User(0, "…") if self._input.switching else self._manager.current.partner
        return [("class:prompt", listing.prompt(self._presenter.user, partner, layout.columns()))]

    # What keys do.

    @property
    def asking(self) -> bool:
        return self._input.asking

    def page(self, up: int) -> None:
        self._presenter.viewport.move(up * max(self._presenter.viewport.height - 1, 1))

    def to_end(self) -> None:
        self._presenter.viewport.go_to_end()

    def to_number(self, number: int) -> None:
        if self._input.asking:
            return
        self._input.switching = False
        self._manager.show_number(number)
        self._presenter.on_window_opened()

    def step(self, by: int) -> None:
        self._input.switching = False
        self._manager.step(by)
        self._presenter.on_window_opened()

    def to_unread(self) -> None:
        self._input.switching = False
        if not self._manager.next_unread():
            self._hint = "no unread messages"
        self._presenter.on_window_opened()

    def interrupt(self) -> None:
        """Empty the line; leave if the key before was the same."""
        if self._keys - self._interrupted_at == 1:
            self._input.leave()
        self._interrupted_at = self._keys
        self._hint = _KEPT_HINT if self._input.stash() else _LEAVE_HINT

    def end_of_input(self) -> None:
        """Leave if nothing was typed; otherwise delete a character."""
        if self._input.buffer.text:
            self._input.buffer.delete()
        else:
            self._input.leave()

    def paste(self, text: str) -> None:
        self._input.paste(text)

    def seek(self, *, older: bool) -> None:
        if self._presenter.viewport.sought:
            self._hint = self._presenter.viewport.seek(self._presenter.viewport.sought, older=older)

    def _on_key(self, _: object) -> None:
        self._keys += 1
        self._hint = ""
        self._bell.key()

    def _on_text(self, buffer: Buffer) -> None:
        text = buffer.text
        if text and not text.startswith("/") and not self._swapping and not self._input.switching:
            self._presenter.report_typing()

    def _arrive(self, window: Window) -> None:
        """Show where a `/talk` led, unless the user has gone elsewhere, or typed another."""
        if self._input.switching and not self._input.will_switch:
            self._manager.show(window)
            self._input.switching = False

    def _on_switch(self, before: Window, now: Window) -> None:
        """Keep the draft with its conversation; what is typed after a `/talk` goes to the next."""
        self._swapping = True
        draft = self._input.swap_draft(now.draft)
        now.draft = ""  # from now on it may be sent, or stashed
        if self._input.switching:
            self._input.lines.insert_text(draft)
        else:
            before.draft = draft
        self._swapping = False

    # What is said around the conversation.

    def _about(self) -> list[str]:
        connected = self._presenter.connection_status.connected
        return about(self._manager.current, self._book, connected=connected)

    def _state(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        connected, waiting = self._presenter.connection_status.connected, self._input.waiting
        said = state_of(self._manager.current, now, connected=connected, waiting=waiting)
        return [self._hint, *said] if self._hint else said

    def _ring(self) -> None:
        self._app.output.bell()
        self._app.output.flush()
