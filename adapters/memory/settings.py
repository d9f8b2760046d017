"""The settings that users have chosen."""

import attrs

from adapters.memory.members import Members
from adapters.memory.users import MemoryUsers
from chat_domain.model import Preferences


@attrs.define
class MemorySettings:
    _users: MemoryUsers
    _members: Members
    _preferences: dict[int, Preferences] = attrs.field(factory=dict, init=False)

    def preferences(self, user_id: int) -> Preferences:
        """A user's preferences, for the other repositories of this store."""
        return self._preferences.get(user_id, Preferences())

    def forget(self, user_id: int) -> None:
        """The account was removed."""
        self._preferences.pop(user_id, None)

    async def of(self, user_id: int) -> Preferences:
        return self.preferences(user_id)

    async def set(
        self, user_id: int, *, hide_read: bool | None = None, hide_typing: bool | None = None
    ) -> Preferences:
        if self._users.user(user_id) is None:
            return Preferences()
        before = self.preferences(user_id)
        self._preferences[user_id] = Preferences(
            before.hide_read if hide_read is None else hide_read,
            before.hide_typing if hide_typing is None else hide_typing,
        )
        return self._preferences[user_id]

    async def mute(self, user_id: int, conv: int, muted: bool | None) -> bool | None:
        row = self._members.row(conv, user_id)
        if row is None:
            return None
        if muted is not None:
            row.muted = muted
        return row.muted
