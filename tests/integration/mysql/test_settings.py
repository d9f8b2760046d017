from tests.contract.settings import *  # noqa: F403  # the promises, for the store of this folder
