"""Users at terminals, and scripts, against a real server."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.others import register, say, take_over
from tests.integration.server_process import ROOT, ServerProcess
from tests.integration.terminal import Terminal

ZHANG = ("zhang", "secret one")
LI = ("li", "secret two")


def test_two_people_hold_a_conversation(server: ServerProcess) -> None:
    """Register, log in, make friends, chat, make a group, leave, come back and read."""
    with (
        Terminal("127.0.0.1", str(server.port)) as zhang,
        Terminal("127.0.0.1", str(server.port)) as li,
    ):
        zhang.register("zhang san", "secret one")
        li.register("li si", "secret two")

        zhang.type("/add li si")
        zhang.until("li si (id 2) is now on your list")
        zhang.type('/msg "li si" hello: you')
        zhang.until("✓✓ to li si: hello: you")
        li.until("zhang san: hello: you")
        li.type("chat:1:hello yourself")
        li.until("✓✓ to zhang san: hello yourself")
        zhang.until("li si: hello yourself")

        zhang.type("creategroup:hikers:every Sunday")
        zhang.until("group hikers is created, its id is 1")
        li.type("addgroup:1")
        li.until("you are now in group hikers")
        li.type("/group hikers who comes?")
        li.until("✓ to [hikers]: who comes?")
        zhang.until("* li si has joined group hikers")
        zhang.until("[hikers] li si: who comes?")
        zhang.type("groupchat:1:me: for sure")
        li.until("[hikers] zhang san: me: for sure")

        li.type("loginout")
        li.until("logged out")
        zhang.until("* li si is offline")
        zhang.type("chat:2:read this later")
        zhang.until("✓ to li si: read this later")
        li.log_in("li si", "secret two")
        li.until("unread messages")
        li.until("zhang san: read this later")
        li.until("zhang san  online  creator")
        zhang.until("* li si is online")

        li.type("/quit")
        zhang.press("\x04")  # Ctrl-D
        assert (li.status, zhang.status) == (0, 0)
        assert b"secret" not in zhang.raw + li.raw


def test_two_devices_of_one_user_show_the_same(server: ServerProcess) -> None:
    """What is written on one is shown on the other, with its ticks, and one can log the other out,
    where the arrow up brings back what was being typed. Two terminals on one host are two devices.
    """
    port = str(server.port)
    with (
        Terminal("127.0.0.1", port) as desk,
        Terminal("127.0.0.1", port) as laptop,
        Terminal("127.0.0.1", port) as li,
    ):
        desk.register("zhang", "secret one")
        laptop.log_in("zhang", "secret one")
        register(server, LI)
        desk.type("/add li")
        desk.until("li (id 2) is now on your list")
        desk.type("chat:2:hello")
        laptop.until("✓ to user 2: hello")
        li.log_in("li", "secret two")
        desk.until("✓✓ to li: hello")
        laptop.until("✓✓ to user 2: hello")
        desk.type("/sessions")
        desk.until("(this one)")
        sessions = [line for line in desk.lines if " since " in line]
        (name,) = [line.split()[0] for line in sessions if not line.endswith("(this one)")]
        laptop.press("half of")
        laptop.until_last("zhang> half of")
        desk.type(f"/end {name}")
        laptop.until("you are no longer logged in (the session was ended elsewhere)")
        laptop.press("\x1b5")  # Alt-5, which at the menu is nothing, and no count either
        laptop.log_in("zhang", "secret one")
        laptop.press("\x1b[A")  # arrow up
        laptop.until_last("zhang> half of")


@pytest.mark.parametrize("options", [[], ["--plain"]])
def test_what_was_typed_for_a_session_that_ends_does_not_answer_the_menu(
    server: ServerProcess, options: list[str]
) -> None:
    """The user is told how many lines were dropped, and answers the menu afterwards."""
    register(server, ZHANG)
    with Terminal(f"127.0.0.1:{server.port}", "--device", "desk", *options) as zhang:
        zhang.log_in(*ZHANG)
        zhang.press("/wait 600\r2\rnobody's business\rhalf")
        zhang.until_true(lambda: zhang.lines[-1].endswith("half"), "the line being typed")
        take_over(server, ZHANG, device="desk")
        zhang.until("lines were not carried out")
        zhang.until_true(lambda: sum("choice:" in line for line in zhang.lines) == 2, "the menu")
        zhang.type("7")
        zhang.until("error: the choices are 1, 2 and 3, not '7'")


def test_a_killed_server_costs_nobody_a_message(server: ServerProcess) -> None:
    """Both clients reconnect by themselves. What was typed meanwhile arrives later, in order."""
    port = str(server.port)
    with Terminal("127.0.0.1", port) as zhang, Terminal("127.0.0.1", port) as li:
        zhang.register("zhang", "secret one")
        li.register("li", "secret two")
        zhang.type("/talk li")
        zhang.until_last("zhang to li>")

        server.kill()
        zhang.until("no connection, reconnecting")
        zhang.type("are you")
        zhang.type("still there?")
        zhang.until("…  zhang: still there?")
        server.start()
        li.until("reconnected")
        li.until("zhang: still there?")
        zhang.until("✓✓ zhang: are you")
        zhang.until("✓✓ zhang: still there?")
        had = [line for line in li.lines if "zhang: " in line]
        assert [line.partition("zhang: ")[2] for line in had] == ["are you", "still there?"]


def test_a_message_does_not_disturb_the_line_being_typed(server: ServerProcess) -> None:
    """It appears above the line, which can be finished."""
    port = str(server.port)
    with Terminal("127.0.0.1", port) as zhang:
        zhang.register("zhang", "secret one")
        zhang.press("chat:1:half of")
        zhang.until_last("zhang> chat:1:half of")
        register(server, LI)
        say(server, LI, "look \x1b[31mred")
        zhang.until("li: look ␛[31mred")
        zhang.until_last("zhang> chat:1:half of")
        zhang.type(" it")
        zhang.until("zhang: half of it")


def test_no_key_is_lost_while_messages_pour_in(server: ServerProcess) -> None:
    """Not even the last one is, which ends the client."""
    typed = "the quick brown fox jumps over the lazy dog"
    with Terminal("127.0.0.1", str(server.port)) as zhang:
        zhang.register("zhang", "secret one")
        register(server, LI)
        with started_script(server, "1", *LI, *["chat:1:drop"] * 5_000):
            zhang.until("li: drop")
            for key in typed:
                zhang.press(key)
                zhang.read()
            zhang.until_last(f"zhang> {typed}")
            zhang.press("\x15\x04")  # Ctrl-U, which empties the line, and Ctrl-D
            assert zhang.status == 0


def test_the_tab_key_completes_names(server: ServerProcess) -> None:
    """It completes those of friends and groups, with quotes if needed."""
    with Terminal("127.0.0.1", str(server.port)) as zhang:
        zhang.register("zhang san", "secret one")
        zhang.type('/create "night owls" late')
        zhang.until("group night owls is created")
        register(server, ("li si", "secret two"))
        say(server, ("li si", "secret two"), "hi")
        zhang.until("li si: hi")
        zhang.press("/msg l\t")
        zhang.until('zhang san> /msg "li si"')
        zhang.press("hello\r")
        zhang.until("✓ to li si: hello")
        zhang.press("/group n\t")
        zhang.until('zhang san> /group "night owls"')


def test_the_key_for_another_input_method_keeps_no_letter_away(server: ServerProcess) -> None:
    """Ctrl-Space comes as a NUL if no input method has taken it."""
    with Terminal("127.0.0.1", str(server.port)) as zhang:
        zhang.register("zhang", "secret one")
        zhang.press("half \x00of it")
        zhang.until_last("zhang> half of it")


def test_ctrl_c_leaves_when_it_is_pressed_twice(server: ServerProcess) -> None:
    """Pressed once, it only discards what was being typed. There is no traceback."""
    with Terminal("127.0.0.1", str(server.port)) as zhang:
        zhang.register("zhang", "secret one")
        zhang.press("/find li")
        zhang.until_last("zhang> /find li")
        zhang.press("\x03")
        zhang.until("press Ctrl-C again to quit")
        zhang.until_last("zhang>")
        zhang.press("\x1b[A")  # arrow up
        zhang.until_last("zhang> /find li")
        zhang.press("\x03\x03")
        assert zhang.status == 0
        assert not any("Traceback" in line for line in zhang.lines)


def script(server: ServerProcess, *lines: str) -> "subprocess.CompletedProcess[str]":
    """Run the plain client, driven by a pipe."""
    return subprocess.run(
        plain_client(server),
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@contextmanager
def started_script(server: ServerProcess, *lines: str) -> Iterator[None]:
    """Start it, while the test goes on; it ends with the test."""
    with tempfile.TemporaryFile() as source:
        source.write("".join(f"{line}\n" for line in lines).encode())
        source.seek(0)
        process = subprocess.Popen(
            plain_client(server),
            stdin=source,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


def plain_client(server: ServerProcess) -> list[str]:
    return [sys.executable, "-m", "entrypoints.cli_client", "127.0.0.1", str(server.port)]


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with the users zhang, id 1, and li, id 2, for tests that leave nothing unread."""
    store = f"sqlite:///{tmp_path_factory.mktemp('accounts')}/chat.db"
    with ServerProcess(store, "--hashing", "cheap") as server:
        register(server, ZHANG, LI)
        yield server


def test_a_script_in_the_original_order(accounts: ServerProcess) -> None:
    """printf '1\\n1\\nsecret\\nchat:2:hi\\nloginout\\n3\\n' | ... works as it reads."""
    done = script(accounts, "1", "1", ZHANG[1], "chat:2:hi: there", "loginout", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ to user 2: hi: there" in done.stdout
    read = script(accounts, "1", *LI)
    assert "zhang: hi: there" in read.stdout
    assert "unread" not in script(accounts, "1", *LI).stdout, "it was read once"


def test_a_script_may_end_anywhere(accounts: ServerProcess) -> None:
    """The end of input waits for acknowledgements."""
    texts = [f"chat:2:number {number}" for number in range(500)]
    done = script(accounts, "1", *ZHANG, *texts)
    assert done.returncode == 0
    assert done.stdout.count("✓ to user 2: number") == 500
    read = script(accounts, "1", *LI, "/wait 1").stdout
    had = [line.partition("number ")[2] for line in read.splitlines() if "number" in line]
    assert had == [str(number) for number in range(500)]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["1", "zhang", "wrong"], "error: bad_credentials: "),
        (["2", "ZHANG", "secret"], "error: name_taken: "),
        (["1", *ZHANG, "addfriend:99"], "error: no_such_user: "),
        (["1", *ZHANG, "chat:99:hi"], "✗ to user 99: hi  (no_such_user: "),
        (["1", *ZHANG, "dance"], "error: this is not a command"),
        (["7"], "error: the choices are 1, 2 and 3"),
    ],
)
def test_a_script_that_fails_says_so(
    accounts: ServerProcess, lines: list[str], complaint: str
) -> None:
    """It says so in one line and by its exit status."""
    done = script(accounts, *lines)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_where_the_output_has_no_room_there_is_one_line(accounts: ServerProcess) -> None:
    """And the exit status 1."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            plain_client(accounts),
            input="1\nzhang\nsecret one\n",
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=ROOT,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


def test_without_a_server_there_is_one_line(server: ServerProcess) -> None:
    """And the exit status 1."""
    server.kill()
    done = script(server, "3")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: cannot connect to 127.0.0.1:{server.port}: ")


def test_with_tls_for_a_server_without_it_there_is_one_line(accounts: ServerProcess) -> None:
    """And the exit status 1."""
    done = subprocess.run(
        [*plain_client(accounts), "--tls"],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    where = f"127.0.0.1:{accounts.port}"
    assert done.stderr == f"error: cannot connect to {where}: it does not use TLS\n"
    assert done.returncode == 1


@pytest.mark.parametrize("arguments", [["127.0.0.1", "99999"], ["127.0.0.1", "x"], ["--nonsense"]])
def test_wrong_arguments_have_their_own_status(arguments: list[str]) -> None:
    """It is 2, as usual."""
    done = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli_client", *arguments],
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
