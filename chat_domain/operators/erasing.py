"""Emptying all that a user has written, however much it is, so that nobody waits for it."""

import attrs

from chat_domain.entries import Erased
from chat_domain.model import User
from chat_domain.operators.pieces import Pieces
from chat_domain.people.devices import Devices
from chat_domain.ports.store import Log


@attrs.frozen
class Erasing:
    log: Log
    devices: Devices
    pieces: Pieces

    async def erase(self, user: User) -> None:
        """Empty a user's texts, and end their sessions. What there is by now is emptied piece by
        piece, then one change tells everybody, and empties what was written meanwhile. Raises
        TryAgain; it can be begun again."""
        upto, so_far = (await self.log.ends()).head, Erased()

        async def go_on(limit: int) -> bool:
            nonlocal so_far
            so_far = await self.log.erase(user.id, so_far, upto, limit)
            return not so_far.done

        await self.pieces.each(go_on)
        await self.devices.erase(user, upto)
