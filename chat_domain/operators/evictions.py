"""Ending the sessions of a user, wherever they are, by the operator's will."""

import attrs

from chat_domain.model import User
from chat_domain.people.devices import Devices
from chat_domain.ports.cluster import Presence


@attrs.frozen
class Evictions:
    devices: Devices
    presence: Presence

    async def log_out(self, user: User) -> bool:
        """End a user's tokens and sessions; return whether they were online. Raises TryAgain."""
        was_online = bool(await self.presence.online([user.id]))
        await self.devices.end_all(user)
        return was_online
