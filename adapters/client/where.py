"""How programs name a conversation."""

import attrs


@attrs.frozen
class With:
    """The conversation with a user, who may be oneself."""

    user_id: int


@attrs.frozen
class InGroup:
    """The conversation of a group."""

    group_id: int


Where = With | InGroup


def where_of(user_id: int, group_id: int) -> Where:
    """The conversation to which these ids belong; one of them is 0."""
    return InGroup(group_id) if group_id else With(user_id)


def where(whom: Where | int) -> Where:
    """The conversation; a number is a user's id."""
    return With(whom) if isinstance(whom, int) else whom
