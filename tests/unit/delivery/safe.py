"""A database that can come back as it was some time ago."""

import copy
from typing import Any

import attrs

from chat_domain.ports.store import Store


class Safe:
    """Keeps the content of a memory store's objects; the objects themselves stay in use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: list[dict[str, Any]] | None = None

    @property
    def is_empty(self) -> bool:
        return self._kept is None

    def put_away(self) -> None:
        self._kept = self._copied([_contents(part) for part in self._parts()])

    def bring_back(self) -> None:
        assert self._kept is not None
        for part, kept in zip(self._parts(), self._copied(self._kept), strict=True):
            for name, value in kept.items():
                setattr(part, name, value)
        self._kept = None

    def _parts(self) -> list[Any]:
        """The objects of the store, including those that others share."""
        store = self._store
        log: Any = store.log
        return [store.users, store.tokens, store.friends, store.groups, log, log._members]

    def _copied(self, contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Copies that refer to the same parts."""
        return copy.deepcopy(contents, {id(part): part for part in self._parts()})


def _contents(part: Any) -> dict[str, Any]:
    names = attrs.fields_dict(type(part)) if attrs.has(type(part)) else vars(part)
    return {name: getattr(part, name) for name in names}
