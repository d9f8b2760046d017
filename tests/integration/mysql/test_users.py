from tests.contract.users import *  # noqa: F403  # the promises, for the store of this folder
