"""What the statements in this package ask of a database."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar, TypeVarTuple

import attrs

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


# Of tables with names: when two are the same, and when they look alike.
UNIQUE = ("namekey", "skeleton", "keyskeleton")


@attrs.frozen
class Words:
    """Pieces of statements that the databases write each in their own way."""

    still_is: str  # a condition: User.password is `?`, to the last byte
    key_has: str  # a condition: the table's namekey has `?` in it
    unless_there: str  # behind INSERT INTO Friend or GroupUser: leave the row that is there
    some_tokens: str  # behind DELETE FROM Token: `?` of them
    heir: str  # a condition, or more: who has been in the group `?` for the longest
    place: str  # in SELECT FROM AllGroup: GroupUser.joined of whoever joins now
    new_group: Mapping[str, int]  # columns of AllGroup that only one of the databases has


class Connection(Protocol):
    """A connection that is lent for one piece of work.

    Values stand in a statement as `?`, and no other `?` and no `%` is in it.
    """

    @property
    def words(self) -> Words: ...

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...

    async def rows_in(self, sql: str, values: Sequence[int]) -> list[tuple[Any, ...]]:
        """The rows of a statement that ends in IN, for any number of values, in any order."""

    async def ids(self, column: str, source: str, of: int) -> list[int]:
        """SELECT this column FROM this source, which ends in a condition on `of`; in any order."""

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Return how many rows were changed."""

    async def change_in(self, sql: str, values: Sequence[int | str]) -> None:
        """The same for a statement that ends in IN, for any number of values."""

    async def add_named(self, table: str, row: Mapping[str, int | str]) -> int | None:
        """Add to a table whose names are unique; the new id, or None where one of the row's UNIQUE
        columns has what another row has."""

    async def change_named(self, sql: str, args: Sequence[Any]) -> bool:
        """Change a row of such a table; False, and no change, where it would be like another."""

    async def skip_ids(self, table: str, number: int) -> None:
        """Let a table with names go on counting behind the next `number` ids."""

    async def lock_user(self, user_id: int) -> None:
        """Let whoever locks the same user wait until this piece of work is done."""

    async def change_group(self, group_id: int) -> bool:
        """Let whoever changes the same group or its members wait until this piece of work is done.
        Return whether there is such a group."""


# To be begun several times where need be. It waits for nothing but its connection.
Work = Callable[[Connection, *Ts], Coroutine[Any, Any, T]]


class Database(Protocol):
    """Lends connections. Both methods raise TryAgain, and what the work raises."""

    def read(self, work: Work[*Ts, T], *args: *Ts) -> Awaitable[T]:
        """Have `work(connection, *args)` done, which changes nothing."""

    def write(self, work: Work[*Ts, T], *args: *Ts, repeatable: bool = False) -> Awaitable[T]:
        """Have it done as one transaction. repeatable: it may as well be committed twice."""
