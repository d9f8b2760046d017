"""An entry of the log, as a history tells of it."""

import attrs

from chat_domain.entries import pair
from tests.delivery.history import Event

FOR_EVER = 2**63


@attrs.frozen
class Line:
    """key: "" of a change. what: "" of a text."""

    at: int
    conv: int
    sender: int
    cid: str
    key: str = ""
    crc: int = 0
    what: str = ""
    whom: int = 0

    @property
    def is_text(self) -> bool:
        return not self.what

    def is_of_another(self, user: int) -> bool:
        """As version 1 has it: what one writes to oneself is as if another had written it."""
        return self.is_text and (self.sender != user or self.conv == pair(user, user))


def line_of(event: Event) -> Line:
    """What a `log` event says, or `history.facts_of` an entry."""
    return Line(**{name: event[name] for name in attrs.fields_dict(Line) if name in event})
