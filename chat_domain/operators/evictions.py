"""Ending the sessions of a user, wherever they are, by the operator's will."""

from contextlib import suppress

import attrs

from chat_domain.errors import TryAgain
from chat_domain.model import User
from chat_domain.people.devices import Devices
from chat_domain.ports.cluster import Presence


@attrs.frozen
class Evictions:
    devices: Devices
    presence: Presence

    async def log_out(self, user: User) -> bool:
        """End a user's tokens and sessions; return whether they were online, as far as that can be
        found out. Raises TryAgain."""
        was_online: set[int] = set()
        with suppress(TryAgain):
            was_online = await self.presence.online([user.id])
        await self.devices.end_all(user)
        return bool(was_online)
