"""Remembering numbers that are used, and forgetting those that are not."""


class RecentNumbers:
    """The numbers that were most recently added or asked for: at least the last `most`, at most
    twice as many.

    latest: up to `most` of them. Callers may look here first, which saves a call.
    """

    __slots__ = ("_before", "_most", "latest")

    def __init__(self, most: int) -> None:
        self._most = most
        self.latest: set[int] = set()
        self._before: set[int] = set()

    def __contains__(self, number: object) -> bool:
        if number in self.latest:
            return True
        if isinstance(number, int) and number in self._before:
            self.add(number)
            return True
        return False

    def add(self, number: int) -> None:
        if len(self.latest) >= self._most:
            self._before, self.latest = self.latest, set()
        self.latest.add(number)

    def clear(self) -> None:
        self.latest.clear()
        self._before.clear()
