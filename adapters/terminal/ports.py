"""What the line client needs of a terminal, or of a script, and of a clock."""

from datetime import datetime
from typing import Protocol

from adapters.client import Ack, Changed, InGroup, Message, Where, With
from adapters.client.events import Event
from adapters.terminal.render import Line
from chat_domain.model import Group, User

Partner = User | Group


class Screen(Protocol):
    """Where a person, or a script, types and reads. Questions raise EOFError at the end of input.

    scripted: whether no person is there to answer. whole: whether the client draws on the whole
    terminal; it then guides the user where it otherwise behaves like the original client.
    """

    scripted: bool
    whole: bool

    def show(self, line: Line) -> None:
        """Show the result of a command."""

    def show_error(self, line: Line) -> None:
        """Show that a command failed."""

    def notify(self, line: Line) -> None:
        """Show something that the user has not requested."""

    def notify_error(self, line: Line) -> None:
        """Show a failure that is not that of the present command."""

    def echo(self, line: str) -> None:
        """Show a typed line, if it is no longer visible."""

    async def ask(self, question: str, *, hidden: bool = False) -> str: ...

    async def command(self, prompt: str) -> str: ...

    def discard_typed(self) -> int:
        """Drop what a person has typed but the client has not read. Returns how many lines."""


class Outgoing:
    """A message of the user that is in flight. This one is shown in no conversation."""

    def logged(self, ack: Ack) -> None: ...

    def refused(self, why: str) -> None: ...


class Presenter:
    """Shows conversations one by one. This one is the plain screen's, and shows none."""

    def on_login(self, user: User) -> None:
        """This user has logged in."""

    def on_logout(self) -> None:
        """Nobody is logged in any more."""

    def on_message(self, message: Message) -> None:
        """A message by others, or of the user from another device."""

    def on_change(self, change: Changed, sentence: str) -> None: ...

    def on_event(self, event: Event) -> bool:  # noqa: ARG002
        """Any other event. Returns whether nothing more need be shown about it."""
        return False

    def on_send(self, to: Partner, text: str) -> Outgoing:  # noqa: ARG002
        return Outgoing()

    def on_group_changed(self, group: Group) -> None:
        """A group's name, or the user's membership, has changed; the book is up to date."""

    def on_mute(self, to: Partner, *, muted: bool) -> None:
        """The user has muted this conversation, or unmuted it."""

    def switch_to(self, to: Partner | None) -> bool:  # noqa: ARG002
        """The user switches to a conversation, or to none. Returns whether the screen shows it."""
        return False

    def partner(self, partner: Partner | None) -> Partner | None:
        """To whom the line typed last goes. partner: to whom the user has switched."""
        return partner

    def search(self, words: str) -> str | None:
        """Go to the next text with these words. Returns what to say about it, "" for nothing; None
        if this presenter cannot."""

    def set_bell(self, on: bool) -> str | None:
        """Turn the bell on or off. Returns what to say about it, None if there is no bell."""


def where_to(to: Partner) -> Where:
    return InGroup(to.id) if isinstance(to, Group) else With(to.id)


def local_now() -> datetime:
    return datetime.now().astimezone()
