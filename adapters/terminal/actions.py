"""Does what a command says, and shows what came of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from adapters.client import (
    Ack,
    ChatClient,
    ClientError,
    ConnectionLost,
    OutboxFull,
    Refused,
)
from adapters.terminal import commands, render
from adapters.terminal.book import Book
from adapters.terminal.render import Line
from chat_domain.model import Group, Member, Membership, User

T = TypeVar("T")

_SHOWN_GROUPS = 20  # groups whose members are shown at login, and members of each
_SHOWN_MEMBERS = 50


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


class Actions:
    """`echo_after`: seconds after which a message without an answer is shown as on its way.

    `trouble` ends in the exception that kept an outcome from being shown, if there was one.
    """

    def __init__(
        self,
        client: ChatClient,
        screen: Screen,
        book: Book,
        *,
        echo_after: float | None,
        now: Callable[[], datetime] = local_now,
    ) -> None:
        self.failures = 0
        self.partner: User | Group | None = None
        self.trouble: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client = client
        self._screen = screen
        self._book = book
        self._echo_after = echo_after
        self._now = now
        self._sending: set[asyncio.Task[None]] = set()

    async def do(self, command: commands.Command) -> None:
        try:
            await self._do(command)
        except ClientError as exc:
            self.complain(str(exc))

    def complain(self, text: str) -> None:
        self.failures += 1
        self._screen.complain(render.error(text))

    def show(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._screen.show(line)

    async def finish(self, within: float) -> bool:
        """Wait until all messages have their answer, and say which have none."""
        if not self._sending:
            return True
        _, waiting = await asyncio.wait(self._sending, timeout=within)
        if waiting:
            self.complain(f"{len(waiting)} of your messages were not acknowledged")
        return not waiting

    async def learn(self) -> None:
        """Fetch the user's list and groups."""
        self._book.friends = {friend.id: friend async for friend in self._client.friends()}
        self._book.groups = {one.group.id: one async for one in self._client.groups()}

    async def groups_with_members(self) -> list[tuple[Membership, list[Member], bool]]:
        """The user's groups, and of the first ones the members."""
        shown = []
        for index, membership in enumerate(self._book.groups.values()):
            some: list[Member] = []
            if index < _SHOWN_GROUPS:
                every = self._client.members(membership.group.id, page=_SHOWN_MEMBERS + 1)
                some = await _first(every, _SHOWN_MEMBERS + 1)
            shown.append((membership, some[:_SHOWN_MEMBERS], len(some) > _SHOWN_MEMBERS))
        return shown

    async def _do(self, command: commands.Command) -> None:  # noqa: C901, PLR0912  # one table
        match command:
            case commands.Chat(to, text):
                await self._send(await self._user(to), text)
            case commands.GroupChat(group, text):
                await self._send(self._group(group), text)
            case commands.Say(text) if self.partner is not None:
                await self._send(self.partner, text)
            case commands.Talk(to):
                await self._talk(to)
            case commands.AddFriend(who):
                await self._add(who)
            case commands.RemoveFriend(who):
                await self._remove(who)
            case commands.CreateGroup(name, description):
                await self._create(name, description)
            case commands.JoinGroup(group_id):
                await self._join(group_id)
            case commands.LeaveGroup(group):
                await self._leave(self._group(group))
            case commands.ShowFriends():
                await self.learn()
                self.show(render.friends(self._book.friends.values()))
            case commands.ShowGroups():
                await self.learn()
                self.show(render.groups(self._book.groups.values()))
            case commands.ShowMembers(group):
                await self._show_members(self._group(group))
            case commands.ShowWho():
                await self._show_who()
            case commands.Find(name):
                await self._find(name)
            case commands.ChangePassword():
                await self._change_password()
            case commands.ShowSessions():
                self.show(render.sessions(await self._client.sessions()))
            case commands.EndSession(name):
                await self._client.end_session(name)
                self._screen.show(render.note(f"session {name} cannot be resumed any more"))
            case commands.Wait(seconds):
                await asyncio.sleep(seconds)
            case commands.Help():
                self.show(render.help_lines())
            case commands.Mistake(why):
                self.complain(why)

    # Messages.

    async def _send(self, to: User | Group, text: str) -> None:
        """Put the message on its way; what becomes of it is shown when it is known."""
        future = await self._post(to, text)
        task = asyncio.create_task(self._report(to, text, future))
        self._sending.add(task)
        task.add_done_callback(self._reported)

    def _reported(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not self.trouble.done():
            self.trouble.set_exception(failure)

    async def _post(self, to: User | Group, text: str) -> asyncio.Future[Ack]:
        post = self._client.post_group if isinstance(to, Group) else self._client.post
        while True:
            try:
                return post(to.id, text)
            except OutboxFull:
                await self._client.room()

    async def _report(self, to: User | Group, text: str, future: asyncio.Future[Ack]) -> None:
        name = f"[{to.name}]" if isinstance(to, Group) else to.name
        await asyncio.wait({future}, timeout=self._echo_after)
        if not future.done():
            self._screen.show(render.sent(name, text, None, self._now()))
        try:
            ack = await future
        except (Refused, ConnectionLost) as exc:
            self.failures += 1
            self._screen.complain(render.sent(name, text, exc, self._now()))
        else:
            self._screen.show(render.sent(name, text, ack, self._now()))

    async def _talk(self, to: str) -> None:
        if not to:
            self.partner = None
            return
        self.partner = self._book.user(to) or self._book.group(to) or await self._user(to)
        kind = "group " if isinstance(self.partner, Group) else ""
        self._screen.show(render.note(f"talking to {kind}{self.partner.name}; /talk alone stops"))

    # People and groups.

    async def _user(self, who: str) -> User:
        known = self._book.user(who)
        if known is not None:
            return known
        found = await self._client.find_user(who)
        self._book.meet(found.id, found.name)
        return User(found.id, found.name)

    def _group(self, which: str) -> Group:
        group = self._book.group(which)
        if group is None:
            raise Refused(31, "no_such_group", f"none of your groups is called {which}")
        return group

    async def _add(self, who: str) -> None:
        friend = await self._client.add_friend(who)
        self._book.friends[friend.id] = friend
        self._say(f"{friend.name} (id {friend.id}) is on your list now")

    async def _remove(self, who: str) -> None:
        user = await self._user(who)
        await self._client.remove_friend(user.id)
        self._book.friends.pop(user.id, None)
        self._book.meet(user.id, user.name)
        self._say(f"{user.name} is off your list")

    async def _create(self, name: str, description: str) -> None:
        group = await self._client.create_group(name, description)
        await self.learn()
        self._say(f"group {group.name} is made, its id is {group.id}")

    async def _join(self, group_id: int) -> None:
        group = await self._client.join_group(group_id)
        await self.learn()
        self._say(f"you are in group {group.name} now")

    async def _leave(self, group: Group) -> None:
        await self._client.leave_group(group.id)
        self._book.groups.pop(group.id, None)
        self._say(f"you have left group {group.name}")

    async def _show_members(self, group: Group) -> None:
        every = [member async for member in self._client.members(group.id)]
        self.show(render.members(group.name, every))

    async def _show_who(self) -> None:
        await self.learn()
        if self._client.user is not None:
            self.show(render.who(self._client.user, self._book.friends.values()))

    async def _find(self, name: str) -> None:
        found = await self._client.find_user(name)
        self._book.meet(found.id, found.name)
        self._screen.show(render.person(found))

    async def _change_password(self) -> None:
        old = await self._screen.ask("old password: ", hidden=True)
        new = await self._screen.ask("new password: ", hidden=True)
        if not self._screen.scripted and new != await self._screen.ask("again: ", hidden=True):
            self.complain("these are two different passwords; nothing is changed")
            return
        await self._client.change_password(old, new)
        self._say("your password is changed")

    def _say(self, text: str) -> None:
        self._screen.show(render.note(text))


async def _first(every: AsyncIterator[T], count: int) -> list[T]:
    some: list[T] = []
    async for one in every:
        some.append(one)
        if len(some) == count:
            break
    return some
