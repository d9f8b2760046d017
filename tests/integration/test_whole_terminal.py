"""The line client on a whole terminal, in several sizes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from threading import Thread

import pytest

from tests.integration.others import register, say
from tests.integration.server_process import ServerProcess
from tests.integration.terminal import Terminal

SIZES = [(40, 10), (80, 24), (160, 50)]
LI, WU = ("li", "secret two"), ("wu", "secret three")
ALT_A, ALT_END, PAGE_UP, PAGE_DOWN = "\x1ba", "\x1b[1;3F", "\x1b[5~", "\x1b[6~"
# What could tear a screen: wide and joined characters, controls, line breaks.
WILD = "你好 👩‍👩‍👧 🇨🇳 ❤️ \u202e\x1b[2J e\u0301 " + "w" * 70


@contextmanager
def zhang_at(server: ServerProcess, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """The user zhang, logged in, and others who can write to them."""
    with Terminal(f"127.0.0.1:{server.port}", columns=columns, rows=rows) as zhang:
        zhang.register("zhang", "secret one")
        register(server, LI, WU)
        yield zhang


def assert_whole(terminal: Terminal, columns: int, rows: int) -> None:
    """Check that each part of the screen is in its place and stays within it."""
    assert len(terminal.picture) == rows
    edges = [(row, at) for row in range(rows) for at in terminal.columns_of("│", row)]
    there = [(row, 22) for row in range(rows - 2)] if columns >= 64 else []
    assert edges == there, "the list's edge is torn"
    assert terminal.picture[-1].startswith("zhang"), "the input is not in the last row"


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_conversation_at_any_size(server: ServerProcess, columns: int, rows: int) -> None:
    """Unread messages are counted, Alt-a goes to them, and they are shown intact."""
    with zhang_at(server, columns, rows) as zhang:
        say(server, LI, WILD, "hello zhang")
        zhang.until_true(
            lambda: any(
                row.split()[:3] == ["1", "li", "2"] or "li(2)" in row for row in zhang.picture
            ),
            "two that are unread",
        )
        assert_whole(zhang, columns, rows)
        zhang.press(ALT_A)
        zhang.until_last("zhang to li>")
        zhang.until("li: hello zhang")
        zhang.until("── new ─")
        zhang.until("li: 你")
        assert_whole(zhang, columns, rows)
        zhang.type("and hello to you")
        zhang.until("zhang: and hello to you")
        zhang.press("\x1b0")
        zhang.until_last("zhang>")
        assert_whole(zhang, columns, rows)


def test_a_window_that_is_made_larger_shows_what_was_there(server: ServerProcess) -> None:
    """It may become smaller and larger again, any number of times."""
    with zhang_at(server, 160, 50) as zhang:
        say(server, LI, *(f"number {number} {'word ' * 9}" for number in range(20)))
        zhang.press(ALT_A)
        zhang.until("number 19")
        zhang.until("number 0")
        for columns, rows in [(40, 10), (80, 24), (160, 50), (30, 5), (160, 50)]:
            zhang.resize(columns, rows)
            zhang.until_last("zhang to li>")
            zhang.until_true(lambda: any("number 19" in line for line in zhang.lines), "the end")
            if rows >= 10:
                zhang.until_true(partial(is_drawn_anew, zhang, columns), f"{columns} by {rows}")
                assert_whole(zhang, columns, rows)
        zhang.until("number 0")


def is_drawn_anew(terminal: Terminal, columns: int) -> bool:
    """Whether the screen is drawn down to its last row, which comes last."""
    return terminal.picture[-1].startswith("zhang") and all(
        terminal.columns_of("│", row) == ([22] if columns >= 64 else [])
        for row in range(len(terminal.picture) - 2)
    )


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_the_past_is_fetched_as_one_scrolls(server: ServerProcess, columns: int, rows: int) -> None:
    """All of it comes, in order, and the user can go back to the end."""
    with zhang_at(server, columns, rows) as zhang:
        say(server, LI, *(f"number {number}." for number in range(250)))
        zhang.press("\x1b0")
        zhang.press(ALT_A)
        zhang.until("number 249.")
        seen = set(numbers(zhang))
        while 0 not in seen:
            zhang.press(PAGE_UP)
            lowest = min(numbers(zhang))
            zhang.until_true(partial(shows_before, zhang, lowest), f"what is before {lowest}")
            seen |= set(numbers(zhang))
        assert seen == set(range(250))
        if rows >= 10:
            zhang.until("more below: Alt-End")
        zhang.press(ALT_END)
        zhang.until("number 249.")


def shows_before(terminal: Terminal, lowest: int) -> bool:
    """Whether the screen shows the whole page before this one, or the beginning."""
    here = numbers(terminal)
    in_order = all(after == before + 1 for before, after in pairwise(here))
    return bool(here) and in_order and (here[-1] <= lowest + 1 or here[0] == 0)


def numbers(terminal: Terminal) -> list[int]:
    found = (line.partition("number ")[2].partition(".") for line in terminal.lines)
    return [int(number) for number, dot, _ in found if dot and number.isdigit()]


def test_ticks_say_that_it_was_read_and_a_remark_that_somebody_types(
    server: ServerProcess,
) -> None:
    """This holds on both sides."""
    with zhang_at(server) as zhang, Terminal(f"127.0.0.1:{server.port}") as li:
        li.log_in(*LI)
        zhang.type("/talk li")
        zhang.until_last("zhang to li>")
        zhang.type("are you there?")
        zhang.until("✓✓ zhang: are you there?")
        li.until("zhang: are you there?")
        li.press(ALT_A)
        li.until_last("li to zhang>")
        zhang.until("✔✔ zhang: are you there?")
        li.press("yes, ")
        zhang.until("li is typing")
        li.type("I am")
        zhang.until("li: yes, I am")
        zhang.until_true(lambda: not any("typing" in line for line in zhang.lines), "the end")
        li.until("✔✔ li: yes, I am")


def test_the_bell_rings_where_one_does_not_look(server: ServerProcess) -> None:
    """It does unless it is turned off."""
    with zhang_at(server) as zhang:
        say(server, LI, "one")
        zhang.until("li: one")
        assert zhang.raw.count(b"\x07") == 1
        zhang.type("/bell off")
        zhang.until("the bell is off")
        say(server, LI, "two")
        zhang.until("li: two")
        assert zhang.raw.count(b"\x07") == 1


def test_words_are_searched_in_what_is_loaded(server: ServerProcess) -> None:
    """The search goes upwards, and on with Alt-p and Alt-n."""
    with zhang_at(server, rows=12) as zhang:
        say(server, LI, "apple one", *(f"pear {number}" for number in range(40)), "apple two")
        zhang.press(ALT_A)
        zhang.until("apple two")
        zhang.type("/search apple")
        zhang.until_true(lambda: is_reversed(zhang, "apple two"), "what was found")
        zhang.press("\x1bp")
        zhang.until("apple one")
        zhang.press("\x1bn")
        zhang.until("apple two")
        zhang.type("/search cherry")
        zhang.until("no match for 'cherry' before this")


def is_reversed(terminal: Terminal, text: str) -> bool:
    places = ((row, line.find(text)) for row, line in enumerate(terminal.picture))
    return any(terminal.style(row, column).reverse for row, column in places if column >= 0)


def test_what_is_typed_or_pasted_tears_no_screen(server: ServerProcess) -> None:
    """Of what terminals draw differently, or obey, nothing reaches them, also while it is typed."""
    with zhang_at(server) as zhang:
        zhang.press(f"\x1b[200~{WILD}\x1b[201~")
        zhang.until("zhang> 你好 👩")
        zhang.until("<U+202E>␛[2J")
        assert not any(one.encode() in zhang.raw for one in "\u200d\u202e🇨")


def test_lines_that_are_pasted_are_one_message(server: ServerProcess) -> None:
    """It has several lines, and is sent with the next Enter, not before."""
    with zhang_at(server) as zhang, Terminal(f"127.0.0.1:{server.port}") as li:
        li.log_in(*LI)
        zhang.type("/talk li")
        zhang.until_last("zhang to li>")
        zhang.press("\x1b[200~first\r\nsecond\r\n\x1b[201~")
        zhang.until_last("second")
        zhang.press("\r")
        li.until("zhang: first")
        li.press(ALT_A)
        li.until_last("li to zhang>")
        li.until("second")
        at = next(number for number, line in enumerate(li.lines) if "zhang: first" in line)
        assert li.lines[at + 1].strip() == "second"


def test_what_is_typed_behind_a_talk_goes_where_it_leads(server: ServerProcess) -> None:
    """This holds however fast it is typed: nothing goes to the conversation before."""
    with zhang_at(server) as zhang, Terminal(f"127.0.0.1:{server.port}") as li:
        li.log_in(*LI)
        zhang.type("/talk li")
        zhang.until_last("zhang to li>")
        zhang.press("/talk wu\rfor wu\rhalf a line")
        zhang.until_last("zhang to wu> half a line")
        zhang.until("✓  zhang: for wu")
        zhang.press("\x03/talk li\r/talk nobody\rfor nobody\rhalf")
        zhang.until("error: there is no user 'nobody'")
        zhang.until("error: this is not a command")
        zhang.until_last("zhang> half")
        zhang.press("\x03/talk li\rfor li\r")
        li.until("zhang: for li")
        assert not any("for wu" in line or "for nobody" in line for line in li.lines)


def test_a_talk_may_be_typed_before_one_is_in(server: ServerProcess) -> None:
    """It leads there once the login has succeeded, and what is typed after it goes there."""
    register(server, ("zhang", "secret one"), LI)
    with Terminal(f"127.0.0.1:{server.port}") as zhang:
        for question, answer in (("choice:", "1"), ("id or name:", "zhang")):
            zhang.until_last(question)
            zhang.type(answer)
        zhang.until_last("password:")
        zhang.press("secret one\r/talk li\rfor li\r")
        zhang.until_last("zhang to li>")
        zhang.until("zhang: for li")


def test_who_goes_elsewhere_by_a_key_is_not_taken_away_by_a_talk(server: ServerProcess) -> None:
    """The talk may end when they are already typing to somebody else."""
    with zhang_at(server) as zhang:
        say(server, LI, "hi")
        zhang.until("li: hi")
        zhang.press("\x1b1")
        zhang.until_last("zhang to li>")
        zhang.press("/wait 1\r/talk wu\rfor wu\r\x1b0\x1b1for")
        zhang.until_true(lambda: any("2 wu" in row for row in zhang.picture), "wu in the list")
        zhang.press(" li")
        zhang.until_last("zhang to li> for li")
        zhang.press("\x1b2")
        zhang.until("zhang: for wu")


def test_a_draft_stays_with_its_conversation(server: ServerProcess) -> None:
    """It stays while the user looks at another one, or is logged out, and until it is sent."""
    with zhang_at(server) as zhang:
        say(server, LI, "hi")
        say(server, WU, "hi")
        zhang.until("wu: hi")
        zhang.press("\x1b1half of")
        zhang.until_last("zhang to li> half of")
        zhang.press("\x1b2other")
        zhang.until_last("zhang to wu> other")
        zhang.press("\x1b1")
        zhang.until_last("zhang to li> half of")
        zhang.press("\r/talk wu\r")
        zhang.until_last("zhang to wu> other")
        zhang.press("\x1b1")
        zhang.until_last("zhang to li>")
        zhang.type("/logout")
        zhang.log_in("zhang", "secret one")
        zhang.type("/talk wu")
        zhang.until_last("zhang to wu> other")


def test_who_logs_out_in_any_conversation_is_told_so(server: ServerProcess) -> None:
    """The conversation is closed; the client's own says it."""
    with zhang_at(server) as zhang:
        zhang.type("/talk li")
        zhang.until_last("zhang to li>")
        zhang.type("/logout")
        zhang.until("* logged out")
        zhang.until_last("choice:")


def test_what_is_typed_behind_a_refused_name_does_not_answer_the_menu(
    server: ServerProcess,
) -> None:
    """Who registers is logged in then: what they type next is meant for that session."""
    with Terminal(f"127.0.0.1:{server.port}") as zhang:
        for question, answer in (("choice:", "2"), ("name:", "123"), ("password:", "one")):
            zhang.until_last(question)
            zhang.type(answer)
        zhang.until_last("again:")
        zhang.press("one\rhello\r")
        zhang.until("1 waiting line was not carried out")
        zhang.until_last("choice:")


def test_a_person_is_told_in_words_what_was_refused(server: ServerProcess) -> None:
    """The error's name, which scripts use, is not shown."""
    with Terminal(f"127.0.0.1:{server.port}") as zhang:
        zhang.register("zhang", "secret one")
        zhang.type("/join 99")
        zhang.until("error: there is no group 99")
        zhang.type("chat:99:hello")
        zhang.until("(there is no user 99)")
        assert not any("no_such" in line for line in zhang.lines)


def test_two_passwords_that_differ_make_no_account(server: ServerProcess) -> None:
    """The client asks for the password twice."""
    with Terminal(f"127.0.0.1:{server.port}") as zhang:
        for question, answer in (("choice:", "2"), ("name:", "zhang"), ("password:", "one")):
            zhang.until_last(question)
            zhang.type(answer)
        zhang.until_last("again:")
        zhang.type("two")
        zhang.until("the passwords do not match")
        zhang.until_last("choice:")


def test_a_terminal_that_cannot_be_drawn_on_gets_plain_lines(server: ServerProcess) -> None:
    """These show everything except the password."""
    with Terminal(f"127.0.0.1:{server.port}", term="dumb") as zhang:
        register(server, ("zhang", "secret one"), LI)
        for question, answer in (("choice:", "1"), ("id or name:", "zhang")):
            zhang.until_last(question)
            zhang.type(answer)
        zhang.until_last("password:")
        zhang.type("secret one")
        zhang.until_last("zhang>")
        say(server, LI, "hello")
        zhang.until("li: hello")
        assert b"secret" not in zhang.raw
        assert b"\x1b" not in zhang.raw


def test_a_proxy_without_servers_is_told_once() -> None:
    """This holds however often it accepts a connection and drops it."""
    with refusing() as (port, taken), Terminal(f"127.0.0.1:{port}") as zhang:
        zhang.until_true(lambda: len(taken) > 4, "more attempts")
        assert sum("connection lost" in line for line in zhang.lines) == 1
        assert not any("reconnected" in line for line in zhang.lines)
        zhang.press("typed all the same")
        zhang.until_last("choice: typed all the same")


@contextmanager
def refusing() -> Iterator[tuple[int, list[int]]]:
    """A server that accepts each connection and closes it at once."""
    taken: list[int] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def take() -> None:
        try:
            while True:
                listener.accept()[0].close()
                taken.append(1)
        except OSError:
            return

    thread = Thread(target=take)
    thread.start()
    try:
        yield listener.getsockname()[1], taken
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_group_that_is_renamed_here_is_listed_by_its_new_name(server: ServerProcess) -> None:
    """A group that is left here is shown as left."""

    def shows(text: str) -> None:
        zhang.until_true(lambda: any(text in row for row in zhang.picture), text)

    with zhang_at(server) as zhang:
        zhang.type("/create hikers")
        shows("1 hikers")
        zhang.type("/rename hikers climbers")
        shows("1 climbers")
        zhang.type("/talk climbers")
        shows("climbers  group")
        zhang.type("/leave climbers")
        shows("group  you have left")
