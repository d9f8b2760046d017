"""An entry of the log, as a history records it."""

import attrs

from chat_domain.entries import pair
from tests.delivery.history import Event

FOREVER = 2**63


@attrs.frozen
class Line:
    """key: "" for a change. what: "" for a text."""

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
        """Whether another user wrote this text. As in version 1, what a user writes to themselves
        counts as another's."""
        return self.is_text and (self.sender != user or self.conv == pair(user, user))


def lineage_of(event: Event) -> Line:
    """The line of a `log` event, or of `history.facts_of` an entry."""
    return Line(**{name: event[name] for name in attrs.fields_dict(Line) if name in event})
