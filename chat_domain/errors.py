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
    sentence = "a notice has 1 to {limit} characters"


class BadDays(ChatError):
    most: int
    sentence = "what is said is kept for 1 to {most} days, or, by 0, for ever"


class NameTaken(ChatError):
    name: str
    sentence = "the name {name!r} is taken, or looks like one that is"


class GroupNameTaken(ChatError):
    name: str
    sentence = "there is a group called {name!r} already, or one that looks like it"


class NoSuchUser(ChatError):
    who: int | str = attrs.field(converter=_shown)
    sentence = "there is no user {who!r}"


class NoSuchGroup(ChatError):
    group_id: int | str = attrs.field(converter=_shown)
    sentence = "there is no group {group_id!r}"


class AlreadyFriends(ChatError):
    friend_id: int
    sentence = "user {friend_id} is on your list already"


class NotFriends(ChatError):
    friend_id: int
    sentence = "user {friend_id} is not on your list"


class AlreadyMember(ChatError):
    group_id: int
    sentence = "you are in group {group_id} already"


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
        "too many of your messages wait for user {user_id}, on whose list you are not; not sent"
    )


class TooManyConversations(ChatError):
    limit: int
    sentence = (
        "you have conversations with {limit} others; begin no more with those on whose"
        " list you are not"
    )


class CidConflict(ChatError):
    cid: str
    sentence = "you have sent another message under the cid {cid!r}"


class TooManyUnanswered(ChatError):
    limit: int
    sentence = "{limit} of your messages await their acknowledgement; send this one again later"


class NotSentYet(ChatError):
    at: int
    last: int
    sentence = "nothing above {last} was sent to you yet, so {at} is not taken over"


class BeyondTheLog(ChatError):
    at: int
    head: int
    sentence = "the log ends at {head}, so {at} is not read"


class TooManyGroups(ChatError):
    limit: int
    sentence = "nobody is in more than {limit} groups; leave one first"


class GroupFull(ChatError):
    group_id: int
    limit: int
    sentence = "group {group_id} has {limit} members, and no group has more"


class TooManyFriends(ChatError):
    limit: int
    sentence = "a list has at most {limit} friends"


class TooManyFailures(ChatError):
    seconds: int
    sentence = "too many failed logins to this account from here; try in {seconds} s"


class TooManyRegistrations(ChatError):
    sentence = "too many accounts have been made from your address; try again later"


class RegistrationClosed(ChatError):
    sentence = "this server takes no registrations; ask whoever runs it for an account"


class TooManyConnections(ChatError):
    sentence = "there are too many connections; try again later"


class TooFast(ChatError):
    sentence = "you send more than is allowed, and go on with it"


class LoginTimeout(ChatError):
    sentence = "nobody has logged in here for too long"


class Oneself(ChatError):
    sentence = "you cannot put yourself on your own list"


class BadCredentials(ChatError):
    """tried: whether this could have been a password, so that the attempt revealed something."""

    sentence = "no such account, or not its password"
    tried: bool = True


class BadToken(ChatError):
    sentence = "this token is not valid (any more); log in with the password"


class AlreadyOnline(ChatError):
    sentence = "this account is online already"


class TooOld(ChatError):
    sentence = 'version 2 is spoken here: log in with "v": 2'


class NotLoggedIn(ChatError):
    sentence = "log in first"


class AlreadyLoggedIn(ChatError):
    sentence = "you are logged in already; log out first"


class TryAgain(ChatError):
    """A needed service is unavailable or too busy. A write may have been done all the same."""

    sentence = "the server cannot do this right now, try again"


class ShuttingDown(ChatError):
    sentence = "the server is shutting down, try again elsewhere"
