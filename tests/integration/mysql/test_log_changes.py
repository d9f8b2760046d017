from tests.contract.log_changes import *  # noqa: F403  # the promises, for the store of this folder
