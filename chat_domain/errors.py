"""Everything that the rules refuse. Each error carries the facts and makes its own sentence."""

import attrs


class ChatError(Exception):
    """A refusal that the client is told about; `str()` of it is fit for a person."""


SHOWN = 64  # characters of a text that a refusal says again, which nobody's name or session exceeds


def _quoted(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


class _Worded(ChatError):
    sentence = ""

    def __str__(self) -> str:
        return self.sentence


@attrs.frozen(slots=False)
class BadName(ChatError):
    why: str

    def __str__(self) -> str:
        return self.why


@attrs.frozen(slots=False)
class BadPassword(ChatError):
    why: str

    def __str__(self) -> str:
        return self.why


@attrs.frozen(slots=False)
class BadNotice(ChatError):
    limit: int

    def __str__(self) -> str:
        return f"a notice has 1 to {self.limit} characters"


@attrs.frozen(slots=False)
class BadDays(ChatError):
    most: int

    def __str__(self) -> str:
        return f"what is said is kept for 1 to {self.most} days, or, by 0, for ever"


@attrs.frozen(slots=False)
class NameTaken(ChatError):
    name: str

    def __str__(self) -> str:
        return f"the name {self.name!r} is taken, or looks like one that is"


@attrs.frozen(slots=False)
class GroupNameTaken(ChatError):
    name: str

    def __str__(self) -> str:
        return f"there is a group called {self.name!r} already, or one that looks like it"


@attrs.frozen(slots=False)
class NoSuchUser(ChatError):
    who: int | str

    def __str__(self) -> str:
        who = self.who if isinstance(self.who, int) else _quoted(self.who)
        return f"there is no user {who}"


@attrs.frozen(slots=False)
class NoSuchGroup(ChatError):
    group_id: int | str

    def __str__(self) -> str:
        which = self.group_id if isinstance(self.group_id, int) else _quoted(self.group_id)
        return f"there is no group {which}"


@attrs.frozen(slots=False)
class AlreadyFriends(ChatError):
    friend_id: int

    def __str__(self) -> str:
        return f"user {self.friend_id} is on your list already"


@attrs.frozen(slots=False)
class NotFriends(ChatError):
    friend_id: int

    def __str__(self) -> str:
        return f"user {self.friend_id} is not on your list"


@attrs.frozen(slots=False)
class AlreadyMember(ChatError):
    group_id: int

    def __str__(self) -> str:
        return f"you are in group {self.group_id} already"


@attrs.frozen(slots=False)
class NotMember(ChatError):
    group_id: int

    def __str__(self) -> str:
        return f"you are not in group {self.group_id}"


@attrs.frozen(slots=False)
class NoSuchMember(ChatError):
    """What an operator hears, who is no member either way."""

    user_id: int
    group_id: int

    def __str__(self) -> str:
        return f"user {self.user_id} is not in group {self.group_id}"


@attrs.frozen(slots=False)
class NotAllowed(ChatError):
    group_id: int

    def __str__(self) -> str:
        return f"only the creator of group {self.group_id} may do that"


@attrs.frozen(slots=False)
class NoSuchSession(ChatError):
    session: str

    def __str__(self) -> str:
        return f"you have no session {_quoted(self.session)}"


@attrs.frozen(slots=False)
class MailboxFull(ChatError):
    user_id: int

    def __str__(self) -> str:
        return (
            f"too many of your messages wait for user {self.user_id}, on whose list you are not;"
            " not sent"
        )


@attrs.frozen(slots=False)
class TooManyConversations(ChatError):
    limit: int

    def __str__(self) -> str:
        return (
            f"you have conversations with {self.limit} others; begin no more with those on whose"
            " list you are not"
        )


@attrs.frozen(slots=False)
class CidConflict(ChatError):
    cid: str

    def __str__(self) -> str:
        return f"you have sent another message under the cid {self.cid!r}"


@attrs.frozen(slots=False)
class TooManyUnanswered(ChatError):
    limit: int

    def __str__(self) -> str:
        return (
            f"{self.limit} of your messages await their acknowledgement; send this one again later"
        )


@attrs.frozen(slots=False)
class NotSentYet(ChatError):
    at: int
    last: int

    def __str__(self) -> str:
        return f"nothing above {self.last} was sent to you yet, so {self.at} is not taken over"


@attrs.frozen(slots=False)
class BeyondTheLog(ChatError):
    at: int
    head: int

    def __str__(self) -> str:
        return f"the log ends at {self.head}, so {self.at} is not read"


@attrs.frozen(slots=False)
class TooManyGroups(ChatError):
    limit: int

    def __str__(self) -> str:
        return f"nobody is in more than {self.limit} groups; leave one first"


@attrs.frozen(slots=False)
class GroupFull(ChatError):
    group_id: int
    limit: int

    def __str__(self) -> str:
        return f"group {self.group_id} has {self.limit} members, and no group has more"


@attrs.frozen(slots=False)
class TooManyFriends(ChatError):
    limit: int

    def __str__(self) -> str:
        return f"a list has at most {self.limit} friends"


@attrs.frozen(slots=False)
class TooManyFailures(ChatError):
    seconds: int

    def __str__(self) -> str:
        return f"too many failed logins to this account from here; try in {self.seconds} s"


class TooManyRegistrations(_Worded):
    sentence = "too many accounts have been made from your address; try again later"


class RegistrationClosed(_Worded):
    sentence = "this server takes no registrations; ask whoever runs it for an account"


class TooManyConnections(_Worded):
    sentence = "there are too many connections; try again later"


class TooFast(_Worded):
    sentence = "you send more than is allowed, and go on with it"


class LoginTimeout(_Worded):
    sentence = "nobody has logged in here for too long"


class Oneself(_Worded):
    sentence = "you cannot put yourself on your own list"


@attrs.frozen(slots=False)
class BadCredentials(_Worded):
    """tried: whether it could have been somebody's password, so that something was learnt."""

    sentence = "no such account, or not its password"
    tried: bool = True


class BadToken(_Worded):
    sentence = "this token is not valid (any more); log in with the password"


class AlreadyOnline(_Worded):
    sentence = "this account is online already"


class TooOld(_Worded):
    sentence = 'version 2 is spoken here: log in with "v": 2'


class NotLoggedIn(_Worded):
    sentence = "log in first"


class AlreadyLoggedIn(_Worded):
    sentence = "you are logged in already; log out first"


class TryAgain(_Worded):
    """A service that is needed is away or too busy; nothing was done."""

    sentence = "the server cannot do this right now, try again"


class ShuttingDown(_Worded):
    sentence = "the server is shutting down, try again elsewhere"
