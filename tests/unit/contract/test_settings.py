from tests.contract.settings import *  # noqa: F403  # the promises, for the stores of this folder
