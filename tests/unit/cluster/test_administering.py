from tests.contract.administering import *  # noqa: F403  # the promises, for what connects nodes
