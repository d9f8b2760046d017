"""What clients are told by the way: not numbered, not kept, and no harm where it is lost.

Like a refusal, each hint carries the facts and makes its own sentence. `people.teller` tells them.
"""

import attrs

MAX_NOTICE = 500  # characters


@attrs.frozen
class Notice:
    """What the operator says to everybody who is online."""

    text: str

    def __str__(self) -> str:
        return self.text


Hint = Notice
HINTS: tuple[type[Hint], ...] = (Notice,)
