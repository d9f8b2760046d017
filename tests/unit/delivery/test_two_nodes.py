"""Two nodes, step by step: whatever is lost, dies or hangs in between, the promises are kept."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from chat_domain.log import follower, offline, reorder_buffer
from chat_domain.people import login
from tests.delivery.judge import judge
from tests.tries import WANTED, tries
from tests.unit.delivery.device import Device
from tests.unit.delivery.site import Site
from tests.unit.delivery.two_nodes import DEVICES, World

PEOPLE = 3
QUIET_WITHIN = 120  # ticks of half a second

persons = st.integers(0, PEOPLE - 1)
devices = st.integers(0, DEVICES)  # the last is of version 1
sites = st.integers(0, 1)
some = st.integers(1, 4)


class TwoNodes(RuleBasedStateMachine):
    """Everything is judged in the end, as for a cluster of real processes. The bounds are small, so
    that the steps reach them."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(follower, "AT_ONCE", 5)
        self.patch.setattr(follower, "READ_AT_ONCE", 3)
        self.patch.setattr(reorder_buffer, "MOST_NOTES", 2)
        self.patch.setattr(offline, "RING_AT_MOST", 6)
        self.patch.setattr(offline, "READ_AT_ONCE", 3)
        self.patch.setattr(login, "MISSED_AT_MOST", 30)
        self.world = World(PEOPLE)
        for number, person in enumerate(self.world.people):
            person[0].enters(self.world.sites[number % 2])
        self.world.go_on()

    def device(self, who: int, which: int) -> Device:
        return self.world.people[who][which]

    def site(self, number: int) -> Site:
        return self.world.sites[number]

    # -- people ----------------------------------------------------------------------------------

    @rule(who=persons, which=devices, to=persons, count=some)
    def say(self, who: int, which: int, to: int, count: int) -> None:
        for _ in range(count):
            self.device(who, which).says(to=self.device(to, 0).user.id)
        self.world.go_on()

    @rule(who=persons, which=devices, count=some)
    def say_to_group(self, who: int, which: int, count: int) -> None:
        for _ in range(count):
            self.device(who, which).says(group=self.world.group)
        self.world.go_on()

    @rule(who=st.integers(1, PEOPLE - 1), which=devices, what=st.sampled_from(["join", "leave"]))
    def change_group(self, who: int, which: int, what: str) -> None:
        self.device(who, which).changes(what, self.world.group)
        self.world.go_on()

    @rule(who=persons, which=devices, most=some)
    def read(self, who: int, which: int, most: int) -> None:
        self.device(who, which).reads(most)
        self.world.go_on()

    @rule(who=persons, which=devices)
    def take_over(self, who: int, which: int) -> None:
        self.device(who, which).takes_over()
        self.world.go_on()

    @rule(who=persons, which=devices, copies=st.booleans())
    def send_again(self, who: int, which: int, copies: bool) -> None:
        device = self.device(who, which)
        device.sends_copies() if copies else device.sends_again()
        self.world.go_on()

    @rule(who=persons, which=devices)
    def ping(self, who: int, which: int) -> None:
        link = self.device(who, which).link
        if link is not None and not link.site.hung:
            link.ping()

    @rule(who=persons, which=devices, noticed=st.booleans())
    def lose_connection(self, who: int, which: int, noticed: bool) -> None:
        device = self.device(who, which)
        link = device.link
        if link is not None and noticed and not link.site.hung:
            link.lose()
        elif link is not None:
            device.loses(link)
        self.world.go_on()

    @rule(who=persons, which=devices, choked=st.booleans())
    def choke(self, who: int, which: int, choked: bool) -> None:
        link = self.device(who, which).link
        if link is not None and link.session is not None and not link.site.hung:
            reader = link.site.chat.offline
            reader.choked(link.session) if choked else reader.unchoked(link.session)
        self.world.go_on()

    @rule(who=persons, which=devices)
    def log_out(self, who: int, which: int) -> None:
        self.device(who, which).logs_out()
        self.world.go_on()

    @rule(who=persons, which=devices, where=sites)
    def come(self, who: int, which: int, where: int) -> None:
        self.device(who, which).enters(self.site(where))
        self.world.go_on()

    @rule(who=persons, which=devices, where=sites, noticed=st.booleans())
    def move(self, who: int, which: int, where: int, noticed: bool) -> None:
        """Go on over another connection. noticed: whether the server noticed the end of the old."""
        self.lose_connection(who, which, noticed)
        self.come(who, which, where)

    @rule(who=persons, which=devices)
    def begin_anew(self, who: int, which: int) -> None:
        self.device(who, which).begins_anew()
        self.world.go_on()

    # -- nodes and what connects them ------------------------------------------------------------

    @rule(where=sites, most=some)
    def carry(self, where: int, most: int) -> None:
        self.world.carry(self.site(where), most)

    @rule(where=sites, how=st.sampled_from(["lost", "doubled", "swapped", "late"]))
    def upset_notes(self, where: int, how: str) -> None:
        packets = self.world.hub.waiting(self.site(where).name)
        if packets:
            first = packets.popleft()
            match how:
                case "doubled":
                    packets.extendleft([first, first])
                case "swapped":
                    packets.insert(1, first)
                case "late":
                    packets.append(first)

    @rule(where=sites, how=st.sampled_from(["cut", "cut unnoticed", "lease", "hang"]))
    def break_something(self, where: int, how: str) -> None:
        site = self.site(where)
        match how:
            case "cut" | "cut unnoticed":
                self.world.hub.cut(site.name, noticed=how == "cut")
            case "lease":
                self.world.lose_lease(site)
            case "hang":
                site.hung = True
                self.world.breaks(f"node {site.name} hung")
        self.world.go_on()

    @rule(where=sites, committed=st.integers(0, 2))
    def kill(self, where: int, committed: int) -> None:
        self.world.kill(where, committed=committed)
        self.world.go_on()

    @rule(where=sites)
    def mend(self, where: int) -> None:
        self.world.mend(self.site(where))
        self.world.go_on()

    # -- the database and time -------------------------------------------------------------------

    @rule(where=sites, how=st.sampled_from(["failing", "unsure", "slow_reads", "slow_writes", ""]))
    def upset_database(self, where: int, how: str) -> None:
        log = self.site(where).log
        for trouble in ("failing", "unsure", "slow_reads", "slow_writes"):
            setattr(log, trouble, how == trouble)
        self.world.breaks(f"database of {where}", broken=how != "")
        log.serve()
        self.world.go_on()

    @rule(where=sites, writes=some, reads=some)
    def let_database_work(self, where: int, writes: int, reads: int) -> None:
        log = self.site(where).log
        for queue, most in ((log.writing, writes), (log.reading, reads)):
            for _ in range(min(most, len(queue))):
                queue.popleft()()
        self.world.go_on()

    @rule()
    def put_into_safe(self) -> None:
        self.world.safe.put_away()

    @precondition(lambda self: not self.world.safe.is_empty)
    @rule(noticed=st.lists(sites, unique=True))
    def lose_the_end(self, noticed: list[int]) -> None:
        self.heal()
        self.world.lose_the_end(noticed)
        self.world.go_on()

    @rule()
    def be_well(self) -> None:
        """Let everything work for a moment."""
        self.heal()
        self.pass_time()

    @rule(ticks=st.integers(1, 22))
    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            self.world.tick()

    # -- the end ---------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.heal()
            self._become_quiet()
            self.world.dump()
            verdict = judge(self.world.events)
            assert verdict.kept, str(verdict)
        finally:
            self.patch.undo()
            for site in self.world.sites:
                site.tasks.close()

    def _become_quiet(self) -> None:
        quiet = 0
        for _ in range(QUIET_WITHIN):
            self.pass_time()
            quiet = quiet + 1 if all(device.is_settled for device in self.world.devices) else 0
            if quiet == 4:  # notes may have been on their way, and marks are written late
                self.world.note("quiet")
                return

    def heal(self) -> None:
        for where in range(2):
            self.upset_database(where, "")
            self.world.mend(self.site(where))
        self.world.notice_who_is_gone()
        for device in self.world.devices:
            link = device.link
            if link is not None and link.session is not None:
                link.site.chat.offline.unchoked(link.session)

    def pass_time(self) -> None:
        self.world.serve()
        self.world.carry_all()
        for number, device in enumerate(self.world.devices):
            device.enters(self.site(number % 2))
            device.sends_again()
            device.reads(1000)
            device.takes_over()
        self.world.tick()


TestTwoNodes = TwoNodes.TestCase
TestTwoNodes.settings = settings(
    max_examples=tries(50),
    derandomize=not WANTED,  # the same few each time, so that only a change can break them
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
