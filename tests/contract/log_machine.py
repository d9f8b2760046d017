"""Compares reading the log with the simplest model of one, over any sequence of steps.

The model keeps all entries, and for each user and conversation the stretches in which they were a
member; it searches all entries for what a user may see.
"""

import asyncio
from contextlib import AsyncExitStack

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chat_domain.entries import DELETED, EVERYWHERE, TEXT, ChangeKind, Entry, is_group, pair, people
from chat_domain.errors import ChatError
from chat_domain.ports.store import Store
from tests.contract.making import MADE, append, change, register, text

USERS = 3
user_ids = st.integers(1, USERS)
groups = st.integers(0, 2)  # places among the groups that there were
limits = st.integers(0, 4)
afters = st.integers(0, 12)


@attrs.define
class Stretch:
    """since < at <= left is seen; left None: it has no end."""

    since: int
    left: int | None = None


@attrs.define
class Model:
    entries: list[Entry] = attrs.field(factory=list)
    stretches: dict[tuple[int, int], Stretch] = attrs.field(factory=dict)
    read: dict[tuple[int, int], int] = attrs.field(factory=dict)
    whole: set[int] = attrs.field(factory=set)  # groups that show who joins all of it
    got: dict[int, int] = attrs.field(factory=dict)
    deleted: set[int] = attrs.field(factory=set)
    forgotten: set[int] = attrs.field(factory=set)

    def take(self, entry: Entry) -> None:
        self.entries.append(entry)
        if not is_group(entry.conv):
            for user_id in people(entry.conv):
                self.stretches.setdefault((user_id, entry.conv), Stretch(0))
        if entry.change is not None:
            self._change(entry, entry.change.what, entry.change.user_id)

    def _change(self, entry: Entry, what: str, user_id: int) -> None:
        at, conv, sender_id = entry.at, entry.conv, entry.sender_id
        if what in (ChangeKind.CREATED, ChangeKind.JOINED):
            self.stretches[sender_id, conv] = Stretch(0 if conv in self.whole else at - 1)
            self.read[sender_id, conv] = at - 1
        elif what == ChangeKind.ERASED:
            self.deleted |= {one.at for one in self.entries if one.sender_id == sender_id}
        elif what in (ChangeKind.LEFT, ChangeKind.REMOVED, ChangeKind.ENDED):
            leaving = {ChangeKind.LEFT: [sender_id], ChangeKind.REMOVED: [user_id]}
            everybody = [one for one, where in self.stretches if where == conv]
            for one in leaving.get(ChangeKind(what), everybody):
                stretch = self.stretches[one, conv]
                if stretch.left is None:
                    stretch.left = at

    def kept(self) -> list[Entry]:
        return [one for one in self.entries if one.at not in self.forgotten]

    def sees(self, user_id: int, entry: Entry) -> bool:
        stretch = self.stretches.get((user_id, entry.conv))
        if stretch is None:
            return False
        return stretch.since < entry.at and (stretch.left is None or entry.at <= stretch.left)

    def kind(self, entry: Entry) -> int:
        return DELETED if entry.kind == TEXT and entry.at in self.deleted else entry.kind

    def conversations(self, user_id: int) -> list[tuple[int, int, int, bool]]:
        """Each with the last entry that they see, how many texts are unread, and whether they have
        left, the latest first. What happens to their account and devices makes none with
        themselves."""
        found: dict[int, tuple[int, int, int, bool]] = {}
        for one in self.kept():
            conv = one.conv
            if conv == pair(user_id, user_id) and one.change is not None:
                continue
            if self.sees(user_id, one):
                _, _, unread, _ = found.get(conv, (0, 0, 0, False))
                is_text = self.kind(one) == TEXT and one.sender_id != user_id
                unread += is_text and one.at > self.read.get((user_id, conv), 0)
                left = self.stretches[user_id, conv].left is not None
                found[conv] = conv, one.at, unread, left
        return sorted(found.values(), key=lambda one: -one[1])

    def page(
        self, user_id: int, conv: int, before: int | None, after: int, limit: int
    ) -> list[tuple[int, int, int]]:
        every = [one for one in self.seen(user_id, after) if one[1] == conv]
        if before is None:
            return every[:limit]
        every = [one for one in every if one[0] < before]
        return every[max(0, len(every) - limit) :]

    def seen(self, user_id: int, after: int) -> list[tuple[int, int, int]]:
        return [
            (one.at, one.conv, self.kind(one))
            for one in self.kept()
            if one.at > after and self.sees(user_id, one)
        ]


class LogMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.model = Model()
        self.made: list[int] = []
        self.asked = 0

    async def open(self) -> Store:
        """Open an empty store, which `stack` closes."""
        raise NotImplementedError

    @initialize(whole=st.booleans())
    def begin(self, *, whole: bool) -> None:
        """Begin with a group that has two members."""
        self.store = self.runner.run(self.open())
        names = (f"user {number}" for number in range(USERS))
        users = self.runner.run(register(self.store, *names))
        # a store's ids may begin anywhere; the model's begin at 1
        self.first = users[0] - 1
        self.create(1)
        self.come_and_go([(ChangeKind.JOINED, 2, 0)])
        self.show_history(0, whole=whole)

    # -- what is written -------------------------------------------------------------------------

    def group(self, place: int) -> int:
        return self.made[place] if place < len(self.made) else 2**31 - 1

    def id(self, user: int) -> int:
        return self.first + user

    def write(self, *entries: Entry) -> None:
        """Write each entry with a time of its own, one millisecond after the other."""
        for entry in entries:
            entry.time_ms = MADE + self.asked
            self.asked += 1  # also of what is refused: no time is below an earlier one
        for result in self.runner.run(append(self.store, *entries)):
            if isinstance(result, Entry):
                self.model.take(result)
            else:
                assert isinstance(result, ChatError)

    @rule(one=user_ids, other=user_ids, number=st.integers(1, 3))
    def say(self, one: int, other: int, number: int) -> None:
        conv = pair(self.id(one), self.id(other))
        self.write(*(text(self.id(one), conv) for _ in range(number)))

    @rule(user=user_ids, place=groups)
    def say_to_group(self, user: int, place: int) -> None:
        """The writer authorizes who may write to a group, so only members do it here."""
        stretch = self.model.stretches.get((self.id(user), self.group(place)))
        if stretch is not None and stretch.left is None:
            self.write(text(self.id(user), self.group(place)))

    @rule(user=user_ids)
    def create(self, user: int) -> None:
        if len(self.made) < 3:
            entry = change(ChangeKind.CREATED, self.id(user), name=f"group {len(self.made)}")
            self.write(entry)
            self.made.append(entry.conv)

    @rule(
        changes=st.lists(
            st.tuples(st.sampled_from([ChangeKind.JOINED, ChangeKind.LEFT]), user_ids, groups),
            max_size=4,
        )
    )
    def come_and_go(self, changes: list[tuple[ChangeKind, int, int]]) -> None:
        self.write(*(change(what, self.id(user), self.group(at)) for what, user, at in changes))

    @rule(place=groups, user=user_ids)
    def remove(self, place: int, user: int) -> None:
        self.write(change(ChangeKind.REMOVED, self.id(1), self.group(place), self.id(user)))

    @rule(place=groups, whole=st.booleans())
    def show_history(self, place: int, *, whole: bool) -> None:
        conv = self.group(place)
        if self.runner.run(self.store.groups.show_history(conv, whole=whole)):
            (self.model.whole.add if whole else self.model.whole.discard)(conv)

    @rule(place=groups)
    def end(self, place: int) -> None:
        self.write(change(ChangeKind.ENDED, self.id(1), self.group(place)))

    @rule(user=user_ids)
    def erase(self, user: int) -> None:
        self.write(change(ChangeKind.ERASED, self.id(user), pair(self.id(user), self.id(user))))

    @rule(user=user_ids, at=afters)
    def get(self, user: int, at: int) -> None:
        self.runner.run(self.store.log.mark({(self.id(user), EVERYWHERE): at}))
        self.model.got[self.id(user)] = max(self.model.got.get(self.id(user), 0), at)

    @rule(user=user_ids, other=st.integers(-2, USERS), at=afters)
    def mark_as_read(self, user: int, other: int, at: int) -> None:
        """Only a user who is or was in the conversation has a mark, and it only grows."""
        user_id = self.id(user)
        conv = pair(user_id, self.id(other)) if other > 0 else self.group(-other)
        self.runner.run(self.store.log.mark({(user_id, conv): at}))
        if (user_id, conv) in self.model.stretches:
            self.model.read[user_id, conv] = max(self.model.read.get((user_id, conv), 0), at)

    # -- what is forgotten -----------------------------------------------------------------------

    @rule(age=afters, limit=limits)
    def forget(self, age: int, limit: int) -> None:
        old = [one.at for one in self.model.kept() if one.time_ms < MADE + age]
        result = self.runner.run(self.store.log.forget(MADE + age, limit))
        assert result == len(old[:limit])
        self.model.forgotten |= set(old[:limit])
        self.the_oldest_is_behind_all_that_was_deleted()

    @rule(place=groups, age=afters, limit=limits)
    def forget_of(self, place: int, age: int, limit: int) -> None:
        its = (one for one in self.model.kept() if one.conv == self.group(place))
        old = [one.at for one in its if one.time_ms < MADE + age]
        result = self.runner.run(self.store.log.forget_of(self.group(place), MADE + age, limit))
        assert result == len(old[:limit])
        self.model.forgotten |= set(old[:limit])
        self.the_oldest_is_behind_all_that_was_deleted()

    def the_oldest_is_behind_all_that_was_deleted(self) -> None:
        """This is true of the front: what is deleted of one group alone may be above `oldest`."""
        oldest = self.runner.run(self.store.log.ends()).oldest
        assert all(at in self.model.forgotten for at in range(1, oldest))

    # -- what is read ----------------------------------------------------------------------------

    @rule(user=user_ids, after=afters, limit=limits)
    def read(self, user: int, after: int, limit: int) -> None:
        reading = self.runner.run(self.store.log.read(self.id(user), after, limit))
        wanted = self.model.seen(self.id(user), after)[:limit]
        assert [(one.at, one.conv, one.kind) for one in reading.entries] == wanted
        full = wanted[-1][0] if wanted else after
        assert reading.upto == (full if len(wanted) == limit else len(self.model.entries))

    @rule(user=user_ids, after=afters, most=limits)
    def count(self, user: int, after: int, most: int) -> None:
        missed = self.runner.run(self.store.log.missed(self.id(user), after, most))
        assert missed == min(most, len(self.model.seen(self.id(user), after)))

    @rule(
        user=user_ids,
        other=st.one_of(user_ids, groups.map(lambda place: -place)),
        before=st.none() | afters,
        after=afters,
        limit=limits,
    )
    def page(self, user: int, other: int, before: int | None, after: int, limit: int) -> None:
        conv = pair(self.id(user), self.id(other)) if other > 0 else self.group(-other)
        page = self.runner.run(
            self.store.log.page(self.id(user), conv, before=before, after=after, limit=limit)
        )
        wanted = self.model.page(self.id(user), conv, before, after, limit)
        assert [(one.at, one.conv, one.kind) for one in page] == wanted
        visibility = self.runner.run(self.store.log.visibility(self.id(user), conv))
        shown = {one.at for one in self.model.entries if visibility and visibility.shows(one.at)}
        seen = {one[0] for one in self.model.seen(self.id(user), 0) if one[1] == conv}
        assert seen == {one.at for one in self.model.kept() if one.conv == conv} & shown

    @rule(user=user_ids, before=st.none() | afters, limit=limits)
    def conversations(self, user: int, before: int | None, limit: int) -> None:
        found = self.runner.run(self.store.log.conversations(self.id(user), before, limit))
        every = self.model.conversations(self.id(user))
        wanted = [one for one in every if before is None or one[1] < before][:limit]
        assert [(one.conv, one.last.at, one.unread, one.left) for one in found] == wanted

    @rule(user=user_ids, sender=user_ids, most=limits)
    def undelivered(self, user: int, sender: int, most: int) -> None:
        count = self.runner.run(self.store.log.undelivered(self.id(user), self.id(sender), most))
        conv = pair(self.id(user), self.id(sender))
        got = self.model.got.get(self.id(user), 0)
        wanted = [
            one
            for one in self.model.kept()
            if one.conv == conv and one.sender_id == self.id(sender) and one.at > got
        ]
        assert count == min(most, sum(self.model.kind(one) == TEXT for one in wanted))

    @invariant()
    def a_session_would_begin_with_its_groups(self) -> None:
        if not hasattr(self, "store"):
            return
        opening = self.runner.run(self.store.log.opening(self.id(1)))
        wanted = sorted(
            conv
            for (user_id, conv), stretch in self.model.stretches.items()
            if user_id == self.id(1) and is_group(conv) and stretch.left is None
        )
        assert list(opening.groups) == wanted
        assert opening.got == self.model.got.get(self.id(1), 0)
        assert opening.ends.head == len(self.model.entries)

    @invariant()
    def positions_are_dense(self) -> None:
        assert [one.at for one in self.model.entries] == list(range(1, len(self.model.entries) + 1))

    def teardown(self) -> None:
        """Let everybody look at everything in the end."""
        try:
            if hasattr(self, "store"):
                for user in range(1, USERS + 1):
                    self.look(user)
        finally:
            self.close()

    def look(self, user: int) -> None:
        self.read(user, 0, 1000)
        self.conversations(user, None, 1000)
        for other in range(1 - len(self.made), USERS + 1):
            self.page(user, other, None, 0, 1000)

    def close(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
