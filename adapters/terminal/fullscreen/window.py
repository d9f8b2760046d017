"""One conversation, as far as it is loaded, and where the user is in it."""

import attrs

from adapters.client import Conversation, InGroup, Where, With
from adapters.terminal.fullscreen.items import Item, Key, Text
from adapters.terminal.fullscreen.scrollback import FEW, Scrollback
from adapters.terminal.ports import Partner
from adapters.terminal.render import Mark
from chat_domain.model import Group, User

TYPING_FOR = 6.0  # seconds
_MOST_TYPING = 50  # people shown as typing in a conversation
_GONE = "?"  # the server's name for a group or user that no longer exists


@attrs.define
class Anchor:
    """The item at the lower edge of the view, and how many of its rows are below the edge."""

    key: Key
    below: int = 0


@attrs.define(eq=False)
class Window:
    """where: None for the first window, which is the client's own.

    read: the position up to which the user has read it, as far as is known. unread: texts of others
    above that. listed: the position up to which the server has counted these. mentioned: whether
    one of them names the user. rule_at: the position after which a rule marks new items; None for
    no rule. missed: texts that were unread when the user came here, until the rule was in view or a
    search has gone elsewhere; 0 from then on. got, reads: up to where others have received and read
    it. anchor: None while the view follows the end. draft: unfinished input. found: the last item
    that a search has found. pending_scroll: rows still to scroll up once they are loaded, down if
    negative. loaded: whether the newest page has come. fetching: whether a page is being fetched.
    trouble: why none can be.
    """

    where: Where | None
    name: str
    items: Scrollback = attrs.field(factory=Scrollback)
    read: int = 0
    unread: int = 0
    listed: int = 0
    mentioned: bool = False
    rule_at: int | None = None
    missed: int = 0
    got: int = 0
    reads: dict[int, int] = attrs.field(factory=dict)
    muted: bool = False
    left: bool = False
    anchor: Anchor | None = None
    draft: str = ""
    found: Key | None = None
    pending_scroll: int = 0
    loaded: bool = False
    fetching: bool = False
    trouble: str = ""
    _typing: dict[int, tuple[str, float]] = attrs.field(factory=dict)

    @property
    def partner(self) -> Partner | None:
        """The user or group to whom lines typed here go, None in the first window."""
        if self.where is None:
            return None
        if isinstance(self.where, InGroup):
            return Group(self.where.group_id, self.name, "")
        return User(self.where.user_id, self.name)

    @property
    def end(self) -> int:
        """The last known position in it."""
        return max(self.items.last or 0, self.listed)

    def add(self, item: Item) -> bool:
        return self.items.add(item)

    def on_message(self, text: Text) -> None:
        """Somebody else has written this."""
        self._typing.pop(text.sender_id, None)
        is_new = self.add(text) or self.items.newer
        if text.at <= self.read:
            return
        self.mentioned |= text.mentions
        if is_new and text.at > self.listed:
            self.unread += 1
        else:  # a list or a page had it already
            self.unread = max(self.unread, self._of_others_above(self.read))

    def list_as(self, row: Conversation) -> None:
        """Apply the server's row, which may be older than the last events."""
        if row.name != _GONE:
            self.name = row.name
        self.muted = row.muted
        if row.last.at >= self.items.head:
            self.left = row.left
        read_here, self.read, self.listed = self.read, row.read, row.last.at
        self.unread = row.unread + self._of_others_above(max(row.read, self.listed))
        self.read_up_to(read_here)
        self.got = max(self.got, row.peer_got or 0)
        if isinstance(self.where, With) and row.peer_read:
            self.read_by(self.where.user_id, row.peer_read)

    def read_up_to(self, at: int) -> bool:
        """The user has read up to this position, on any device. False if that is not news."""
        if at <= self.read:
            return False
        self.read = at
        first = self.items.first
        all_here = at >= self.listed or (first is not None and first <= at)
        if all_here and not self.items.newer:
            self.unread = self._of_others_above(at)
        self.mentioned &= self.unread > 0
        return True

    def read_by(self, user_id: int, at: int) -> None:
        self.reads[user_id] = max(at, self.reads.get(user_id, 0))

    def mark(self, text: Text) -> Mark:
        """The mark of the user's own text. In a group it is read once anybody has read it."""
        if text.refused:
            return Mark.REFUSED
        if not text.at:
            return Mark.ON_ITS_WAY
        if text.at <= max(self.reads.values(), default=0):
            return Mark.READ
        return Mark.GOT if text.at <= self.got else Mark.LOGGED

    def set_rule(self) -> None:
        """Mark where unread items begin with a rule, if there are any."""
        self.rule_at = self.read if self.unread else None
        self.missed = self.unread

    def drop_rule(self) -> None:
        self.rule_at, self.missed = None, 0

    def types(self, user_id: int, name: str, now: float) -> None:
        """Somebody is typing. now: in seconds, by a monotonic clock."""
        if user_id in self._typing or len(self._typing) < _MOST_TYPING:
            self._typing[user_id] = name, now + TYPING_FOR

    def typing(self, now: float) -> list[str]:
        """The names of those who are typing at this time."""
        self._typing = {who: one for who, one in self._typing.items() if one[1] > now}
        return [name for name, _ in self._typing.values()]

    def unload(self) -> None:
        """Drop what can be fetched again."""
        self.items.clear()
        self.items.most = FEW
        self.anchor = self.found = None
        self.pending_scroll = 0
        self.loaded = False

    def reset_positions(self) -> None:
        """Positions have a new meaning."""
        self.unload()
        self.items.reset_positions()
        self.read = self.unread = self.listed = self.got = 0
        self.drop_rule()
        self.mentioned = False
        self.reads.clear()

    def _of_others_above(self, at: int) -> int:
        """How many texts of others above a position are loaded."""
        texts = (item for item in self.items.items if isinstance(item, Text))
        return sum(1 for text in texts if not text.own and text.at > at)
