"""The client's methods for groups. Those that change one repeat their request with the same cid, so
that it takes effect once."""

from collections.abc import AsyncIterator

from adapters.client.requester import Requester, id_or_name
from adapters.wire import requests
from chat_domain.model import Group, Member, Membership


class Groups(Requester):
    async def groups(self, page: int = 100) -> AsyncIterator[Membership]:
        """The user's groups, ascending by id, fetched page by page."""
        async for ack in self._pages(requests.ListGroups(limit=page)):
            for row in ack.groups:
                yield row.membership()

    async def members(self, group_id: int, page: int = 100) -> AsyncIterator[Member]:
        """The members of one of the user's groups, ascending by id, fetched page by page."""
        async for ack in self._pages(requests.ListMembers(groupid=group_id, limit=page)):
            for row in ack.users:
                yield row.member()

    async def create_group(self, name: str, description: str = "") -> Group:
        ack = await self._write(requests.CreateGroup(groupname=name, groupdesc=description))
        return Group(ack.groupid, name, description)

    async def join_group(self, which: int | str) -> Group:
        """Join a group, by id or by name."""
        number, name = id_or_name(which)
        ack = await self._write(requests.JoinGroup(groupid=number, groupname=name))
        return Group(ack.groupid, ack.groupname or "", ack.groupdesc or "")

    async def rename_group(self, group_id: int, name: str) -> None:
        """Rename a group; only its creator may. The other members get `Changed`."""
        await self._write(requests.RenameGroup(groupid=group_id, groupname=name))

    async def leave_group(self, group_id: int) -> None:
        await self._write(requests.LeaveGroup(groupid=group_id))
