"""Two nodes, step by step: whatever is lost, dies or hangs in between, the promises are kept."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.delivery.judge import judge
from tests.unit.delivery.two_nodes import Person, Site, World

PEOPLE = 3
QUIET_WITHIN = 120  # ticks of half a second
EXAMPLES = int(os.environ.get("TWO_NODES_EXAMPLES", "150"))

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

    @rule(who=persons, most=some, heard=st.booleans())
    def show(self, who: int, most: int, heard: bool) -> None:
        self.person(who).shows(most, heard=heard)
        self.world.go_on()

    @rule(who=persons)
    def send_again(self, who: int) -> None:
        self.person(who).sends_again()
        self.world.go_on()

    @rule(who=persons)
    def send_copies(self, who: int) -> None:
        self.person(who).sends_copies()
        self.world.go_on()

    @rule(who=persons, noticed=st.booleans())
    def lose_connection(self, who: int, noticed: bool) -> None:
        link = self.person(who).link
        if link is not None and noticed and not link.site.hung:
            link.lose()
        elif link is not None:
            self.person(who).loses(link)
        self.world.go_on()

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

    @rule()
    def carry_all(self) -> None:
        self.world.carry_all()

    @rule(where=sites)
    def cut(self, where: int) -> None:
        self.world.hub.cut(self.site(where).name)

    @rule(where=sites)
    def mend(self, where: int) -> None:
        if not self.site(where).hung:
            self.world.hub.mend(self.site(where).name)
            self.world.go_on()

    @rule(where=sites)
    def lose_lease(self, where: int) -> None:
        self.world.lose_lease(self.site(where))
        self.world.go_on()

    @rule(where=sites)
    def regain_lease(self, where: int) -> None:
        self.world.regain_lease(self.site(where))
        self.world.go_on()

    @rule(where=sites)
    def hang(self, where: int) -> None:
        self.site(where).hung = True

    @rule(where=sites)
    def wake(self, where: int) -> None:
        self.world.wake(self.site(where))
        self.world.go_on()

    @rule(where=sites)
    def kill(self, where: int) -> None:
        self.world.kill(where)
        self.world.go_on()

    # -- the store and time ------------------------------------------------------------------------

    @rule(failing=st.booleans(), unsure=st.booleans())
    def upset_store(self, failing: bool, unsure: bool) -> None:
        self.world.mailbox.failing, self.world.mailbox.unsure = failing, unsure

    @rule(slow=st.booleans())
    def slow_store(self, slow: bool) -> None:
        self.world.mailbox.slow_reads = self.world.mailbox.slow_writes = slow

    @rule()
    def serve(self) -> None:
        self.world.mailbox.serve()
        self.world.go_on()

    @rule(ticks=st.integers(1, 22))
    def wait(self, ticks: int) -> None:
        for _ in range(ticks):
            self.world.tick()

    # -- the end -----------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self._heal()
            for _ in range(QUIET_WITHIN):
                self._go_on()
                if self._is_quiet():
                    self.world.note("quiet")
                    break
            verdict = judge(self.world.events)
            assert verdict.kept, str(verdict)
        finally:
            for site in self.world.sites:
                site.tasks.close()

    def _heal(self) -> None:
        self.upset_store(failing=False, unsure=False)
        self.slow_store(slow=False)
        for site in self.world.sites:
            self.world.wake(site)
            self.world.hub.mend(site.name)
            self.world.regain_lease(site)
        self.world.notice_who_is_gone()

    def _go_on(self) -> None:
        self.serve()
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
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
