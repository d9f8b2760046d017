"""A day of two users, one with three devices and the other a bot, in which everything goes wrong
that can. In the end, each device shows what the log has, line by line."""

import re
from collections import defaultdict
from pathlib import Path

import attrs

from adapters.client import Message, Where
from tests.delivery.network import Way
from tests.integration.cluster import NewCluster
from tests.integration.day import before
from tests.integration.day.background import Background
from tests.integration.day.day import HIKERS, ROBOT, ZHANG, ZHANG_SAN, Day, Log, begun
from tests.integration.day.page import Marks, page
from tests.integration.day.reading import columns, shows_all, shows_last
from tests.integration.day.robot import NAME
from tests.integration.day.site import Alone, Several, Site
from tests.integration.server_process import ServerProcess
from tests.integration.terminal import Terminal

ALT_A, ALT_0 = "\x1ba", "\x1b0"
_OWN = re.compile(r"\S+ (✓✓?) to (?:robot|\[hikers\]): (.*?)(?:  \(and \d+ before it\))?")
_OF_THE_ROBOT = re.compile(r"\S+ (?:\[hikers\] )?robot: (robot .*)")


def test_a_day_with_one_server(tmp_path: Path) -> None:
    """The server is killed, too."""
    file = tmp_path / "chat.db"
    with ServerProcess(f"sqlite:///{file}", "--hashing", "cheap") as server:
        live_through(Alone(server, file), tmp_path)


def test_a_day_with_a_cluster(new_cluster: NewCluster, tmp_path: Path) -> None:
    """One of its nodes is killed, too."""
    with new_cluster(nodes=2, nginx=True) as cluster:
        live_through(Several(cluster), tmp_path)


def live_through(site: Site, directory: Path) -> None:
    with Background() as beside:
        read = beside.do(before.write(site.port))
        site.rewrite(before.SPREAD)
        with begun(site, directory, beside) as day:
            finds_what_is_new(day, read)
            goes_through_trouble(day)
            evening = has_an_evening(day)
            nothing_is_lost_or_doubled(day, evening)
            shows_the_log(day.wide, evening, back=True)
            shows_the_log(day.narrow, evening, back=False)
            tells_everything_once(day)


def finds_what_is_new(day: Day, read: int) -> None:
    """What was not read is counted, and a line is above it."""
    count = before.UNREAD
    until_counted(day.wide, f"1 {NAME} {count}")
    until_counted(day.narrow, f"1 {NAME}({count})")
    day.wide.press(ALT_A)
    day.wide.until_last(f"{ZHANG} to {NAME}>")
    log = day.log_of(ROBOT)
    rows = page(log, Marks(got=log[-1].at, new=read), columns(day.wide))
    # Two more rows: the line itself, and that of a day which has begun meanwhile.
    assert any(row.startswith("── new ") for row in rows[-count - 2 :])
    shows_last(day.wide, rows, pages=count // 10)
    turn_to(day.narrow, HIKERS)


def until_counted(device: Terminal, count: str) -> None:
    device.until_true(
        lambda: any(count in re.sub(" +", " ", row) for row in device.picture), "the count"
    )


def turn_to(device: Terminal, where: Where) -> None:
    """Go to a conversation through the first window."""
    device.press(ALT_0)
    device.until_last(f"{ZHANG}>")
    device.type("/talk hikers" if where == HIKERS else f"/talk {NAME}")
    prompt = "to [hikers]>" if where == HIKERS else f"to {NAME}>"
    device.until_true(lambda: any(line.endswith(prompt) for line in device.lines[-1:]), prompt)


def goes_through_trouble(day: Day) -> None:
    """Let the network and the server fail in all ways, while users go on writing."""
    day.everybody_says("in peace")
    day.is_settled()

    day.cut()
    day.wide.until("no connection")
    day.narrow.until("no connection")
    day.everybody_says("while cut")
    day.mend()
    day.is_settled()

    day.swallow(Way.DOWN)
    day.everybody_says("unanswered")
    day.is_logged()
    day.break_off()
    day.is_settled()
    day.wide.until("✓✓ zhang: wide unanswered 2")  # so it is connected again

    day.swallow(Way.UP)
    day.everybody_says("into a hole")
    day.wide.until("…  zhang: wide into a hole 2")
    day.break_off()
    day.is_settled()

    day.site.die()
    day.everybody_says("while it is dead")
    day.site.come_back()
    day.is_settled()

    day.beside.do(day.robot.end())
    day.say("wide", "for a robot that is away")
    day.beside.do(day.robot.begin())
    day.is_settled()


@attrs.frozen
class Evening:
    """What the log has in the end, and how much of it others have got and read."""

    logs: dict[Where, Log]
    marks: dict[Where, Marks]

    @property
    def texts(self) -> list[Message]:
        """The texts of this day, in order."""
        entries = (entry for log in self.logs.values() for entry in log)
        messages = (entry for entry in entries if isinstance(entry, Message))
        return sorted(
            (one for one in messages if not one.text.startswith("before")), key=lambda one: one.at
        )


def has_an_evening(day: Day) -> Evening:
    """Let the bot read some of it and leave; what is said then has one tick."""
    robot, marks = day.robot, {}
    got = robot.heard[-1].at
    for here, there in (ROBOT, ZHANG_SAN), (HIKERS, HIKERS):
        read = [message.at for message in robot.heard if message.where == there][-4]
        day.beside.do(robot.client.read(there, read))
        marks[here] = Marks(got if here == ROBOT else 0, read)
    kept = day.beside.do(robot.client.kept(ZHANG_SAN, limit=1_000))
    assert [one.at for one in kept] == [one.at for one in day.log_of(ROBOT)][-len(kept) :]
    day.beside.do(robot.end())
    day.say("wide", "good night")
    day.wide.until("✓  zhang: good night")
    return Evening({where: day.log_of(where) for where in (ROBOT, HIKERS)}, marks)


def nothing_is_lost_or_doubled(day: Day, evening: Evening) -> None:
    """Check that each device's texts are in the log, once and in order, and that the bot has heard
    everything that others said before it left."""
    texts = evening.texts
    of_robot = [one.text for one in texts if not one.own]
    assert of_robot == day.robot.said
    for said in day.said.values():
        assert [one.text for one in texts if one.text in said] == said
    assert len(texts) == len(day.robot.said) + sum(map(len, day.said.values()))
    heard = [one.text for one in day.robot.heard if not one.own]
    own = [one.text for one in texts if one.own]
    assert [text for text in heard if not text.startswith("before")] == own[:-1]


def shows_the_log(device: Terminal, evening: Evening, *, back: bool) -> None:
    """Check all conversations from one end to the other, in two sizes. back: and back again."""
    reads_what_is_new(device)
    for where in evening.logs:
        turn_to(device, where)
        shows_last(device, rows_of(where, device, evening), pages=10)
    device.resize(len(device.picture[0]), 60)
    for where in evening.logs:
        turn_to(device, where)
        shows_all(device, rows_of(where, device, evening), back=back)


def reads_what_is_new(device: Terminal) -> None:
    """Read until no conversation has a line above new messages."""
    nothing = "no unread messages"
    while nothing not in device.picture[-2]:
        device.press(ALT_0)
        device.until_last(f"{ZHANG}>")
        device.press(ALT_A)
        device.until_true(
            lambda: nothing in device.picture[-2] or device.lines[-1:] != [f"{ZHANG}>"], nothing
        )


def rows_of(where: Where, device: Terminal, evening: Evening) -> list[str]:
    return page(evening.logs[where], evening.marks[where], columns(device))


def tells_everything_once(day: Day) -> None:
    """Check the plain lines: they have what the bot said and what was written on each device, which
    is told again with its second tick. There is no error."""
    lines = day.pipe.lines
    found = map(_OF_THE_ROBOT.fullmatch, lines)
    assert [match[1] for match in found if match] == day.robot.said
    ticks = defaultdict(list)
    for match in filter(None, map(_OWN.fullmatch, lines)):
        ticks[match[2]].append(match[1])
    for said in day.said.values():
        assert [text for text in ticks if text in said] == said
        assert all(ticks[text] in (["✓"], ["✓✓"], ["✓", "✓✓"]) for text in said)
    assert day.pipe.ends() == 0
