"""What clients are told by the way: not numbered, not kept, and no harm where it is lost.

Like a refusal, each hint carries the facts and makes its own sentence. `people.teller` tells them.
"""

import attrs

from chat_domain.model import User

MAX_NOTICE = 500  # characters


@attrs.frozen
class Notice:
    """What the operator says to everybody who is online."""

    text: str

    def __str__(self) -> str:
        return self.text


@attrs.frozen
class GroupChanged:
    """Somebody has given a group of the user's another name."""

    group_id: int
    name: str
    by: User

    def __str__(self) -> str:
        return f"{self.by.name} has called group {self.group_id} {self.name!r}"


Hint = Notice | GroupChanged
HINTS: tuple[type[Hint], ...] = (Notice, GroupChanged)
