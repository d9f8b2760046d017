"""What is held for connections on which nobody is logged in."""

from chat_domain.fairness.origins import STRANGERS_OF_FREE, Origin


class StrangersBudget:
    """Counts the bytes that are held for all strangers together, and bounds them.

    An address may have a tenth of what is free (a wider network: times its factor). So ten that
    take all they can leave two fifths, and whoever has a frame that comes in two pieces can still
    log in.
    """

    def __init__(self, limit: int) -> None:
        """limit: in bytes; 0 for none."""
        self.limit = limit
        self.held = 0

    def take(self, origin: Origin, size: int) -> bool:
        """Hold so many bytes for a connection from there, if that is within the bound."""
        free = self.limit - self.held
        line = list(origin.line())
        if self.limit and any(
            one.held + size > free * STRANGERS_OF_FREE * one.factor for one in line
        ):
            return False
        self.held += size
        for one in line:
            one.held += size
        return True

    def give_back(self, origin: Origin, size: int) -> None:
        """So many bytes that were taken are held no more."""
        self.held -= size
        for one in origin.line():
            one.held -= size
