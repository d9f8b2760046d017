"""Looking for a frame that costs too much.

The choices of the grammar make a frame. Most frames come from changing a few choices of the most
expensive frames so far: one for each length, since otherwise all would soon be alike. The search
measures the cost itself, since most of it is spent in compiled code, where nothing tells which
lines ran.
"""

import asyncio
import base64
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import attrs

from tests.fuzz.choices import Choices
from tests.fuzz.grammar import Grammar
from tests.fuzz.stage import KINDS, MOST, Stage, cost
from tests.unit.gateway.virtual_time import VirtualTimeLoop

NEW = 0.3  # of all frames come from new choices


class TooDear(AssertionError):
    """A frame costs too much. The message says which, and how to measure it again."""


@attrs.define
class Search:
    """dearest: for each kind of client and each length (in binary digits), what the most expensive
    frame has cost, in seconds of CPU, and the choices that made it."""

    _runner: asyncio.Runner
    _stage: Stage
    dearest: dict[tuple[str, int], tuple[float, Choices]] = attrs.field(factory=dict)

    def run(self, frames: int, seed: int) -> None:
        """Measure so many frames. Raises TooDear."""
        random = Random(seed)
        for _ in range(frames):
            self._look_at(self._next(random))

    def _next(self, random: Random) -> Choices:
        seed = random.randrange(2**32)
        if not self.dearest or random.random() < NEW:
            return Choices(seed)
        return random.choice(list(self.dearest.values()))[1].changed(seed)

    def _look_at(self, choices: Choices) -> None:
        kind, frame = self._made(choices)
        found = self._runner.run(self._stage.cost(kind, frame))
        if found >= MOST:  # another process may have disturbed it
            found = cost(kind, frame)
        if found >= MOST:
            raise TooDear(told(kind, frame, found))
        place = kind, len(frame).bit_length()
        if place not in self.dearest or found > self.dearest[place][0]:
            self.dearest[place] = found, choices

    def _made(self, choices: Choices) -> tuple[str, bytes]:
        grammar = Grammar(choices, self._stage.known)
        kind = choices.choice(list(KINDS))
        return kind, grammar.heavy() if grammar.chance(0.7) else grammar.frame()

    def __str__(self) -> str:
        """The most expensive frame, at its best."""
        _, choices = max(self.dearest.values(), key=lambda one: one[0])
        kind, frame = self._made(Choices(0, choices.made))
        return told(kind, frame, cost(kind, frame))


@contextmanager
def searching() -> Iterator[Search]:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        yield Search(runner, runner.run(Stage.set()))


def told(kind: str, frame: bytes, found: float) -> str:
    """What a frame costs, and how to measure it again."""
    packed = base64.b64encode(zlib.compress(frame)).decode()
    return (
        f"{1000 * found:.2f} ms for {len(frame)} bytes of a {kind}: {frame[:100]!r}...\n"
        f'again: python -m tests.fuzz --again "{kind}" {packed}'
    )


def unpacked(packed: str) -> bytes:
    """The frame in the output of `told`."""
    return zlib.decompress(base64.b64decode(packed))
