from tests.contract.log import *  # noqa: F403  # the promises, for the stores of this folder
