"""The key bindings."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys


class KeyActions(Protocol):
    """The actions that keys trigger."""

    @property
    def asking(self) -> bool: ...

    def page(self, up: int) -> None:
        """Scroll up by so many pages; down if negative."""

    def to_end(self) -> None: ...

    def to_number(self, number: int) -> None: ...

    def step(self, by: int) -> None: ...

    def to_unread(self) -> None: ...

    def interrupt(self) -> None: ...

    def end_of_input(self) -> None: ...

    def paste(self, text: str) -> None: ...

    def seek(self, *, older: bool) -> None: ...


def bindings(actions: KeyActions) -> KeyBindings:
    keys = KeyBindings()
    talking = Condition(lambda: not actions.asking)

    def on(*key: str, do: Callable[[], None], always: bool = False) -> None:
        @keys.add(*key, filter=always or talking)
        def _(_event: KeyPressEvent) -> None:
            do()

    on("pageup", do=lambda: actions.page(1), always=True)
    on("pagedown", do=lambda: actions.page(-1), always=True)
    for key in (("c-end",), ("escape", "end"), ("escape", ">")):
        on(*key, do=actions.to_end)
    for number in range(10):
        to_it = partial(actions.to_number, number)
        on("escape", str(number), do=to_it, always=True)  # to the library, it is a count
    for by, names in ((-1, ("up", "left")), (1, ("down", "right"))):
        for name in names:
            on("escape", name, do=lambda by=by: actions.step(by))  # type: ignore[misc]
    on("escape", "a", do=actions.to_unread)
    on("escape", "p", do=lambda: actions.seek(older=True))
    on("escape", "n", do=lambda: actions.seek(older=False))
    on("c-c", do=actions.interrupt, always=True)
    on("c-d", do=actions.end_of_input, always=True)
    # It turns to another input method. The library would begin a selection, and ignore letters.
    on("c-space", do=lambda: None, always=True)

    @keys.add("c-l")
    def _redraw(event: KeyPressEvent) -> None:
        event.app.renderer.clear()

    @keys.add("c-z")
    def _suspend(event: KeyPressEvent) -> None:
        event.app.suspend_to_background()

    @keys.add(Keys.BracketedPaste)
    def _paste(event: KeyPressEvent) -> None:
        actions.paste(event.data)

    return keys
