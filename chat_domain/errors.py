"""All refusals of the rules. Each error carries its facts, and a sentence that states them."""

from typing import ClassVar, dataclass_transform

import attrs

SHOWN = 64  # characters of a text that a refusal repeats; no name of a user or session is longer


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
class ChatError(Exception):
    """A refusal that the client is told about; its `str()` is meant for people. Every subclass is
    made an attrs class, whose fields are its facts."""

    sentence: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        attrs.frozen(slots=False)(cls)

    def __str__(self) -> str:
        return self.sentence.format_map(vars(self))


def _shown(said: int | str) -> int | str:
    return f"{said[:SHOWN]}..." if isinstance(said, str) and len(said) > SHOWN else said


class BadName(ChatError):
    why: str
    sentence = "{why}"


class BadPassword(ChatError):
    why: str
    sentence = "{why}"


class BadNotice(ChatError):
    limit: int
    sentence = "a notice must have 1 to {limit} characters"


class BadDays(ChatError):
    limit: int
    sentence = "messages can be kept for 1 to {limit} days, or forever with 0"


class NameTaken(ChatError):
    name: str
    sentence = "the name {name!r} is taken or too similar to another"


class GroupNameTaken(ChatError):
    name: str
    sentence = "the group name {name!r} is taken or too similar to another"


class NoSuchUser(ChatError):
    who: int | str = attrs.field(converter=_shown)
    sentence = "there is no user {who!r}"


class NoSuchGroup(ChatError):
    group_id: int | str = attrs.field(converter=_shown)
    sentence = "there is no group {group_id!r}"


class AlreadyFriends(ChatError):
    friend_id: int
    sentence = "user {friend_id} is already on your list"


class NotFriends(ChatError):
    friend_id: int
    sentence = "user {friend_id} is not on your list"


class AlreadyMember(ChatError):
    group_id: int
    sentence = "you are already in group {group_id}"


class NotMember(ChatError):
    group_id: int
    sentence = "you are not in group {group_id}"


class NoSuchMember(ChatError):
    """What an operator, who is no member, is told instead of `NotMember`."""

    user_id: int
    group_id: int
    sentence = "user {user_id} is not in group {group_id}"


class NotAllowed(ChatError):
    group_id: int
    sentence = "only the creator of group {group_id} may do that"


class NoSuchSession(ChatError):
    session: str = attrs.field(converter=_shown)
    sentence = "you have no session {session!r}"


class MailboxFull(ChatError):
    user_id: int
    sentence = (
        "not sent: too many of your messages wait for user {user_id}; they must log in and take"
        " them over, or put you on their list"
    )


class TooManyConversations(ChatError):
    limit: int
    sentence = "you have conversations with {limit} others; begin more only with users who list you"


class CidConflict(ChatError):
    cid: str
    sentence = "you have already used the cid {cid!r} for something else"


class TooManyUnanswered(ChatError):
    limit: int
    sentence = "{limit} of your messages are unacknowledged; send this one again later"


class NotSentYet(ChatError):
    at: int
    last: int
    sentence = "position {at} is beyond {last}, the last one that was sent to you"


class BeyondTheLog(ChatError):
    at: int
    head: int
    sentence = "position {at} is beyond {head}, the head of the log"


class TooManyGroups(ChatError):
    limit: int
    ever: int
    sentence = "you can be in at most {limit} groups, and have been in at most {ever}"


class GroupFull(ChatError):
    group_id: int
    limit: int
    sentence = "group {group_id} is full: it can have {limit} members"


class TooManyFriends(ChatError):
    limit: int
    sentence = "your list is full: it can have {limit} friends; remove one first"


class TooManyFailures(ChatError):
    seconds: int
    sentence = "too many failed logins to this account from your address; try again in {seconds} s"


class TooManyRegistrations(ChatError):
    sentence = (
        "too many accounts were created from your address, or over this connection; try again later"
    )


class RegistrationClosed(ChatError):
    sentence = "registration is closed; ask the operator of this server for an account"


class TooManyConnections(ChatError):
    sentence = "too many connections; try again later"


class Oneself(ChatError):
    sentence = "you cannot add yourself to your own list"


class BadCredentials(ChatError):
    """tried: whether this could have been a password, so that the attempt revealed something."""

    sentence = "no such account, or wrong password"
    tried: bool = True


class BadToken(ChatError):
    sentence = "this token is not valid; log in with your password"


class AlreadyOnline(ChatError):
    sentence = "this account is already online"


class NotLoggedIn(ChatError):
    sentence = "log in first"


class TryAgain(ChatError):
    """A needed service is unavailable or too busy. A write may have been done all the same."""

    sentence = "the server cannot do this right now; try again"
