"""A user's devices: each has a session that it resumes by tokens, under a name of its own.

The end of a session is an entry of the log, in its user's conversation with themselves. So it holds
on every node, whether or not notes arrive between the nodes. Sessions are timed by the store's
clock, since the nodes' may differ: the session unused for longest ends, and tokens expire.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import attrs

from chat_domain.entries import CHANGE, Change, ChangeKind, Entry, pair
from chat_domain.errors import BadToken, NoSuchSession, TryAgain
from chat_domain.log.queue import AppendQueue
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.model import KeptToken, User
from chat_domain.people.tokens import EXTENDED_LIFE_MS, Token, digest
from chat_domain.ports.cluster import Presence
from chat_domain.ports.log import Log
from chat_domain.ports.runtime import Ids, Tasks
from chat_domain.ports.store import Tokens

SESSIONS_KEPT = 10  # of a user
NEW_KEPT = 3  # unused tokens of a session; older ones were in answers that nobody has read
MAX_UNWRITTEN = 10_000  # ended sessions that could not be written yet
SESSIONS_AT_ONCE = 200  # in one look at their tokens; some 10 ms of the event loop


@attrs.define(eq=False)
class Devices:
    tokens: Tokens
    log: Log
    queue: AppendQueue
    sessions: Sessions
    ids: Ids
    tasks: Tasks
    presence: Presence
    node: str  # this one's name in the presence
    _unwritten: list[tuple[User, Change, int]] = attrs.field(factory=list, init=False)

    # -- tokens ------------------------------------------------------------------------------

    async def new_token(self, user: User, device: str = "", session: str = "") -> Token:
        """A session's first token. It is not valid until it is stored (`store_token`).

        device: its user's name for it. session: its name, a new one if it is "".
        """
        now_ms = await self.log.now_ms()
        return Token.first(user, device, session or self.ids.session(), self.ids, now_ms)

    async def store_token(self, user: User, token: Token) -> None:
        """Let a user resume with this token. Sessions that make room for it (see `Tokens.add`)
        end."""
        connected = [session.name for session in self.sessions.of(user.id)]
        for name in await self.tokens.add(token.kept, sessions=SESSIONS_KEPT, connected=connected):
            await self.end_if_connected(user, name)

    async def look_up(self, text: str) -> tuple[User, Token]:
        """The user of a token, and the token. Raises BadToken if it is unknown or has expired."""
        found = await self.tokens.find(digest(text), await self.log.now_ms())
        if found is None:
            raise BadToken
        user, kept = found
        return user, Token(text, kept)

    async def use(self, token: Token) -> Token:
        """Note that a session was resumed with this token; return the one to resume with from now
        on.

        To be called once the session is subscribed: ending a user's tokens, then sessions, misses
        neither. Raises BadToken if the token was ended since it was looked up.
        """
        now_ms = await self.log.now_ms()
        following = token.following(self.ids, now_ms)
        kept = None if following is None else following.kept
        if not await self.tokens.use(attrs.evolve(token.kept, seen_ms=now_ms), kept, new=NEW_KEPT):
            raise BadToken
        return following or token

    async def resumable(self, user: User) -> list[KeptToken]:
        """The token that expires last of each of a user's sessions, the last to expire first."""
        sessions: dict[str, KeptToken] = {}
        for kept in await self.tokens.of(user.id, await self.log.now_ms()):
            sessions.setdefault(kept.session, kept)
        return list(sessions.values())

    async def device_of(self, user: User, name: str) -> str:
        """A user's name for the device that a session is on, "" if it has none."""
        return next((one.device for one in await self.resumable(user) if one.session == name), "")

    # -- endings -----------------------------------------------------------------------------

    async def end(self, user: User, name: str) -> None:
        """End a user's session, on whatever node. Raises NoSuchSession, and TryAgain, after which
        it is ended as soon as that is possible."""
        if name not in {one.session for one in await self.resumable(user)}:
            raise NoSuchSession(name)
        await self.revoke(user, name)

    async def revoke(self, user: User, name: str) -> None:
        """End a session of this name, which may have ended already. Raises TryAgain like `end`."""
        await self.tokens.remove(user.id, name)
        await self._write(user, Change(ChangeKind.DEVICE_ENDED, detail=name))

    async def end_if_connected(self, user: User, name: str) -> None:
        """A session of this name has no tokens any more: end what there may be of it. If it is
        connected nowhere, nothing is written, or a client that logs in again and again would fill
        the log. Raises TryAgain like `end`."""
        if await self._may_be_connected(user.id, name):
            await self._write(user, Change(ChangeKind.DEVICE_ENDED, detail=name))

    async def _may_be_connected(self, user_id: int, name: str) -> bool:
        if any(session.name == name for session in self.sessions.of(user_id)):
            return True
        try:
            nodes = (await self.presence.where([user_id])).get(user_id, [])
        except TryAgain:
            return True
        return any(node != self.node for node in nodes)

    async def extend_tokens(self) -> None:
        """Let the tokens of the devices that are connected here not expire. To be called once a
        day. Raises TryAgain."""
        expires_ms = await self.log.now_ms() + EXTENDED_LIFE_MS
        for some in self._connected_devices():
            await self.tokens.extend([(one.user.id, one.name) for one in some], expires_ms)

    async def drop_ended(self) -> None:
        """Drop the sessions of devices here that have no tokens any more. While the presence did
        not have this node's users, they may have ended elsewhere without an entry. Raises
        TryAgain."""
        for some in self._connected_devices():
            kept = await self.tokens.sessions_of({session.user.id for session in some})
            for session in some:
                if not session.ended and (session.user.id, session.name) not in kept:
                    session.drop()

    def _connected_devices(self) -> Iterator[Sequence[Session]]:
        """The sessions of devices here, a few at a time."""
        here = [session for session in self.sessions if session.claim is None]
        for start in range(0, len(here), SESSIONS_AT_ONCE):
            yield here[start : start + SESSIONS_AT_ONCE]

    async def end_all(self, user: User) -> None:
        """End all tokens of a user, and all sessions, version 1's included, on whatever nodes.
        Raises TryAgain like `end`."""
        await self.tokens.remove_all(user.id)
        await self.end_all_connected(user)

    async def end_all_connected(self, user: User, but: str = "") -> None:
        """End all of a user's sessions, whose tokens have ended, except the one of this name.
        Raises TryAgain like `end`."""
        await self._write(user, Change(ChangeKind.ALL_ENDED, detail=but))

    async def erase(self, user: User, above: int) -> None:
        """Empty all texts that a user has written above a position, and end their sessions. Raises
        TryAgain."""
        await self._write(user, Change(ChangeKind.ERASED), above)

    async def _write(self, user: User, change: Change, answers: int = 0) -> None:
        conv, cid = pair(user.id, user.id), self.ids.cid()
        try:
            await self.queue.change(
                Entry(conv, CHANGE, user.id, user.name, cid, change=change, answers=answers)
            )
        except TryAgain:
            if len(self._unwritten) < MAX_UNWRITTEN:
                self._unwritten.append((user, change, answers))
            raise

    def retry_unwritten(self) -> None:
        """Write what could not be written. To be called regularly."""
        if self._unwritten:
            unwritten, self._unwritten = self._unwritten, []
            self.tasks.start(self._write_all(unwritten))

    async def _write_all(self, unwritten: list[tuple[User, Change, int]]) -> None:
        for one in unwritten:
            with suppress(TryAgain):  # it is put back
                await self._write(*one)
