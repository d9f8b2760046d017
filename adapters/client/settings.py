"""How patient a client is. The defaults suit the server's own clocks (docs/protocol.md)."""

import attrs


@attrs.frozen
class Settings:
    """Times in seconds.

    connect_within: for one attempt to connect.
    greet_within: for the answer to a login, RESUME or registration; without one, the server counts
        as dead, even if the connection works.
    patience: for all attempts at a login together, or for the connection to come back for a request
        made in the meantime.
    request_within: for the answer to any other request.
    answer_within: for the answer to a chat, which is then sent again.
    give_up_after: for the answer to a chat on one connection, which is then given up.
    ping_after, dead_after: of silence, until a PING and until the connection is given up.
    first_delay, longest_delay: between attempts to reconnect, growing from one to the other.
    steady_after: after a connection that lasted this long, the delays start small again.
    window: the most chats in flight. waiting: the most chats kept in total.
    backlog: events that the application may leave unread; further entries come again later.
    taken_every, taken_with: the server is told after this time, or with this many entries.
    kept: finished entries of the log that a local store keeps.
    """

    connect_within: float = 10.0
    greet_within: float = 10.0
    patience: float = 30.0
    request_within: float = 30.0
    answer_within: float = 10.0
    give_up_after: float = 30.0
    ping_after: float = 20.0
    dead_after: float = 60.0
    first_delay: float = 0.2
    longest_delay: float = 30.0
    steady_after: float = 5.0
    window: int = 256
    waiting: int = 10_000
    backlog: int = 10_000
    taken_every: float = 1.0
    taken_with: int = 32
    kept: int = 100_000

    @property
    def tick(self) -> float:
        """How often to check the time: often enough for the shortest time above."""
        shortest = min(self.answer_within, self.ping_after, self.dead_after, self.give_up_after)
        return min(1.0, shortest / 4)
