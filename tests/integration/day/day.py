"""Two users for a day: zhang with three devices, and a bot, each device behind its own cable."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from adapters.client import Changed, ChatClient, InGroup, Message, Where, With
from tests.delivery.network import Way
from tests.integration.day.background import Background
from tests.integration.day.cable import Cable
from tests.integration.day.pipe import Pipe
from tests.integration.day.robot import NAME, Robot
from tests.integration.day.site import Site
from tests.integration.terminal import Terminal

ZHANG, SECRET = "zhang", "secret one"
ROBOT, ZHANG_SAN, HIKERS = With(1), With(2), InGroup(1)  # in the order of their creation

Log = list[Message | Changed]


@attrs.frozen
class Day:
    """said: what was typed, by device."""

    site: Site
    beside: Background
    cables: list[Cable]
    robot: Robot
    wide: Terminal
    narrow: Terminal
    pipe: Pipe
    said: dict[str, list[str]] = attrs.field(factory=lambda: defaultdict(list))

    def cut(self) -> None:
        for cable in self.cables:
            self.beside.do(cable.cut())

    def mend(self) -> None:
        for cable in self.cables:
            self.beside.do(cable.mend())

    def break_off(self) -> None:
        for cable in self.cables:
            self.beside.do(cable.break_off())

    def swallow(self, way: Way) -> None:
        for cable in self.cables:
            self.beside.do(cable.swallow(way))

    def say(self, device: str, *texts: str) -> None:
        """Type texts on "wide", "narrow" or "pipe", to whom that device talks."""
        for text in texts:
            self._typist(device)(text)
        self.said[device] += texts

    def _typist(self, device: str) -> Callable[[str], None]:
        if device == "pipe":
            return self.pipe.type
        return self.wide.type if device == "wide" else self.narrow.type

    def everybody_says(self, when: str) -> None:
        """Let the bot write to both conversations, and each device to its own."""
        self.beside.do(self.robot.post(ZHANG_SAN, *(f"robot {when} {n}" for n in range(5))))
        self.beside.do(self.robot.post(HIKERS, *(f"robot {when} {n}" for n in range(5, 8))))
        for device in "wide", "narrow", "pipe":
            self.say(device, *(f"{device} {when} {number}" for number in range(3)))

    def is_settled(self) -> None:
        """Wait until everything that was said is in the log, and the bot has it."""
        self.beside.do(self.robot.settled())
        for texts in self.said.values():
            self.beside.do(self.robot.hears(texts[-1]))

    def is_logged(self) -> None:
        """Wait until everything that was typed is in the log, whoever has it."""
        for texts in self.said.values():
            self.beside.do(_is_logged(self.site.port, texts[-1]))

    def log_of(self, where: Where) -> Log:
        """The log of a conversation, from a further device, which is not one of those judged."""
        return self.beside.do(_log_of(self.site.port, where))


@contextmanager
def begun(site: Site, directory: Path, beside: Background) -> Iterator[Day]:
    """Log all devices in; the terminals show their first window, and the pipe talks to the bot."""
    with ExitStack() as stack:
        cables = [Cable(lambda: site.port) for _ in range(4)]
        for cable in cables:
            beside.do(cable.open())
            stack.callback(_close, cable, beside)
        at = [f"127.0.0.1:{cable.port}" for cable in cables]
        robot = Robot(cables[3].port, directory / "robot.db")
        beside.do(robot.begin())
        stack.callback(lambda: beside.do(robot.end()))
        wide = Terminal(at[0], "--device", "wide", columns=80, rows=24)
        narrow = Terminal(at[1], "--device", "narrow", columns=40, rows=10)
        pipe = Pipe(at[2], "--device", "pipe")
        for device in wide, narrow, pipe:
            stack.enter_context(device)
        wide.log_in(ZHANG, SECRET)
        narrow.log_in(ZHANG, SECRET)
        pipe.type("1", ZHANG, SECRET, f"/talk {NAME}")
        pipe.until(f"talking to {NAME}")
        yield Day(site, beside, cables, robot, wide, narrow, pipe)


def _close(cable: Cable, beside: Background) -> None:
    beside.do(cable.close())


async def _log_of(port: int, where: Where) -> Log:
    async with ChatClient.connect("127.0.0.1", port, retry=True) as client:
        await client.login(ZHANG, SECRET, device="judge", wait=True)
        log = [entry async for entry in client.history(where, page=200)]
        await client.logout()
        return log[::-1]


async def _is_logged(port: int, text: str) -> None:
    async with ChatClient.connect("127.0.0.1", port, retry=True) as client:
        await client.login(ZHANG, SECRET, device="judge", wait=True)
        while text not in await _last_texts(client):
            pass
        await client.logout()


async def _last_texts(client: ChatClient) -> list[str]:
    pages = [await client.history_page(where) for where in (ROBOT, HIKERS)]
    return [entry.text for page in pages for entry in page.entries if isinstance(entry, Message)]
