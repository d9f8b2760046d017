"""What outlives the program: nothing, or what a local store keeps.

Everything that the server sends is recorded in its order, and passed to the application once it is
on disk. So the store of a killed program holds all that the program was given, its position, and
which entries it was not done with.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

import attrs

from adapters.client.errors import Refused, StoreError
from adapters.client.events import Ack, Changed, Event, Message, Reset
from adapters.client.outbox import Chat
from adapters.client.position import Position
from adapters.client.saved_state import SavedState
from adapters.client.store import Entry, Given, Numbered, Owner, Store
from adapters.client.store_writer import StoreWriter
from adapters.client.where import Where
from adapters.wire.answers import LoginAck
from adapters.wire.requests import GroupChat
from chat_domain.model import User

Give = Callable[[Event], None]


class Journal:
    """A journal that keeps nothing.

    saved: what an earlier program has left. user, token: its user and token. size: how many records
    are not on disk yet. To be set: give, which passes an event to the application; on_failure,
    called when nothing can be recorded any more; on_idle, called when everything is on disk.
    """

    saved = SavedState()
    user: User | None = None
    token = ""
    size = 0

    def __init__(self) -> None:
        self.give: Give = lambda _: None
        self.on_failure: Callable[[StoreError], None] = lambda _: None
        self.on_idle: Callable[[], None] = lambda: None

    def record_login(self, ack: LoginAck) -> None:
        """The user was let in. The first time, the application gets what an earlier program was not
        done with."""

    def record_token(self, token: str) -> None:
        """This is the token now; empty if there is none."""

    def record_position(self, position: Position | None) -> None:
        """The user has come up to this position."""

    def record(self, event: Event) -> None:
        """Record an event, and pass it to the application."""
        self.give(event)

    def finish(self, entry: Given) -> None:
        """The application is done with this entry and all before it."""

    def record_chat(self, cid: str, chat: Chat) -> None:
        """This message is to be sent."""

    def record_outcome(self, cid: str, outcome: Ack | Exception) -> None:
        """A message is safe (Ack), will never be sent (Refused), or not by this program (else)."""

    async def flush(self) -> None:
        """Wait until everything so far is on disk."""

    async def close(self) -> None:
        pass


class FileJournal(Journal):
    """A journal that keeps everything in a file. Created by `open`."""

    @classmethod
    async def open(cls, path: str | Path, kept: int) -> "FileJournal":
        """Open or create the file, which keeps `kept` finished entries. Raises StoreError."""
        store = await asyncio.to_thread(Store, path, kept)
        try:
            return cls(store)
        except StoreError:
            store.close()
            raise

    def __init__(self, store: Store) -> None:
        super().__init__()
        owner = store.owner()
        unfinished = store.unfinished()
        self._owner = owner
        self._position = owner.position if owner else None
        self._epoch = self._position.epoch if self._position else ""
        self._number = store.last_number()
        self._unfinished = deque((one.entry, one.number) for one in unfinished)
        self._left_over = unfinished
        self._unsent = dict(store.unsent())
        self._writer = StoreWriter(store, self._failed, self._idle)
        if owner is not None:
            self.user = User(owner.user_id, owner.name)
            self.token = owner.token
            self.saved = SavedState(
                owner.user_id,
                owner.position,
                tuple(
                    one.entry
                    for one in unfinished
                    if one.epoch == self._epoch and not isinstance(one.entry, Reset)
                ),
                tuple(store.recent_cids()),
                tuple(self._unsent.items()),
            )

    @property
    def size(self) -> int:  # type: ignore[override]
        return self._writer.size

    def record_login(self, ack: LoginAck) -> None:
        if ack.epoch != self._epoch:
            self._epoch, self._position = ack.epoch, None
        self._set_owner(Owner(ack.id, ack.name, ack.token, self._position))
        left, self._left_over = self._left_over, []
        for one in left:
            if one.epoch == self._epoch or not isinstance(one.entry, Reset):
                self._writer.after(partial(self.give, one.entry))

    def record_token(self, token: str) -> None:
        if self._owner is not None:
            self._set_owner(attrs.evolve(self._owner, token=token, position=self._position))

    def record_position(self, position: Position | None) -> None:
        if position is not None and self._owner is not None and position != self._position:
            self._set_position(position)
            self._writer.write(lambda store: store.set_position(position))

    def record(self, event: Event) -> None:
        if isinstance(event, Message | Changed):
            self._record_entry(event, Position(event.at, self._epoch))
        elif isinstance(event, Reset):
            self._record_entry(event, event.position)
        else:
            self._writer.after(partial(self.give, event))

    def finish(self, entry: Given) -> None:
        if not any(one is entry for one, _ in self._unfinished):
            return
        while True:
            one, number = self._unfinished.popleft()
            if one is entry:
                break
        self._writer.write(lambda store: store.finish(number))

    def record_chat(self, cid: str, chat: Chat) -> None:
        self._unsent[cid] = chat
        self._writer.write(lambda store: store.post(cid, chat))

    def record_outcome(self, cid: str, outcome: Ack | Exception) -> None:
        if not isinstance(outcome, Ack | Refused):
            return
        chat = self._unsent.pop(cid, None)
        if chat is not None and isinstance(outcome, Ack):
            numbered = self._numbered(self._own_message(cid, chat, outcome))
            self._writer.write(lambda store: store.add(numbered, unfinished=False))
        self._writer.write(lambda store: store.settle(cid))

    async def kept(self, where: Where, before: int, limit: int) -> list[Entry]:
        """The last `limit` entries of a conversation below a position, ascending. Raises StoreError
        if the store is closed, or has failed."""
        had: list[list[Entry]] = []
        self._writer.write(lambda store: had.append(store.kept(where, before, limit)))
        await self.flush()
        if not had:
            raise StoreError("the local store is closed")
        return had[0]

    async def flush(self) -> None:
        await self._writer.flush()

    async def close(self) -> None:
        await self._writer.close()

    # Inside.

    def _failed(self, why: StoreError) -> None:
        self.on_failure(why)

    def _idle(self) -> None:
        self.on_idle()

    def _set_owner(self, owner: Owner) -> None:
        self._owner = owner
        self.user, self.token = User(owner.user_id, owner.name), owner.token
        self._writer.write(lambda store: store.set_owner(owner))

    def _set_position(self, position: Position) -> None:
        self._position, self._epoch = position, position.epoch

    def _record_entry(self, entry: Given, position: Position) -> None:
        """Record an entry, and with it the user's position."""
        self._set_position(position)
        numbered = self._numbered(entry)
        self._unfinished.append((entry, numbered.number))

        def write(store: Store) -> None:
            store.add(numbered, unfinished=True)
            store.set_position(position)

        self._writer.write(write, partial(self.give, entry))

    def _numbered(self, entry: Given) -> Numbered:
        self._number += 1
        return Numbered(self._number, self._epoch, entry)

    def _own_message(self, cid: str, chat: Chat, ack: Ack) -> Message:
        """A message of this program, in the form in which another device would get it."""
        user = self.user or User(0, "")
        to_id, group_id = (0, chat.groupid) if isinstance(chat, GroupChat) else (chat.toid, 0)
        return Message(
            ack.at, cid, user.id, user.name, chat.msg, ack.time_ms, to_id, group_id, chat.re,
            own=True,
        )  # fmt: skip
