"""All use cases together, as the entry point for adapters that serve clients."""

import attrs

from chat_domain.cluster.node import Node
from chat_domain.groups.membership import GroupMembership
from chat_domain.log.crowds import Crowds
from chat_domain.log.follower import Follower
from chat_domain.log.marks import Marks
from chat_domain.log.offline import Offline
from chat_domain.log.queue import AppendQueue
from chat_domain.log.sessions import Sessions
from chat_domain.messages.history import History
from chat_domain.messages.p2p import OneToOne
from chat_domain.messages.read_marks import ReadMarks
from chat_domain.messages.typing import Typing
from chat_domain.messages.writing import Writing
from chat_domain.operators.administration import Administration
from chat_domain.operators.groups import GroupAdministration
from chat_domain.operators.overview import Overview
from chat_domain.operators.retention import Retention
from chat_domain.people.accounts import Accounts
from chat_domain.people.devices import Devices
from chat_domain.people.friends import FriendList
from chat_domain.people.login import Logins
from chat_domain.people.notices import Notices
from chat_domain.people.register import Registration
from chat_domain.people.settings import OwnSettings
from chat_domain.ports.runtime import Clock


@attrs.frozen
class Chat:
    registration: Registration
    accounts: Accounts
    devices: Devices
    logins: Logins
    friends: FriendList
    groups: GroupMembership
    one_to_one: OneToOne
    writing: Writing
    history: History
    read_marks: ReadMarks
    typing: Typing
    settings: OwnSettings
    follower: Follower
    queue: AppendQueue
    offline: Offline
    marks: Marks
    sessions: Sessions
    crowds: Crowds
    node: Node
    administration: Administration
    group_administration: GroupAdministration
    overview: Overview
    retention: Retention
    notices: Notices
    clock: Clock
