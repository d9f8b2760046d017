"""What the client shows, as pieces of text with their styles. Pure functions.

All text by others goes through `clean` here and nowhere else.
"""

import enum
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from adapters.client.errors import ClientError, Refused
from adapters.client.events import (
    Disconnected,
    Event,
    GoingAway,
    Message,
    Notice,
    Presence,
    Reconnected,
    Reset,
    ServerError,
    SessionEnded,
)
from adapters.terminal.book import Book
from adapters.terminal.clean import clean
from adapters.terminal.parsing import Form
from adapters.wire.answers import SessionRow
from chat_domain.model import Friend, Group, Member, Membership, Role, User

Line = list[tuple[str, str]]

SENDER_COLOURS = 6
_LAST_SECOND = 253_370_000_000  # that a calendar can hold

_KEYS = [
    ("Alt-0 to 9, Alt-arrows", "go to another conversation"),
    ("Alt-a", "go to the next unread conversation"),
    ("Page Up/Down, Alt-End", "scroll; go to the end"),
    ("Alt-p, Alt-n", "previous, next match of /search"),
    ("Tab, Up, Down", "complete; recall what you typed before"),
    ("Ctrl-C", "put aside what you are typing; twice: quit"),
    ("Ctrl-D, Ctrl-L, Ctrl-Z", "quit; redraw; suspend (fg resumes)"),
]


def plain(line: Line) -> str:
    return "".join(text for _, text in line)


def note(text: str) -> Line:
    return [("class:note", f"* {clean(text)}")]


def error(text: str) -> Line:
    return [("class:error", f"error: {clean(text)}")]


def not_acknowledged(count: int) -> Line:
    were = "was" if count == 1 else "were"
    return error(f"{count} of your messages {were} not acknowledged")


def when(time_ms: int, now: datetime) -> str:
    """A time in the zone of `now`; with the date if that is not the date of `now`."""
    time = local_time(time_ms, now)
    return time.strftime("%H:%M" if time.date() == now.date() else "%Y-%m-%d %H:%M")


def local_time(time_ms: int, now: datetime) -> datetime:
    """A time in the zone of `now`, or the nearest that a calendar has: a server's may be any."""
    seconds = min(max(time_ms / 1000, 0), _LAST_SECOND)
    return datetime.fromtimestamp(seconds, UTC).astimezone(now.tzinfo)


def message(event: Message, book: Book, now: datetime) -> Line:
    line = [("class:time", f"{when(event.time_ms, now)} ")]
    if event.group_id:
        line.append(("class:group", f"[{clean(book.group_name(event.group_id))}] "))
    return [*line, _sender(event.sender_id, event.sender_name), ("", f": {_text(event.text)}")]


class Mark(enum.Enum):
    """The state of the user's own message: its mark, and the style of that."""

    ON_ITS_WAY = "…", "class:note"
    LOGGED = "✓", "class:logged"
    GOT = "✓✓", "class:got"
    READ = "✔✔", "class:read"
    REFUSED = "✗", "class:error"


def sent(to: str, text: str, mark: Mark, time: str, remark: str = "") -> Line:
    """The user's own message. time: as `when` returns it."""
    shown, style = mark.value
    return [
        ("class:time", f"{time} "),
        (style, f"{shown} "),
        ("class:own", f"to {clean(to)}"),
        ("", f": {_text(text)}"),
        (style, f"  ({clean(remark)})" if remark else ""),
    ]


def _text(text: str) -> str:
    return clean(text) or "(deleted)"


def welcome(user: User) -> list[Line]:
    return [[("class:title", f"=== logged in as {clean(user.name)}, id {user.id} ===")]]


def friends(every: Iterable[Friend]) -> list[Line]:
    rows = [person(friend) for friend in every]
    return [_title("friends"), *(rows or [_nobody("no friends yet; /add NAME")])]


def who(user: User, every: Collection[Friend]) -> list[Line]:
    known = all(friend.online is not None for friend in every)
    nobody = "nobody on your list is online" if known else "the server does not know who is online"
    rows = [person(friend) for friend in every if friend.online] or [_nobody(nobody)]
    return [note(f"you are {user.name}, id {user.id}"), *rows]


def sessions(every: Iterable[SessionRow]) -> list[Line]:
    """A row for each session: its name, when it began, its device, and whether it is this one."""
    return [_title("sessions"), *(_session(one) for one in every)]


def _session(one: SessionRow) -> Line:
    begun = datetime.fromtimestamp(one.begun_ms / 1000).astimezone()
    device = f"  on {clean(one.device)}" if one.device else ""
    remark = "  (this one)" if one.current else ""
    return [("", f"  {clean(one.name)}  since {begun:%Y-%m-%d %H:%M}{device}{remark}")]


def groups(every: Iterable[Membership]) -> list[Line]:
    rows = [_group(membership) for membership in every]
    return [_title("groups"), *(rows or [_nobody("no groups yet; /join ID or /create NAME")])]


def groups_with_members(every: Iterable[tuple[Membership, list[Member], bool]]) -> list[Line]:
    """Each group with some members; the flag says that there are more members."""
    lines = []
    for membership, some, more in every:
        lines.append(_group(membership))
        lines += [[("", "    "), *_member(member)] for member in some]
        lines += [_nobody("    ... and more; /members GROUP")] if more else []
    return [_title("groups"), *(lines or [_nobody("no groups yet; /join ID or /create NAME")])]


def members(group_name: str, every: Iterable[Member]) -> list[Line]:
    return [_title(f"members of {group_name}"), *map(_member, every)]


def unread() -> Line:
    return _title("unread messages")


def person(friend: Friend) -> Line:
    return _person(friend.id, friend.name, _state(friend.online))


def event(what: Event) -> Line | None:  # noqa: PLR0911  # one table
    """The line about an event; None for events that are shown otherwise, or not at all."""
    match what:
        case Presence():
            return note(f"{what.name} is {'online' if what.online else 'offline'}")
        case Disconnected(why, retrying):
            return note(f"connection lost ({why}){', reconnecting' if retrying else ''}")
        case Reconnected():
            return note("reconnected")
        case GoingAway():
            return note("the server is shutting down, reconnecting")
        case Notice(text):
            return [("class:title", f"*** {clean(text)}")]
        case Reset():
            return note("some messages are not shown: there are too many, or they were lost")
        case SessionEnded(refusal):
            return error(f"you are no longer logged in ({_reason(refusal)})")
        case ServerError(refusal):
            return error(_reason(refusal))
    return None


def prompt(user: User | None, partner: User | Group | None) -> str:
    """The prompt. partner: the user or group to whom lines go, None if to nobody."""
    name = clean(user.name) if user else ""
    if partner is None:
        return f"{name}> "
    to = f"[{partner.name}]" if isinstance(partner, Group) else partner.name
    return f"{name} to {clean(to)}> "


def help_lines(forms: Iterable[Form]) -> list[Line]:
    return [
        _title("commands"),
        *(_helped(form.usage, form.does) for form in forms),
        [("", 'A name with spaces, before a text: /msg "zhang san" hello')],
        [("", "✓ sent   ✓✓ one of their devices has it   ✔✔ read")],
        [("", "… on its way   ✗ not sent")],
    ]


def keys() -> list[Line]:
    """The keys of the full-screen client."""
    return [_title("keys"), *(_helped(key, does) for key, does in _KEYS)]


def _helped(what: str, does: str) -> Line:
    return [("class:own", f"  {what:<25} "), ("", does)]


def _title(text: str) -> Line:
    return [("class:title", f"--- {clean(text)} ---")]


def _nobody(text: str) -> Line:
    return [("class:note", f"  {text}")]


def _sender(user_id: int, name: str) -> tuple[str, str]:
    return f"class:sender{user_id % SENDER_COLOURS}", clean(name)


def _person(user_id: int, name: str, state: str) -> Line:
    return [("", f"{user_id:>6} "), _sender(user_id, name), (f"class:{state}", f"  {state}")]


def _member(member: Member) -> Line:
    role = [("class:title", "  creator")] if member.role is Role.CREATOR else [("", "  normal")]
    return _person(member.id, member.name, _state(member.online)) + role


def _group(membership: Membership) -> Line:
    group = membership.group
    described = f"  {clean(group.description)}" if group.description else ""
    return [
        ("", f"{group.id:>6} "),
        ("class:group", clean(group.name)),
        ("", f"  {membership.role.value}"),
        ("class:note", described),
    ]


def _state(online: bool | None) -> str:
    return {True: "online", False: "offline", None: "unknown"}[online]


def why(exc: ClientError) -> str:
    """The reason for people, without the error's name, which is for programs."""
    return _reason(exc) if isinstance(exc, Refused) else str(exc)


def _reason(refusal: Refused) -> str:
    return refusal.errmsg or refusal.error
