"""The appearance of the names in use, to detect lookalikes."""

import attrs

from chat_domain.names import Name


@attrs.define
class Lookalikes:
    _skeletons: set[str] = attrs.field(factory=set, init=False)
    _key_skeletons: set[str] = attrs.field(factory=set, init=False)

    def has(self, name: Name) -> bool:
        """Whether a name in use looks like this one."""
        return name.skeleton in self._skeletons or name.key_skeleton in self._key_skeletons

    def add(self, name: Name) -> None:
        self._skeletons.add(name.skeleton)
        self._key_skeletons.add(name.key_skeleton)

    def remove(self, name: Name) -> None:
        self._skeletons.remove(name.skeleton)
        self._key_skeletons.remove(name.key_skeleton)
