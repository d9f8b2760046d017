"""Where the user sits: what the line client needs of a terminal, or of a script, and of a clock."""

from datetime import datetime
from typing import Protocol

from adapters.terminal.render import Line


class Screen(Protocol):
    """Where a person, or a script, types and reads. Questions raise EOFError at the end."""

    scripted: bool

    def show(self, line: Line) -> None: ...

    def complain(self, line: Line) -> None:
        """Show that something went wrong."""

    def echo(self, line: str) -> None:
        """Show what was typed, where it is not to be seen any more."""

    async def ask(self, question: str, *, hidden: bool = False) -> str: ...

    async def command(self, prompt: str) -> str: ...


def local_now() -> datetime:
    return datetime.now().astimezone()
