"""What an operator does with groups. Each step can be repeated."""

import attrs

from chat_domain.entries import Change, ChangeKind
from chat_domain.errors import BadDays, NoSuchGroup
from chat_domain.groups.membership import GroupMembership
from chat_domain.model import MAX_DAYS, OPERATOR, Group, Member, Page, SizedGroup, User
from chat_domain.names import Name, id_or_key, name_key
from chat_domain.operators.administration import Administration


@attrs.frozen
class GroupAdministration:
    """A group is given by its id, in digits, or by its name in any case; a user likewise."""

    membership: GroupMembership
    people: Administration

    async def group(self, which: str) -> Group:
        """Raises NoSuchGroup."""
        found = await self.membership.groups.find(id_or_key(which))
        if found is None:
            raise NoSuchGroup(which)
        return found

    async def page(self, after: int, limit: int, containing: str = "") -> Page[SizedGroup]:
        """A page of all groups, or of those whose names contain this text, in any case."""
        found = await self.membership.groups.page(after, limit + 1, name_key(containing))
        return Page.cut(found, [one.group.id for one in found], limit)

    async def members(self, which: str, after: int, limit: int) -> tuple[Group, Page[Member]]:
        """A group, and a page of its members. Raises NoSuchGroup."""
        group = await self.group(which)
        return group, await self.membership.page_of_members(group.id, after, limit)

    async def rename(self, which: str, name: str) -> tuple[Group, Group]:
        """The group before and after. Raises NoSuchGroup, BadName and GroupNameTaken."""
        parsed = Name.parse(name)
        before = await self.group(which)
        await self._change(before, Change(ChangeKind.RENAMED, name=parsed.text))
        return before, attrs.evolve(before, name=parsed.text)

    async def show_history(self, which: str, *, whole: bool) -> Group:
        """See `Groups.show_history`. Raises NoSuchGroup."""
        group = await self.group(which)
        if not await self.membership.groups.show_history(group.id, whole=whole):
            raise NoSuchGroup(which)  # it has ended meanwhile
        return group

    async def keep(self, which: str, days: int) -> tuple[Group, int]:
        """See `Groups.keep`. Raises NoSuchGroup and BadDays."""
        if not 0 <= days <= MAX_DAYS:
            raise BadDays(MAX_DAYS)
        group = await self.group(which)
        return group, await self.membership.groups.keep(group.id, days)

    async def remove(self, which: str, who: str) -> tuple[Group, User]:
        """End a user's membership, as if they had left; they can join again.

        Raises NoSuchGroup, NoSuchUser and NoSuchMember.
        """
        group, user = await self.group(which), (await self.people.account(who)).user
        await self._change(group, Change(ChangeKind.REMOVED, user_id=user.id))
        return group, user

    async def end(self, which: str) -> Group:
        """End a group and all its memberships; its entries stay. Raises NoSuchGroup."""
        group = await self.group(which)
        await self._change(group, Change(ChangeKind.ENDED))
        return group

    async def _change(self, group: Group, change: Change) -> None:
        await self.membership.change(OPERATOR, group.id, change)
