"""The remarks above and below a conversation. Pure functions."""

from adapters.client import InGroup, With
from adapters.terminal.book import Book
from adapters.terminal.clean import clean
from adapters.terminal.fullscreen.listing import count
from adapters.terminal.fullscreen.window import Window

_MOST_NAMES = 3  # of people who are typing
_NO_CONNECTION = "no connection, reconnecting"


def about(window: Window, book: Book, *, connected: bool) -> list[str]:
    """The remarks next to its name. Without a connection, or if its server says so, nobody knows
    who is online."""
    said = []
    if isinstance(window.where, With):
        friend = book.friends.get(window.where.user_id)
        if friend is not None and friend.online is not None and connected:
            said.append("online" if friend.online else "offline")
    elif isinstance(window.where, InGroup):
        said.append("group")
        own = book.groups.get(window.where.group_id)
        if own is not None and own.group.description:
            said.append(clean(own.group.description))
    return [*said, *["you have left"] * window.left, *["muted"] * window.muted]


def state_of(window: Window, now: float, *, connected: bool, waiting: int) -> list[str]:
    """The state of things. now: by the loop's clock, as for `Window.types`. waiting: how many typed
    lines were not carried out yet."""
    said = [window.trouble] * bool(window.trouble) if connected else [_NO_CONNECTION]
    if waiting:
        said.append("1 line waiting" if waiting == 1 else f"{waiting} lines waiting")
    said += ["loading"] * window.fetching
    typing = window.typing(now)
    if typing:
        names = ", ".join(map(clean, typing[:_MOST_NAMES]))
        more = " and others" if len(typing) > _MOST_NAMES else ""
        said.append(f"{names}{more} {'is' if len(typing) == 1 else 'are'} typing")
    if window.loaded and window.missed:
        said.append(f"{count(window.missed)} new, some above: Page Up")
    if window.anchor is not None:
        said.append("more below: Alt-End")
    return said
