import asyncio

import pytest

from tests.contract.nodes import *  # noqa: F403  # the promises, for what connects nodes here
from tests.contract.nodes import Two
from tests.contract.places import two_on_a_hub
from tests.unit.cluster.conftest import NewPlace


@pytest.fixture(params=["hub", "redis"])
async def two(request: pytest.FixtureRequest, new_place: NewPlace) -> Two:
    if request.param == "hub":
        return two_on_a_hub()
    first, second = await new_place(), await new_place()
    await asyncio.gather(first.join(), second.join())
    return Two(first, second)
