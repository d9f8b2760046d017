"""Where the user sits: what the line client needs of a terminal, or of a script, and of a clock."""

from datetime import datetime
from typing import Protocol

from adapters.client import Ack, Changed, InGroup, Message, Where, With
from adapters.client.events import Event
from adapters.terminal.render import Line
from chat_domain.model import Group, User

Partner = User | Group


class Screen(Protocol):
    """Where a person, or a script, types and reads. Questions raise EOFError at the end.

    scripted: whether nobody is there who could answer. whole: whether the whole terminal is drawn
    on; the user is then led through what otherwise is as in the original client.
    """

    scripted: bool
    whole: bool

    def show(self, line: Line) -> None:
        """Show what the user has asked for."""

    def complain(self, line: Line) -> None:
        """Show that something went wrong that the user has asked for."""

    def tell(self, line: Line) -> None:
        """Show what has come by itself."""

    def lament(self, line: Line) -> None:
        """Show that something went wrong by itself."""

    def echo(self, line: str) -> None:
        """Show what was typed, where it is not to be seen any more."""

    async def ask(self, question: str, *, hidden: bool = False) -> str: ...

    async def command(self, prompt: str) -> str: ...


class Outgoing(Protocol):
    """A message of the user's that is on its way."""

    def logged(self, ack: Ack) -> None: ...

    def refused(self, why: str) -> None: ...


class Talks(Protocol):
    """What shows conversations one by one."""

    def begin(self, user: User) -> None:
        """This user has logged in."""

    def end(self) -> None:
        """Nobody is logged in any more."""

    def heard(self, message: Message) -> None:
        """Of others, or written with another device."""

    def told(self, change: Changed, sentence: str) -> None: ...

    def heed(self, event: Event) -> bool:
        """Whether nothing more need be said about what is neither of these."""

    def sends(self, to: Partner, text: str) -> Outgoing: ...

    def regrouped(self, group: Group) -> None:
        """What it is called, or whether the user is in it, has changed; the book knows it."""

    def mutes(self, to: Partner, *, muted: bool) -> None:
        """The user wants to hear of this conversation no more, or again."""

    def turn_to(self, to: Partner | None) -> bool:
        """The user wants to talk to somebody, or to nobody. Whether they see that they do."""

    def partner(self, partner: Partner | None) -> Partner | None:
        """To whom the line goes that was typed last. partner: whom the user has turned to."""

    def search(self, words: str) -> str:
        """Go to the next text with these words. What is to be said about it, nothing if empty."""

    def ring(self, on: bool) -> str:
        """Turn the bell on or off. What is to be said about it."""


def where_to(to: Partner) -> Where:
    return InGroup(to.id) if isinstance(to, Group) else With(to.id)


def local_now() -> datetime:
    return datetime.now().astimezone()
