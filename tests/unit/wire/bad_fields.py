"""What a client may send: good requests, and what may be wrong with each of their fields."""

from typing import Any

NOBODY = 2_000_000_000  # an id that no user and no group has

Frame = dict[str, Any]
Requests = list[tuple[Frame, dict[str, list[Any]]]]

NOT_TEXT: list[Any] = [7, None, True, ["a"], {"a": "b"}]
NOT_INTEGER: list[Any] = ["7", None, 7.5, True, False, [7], {"a": 7}]
OUT_OF_RANGE = [0, -1, 2**31, 2**63, -(2**63) - 1, 2**64, 10**400]
BAD_ID = NOT_INTEGER + OUT_OF_RANGE
BAD_TEXT = [*NOT_TEXT, "", "x" * 4097]
BAD_POSITION = [*NOT_INTEGER, -1, 2**63, 2**64, 10**400]
BAD_SINCE = [one for one in BAD_POSITION if one is not None]
BAD_EPOCH = [*NOT_TEXT, "x" * 65]
BAD_DEVICE = [
    *NOT_TEXT,
    "",
    "x" * 51,
    "a\nb",
    "a\n",
    "a\0",
    "a\x1b[2J",
    "\x7f",
    "\x9b",
    "\u202e",
    "\u2028",
]
BAD_CID: list[Any] = ["", "x" * 65, "a b", "ünïcode", "a.b", "a\n", "\na", "a\0", 7, ["a"]]
BAD_BOOL: list[Any] = [0, 1, "true", [True]]
BAD_LIMIT = [*NOT_INTEGER, 0, -1, 201, 2**64]
BAD_AFTER = [*NOT_INTEGER, -1, 2**31, 2**64]
BAD_SEQ: list[Any] = ["7", 7.5, True, False, [7], -1, 2**53, 2**64]

# Requests that need a login: good ones, and what may be wrong with each field.
BAD_FIELDS: Requests = [
    ({"msgid": 1002}, {}),
    (
        {"msgid": 1005, "toid": NOBODY, "msg": "hello", "cid": "a-b_c", "re": 7},
        {"toid": BAD_ID, "msg": BAD_TEXT, "cid": BAD_CID, "re": BAD_POSITION},
    ),
    ({"msgid": 1006, "friendid": NOBODY}, {"friendid": BAD_ID}),
    ({"msgid": 1006, "friendname": "nobody"}, {"friendname": NOT_TEXT}),
    (
        {"msgid": 1007, "groupname": "refused", "groupdesc": ""},
        {"groupname": NOT_TEXT, "groupdesc": [7, True, ["a"], "x" * 201], "cid": BAD_CID},
    ),
    ({"msgid": 1008, "groupid": NOBODY}, {"groupid": BAD_ID, "cid": BAD_CID}),
    ({"msgid": 1008, "groupname": "nobody's"}, {"groupname": NOT_TEXT}),
    (
        {"msgid": 1009, "groupid": NOBODY, "msg": "hello", "cid": "a-b_c", "re": 7},
        {"groupid": BAD_ID, "msg": BAD_TEXT, "cid": BAD_CID, "re": BAD_POSITION},
    ),
    ({"msgid": 1014, "at": 0}, {"at": BAD_POSITION}),
    ({"msgid": 1019, "name": "nobody"}, {"name": NOT_TEXT}),
    ({"msgid": 1021, "friendid": NOBODY}, {"friendid": BAD_ID}),
    ({"msgid": 1022}, {"after": BAD_AFTER, "limit": BAD_LIMIT}),
    ({"msgid": 1024}, {"after": BAD_AFTER, "limit": BAD_LIMIT}),
    (
        {"msgid": 1026, "groupid": NOBODY},
        {"groupid": BAD_ID, "after": BAD_AFTER, "limit": BAD_LIMIT},
    ),
    ({"msgid": 1028, "groupid": NOBODY}, {"groupid": BAD_ID, "cid": BAD_CID}),
    (
        {"msgid": 1029, "old": "secret", "new": "other"},
        {"old": NOT_TEXT, "new": [*NOT_TEXT, "", "x" * 129]},
    ),
    ({"msgid": 1031}, {}),
    ({"msgid": 1033, "session": "none"}, {"session": NOT_TEXT}),
    (
        {"msgid": 1035, "groupid": NOBODY, "groupname": "refused"},
        {"groupid": BAD_ID, "groupname": NOT_TEXT, "cid": BAD_CID},
    ),
    ({"msgid": 1039}, {"before": BAD_SINCE, "limit": BAD_LIMIT}),
    (
        {"msgid": 1041, "toid": NOBODY},
        {"toid": BAD_ID, "before": BAD_SINCE, "after": BAD_SINCE, "limit": BAD_LIMIT},
    ),
    ({"msgid": 1041, "groupid": NOBODY}, {"groupid": BAD_ID}),
    ({"msgid": 1041, "toid": NOBODY, "before": 7}, {"after": [0, 7]}),
    ({"msgid": 1043, "toid": NOBODY, "at": 0}, {"toid": BAD_ID, "at": BAD_POSITION}),
    ({"msgid": 1043, "groupid": NOBODY, "at": 0}, {"groupid": BAD_ID}),
    ({"msgid": 1044, "toid": NOBODY}, {"toid": BAD_ID}),
    ({"msgid": 1044, "groupid": NOBODY}, {"groupid": BAD_ID}),
    (
        {"msgid": 1045, "toid": NOBODY, "muted": False},
        {"toid": BAD_ID, "muted": BAD_BOOL, "hide_read": BAD_BOOL, "hide_typing": BAD_BOOL},
    ),
    ({"msgid": 1045, "groupid": NOBODY, "muted": False}, {"groupid": BAD_ID}),
]
# Requests that must come before a login.
GREETINGS: Requests = [
    (
        {"msgid": 1000, "id": NOBODY, "password": "secret"},
        {"id": [*NOT_INTEGER, 2**64], "password": NOT_TEXT, "v": ["2", 2.5, True, 0, -1]},
    ),
    (
        {"msgid": 1000, "name": "nobody", "password": "secret"},
        {"name": NOT_TEXT, "device": BAD_DEVICE, "since": BAD_SINCE, "epoch": BAD_EPOCH},
    ),
    (
        {"msgid": 1003, "name": "refused", "password": "secret"},
        {"name": NOT_TEXT, "password": [*NOT_TEXT, "", "x" * 129]},
    ),
    (
        {"msgid": 1015, "token": "secret"},
        {"token": NOT_TEXT, "since": BAD_SINCE, "epoch": BAD_EPOCH},
    ),
]
OPTIONAL = {
    "cid", "re", "groupdesc", "before", "after", "limit", "v", "device", "since", "epoch", "muted",
    "hide_read", "hide_typing",
}  # fmt: skip
