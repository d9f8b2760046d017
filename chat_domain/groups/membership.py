"""Creating, joining, renaming, leaving and listing groups."""

import attrs

from chat_domain.entries import CHANGE, Change, ChangeKind, Duplicate, Entry
from chat_domain.errors import ChatError, GroupFull, NoSuchGroup, NotMember, TooManyGroups, TryAgain
from chat_domain.fairness.guard import Guard
from chat_domain.log.queue import AppendQueue
from chat_domain.log.sessions import Sessions
from chat_domain.model import Group, Member, Membership, Page, User
from chat_domain.names import Name, name_key
from chat_domain.people.online import who_is_online
from chat_domain.ports.cluster import Presence
from chat_domain.ports.runtime import Ids
from chat_domain.ports.store import Groups

Done = Entry | Duplicate

# How many groups a user may have been in, for each that they may be in, and at least. Groups that
# they have left count among their conversations, which are all looked at to list them.
EVER_PER_PRESENT = 5
EVER_AT_LEAST = 5_000


@attrs.frozen
class GroupMembership:
    """A change of a group is written to the log, and applied on this node when the method returns.
    If it comes again under the same cid, it gets the answer of the first. Any method raises
    TryAgain, and CidConflict if something else was sent under that cid."""

    groups: Groups
    queue: AppendQueue
    presence: Presence
    ids: Ids
    guard: Guard
    sessions: Sessions

    async def create(
        self, user: User, name: str, description: str, cid: str | None = None
    ) -> tuple[Done, Group]:
        """Raises BadName, GroupNameTaken and TooManyGroups."""
        parsed = Name.parse(name)
        full = await self._no_room_for_another(user.id)
        change = Change(ChangeKind.CREATED, name=parsed.text, detail=description)
        done = await self.change(user, 0, change, cid, full)
        if isinstance(done, Duplicate):
            return done, await self._group(done.conv)
        return done, Group(done.conv, parsed.text, description)

    async def _group(self, group_id: int) -> Group:
        """The group of this id, by its present name."""
        group = await self.groups.find(group_id)
        if group is None:
            raise NoSuchGroup(group_id)
        return group

    async def join(self, user: User, group_id: int, cid: str | None = None) -> tuple[Done, Group]:
        """Raises NoSuchGroup, AlreadyMember, TooManyGroups and GroupFull."""
        full = await self._no_room_for_another(user.id) or await self._no_room_in(group_id)
        done = await self.change(user, group_id, Change(ChangeKind.JOINED), cid, full)
        return done, await self._group(group_id)

    async def join_by_name(
        self, user: User, name: str, cid: str | None = None
    ) -> tuple[Done, Group]:
        """Join the group that has this name now (in any case). If none has, but the user has joined
        one under this cid before, that one had the name then, and is the answer again."""
        group = await self.groups.find(name_key(name))
        if group is not None:
            return await self.join(user, group.id, cid)
        done = await self.change(user, 0, Change(ChangeKind.JOINED), cid, NoSuchGroup(name))
        return done, await self._group(done.conv)

    async def _no_room_for_another(self, user_id: int) -> ChatError | None:
        here = [len(session.groups) for session in self.sessions.of(user_id)]
        if here and not self.sessions.has_room_for(max(here)):
            return TryAgain()
        limit = self.guard.limits.groups_per_user
        if not limit:
            return None
        most_ever = max(EVER_PER_PRESENT * limit, EVER_AT_LEAST)
        present, ever = await self.groups.count_of(user_id)
        if present < limit and ever < most_ever:
            return None
        self.guard.counters.groups_refused += 1
        return TooManyGroups(limit, most_ever)

    async def _no_room_in(self, group_id: int) -> ChatError | None:
        """Joins at the same moment do not see each other: a few too many may get in."""
        limit = self.guard.limits.members_per_group
        if not limit or await self.groups.size(group_id) < limit:
            return None
        self.guard.counters.members_refused += 1
        return GroupFull(group_id, limit)

    async def rename(self, user: User, group_id: int, name: str, cid: str | None = None) -> Done:
        """Give a group another name. Only its creator may. Raises BadName, NoSuchGroup, NotMember,
        NotAllowed and GroupNameTaken."""
        change = Change(ChangeKind.RENAMED, name=Name.parse(name).text)
        return await self.change(user, group_id, change, cid)

    async def leave(self, user: User, group_id: int, cid: str | None = None) -> Done:
        """Raises NoSuchGroup and NotMember. See `Log.append` for who succeeds a creator."""
        return await self.change(user, group_id, Change(ChangeKind.LEFT), cid)

    async def change(
        self,
        user: User,
        group_id: int,
        change: Change,
        cid: str | None = None,
        refused: ChatError | None = None,
    ) -> Done:
        """Write a change of a group. Raises what `Log.append` refuses it with, which checks who may
        rename a group. Who may remove a member or end a group, the caller checks.

        refused: why it may not be done, unless it was done before under the same cid.
        """
        cid = cid or self.ids.cid()
        entry = Entry(group_id, CHANGE, user.id, user.name, cid, change=change)
        return await self.queue.change(entry, refused)

    async def page(self, user_id: int, after: int, limit: int) -> Page[Membership]:
        found = await self.groups.page_of(user_id, after, limit + 1)
        return Page.cut(found, [membership.group.id for membership in found], limit)

    async def members(self, user_id: int, group_id: int, after: int, limit: int) -> Page[Member]:
        """A page of a group's members, for one of them. Raises NoSuchGroup and NotMember."""
        found = await self.groups.members(group_id, user_id - 1, 1)
        if [member.id for member in found] != [user_id]:
            raise NotMember(group_id)
        return await self.page_of_members(group_id, after, limit)

    async def page_of_members(self, group_id: int, after: int, limit: int) -> Page[Member]:
        """A page of a group's members, for callers who may see every group. Raises NoSuchGroup."""
        found = await self.groups.members(group_id, after, limit + 1)
        online = await who_is_online(self.presence, [member.id for member in found])
        members = [Member(one.id, one.name, one.role, online[one.id]) for one in found]
        return Page.cut(members, [member.id for member in members], limit)
