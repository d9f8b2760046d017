from tests.contract.users import *  # noqa: F403  # the promises, for the stores of this folder
