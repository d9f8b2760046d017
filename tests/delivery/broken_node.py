"""A node that breaks a promise, to see whether the judge notices.

    python -m tests.delivery.broken_node HOW PORT OPTIONS

is `python -m entrypoints.tcp_server PORT OPTIONS` with one part replaced.
"""

import sys
from collections.abc import Callable

from adapters.gateway.client_context import ClientContext
from adapters.gateway.clients import Version2Client
from chat_domain.entries import Entry, Opening
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.people.login import Logins
from entrypoints import tcp_server


async def _begin_at_the_head(
    self: Logins, session: Session, _since: int | None, _epoch: str | None, _opening: Opening
) -> bool:
    """A device is not sent what it has missed."""
    session.after = self.follower.applied
    return False


def _leave_nothing(self: Sessions, user_id: int, group_id: int, at: int) -> None:
    """A user who has left a group still hears it, and can still write there."""


_show = Version2Client.show


def _show_twice(self: Version2Client, entry: Entry) -> None:
    """Each new entry is shown twice."""
    _show(self, entry)
    _show(self, entry)


def _take_nothing_over(self: ClientContext) -> None:
    """The node forgets what it has sent to version 1."""


WAYS: dict[str, Callable[[], None]] = {
    "forgetful": lambda: setattr(Logins, "_set_position", _begin_at_the_head),
    "stale": lambda: setattr(Sessions, "leave", _leave_nothing),
    "repeating": lambda: setattr(ClientContext, "record_sent_as_taken", _take_nothing_over),
    "doubled": lambda: setattr(Version2Client, "show", _show_twice),
}


def main() -> int:
    how = sys.argv.pop(1)
    WAYS[how]()
    return tcp_server.main()


if __name__ == "__main__":
    raise SystemExit(main())
