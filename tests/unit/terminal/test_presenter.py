"""New entries go to their windows, pages in view are fetched, and marks tell what the user has
seen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import evolve

from adapters.client import ChatClient, InGroup, Refused, With
from adapters.client.events import (
    Changed,
    Disconnected,
    Got,
    Read,
    Reconnected,
    Reset,
    SessionEnded,
    SettingsChanged,
    Typing,
)
from adapters.client.position import Position
from adapters.terminal.action_base import ActionBase
from adapters.terminal.book import Book
from adapters.terminal.fullscreen import presenter
from adapters.terminal.fullscreen.bell import Bell
from adapters.terminal.fullscreen.presenter import FullScreenPresenter
from adapters.terminal.fullscreen.remarks import state_of
from adapters.terminal.fullscreen.window import Anchor
from adapters.terminal.fullscreen.window_manager import WindowManager
from adapters.terminal.render import plain
from chat_domain.model import Group, Membership, Preferences, Role, User
from tests.unit.client.fake_chat_server import TIMEOUT, FakeServer, Peer
from tests.unit.client.fellows import logged_in
from tests.unit.client.test_terminal_app import TypedScreen
from tests.unit.terminal.things import NOW, message

LI = With(15)


class Sitting:
    """A user with windows, and the server's end of the connection."""

    def __init__(self, client: ChatClient, peer: Peer) -> None:
        self.peer = peer
        self.client = client
        self.manager = WindowManager()
        self.rung = 0
        bell = Bell(on=True)
        bell.ring = self._ring
        self.book = Book()
        self.presenter = FullScreenPresenter(client, self.manager, self.book, bell, now=lambda: NOW)
        self.presenter.changed = self._note
        self._news = asyncio.Event()

    async def begin(self, *rows: dict[str, Any]) -> None:
        self.presenter.on_login(User(13, "zhang san"))
        await self.lists(*rows)

    async def lists(self, *rows: dict[str, Any]) -> None:
        seq = (await self.peer.hear(1039))["seq"]
        self.peer.say(msgid=1040, seq=seq, conversations=list(rows))
        await self.until(lambda: all(self._has(row) for row in rows))

    async def page(self, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Answer a request for history, and return that request."""
        asked = await self.peer.hear(1041)
        about = {"toid": 15, "more": False} | more
        self.peer.say(msgid=1042, seq=asked["seq"], entries=list(entries), **about)
        await self.until(lambda: not any(window.fetching for window in self.manager.windows))
        return asked

    def opens(self) -> None:
        """The user goes to the first conversation, which is not loaded yet."""
        self.manager.show_number(1)
        self.look()

    def look(self) -> list[str]:
        """Draw the conversation as the screen does, and start what follows from that."""
        rows = self.presenter.viewport.drawn(40, 10)
        self.presenter.viewport.after_drawing()
        return [plain(row).rstrip() for row in rows if plain(row)[:2] != "──"]

    def said_below(self) -> list[str]:
        return state_of(self.manager.current, 0.0, connected=True, waiting=0)

    async def until(self, there: Any) -> None:
        async with asyncio.timeout(TIMEOUT):
            while not there():
                self._news.clear()
                await self._news.wait()

    def _has(self, row: dict[str, Any]) -> bool:
        where = InGroup(row["groupid"]) if row.get("groupid") else With(row["toid"])
        window = self.manager.find(where)
        return window is not None and window.listed == row["last"]["at"]

    def _note(self) -> None:
        self._news.set()

    def _ring(self) -> None:
        self.rung += 1


@asynccontextmanager
async def sitting(server: FakeServer, *rows: dict[str, Any]) -> AsyncIterator[Sitting]:
    async with logged_in(server) as (client, peer):
        one = Sitting(client, peer)
        await one.begin(*rows)
        yield one
        one.presenter.on_logout()


def entry(at: int, words: str = "hi", sender: int = 15) -> dict[str, Any]:
    who = {"id": sender, "name": "li si", "toid": 13 if sender == 15 else 15}
    return {"msgid": 1005, "at": at, "cid": f"c{at}", "msg": words, "time": 7} | who


def row(at: int, **fields: Any) -> dict[str, Any]:
    return {"toid": 15, "name": "li si", "last": entry(at), "read": 0, "unread": 0} | fields


async def test_the_list_says_what_is_unread(server: FakeServer) -> None:
    """New messages are added to that number."""
    async with sitting(server, row(5, read=2, unread=3)) as one:
        one.presenter.on_message(message(6))
        (window,) = one.manager.windows[1:]
        assert (window.name, window.unread) == ("li si", 4)


async def test_who_and_what_no_longer_exists_has_a_number(server: FakeServer) -> None:
    """The server calls all of them the same."""
    group = {"groupid": 3, "last": {"msgid": 1009, "groupid": 3} | entry(4), "name": "?"}
    async with sitting(server, row(5, name="?"), row(4) | {"toid": 0} | group) as one:
        assert [window.name for window in one.manager.windows[1:]] == ["user 15", "group 3"]


async def test_a_server_that_is_too_busy_for_the_list_is_asked_again(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the user would see no conversations until the next connection."""
    monkeypatch.setattr(presenter, "BUSY_FOR", 0.001)
    async with sitting(server, row(5)) as one:
        one.presenter.on_event(Reconnected(resumed=True))
        seq = (await one.peer.hear(1039))["seq"]
        one.peer.say(msgid=1011, seq=seq, errno=50, error="try_again", errmsg="")
        await one.lists(row(6))


async def test_ended_devices_are_no_conversation(server: FakeServer) -> None:
    """They are entries in the user's conversation with themselves."""
    ended = {"msgid": 1037, "at": 3, "cid": "c", "id": 13, "name": "", "time": 7, "toid": 13}
    async with sitting(server, row(5)) as one:
        one.presenter.on_event(Reconnected(resumed=True))
        own = {"toid": 13, "name": "?", "last": ended | {"what": "device_ended"}}
        await one.peer.hear(1039)
        one.peer.say(msgid=1040, seq=2, conversations=[own | {"read": 0, "unread": 0}])
        assert [window.name for window in one.manager.windows] == ["chat", "li si"]


async def test_what_is_looked_at_is_fetched_and_read(server: FakeServer) -> None:
    """The mark is told once, up to the last message in view."""
    async with sitting(server, row(5, read=2, unread=2)) as one:
        one.opens()
        asked = await one.page(entry(4), entry(5), read=2, marks=[{"id": 15, "read": 3}])
        assert (asked["toid"], asked.get("before")) == (15, None)
        assert one.look() == ["00:00    li si: hi", "00:00    li si: hi"]
        read = await one.peer.hear(1043)
        assert (read["toid"], read["at"]) == (15, 5)
        one.look()
        assert one.manager.current.unread == 0
        assert one.manager.current.reads == {15: 3}


async def test_what_is_new_above_the_view_is_told_until_the_rule_above_it_was_in_view(
    server: FakeServer,
) -> None:
    """It counts as read when its end is in view, and the list no longer tells of it."""
    async with sitting(server, row(30, read=5, unread=25)) as one:
        one.opens()
        assert one.said_below() == ["loading"]
        await one.page(*(entry(at) for at in range(1, 31)))
        one.look()
        assert one.manager.current.unread == 0
        assert one.said_below() == ["25 new, some above: Page Up"]
        for _ in range(3):
            one.presenter.viewport.move(8)
            one.look()
        one.presenter.viewport.go_to_end()
        one.look()
        assert one.said_below() == []


async def test_nothing_is_said_to_be_above_once_a_search_has_gone_elsewhere(
    server: FakeServer,
) -> None:
    """A match may be above all that is new."""
    async with sitting(server, row(60, read=35, unread=25)) as one:
        one.opens()
        await one.page(*(entry(at, f"text {at}.") for at in range(1, 61)))
        one.look()
        assert one.presenter.search("text 1.") == ""
        one.look()
        assert one.said_below() == ["more below: Alt-End"]


async def test_a_match_comes_into_view_in_however_long_a_message(server: FakeServer) -> None:
    async with sitting(server, row(1)) as one:
        one.opens()
        await one.page(entry(1, "\n".join(f"line {number}" for number in range(100))))
        assert one.look()[-1].endswith("line 99")
        assert one.presenter.search("line 50") == ""
        assert one.look()[4].endswith("line 50")


async def test_older_pages_are_fetched_as_long_as_there_are_some(server: FakeServer) -> None:
    """Each page is the one before what is loaded."""
    async with sitting(server, row(9)) as one:
        one.opens()
        await one.page(entry(8), entry(9), more=True)
        one.look()
        asked = await one.page(entry(6), entry(7))
        assert asked["before"] == 8
        assert len(one.look()) == 4


async def test_the_way_up_goes_on_when_its_page_is_here(server: FakeServer) -> None:
    """A key that is pressed while the page is loading is not lost."""
    async with sitting(server, row(99)) as one:
        one.opens()
        await one.page(*(entry(at, f"number {at}") for at in range(81, 100)), more=True)
        one.look()
        await one.peer.hear(1043)
        one.presenter.viewport.move(9)
        one.look()
        asked = await one.peer.hear(1041)
        one.presenter.viewport.move(9)
        assert "81" in one.look()[0]
        page = [entry(at, f"number {at}") for at in range(61, 81)]
        one.peer.say(msgid=1042, seq=asked["seq"], toid=15, more=False, entries=page)
        await one.until(lambda: not one.manager.current.fetching)
        one.look()
        numbers = [line.rpartition(" ")[2] for line in one.look()]
        assert numbers == [str(at) for at in range(72, 82)]


async def test_the_way_down_goes_on_when_its_page_is_here(server: FakeServer) -> None:
    """It works as on the way up, if later messages have been dropped."""
    async with sitting(server, row(99)) as one:
        one.opens()
        await one.page(*(entry(at, f"number {at}") for at in range(61, 100)))
        window = one.manager.current
        window.items.newer, window.anchor = True, Anchor((85, 0))
        one.look()
        asked = await one.peer.hear(1041)
        assert asked["after"] == 99
        one.presenter.viewport.move(-9)
        one.presenter.viewport.move(-9)
        assert "99" in one.look()[-1]
        page = [entry(at, f"number {at}") for at in range(100, 121)]
        one.peer.say(msgid=1042, seq=asked["seq"], toid=15, more=False, entries=page)
        await one.until(lambda: not window.fetching)
        one.look()
        numbers = [line.rpartition(" ")[2] for line in one.look()]
        assert numbers == [str(at) for at in range(94, 104)]


async def test_a_page_that_fails_is_not_asked_for_again_and_again(server: FakeServer) -> None:
    """The reason is shown. The client tries again when the user comes back to the conversation."""
    async with sitting(server, row(9)) as one:
        one.opens()
        asked = await one.peer.hear(1041)
        one.peer.say(msgid=1011, seq=asked["seq"], errno=32, error="not_member", errmsg="no")
        await one.until(lambda: one.manager.current.trouble)
        one.look()
        assert one.manager.current.trouble == "no"
        assert not one.manager.current.fetching
        one.presenter.on_window_opened()
        one.look()
        await one.page(entry(9))


async def test_marks_and_typing_go_to_their_windows(server: FakeServer) -> None:
    """This includes what the user has done on another device."""
    async with sitting(server, row(5, read=2, unread=2)) as one:
        (window,) = one.manager.windows[1:]
        one.presenter.on_event(Got(15, 4))
        one.presenter.on_event(Read(15, LI, 3))
        one.presenter.on_event(Read(13, LI, 5, own=True))
        one.presenter.on_event(Typing(15, "li si", LI))
        one.presenter.on_event(SettingsChanged(Preferences(), LI, muted=True))
        assert (window.got, window.reads, window.read, window.muted) == (4, {15: 3}, 5, True)
        assert window.typing(asyncio.get_running_loop().time()) == ["li si"]


async def test_what_is_told_while_the_list_is_on_its_way_counts(server: FakeServer) -> None:
    """The list may not have it yet, and the server does not tell it again."""
    async with sitting(server, row(5)) as one:
        one.manager.close_all()
        one.presenter.on_event(Reconnected(resumed=True))
        await one.peer.hear(1039)
        one.presenter.on_event(Got(15, 4))
        one.presenter.on_event(Read(15, LI, 3))
        one.presenter.on_event(Read(13, LI, 5, own=True))
        one.presenter.on_event(SettingsChanged(Preferences(), LI, muted=True))
        one.peer.say(msgid=1040, seq=2, conversations=[row(5, unread=5)])
        await one.lists(row(5, unread=5, muted=True))
        window = one.manager.find(LI)
        assert window is not None
        assert (window.name, window.got, window.reads) == ("li si", 4, {15: 3})
        assert (window.read, window.unread, window.muted) == (5, 0, True)


async def test_what_others_have_read_while_there_was_no_connection_is_asked_for(
    server: FakeServer,
) -> None:
    """The server does not tell it again, and the list does not have it for groups."""
    async with sitting(server, row(5, read=5)) as one:
        one.opens()
        await one.page(entry(5), read=5, marks=[{"id": 15, "read": 3}])
        one.presenter.on_event(Reconnected(resumed=True))
        await one.lists(row(5, read=5))
        await one.until(lambda: not one.manager.current.loaded)
        one.look()
        await one.page(entry(5), read=5, marks=[{"id": 15, "read": 4}])
        assert one.manager.current.reads == {15: 4}


async def test_a_mark_that_the_server_has_lost_is_said_again(server: FakeServer) -> None:
    """A node that is killed loses the marks of its last second."""
    async with sitting(server, row(5, read=5)) as one:
        one.presenter.on_event(Reconnected(resumed=True))
        await one.lists(row(6, read=2, unread=4))
        read = await one.peer.hear(1043)
        assert (read["toid"], read["at"]) == (15, 5)


async def test_a_page_beside_which_something_was_let_go_leaves_no_gap(server: FakeServer) -> None:
    """The client asks for the page again."""
    async with sitting(server, row(9)) as one:
        one.opens()
        await one.page(entry(7), entry(8), entry(9), more=True)
        one.look()
        window = one.manager.current
        asked = await one.peer.hear(1041)
        window.items.most = 3
        one.presenter.on_message(message(10))
        older = {"msgid": 1042, "toid": 15, "more": True, "entries": [entry(5), entry(6)]}
        one.peer.say(seq=asked["seq"], **older)
        await one.until(lambda: not window.fetching)
        assert [item.key[0] for item in window.items.items] == [8, 9, 10]
        one.look()
        await one.peer.hear(1043)
        asked = await one.peer.hear(1041)
        window.items.newer = True
        one.presenter.viewport.go_to_end()
        one.peer.say(seq=asked["seq"], **older)
        await one.until(lambda: not window.fetching)
        assert len(window.items) == 0


async def test_the_bell_rings_for_what_concerns_the_user(server: FakeServer) -> None:
    """It rings at most once a second, not for a group message without the user's name, and not if
    the conversation is muted."""
    async with sitting(server) as one:
        one.presenter.on_message(message(3))
        one.presenter.on_message(message(4))
        assert one.rung == 1
    async with sitting(server) as one:
        one.presenter.on_group_changed(Group(3, "hikers", ""))
        one.presenter.on_mute(User(15, "li si"), muted=True)
        one.presenter.on_message(message(3))
        one.presenter.on_message(evolve(message(4, "hello all"), to_id=0, group_id=3))
        assert one.rung == 0
        one.presenter.on_message(evolve(message(5, "hello ZHANG SAN!"), to_id=0, group_id=3))
        assert one.rung == 1
        hikers = one.manager.find(InGroup(3))
        assert hikers is not None
        assert hikers.mentioned


async def test_what_changes_in_a_group_stands_in_its_conversation(server: FakeServer) -> None:
    """If the user was removed, the window says that they have left."""
    async with sitting(server) as one:
        change = Changed(4, "c4", 15, "li si", 7, "removed", group_id=3, whom=13)
        one.presenter.on_change(change, "li si has removed you from group hikers")
        window = one.manager.find(InGroup(3))
        assert window is not None
        assert window.left
        one.manager.show(window)
        assert "has removed you" in "".join(one.presenter.viewport.drawn(80, 5)[-1][1])


async def test_nobody_is_told_that_one_is_typing_in_a_group_that_one_has_left(
    server: FakeServer,
) -> None:
    """The server would refuse it, and the user see an error that they do not know the reason of."""
    async with sitting(server) as one:
        for group, left in ((3, True), (4, False)):
            window = one.manager.window(InGroup(group), "hikers")
            window.left = left
            one.manager.show(window)
            one.presenter.report_typing()
        assert (await one.peer.hear(1044))["groupid"] == 4


async def test_a_group_that_one_has_renamed_or_left_here_is_listed_so(server: FakeServer) -> None:
    """The server sends this client no CHANGED for its own changes."""
    async with sitting(server) as one:
        hikers = Group(3, "hikers", "")
        one.book.groups[3] = Membership(hikers, Role.CREATOR)
        one.presenter.on_group_changed(hikers)
        window = one.manager.find(InGroup(3))
        assert window is not None
        one.book.rename(3, "climbers")
        one.presenter.on_group_changed(hikers)
        assert (window.name, window.left) == ("climbers", False)
        del one.book.groups[3]
        one.presenter.on_group_changed(hikers)
        assert (window.name, window.left) == ("climbers", True)


async def test_a_group_is_called_what_the_server_calls_it(server: FakeServer) -> None:
    """The client learns the name when it asks, even without a CHANGED."""
    async with sitting(server) as one:
        doing = ActionBase(
            one.client,
            TypedScreen([], scripted=False),
            one.book,
            forms=(),
            echo_after=None,
            presenter=one.presenter,
        )
        one.presenter.on_group_changed(Group(3, "hikers", ""))
        learning = asyncio.create_task(doing.learn())
        one.peer.say(msgid=1023, seq=(await one.peer.hear(1022))["seq"], friends=[])
        owls = {"id": 3, "groupname": "owls", "groupdesc": "", "role": "normal"}
        one.peer.say(msgid=1025, seq=(await one.peer.hear(1024))["seq"], groups=[owls])
        await learning
        window = one.manager.find(InGroup(3))
        assert window is not None
        assert (window.name, window.left) == ("owls", False)


async def test_what_one_sends_stands_in_its_conversation(server: FakeServer) -> None:
    """A typed line goes to the partner of the window that it was typed in."""
    async with sitting(server, row(5)) as one:
        one.manager.show_number(1)
        one.presenter.input_window = one.manager.current
        one.manager.show_number(0)
        assert one.presenter.partner(None) == User(15, "li si")
        one.presenter.on_send(User(15, "li si"), "hi").refused("no")
        one.manager.show_number(1)
        assert one.look()[-1] == "18:04 ✗  zhang san: hi  (no)"


async def test_positions_that_begin_anew_are_asked_for_anew(server: FakeServer) -> None:
    """The client asks for the list again."""
    async with sitting(server, row(5)) as one:
        (window,) = one.manager.windows[1:]
        one.presenter.on_message(message(6))
        one.presenter.on_event(Reset(Position(0, "e2")))
        assert len(window.items) == 0
        await one.lists(row(1, unread=1))
        assert window.unread == 1


def told(one: Sitting) -> list[str]:
    return [plain(item.line) for item in one.manager.home.items.items]  # type: ignore[union-attr]


async def test_a_session_that_was_ended_elsewhere_is_no_loss(server: FakeServer) -> None:
    """The server then closes the connection, which is not told. A later loss is."""
    async with sitting(server) as one:
        one.presenter.on_event(SessionEnded(Refused(4, "bad_token", "ended elsewhere")))
        assert one.presenter.on_event(Disconnected("closed", retrying=True))
        assert not one.presenter.connection_status.connected
        one.presenter.on_event(Reconnected(resumed=True))
        assert one.presenter.connection_status.connected
        assert told(one) == []
        one.presenter.on_event(Disconnected("gone", retrying=True))
        assert told(one) == ["* connection lost (gone), reconnecting"]


async def test_a_loss_is_told_once(server: FakeServer) -> None:
    """So is its end."""
    async with sitting(server) as one:
        for _ in range(3):
            assert one.presenter.on_event(Disconnected("gone", retrying=True))
        assert told(one) == ["* connection lost (gone), reconnecting"]
        assert not one.presenter.connection_status.connected
        one.presenter.on_event(Reconnected(resumed=False))
        assert told(one)[1:] == ["* reconnected"]
        assert one.presenter.connection_status.connected


async def test_the_end_of_a_loss_also_ends_a_session_that_was_refused(server: FakeServer) -> None:
    """A loss after it is one of its own, and is told."""
    async with sitting(server) as one:
        one.presenter.on_event(Disconnected("gone", retrying=True))
        one.presenter.on_event(SessionEnded(Refused(4, "bad_token", "invalid token")))
        one.presenter.on_event(Reconnected(resumed=False))
        one.presenter.on_event(Disconnected("gone", retrying=True))
        assert told(one)[2:] == ["* connection lost (gone), reconnecting"]
