"""How patient a client is. The defaults suit the server's own clocks (docs/protocol.md)."""

import attrs


@attrs.frozen
class Settings:
    """Times in seconds.

    connect_within: for one attempt to connect.
    greet_within: for the answer to a login, RESUME or registration; then the server is taken
        for dead, however well its connection is.
    patience: for all attempts at a login together, or for the connection to come back when
        something is asked for meanwhile.
    request_within: for the answer to any other request.
    answer_within: for the answer to a chat, which is then sent again.
    give_up_after: for the answer to a chat on one connection, which is then given up.
    ping_after, dead_after: of silence.
    first_delay, longest_delay: between attempts to reconnect; they grow from one to the other.
    steady_after: a connection that lasted so long makes the delays start small again.
    window: chats without an answer. waiting: chats kept in all.
    backlog: events that the application may leave unread; what comes then comes again later.
    taken_every, taken_with: so often, and after so many messages, the server is told what came.
    kept: entries of the log that a local store keeps, besides those that are not finished with.
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
        """How often to look at the clock: often enough for the shortest of the above."""
        shortest = min(self.answer_within, self.ping_after, self.dead_after, self.give_up_after)
        return min(1.0, shortest / 4)
