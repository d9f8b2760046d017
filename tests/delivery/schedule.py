"""Which faults come when: a plan that the seed decides."""

import itertools
import random
from collections.abc import Iterator, Sequence

import attrs

# What breaks, what it belongs to, and for how long it may be broken (seconds).
CLUSTER_FAULTS = (
    ("node killed", "node", (0.0, 3.0)),
    ("node killed", "node", (3.0, 8.0)),
    ("node restarted", "node", (0.0, 1.0)),
    ("node hung", "node", (0.5, 4.0)),
    ("node hung beyond its lease", "node", (11.0, 14.0)),
    ("Redis killed", "redis", (0.0, 3.0)),
    ("Redis hung", "redis", (1.0, 5.0)),
    ("subscriptions cut", "redis", (0.0, 0.0)),
    ("database killed", "database", (0.0, 3.0)),
    ("database hung", "database", (1.0, 6.0)),
)
NOTES_FAULTS = ("notes lost", "notes doubled", "notes swapped", "notes late")
LOSS = "database back without its end"
RARE_CLUSTER_FAULTS = (("Redis gone for longer than a lease", "redis", (11.0, 13.0)),)

LOST = (1.0, 2.0)  # the seconds of writing that the database forgets
SHORTEST_WITH_A_LOSS = 20.0  # seconds; a shorter part of a minute has none

CONNECTION_FAULTS = (
    ("reset", (0.0, 0.0)),
    ("vanished", (1.0, 20.0)),
    ("cut at a byte up", (0.0, 0.0)),
    ("cut at a byte down", (0.0, 0.0)),
    ("slow up", (0.5, 5.0)),
    ("slow down", (0.5, 5.0)),
    ("silent both ways", (1.0, 8.0)),
    ("lost up", (1.0, 9.0)),
    ("lost down", (1.0, 9.0)),
)


@attrs.frozen(order=True)
class Fault:
    """at: seconds after the beginning. target: the number of the node or door; 0 for a service."""

    at: float
    what: str
    owner: str
    target: int
    seconds: float
    number: int  # a random one, for whatever else has to be decided

    @property
    def end(self) -> float:
        return self.at + self.seconds


def plan(seed: int, seconds: float, nodes: int, doors: int, *, cluster: bool = True) -> list[Fault]:
    """All faults of a run, in order; none lasts longer than the run."""
    faults = [*_connection_faults(random.Random(f"doors {seed}"), seconds, doors)]
    if cluster:
        losses = [*_losses(random.Random(f"losses {seed}"), seconds)]
        faults += losses
        faults += _cluster_faults(random.Random(f"cluster {seed}"), seconds, nodes, losses)
        faults += _notes_faults(random.Random(f"notes {seed}"), seconds, nodes)
    return sorted(faults)


def _cluster_faults(
    rng: random.Random, seconds: float, nodes: int, others: Sequence[Fault]
) -> Iterator[Fault]:
    """others: faults that are already planned, which these keep clear of."""
    at, free_at = 2.0, dict[tuple[str, int], float]()
    for what, owner, (shortest, longest) in _deck(rng):
        target = rng.randrange(nodes) if owner == "node" else 0
        lasts = rng.uniform(shortest, longest)
        begin = max(at, free_at.get((owner, target), 0.0))
        for other in others:
            if other.owner == owner and other.at < begin + lasts + 2.0 and begin < other.end + 2.0:
                begin = other.end + 2.0
        if begin + lasts > seconds:
            return
        yield Fault(begin, what, owner, target, lasts, rng.getrandbits(30))
        free_at[owner, target] = begin + lasts + 2.0
        at += rng.uniform(2.5, 7.0)


def _deck(rng: random.Random) -> Iterator[tuple[str, str, tuple[float, float]]]:
    """Every fault once per round, in random order; the rare ones from the second round on."""
    for round_number in itertools.count():
        cards = [*CLUSTER_FAULTS, *(RARE_CLUSTER_FAULTS if round_number else ())]
        rng.shuffle(cards)
        yield from cards


def _notes_faults(rng: random.Random, seconds: float, nodes: int) -> Iterator[Fault]:
    """One fault after the other, whatever else is going on."""
    at = 0.0
    for what in itertools.cycle(NOTES_FAULTS):
        at += rng.uniform(1.0, 4.0)
        lasts = rng.uniform(2.0, 6.0)
        if at + lasts > seconds:
            return
        yield Fault(at, what, "notes", rng.randrange(nodes), lasts, rng.getrandbits(30))
        at += lasts


def _losses(rng: random.Random, seconds: float) -> Iterator[Fault]:
    """One loss per minute, or part of a minute, not too near its ends."""
    for begin in range(0, int(seconds), 60):
        length = min(60.0, seconds - begin)
        if length < SHORTEST_WITH_A_LOSS:
            return
        at = begin + length * rng.uniform(0.3, 0.7)
        yield Fault(at, LOSS, "database", 0, rng.uniform(*LOST), rng.getrandbits(30))


def _connection_faults(rng: random.Random, seconds: float, doors: int) -> Iterator[Fault]:
    at = 1.0
    while True:
        at += rng.expovariate(1.5)
        what, (shortest, longest) = rng.choice(CONNECTION_FAULTS)
        lasts = rng.uniform(shortest, longest)
        if at > seconds:
            return
        lasts = min(lasts, seconds - at)
        yield Fault(at, what, "door", rng.randrange(doors), lasts, rng.getrandbits(30))


def describe(faults: Sequence[Fault]) -> str:
    """The plan in words, without the faults of single connections."""
    return "\n".join(
        f"{fault.at:7.1f} s  {fault.what} ({fault.owner} {fault.target}) for {fault.seconds:.1f} s"
        for fault in faults
        if fault.owner != "door"
    )
