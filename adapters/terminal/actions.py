"""Carries out commands, and shows their results. `forms` lists all commands."""

import asyncio

from adapters.client import ClientError, Refused
from adapters.terminal import parsing, render
from adapters.terminal.action_base import FINISH_WITHIN, ActionBase
from adapters.terminal.ports import where_to
from adapters.terminal.sending import pieces
from chat_domain.model import Group


class Actions(ActionBase):
    """The commands, one method each."""

    async def do(self, line: parsing.Line) -> bool | None:
        """Carry out a line. True if the user has logged out by it, False if they quit."""
        match line:
            case parsing.Command(form, arguments):
                return await self._try(form.do, *arguments, hint=form.quoting)
            case parsing.Say(text):
                return await self._try(Actions.say, text)
            case parsing.Mistake(why):
                self.show_error(why)
        return None

    async def _try(self, do: parsing.Do, *arguments: object, hint: str = "") -> bool | None:
        """hint: for people whose command names nobody."""
        try:
            return await do(self, *arguments)
        except ClientError as exc:
            self.fail(exc)
            if isinstance(exc, Refused) and exc.error in _NOBODY and not self._screen.scripted:
                self._mention(hint)
            return None

    # Messages.

    async def chat(self, to: str, text: str) -> None:
        await self._sending.send(await self._user(to), text)

    async def group_chat(self, group: str, text: str) -> None:
        await self._sending.send(await self._group(group), text)

    async def say(self, text: str) -> None:
        """What a person has pasted may become several messages. A script is told its mistake."""
        for piece in [text] if self._screen.scripted else pieces(text):
            if self.partner is not None:
                await self._sending.send(self.partner, piece)

    async def talk(self, to: str) -> None:
        """Talk to this user or group, to nobody if it is empty or unknown."""
        self.partner = None
        try:
            self.partner = await self._user_or_group(to) if to else None
        finally:
            is_seen = self.presenter.switch_to(self.partner)
        if is_seen or self.partner is None:
            return
        kind = "group " if isinstance(self.partner, Group) else ""
        self._say(f"talking to {kind}{self.partner.name}; /talk alone stops")

    async def mute(self, whom: str) -> None:
        await self._mute(whom, muted=True)

    async def unmute(self, whom: str) -> None:
        await self._mute(whom, muted=False)

    async def _mute(self, whom: str, *, muted: bool) -> None:
        partner = await self._user_or_group(whom) if whom else self.partner
        if partner is None:
            self.show_error("which conversation? name a person or a group")
            return
        if await self._client.mute(where_to(partner), muted=muted) is not muted:
            self.show_error(f"you have no conversation with {partner.name} yet")
            return
        self.presenter.on_mute(partner, muted=muted)
        self._say(f"{partner.name} is {'muted' if muted else 'unmuted'} on all your devices")

    # People.

    async def show_friends(self) -> None:
        await self.learn()
        self.show(render.friends(self._book.friends.values()))

    async def show_who(self) -> None:
        await self.learn()
        if self._client.user is not None:
            self.show(render.who(self._client.user, self._book.friends.values()))

    async def add(self, who: str) -> None:
        friend = await self._client.add_friend(who)
        self._book.friends[friend.id] = friend
        self._say(f"{friend.name} (id {friend.id}) is now on your list")

    async def remove(self, who: str) -> None:
        user = await self._user(who)
        await self._client.remove_friend(user.id)
        self._book.friends.pop(user.id, None)
        self._book.meet(user.id, user.name)
        self._say(f"{user.name} is no longer on your list")

    async def find(self, name: str) -> None:
        found = await self._client.find_user(name)
        self._book.meet(found.id, found.name)
        self._screen.show(render.person(found))

    # Groups.

    async def show_groups(self) -> None:
        await self.learn()
        self.show(render.groups(self._book.groups.values()))

    async def show_members(self, which: str) -> None:
        group = await self._group(which)
        every = [member async for member in self._client.members(group.id)]
        self.show(render.members(group.name, every))

    async def create(self, name: str, description: str) -> None:
        group = await self._client.create_group(name, description)
        await self.learn()
        about = f"; description: {description}" if description else ""
        self._say(f"group {group.name} is created, its id is {group.id}{about}")

    async def join(self, which: str) -> None:
        group = await self._client.join_group(which)
        await self.learn()
        self._say(f"you are now in group {group.name}")

    async def rename(self, which: str, name: str) -> None:
        group = await self._group(which)
        await self._client.rename_group(group.id, name)
        self._say(f"group {group.name} is now called {name}")
        self._book.rename(group.id, name)
        self._follow_partner(group.id)
        self.presenter.on_group_changed(group)

    async def leave(self, which: str) -> None:
        group = await self._group(which)
        await self._client.leave_group(group.id)
        self._book.groups.pop(group.id, None)
        self._follow_partner(group.id)
        self.presenter.on_group_changed(group)
        self._say(f"you have left group {group.name}")

    # The user's own account, and the program.

    async def change_password(self) -> None:
        old = await self._screen.ask("old password: ", hidden=True)
        new = await self._screen.ask("new password: ", hidden=True)
        if not self.is_password(old) or not self.is_password(new):
            return
        if not self._screen.scripted and new != await self._screen.ask("again: ", hidden=True):
            self.show_error("the passwords do not match; nothing was changed")
            return
        try:
            await self._client.change_password(old, new)
        except Refused as refused:
            if refused.error != "bad_credentials" or self._screen.scripted:
                raise
            self.show_error("the old password is wrong; nothing was changed")
        else:
            self._say("your password has been changed")

    async def hide(self, what: str) -> None:
        await self._hide(what, hidden=True)

    async def unhide(self, what: str) -> None:
        await self._hide(what, hidden=False)

    async def _hide(self, what: str, *, hidden: bool) -> None:
        match what:
            case "read":
                chosen = await self._client.settings(hide_read=hidden)
            case "typing":
                chosen = await self._client.settings(hide_typing=hidden)
            case _:
                self.show_error("only read and typing can be hidden")
                return
        read = "do not see" if chosen.hide_read else "see"
        typing = "are not" if chosen.hide_typing else "are"
        self._say(f"others {read} what you have read, and {typing} told when you are typing")

    async def show_sessions(self) -> None:
        self.show(render.sessions(await self._client.sessions()))

    async def end_session(self, name: str) -> None:
        await self._client.end_session(name)
        self._say(f"session {name} has ended")

    async def wait(self, seconds: str) -> None:
        number = _number(seconds)
        if number is None:
            self.show_error("wait how many seconds?")
        else:
            await asyncio.sleep(number)

    async def search(self, words: str) -> None:
        self._mention(self.presenter.search(words))

    async def ring(self, how: str) -> None:
        if how not in _ON_OR_OFF:
            self.show_error("the bell can be on or off")
            return
        self._mention(self.presenter.set_bell(on=_ON_OR_OFF[how]))

    def _mention(self, sentence: str | None) -> None:
        if sentence is None:
            self.show_error("this works only on the whole terminal, without --plain")
        elif sentence:
            self._say(sentence)

    async def log_out(self) -> bool:
        await self.finish(FINISH_WITHIN)
        try:
            await self._client.logout()
        except ClientError as exc:
            self.fail(exc)
        self._screen.notify(render.note("logged out"))  # the current window closes
        return True

    async def quit(self) -> bool:
        return False

    async def help(self) -> None:
        self.show(render.help_lines(self._forms))
        if self._screen.whole:
            self.show(render.keys())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None  # noqa: PLR2004


_NOBODY = ("no_such_user", "no_such_group")
_ON_OR_OFF = {"on": True, "off": False}
