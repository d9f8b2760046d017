"""A node in memory, the first people on it, and another node."""

import pytest

from chat_domain.log.follower import Follower
from tests.unit.domain.conftest import ann, bob, world
from tests.unit.log.elsewhere import Elsewhere
from tests.unit.world import Terminal, World

__all__ = ["ann", "bob", "world"]


@pytest.fixture
def follower(world: World) -> Follower:
    return world.chat.follower


@pytest.fixture
def old(world: World) -> Terminal:
    """A user with a client of version 1."""
    return world.log_in_version1(world.register("Old")[0])


@pytest.fixture
def elsewhere(world: World, ann: Terminal, bob: Terminal) -> Elsewhere:
    return Elsewhere(world, ann, bob)


@pytest.fixture(params=[1_000, 0], ids=["in the commit", "once applied"])
def judged_again(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is out of date is judged again in either of the two ways."""
    monkeypatch.setattr("adapters.sql.changes.MOST_MISSED", request.param)
