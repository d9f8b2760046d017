"""The client's methods for writing messages."""

import asyncio

from adapters.client import codec
from adapters.client.errors import OutboxFull, Refused
from adapters.client.events import Ack
from adapters.client.outbox import Chat
from adapters.client.requester import Requester
from adapters.client.where import InGroup, Where, where
from adapters.wire import requests


class Writing(Requester):
    """cid, in methods that have it: by this the server recognizes a second copy of the message, 1
    to 64 of `A-Z a-z 0-9 _ -`. By default a new one."""

    _turn: asyncio.Lock

    async def send(
        self, to: Where | int, text: str, *, answers: int = 0, cid: str | None = None
    ) -> Ack:
        """Send a message and wait until it is safe. Survives reconnections in the meantime.

        to: a user's id, or a conversation. answers: the position of the message that it answers, 0
        for none. Waits for room while too many messages wait. If cancelled, the message may have
        been sent.
        """
        return await self._send(self._chat(to, text, answers), cid)

    async def send_group(
        self, group_id: int, text: str, *, answers: int = 0, cid: str | None = None
    ) -> Ack:
        """Send a message to a group; otherwise like `send`."""
        return await self._send(self._chat(InGroup(group_id), text, answers), cid)

    def post(
        self, to: Where | int, text: str, *, answers: int = 0, cid: str | None = None
    ) -> asyncio.Future[Ack]:
        """Queue a message at once; many can be in flight. Also raises OutboxFull."""
        return self._post(self._chat(to, text, answers), cid)

    def post_group(
        self, group_id: int, text: str, *, answers: int = 0, cid: str | None = None
    ) -> asyncio.Future[Ack]:
        """Queue a message to a group; otherwise like `post`."""
        return self._post(self._chat(InGroup(group_id), text, answers), cid)

    @property
    def unsettled(self) -> int:
        """How many messages have no answer yet."""
        return len(self._connection.unsettled)

    async def room(self) -> None:
        """Wait until `post` has room."""
        while len(self._connection.unsettled) >= self._settings.waiting:
            await self._connection.unsettled.progress()

    async def drain(self, within: float) -> bool:
        """Wait until all messages have their answer; False if time runs out first."""
        try:
            async with asyncio.timeout(within):
                while self._connection.unsettled:
                    await self._connection.unsettled.progress()
        except TimeoutError:
            return False
        return True

    async def _send(self, chat: Chat, cid: str | None) -> Ack:
        async with self._turn:  # so that a newcomer does not take the place of a caller who waits
            await self.room()
            future = self._post(chat, cid)
        return await future

    def _post(self, chat: Chat, cid: str | None) -> asyncio.Future[Ack]:
        if self._keeper.ended is not None:
            raise self._keeper.ended
        if self._keeper.identity is None:
            raise Refused.named("not_logged_in", "log in first")
        codec.check_text(chat.msg)
        if cid is not None:
            codec.check_cid(cid)
        if len(self._connection.unsettled) >= self._settings.waiting:
            raise OutboxFull
        return self._connection.post(cid or self._cids.next(), chat)

    @staticmethod
    def _chat(to: Where | int, text: str, answers: int) -> Chat:
        one = where(to)
        if isinstance(one, InGroup):
            return requests.GroupChat(groupid=one.group_id, msg=text, re=answers)
        return requests.OneChat(toid=one.user_id, msg=text, re=answers)
