"""The storage ports as functions that are given a connection: each method is one of them."""

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from adapters.sql.database import Connection, Database

P = ParamSpec("P")
T = TypeVar("T")

Function = Callable[Concatenate[Connection, P], Coroutine[Any, Any, T]]


class Repository:
    """The base of what implements a port, whose methods are made by `read_by` and `write_by`."""

    def __init__(self, database: Database) -> None:
        self._database = database


Method = Callable[Concatenate[Repository, P], Coroutine[Any, Any, T]]


def read_by(function: Function[P, T]) -> Method[P, T]:
    """The method that does what this function does, which changes nothing. Its callers leave the
    connection out."""

    async def method(self: Repository, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.read(lambda connection: function(connection, *args, **kwargs))

    return method


def write_by(function: Function[P, T], *, repeatable: bool = False) -> Method[P, T]:
    """The same for one that changes something: all of it or nothing. repeatable: whether it may be
    committed twice."""

    async def method(self: Repository, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.write(
            lambda connection: function(connection, *args, **kwargs), repeatable=repeatable
        )

    return method
