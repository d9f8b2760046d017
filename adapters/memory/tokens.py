"""Tokens: proofs of an earlier login."""

from collections.abc import Collection, Iterable

import attrs

from adapters.memory.users import MemoryUsers
from adapters.session_eviction import Kept, making_room
from chat_domain.model import KeptToken, User
from chat_domain.ports.store import EXPIRED_AT_ONCE


@attrs.define
class MemoryTokens:
    _users: MemoryUsers
    _tokens: dict[str, KeptToken] = attrs.field(factory=dict, init=False)  # by digest

    async def add(
        self, token: KeptToken, *, sessions: int, connected: Collection[str] = ()
    ) -> list[str]:
        expired = [other for other in self._tokens.values() if other.expires_ms <= token.seen_ms]
        expired.sort(key=lambda other: (other.expires_ms, other.digest))
        self._forget(expired[:EXPIRED_AT_ONCE])
        valid = await self.of(token.user_id, token.seen_ms)
        others = [other for other in valid if other.session != token.session]
        seen: dict[tuple[str, str], int] = {}
        for other in others:
            key = other.session, other.device
            seen[key] = max(seen.get(key, 0), other.seen_ms)
        kept = [Kept(*key, seen_ms) for key, seen_ms in seen.items()]
        gone = making_room(token, kept, sessions, connected)
        self._forget(other for other in others if other.session in gone)
        self._tokens[token.digest] = token
        return gone

    async def find(self, digest: str, now_ms: int) -> tuple[User, KeptToken] | None:
        token = self._tokens.get(digest)
        if token is None or token.expires_ms <= now_ms:
            return None
        user = self._users.user(token.user_id)
        return None if user is None else (user, token)

    async def session_of(self, series: str, now_ms: int) -> tuple[int, str] | None:
        for one in self._tokens.values():
            if one.series == series and one.expires_ms > now_ms:
                return one.user_id, one.session
        return None

    async def use(self, token: KeptToken, following: KeptToken | None, *, new: int) -> bool:
        found = self._tokens.get(token.digest)
        if found is None:
            return False
        if not found.used:
            await self.remove(found.user_id, found.session)
            self._tokens[found.digest] = attrs.evolve(found, used=True)
        for one in self._of(found.user_id):
            if one.session == found.session:
                self._tokens[one.digest] = attrs.evolve(one, seen_ms=token.seen_ms)
        if following is not None:
            self._tokens.pop(following.digest, None)
            its = [one for one in self._of(token.user_id) if one.session == token.session]
            self._forget([one for one in its if not one.used][new - 1 :])
            self._tokens[following.digest] = following
        return True

    async def of(self, user_id: int, now_ms: int) -> list[KeptToken]:
        return [token for token in self._of(user_id) if token.expires_ms > now_ms]

    async def sessions_of(self, user_ids: Collection[int]) -> set[tuple[int, str]]:
        tokens = self._tokens.values()
        return {(one.user_id, one.session) for one in tokens if one.user_id in user_ids}

    async def extend(self, sessions: Collection[tuple[int, str]], expires_ms: int) -> None:
        for one in self._tokens.values():
            if (one.user_id, one.session) in sessions and one.expires_ms < expires_ms:
                self._tokens[one.digest] = attrs.evolve(one, expires_ms=expires_ms)

    async def remove(self, user_id: int, session: str) -> None:
        self._forget(token for token in self._of(user_id) if token.session == session)

    async def remove_all(self, user_id: int) -> None:
        self.forget(user_id)

    async def remove_some(self, limit: int) -> int:
        some = list(self._tokens.values())[:limit]
        self._forget(some)
        return len(some)

    def forget(self, user_id: int) -> None:
        self._forget(self._of(user_id))

    def _of(self, user_id: int) -> list[KeptToken]:
        """A user's tokens, the last to expire first."""
        tokens = [token for token in self._tokens.values() if token.user_id == user_id]
        return sorted(tokens, key=lambda token: (-token.expires_ms, token.digest))

    def _forget(self, tokens: Iterable[KeptToken]) -> None:
        for token in list(tokens):
            del self._tokens[token.digest]
