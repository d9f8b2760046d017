"""A node in memory, and its first users."""

import pytest

from tests.unit.world import Terminal, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ann(world: World) -> Terminal:
    return world.newcomer("Ann")


@pytest.fixture
def bob(world: World) -> Terminal:
    return world.newcomer("Bob")
