from tests.contract.forgetting import *  # noqa: F403  # the promises, for the store of this folder
