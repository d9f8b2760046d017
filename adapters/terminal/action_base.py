"""The base of all commands: what the client knows, what happens, and where things are shown."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from adapters.client import (
    Changed,
    ChatClient,
    ClientError,
    Got,
    Message,
    Presence,
    Refused,
    Reset,
)
from adapters.client.events import Event
from adapters.terminal import render
from adapters.terminal.book import Book
from adapters.terminal.changes import learn, sentence_about
from adapters.terminal.parsing import Form
from adapters.terminal.ports import Partner, Presenter, Screen, local_now
from adapters.terminal.render import Line
from adapters.terminal.sending import Sending
from chat_domain.model import Group, User

FINISH_WITHIN = 10.0  # seconds for answers to sent messages, when the user leaves


class ActionBase:
    """forms: the commands that `help` lists. echo_after, trouble: see `Sending`."""

    def __init__(
        self,
        client: ChatClient,
        screen: Screen,
        book: Book,
        *,
        forms: Sequence[Form],
        echo_after: float | None,
        now: Callable[[], datetime] = local_now,
        presenter: Presenter | None = None,
    ) -> None:
        self.presenter = presenter or Presenter()
        self.failures = 0
        self._forms = forms
        self.partner: Partner | None = None
        self._client = client
        self._screen = screen
        self._book = book
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._outdated = False  # whether the user may be in a group that the book does not have
        self._learning: list[list[Changed | Presence]] = []  # events during each running `learn`
        self._sending = Sending(
            client,
            screen.notify,
            self._not_sent,
            echo_after=echo_after,
            now=now,
            presenter=self.presenter,
            why=self._why,
        )
        self.trouble = self._sending.trouble

    def on_event(self, event: Event) -> None:
        """Take note of an event, and show it."""
        if isinstance(event, Changed | Presence):
            for meanwhile in self._learning:
                meanwhile.append(event)
        match event:
            case Message():
                self._on_message(event)
            case Changed():
                self._on_change(event)
            case Got(user_id, at):
                self._sending.ticks.marked(user_id, at)
            case Reset():
                self._sending.ticks.reset_positions()
                self._outdated = True
                self._start(self._try_to_learn())
            case Presence():
                self._note(event)
        if self.presenter.on_event(event):
            return
        line = render.event(event)
        if line is not None:
            self._screen.notify(line)

    def _on_message(self, message: Message) -> None:
        self._book.meet(message.sender_id, message.sender_name)
        self.presenter.on_message(message)
        if message.own:
            self._sending.sent_elsewhere(message, self._book)
            return
        self._screen.notify(render.message(message, self._book, self._now()))

    def _on_change(self, change: Changed) -> None:
        me = self._me
        if change.sender_id and not change.own:
            self._book.meet(change.sender_id, change.sender_name)
        sentence = sentence_about(change, self._book, me)
        if not self._note(change):
            self._outdated = True
            self._start(self._notify_by_name(change, me))
        elif sentence is not None:
            self._notify(change, sentence)
        self._follow_partner(change.group_id)

    async def _notify_by_name(self, change: Changed, me: int) -> None:
        """Report a change in a group that the user joined on another device. Ask the server for its
        name first; without an answer, give its number."""
        await self._try_to_learn()
        if self._client.user is not None and self._client.user.id == me:
            self._notify(change, sentence_about(change, self._book, me) or "")

    def _notify(self, change: Changed, sentence: str) -> None:
        self._screen.notify(render.note(sentence))
        self.presenter.on_change(change, sentence)

    def _start(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _follow_partner(self, group_id: int) -> None:
        """Update the partner if it is this group, which may have a new name, or is no longer the
        user's."""
        if isinstance(self.partner, Group) and self.partner.id == group_id:
            own = self._book.groups.get(self.partner.id)
            self.partner = own.group if own else None

    def show_error(self, text: str) -> None:
        self.failures += 1
        self._screen.show_error(render.error(text))

    def is_password(self, text: str) -> bool:
        """Whether this can be a password; if not, show an error."""
        if not text:
            self.show_error("a password needs at least one character")
        return bool(text)

    def fail(self, exc: ClientError) -> None:
        """Show that the server has refused something, or could not be asked."""
        self.show_error(self._why(exc))

    def _why(self, exc: ClientError) -> str:
        """The reason. Scripts also get the error's name, on which they can rely."""
        return render.why(exc) if self._screen.whole else str(exc)

    def _not_sent(self, line: Line) -> None:
        self.failures += 1
        self._screen.notify_error(line)

    def show(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._screen.show(line)

    async def finish(self, within: float) -> bool:
        """Wait until all messages have their answer. False if some have none, which is an error."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        waiting = await self._sending.finish(within)
        if waiting:
            self._not_sent(render.not_acknowledged(waiting))
        return not waiting

    async def learn(self) -> None:
        """Fetch the user's friends and groups. Events that arrive meanwhile are applied afterwards,
        since the answers may be older."""
        meanwhile: list[Changed | Presence] = []
        self._outdated = True  # until the answers are there
        self._learning = [*self._learning, meanwhile]
        try:
            self._book.friends = {friend.id: friend async for friend in self._client.friends()}
            self._book.groups = {one.group.id: one async for one in self._client.groups()}
        finally:
            self._learning = [one for one in self._learning if one is not meanwhile]
        self._outdated = False
        for event in meanwhile:
            self._outdated |= not self._note(event)
        for one in self._book.groups.values():
            self.presenter.on_group_changed(one.group)

    async def _try_to_learn(self) -> None:
        """Like `learn`; if the server does not answer, the next command asks again."""
        with suppress(ClientError):
            await self.learn()

    def _note(self, event: Changed | Presence) -> bool:
        """Update the book. False if that requires asking the server."""
        if isinstance(event, Changed):
            return learn(event, self._book, self._me)
        self._book.note_presence(event.id, event.name, online=event.online)
        return True

    # Whom the user means.

    async def _user_or_group(self, whom: str) -> Partner:
        return self._book.user(whom) or await self._own_group(whom) or await self._user(whom)

    async def _user(self, who: str) -> User:
        known = self._book.user(who)
        if known is not None:
            return known
        found = await self._client.find_user(who)
        self._book.meet(found.id, found.name)
        return User(found.id, found.name)

    async def _group(self, which: str) -> Group:
        group = await self._own_group(which)
        if group is None:
            raise Refused(31, "no_such_group", f"none of your groups is called {which}")
        return group

    async def _own_group(self, which: str) -> Group | None:
        if self._outdated:
            await self.learn()
        return self._book.group(which)

    @property
    def _me(self) -> int:
        return self._client.user.id if self._client.user else 0

    def _say(self, text: str) -> None:
        self._screen.show(render.note(text))
