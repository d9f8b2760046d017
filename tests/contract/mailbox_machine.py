"""A mailbox against the simplest thing that could be one, over any sequence of steps."""

import asyncio
from contextlib import AsyncExitStack

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chat_domain.model import Entry, Filing, Message, Outcome
from chat_domain.ports.store import Store
from tests.contract.making import facts, message, register

CAPACITY = 4
ANN, BOB, NOBODY = range(3)
USERS = (ANN, BOB, NOBODY)
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


def agree(added: list[tuple[int, Message]]) -> bool:
    """Whether all copies of a message in one step say the same."""
    contents = {(user, one.key, one.text, one.group_id) for user, one in added}
    return len(contents) == len({(user, one.key) for user, one in added})


some_mids = st.sets(st.sampled_from(MIDS))


class MailboxMachine(RuleBasedStateMachine):
    """The model is a list of messages for each user."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.model: dict[int, list[Message]] = {}

    async def open(self) -> Store:
        """An empty store, which `stack` closes."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.store = self.runner.run(self.open())
        users = self.runner.run(register(self.store, "Ann", "Bob"))
        self.ids = [*users, 2**64]
        self.model = {user: [] for user in users}

    @rule(added=st.lists(st.tuples(st.sampled_from(USERS), messages()), max_size=4).filter(agree))
    def add(self, added: list[tuple[int, Message]]) -> None:
        entries = [Entry(self.ids[user], message) for user, message in added]
        filings = self.runner.run(self.store.mailbox.add(entries))
        expected = [self.file(entry) for entry in entries]
        assert [filing.outcome for filing in filings] == [filing.outcome for filing in expected]
        for entry, filing, wanted in zip(entries, filings, expected, strict=True):
            # of two copies in one step, the first may be answered with the second
            kept = self.on_file(entry) or wanted.message
            assert facts([filing.message])[0] in facts([wanted.message, kept])

    @rule(user=st.sampled_from(USERS), mids=some_mids)
    def remove(self, user: int, mids: set[str]) -> None:
        user_id = self.ids[user]
        self.runner.run(self.store.mailbox.remove(user_id, mids))
        if user_id in self.model:
            self.model[user_id] = [kept for kept in self.model[user_id] if kept.mid not in mids]

    @rule(user=st.sampled_from(USERS), limit=st.integers(0, 5), without=some_mids)
    def read(self, user: int, limit: int, without: set[str]) -> None:
        user_id = self.ids[user]
        found = self.runner.run(self.store.mailbox.read(user_id, limit, without))
        wanted = [kept for kept in self.model.get(user_id, []) if kept.mid not in without]
        assert facts(found) == facts(sorted(wanted, key=lambda kept: kept.mid)[:limit])

    @invariant()
    def nothing_more_and_nothing_less(self) -> None:
        for user in (ANN, BOB):
            self.read(user, 1000, set())

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()

    def file(self, entry: Entry) -> Filing:
        box, sent = self.model.get(entry.recipient_id), entry.message
        if box is None:
            return Filing(Outcome.NO_SUCH_USER, sent)
        kept = self.on_file(entry)
        if kept is not None:
            if (kept.text, kept.group_id) != (sent.text, sent.group_id):
                return Filing(Outcome.CONFLICT, kept)
            earlier = min(kept, sent, key=lambda copy: copy.mid)
            box[box.index(kept)] = earlier
            return Filing(Outcome.STORED, earlier)
        if len(box) == CAPACITY:
            return Filing(Outcome.FULL, sent)
        box.append(sent)
        return Filing(Outcome.STORED, sent)

    def on_file(self, entry: Entry) -> Message | None:
        """What is there of the same sender and cid."""
        sent, box = entry.message, self.model.get(entry.recipient_id, [])
        known = {(kept.sender_id, kept.cid): kept for kept in box}
        return known.get((sent.sender_id, sent.cid))
