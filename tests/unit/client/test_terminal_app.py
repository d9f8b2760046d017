"""The line client's logic, with a screen that the test types on and a server that the test
plays."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.client import ChatClient, Settings
from adapters.terminal.app import MENU, LineClient
from adapters.terminal.book import Book
from adapters.terminal.render import Line, plain
from tests.unit.client.fake_chat_server import TIMEOUT, FakeServer, Peer, push

NOW = datetime(2026, 11, 20, 18, 4, 51, tzinfo=UTC)
HASTY = Settings(first_delay=0.001, longest_delay=0.01)
TOO_BUSY = "error: try_again: try again"


@pytest.fixture(autouse=True)
def _soon_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, what was missed arrives before the lists do, so no test needs to wait for it."""
    monkeypatch.setattr("adapters.terminal.app._QUIET", 0.01)


class TypedScreen:
    """The lines of `script` are typed first, then what `type` adds, or the end of input."""

    def __init__(self, script: list[str], *, scripted: bool) -> None:
        self.scripted = scripted
        self.whole = False
        self.shown: list[str] = []
        self.prompts: list[str] = []
        self._typed: asyncio.Queue[str | None] = asyncio.Queue()
        self._news = asyncio.Event()
        for text in script:
            self.type(text)

    def type(self, text: str | None) -> None:
        self._typed.put_nowait(text)

    def show(self, line: Line) -> None:
        self.shown.append(plain(line))
        self._news.set()

    def show_error(self, line: Line) -> None:
        self.show(line)

    def notify(self, line: Line) -> None:
        self.show(line)

    def notify_error(self, line: Line) -> None:
        self.show_error(line)

    def echo(self, line: str) -> None:
        pass

    async def ask(self, question: str, *, hidden: bool = False) -> str:
        return await self.command(question)

    async def command(self, prompt: str) -> str:
        self.prompts.append(prompt)
        self._news.set()
        text = await self._typed.get()
        if text is None:
            raise EOFError
        return text

    def discard_typed(self) -> int:
        count = self._typed.qsize()
        while not self._typed.empty():
            self._typed.get_nowait()
        return count

    async def until(self, text: str) -> None:
        """Wait until a line with this text is shown."""
        await self._until(lambda: any(text in shown for shown in self.shown))

    async def back_at_the_menu(self) -> None:
        """Wait until the menu asks for the second time."""
        await self._until(lambda: self.prompts.count("choice: ") == 2)

    async def _until(self, there: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT):
            while not there():
                self._news.clear()
                await self._news.wait()


class Running:
    def __init__(self, peer: Peer, screen: TypedScreen, task: "asyncio.Task[int]") -> None:
        self.peer = peer
        self.screen = screen
        self._task = task

    async def status(self) -> int:
        async with asyncio.timeout(TIMEOUT):
            return await self._task

    async def learns(self, *groups: dict[str, Any], friends: Sequence[dict[str, Any]] = ()) -> None:
        """Answer the requests for the user's lists."""
        seq = (await self.peer.hear(1022))["seq"]
        self.peer.say(msgid=1023, seq=seq, friends=list(friends))
        seq = (await self.peer.hear(1024))["seq"]
        self.peer.say(msgid=1025, seq=seq, groups=list(groups))

    async def lists(self, *friends: dict[str, Any], groups: Sequence[dict[str, Any]] = ()) -> None:
        """Answer the requests of the client's welcome."""
        await self.learns(*groups, friends=friends)
        for group in groups:
            seq = (await self.peer.hear(1026))["seq"]
            self.peer.say(msgid=1027, seq=seq, groupid=group["id"], users=[])

    async def welcome(self, *friends: dict[str, Any]) -> None:
        await self.peer.admit()
        await self.lists(*friends)
        await self.screen.until("--- groups ---")

    async def log_out(self) -> None:
        seq = (await self.peer.hear(1002))["seq"]
        self.peer.say(msgid=1010, seq=seq)


LI_SI = {"id": 15, "name": "li si", "state": "online"}


@asynccontextmanager
async def running(
    server: FakeServer, *script: str, scripted: bool = True, echo_after: float | None = None
) -> AsyncIterator[Running]:
    screen = TypedScreen(list(script), scripted=scripted)
    async with ChatClient.connect("127.0.0.1", server.port, settings=HASTY) as client:
        app = LineClient(
            client, screen, Book(), device="laptop", echo_after=echo_after, now=lambda: NOW
        )
        task = asyncio.create_task(app.run())
        try:
            yield Running(await server.accept(), screen, task)
        finally:
            task.cancel()
            await asyncio.wait({task})


async def test_a_conversation_from_menu_to_menu(server: FakeServer) -> None:
    """Logging in, writing, logging out and quitting work in the order of the original client."""
    script = ["1", "13", "secret", "chat:15:hi: you", "loginout", "3"]
    async with running(server, *script) as app:
        await app.welcome(LI_SI)
        assert (await app.peer.take())["msg"] == "hi: you"
        await app.log_out()
        assert await app.status() == 0
        assert app.screen.shown == [
            "=== logged in as zhang san, id 13 ===",
            "--- friends ---",
            "    15 li si  online",
            "--- groups ---",
            "  no groups yet; /join ID or /create NAME",
            "18:04 ✓ to li si: hi: you",
            "* logged out",
        ]


async def test_unread_messages_come_before_the_lists(server: FakeServer) -> None:
    """They may arrive at any time during the welcome. Later messages are shown at once."""
    async with running(server, "1", "13", "secret") as app:
        await app.peer.admit()
        app.peer.say_together(push(1, "a", msg="missed"))
        await app.lists()
        await app.screen.until("--- groups ---")
        app.peer.say_together(push(2, "b", msg="live"))
        await app.screen.until("live")
        kinds = [shown for shown in app.screen.shown if "-" in shown or "missed" in shown]
        assert kinds[0] == "--- unread messages ---"
        assert kinds[1].endswith("li: missed")
        assert kinds[2] == "--- friends ---"


async def test_a_server_that_is_too_busy_for_lists_lets_the_user_in_all_the_same(
    server: FakeServer,
) -> None:
    """They are asked for again by the first command that needs them."""
    async with running(server, "1", "13", "secret", "chat:15:hi", scripted=False) as app:
        await app.peer.admit()
        seq = (await app.peer.hear(1022))["seq"]
        app.peer.say(msgid=1011, seq=seq, errno=50, error="try_again", errmsg="try again")
        assert (await app.peer.take())["msg"] == "hi"
        app.screen.type("/group hikers hello")
        await app.learns({"id": 3, "groupname": "hikers"})
        assert (await app.peer.take())["groupid"] == 3
        shown = app.screen.shown[len(MENU) :]
        assert shown[:2] == ["=== logged in as zhang san, id 13 ===", TOO_BUSY]


async def test_what_the_user_wrote_themselves_is_not_called_unread(server: FakeServer) -> None:
    """Another device has written it, and was killed before it took the message over."""
    async with running(server, "1", "13", "secret") as app:
        await app.peer.admit()
        app.peer.say_together(push(1, "a", sender=13, toid=15, msg="mine"))
        await app.lists()
        await app.screen.until("--- groups ---")
        assert any(shown.endswith("mine") for shown in app.screen.shown)
        assert "--- unread messages ---" not in app.screen.shown


@pytest.mark.parametrize("whole", [False, True])
async def test_help_names_the_keys_where_there_are_any(server: FakeServer, whole: bool) -> None:
    """The keys do nothing if lines are only read and written."""
    async with running(server, "1", "13", "secret", "help", "loginout", "3") as app:
        app.screen.whole = whole
        await app.peer.admit()
        await app.lists()
        await app.log_out()
        assert await app.status() == 0
        assert any("Page Up" in shown for shown in app.screen.shown) is whole


async def test_a_script_ends_when_its_login_is_refused(server: FakeServer) -> None:
    """Its next lines were not meant for the menu."""
    async with running(server, "1", "13", "wrong", "chat:15:hi") as app:
        await app.peer.turn_away(1000, 3, "bad_credentials")
        assert await app.status() == 1
        assert app.screen.shown == ["error: bad_credentials"]


async def test_a_person_may_try_again(server: FakeServer) -> None:
    """Quitting then is no error."""
    async with running(server, "1", "13", "wrong", scripted=False) as app:
        await app.peer.turn_away(1000, 3, "bad_credentials")
        await app.screen.back_at_the_menu()
        app.screen.type("3")
        assert await app.status() == 0
        assert "error: bad_credentials" in app.screen.shown


def change(what: str, at: int = 1, who: int = 15, **fields: Any) -> dict[str, Any]:
    """A CHANGED frame for group 3."""
    frame = {"msgid": 1037, "at": at, "cid": f"c{at}", "id": who, "name": "li si", "time": 7}
    return frame | {"groupid": 3, "what": what} | fields


JOINED = change("joined", who=13)  # by the user
HIKERS = {"id": 3, "groupname": "hikers", "groupdesc": "", "role": "creator"}


async def test_a_group_s_new_name_is_shown_and_used(server: FakeServer) -> None:
    """The user or somebody else may have renamed the group."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.peer.admit()
        await app.lists(groups=[HIKERS])
        app.screen.type('/rename hikers "night walkers"')
        request = await app.peer.hear(1035)
        assert (request["groupid"], request["groupname"]) == (3, "night walkers")
        app.peer.say(msgid=1010, seq=request["seq"])
        await app.screen.until("* group hikers is now called night walkers")
        app.screen.type("/talk Night Walkers")
        await app.screen.until("talking to group night walkers")
        app.peer.say(**change("renamed", newname="owls"))
        await app.screen.until("* li si has renamed group night walkers to owls")
        app.screen.type("hello")
        assert (await app.peer.take())["groupid"] == 3
        await app.screen.until("to [owls]: hello")


async def test_what_changes_in_a_group_is_told(server: FakeServer) -> None:
    """The lines say who has come and gone, who has removed them, and who the creator is now."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.peer.admit()
        await app.lists(LI_SI, groups=[HIKERS])
        await app.screen.until("--- groups ---")
        for at, frame in enumerate(CHANGES, 1):
            app.peer.say(**frame | {"at": at, "cid": f"c{at}"})
        await app.screen.until("ended")
        assert [shown for shown in app.screen.shown if shown.startswith("* ")] == [
            "* li si has joined group hikers",
            "* the operator has removed wu from group hikers",
            "* li si has left group hikers; you are its creator now",
            "* li si has ended group hikers",
        ]


CHANGES = [
    change("joined"),
    change("joined", who=16, name="wu") | {"what": "painted"},
    change("removed", who=0, name="", whom=16),
    change("left", whom=13),
    change("ended"),
]


async def test_who_talks_to_a_group_that_ends_talks_to_nobody(server: FakeServer) -> None:
    """The next text would be refused."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.peer.admit()
        await app.lists(groups=[HIKERS])
        app.screen.type("/talk hikers")
        await app.screen.until("talking to group hikers")
        app.peer.say(**change("removed", who=15, whom=13))
        await app.screen.until("* li si has removed you from group hikers")
        app.screen.type("hello?")
        await app.screen.until("error: this is not a command")


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("/wait long", "error: wait how many seconds?"),
        ("/bell perhaps", "error: the bell can be on or off"),
        ("/search words", "error: this works only on the whole terminal, without --plain"),
        ("/bell off", "error: this works only on the whole terminal, without --plain"),
        ("/hide all", "error: only read and typing can be hidden"),
        ("/mute", "error: which conversation? name a person or a group"),
        ("/leave hikers", "error: no_such_group: none of your groups is called hikers"),
    ],
)
async def test_what_cannot_be_done_is_complained_of(
    server: FakeServer, command: str, complaint: str
) -> None:
    """The complaint is one sentence, and the client asks the server nothing."""
    async with running(server, "1", "13", "secret", command, "loginout", "3") as app:
        await app.welcome()
        await app.log_out()
        assert await app.status() == 1
        assert complaint in app.screen.shown


@pytest.mark.parametrize("command", ["nonsense", "/wait x", "/msg nobody hi"])
async def test_a_command_that_fails_fails_the_script(server: FakeServer, command: str) -> None:
    """The following commands are carried out all the same."""
    async with running(server, "1", "13", "secret", command, "/help", "loginout", "3") as app:
        await app.welcome()
        if "nobody" in command:
            seq = (await app.peer.hear(1019))["seq"]
            app.peer.say(msgid=1011, seq=seq, errno=30, error="no_such_user", errmsg="")
        await app.log_out()
        assert await app.status() == 1
        assert "--- commands ---" in app.screen.shown


@pytest.mark.parametrize("command", ["/msg li si hi", "/talk li", "chat:li:hi"])
async def test_who_leaves_out_quotes_is_told_of_them(server: FakeServer, command: str) -> None:
    """The client does so if it took the end of a name for the text."""
    async with running(server, "1", "13", "secret", command, scripted=False) as app:
        await app.welcome()
        seq = (await app.peer.hear(1019))["seq"]
        app.peer.say(msgid=1011, seq=seq, errno=30, error="no_such_user", errmsg="nobody")
        app.screen.type("/help")
        await app.screen.until("--- commands ---")
        hints = [shown for shown in app.screen.shown if shown.startswith("* a name with spaces")]
        usage = '* a name with spaces needs quotes: /msg "NAME" TEXT'
        assert hints == ([usage] if command.startswith("/msg") else [])


async def test_a_group_is_joined_by_name(server: FakeServer) -> None:
    """Digits would be its id."""
    async with running(server, "1", "13", "secret", "addgroup:hikers", scripted=False) as app:
        await app.welcome()
        request = await app.peer.hear(1008)
        assert (request["groupname"], request.get("groupid")) == ("hikers", None)
        app.peer.say(msgid=1010, seq=request["seq"], groupid=3, groupname="hikers")
        await app.learns(HIKERS)
        await app.screen.until("* you are now in group hikers")


async def test_a_group_joined_with_another_device_is_told_by_its_name(server: FakeServer) -> None:
    """The client asks the server for it at once."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.welcome()
        app.peer.say(**JOINED)
        await app.learns(HIKERS)
        await app.screen.until("* you have joined group hikers")


async def test_what_is_told_while_the_lists_are_on_their_way_counts(server: FakeServer) -> None:
    """The lists may be older."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.peer.admit()
        await app.lists(LI_SI, groups=[HIKERS])
        await app.screen.until("--- groups ---")
        app.screen.type("/friends")
        friends = await app.peer.hear(1022)
        app.peer.say(msgid=1017, id=15, name="li si", state="offline")
        app.peer.say(msgid=1023, seq=friends["seq"], friends=[LI_SI])
        groups = await app.peer.hear(1024)
        app.peer.say(**change("renamed", newname="owls"))
        app.peer.say(msgid=1025, seq=groups["seq"], groups=[HIKERS])
        await app.screen.until("15 li si  offline")
        app.screen.type("/talk owls")
        await app.screen.until("talking to group owls")


async def test_after_a_reset_the_lists_are_asked_for_anew(server: FakeServer) -> None:
    """The server does not send what has changed meanwhile."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.peer.admit()
        await app.lists(groups=[HIKERS])
        await app.screen.until("--- groups ---")
        await app.peer.hang_up()
        second = await server.accept()
        await second.admit(1015, reset=True, head=9, epoch="e2")
        second.say(msgid=1023, seq=(await second.hear(1022))["seq"], friends=[LI_SI])
        owls = HIKERS | {"groupname": "owls"}
        second.say(msgid=1025, seq=(await second.hear(1024))["seq"], groups=[owls])
        second.say_together(push(10, "c10"))
        await app.screen.until("li: hello")
        app.screen.type("/talk owls")
        await app.screen.until("talking to group owls")


async def test_where_the_server_does_not_say_a_group_has_its_number(server: FakeServer) -> None:
    """The client still says that it was joined, and the next command asks again."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.welcome()
        app.peer.say(**JOINED)
        seq = (await app.peer.hear(1022))["seq"]
        app.peer.say(msgid=1011, seq=seq, errno=50, error="try_again", errmsg="")
        await app.screen.until("* you have joined group 3")
        app.screen.type("/talk hikers")
        await app.learns(HIKERS)
        await app.screen.until("talking to group hikers")


@pytest.mark.parametrize(
    ("command", "asked", "answer", "said"),
    [
        (
            "/mute li si",
            {"toid": 15, "muted": True},
            {"toid": 15, "muted": True},
            "* li si is muted on all your devices",
        ),
        (
            "/mute li si",
            {"toid": 15, "muted": True},
            {"toid": 15, "muted": False},
            "error: you have no conversation with li si yet",
        ),
        (
            "/unmute li si",
            {"toid": 15, "muted": False},
            {"toid": 15, "muted": False},
            "* li si is unmuted on all your devices",
        ),
        (
            "/hide read",
            {"hide_read": True},
            {"hide_read": True},
            "* others do not see what you have read, and",
        ),
        ("/unhide typing", {"hide_typing": False}, {}, "and are told when you are typing"),
    ],
)
async def test_what_is_kept_for_all_devices(
    server: FakeServer, command: str, asked: dict[str, Any], answer: dict[str, Any], said: str
) -> None:
    """The client asks the server, and shows the setting that holds now."""
    async with running(server, "1", "13", "secret", command) as app:
        await app.welcome(LI_SI)
        request = await app.peer.hear(1045)
        assert {field: request[field] for field in asked} == asked
        holds = {"hide_read": False, "hide_typing": False} | answer
        app.peer.say(msgid=1046, seq=request["seq"], **holds)
        await app.screen.until(said)


@pytest.mark.parametrize("answers", [("1", "13", ""), ("2", "zhang san", "")])
async def test_an_empty_password_is_none(server: FakeServer, answers: tuple[str, ...]) -> None:
    """The client does not ask the server."""
    async with running(server, *answers, "3") as app:
        assert await app.status() == 1
        assert app.screen.shown == ["error: a password needs at least one character"]


@pytest.mark.parametrize("answers", [("", "new"), ("secret", "")])
async def test_an_empty_password_changes_none(server: FakeServer, answers: tuple[str, str]) -> None:
    """The client does not ask the server then either."""
    async with running(server, "1", "13", "secret", "/password", *answers, "loginout") as app:
        await app.welcome()
        await app.log_out()
        await app.screen.until("error: a password needs at least one character")


async def test_who_mistypes_the_old_password_is_told_which_was_wrong(server: FakeServer) -> None:
    """Nobody asked for an account."""
    answers = ("secrte", "new", "new")
    async with running(server, "1", "13", "secret", "/password", *answers, scripted=False) as app:
        await app.welcome()
        seq = (await app.peer.hear(1029))["seq"]
        app.peer.say(msgid=1011, seq=seq, errno=1, error="bad_credentials", errmsg="no account")
        await app.screen.until("error: the old password is wrong; nothing was changed")


async def test_a_refused_message_fails_the_script(server: FakeServer) -> None:
    """It is shown with a cross and the reason."""
    async with running(server, "1", "13", "secret", "chat:15:hi", "/quit") as app:
        await app.welcome()
        seq = (await app.peer.hear(1005))["seq"]
        app.peer.say(msgid=1011, seq=seq, errno=40, error="mailbox_full", errmsg="full")
        await app.log_out()
        assert await app.status() == 1
        assert "18:04 ✗ to user 15: hi  (mailbox_full: full)" in app.screen.shown


async def test_the_end_of_input_waits_for_answers(server: FakeServer) -> None:
    """Then the client logs out and ends."""
    async with running(server, "1", "13", "secret", "chat:15:hi") as app:
        app.screen.type(None)
        await app.welcome(LI_SI)
        await app.peer.take()
        await app.log_out()
        assert await app.status() == 0
        assert app.screen.shown[-1] == "18:04 ✓ to li si: hi"


@pytest.mark.parametrize("between", [" ", "\n", ""])
async def test_what_is_too_long_for_a_message_becomes_several(
    server: FakeServer, between: str
) -> None:
    """It is cut between words if there are any, and nothing of it is lost."""
    text = between.join(f"<line{number:03}>" for number in range(800))
    async with running(server, "1", "13", "s", "/talk li si", text, scripted=False) as app:
        await app.welcome(LI_SI)
        taken = [(await app.peer.take())["msg"] for _ in range(len(text) // 4096 + 1)]
        assert "".join(taken) == text
        assert all(piece.endswith(between) for piece in taken[:-1])
        assert all(len(piece) > 4000 for piece in taken[:-1])


async def test_a_message_that_takes_long_is_shown_on_its_way(server: FakeServer) -> None:
    """It is shown again with its tick when the answer arrives."""
    async with running(server, "1", "13", "s", "chat:15:hi", scripted=False, echo_after=0) as app:
        await app.welcome(LI_SI)
        await app.screen.until("… to li si: hi")
        await app.peer.take()
        await app.screen.until("✓ to li si: hi")


def got(at: int) -> dict[str, Any]:
    """A MARKS frame for what was written to user 15."""
    return {"msgid": 1038, "marks": [{"id": 15, "got": at}]}


async def test_a_message_that_is_with_its_recipient_has_two_ticks(server: FakeServer) -> None:
    """One line covers all that the recipient has received at once. The rest stays at one tick."""
    async with running(server, "1", "13", "secret") as app:
        await app.welcome(LI_SI)
        for at, text in enumerate(["one", "two", "three", "four"], 5):
            app.screen.type(f"chat:15:{text}")
            await app.peer.take(at)
            await app.screen.until(f"18:04 ✓ to li si: {text}")
        app.peer.say(**got(7))
        await app.screen.until("18:04 ✓✓ to li si: three  (and 2 before it)")
        app.peer.say(**got(8))
        await app.screen.until("18:04 ✓✓ to li si: four")
        assert sum("✓✓" in shown for shown in app.screen.shown) == 2


async def test_what_was_written_elsewhere_is_shown_as_one_s_own(server: FakeServer) -> None:
    """It has its ticks."""
    async with running(server, "1", "13", "secret") as app:
        await app.welcome(LI_SI)
        app.peer.say_together(push(5, "a", sender=13, toid=15, msg="from the laptop"))
        await app.screen.until("✓ to li si: from the laptop")
        app.peer.say(**got(5))
        await app.screen.until("✓✓ to li si: from the laptop")


async def test_talking_sends_plain_lines_to_the_partner(server: FakeServer) -> None:
    """The prompt says who that is."""
    async with running(server, "1", "13", "s", "/talk li si", "hi", "/talk", "hi") as app:
        await app.welcome(LI_SI)
        assert (await app.peer.take())["toid"] == 15
        await app.screen.until("error: this is not a command")
        alone, talking = "zhang san> ", "zhang san to li si> "
        assert app.screen.prompts[3:7] == [alone, talking, talking, alone]


async def test_who_turns_to_nobody_talks_to_nobody(server: FakeServer) -> None:
    """Plain lines do not go to the earlier partner either."""
    lines = ("/talk li si", "/talk nobody", "hi")
    async with running(server, "1", "13", "s", *lines) as app:
        await app.welcome(LI_SI)
        seq = (await app.peer.hear(1019))["seq"]
        app.peer.say(msgid=1011, seq=seq, errno=5, error="no_such_user", errmsg="")
        await app.screen.until("error: this is not a command")
        assert app.screen.prompts[-2:] == ["zhang san> ", "zhang san> "]


async def test_the_login_says_what_this_device_is_called(server: FakeServer) -> None:
    """The user finds it by that name among their sessions."""
    async with running(server, "1", "13", "secret") as app:
        assert (await app.peer.admit())["device"] == "laptop"


async def test_who_is_logged_out_by_the_server_is_back_at_the_menu(server: FakeServer) -> None:
    """No key has to be pressed."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.welcome()
        await app.peer.hang_up()
        second = await server.accept()
        await second.turn_away(1015, 4, "bad_token")
        await second.turn_away(1000, 3, "bad_credentials")
        await app.screen.until("you are no longer logged in")
        await app.screen.back_at_the_menu()
        app.screen.type("3")
        assert await app.status() == 0


async def test_who_was_logged_out_elsewhere_is_back_at_the_menu(server: FakeServer) -> None:
    """The client does not log in again by itself."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.welcome()
        app.peer.say(msgid=1016)
        await app.screen.until("no longer logged in (the session was ended elsewhere)")
        await app.screen.back_at_the_menu()
        app.screen.type("3")
        assert await app.status() == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [(1, "error: 1 waiting line was not carried out"), (2, "error: 2 waiting lines were not")],
)
async def test_what_was_typed_for_a_session_does_not_answer_the_menu(
    server: FakeServer, lines: int, said: str
) -> None:
    """The lines wait for an earlier one when the session is ended elsewhere."""
    async with running(server, "1", "13", "secret", "/wait 600", scripted=False) as app:
        await app.welcome()
        for _ in range(lines):
            app.screen.type("2")
        app.peer.say(msgid=1016)
        await app.screen.until(said)
        await app.screen.back_at_the_menu()
        app.screen.type("3")
        assert await app.status() == 0


async def test_what_was_typed_for_a_refused_login_does_not_answer_the_menu(
    server: FakeServer,
) -> None:
    """Otherwise a message could become a user's name."""
    async with running(server, "1", "13", "wrong", "2", scripted=False) as app:
        await app.peer.turn_away(1000, 3, "bad_credentials")
        await app.screen.until("error: 1 waiting line was not carried out")
        await app.screen.back_at_the_menu()
        app.screen.type("3")
        assert await app.status() == 0


async def test_what_is_typed_behind_a_logout_answers_the_menu(server: FakeServer) -> None:
    """The user knows that the menu comes next."""
    lines = ("loginout", "3")
    async with running(server, "1", "13", "secret", *lines, scripted=False) as app:
        await app.welcome()
        await app.log_out()
        assert await app.status() == 0


async def test_a_script_that_was_logged_out_elsewhere_fails(server: FakeServer) -> None:
    """Nobody is there to answer the menu."""
    async with running(server, "1", "13", "secret") as app:
        await app.welcome()
        app.peer.say(msgid=1016)
        assert await app.status() == 1


async def test_a_lost_connection_is_told_and_mended(server: FakeServer) -> None:
    """What is typed meanwhile is sent afterwards."""
    async with running(server, "1", "13", "secret", scripted=False) as app:
        await app.welcome(LI_SI)
        await app.peer.hang_up()
        await app.screen.until("connection lost")
        app.screen.type("chat:15:still there?")
        second = await server.accept()
        await second.admit(1015)
        assert (await second.take())["msg"] == "still there?"
        await app.screen.until("reconnected")
        await app.screen.until("✓ to li si: still there?")


@pytest.mark.parametrize("scripted", [False, True])
async def test_a_session_may_end_during_the_welcome(server: FakeServer, scripted: bool) -> None:
    """A person is back at the menu, and a script fails."""
    async with running(server, "1", "13", "secret", scripted=scripted) as app:
        await app.peer.admit()
        await app.lists()
        app.peer.say(msgid=1016)
        if not scripted:
            await app.screen.back_at_the_menu()
            app.screen.type("3")
        assert await app.status() == int(scripted)
        assert "error: you are no longer logged in (the session was ended elsewhere)" in (
            app.screen.shown
        )
