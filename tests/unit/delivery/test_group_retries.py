"""A group's message keeps its place where it was refused because nobody could tell the members."""

from collections.abc import Awaitable, Coroutine
from typing import Any, cast

import attrs
import pytest

from chat_domain.delivery.rosters import Rosters
from chat_domain.errors import TryAgain
from chat_domain.ports.store import Groups
from tests.unit.fakes import finished
from tests.unit.world import World


class Unreachable:
    """Groups in a database that is away until it is said to be back."""

    def __init__(self, inner: Groups) -> None:
        self._inner = inner
        self.away = True

    async def member_ids(self, group_id: int) -> list[int]:
        if self.away:
            raise TryAgain
        return await self._inner.member_ids(group_id)


def done(unfinished: Awaitable[None] | None) -> None:
    if unfinished is not None:
        finished(cast("Coroutine[Any, Any, None]", unfinished))


def test_nothing_overtakes_a_message_whose_recipients_could_not_be_looked_up() -> None:
    """What is sent behind it is refused, too, until it comes again."""
    world = World()
    ann, bob = world.newcomer("Ann"), world.newcomer("Bob")
    group = world.group(ann, bob)
    groups = Unreachable(world.store.groups)
    chat = attrs.evolve(world.chat.group_chat, rosters=Rosters(cast("Groups", groups)))
    with pytest.raises(TryAgain):
        done(chat.send(ann.session, group, "first", "cid-1", 1))
    groups.away = False
    with pytest.raises(TryAgain):
        done(chat.send(ann.session, group, "second", "cid-2", 2))
    done(chat.send(ann.session, group, "first", "cid-1", 3))
    done(chat.send(ann.session, group, "second", "cid-2", 4))
    assert bob.client.texts == ["first", "second"]


def test_nothing_overtakes_a_message_that_failed_for_one_while_another_is_awaited() -> None:
    """Its sender has no answer yet; what they send next to the one who has not got it must wait."""
    world = World()
    ann, bob, cat = (world.newcomer(name) for name in ("Ann", "Bob", "Cat"))
    group = world.group(ann, bob, cat)
    cat.leaves()
    world.mailbox.failing = True
    ann.says_to_group(group, "first", "cid-1", 1)
    world.mailbox.failing = False
    with pytest.raises(TryAgain):
        ann.says(cat.user, "second", "cid-2", 2)
    bob.takes_over()
    ann.says_to_group(group, "first", "cid-1", 3)
    ann.says(cat.user, "second", "cid-2", 4)
    assert world.waiting_for(cat.user) == ["first", "second"]
