"""Another node on the same log."""

from chat_domain.entries import (
    CHANGE,
    TEXT,
    Batch,
    Change,
    Entry,
    EntryRef,
    pair,
)
from chat_domain.notes import Appended
from tests.unit.fakes import finished
from tests.unit.world import Terminal, World


class Elsewhere:
    """Another node on the same log, as this one hears of it."""

    def __init__(self, world: World, sender: Terminal, to: Terminal) -> None:
        self.world, self.sender = world, sender.user
        self.conv = pair(sender.user.id, to.user.id)
        self.log = world.log.inner

    def commits(self, *texts: str) -> Appended:
        """Commit these texts; return the note that would be broadcast."""
        sender, now_ms = self.sender, self.world.clock.now_ms()
        entries = tuple(
            Entry(self.conv, TEXT, sender.id, sender.name, text, text, time_ms=now_ms)
            for text in texts
        )
        return self._commit(entries)

    def says_to_group(self, sender: Terminal, conv: int, text: str) -> Appended:
        user = sender.user
        return self._commit((Entry(conv, TEXT, user.id, user.name, text, text),))

    def changes(self, sender: Terminal, conv: int, change: Change) -> Appended:
        cid = self.world.ids.cid()
        user = sender.user
        return self._commit((Entry(conv, CHANGE, user.id, user.name, cid, change=change),))

    def _commit(self, entries: tuple[Entry, ...]) -> Appended:
        epoch = self.world.chat.follower.epoch
        head = finished(self.log.ends()).head
        self.log.commit(Batch(entries, epoch, head, EntryRef()))
        return Appended(epoch, entries[0].at, entries[-1].at, entries)


def hear(world: World, *notes: Appended) -> None:
    for note in notes:
        world.chat.node.receive(note)
    world.tasks.drain()
