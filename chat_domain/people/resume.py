"""Coming back by a token instead of the password."""

import attrs

from chat_domain.errors import BadToken
from chat_domain.fairness.limits import Counters
from chat_domain.model import User
from chat_domain.people.login import Logins
from chat_domain.people.tokens import LoginTokens, Token


@attrs.frozen
class Resuming:
    tokens: LoginTokens
    logins: Logins
    counters: Counters

    async def prove(self, text: str) -> tuple[User, Token]:
        """Whose token this is, and which. Raises BadToken, and TryAgain.

        One that others have followed shows that two have had the tokens of its session, and that
        one of them is a thief. Nobody can tell which: the session ends, and who knows the password
        begins another.
        """
        try:
            return await self.tokens.look_up(text)
        except BadToken:
            await self._end_session_of(text)
            raise

    async def _end_session_of(self, text: str) -> None:
        found = await self.tokens.session_of(text)
        if found is None:
            return
        # What was asked before this node hung proves nothing: its client has gone on elsewhere.
        self.logins.check_standing()
        self.counters.tokens_reused += 1
        await self.tokens.end(*found)
        await self.logins.throw_out_of(*found)
