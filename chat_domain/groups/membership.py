"""Creating, joining, renaming, leaving and listing groups."""

import attrs

from chat_domain.delivery.roster_changes import RosterChanges
from chat_domain.delivery.rosters import Rosters
from chat_domain.errors import GroupFull, NotAllowed, NotMember, TooManyGroups
from chat_domain.fairness.guard import Guard
from chat_domain.hints import GroupChanged
from chat_domain.model import Group, Member, Membership, Page, Role, User
from chat_domain.names import Name
from chat_domain.pages import cut
from chat_domain.people.teller import Teller
from chat_domain.ports.cluster import Presence
from chat_domain.ports.store import Groups


@attrs.frozen
class GroupMembership:
    groups: Groups
    rosters: Rosters
    changes: RosterChanges
    presence: Presence
    teller: Teller
    guard: Guard = attrs.field(factory=Guard)

    async def create(self, creator_id: int, name: str, description: str) -> Group:
        """Raises BadName, GroupNameTaken and TooManyGroups."""
        parsed = Name.parse(name)
        await self._check_room_for_another(creator_id)
        return await self.groups.create(parsed, description, creator_id)

    async def join(self, user_id: int, group_id: int) -> Group:
        """Raises NoSuchGroup, AlreadyMember, TooManyGroups and GroupFull."""
        await self._check_room_for_another(user_id)
        await self._check_room_in(group_id, user_id)
        try:
            return await self.groups.join(group_id, user_id)
        finally:
            await self.changes.announce(group_id)

    async def _check_room_for_another(self, user_id: int) -> None:
        most = self.guard.limits.groups_per_user
        if most and await self.groups.count_of(user_id) >= most:
            self.guard.counters.groups_refused += 1
            raise TooManyGroups(most)

    async def _check_room_in(self, group_id: int, user_id: int) -> None:
        """Those who join in the same moment do not see each other: a few too many may get in."""
        most = self.guard.limits.members_per_group
        if not most:
            return
        members = await self.rosters.members(group_id)
        if len(members) >= most and user_id not in members:
            self.guard.counters.members_refused += 1
            raise GroupFull(group_id, most)

    async def rename(self, user: User, group_id: int, name: str) -> int:
        """Give a group another name, and tell its other members; return how many those are.

        Only its creator may. Raises BadName, NoSuchGroup, NotMember, NotAllowed, GroupNameTaken.
        """
        parsed = Name.parse(name)
        others = await self.rosters.members(group_id) - {user.id}
        await self._check_is_creator(user.id, group_id)
        await self.groups.rename(group_id, parsed)
        self.teller.tell(others, GroupChanged(group_id, parsed.text, user))
        return len(others)

    async def _check_is_creator(self, user_id: int, group_id: int) -> None:
        found = await self.groups.members(group_id, user_id - 1, 1)
        if not found or found[0].id != user_id:
            raise NotMember(group_id)
        if found[0].role is not Role.CREATOR:
            raise NotAllowed(group_id)

    async def leave(self, user_id: int, group_id: int) -> None:
        """Raises NoSuchGroup and NotMember. See `ports.Groups.leave` for who succeeds a creator."""
        try:
            await self.groups.leave(group_id, user_id)
        finally:
            await self.changes.announce(group_id)

    async def end(self, group_id: int) -> None:
        """Raises NoSuchGroup. Every node has forgotten the members when this returns."""
        try:
            await self.groups.end(group_id)
        finally:
            await self.changes.announce(group_id)

    async def own(self, user_id: int, after: int, limit: int) -> Page[Membership]:
        """A page of the user's groups."""
        found = await self.groups.page_of(user_id, after, limit + 1)
        return cut(found, [membership.group.id for membership in found], limit)

    async def members(self, user_id: int, group_id: int, after: int, limit: int) -> Page[Member]:
        """A page of a group's members, shown to its members. Raises NoSuchGroup and NotMember."""
        if user_id not in await self.rosters.members(group_id):
            raise NotMember(group_id)
        return await self.page_of_members(group_id, after, limit)

    async def page_of_members(self, group_id: int, after: int, limit: int) -> Page[Member]:
        """The same, for whoever may see every group. Raises NoSuchGroup."""
        found = await self.groups.members(group_id, after, limit + 1)
        online = await self.presence.online([member.id for member in found])
        members = [Member(one.id, one.name, one.role, one.id in online) for one in found]
        return cut(members, [member.id for member in members], limit)
