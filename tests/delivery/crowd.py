"""Who is there, with which devices, and in which groups."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import attrs

from adapters.client.chat_client import ChatClient
from tests.delivery.device import Device, Somebody
from tests.delivery.heard import HeardWire
from tests.delivery.history import History
from tests.delivery.network import LOOPBACK, Door, opened
from tests.delivery.old_device import OldDevice
from tests.integration.cluster import Cluster

PASSWORD = "secret"
AnyDevice = Device | OldDevice

# For each user: how many devices of version 2, and whether there is also a client of version 1.
DEVICES = (
    (1, True),
    (2, False),
    (3, True),
    (1, False),
    (0, True),
    (2, True),
    (1, False),
    (2, False),
)
GROUPS = 6
MAKERS = (1, 2, 3)  # of groups, as indexes into the users; they have devices of version 2


@attrs.frozen
class Crowd:
    users: Sequence[Somebody]
    devices: Sequence[AnyDevice]
    doors: Sequence[Door]  # in the order of the devices

    async def part(self) -> None:
        for device in self.devices:
            await device.part()


@asynccontextmanager
async def gathered(cluster: Cluster, history: History, seed: int) -> AsyncIterator[Crowd]:
    """Registered users in groups, and their devices, each behind a door of its own. Devices of
    version 2 go through nginx."""
    rng = random.Random(f"doors {seed}")
    kinds = [(user, kind) for user, what in enumerate(DEVICES) for kind in _kinds(*what)]
    doors = [
        Door(lambda: cluster.nginx.port, history)
        if kind is Device
        else Door(lambda: rng.choice(cluster.ports), history, HeardWire)
        for _, kind in kinds
    ]
    async with opened(doors):
        users = await _registered(cluster, history)
        crowd = Crowd(users, [], doors)
        devices = []
        for number, ((user, kind), door) in enumerate(zip(kinds, doors, strict=True)):
            door.user = users[user].id
            own_rng = random.Random(f"{seed} {number}")
            devices.append(kind(users[user], number, door.port, history, own_rng))
        crowd = attrs.evolve(crowd, devices=devices)
        try:
            await _make_groups(crowd, random.Random(f"groups {seed}"))
            yield crowd
        finally:
            await crowd.part()


def _kinds(devices: int, old: bool) -> list[type[AnyDevice]]:
    return [*[Device] * devices, *[OldDevice] * old]


async def _registered(cluster: Cluster, history: History) -> list[Somebody]:
    everybody: list[int] = []
    groups: list[int] = []
    users = []
    async with ChatClient.connect(LOOPBACK, cluster.nginx.port) as client:
        for number in range(len(DEVICES)):
            name = f"person {cluster.nginx.port} {number}"
            everybody.append(await client.register(name, PASSWORD))
            users.append(Somebody(everybody[-1], name, PASSWORD, everybody, groups))
            history.note("user", user=everybody[-1], name=name)
    return users


async def _make_groups(crowd: Crowd, rng: random.Random) -> None:
    """Let devices of version 2 do it: only they get answers."""
    first = {device.user.id: device for device in crowd.devices if isinstance(device, Device)}
    for number in range(GROUPS):
        maker = crowd.users[MAKERS[number % len(MAKERS)]]
        client = (await first[maker.id].be_here()).client
        group = await client.create_group(f"{maker.name}'s group {number}")
        maker.own_groups.append(group.id)
        maker.groups.append(group.id)
    for device in first.values():
        for group_id in device.user.groups:
            if group_id not in device.user.own_groups and rng.random() < 0.5:
                await device.join(group_id)
