"""Numbers on their way to a database."""

from adapters.ids import NO_ID
from chat_domain.entries import FOREVER

HIDES_READ, HIDES_TYPING = 1, 2  # User.hides is a sum of these


def bounded(number: int) -> int:
    """The same number if it can be an id, otherwise the nearest number that cannot.

    An integer in a request may have any number of digits, which a column may not. So a question
    about an impossible id is answered like one about an unknown id, and nothing changes for a
    number that is compared with ids, or counts them.
    """
    return min(max(number, 0), NO_ID)


def bounded_at(at: int) -> int:
    """The same for a position, or a number of positions."""
    return min(max(at, 0), FOREVER)
