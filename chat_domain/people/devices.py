"""A user's devices: each has a session that it resumes by tokens, under a name of its own.

That a session has ended is an entry of the log, in its user's conversation with themselves. So it
holds on every node, whether or not these hear of one another.
"""

from contextlib import suppress

import attrs

from chat_domain.entries import CHANGE, Change, Entry, What, pair
from chat_domain.errors import NoSuchSession, TryAgain
from chat_domain.log.queue import AppendQueue
from chat_domain.log.sessions import Sessions
from chat_domain.model import User
from chat_domain.people.tokens import LoginTokens, Token
from chat_domain.ports.cluster import Presence
from chat_domain.ports.runtime import Clock, Ids, Tasks

UNFINISHED = 10_000  # endings that could not be written yet


@attrs.define(eq=False)
class Devices:
    tokens: LoginTokens
    queue: AppendQueue
    sessions: Sessions
    clock: Clock
    ids: Ids
    tasks: Tasks
    presence: Presence
    node: str  # this one, as presence calls it
    _unfinished: list[tuple[User, Change, int]] = attrs.field(factory=list, init=False)

    async def keep(self, user: User, token: Token) -> None:
        """Let a user resume with this token. Sessions that have made room for it end."""
        connected = [session.device for session in self.sessions.of(user.id)]
        for name in await self.tokens.keep(token, connected):
            await self.logged_out(user, name)

    async def end(self, user: User, name: str) -> None:
        """End a session of a user's, wherever it is. Raises NoSuchSession, and TryAgain, which
        leaves it to be ended as soon as that is possible."""
        if name not in {one.name for one in await self.tokens.resumable(user, "")}:
            raise NoSuchSession(name)
        await self.throw_out(user, name)

    async def throw_out(self, user: User, name: str) -> None:
        """The same of a session that may have ended already."""
        await self.tokens.end(user.id, name)
        await self._write(user, Change(What.DEVICE_ENDED, detail=name))

    async def logged_out(self, user: User, name: str) -> None:
        """A session of this name has no tokens any more: end what there may be of it. Where it is
        connected nowhere nothing is written, or who logs in again and again would fill the log.
        Raises TryAgain like `end`."""
        if await self._may_be_elsewhere(user.id, name):
            await self._write(user, Change(What.DEVICE_ENDED, detail=name))

    async def _may_be_elsewhere(self, user_id: int, name: str) -> bool:
        if any(session.device == name for session in self.sessions.of(user_id)):
            return True
        try:
            nodes = (await self.presence.where([user_id])).get(user_id, [])
        except TryAgain:
            return True
        return any(node != self.node for node in nodes)

    async def end_all(self, user: User, but: str = "") -> None:
        """End all sessions of a user's, of version 1 as well, wherever they are, but for the one of
        this name. Their tokens end, too, all of them. Raises TryAgain like `end`."""
        await self.tokens.end_all_of(user)
        await self._write(user, Change(What.ALL_ENDED, detail=but))

    async def erase(self, user: User, above: int) -> None:
        """Empty all texts that a user has written above a position, and end their sessions. Raises
        TryAgain."""
        await self._write(user, Change(What.ERASED), above)

    async def _write(self, user: User, change: Change, answers: int = 0) -> None:
        cid = self.ids.cid(self.clock.now_ms())
        conv = pair(user.id, user.id)
        try:
            await self.queue.change(
                Entry(conv, CHANGE, user.id, user.name, cid, change=change, answers=answers)
            )
        except TryAgain:
            if len(self._unfinished) < UNFINISHED:
                self._unfinished.append((user, change, answers))
            raise

    def go_on(self) -> None:
        """Write what could not be written. To be called now and then."""
        if self._unfinished:
            unfinished, self._unfinished = self._unfinished, []
            self.tasks.start(self._write_all(unfinished))

    async def _write_all(self, unfinished: list[tuple[User, Change, int]]) -> None:
        for one in unfinished:
            with suppress(TryAgain):  # it is put back
                await self._write(*one)
