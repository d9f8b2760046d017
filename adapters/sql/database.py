"""What the statements in this package need from a database."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import attrs

T = TypeVar("T")

Row = tuple[Any, ...]

# The columns of tables with names by which two are the same, or look alike.
UNIQUE = ("namekey", "skeleton", "keyskeleton")


@attrs.frozen
class Dialect:
    """Pieces of statements that each database writes in its own way."""

    still_is: str  # a condition: User.password is `?`, to the last byte
    key_has: str  # a condition: the table's namekey has `?` in it
    unless_there: str  # after INSERT INTO Friend or Member: keep a row that exists
    some_tokens: str  # after DELETE FROM Token: `?` of them
    first_expired: str  # the same: of those with `expires_ms <= ?` the first `?`
    # How many texts of others a row of Member, called `page`, shows above its `read`, MOST_UNREAD
    # at most; None for a database that cannot count them in the statement that reads the row.
    unread: str | None = None


class Connection(Protocol):
    """A connection that is acquired for one piece of work.

    A statement has values as `?`, no other `?`, and no `%`. Columns named like a word of SQL are in
    backticks, which all databases understand. `rows`, `rows_in` and `change` accept any integers,
    see `numbers.bounded`.
    """

    @property
    def dialect(self) -> Dialect: ...

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[Row]: ...

    async def rows_in(self, sql: str, values: Sequence[int]) -> list[Row]:
        """The rows of a statement that ends in IN, for any number of values, in any order."""

    async def rows_in_pairs(self, sql: str, pairs: Sequence[tuple[str, int]]) -> list[Row]:
        """The same for a statement that ends in "(a, b) IN", for pairs of two columns."""

    async def integers(self, sql: str, every: Sequence[Sequence[int]]) -> list[list[int]]:
        """For each of `every`, what this SELECT of one column of integers, called `one`, finds, in
        any order. In as few statements as possible, since there may be hundreds."""

    async def behind(self, user_id: int, after: int, limit: int) -> list[Row]:
        """The `conv`, `since` and `left` of a user's rows of Member with something above a position
        that they may see: at least of the conversations that have the first `limit` entries, in any
        order."""

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        """Return how many rows were changed."""

    async def change_in(self, sql: str, values: Sequence[int | str]) -> None:
        """The same for a statement that ends in IN, for any number of values."""

    async def change_each(self, sql: str, every: Sequence[Sequence[Any]]) -> None:
        """The same for each of `every`. An INSERT ends in VALUES and its placeholders in brackets,
        or in `dialect.unless_there` after that."""

    async def insert_unique(self, table: str, row: Mapping[str, int | str]) -> int | None:
        """Add a row to a table with unique names; return the new id, or None if another row has the
        same value in one of the UNIQUE columns."""

    async def update_unique(self, sql: str, args: Sequence[Any]) -> bool:
        """Change a row of such a table; return False, and change nothing, if another row has the
        same value in one of the UNIQUE columns."""

    async def skip_ids(self, table: str, number: int) -> None:
        """Let a table with names continue counting above the next `number` ids."""

    async def lock_user(self, user_id: int) -> None:
        """Make others that lock the same user wait until this piece of work is done."""


# It may be begun several times. It awaits nothing but its connection.
Work = Callable[[Connection], Coroutine[Any, Any, T]]


class Database(Protocol):
    """Acquires connections. Both methods raise TryAgain, and whatever the work raises."""

    def read(self, work: Work[T]) -> Awaitable[T]:
        """Do work that changes nothing. Each of its statements sees at least what the ones before
        it saw, and what was committed when this was called."""

    def write(self, work: Work[T], *, repeatable: bool = False) -> Awaitable[T]:
        """Do it as one transaction. repeatable: whether it may be committed twice."""
