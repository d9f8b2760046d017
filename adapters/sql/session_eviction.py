"""Which of a user's sessions must end when another begins."""

from collections.abc import Collection, Sequence

import attrs

from chat_domain.model import KeptToken


@attrs.frozen
class Kept:
    """A session that has tokens. seen_ms: when it was last begun or resumed."""

    name: str
    device: str
    seen_ms: int


def making_room(
    token: KeptToken, others: Sequence[Kept], sessions: int, connected: Collection[str]
) -> list[str]:
    """The names of the sessions to end. token: the new session's. others: the user's other
    sessions. sessions: how many a user may have. connected: the names of those that are."""
    gone = [one.name for one in others if token.device and one.device == token.device]
    staying = [one for one in others if one.name not in gone]
    staying.sort(key=lambda one: (one.name in connected, one.seen_ms, one.name))
    beyond = max(0, len(staying) - (sessions - 1))
    return [*gone, *(one.name for one in staying[:beyond])]
