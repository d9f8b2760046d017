"""How much memory this node may spend on messages that are not settled yet."""

import attrs

DEFAULT_LIMIT = 256 * 1024 * 1024  # bytes, estimated by the length of the texts


@attrs.define
class Budget:
    """Shared by everything that holds messages. Over its limit they are stored instead, and the
    sessions that would have had them catch up from their mailboxes."""

    limit: int = DEFAULT_LIMIT
    used: int = 0
