"""What each request may be refused with: all that is declared, and nothing else."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import msgspec
import pytest

from adapters.wire import requests
from adapters.wire.errors import name_of
from adapters.wire.requests import REQUESTS, AnyRequest
from chat_domain import errors
from chat_domain.errors import ChatError
from chat_domain.fairness.limits import UNLIMITED
from chat_domain.names import Name
from tests.unit.gateway.server import Frame, Peer, Server, settled

LIMITS = attrs.evolve(
    UNLIMITED,
    failed_logins=1,
    registrations_per_hour=30,  # three of them over one connection
    friends_per_user=2,
    groups_per_user=2,
    members_per_group=2,
)
Pair = tuple[type[AnyRequest], type[ChatError]]


@attrs.frozen
class Scene:
    """Ann (1) is logged in and in two groups, one of her own (1) and Bob's (2), with two members.
    Bob (2) is away; there are none but these two. Nobody may do much. Next to Ann is a stranger."""

    server: Server
    ann: Peer
    stranger: Peer


@pytest.fixture
async def scene() -> Scene:
    server = Server(LIMITS, mailbox_capacity=1)
    ann = await server.logged_in("Ann")
    (bob,) = await server.register("Bob")
    await server.store.groups.create(Name("hikers"), "", 1)
    await server.store.groups.create(Name("owls"), "", bob)
    await server.store.groups.join(2, 1)
    return Scene(server, ann, server.join())


async def ask(peer: Peer, request: AnyRequest) -> Frame:
    return await peer.ask(**msgspec.to_builtins(request))


def login(**fields: Any) -> requests.Login:
    return requests.Login(**{"id": 2, "password": "pw", "v": 2, **fields})


def chat(**fields: Any) -> requests.OneChat:
    return requests.OneChat(**{"toid": 2, "msg": "hello", "cid": "c", **fields})


def group_chat(**fields: Any) -> requests.GroupChat:
    return requests.GroupChat(**{"groupid": 2, "msg": "hello", "cid": "c", **fields})


# What Ann asks for, the last of which is refused.
OF_ANN: list[tuple[type[ChatError], list[AnyRequest]]] = [
    (errors.AlreadyLoggedIn, [login()]),
    (errors.AlreadyLoggedIn, [requests.Resume(token="token-1")]),
    (errors.AlreadyLoggedIn, [requests.Register(name="Cid", password="pw")]),
    (errors.BadCredentials, [requests.ChangePassword(old="wrong", new="better")]),
    (errors.NoSuchSession, [requests.EndSession(session="none")]),
    (errors.NoSuchUser, [chat(toid=99)]),
    (errors.CidConflict, [chat(), chat(msg="something else")]),
    (errors.MailboxFull, [chat(), chat(cid="d")]),
    (errors.NoSuchGroup, [group_chat(groupid=99)]),
    (errors.NotMember, [requests.LeaveGroup(groupid=2), group_chat()]),
    (errors.CidConflict, [group_chat(), group_chat(msg="something else")]),
    (errors.BadPush, [requests.Pushed(push=99)]),
    (errors.NoSuchUser, [requests.FindUser(name="nobody")]),
    (errors.NoSuchUser, [requests.AddFriend(friendname="nobody")]),
    (errors.Oneself, [requests.AddFriend(friendid=1)]),
    (errors.AlreadyFriends, [requests.AddFriend(friendid=2), requests.AddFriend(friendid=2)]),
    (errors.NotFriends, [requests.RemoveFriend(friendid=2)]),
    (errors.TooManyGroups, [requests.CreateGroup(groupname="more")]),
    (errors.BadName, [requests.CreateGroup(groupname="42")]),
    (
        errors.GroupNameTaken,
        [requests.LeaveGroup(groupid=2), requests.CreateGroup(groupname="OWLS")],
    ),
    (errors.TooManyGroups, [requests.JoinGroup(groupid=2)]),
    (errors.NoSuchGroup, [requests.LeaveGroup(groupid=2), requests.JoinGroup(groupid=99)]),
    (errors.AlreadyMember, [requests.LeaveGroup(groupid=2), requests.JoinGroup(groupid=1)]),
    (errors.BadName, [requests.RenameGroup(groupid=1, groupname="42")]),
    (errors.NoSuchGroup, [requests.RenameGroup(groupid=99, groupname="walkers")]),
    (
        errors.NotMember,
        [requests.LeaveGroup(groupid=2), requests.RenameGroup(groupid=2, groupname="larks")],
    ),
    (errors.NotAllowed, [requests.RenameGroup(groupid=2, groupname="larks")]),
    (errors.GroupNameTaken, [requests.RenameGroup(groupid=1, groupname="OWLS")]),
    (errors.NoSuchGroup, [requests.LeaveGroup(groupid=99)]),
    (errors.NotMember, [requests.LeaveGroup(groupid=2), requests.LeaveGroup(groupid=2)]),
    (errors.NoSuchGroup, [requests.ListMembers(groupid=99)]),
    (errors.NotMember, [requests.LeaveGroup(groupid=2), requests.ListMembers(groupid=2)]),
]
# The same of somebody who is not logged in.
OF_A_STRANGER: list[tuple[type[ChatError], list[AnyRequest]]] = [
    (errors.BadCredentials, [login(password="wrong")]),
    (errors.AlreadyOnline, [login(id=1)]),
    (errors.BadToken, [requests.Resume(token="none")]),
    (errors.BadName, [requests.Register(name="42", password="pw")]),
    (errors.NameTaken, [requests.Register(name="BOB", password="pw")]),
    (
        errors.TooManyRegistrations,
        [requests.Register(name=name, password="pw") for name in ("Cid", "Dan", "Eve", "Fay")],
    ),
]


def case_id(value: Any) -> str:
    return type(value[-1]).__name__ if isinstance(value, list) else name_of(value)


@pytest.mark.parametrize(("error", "asked"), OF_ANN, ids=case_id)
async def test_a_request_is_refused(
    scene: Scene, error: type[ChatError], asked: list[AnyRequest]
) -> None:
    """By the error that was declared for it; what came before it was not refused."""
    answers = [await ask(scene.ann, request) for request in asked]
    assert [answer.get("error") for answer in answers] == [
        *[None] * (len(asked) - 1), name_of(error),
    ]  # fmt: skip


@pytest.mark.parametrize(("error", "asked"), OF_A_STRANGER, ids=case_id)
async def test_a_stranger_is_refused(
    scene: Scene, error: type[ChatError], asked: list[AnyRequest]
) -> None:
    """The same, before anybody is logged in."""
    answers = [await ask(scene.stranger, request) for request in asked]
    assert [answer.get("error") for answer in answers] == [
        *[None] * (len(asked) - 1), name_of(error),
    ]  # fmt: skip


# -- what takes more than asking -------------------------------------------------------------------

Story = Callable[[Scene], Awaitable[Frame]]
STORIES: dict[Pair, Story] = {}


def shows(request: type[AnyRequest], error: type[ChatError]) -> Callable[[Story], Story]:
    """Of a story whose result is the refusal of this request by this error."""

    def keep(story: Story) -> Story:
        STORIES[request, error] = story
        return story

    return keep


async def fail_often(scene: Scene) -> None:
    for _ in range(5):
        scene.server.join().say(msgspec.to_builtins(login(id=1, password="wrong")))
    await settled()


@shows(requests.Login, errors.TooManyFailures)
async def too_many_failures_by_id(scene: Scene) -> Frame:
    await fail_often(scene)
    return await ask(scene.stranger, login(id=1))


@shows(requests.ChangePassword, errors.TooManyFailures)
async def too_many_failures_before(scene: Scene) -> Frame:
    await fail_often(scene)
    return await ask(scene.ann, requests.ChangePassword(old="pw", new="better"))


@shows(requests.Resume, errors.AlreadyOnline)
async def another_token_is_online(scene: Scene) -> Frame:
    token = (await ask(scene.stranger, login()))["token"]
    scene.stranger.link.abort()
    await settled()
    await scene.server.log_in(2)
    return await ask(scene.server.join(), requests.Resume(token=token))


@shows(requests.Register, errors.RegistrationClosed)
async def closed_to_all(scene: Scene) -> Frame:
    scene.server.guard.registration_open = False
    return await ask(scene.stranger, requests.Register(name="Cid", password="pw"))


@shows(requests.OneChat, errors.TooManyUnanswered)
async def all_places_taken(scene: Scene) -> Frame:
    for number in range(256):
        scene.ann.say(msgspec.to_builtins(chat(toid=1, cid=f"c{number}")))
    return await ask(scene.ann, chat(toid=1))


@shows(requests.GroupChat, errors.TooManyUnanswered)
async def all_places_taken_by_others(scene: Scene) -> Frame:
    for number in range(256):
        scene.ann.say(msgspec.to_builtins(chat(toid=1, cid=f"c{number}")))
    return await ask(scene.ann, group_chat())


@shows(requests.GroupChat, errors.NoSuchUser)
async def a_member_without_an_account(scene: Scene) -> Frame:
    await scene.server.store.users.remove(2)  # and whoever does that has not come to the groups yet
    return await ask(scene.ann, group_chat())


@shows(requests.AddFriend, errors.TooManyFriends)
async def a_full_list(scene: Scene) -> Frame:
    *friends, one_more = await scene.server.register("Cid", "Dan", "Eve")
    for friend in friends:
        await ask(scene.ann, requests.AddFriend(friendid=friend))
    return await ask(scene.ann, requests.AddFriend(friendid=one_more))


@shows(requests.JoinGroup, errors.GroupFull)
async def a_full_group(scene: Scene) -> Frame:
    (cid,) = await scene.server.register("Cid")
    await ask(scene.stranger, login(id=cid))
    return await ask(scene.stranger, requests.JoinGroup(groupid=2))


@pytest.mark.parametrize("pair", STORIES, ids=lambda pair: "-".join(one.__name__ for one in pair))
async def test_a_request_is_refused_at_the_end_of_a_story(scene: Scene, pair: Pair) -> None:
    """Where something has to happen before."""
    assert (await STORIES[pair](scene))["error"] == name_of(pair[1])


def test_every_declared_refusal_has_happened_here() -> None:
    """None is declared that cannot be shown."""
    shown = {(type(asked[-1]), error) for error, asked in OF_ANN + OF_A_STRANGER}
    declared = {(request, error) for request in REQUESTS.values() for error in request.refusals}
    assert shown | STORIES.keys() == declared


@pytest.mark.parametrize("field", [b'"msgid":1019,"name"', b'"msgid":1033,"session"'])
async def test_a_refusal_is_short(server: Server, field: bytes) -> None:
    """Of what was sent it says again no more than a name might have."""
    peer = await server.logged_in("ann")
    peer.heard()
    peer.link.arrives(b"{" + field + b':"' + b"\\udbff\\udfff" * 1024 + b'"}\n')
    await settled()
    (answer,) = peer.heard()
    assert answer["error"] in ("no_such_user", "no_such_session")
    assert len(answer["errmsg"]) < 1000
