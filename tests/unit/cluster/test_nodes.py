from tests.contract.nodes import *  # noqa: F403  # the promises, for what connects nodes here
