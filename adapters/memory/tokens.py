"""Proofs of an earlier login."""

import attrs

from adapters.memory.users import MemoryUsers
from chat_domain.model import User


@attrs.frozen
class _Token:
    user_id: int
    expires_ms: int


@attrs.define
class MemoryTokens:
    _users: MemoryUsers
    _tokens: dict[str, _Token] = attrs.field(factory=dict, init=False)  # by digest
    _now_ms: int = attrs.field(default=0, init=False)  # the last time that was told

    async def add(self, digest: str, user_id: int, expires_ms: int, *, keep: int) -> None:
        self._tokens.pop(digest, None)
        kept = set(self._last_to_expire(user_id, keep - 1))
        self._tokens = {
            other: token
            for other, token in self._tokens.items()
            if token.expires_ms > self._now_ms and (token.user_id != user_id or other in kept)
        }
        self._tokens[digest] = _Token(user_id, expires_ms)

    async def owner(self, digest: str, now_ms: int) -> User | None:
        self._now_ms = now_ms
        token = self._tokens.get(digest)
        if token is None or token.expires_ms <= now_ms:
            return None
        return self._users.user(token.user_id)

    async def of(self, user_id: int, now_ms: int) -> list[tuple[str, int]]:
        found = [(digest, self._tokens[digest].expires_ms) for digest in self._of(user_id)]
        valid = [(digest, expires_ms) for digest, expires_ms in found if expires_ms > now_ms]
        return sorted(valid, key=lambda token: (-token[1], token[0]))

    async def remove(self, digest: str) -> None:
        self._tokens.pop(digest, None)

    async def remove_all(self, user_id: int) -> None:
        self.forget(user_id)

    async def remove_some(self, limit: int) -> int:
        some = list(self._tokens)[:limit]
        for digest in some:
            del self._tokens[digest]
        return len(some)

    def forget(self, user_id: int) -> None:
        for digest in self._of(user_id):
            del self._tokens[digest]

    def _of(self, user_id: int) -> list[str]:
        return [digest for digest, token in self._tokens.items() if token.user_id == user_id]

    def _last_to_expire(self, user_id: int, number: int) -> list[str]:
        def expiry(digest: str) -> int:
            return self._tokens[digest].expires_ms

        return sorted(self._of(user_id), key=expiry, reverse=True)[:number]
