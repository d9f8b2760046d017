"""All characters that there are."""

from collections.abc import Iterator
from itertools import chain

PLANES = (0, 1, 2, 3, 14)  # of 65,536 code points; nothing is assigned in any other


def characters() -> Iterator[str]:
    """Each code point of these planes, assigned or not."""
    return map(chr, chain.from_iterable(range(plane << 16, (plane + 1) << 16) for plane in PLANES))
