from tests.contract.log_reading import *  # noqa: F403  # the promises, for the store of this folder
