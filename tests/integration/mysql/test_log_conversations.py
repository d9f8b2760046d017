from tests.contract.log_conversations import *  # noqa: F403  # the promises, for the store of this folder
