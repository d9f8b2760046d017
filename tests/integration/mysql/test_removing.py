from tests.contract.removing import *  # noqa: F403  # the promises, for the store of this folder
