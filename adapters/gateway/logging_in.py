"""The requests by which a client identifies itself, and manages its sessions."""

from collections.abc import Sequence
from contextlib import suppress

from adapters.gateway.client_context import ClientContext
from adapters.gateway.clients import Version2Client
from adapters.gateway.disconnect_reasons import DisconnectReason
from adapters.gateway.proving import prove_throttled
from adapters.gateway.version1_clients import PersonClient
from adapters.wire import answers, requests
from adapters.wire.answers import LoginAck, SessionRow
from adapters.wire.declaring import Request
from adapters.wire.errors import AlreadyLoggedIn, ShuttingDown, TooOld
from adapters.wire.version1 import OwnGroup
from chat_domain.errors import BadName, BadPassword, BadToken, ChatError, TryAgain
from chat_domain.log.session import Session
from chat_domain.model import Account, Friend, User
from chat_domain.names import name_key
from chat_domain.people.login import Start
from chat_domain.people.tokens import Token

FRIENDS_SHOWN = 200  # in the answer to a version 1 login; version 2 asks for pages
GROUPS_SHOWN = 20
MEMBERS_SHOWN = 50


async def register(context: ClientContext, request: requests.Register) -> None:
    _check_not_logged_in(context)
    context.guard.register(context.meter, context.chat.clock.monotonic())
    try:
        user = await context.chat.registration.register(
            request.name, request.password, context.origin.name
        )
    except (BadName, BadPassword, TryAgain):  # a taken name counts: the client has learnt of it
        context.guard.cancel_registration(context.meter)
        raise
    context.answer(request, answers.RegisterAck(errno=0, id=user.id))


async def log_in(context: ClientContext, request: requests.Login) -> None:
    _check_not_logged_in(context)
    if request.v < context.link.oldest_version:
        context.refuse(request, TooOld())
        context.link.close(DisconnectReason.TOO_OLD)
        return
    accounts, password, origin = context.chat.accounts, request.password, context.origin.name
    who = name_key(request.name or "") if request.id is None else request.id
    account = await prove_throttled(context, who, lambda: accounts.prove(who, password, origin))
    client = context.new_client(account.user, request.v)
    if isinstance(client, PersonClient):
        await _begin_version1(context, request, account, client)
    else:
        await _begin_version2(context, request, account, client)


async def _begin_version2(
    context: ClientContext, request: requests.Login, account: Account, client: Version2Client
) -> None:
    user, devices = account.user, context.chat.devices
    token = await devices.new_token(user, request.device)
    start = await _begin_device(context, request, user, client, token)
    try:  # stored only now, so that refused logins do not push other tokens out
        await devices.store_token(user, token)
        await context.chat.accounts.check_unchanged(account)
        context.current_session()  # it may have ended meanwhile; then nobody learns of the token
    except ChatError:
        await context.log_out()
        await devices.tokens.remove(user.id, token.session)
        raise
    _answer_login(context, request, start, token)


async def resume(context: ClientContext, request: requests.Resume) -> None:
    _check_not_logged_in(context)
    async with context.shared.resume_limit.acquire(context.origin):
        context.check_connected()
        await _resume(context, request)


async def _resume(context: ClientContext, request: requests.Resume) -> None:
    user, token = await context.chat.accounts.prove_by_token(request.token)
    client = context.new_client(user, Version2Client.version)
    start = await _begin_device(context, request, user, client, token)
    try:
        token = await context.chat.devices.use(token)
        context.current_session()  # it may have ended meanwhile; then `start` is of old positions
    except ChatError as error:
        await context.log_out()
        if isinstance(error, BadToken):
            await context.chat.accounts.end_session_of(request.token)
        raise
    _answer_login(context, request, start, token)


async def _begin_device(
    context: ClientContext,
    request: requests.Login | requests.Resume,
    user: User,
    client: Version2Client,
    token: Token,
) -> Start:
    async with context.shared.beginning_limit.acquire(context.origin):
        context.check_connected()
        start = await context.chat.logins.begin_device(
            user, client, token.session, request.since, request.epoch
        )
    await context.attach(client, start.session)
    return start


async def log_out(context: ClientContext, request: requests.Logout) -> None:
    session = context.current_session()
    wants_ack = context.takes_errors()
    try:
        await _end_own(context, session)
    except TryAgain:
        context.leaving = context.input_ended
        raise
    if wants_ack:
        context.acknowledge(request)


async def change_password(context: ClientContext, request: requests.ChangePassword) -> None:
    session = context.current_session()
    user, old, new, origin = session.user, request.old, request.new, context.origin.name
    change, name = context.chat.accounts.change_password, session.name
    token = await prove_throttled(context, user.id, lambda: change(user, old, new, origin, name))
    context.answer(request, answers.ChangePasswordAck(token=token.text, expires=token.expires_ms))


async def list_sessions(context: ClientContext, request: requests.ListSessions) -> None:
    session = context.current_session()
    found = await context.chat.devices.resumable(session.user)
    rows = [SessionRow.of(one, session.name) for one in found]
    context.answer(request, answers.SessionsAck(sessions=rows))


async def end_session(context: ClientContext, request: requests.EndSession) -> None:
    session = context.current_session()
    if request.session == session.name:
        await _end_own(context, session)
    else:
        await context.chat.devices.end(session.user, request.session)
    context.acknowledge(request)


async def _end_own(context: ClientContext, session: Session) -> None:
    """End the session that asks for it, and any other connection with its tokens. The latter
    follows later if the store cannot be reached any more."""
    is_device = session.claim is None
    await context.chat.devices.tokens.remove(session.user.id, session.name)
    await context.log_out()
    if is_device:
        with suppress(TryAgain):
            await context.chat.devices.end_if_connected(session.user, session.name)


def _check_not_logged_in(context: ClientContext) -> None:
    if context.shared.closing:
        raise ShuttingDown
    if context.session is not None:
        raise AlreadyLoggedIn


def _answer_login(
    context: ClientContext, request: Request[LoginAck], start: Start, token: Token
) -> None:
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
    context.answer(request, ack)
    context.chat.logins.ready(start.session)


async def _begin_version1(
    context: ClientContext, request: requests.Login, account: Account, client: PersonClient
) -> None:
    async with context.shared.beginning_limit.acquire(context.origin):
        context.check_connected()
        session = await context.chat.logins.begin_version1(account.user, client)
    await context.attach(client, session)
    try:
        await context.chat.accounts.check_unchanged(account)
        async with context.shared.list_limit.acquire(context.origin):
            friends, groups = await _lists(context, account.user)
        context.current_session()  # it may have ended meanwhile; then nothing is to be paced
    except ChatError:
        await context.log_out()
        raise
    client.answer_login(request.seq, friends, groups)
    context.chat.logins.ready(session)


async def _lists(context: ClientContext, user: User) -> tuple[Sequence[Friend], list[OwnGroup]]:
    """What the answer to a version 1 login shows: friends, and groups with their members."""
    friends = await context.chat.friends.page(user.id, 0, FRIENDS_SHOWN)
    groups = context.chat.groups
    own = await groups.page(user.id, 0, GROUPS_SHOWN)
    return friends.items, [
        OwnGroup(one.group, (await groups.members(user.id, one.group.id, 0, MEMBERS_SHOWN)).items)
        for one in own.items
    ]
