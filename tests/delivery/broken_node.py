"""A node that breaks a promise, to see whether the judge notices.

    python -m tests.delivery.broken_node HOW PORT OPTIONS

is `python -m entrypoints.tcp_server PORT OPTIONS`, but for one part of it that is replaced.
"""

import sys
from collections.abc import Callable, Sequence

from chat_domain.delivery.held import Held, Keeping
from chat_domain.delivery.rosters import Rosters
from chat_domain.delivery.session import Session
from chat_domain.people import login
from entrypoints import bootstrap, tcp_server


class HastySession(Session):
    """Calls a message delivered when it has sent it, and keeps nothing of it."""

    def _push(self, held: Held) -> None:
        super()._push(held)
        held.keeping = Keeping.DONE  # so that nobody stores it
        for receipt in held.each_receipt():
            receipt.delivered()
        held.receipts = None


class ForgetfulSession(Session):
    """Stores nothing at its end, and says that it has."""

    def end(self) -> Sequence[Held]:
        for held in super().end():
            for receipt in held.each_receipt():
                receipt.kept()
        return ()


class StaleRosters(Rosters):
    """Remembers for ever who was in a group when it first heard of it."""

    def changed(self, group_id: int) -> None:
        """Nothing has."""

    def forget_all(self) -> None:
        """Nothing is."""


def _sessions_of(kind: type[Session]) -> Callable[[], None]:
    return lambda: setattr(login, "Session", kind)


WAYS: dict[str, Callable[[], None]] = {
    "hasty": _sessions_of(HastySession),
    "forgetful": _sessions_of(ForgetfulSession),
    "stale": lambda: setattr(bootstrap, "Rosters", StaleRosters),
}


def main() -> int:
    how = sys.argv.pop(1)
    WAYS[how]()
    return tcp_server.main()


if __name__ == "__main__":
    raise SystemExit(main())
