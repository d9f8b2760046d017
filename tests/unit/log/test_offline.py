"""Sessions that are behind read on, in order and without a hole."""

from typing import Any

import pytest

from chat_domain.entries import Change, ChangeKind
from chat_domain.errors import NotSentYet
from chat_domain.log import marks, offline
from chat_domain.log.follower import GAP_WAITS
from chat_domain.model import User
from tests.unit.fakes import RecordingClient
from tests.unit.log.elsewhere import Elsewhere, hear
from tests.unit.world import Terminal, World


@pytest.fixture
def away(world: World) -> User:
    return world.register("Cid")[0]


def miss_three(reader: Terminal, writer: Terminal) -> None:
    """Be behind while three texts are written, then read on."""
    reader.chokes()
    for text in ("one", "two", "three"):
        writer.says(reader.user, text)
    reader.takes_more()


def test_a_thousand_entries_come_in_pages_with_live_ones_behind(
    world: World, ann: Terminal, away: User
) -> None:
    """They come in order, each once; what is written meanwhile comes after them."""
    texts = [str(number) for number in range(1000)]
    for text in texts:
        ann.says(away, text)
    world.log.slow_reads = True
    client_of = []

    async def begin() -> None:
        client_of.append(await _log_in(world, away))

    world.tasks.start(begin())
    world.settle()
    world.log.slow_reads = False
    ann.says(away, "meanwhile")
    world.settle()
    assert client_of[0].client.texts == [*texts, "meanwhile"]
    assert client_of[0].session.live


async def _log_in(world: World, user: User) -> Terminal:
    client = RecordingClient()
    start = await world.chat.logins.begin_device(user, client, "phone")
    world.chat.logins.ready(start.session)
    return Terminal(world, start.session, client)


def test_who_does_not_read_is_sent_nothing_more(world: World, ann: Terminal, bob: Terminal) -> None:
    """Nothing is kept for them. When there is room again, they get everything and are live."""
    ann.says(bob.user, "one")
    bob.chokes()
    ann.says(bob.user, "two")
    ann.says(bob.user, "three")
    assert bob.client.texts == ["one"]
    assert not bob.is_live
    bob.takes_more()
    assert bob.client.texts == ["one", "two", "three"]
    assert bob.is_live
    ann.says(bob.user, "four")
    assert bob.client.texts[-1] == "four"


def test_who_chokes_in_the_midst_of_a_page_gets_the_rest_later(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """What was shown before is not shown again."""
    bob.chokes()
    for number in range(10):
        ann.says(bob.user, str(number))
    show = bob.client.show_late

    def choke_at_three(entry: object) -> None:
        show(entry)  # type: ignore[arg-type]
        if len(bob.client.texts) == 3:
            bob.chokes()

    bob.client.show_late = choke_at_three  # type: ignore[method-assign]
    bob.takes_more()
    assert bob.client.texts == ["0", "1", "2"]
    bob.takes_more()
    assert bob.client.texts == [str(number) for number in range(10)]


def test_whoever_is_a_little_behind_needs_no_store(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """The node has the last entries itself."""
    bob.chokes()
    ann.says(bob.user, "hello")
    world.log.failing = True
    bob.takes_more()
    assert bob.client.texts == ["hello"]
    assert world.log.times_read == 0


@pytest.mark.parametrize("bound", ["ring.MOST_ENTRIES", "offline.RING_AT_MOST"])
def test_who_is_far_behind_is_read_for_from_the_store(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """The ring does not have it any more, or going through all that others said would take
    longer."""
    monkeypatch.setattr(f"chat_domain.log.{bound}", 2)
    miss_three(bob, ann)
    assert bob.client.texts == ["one", "two", "three"]
    assert world.log.times_read == 1


def test_who_left_a_group_while_behind_sees_what_came_before(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """They see nothing later, although the ring has it."""
    elsewhere = Elsewhere(world, ann, bob)
    group = world.group(ann, bob)
    bob.chokes()
    ann.says_to_group(group, "before")
    hear(world, elsewhere.changes(bob, group, Change(ChangeKind.LEFT)))
    ann.says_to_group(group, "behind")
    bob.takes_more()
    assert bob.client.texts == ["before"]
    assert bob.client.changes[-1] == "left"


def test_a_store_that_does_not_answer_is_asked_again_by_the_clock(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost by it."""
    monkeypatch.setattr(offline, "RING_AT_MOST", 0)
    bob.chokes()
    ann.says(bob.user, "hello")
    world.log.failing = True
    bob.takes_more()
    assert bob.client.texts == []
    world.log.failing = False
    world.chat.offline.catch_up(bob.session)
    world.tasks.drain()
    assert bob.client.texts == ["hello"]


def begin_reading(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begin to read from the store what Bob has missed."""
    monkeypatch.setattr(offline, "RING_AT_MOST", 0)
    bob.chokes()
    ann.says(bob.user, "hello")
    world.log.slow_reads = True
    bob.takes_more()


def test_a_session_that_ends_during_a_read_is_shown_nothing(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its link is gone."""
    begin_reading(world, ann, bob, monkeypatch)
    bob.leaves()
    world.settle()
    assert bob.client.texts == []


def test_a_session_that_leaves_during_a_read_is_shown_nothing(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This holds even while its last messages wait for answers."""
    group = world.group(ann, bob)
    begin_reading(world, ann, bob, monkeypatch)
    world.log.slow_writes = True
    bob.says_to_group(group, "good bye")
    world.tasks.start(world.chat.logins.drain(bob.session))
    world.tasks.drain()
    while world.log.reading:
        world.log.reading.popleft()()
        world.tasks.drain()
    ann.says(bob.user, "again")
    world.settle()
    assert bob.client.statuses == ["accepted"]
    assert bob.client.texts == []


def test_what_was_being_read_at_a_reset_is_read_again(
    world: World, ann: Terminal, bob: Terminal, old: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read from where version 1 begins, even if the epoch is the same because entries were
    deleted that this node never saw."""
    group = world.group(ann, bob)
    ann.says(old.user, "not marked yet")
    begin_reading(world, ann, old, monkeypatch)
    world.log.slow_reads = False
    elsewhere = Elsewhere(world, ann, old)
    elsewhere.changes(bob, group, Change(ChangeKind.LEFT))
    world.tasks.run(world.store.log.forget_of(group, world.clock.now_ms() + 1, 9))
    elsewhere.commits("young")
    world.tasks.run(world.chat.follower.poll_head())
    world.passes(GAP_WAITS)
    world.settle()
    assert old.client.notices == ["reset"]
    assert old.client.texts == ["not marked yet", "not marked yet", "hello", "young"]
    ann.comes_again().says(old.user, "new")
    assert old.client.texts[4:] == ["new"]


class TestTakingOver:
    def test_what_was_not_sent_yet_cannot_be_taken_over(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """Such a request takes nothing over."""
        bob.chokes()
        ann.says(bob.user, "hello")
        with pytest.raises(NotSentYet):
            bob.takes_over(1)
        bob.takes_more()
        bob.takes_over(1)
        with pytest.raises(NotSentYet):
            bob.takes_over(2)

    def test_marks_only_grow(self, world: World, ann: Terminal, bob: Terminal) -> None:
        """An older one changes nothing."""
        for text in ("one", "two"):
            ann.says(bob.user, text)
        bob.takes_over(2)
        bob.takes_over(1)
        world.passes(1.0)
        assert world.waiting_for(bob.user) == []

    def test_the_writer_is_told_how_far_their_texts_are(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """They are told at most twice a second, and nothing about others' texts."""
        cid = world.newcomer("Cid")
        ann.says(bob.user, "one")
        ann.says(bob.user, "two")
        cid.says(bob.user, "three")
        bob.takes_over(3)
        assert ann.client.marks == []
        world.passes(0.5)
        assert ann.client.marks == [(bob.user.id, 2)]
        assert cid.client.marks == [(bob.user.id, 3)]
        world.passes(0.5)
        assert ann.client.marks == [(bob.user.id, 2)]

    def test_the_writer_is_told_of_what_was_read_later(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """As of what is shown at once."""
        miss_three(bob, ann)
        bob.takes_over()
        world.passes(0.5)
        assert ann.client.marks == [(bob.user.id, 3)]

    def test_many_writers_are_told_in_several_turns(
        self, world: World, bob: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Otherwise users who take over what many have written to them, all at the same moment,
        would hold everybody up."""
        monkeypatch.setattr(marks, "TOLD_AT_ONCE", 2)
        writers = [world.newcomer(f"user {number}") for number in range(4)]
        for writer in writers:
            writer.says(bob.user, "hello")
        bob.takes_over()
        world.chat.marks.tick(world.clock.monotonic())
        told = [sum(len(writer.client.marks) for writer in writers)]
        while world.tasks.turn():
            told.append(sum(len(writer.client.marks) for writer in writers))
        assert told[:4] == [1, 2, 3, 4]
        assert [writer.client.marks for writer in writers] == [
            [(bob.user.id, at)] for at in range(1, 5)
        ]

    def test_a_reset_forgets_whom_to_tell(
        self, world: World, bob: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The positions of an earlier epoch mean nothing to who has not been told of them yet."""
        monkeypatch.setattr(marks, "TOLD_AT_ONCE", 1)
        writers = [world.newcomer(f"user {number}") for number in range(3)]
        for writer in writers:
            writer.says(bob.user, "hello")
        bob.takes_over()
        world.chat.marks.tick(world.clock.monotonic())
        world.chat.marks.reset()
        world.tasks.drain()
        assert [len(writer.client.marks) for writer in writers] == [1, 0, 0]

    def test_marks_are_written_about_once_a_second(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """A store that does not answer is asked again."""
        ann.says(bob.user, "hello")
        bob.takes_over()
        world.log.failing = True
        world.passes(1.0)
        world.log.failing = False
        assert world.waiting_for(bob.user) == ["hello"]
        world.passes(1.0)
        assert world.waiting_for(bob.user) == []
        assert len(world.chat.marks) == 0

    def test_who_leaves_has_their_own_mark_written(
        self, world: World, ann: Terminal, bob: Terminal
    ) -> None:
        """At once, and nobody else's: thousands may leave together."""
        ann.says(bob.user, "hello")
        for reader in (ann, bob):
            reader.takes_over()
        bob.leaves()
        assert world.waiting_for(bob.user) == []
        assert len(world.chat.marks) == 1

    def test_marks_are_written_once_a_second_at_most(
        self, world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And not while the store has not answered the last time."""
        mark, writes = world.log.mark, []

        async def counted(*asked: Any) -> None:
            writes.append(asked)
            await mark(*asked)

        monkeypatch.setattr(world.log, "mark", counted)
        counts = []
        for at, seconds in ((1, 1.0), (2, 0.5), (2, 0.5), (3, 1.0), (3, 1.0)):
            world.log.slow_reads = at == 3
            ann.says(bob.user, "hello")
            bob.takes_over(at)
            world.passes(seconds)
            counts.append(len(writes))
        assert counts == [1, 1, 2, 3, 3]


def test_who_has_read_ahead_of_its_node_sees_nothing_twice(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store has entries that this node has not heard of yet."""
    monkeypatch.setattr(offline, "RING_AT_MOST", 0)
    elsewhere = Elsewhere(world, ann, bob)
    bob.chokes()
    ann.says(bob.user, "one")
    note = elsewhere.commits("two")
    bob.takes_more()
    assert bob.client.texts == ["one", "two"]
    assert bob.is_live
    hear(world, note, elsewhere.commits("three"))
    assert bob.client.texts == ["one", "two", "three"]


def test_nobody_reads_on_and_on_in_a_log_that_has_lost_its_end(
    world: World, ann: Terminal, bob: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock notices the loss; until then, one read is enough."""
    monkeypatch.setattr(offline, "RING_AT_MOST", 0)
    bob.chokes()
    ann.says(bob.user, "hello")
    world.chat.follower.ingest(2, 3, ())  # which the store does not have
    bob.takes_more()
    assert bob.client.texts == ["hello"]
    assert not bob.is_live
    assert world.log.times_read <= 3
