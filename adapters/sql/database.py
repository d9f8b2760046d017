"""What the statements in this package ask of a database."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar, TypeVarTuple

import attrs

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Row = tuple[Any, ...]

# Of the log: a conversation, above which position, and up to which.
Part = tuple[int, int, int]

# Of tables with names: when two are the same, and when they look alike.
UNIQUE = ("namekey", "skeleton", "keyskeleton")


@attrs.frozen
class Words:
    """Pieces of statements that the databases write each in their own way."""

    still_is: str  # a condition: User.password is `?`, to the last byte
    key_has: str  # a condition: the table's namekey has `?` in it
    unless_there: str  # behind INSERT INTO Friend or Member: leave the row that is there
    some_tokens: str  # behind DELETE FROM Token: `?` of them
    now_ms: str  # the database's clock, in UTC milliseconds since the epoch
    # How many texts of others a row of Member, called `page`, shows above its `read`, MOST_UNREAD
    # at most; None of a database that cannot say so in the statement that asks for the row.
    unread: str | None = None


class Connection(Protocol):
    """A connection that is lent for one piece of work.

    Values stand in a statement as `?`, and no other `?` and no `%` is in it. Columns that are
    called like a word of SQL stand in backticks, which all databases understand.
    """

    @property
    def words(self) -> Words: ...

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[Row]: ...

    async def rows_in(self, sql: str, values: Sequence[int]) -> list[Row]:
        """The rows of a statement that ends in IN, for any number of values, in any order."""

    async def rows_in_pairs(self, sql: str, pairs: Sequence[tuple[str, int]]) -> list[Row]:
        """The same for one that ends in "(a, b) IN", where two columns are a pair."""

    async def integers(self, sql: str, every: Sequence[Sequence[int]]) -> list[list[int]]:
        """What this SELECT of one column of integers, called `one`, finds for each of `every`, in
        any order for each. In as few statements as can be, for there may be hundreds."""

    async def behind(self, user_id: int, after: int, limit: int) -> list[Row]:
        """`conv`, `since` and `left` of rows of Member: of those of a user's conversations in which
        there may be something above a position, which they may see. At least of those in which the
        first `limit` entries are, in any order."""

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Return how many rows were changed."""

    async def change_in(self, sql: str, values: Sequence[int | str]) -> None:
        """The same for a statement that ends in IN, for any number of values."""

    async def change_each(self, sql: str, every: Sequence[Sequence[Any]]) -> None:
        """The same for each of `every`. An INSERT ends in VALUES and its marks in brackets, or has
        `words.unless_there` behind that."""

    async def add_named(self, table: str, row: Mapping[str, int | str]) -> int | None:
        """Add to a table whose names are unique; the new id, or None where one of the row's UNIQUE
        columns has what another row has."""

    async def change_named(self, sql: str, args: Sequence[Any]) -> bool:
        """Change a row of such a table; False, and no change, where it would be like another."""

    async def skip_ids(self, table: str, number: int) -> None:
        """Let a table with names go on counting behind the next `number` ids."""

    async def lock_user(self, user_id: int) -> None:
        """Let whoever locks the same user wait until this piece of work is done."""


# To be begun several times where need be. It waits for nothing but its connection.
Work = Callable[[Connection, *Ts], Coroutine[Any, Any, T]]


class Database(Protocol):
    """Lends connections. Both methods raise TryAgain, and what the work raises."""

    def read(self, work: Work[*Ts, T], *args: *Ts) -> Awaitable[T]:
        """Have `work(connection, *args)` done, which changes nothing. Each of its statements sees
        at least what the ones before it saw, and what was committed when it was asked for."""

    def write(self, work: Work[*Ts, T], *args: *Ts, repeatable: bool = False) -> Awaitable[T]:
        """Have it done as one transaction. repeatable: it may as well be committed twice."""
