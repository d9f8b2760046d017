"""The line client: the menu, the conversation, and events that arrive meanwhile.

It reaches the network by a ChatClient, and the terminal by a Screen.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from adapters.client import Changed, ChatClient, ClientError, Message, SessionEnded
from adapters.client.events import Event
from adapters.terminal import render
from adapters.terminal.action_base import FINISH_WITHIN
from adapters.terminal.actions import Actions
from adapters.terminal.book import Book
from adapters.terminal.forms import ALL, FORMS
from adapters.terminal.parsing import Command, Say, parse
from adapters.terminal.ports import Presenter, Screen, local_now
from chat_domain.model import Member, Membership, User

T = TypeVar("T")
Unread = Message | Changed

MENU = ["1. login", "2. register", "3. quit"]

_LOG_OUT_WITHIN = 2.0  # seconds
_SHOWN_GROUPS = 20  # groups whose members are shown at login, and members of each
_SHOWN_MEMBERS = 50
_QUIET = 0.2  # seconds without an unread message after which no more are expected
_UNREAD_WITHIN = 5.0


class LineClient:
    """device: the name of this session among the user's others."""

    def __init__(
        self,
        client: ChatClient,
        screen: Screen,
        book: Book,
        *,
        device: str = "",
        echo_after: float | None = None,
        now: Callable[[], datetime] = local_now,
        presenter: Presenter | None = None,
    ) -> None:
        self._client = client
        self._screen = screen
        self._book = book
        self._device = device
        self._actions = Actions(
            client, screen, book, forms=ALL, echo_after=echo_after, now=now, presenter=presenter
        )
        self._presenter = self._actions.presenter
        self._unread: list[Unread] | None = None  # a list while they are collected for the welcome
        self._message_came = asyncio.Event()
        self._conversation: asyncio.Task[bool] | None = None
        self._broken_off = False

    async def run(self) -> int:
        """Serve the user until they leave; return the exit status.

        Failures count for a script only. A person has seen them, and gone on.
        """
        watching = asyncio.create_task(self._watch())
        using = asyncio.create_task(self._use())
        try:
            await asyncio.wait(
                {watching, using, self._actions.trouble}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            await _cancel(using)
            await _cancel(watching)
        if self._actions.trouble.done():
            self._actions.trouble.result()
        self._broken_off |= using.cancelled()  # the events have ended: the server is lost
        failed = self._screen.scripted and self._actions.failures > 0
        return 1 if failed or self._broken_off else 0

    async def _use(self) -> None:
        try:
            while await self._menu():
                pass
        except EOFError:
            pass
        await self._leave()

    async def _leave(self) -> None:
        if await self._actions.finish(FINISH_WITHIN) and self._client.user is not None:
            try:
                async with asyncio.timeout(_LOG_OUT_WITHIN):
                    await self._client.logout()
            except (ClientError, TimeoutError):
                return  # the session ends with the connection

    # The menu, as in the original client.

    async def _menu(self) -> bool:
        """One round of the menu; False if the user is done."""
        for entry in MENU:
            self._prompted(entry)
        match (await self._screen.ask("choice: ")).strip():
            case "1":
                return await self._log_in()
            case "2":
                return await self._register()
            case "3":
                return False
            case other:
                self._actions.show_error(f"the choices are 1, 2 and 3, not {other!r}")
        return True

    def _prompted(self, text: str) -> None:
        if not self._screen.scripted:
            self._screen.show([("class:note", text)])

    async def _register(self) -> bool:
        """Create an account and, on the whole terminal, log in to it. False if the user is done
        with the program."""
        name = await self._screen.ask("name: ")
        password = await self._screen.ask("password: ", hidden=True)
        if not self._actions.is_password(password):
            return True
        if self._screen.whole and password != await self._screen.ask("again: ", hidden=True):
            self._actions.show_error("the passwords do not match; no account was created")
            return True
        try:
            user_id = await self._client.register(name, password)
        except ClientError as exc:
            self._actions.fail(exc)
            if self._screen.whole:
                self._discard_typed()
            return True
        self._screen.show(render.note(f"registered {name}, your id is {user_id}"))
        return await self._enter(user_id, password) if self._screen.whole else True

    async def _log_in(self) -> bool:
        """Log in and converse; False if the user is done with the program."""
        who = await self._screen.ask("id or name: ")
        password = await self._screen.ask("password: ", hidden=True)
        if not self._actions.is_password(password):
            return not self._screen.scripted
        return await self._enter(who, password)

    async def _enter(self, who: int | str, password: str) -> bool:
        self._unread = []
        try:
            await self._welcome(await self._client.login(who, password, device=self._device))
        except ClientError as exc:
            self._actions.fail(exc)
            if self._client.user is None:  # otherwise only the lists are missing
                return self._is_back_at_the_menu()
        finally:
            self._release_unread()
        return await self._converse()

    async def _welcome(self, user: User) -> None:
        self._book.meet(user.id, user.name)
        self._presenter.on_login(user)
        self._actions.show(render.welcome(user))
        await self._actions.learn()
        groups = await self._groups_with_members()
        await self._gather_unread()
        self._release_unread()
        self._actions.show(render.friends(self._book.friends.values()))
        self._actions.show(render.groups_with_members(groups))

    async def _groups_with_members(self) -> list[tuple[Membership, list[Member], bool]]:
        """The user's groups, the first ones with their first members, and whether more follow."""
        shown = []
        for index, membership in enumerate(self._book.groups.values()):
            some: list[Member] = []
            if index < _SHOWN_GROUPS:
                every = self._client.members(membership.group.id, page=_SHOWN_MEMBERS + 1)
                some = await _first(every, _SHOWN_MEMBERS + 1)
            shown.append((membership, some[:_SHOWN_MEMBERS], len(some) > _SHOWN_MEMBERS))
        return shown

    async def _gather_unread(self) -> None:
        """Wait until no more unread messages come, since nothing marks the last one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_UNREAD_WITHIN):
                while True:
                    self._message_came.clear()
                    async with asyncio.timeout(_QUIET):
                        await self._message_came.wait()

    def _release_unread(self) -> None:
        """Show what was collected, even if the welcome has failed."""
        unread, self._unread = self._unread or [], None
        if any(map(_is_unread, unread)):
            self._screen.show(render.unread())
        for event in unread:
            self._actions.on_event(event)

    # The conversation.

    async def _converse(self) -> bool:
        self._conversation = asyncio.create_task(self._read_commands())
        if self._client.user is None:  # the session has ended during the welcome
            self._conversation.cancel()
        try:
            await asyncio.wait({self._conversation})
        finally:
            await _cancel(self._conversation)
            self._presenter.on_logout()
        if not self._conversation.cancelled():
            return self._conversation.result()
        return self._is_back_at_the_menu()

    def _is_back_at_the_menu(self) -> bool:
        """Whether the user can log in again. A script cannot: its next lines were meant for a user
        who is logged in."""
        if not self._screen.scripted:
            self._discard_typed()
        return not self._screen.scripted

    def _discard_typed(self) -> None:
        """Drop the lines that wait: they were typed for a session that there is not, and must not
        answer the menu."""
        count = self._screen.discard_typed()
        if count:
            lines = "line was" if count == 1 else "lines were"
            self._actions.show_error(f"{count} waiting {lines} not carried out")

    async def _read_commands(self) -> bool:
        """Carry out commands until the user logs out (True) or quits (False)."""
        self._actions.partner = None
        while True:
            typed = await self._screen.command(self._prompt())
            self._actions.partner = self._presenter.partner(self._actions.partner)
            line = parse(typed, FORMS, talking=self._actions.partner is not None)
            if not (isinstance(line, Say) or (isinstance(line, Command) and not line.form.echoed)):
                self._screen.echo(typed)  # a message is shown with its ticks instead
            logged_out = await self._actions.do(line)
            if logged_out is not None:
                return logged_out

    def _prompt(self) -> str:
        return render.prompt(self._client.user, self._actions.partner)

    # What comes in.

    async def _watch(self) -> None:
        async for event in self._client.events(lasting=True):
            self._on_event(event)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Unread):
            self._message_came.set()
            if self._unread is not None:
                self._unread.append(event)
                return
        elif isinstance(event, SessionEnded):
            self._broken_off |= self._screen.scripted
            if self._conversation is not None:
                self._conversation.cancel()
        self._actions.on_event(event)


def _is_unread(event: Unread) -> bool:
    """Whether this is news to the user: not their own text, and not about their own devices."""
    return not event.own if isinstance(event, Message) else event.group_id > 0


async def _first(every: AsyncIterator[T], count: int) -> list[T]:
    some: list[T] = []
    async for one in every:
        some.append(one)
        if len(some) == count:
            break
    return some


async def _cancel(task: asyncio.Task[object]) -> None:
    """End a task and raise what it raised."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
