"""Where in the server's log a user is."""

import attrs


@attrs.frozen
class Position:
    """Everything of theirs up to `since` has come. epoch: the server's, without which the number
    means nothing."""

    since: int
    epoch: str
