"""Mailboxes against the simplest thing that could be one, over any sequence of steps."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from adapters.memory import memory_store
from adapters.sqlite import sqlite_store
from chat_domain.model import Entry, Filing, Message, Outcome
from chat_domain.ports import Store
from tests.contract.making import facts, message, register

CAPACITY = 4
USERS = (1, 2, 2**64)  # the last one is nobody
SENDERS, CIDS, COPIES = (1, 2), ("a", "b", "c"), (1, 2, 3)
MIDS = [f"{copy}{cid}{sender}" for sender in SENDERS for cid in CIDS for copy in COPIES]


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Any of a few, whose mids are never those of another sender and cid."""
    mid = draw(st.sampled_from(MIDS))
    return message(
        mid,
        draw(st.sampled_from(["hello", "bye"])),
        cid=mid[1],
        sender_id=int(mid[2]),
        group_id=draw(st.sampled_from([0, 7])),
    )


some_mids = st.sets(st.sampled_from(MIDS))


class MailboxMachine(RuleBasedStateMachine):
    """The model is a list of messages for each user."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.model: dict[int, list[Message]] = {1: [], 2: []}

    async def open(self) -> Store:
        return memory_store(mailbox_capacity=CAPACITY)

    @initialize()
    def begin(self) -> None:
        self.store = self.runner.run(self.open())
        self.runner.run(register(self.store, "Ann", "Bob"))

    @rule(entries=st.lists(st.builds(Entry, st.sampled_from(USERS), messages()), max_size=4))
    def add(self, entries: list[Entry]) -> None:
        filings = self.runner.run(self.store.mailbox.add(entries))
        expected = [self.file(entry) for entry in entries]
        assert [filing.outcome for filing in filings] == [filing.outcome for filing in expected]
        assert facts(filing.message for filing in filings) == facts(
            filing.message for filing in expected
        )

    @rule(user_id=st.sampled_from(USERS), mids=some_mids)
    def remove(self, user_id: int, mids: set[str]) -> None:
        self.runner.run(self.store.mailbox.remove(user_id, mids))
        if user_id in self.model:
            self.model[user_id] = [kept for kept in self.model[user_id] if kept.mid not in mids]

    @rule(user_id=st.sampled_from(USERS), limit=st.integers(0, 5), without=some_mids)
    def read(self, user_id: int, limit: int, without: set[str]) -> None:
        found = self.runner.run(self.store.mailbox.read(user_id, limit, without))
        wanted = [kept for kept in self.model.get(user_id, []) if kept.mid not in without]
        assert facts(found) == facts(sorted(wanted, key=lambda kept: kept.mid)[:limit])

    @invariant()
    def nothing_more_and_nothing_less(self) -> None:
        for user_id in self.model:
            self.read(user_id, 1000, set())

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()

    def file(self, entry: Entry) -> Filing:
        box, sent = self.model.get(entry.recipient_id), entry.message
        if box is None:
            return Filing(Outcome.NO_SUCH_USER, sent)
        for kept in box:
            if (kept.sender_id, kept.cid) == (sent.sender_id, sent.cid):
                if (kept.text, kept.group_id) != (sent.text, sent.group_id):
                    return Filing(Outcome.CONFLICT, kept)
                earlier = min(kept, sent, key=lambda copy: copy.mid)
                box[box.index(kept)] = earlier
                return Filing(Outcome.STORED, earlier)
        if len(box) == CAPACITY:
            return Filing(Outcome.FULL, sent)
        box.append(sent)
        return Filing(Outcome.STORED, sent)


class SqliteMailboxMachine(MailboxMachine):
    async def open(self) -> Store:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        return await self.stack.enter_async_context(
            sqlite_store(folder / "chat.db", mailbox_capacity=CAPACITY)
        )


TestMemoryMailbox = MailboxMachine.TestCase
TestSqliteMailbox = SqliteMailboxMachine.TestCase
TestMemoryMailbox.settings = TestSqliteMailbox.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None
)
