from tests.contract.tokens import *  # noqa: F403  # the promises, for the store of this folder
