"""All use cases together, as a way in for whoever serves clients."""

import attrs

from chat_domain.accounts import Accounts
from chat_domain.administration import Administration
from chat_domain.delivery import Delivery
from chat_domain.friends import FriendList
from chat_domain.group_chat import GroupChat
from chat_domain.groups import GroupMembership
from chat_domain.login import Logins
from chat_domain.node import Node
from chat_domain.offline import Offline
from chat_domain.overview import Overview
from chat_domain.p2p import OneToOne
from chat_domain.sessions import Sessions


@attrs.frozen
class Chat:
    accounts: Accounts
    logins: Logins
    friends: FriendList
    groups: GroupMembership
    one_to_one: OneToOne
    group_chat: GroupChat
    offline: Offline
    delivery: Delivery
    sessions: Sessions
    node: Node
    administration: Administration
    overview: Overview
