from tests.contract.log_changes import *  # noqa: F403  # the promises, for the stores of this folder
