"""Two nodes, step by step: whatever is lost, dies or hangs in between, the promises are kept."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.delivery.judge import judge
from tests.unit.delivery.person import Person
from tests.unit.delivery.site import Site
from tests.unit.delivery.two_nodes import World

PEOPLE = 3
QUIET_WITHIN = 120  # ticks of half a second
# The same few each time, so that a change is to blame for what it breaks; with a number, others.
EXAMPLES = os.environ.get("TWO_NODES_EXAMPLES", "")

persons = st.integers(0, PEOPLE - 1)
sites = st.integers(0, 1)
some = st.integers(1, 4)


class TwoNodes(RuleBasedStateMachine):
    """What becomes of it all is judged in the end, as for a cluster of real processes."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(PEOPLE)
        for number, person in enumerate(self.world.people):
            person.enters(self.world.sites[number % 2])
        self.world.go_on()

    def person(self, number: int) -> Person:
        return self.world.people[number]

    def site(self, number: int) -> Site:
        return self.world.sites[number]

    # -- people ----------------------------------------------------------------------------------

    @rule(who=persons, to=persons, count=some)
    def say(self, who: int, to: int, count: int) -> None:
        for _ in range(count):
            self.person(who).says(to=self.person(to).user.id)
        self.world.go_on()

    @rule(who=persons, to=persons, where=sites, count=some)
    def say_and_carry(self, who: int, to: int, where: int, count: int) -> None:
        self.say(who, to, count)
        self.world.carry(self.site(where), count)

    @rule(who=persons, where=sites, count=some)
    def say_to_group(self, who: int, where: int, count: int) -> None:
        for _ in range(count):
            self.person(who).says(group=self.world.group)
        self.world.go_on()
        self.world.carry(self.site(where), count)

    @rule(who=st.integers(1, PEOPLE - 1), how=st.sampled_from(["join", "leave"]))
    def change_group(self, who: int, how: str) -> None:
        self.person(who).changes(how, self.world.group)
        self.world.go_on()

    @rule(to=persons)
    def hear_from_all(self, to: int) -> None:
        for who in range(PEOPLE):
            self.say(who, to, 1)
        self.world.carry_all()

    @rule(who=persons, most=some, heard=st.booleans())
    def show(self, who: int, most: int, heard: bool) -> None:
        self.person(who).shows(most, heard=heard)
        self.world.go_on()

    @rule(who=persons, copies=st.booleans())
    def send_again(self, who: int, copies: bool) -> None:
        person = self.person(who)
        person.sends_copies() if copies else person.sends_again()
        self.world.go_on()

    @rule(who=persons, noticed=st.booleans())
    def lose_connection(self, who: int, noticed: bool) -> None:
        link = self.person(who).link
        if link is not None and noticed and not link.site.hung:
            link.lose()
        elif link is not None:
            self.person(who).loses(link)
        self.world.go_on()

    @rule(who=persons)
    def log_out(self, who: int) -> None:
        self.person(who).logs_out()
        self.world.go_on()

    @rule(who=persons, where=sites, noticed=st.booleans())
    def move(self, who: int, where: int, noticed: bool) -> None:
        """Go on by another connection, which takes the place of the first."""
        self.lose_connection(who, noticed)
        self.come_back(who, where, resumes=True, anew=False)

    @rule(who=persons, where=sites, resumes=st.booleans(), anew=st.booleans())
    def come_back(self, who: int, where: int, resumes: bool, anew: bool) -> None:
        person = self.person(who)
        if anew:
            person.begins_anew()
        person.enters(self.site(where), resumes=resumes)
        self.world.go_on()

    # -- nodes and what connects them --------------------------------------------------------------

    @rule(where=sites, most=some)
    def carry(self, where: int, most: int) -> None:
        self.world.carry(self.site(where), most)

    @rule(where=sites, how=st.sampled_from(["cut", "cut unnoticed", "lease", "hang", "kill"]))
    def break_something(self, where: int, how: str) -> None:
        site = self.site(where)
        match how:
            case "cut" | "cut unnoticed":
                self.world.hub.cut(site.name, noticed=how == "cut")
            case "lease":
                self.world.lose_lease(site)
            case "hang":
                site.hung = True
            case "kill":
                self.world.kill(where)
        self.world.go_on()

    @rule(where=sites)
    def mend(self, where: int) -> None:
        self.world.mend(self.site(where))
        self.world.go_on()

    # -- the store and time ------------------------------------------------------------------------

    @rule(how=st.sampled_from(["failing", "unsure", "slow_reads", "slow_writes", ""]))
    def upset_store(self, how: str) -> None:
        for trouble in ("failing", "unsure", "slow_reads", "slow_writes"):
            setattr(self.world.mailbox, trouble, how == trouble)
        self.world.mailbox.serve()
        self.world.go_on()

    @rule(writes=some, reads=some)
    def let_store_work(self, writes: int, reads: int) -> None:
        mailbox = self.world.mailbox
        for queue, most in ((mailbox.writing, writes), (mailbox.reading, reads)):
            for _ in range(min(most, len(queue))):
                queue.popleft()()
        self.world.go_on()

    @rule()
    def be_well(self) -> None:
        """Everything works for a moment."""
        self.heal()
        self.pass_time()

    @rule(ticks=st.integers(1, 22))
    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            self.world.tick()

    # -- the end -----------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.heal()
            self._become_quiet()
            verdict = judge(self.world.events)
            assert verdict.kept, str(verdict)
        finally:
            for site in self.world.sites:
                site.tasks.close()

    def _become_quiet(self) -> None:
        quiet = 0
        for _ in range(QUIET_WITHIN):
            self.pass_time()
            quiet = quiet + 1 if self._is_quiet() else 0
            if quiet == 3:  # notes may have been on their way
                self.world.note("quiet")
                return

    def heal(self) -> None:
        self.upset_store("")
        for site in self.world.sites:
            self.world.mend(site)
        self.world.notice_who_is_gone()

    def pass_time(self) -> None:
        self.world.mailbox.serve()
        self.world.go_on()
        self.world.carry_all()
        for number, person in enumerate(self.world.people):
            person.enters(self.site(number % 2))
            person.sends_again()
            person.shows(1000)
        self.world.tick()

    def _is_quiet(self) -> bool:
        return not any(person.unsettled for person in self.world.people) and all(
            person.is_live for person in self.world.people
        )


TestTwoNodes = TwoNodes.TestCase
TestTwoNodes.settings = settings(
    max_examples=int(EXAMPLES or 300),
    derandomize=not EXAMPLES,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
