"""Deleting an account with all that it has written. (`chat_domain.operators.administration`)"""

from contextlib import suppress

from chat_domain.entries import Change, ChangeKind, ErasureProgress, pair
from chat_domain.errors import TryAgain
from chat_domain.log.queue import ANSWERED_WITHIN
from chat_domain.operators.pieces import LEAST, PAUSE
from tests.unit.log.elsewhere import Elsewhere, hear
from tests.unit.world import Terminal, World

MANY = 7 * LEAST


def begin(world: World) -> list[bool]:
    """Begin to delete Ann with all that she has sent. The returned list is filled once that is
    done."""
    done: list[bool] = []

    async def go() -> None:
        with suppress(TryAgain):
            await world.chat.administration.delete("Ann", with_sent=True)
            done.append(True)

    world.tasks.start(go())
    world.tasks.drain()
    return done


def texts(world: World) -> list[str]:
    return [entry.text for entry in world.entries() if entry.text]


def test_others_write_while_much_is_emptied(world: World, ann: Terminal, bob: Terminal) -> None:
    """The texts are emptied piece by piece; then one change tells everybody."""
    for number in range(MANY):
        ann.says(bob.user, str(number))
    done = begin(world)
    assert MANY - LEAST <= len(texts(world)) < MANY
    bob.says(bob.user, "meanwhile")
    assert bob.client.statuses == ["accepted"]
    for _ in range(20):
        world.passes(PAUSE)
    assert done
    assert texts(world) == ["meanwhile"]
    assert world.entries()[-1].change is not None


def test_what_is_written_meanwhile_is_emptied_as_well(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """A batch that another node writes late is emptied too."""
    for number in range(MANY):
        ann.says(bob.user, str(number))
    log = world.log.inner
    late: list[bool] = []

    async def erase_late(
        user_id: int, so_far: ErasureProgress, upto: int, limit: int
    ) -> ErasureProgress:
        if not late:
            late.append(True)
            ann.session.ended = False
            ann.says(bob.user, "late")
        return await type(log).erase(log, user_id, so_far, upto, limit)

    log.erase = erase_late  # type: ignore[method-assign]
    done = begin(world)
    for _ in range(20):
        world.passes(PAUSE)
    assert done
    assert late
    assert texts(world) == []


def test_a_deletion_that_was_cut_off_can_be_begun_again(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """What the first attempt has emptied stays empty."""
    for number in range(MANY):
        ann.says(bob.user, str(number))
    cut_off = begin(world)
    world.log.failing = True
    world.passes(PAUSE)
    world.log.failing = False
    world.passes(PAUSE)
    assert 0 < len(texts(world)) < MANY
    assert not cut_off
    done = begin(world)
    for _ in range(20):
        world.passes(PAUSE)
    assert done
    assert texts(world) == []


def test_nothing_of_an_erased_account_that_still_waits_is_written(
    world: World, ann: Terminal, bob: Terminal
) -> None:
    """Waiting messages are dropped even if the client has gone long ago and another node erases the
    account."""
    ann.says(bob.user, "they have a conversation")
    world.log.slow_writes = True
    ann.says(bob.user, "it waits for a slow disk")
    world.tasks.start(world.chat.logins.end(ann.session))
    world.tasks.drain()
    world.passes(ANSWERED_WITHIN + 1)
    assert not world.chat.sessions.of(ann.user.id)
    oneself = pair(ann.user.id, ann.user.id)
    hear(world, Elsewhere(world, ann, bob).changes(ann, oneself, Change(ChangeKind.ERASED)))
    world.log.slow_writes = False
    world.settle()
    assert texts(world) == []
    assert ann.client.statuses == ["accepted", "NotLoggedIn"]
