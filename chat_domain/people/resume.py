"""Coming back by a token instead of the password."""

import attrs

from chat_domain.errors import BadToken, TryAgain
from chat_domain.fairness.limits import Counters
from chat_domain.model import User
from chat_domain.people.devices import Devices
from chat_domain.people.slots import SlotKeeper
from chat_domain.people.tokens import Token
from chat_domain.ports.store import Users


@attrs.frozen
class Resuming:
    devices: Devices
    users: Users
    slots: SlotKeeper
    counters: Counters

    async def prove(self, text: str) -> tuple[User, Token]:
        """Whose token this is, and which. Raises BadToken, and TryAgain.

        One that others have followed shows that two have had the tokens of its session, and that
        one of them is a thief. Nobody can tell which: the session ends, and who knows the password
        begins another.
        """
        try:
            return await self.devices.tokens.look_up(text)
        except BadToken:
            await self._end_session_of(text)
            raise

    async def _end_session_of(self, text: str) -> None:
        found = await self.devices.tokens.session_of(text)
        if found is None:
            return
        # What was asked before this node hung proves nothing: its client has gone on elsewhere.
        if not self.slots.good():
            raise TryAgain
        user_id, name = found
        account = await self.users.by_id(user_id)
        if account is not None:
            self.counters.tokens_reused += 1
            await self.devices.throw_out(account.user, name)
