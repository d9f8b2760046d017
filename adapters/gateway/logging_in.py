"""The requests by which a client identifies itself, and manages its sessions."""

from collections.abc import Sequence
from contextlib import suppress

from adapters.gateway.clients import Version2Client
from adapters.gateway.endings import Ending
from adapters.gateway.proving import proved
from adapters.gateway.talk import Talk
from adapters.gateway.version1_clients import PersonClient
from adapters.wire import answers, requests
from adapters.wire.answers import LoginAck, SessionRow
from adapters.wire.declaring import Request
from adapters.wire.version1 import OwnGroup
from chat_domain.errors import (
    AlreadyLoggedIn,
    BadName,
    BadPassword,
    ChatError,
    ShuttingDown,
    TooOld,
    TryAgain,
)
from chat_domain.log.session import Session
from chat_domain.model import Account, Friend, User
from chat_domain.names import name_key
from chat_domain.people.login import Start
from chat_domain.people.tokens import Token

FRIENDS_SHOWN = 200  # in the answer to a version 1 login; version 2 asks for pages
GROUPS_SHOWN = 20
MEMBERS_SHOWN = 50


async def register(talk: Talk, request: requests.Register) -> None:
    _not_logged_in(talk)
    talk.guard.register(talk.meter, talk.chat.clock.monotonic())
    try:
        user = await talk.chat.registration.register(
            request.name, request.password, talk.origin.name
        )
    except (BadName, BadPassword, TryAgain):  # a taken name counts: the client has learnt of it
        talk.guard.not_registered(talk.meter)
        raise
    talk.answer(request, answers.RegisterAck(errno=0, id=user.id))


async def log_in(talk: Talk, request: requests.Login) -> None:
    _not_logged_in(talk)
    if request.v < talk.link.oldest_version:
        talk.refuse(request, TooOld())
        talk.link.close(Ending.TOO_OLD)
        return
    accounts, password, origin = talk.chat.accounts, request.password, talk.origin.name
    who = name_key(request.name or "") if request.id is None else request.id
    account = await proved(talk, who, lambda: accounts.prove(who, password, origin))
    client = talk.new_client(account.user, request.v)
    if isinstance(client, PersonClient):
        await _begin_version1(talk, request, account, client)
    else:
        await _begin_version2(talk, request, account, client)


async def _begin_version2(
    talk: Talk, request: requests.Login, account: Account, client: Version2Client
) -> None:
    user, devices = account.user, talk.chat.devices
    token = await devices.new_token(user, request.device)
    start = await _begin_device(talk, request, user, client, token)
    try:  # stored only now, so that refused logins do not push other tokens out
        await devices.keep(user, token)
        await talk.chat.accounts.check_unchanged(account)
        talk.current_session()  # it may have ended meanwhile, and then nobody learns of the token
    except ChatError:
        await talk.log_out()
        await devices.tokens.remove(user.id, token.session)
        raise
    _welcome(talk, request, start, token)


async def resume(talk: Talk, request: requests.Resume) -> None:
    _not_logged_in(talk)
    user, token = await talk.chat.accounts.prove_by_token(request.token)
    client = talk.new_client(user, Version2Client.version)
    start = await _begin_device(talk, request, user, client, token)
    try:
        token = await talk.chat.devices.use(token)
        talk.current_session()  # it may have ended meanwhile, and then `start` is of old positions
    except ChatError:
        await talk.log_out()
        raise
    _welcome(talk, request, start, token)


async def _begin_device(
    talk: Talk,
    request: requests.Login | requests.Resume,
    user: User,
    client: Version2Client,
    token: Token,
) -> Start:
    async with talk.shared.few_beginnings.place(talk.origin):
        talk.check_still_there()
        start = await talk.chat.logins.begin_device(
            user, client, token.session, request.since, request.epoch
        )
    await talk.began(client, start.session)
    return start


async def log_out(talk: Talk, request: requests.Logout) -> None:
    session = talk.current_session()
    wants_ack = talk.takes_errors()
    await _end_own(talk, session)
    if wants_ack:
        talk.acknowledge(request)


async def change_password(talk: Talk, request: requests.ChangePassword) -> None:
    session = talk.current_session()
    user, old, new, origin = session.user, request.old, request.new, talk.origin.name
    change, name = talk.chat.accounts.change_password, session.name
    token = await proved(talk, user.id, lambda: change(user, old, new, origin, name))
    talk.answer(request, answers.ChangePasswordAck(token=token.text, expires=token.expires_ms))


async def list_sessions(talk: Talk, request: requests.ListSessions) -> None:
    session = talk.current_session()
    found = await talk.chat.devices.resumable(session.user, session.name)
    talk.answer(request, answers.SessionsAck(sessions=[SessionRow.of(one) for one in found]))


async def end_session(talk: Talk, request: requests.EndSession) -> None:
    session = talk.current_session()
    if request.session == session.name:
        await _end_own(talk, session)
    else:
        await talk.chat.devices.end(session.user, request.session)
    talk.acknowledge(request)


async def _end_own(talk: Talk, session: Session) -> None:
    """End the session that asks for it, and any other connection with its tokens. The latter
    follows later if the store cannot be reached any more."""
    is_device = session.claim is None
    await talk.chat.devices.tokens.remove(session.user.id, session.name)
    await talk.log_out()
    if is_device:
        with suppress(TryAgain):
            await talk.chat.devices.logged_out(session.user, session.name)


def _not_logged_in(talk: Talk) -> None:
    if talk.shared.closing:
        raise ShuttingDown
    if talk.session is not None:
        raise AlreadyLoggedIn


def _welcome(talk: Talk, request: Request[LoginAck], start: Start, token: Token) -> None:
    """Answer a version 2 login, then show the device what it has missed."""
    user, ends = start.session.user, start.ends
    ack = LoginAck(
        errno=0,
        id=user.id,
        name=user.name,
        v=Version2Client.version,
        token=token.text,
        expires=token.expires_ms,
        session=token.session,
        head=ends.head,
        epoch=ends.epoch,
        oldest=ends.oldest,
        reset=start.reset,
    )
    talk.answer(request, ack)
    talk.chat.logins.ready(start.session)


async def _begin_version1(
    talk: Talk, request: requests.Login, account: Account, client: PersonClient
) -> None:
    async with talk.shared.few_beginnings.place(talk.origin):
        talk.check_still_there()
        session = await talk.chat.logins.begin_version1(account.user, client)
    await talk.began(client, session)
    try:
        await talk.chat.accounts.check_unchanged(account)
        async with talk.shared.few_lists.place(talk.origin):
            friends, groups = await _lists(talk, account.user)
        talk.current_session()  # it may have ended meanwhile; then nothing is to be paced
    except ChatError:
        await talk.log_out()
        raise
    client.answer_login(request.seq, friends, groups)
    talk.chat.logins.ready(session)


async def _lists(talk: Talk, user: User) -> tuple[Sequence[Friend], list[OwnGroup]]:
    """What the answer to a version 1 login shows: friends, and groups with their members."""
    friends = await talk.chat.friends.page(user.id, 0, FRIENDS_SHOWN)
    groups = talk.chat.groups
    own = await groups.own(user.id, 0, GROUPS_SHOWN)
    return friends.items, [
        OwnGroup(one.group, (await groups.members(user.id, one.group.id, 0, MEMBERS_SHOWN)).items)
        for one in own.items
    ]
