"""Building the use cases of a node over given ports."""

from chat_domain.chat import Chat
from chat_domain.cluster.node import Node
from chat_domain.fairness.guard import Guard
from chat_domain.groups.membership import GroupMembership
from chat_domain.log.crowds import Crowds
from chat_domain.log.follower import Follower
from chat_domain.log.marks import Marks
from chat_domain.log.offline import Offline
from chat_domain.log.queue import AppendQueue
from chat_domain.log.sessions import Sessions
from chat_domain.log.subscriptions import Subscriptions
from chat_domain.messages.audience import Audience
from chat_domain.messages.history import History
from chat_domain.messages.p2p import OneToOne
from chat_domain.messages.read_marks import ReadMarks
from chat_domain.messages.typing import Typing
from chat_domain.messages.writing import Writing
from chat_domain.operators.administration import Administration
from chat_domain.operators.groups import GroupAdministration
from chat_domain.operators.overview import Overview
from chat_domain.operators.pieces import Pieces
from chat_domain.operators.retention import Retention
from chat_domain.people.accounts import Accounts
from chat_domain.people.announcer import Announcer
from chat_domain.people.attendance import Attendance
from chat_domain.people.devices import Devices
from chat_domain.people.friends import FriendList
from chat_domain.people.login import Logins
from chat_domain.people.notices import Notices
from chat_domain.people.register import Registration
from chat_domain.people.settings import OwnSettings
from chat_domain.people.slots import SlotKeeper
from chat_domain.ports.cluster import Surroundings
from chat_domain.ports.runtime import Clock, Hasher, Ids, Tasks, Timers
from chat_domain.ports.store import Store


def assemble(
    store: Store,
    surroundings: Surroundings,
    *,
    hasher: Hasher,
    clock: Clock,
    ids: Ids,
    tasks: Tasks,
    timers: Timers,
    second_login_replaces: bool = False,
    guard: Guard | None = None,
) -> Chat:
    """The use cases of one node over these ports."""
    guard = guard or Guard()
    name, presence, broker = surroundings.name, surroundings.presence, surroundings.broker
    log, sessions = store.log, Sessions()
    follower = Follower(log, sessions, broker, tasks, timers)
    queue = AppendQueue(log, follower, broker, clock, tasks, timers)
    offline = Offline(log, follower, tasks)
    marks = Marks(log, follower, sessions, broker, tasks)
    subscriptions = Subscriptions(log, follower, sessions)
    announcer = Announcer(store.users, store.friends, presence, broker, sessions, tasks, clock)
    attendance = Attendance(presence, sessions, announcer, tasks, name)
    notices = Notices(sessions, broker, tasks)
    crowds = Crowds(sessions, broker, clock, tasks)
    own_settings = OwnSettings(store.settings, sessions, broker)
    audience = Audience(store.groups, sessions, clock)
    read_marks = ReadMarks(log, follower, sessions, marks, own_settings, audience, broker, tasks)
    typing = Typing(read_marks, own_settings, audience, broker, clock)
    slots = SlotKeeper(
        surroundings.slots,
        surroundings.lease,
        sessions,
        broker,
        tasks,
        name,
        second_login_replaces,
    )
    logins = Logins(
        log, follower, queue, sessions, subscriptions, offline, marks, slots, attendance, ids, tasks
    )
    devices = Devices(store.tokens, log, queue, sessions, ids, tasks, presence, name)
    node = Node(
        sessions=sessions,
        follower=follower,
        queue=queue,
        subscriptions=subscriptions,
        offline=offline,
        marks=marks,
        read_marks=read_marks,
        typing=typing,
        settings=own_settings,
        slots=slots,
        attendance=attendance,
        announcer=announcer,
        devices=devices,
        notices=notices,
        crowds=crowds,
        broker=broker,
        clock=clock,
        tasks=tasks,
        timers=timers,
    )
    writing = Writing(queue, clock, ids)
    groups = GroupMembership(store.groups, queue, presence, ids, guard, sessions)
    pieces = Pieces(clock, timers)
    administration = Administration(store.users, log, presence, hasher, groups, devices, pieces)
    return Chat(
        registration=Registration(store.users, hasher),
        accounts=Accounts(store.users, devices, slots, hasher, guard.counters),
        devices=devices,
        logins=logins,
        friends=FriendList(store.users, store.friends, presence, guard),
        groups=groups,
        one_to_one=OneToOne(writing, queue, log, store.friends, marks, guard, clock),
        writing=writing,
        history=History(log, marks),
        read_marks=read_marks,
        typing=typing,
        settings=own_settings,
        follower=follower,
        queue=queue,
        offline=offline,
        marks=marks,
        sessions=sessions,
        crowds=crowds,
        node=node,
        administration=administration,
        group_administration=GroupAdministration(groups, administration),
        overview=Overview(store, presence, surroundings.lease, name),
        notices=notices,
        retention=Retention(log, store.groups, follower, clock, pieces),
        clock=clock,
    )
