"""The protocol's table of errors: stable numbers and names for all refusals; and those refusals
that are of a connection, about which the rules know nothing."""

import re

from chat_domain import errors
from chat_domain.errors import ChatError


class TooFast(ChatError):
    sentence = "you keep sending more than is allowed"


class LoginTimeout(ChatError):
    sentence = "you did not log in in time"


class TooOld(ChatError):
    sentence = 'this server requires version 2: log in with "v": 2'


class AlreadyLoggedIn(ChatError):
    sentence = "you are already logged in; log out first"


class ShuttingDown(ChatError):
    sentence = "the server is shutting down; reconnect and try again"


NUMBERS = {
    "name_taken": 1,
    "already_online": 2,
    "bad_credentials": 3,
    "bad_token": 4,
    "not_logged_in": 5,
    "already_logged_in": 6,
    "bad_json": 10,
    "not_an_object": 11,
    "bad_field": 12,
    "unknown_msgid": 13,
    "frame_too_long": 14,
    "bad_name": 20,
    "no_such_user": 30,
    "no_such_group": 31,
    "already_friends": 32,
    "not_friends": 33,
    "oneself": 34,
    "already_member": 35,
    "not_member": 36,
    "group_name_taken": 37,
    "no_such_session": 38,
    "mailbox_full": 40,
    "cid_conflict": 41,
    "too_many_unanswered": 42,
    "bad_at": 43,
    "too_many_groups": 44,
    "group_full": 45,
    "too_many_friends": 46,
    "too_many_failures": 47,
    "too_many_registrations": 48,
    "registration_closed": 49,
    "try_again": 50,
    "shutting_down": 51,
    "too_many_connections": 52,
    "too_fast": 53,
    "login_timeout": 54,
    "not_allowed": 55,
    "too_old": 56,
    "bad_websocket": 57,
    "too_many_conversations": 58,
    "http_request": 59,
}

# Errors whose names do not follow from their classes.
_OTHER_NAMES: dict[type[ChatError], str] = {
    errors.BadPassword: "bad_field",
    errors.BadNotice: "bad_field",
    errors.BadDays: "bad_field",
    errors.NoSuchMember: "not_member",
    errors.NotSentYet: "bad_at",
    errors.BeyondTheLog: "bad_at",
}


def _name(kind: type[ChatError]) -> str:
    """The name that a class gives: NameTaken is `name_taken`."""
    words = re.findall("[A-Z][a-z]*", kind.__name__)
    return _OTHER_NAMES.get(kind, "_".join(words).lower())


_NAMES = {kind: _name(kind) for kind in ChatError.__subclasses__()}


def name_of(error: ChatError | type[ChatError]) -> str:
    """The stable name of an error."""
    return _NAMES[error if isinstance(error, type) else type(error)]
