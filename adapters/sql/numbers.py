"""Numbers on their way to a database."""

from adapters.ids import NO_ID
from chat_domain.entries import FOR_EVER

HIDES_READ, HIDES_TYPING = 1, 2  # what User.hides is the sum of


def bounded(number: int) -> int:
    """The same number where it can be an id, else the nearest that is none.

    A request's integer has as many digits as it likes, and no column has. So what is asked about
    an id that cannot be is answered as for any unknown id, and nothing changes for a number that
    is compared with ids, or that counts them.
    """
    return min(max(number, 0), NO_ID)


def bounded_at(at: int) -> int:
    """The same for a position, or a number of them."""
    return min(max(at, 0), FOR_EVER)
