"""Keeping the windows up to date: each gets its items, what comes into view is fetched, and what
was seen is reported as read."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from adapters.client import (
    Changed,
    ChatClient,
    ClientError,
    Conversation,
    Event,
    Got,
    InGroup,
    Message,
    Read,
    Refused,
    Reset,
    SessionEnded,
    SettingsChanged,
    Typing,
    Where,
    With,
)
from adapters.terminal.book import Book
from adapters.terminal.changes import is_out, sentence_about
from adapters.terminal.clean import clean
from adapters.terminal.fullscreen.bell import Bell
from adapters.terminal.fullscreen.connection_status import ConnectionStatus
from adapters.terminal.fullscreen.drawing import naming
from adapters.terminal.fullscreen.history_loader import HistoryLoader
from adapters.terminal.fullscreen.items import ChangeItem, Item, note_behind, text_of, unsent
from adapters.terminal.fullscreen.outgoing import Outgoing
from adapters.terminal.fullscreen.read_reporter import ReadReporter
from adapters.terminal.fullscreen.viewport import Viewport
from adapters.terminal.fullscreen.window import Window
from adapters.terminal.fullscreen.window_manager import MOST_WINDOWS, WindowManager
from adapters.terminal.ports import Partner, Presenter, local_now, where_to
from adapters.terminal.render import Line
from chat_domain.model import Group, User

BUSY_FOR = 2.0  # seconds after which a server that was too busy is asked again


class FullScreenPresenter(Presenter):
    """changed: called when something looks different. bell: rings.

    show_window: called with the window that the user has asked for by name, to show it.
    """

    def __init__(
        self,
        client: ChatClient,
        manager: WindowManager,
        book: Book,
        bell: Bell,
        *,
        now: Callable[[], datetime] = local_now,
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self.show_window: Callable[[Window], None] = manager.show
        self.connection_status = ConnectionStatus(self.notify)
        self.input_window: Window = manager.home
        self.switched_to: Window = manager.home
        self._client = client
        self._manager = manager
        self._book = book
        self._bell = bell
        self._now = now
        self._user: User | None = None
        self._history = HistoryLoader(client, self._item, self._redraw)
        self._reporter = ReadReporter(client.read)
        self.viewport = Viewport(manager, self._history, self._reporter.read, now, self._redraw)
        self._tasks: set[asyncio.Task[None]] = set()

    # What the client itself says.

    def show(self, line: Line) -> None:
        self._note(self._manager.current, line)

    def notify(self, line: Line) -> None:
        self._note(self._manager.home, line)

    def _note(self, window: Window, line: Line) -> None:
        window.add(note_behind(window.end, self._time_ms(), line))
        self._redraw()

    # Who is logged in.

    @property
    def user(self) -> User | None:
        return self._user

    def on_login(self, user: User) -> None:
        self._user = user
        self.viewport.me = user.name
        self._manager.on_login(user.id)
        self._list_all()

    def on_logout(self) -> None:
        self._user = None
        self.switched_to = self._manager.home
        self.viewport.me = ""
        self._manager.close_all()
        self._history.reset()
        self._reporter.reset()
        for task in self._tasks:
            task.cancel()
        self._redraw()

    # What comes.

    def on_message(self, message: Message) -> None:
        window = self._window(message.where)
        text = text_of(message, mentions=self._names_me(message))
        if message.own:
            window.add(text)
        else:
            window.on_message(text)  # what is in view becomes read once it is drawn
            self._bell.on_message(text, window, in_view=self._in_view(window))
        self._redraw()

    def on_change(self, change: Changed, sentence: str) -> None:
        if change.group_id:
            window = self._window(change.where)
            window.add(ChangeItem((change.at, 0), change.time_ms, sentence))
            if window.left or is_out(change, self._me):
                window.left = change.group_id not in self._book.groups or is_out(change, self._me)
            self._redraw()

    def on_event(self, event: Event) -> bool:
        if self.connection_status.on_event(event):
            if self.connection_status.connected and self._user is not None:
                self._list_all()
            self._redraw()
            return True
        match event:
            case Got(user_id, at):
                window = self._window(With(user_id))
                window.got = max(window.got, at)
            case Read() if event.where != With(self._me):  # one's own texts are never unread
                self._on_read(event)
            case Typing(user_id, name, where):
                self._on_typing(user_id, name, where)
            case SettingsChanged(_, where, muted) if where is not None:
                self._window(where).muted = muted
                self._list_all()  # a list being fetched may be older
            case Reset():
                self._manager.reset_positions()
                self._list_all()
            case SessionEnded():
                self._reporter.reset()
        self._redraw()
        return False

    def _on_read(self, read: Read) -> None:
        window = self._window(read.where)
        if read.own:
            window.read_up_to(read.at)
        else:
            window.read_by(read.user_id, read.at)

    def _on_typing(self, user_id: int, name: str, where: Where) -> None:
        window = self._manager.find(where)
        if window is not None:
            loop = asyncio.get_running_loop()
            window.types(user_id, name, loop.time())
            loop.call_later(_TYPING_LOOK, self.changed)

    # What goes.

    def on_send(self, to: Partner, text: str) -> Outgoing:
        window = self._window(where_to(to), to.name)
        me = self._user or User(0, "")
        if window is self._manager.current:
            self.viewport.go_to_end()
            window.drop_rule()
        return Outgoing(window, unsent(self._time_ms(), me.id, me.name, text), self._redraw)

    def on_group_changed(self, group: Group) -> None:
        window = self._window(InGroup(group.id), group.name)
        window.left = group.id not in self._book.groups
        self._redraw()

    def on_mute(self, to: Partner, *, muted: bool) -> None:
        self._window(where_to(to), to.name).muted = muted
        self._redraw()

    def switch_to(self, to: Partner | None) -> bool:
        self.switched_to = self._window(where_to(to), to.name) if to else self._manager.home
        self.show_window(self.switched_to)
        self.on_window_opened()
        return True

    def partner(self, partner: Partner | None) -> Partner | None:  # noqa: ARG002
        """The partner of the window in which the line was typed."""
        return self.input_window.partner

    def report_typing(self) -> None:
        """The user is typing a text in the current window."""
        window = self._manager.current
        if window.where and not window.left and self.connection_status.connected:
            self._start(self._client.typing(window.where))

    # What the user looks at.

    def on_window_opened(self) -> None:
        """The user has opened a window."""
        self._manager.current.trouble = ""
        self._redraw()

    def search(self, words: str) -> str:
        """Search upwards for these words, or go on with the same search."""
        return self.viewport.seek(words, older=True)

    def set_bell(self, on: bool) -> str:
        self._bell.on = on
        return f"the bell is {'on' if on else 'off'}"

    # Inside.

    def _in_view(self, window: Window) -> bool:
        return window is self._manager.current and window.anchor is None

    def _list_all(self) -> None:
        self._start(self._list())

    async def _list(self) -> None:
        """Fetch the list of all conversations; if the server is busy, again after a while."""
        count = 0
        try:
            async for row in self._client.conversations():
                if not self._is_about_devices(row):
                    self._list_one(row)
                count += 1
                if count == MOST_WINDOWS:
                    break
        except ClientError as error:  # if the connection is lost, the next one fetches it again
            if isinstance(error, Refused) and error.passing:
                await asyncio.sleep(BUSY_FOR)
                self._list_all()
            return
        for window in self._manager.windows:
            window.trouble = ""
            window.loaded &= window.items.newer  # the newest page says what others have read
        self._redraw()

    def _list_one(self, row: Conversation) -> None:
        """Update a window. If the server has lost a read mark, as a killed node does, report it
        again."""
        window = self._window(row.where)
        window.list_as(row)
        window.name = self._book.known_name(row.where) or window.name
        if window.read > row.read:
            self._reporter.read(row.where, window.read)

    def _is_about_devices(self, row: Conversation) -> bool:
        """Whether the conversation with oneself shows only which sessions were ended."""
        return row.where == With(self._me) and isinstance(row.last, Changed)

    def _window(self, where: Where, name: str = "") -> Window:
        window = self._manager.window(where, name or self._name_of(where))
        window.name = self._book.known_name(where) or window.name
        return window

    def _name_of(self, where: Where) -> str:
        if isinstance(where, InGroup):
            return self._book.group_name(where.group_id)
        return self._book.name_of(where.user_id)

    def _item(self, entry: Message | Changed) -> Item:
        if isinstance(entry, Message):
            return text_of(entry, mentions=self._names_me(entry))
        sentence = sentence_about(entry, self._book, self._me)
        return ChangeItem((entry.at, 0), entry.time_ms, sentence or _unnamed(entry))

    def _names_me(self, message: Message) -> bool:
        if self._user is None or message.own:
            return False
        return naming(clean(self._user.name)).search(clean(message.text)) is not None

    def _start(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _redraw(self) -> None:
        self.changed()

    @property
    def _me(self) -> int:
        return self._user.id if self._user else 0

    def _time_ms(self) -> int:
        return int(self._now().timestamp() * 1000)


_TYPING_LOOK = 6.1  # seconds; slightly longer than typing lasts


def _unnamed(change: Changed) -> str:
    """The text about a change that has no sentence."""
    about = " ".join(filter(None, (change.what.replace("_", " "), change.detail)))
    return f"{change.sender_name or 'the operator'}: {about}"
