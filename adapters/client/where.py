"""What a program calls a conversation by."""

import attrs


@attrs.frozen
class With:
    """The conversation with a user, or with oneself."""

    user_id: int


@attrs.frozen
class InGroup:
    """The conversation of a group."""

    group_id: int


Where = With | InGroup


def where_of(user_id: int, group_id: int) -> Where:
    """Of the two ids a conversation has one; the other is 0."""
    return InGroup(group_id) if group_id else With(user_id)


def where(whom: Where | int) -> Where:
    """A number is a user's id."""
    return With(whom) if isinstance(whom, int) else whom
