"""The one slot that each user has for a client of the C++ server's kind.

A node's claims of slots count while it has its lease. Without it, no session of version 1 begins
there; those that are there go on, and their slots are claimed again once the lease is back.
Sessions whose slots others have taken meanwhile are ended.
"""

from collections.abc import Iterable, Mapping

import attrs

from chat_domain.errors import AlreadyOnline, TryAgain
from chat_domain.log.session import Session
from chat_domain.log.sessions import Sessions
from chat_domain.model import Claim
from chat_domain.notes import Replaced
from chat_domain.ports.cluster import Broker, Lease, Slots
from chat_domain.ports.runtime import Tasks


@attrs.define(eq=False)
class SlotKeeper:
    """second_login_replaces: whether a second login ends the first, instead of being refused."""

    slots: Slots
    lease: Lease
    sessions: Sessions
    broker: Broker
    tasks: Tasks
    node: str
    second_login_replaces: bool = False
    suspended: bool = attrs.field(default=False, init=False)
    _to_release: set[Claim] = attrs.field(factory=set, init=False)
    _orphaned: set[Claim] = attrs.field(factory=set, init=False)

    def is_active(self) -> bool:
        """Whether slots can be claimed, and presence counts."""
        return not self.suspended and self.lease.held()

    def check_lease(self) -> None:
        """Suspend this node if its lease has run out: the answer to the renewal that finds it gone
        may be lost. To be called regularly."""
        self.suspended = not self.is_active()

    async def claim(self, user_id: int, session_name: str) -> Claim:
        """Claim a user's slot. Raises AlreadyOnline, and TryAgain."""
        if not self.is_active():
            raise TryAgain
        claim = Claim(user_id, session_name, self.node)
        try:
            old = await self.slots.claim(claim)
            if old is not None:
                await self._replace(old, claim)
        except TryAgain:  # whether it was claimed may be unknown
            self._to_release.add(claim)
            raise
        return claim

    async def _replace(self, old: Claim, claim: Claim) -> None:
        may_replace = self.second_login_replaces
        if not may_replace or await self.slots.claim(claim, instead_of=old) is not None:
            raise AlreadyOnline
        note = Replaced(old.user_id, old.session)
        self.on_note(note)
        self.broker.broadcast(note)

    def on_note(self, note: Replaced) -> None:
        """End the session that has lost its slot, if it is here."""
        for session in self.sessions.of(note.user_id):
            if session.claim is not None and session.name == note.session:
                session.client.replaced()

    async def release(self, claim: Claim) -> None:
        """Give a slot up; later, if that is not possible now."""
        try:
            await self.slots.release(claim)
        except TryAgain:
            self._to_release.add(claim)

    def retry_releases(self) -> None:
        """Release what could not be released. To be called regularly while slots can be claimed."""
        if self._to_release:
            some, self._to_release = self._to_release, set()
            self.tasks.start(self._release_all(some))

    async def _release_all(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            await self.release(claim)

    async def resume(self) -> None:
        """There is a lease again: claim the slots again. Raises TryAgain, and then the node stays
        suspended."""
        await self._claim_again(self._by_claim())
        self.suspended = False

    def _by_claim(self) -> dict[Claim, Session]:
        """The sessions of version 1."""
        return {session.claim: session for session in self.sessions if session.claim is not None}

    async def _claim_again(self, by_claim: Mapping[Claim, Session]) -> None:
        lost = await self.slots.reclaim(list(by_claim))
        for claim, session in by_claim.items():
            if session not in self.sessions.of(claim.user_id):  # it ended meanwhile
                self._to_release.add(claim)
        for claim in lost:
            by_claim[claim].client.replaced()

    async def audit(self) -> None:
        """Release claims of this node that no session has, and end sessions whose slots others
        have. To be called regularly. Raises TryAgain.

        A claim can outlive its session if Redis has carried out a command that it did not answer. A
        claim without a session that is found for the first time may belong to a login in progress.
        A session can outlive its claim if the note that it was replaced is lost.
        """
        claims = set(await self.slots.own(self.node))
        by_claim = self._by_claim()
        orphaned = claims - by_claim.keys()
        self._to_release |= orphaned & self._orphaned
        self._orphaned = orphaned
        await self._claim_again({one: by_claim[one] for one in by_claim if one not in claims})
