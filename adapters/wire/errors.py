"""The protocol's table of errors: stable numbers and names for what the rules refuse."""

from chat_domain import errors
from chat_domain.errors import ChatError

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
    "bad_push": 43,
    "try_again": 50,
    "shutting_down": 51,
}

_NAMES: dict[type[ChatError], str] = {
    errors.NameTaken: "name_taken",
    errors.AlreadyOnline: "already_online",
    errors.BadCredentials: "bad_credentials",
    errors.BadToken: "bad_token",
    errors.NotLoggedIn: "not_logged_in",
    errors.AlreadyLoggedIn: "already_logged_in",
    errors.BadPassword: "bad_field",
    errors.BadNotice: "bad_field",
    errors.BadName: "bad_name",
    errors.NoSuchUser: "no_such_user",
    errors.NoSuchGroup: "no_such_group",
    errors.AlreadyFriends: "already_friends",
    errors.NotFriends: "not_friends",
    errors.Oneself: "oneself",
    errors.AlreadyMember: "already_member",
    errors.NotMember: "not_member",
    errors.GroupNameTaken: "group_name_taken",
    errors.NoSuchSession: "no_such_session",
    errors.MailboxFull: "mailbox_full",
    errors.CidConflict: "cid_conflict",
    errors.TooManyUnanswered: "too_many_unanswered",
    errors.BadPush: "bad_push",
    errors.TryAgain: "try_again",
    errors.ShuttingDown: "shutting_down",
}


def name_of(error: ChatError) -> str:
    """The stable name of a refusal."""
    return _NAMES[type(error)]
