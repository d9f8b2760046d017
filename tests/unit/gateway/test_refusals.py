"""Which errors each request may be refused with: all that are declared, and no others."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import msgspec
import pytest

from adapters.wire import requests
from adapters.wire.declaring import AnyRequest
from adapters.wire.errors import AlreadyLoggedIn, TooOld, name_of
from adapters.wire.requests import REQUESTS
from chat_domain import errors
from chat_domain.errors import ChatError
from chat_domain.fairness.limits import UNLIMITED
from chat_domain.log.session import MOST_UNANSWERED
from chat_domain.log.sessions import MOST_OF_A_USER
from chat_domain.model import User
from tests.unit.gateway.server import Frame, Peer, Server, settled

LIMITS = attrs.evolve(
    UNLIMITED,
    failed_logins=1,
    registrations_per_hour=30,  # three of them over one connection
    friends_per_user=2,
    groups_per_user=2,
    members_per_group=2,
    waiting_from_unlisted=1,
)
Pair = tuple[type[AnyRequest], type[ChatError]]


@attrs.frozen
class Scene:
    """Ann (1) is logged in, and in two groups of two members at most: her own (1) and Bob's (2).
    Bob (2) is away. There are no other users, and the limits are low. Next to Ann is a stranger."""

    server: Server
    ann: Peer
    stranger: Peer


@pytest.fixture
async def scene() -> Scene:
    server = Server(LIMITS)
    ann = await server.logged_in("Ann")
    (bob,) = await server.register("Bob")
    await server.group(1)
    await server.group(bob, name="owls")
    await server.chat.groups.join(User(1, "Ann"), 2)
    await settled()
    return Scene(server, ann, server.join())


async def ask(peer: Peer, request: AnyRequest) -> Frame:
    return await peer.ask(**msgspec.to_builtins(request))


def login(**fields: Any) -> requests.Login:
    return requests.Login(**{"id": 2, "password": "pw", "v": 2, **fields})


def chat(**fields: Any) -> requests.OneChat:
    return requests.OneChat(**{"toid": 2, "msg": "hello", "cid": "c", **fields})


def group_chat(**fields: Any) -> requests.GroupChat:
    return requests.GroupChat(**{"groupid": 2, "msg": "hello", "cid": "c", **fields})


# What Ann asks for. The last request of each list is refused.
OF_ANN: list[tuple[type[ChatError], list[AnyRequest]]] = [
    (AlreadyLoggedIn, [login()]),
    (AlreadyLoggedIn, [requests.Resume(token="token-1")]),
    (AlreadyLoggedIn, [requests.Register(name="Cid", password="pw")]),
    (errors.BadCredentials, [requests.ChangePassword(old="wrong", new="better")]),
    (errors.NoSuchSession, [requests.EndSession(session="none")]),
    (errors.NoSuchUser, [chat(toid=99)]),
    (errors.CidConflict, [chat(), chat(msg="something else")]),
    (errors.CidConflict, [chat(), chat(re=7)]),
    (errors.NoSuchGroup, [group_chat(groupid=99)]),
    (errors.NotMember, [requests.LeaveGroup(groupid=2), group_chat()]),
    (errors.CidConflict, [group_chat(), group_chat(msg="something else")]),
    (errors.NotSentYet, [requests.Taken(at=99)]),
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
    (
        errors.CidConflict,
        [
            requests.LeaveGroup(groupid=2),
            requests.CreateGroup(groupname="larks", cid="c"),
            requests.CreateGroup(groupname="robins", cid="c"),
        ],
    ),
    (
        errors.NoSuchGroup,
        [
            requests.LeaveGroup(groupid=2),
            requests.CreateGroup(groupname="larks", cid="c"),
            requests.LeaveGroup(groupid=3),
            requests.CreateGroup(groupname="larks", cid="c"),
        ],
    ),
    (errors.TooManyGroups, [requests.JoinGroup(groupid=2)]),
    (errors.NoSuchGroup, [requests.LeaveGroup(groupid=2), requests.JoinGroup(groupid=99)]),
    (errors.AlreadyMember, [requests.LeaveGroup(groupid=2), requests.JoinGroup(groupid=1)]),
    (
        errors.CidConflict,
        [requests.LeaveGroup(groupid=2, cid="c"), requests.JoinGroup(groupid=2, cid="c")],
    ),
    (errors.BadName, [requests.RenameGroup(groupid=1, groupname="42")]),
    (errors.NoSuchGroup, [requests.RenameGroup(groupid=99, groupname="walkers")]),
    (
        errors.NotMember,
        [requests.LeaveGroup(groupid=2), requests.RenameGroup(groupid=2, groupname="larks")],
    ),
    (errors.NotAllowed, [requests.RenameGroup(groupid=2, groupname="larks")]),
    (errors.GroupNameTaken, [requests.RenameGroup(groupid=1, groupname="OWLS")]),
    (
        errors.CidConflict,
        [
            requests.RenameGroup(groupid=1, groupname="larks", cid="c"),
            requests.RenameGroup(groupid=1, groupname="robins", cid="c"),
        ],
    ),
    (errors.BeyondTheLog, [requests.Read(groupid=2, at=99)]),
    (errors.NotMember, [requests.Read(groupid=99, at=0)]),
    (errors.NotMember, [requests.History(groupid=99)]),
    (errors.NotMember, [requests.Typing(groupid=99)]),
    (errors.NotMember, [requests.LeaveGroup(groupid=2), requests.Typing(groupid=2)]),
    (errors.NotMember, [requests.Settings(groupid=99, muted=True)]),
    (
        errors.NoSuchGroup,
        [requests.LeaveGroup(groupid=2), requests.JoinGroup(groupname="nobody's")],
    ),
    (errors.NoSuchGroup, [requests.LeaveGroup(groupid=99)]),
    (errors.NotMember, [requests.LeaveGroup(groupid=2), requests.LeaveGroup(groupid=2)]),
    (
        errors.CidConflict,
        [requests.LeaveGroup(groupid=2, cid="c"), requests.LeaveGroup(groupid=1, cid="c")],
    ),
    (errors.NoSuchGroup, [requests.ListMembers(groupid=99)]),
    (errors.NotMember, [requests.LeaveGroup(groupid=2), requests.ListMembers(groupid=2)]),
]
# The same for a client that is not logged in.
OF_A_STRANGER: list[tuple[type[ChatError], list[AnyRequest]]] = [
    (errors.BadCredentials, [login(password="wrong")]),
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
    """It gets the error that is declared for it. The requests before it are not refused."""
    answers = [await ask(scene.ann, request) for request in asked]
    assert [answer.get("error") for answer in answers] == [
        *[None] * (len(asked) - 1), name_of(error),
    ]  # fmt: skip


@pytest.mark.parametrize(("error", "asked"), OF_A_STRANGER, ids=case_id)
async def test_a_stranger_is_refused(
    scene: Scene, error: type[ChatError], asked: list[AnyRequest]
) -> None:
    """The same holds before anybody is logged in."""
    answers = [await ask(scene.stranger, request) for request in asked]
    assert [answer.get("error") for answer in answers] == [
        *[None] * (len(asked) - 1), name_of(error),
    ]  # fmt: skip


# -- what takes more than asking -------------------------------------------------------------------

Story = Callable[[Scene], Awaitable[Frame]]
STORIES: dict[Pair, Story] = {}


def shows(request: type[AnyRequest], error: type[ChatError]) -> Callable[[Story], Story]:
    """Marks a story whose result is the refusal of this request with this error."""

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


@shows(requests.Login, errors.AlreadyOnline)
async def a_second_client_of_version_1(scene: Scene) -> Frame:
    await scene.server.log_in(1, version=1)
    return await ask(scene.stranger, login(id=1, v=1))


@shows(requests.Login, TooOld)
async def version_1_where_it_is_not_spoken(scene: Scene) -> Frame:
    scene.stranger.link.oldest_version = 2
    return await ask(scene.stranger, login(id=1, v=1))


async def fill_up(scene: Scene) -> str:
    """Let Bob have as many connections as he may. Return one of his tokens."""
    token = (await ask(scene.stranger, login()))["token"]
    for _ in range(MOST_OF_A_USER - 1):
        await ask(scene.server.join(), requests.Resume(token=token))
    return str(token)


@shows(requests.Login, errors.TooManyConnections)
async def a_device_too_many(scene: Scene) -> Frame:
    await fill_up(scene)
    return await ask(scene.server.join(), login())


@shows(requests.Resume, errors.TooManyConnections)
async def a_connection_too_many(scene: Scene) -> Frame:
    token = await fill_up(scene)
    return await ask(scene.server.join(), requests.Resume(token=token))


@shows(requests.Register, errors.RegistrationClosed)
async def closed_to_all(scene: Scene) -> Frame:
    scene.server.guard.registration_open = False
    return await ask(scene.stranger, requests.Register(name="Cid", password="pw"))


@shows(requests.OneChat, errors.MailboxFull)
async def more_than_may_wait_from_a_stranger(scene: Scene) -> Frame:
    assert "error" not in await ask(scene.ann, chat())
    scene.ann.link.abort()
    await settled()
    ann = await scene.server.log_in(1)
    return await ask(ann, chat(cid="d"))


@shows(requests.OneChat, errors.TooManyConversations)
async def one_conversation_too_many(scene: Scene) -> Frame:
    scene.server.guard.limits = attrs.evolve(UNLIMITED, conversations_per_user=1)
    (cid,) = await scene.server.register("Cid")
    assert "error" not in await ask(scene.ann, chat())
    return await ask(scene.ann, chat(toid=cid, cid="d"))


def leave_many_unanswered(scene: Scene) -> None:
    scene.server.log.slow_writes = True
    for number in range(MOST_UNANSWERED):
        scene.ann.say(msgspec.to_builtins(chat(toid=1, cid=f"c{number}")))


@shows(requests.OneChat, errors.TooManyUnanswered)
async def too_many_unanswered(scene: Scene) -> Frame:
    leave_many_unanswered(scene)
    return await ask(scene.ann, chat(toid=1))


@shows(requests.GroupChat, errors.TooManyUnanswered)
async def too_many_others_unanswered(scene: Scene) -> Frame:
    leave_many_unanswered(scene)
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
    """These refusals need something to happen before."""
    assert (await STORIES[pair](scene))["error"] == name_of(pair[1])


def test_every_declared_refusal_has_happened_here() -> None:
    """No refusal is declared that cannot be shown."""
    shown = {(type(asked[-1]), error) for error, asked in OF_ANN + OF_A_STRANGER}
    declared = {(request, error) for request in REQUESTS.values() for error in request.refusals}
    assert shown | STORIES.keys() == declared


@pytest.mark.parametrize("field", [b'"msgid":1019,"name"', b'"msgid":1033,"session"'])
async def test_a_refusal_is_short(server: Server, field: bytes) -> None:
    """It repeats no more of what was sent than a name could have."""
    peer = await server.logged_in("ann")
    peer.heard()
    peer.link.arrives(b"{" + field + b':"' + b"\\udbff\\udfff" * 1024 + b'"}\n')
    await settled()
    (answer,) = peer.heard()
    assert answer["error"] in ("no_such_user", "no_such_session")
    assert len(answer["errmsg"]) < 1000
