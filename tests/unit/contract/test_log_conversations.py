from tests.contract.log_conversations import *  # noqa: F403  # the promises, for the stores of this folder
