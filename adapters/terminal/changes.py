"""Changes in the user's groups: what the user is told, and what the book learns."""

from adapters.client import Changed
from adapters.terminal.book import Book
from chat_domain.entries import ChangeKind
from chat_domain.model import Group, Membership, Role


def sentence_about(change: Changed, book: Book, me: int) -> str | None:  # noqa: PLR0911  # one table
    """The sentence about a change, None if nothing is to be said. me: the user's own id.

    To be called before `learn`, which may replace the old name.
    """
    who = "you" if change.own else change.sender_name or "the operator"
    has = "have" if change.own else "has"
    group = _group(change.group_id, book)
    match change.what:
        case ChangeKind.CREATED:
            return f"{who} {has} made group {change.new_name}"
        case ChangeKind.JOINED:
            return f"{who} {has} joined {group}"
        case ChangeKind.LEFT:
            return f"{who} {has} left {group}{_successor(change, book, me)}"
        case ChangeKind.REMOVED:
            return f"{who} {has} removed {_called(change.whom, book, me)} from {group}"
        case ChangeKind.RENAMED:
            return f"{who} {has} renamed {group} to {change.new_name}"
        case ChangeKind.ENDED:
            return f"{who} {has} ended {group}"
    return None


def _group(group_id: int, book: Book) -> str:
    name = book.group_name(group_id)
    return f"group {name}" if group_id in book.groups else name


def _successor(change: Changed, book: Book, me: int) -> str:
    if not change.whom:
        return ""
    verb = "are" if change.whom == me else "is"
    return f"; {_called(change.whom, book, me)} {verb} its creator now"


def _called(user_id: int, book: Book, me: int) -> str:
    return "you" if user_id == me else book.name_of(user_id)


def learn(change: Changed, book: Book, me: int) -> bool:
    """Update the user's groups in the book. False if that requires asking the server."""
    own, group_id = book.groups.get(change.group_id), change.group_id
    match change.what:
        case ChangeKind.CREATED if change.own:
            group = Group(group_id, change.new_name, change.detail)
            book.groups[group_id] = Membership(group, Role.CREATOR)
        case ChangeKind.JOINED if change.own:
            return own is not None
        case ChangeKind.LEFT if not change.own and change.whom == me and own is not None:
            book.groups[group_id] = Membership(own.group, Role.CREATOR)
        case ChangeKind.RENAMED:
            book.rename(group_id, change.new_name)
        case _ if is_out(change, me):
            book.groups.pop(group_id, None)
    return True


def is_out(change: Changed, me: int) -> bool:
    """Whether this change takes the user out of the group."""
    match change.what:
        case ChangeKind.LEFT:
            return change.own
        case ChangeKind.REMOVED:
            return change.whom == me
    return change.what == ChangeKind.ENDED
