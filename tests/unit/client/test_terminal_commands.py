"""Parsing what is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal import parsing
from adapters.terminal.actions import Actions
from adapters.terminal.forms import FORMS
from adapters.terminal.parsing import (
    Command,
    Do,
    Form,
    Line,
    Mistake,
    Nothing,
    Say,
    quoted,
    split_words,
    switches_partner,
)


def parse(line: str, *, talking: bool = False) -> Line:
    return parsing.parse(line, FORMS, talking=talking)


@pytest.mark.parametrize(
    ("line", "does", "arguments"),
    [
        ("help", Actions.help, ()),
        ("chat:15:hello", Actions.chat, ("15", "hello")),
        ("chat:15:see http://x:80/", Actions.chat, ("15", "see http://x:80/")),
        ("addfriend:15", Actions.add, ("15",)),
        ("creategroup:hikers:every Sunday: 9:00", Actions.create, ("hikers", "every Sunday: 9:00")),
        ("creategroup:hikers", Actions.create, ("hikers", "")),
        ("addgroup:3", Actions.join, ("3",)),
        ("groupchat:3:a:b", Actions.group_chat, ("3", "a:b")),
        ("loginout", Actions.log_out, ()),
    ],
)
def test_the_original_commands(line: str, does: Do, arguments: tuple[str, ...]) -> None:
    """They work exactly as in the original client. A message may contain colons."""
    typed = parse(line)
    assert isinstance(typed, Command)
    assert (typed.form.do, typed.arguments) == (does, arguments)


@pytest.mark.parametrize(
    ("line", "does", "arguments"),
    [
        ("/msg zhang hello there", Actions.chat, ("zhang", "hello there")),
        ('/msg "zhang san"  hello', Actions.chat, ("zhang san", "hello")),
        (r'/msg "the \"boss\"" hi', Actions.chat, ('the "boss"', "hi")),
        ('/msg zhang "hello"', Actions.chat, ("zhang", '"hello"')),
        ("/group hikers hello", Actions.group_chat, ("hikers", "hello")),
        ("/talk li si", Actions.talk, ("li si",)),
        ("/talk", Actions.talk, ("",)),
        ("/add li si", Actions.add, ("li si",)),
        ('/add "li si"', Actions.add, ("li si",)),
        ("/remove 15", Actions.remove, ("15",)),
        ('/create "night owls" late', Actions.create, ("night owls", "late")),
        ("/create hikers", Actions.create, ("hikers", "")),
        ("/join 3", Actions.join, ("3",)),
        ("/rename hikers night owls", Actions.rename, ("hikers", "night owls")),
        ('/rename "night owls" "larks"', Actions.rename, ("night owls", "larks")),
        ("/leave night owls", Actions.leave, ("night owls",)),
        ("/members hikers", Actions.show_members, ("hikers",)),
        ("/find li si", Actions.find, ("li si",)),
        ("/friends", Actions.show_friends, ()),
        ("/search two words", Actions.search, ("two words",)),
        ("/bell off", Actions.ring, ("off",)),
        ("/mute", Actions.mute, ("",)),
        ("/unmute li si", Actions.unmute, ("li si",)),
        ("/hide read", Actions.hide, ("read",)),
        ("/unhide typing", Actions.unhide, ("typing",)),
        ("/groups", Actions.show_groups, ()),
        ("/who", Actions.show_who, ()),
        ("/password", Actions.change_password, ()),
        ("/wait 3", Actions.wait, ("3",)),
        ("/logout", Actions.log_out, ()),
        ("/quit", Actions.quit, ()),
        ("/HELP", Actions.help, ()),
    ],
)
def test_the_friendlier_commands(line: str, does: Do, arguments: tuple[str, ...]) -> None:
    """A name with spaces needs quotes if another argument follows it."""
    typed = parse(line)
    assert isinstance(typed, Command)
    assert (typed.form.do, typed.arguments) == (does, arguments)


def test_an_empty_line_is_nothing() -> None:
    """Nor is a line of spaces."""
    assert parse("") == parse("   ") == parse("   ", talking=True) == Nothing()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("hello", "not a command"),
        ("chat", "usage: chat:friendid:message"),
        ("chat:15", "usage: chat:friendid:message"),
        ("chat::hello", "usage: chat:friendid:message"),
        ("help:me", "usage: help"),
        ("/msg zhang", "usage: /msg NAME TEXT"),
        ("/friends all", "usage: /friends"),
        ("/add", "usage: /add NAME"),
        ("/nonsense", "unknown command /nonsense"),
    ],
)
def test_mistakes_say_what_would_be_right(line: str, why: str) -> None:
    """The complaint is one sentence."""
    mistake = parse(line)
    assert isinstance(mistake, Mistake)
    assert why in mistake.why


@pytest.mark.parametrize(
    ("line", "said"), [("loginout", "loginout"), ("chat:15:x", "chat:15:x"), ("//etc", "/etc")]
)
def test_while_talking_everything_is_said(line: str, said: str) -> None:
    """Two slashes begin a text that begins with one."""
    assert parse(line, talking=True) == Say(said)


def test_while_talking_a_slash_makes_a_command() -> None:
    """It has to be a single slash."""
    assert parse("/talk", talking=True) == Command(FORMS["/talk"], ("",))


@pytest.mark.parametrize(
    "line",
    ["/talk", " /Talk li si ", "/talk\tli", "/talk\u00a0li", "/talk\nli", "/talks li", "//talk"],
)
def test_what_turns_is_what_is_understood_as_such(line: str) -> None:
    """Otherwise the lines after it would wait for a command that never comes."""
    understood = parse(line, talking=True)
    is_talk = isinstance(understood, Command) and understood.form is FORMS["/talk"]
    assert switches_partner(line) == is_talk


def test_messages_are_not_echoed() -> None:
    """Messages are shown with their ticks, the searched text where it is found, and the new partner
    in the prompt. All other lines are shown as they were typed."""
    silent = {word for word, form in FORMS.items() if not form.echoed}
    assert silent == {"chat", "groupchat", "/msg", "/group", "/talk", "/search"}


@given(st.text(), st.booleans())
def test_parsing_never_fails(line: str, talking: bool) -> None:
    """Any text is a command or a mistake."""
    assert isinstance(parse(line, talking=talking), Line)


@given(st.sampled_from(list(FORMS.values())), st.text(), st.booleans())
def test_parsing_never_fails_behind_a_command(form: Form, rest: str, talking: bool) -> None:
    """The arguments do not matter either."""
    assert isinstance(parse(f"{form.word} {rest}", talking=talking), Line)


@given(st.text(min_size=1).map(str.strip).filter(bool), st.text("abc", min_size=1))
def test_a_quoted_name_is_read_as_it_was(name: str, text: str) -> None:
    """What completion inserts therefore means the user that it names."""
    assert split_words(f"{quoted(name)} {text}", 2) == [name, text]
