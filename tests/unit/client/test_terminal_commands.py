"""Understanding what is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal import commands
from adapters.terminal.commands import Command, Mistake, parse, quoted, split_words


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("help", commands.Help()),
        ("chat:15:hello", commands.Chat("15", "hello")),
        ("chat:15:see http://x:80/", commands.Chat("15", "see http://x:80/")),
        ("addfriend:15", commands.AddFriend("15")),
        (
            "creategroup:hikers:every Sunday: 9:00",
            commands.CreateGroup("hikers", "every Sunday: 9:00"),
        ),
        ("creategroup:hikers", commands.CreateGroup("hikers", "")),
        ("addgroup:3", commands.JoinGroup(3)),
        ("groupchat:3:a:b", commands.GroupChat("3", "a:b")),
        ("loginout", commands.Logout()),
    ],
)
def test_the_original_commands(line: str, command: Command) -> None:
    """Exactly as they were typed in the original client; a message may contain colons."""
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/msg zhang hello there", commands.Chat("zhang", "hello there")),
        ('/msg "zhang san"  hello', commands.Chat("zhang san", "hello")),
        (r'/msg "the \"boss\"" hi', commands.Chat('the "boss"', "hi")),
        ('/msg zhang "hello"', commands.Chat("zhang", '"hello"')),
        ("/group hikers hello", commands.GroupChat("hikers", "hello")),
        ("/talk li si", commands.Talk("li si")),
        ("/talk", commands.Talk("")),
        ("/add li si", commands.AddFriend("li si")),
        ('/add "li si"', commands.AddFriend("li si")),
        ("/remove 15", commands.RemoveFriend("15")),
        ('/create "night owls" late', commands.CreateGroup("night owls", "late")),
        ("/create hikers", commands.CreateGroup("hikers", "")),
        ("/join 3", commands.JoinGroup(3)),
        ("/leave night owls", commands.LeaveGroup("night owls")),
        ("/members hikers", commands.ShowMembers("hikers")),
        ("/find li si", commands.Find("li si")),
        ("/friends", commands.ShowFriends()),
        ("/groups", commands.ShowGroups()),
        ("/who", commands.ShowWho()),
        ("/password", commands.ChangePassword()),
        ("/wait 3", commands.Wait(3.0)),
        ("/logout", commands.Logout()),
        ("/quit", commands.Quit()),
        ("/HELP", commands.Help()),
        ("   ", commands.Nothing()),
    ],
)
def test_the_friendlier_commands(line: str, command: Command) -> None:
    """Names stand in quotes where another argument follows them."""
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("hello", "not a command"),
        ("chat", "usage: chat:friendid:message"),
        ("chat:15", "usage: chat:friendid:message"),
        ("chat::hello", "usage: chat:friendid:message"),
        ("help:me", "usage: help"),
        ("addgroup:hikers", "by its id"),
        ("/msg zhang", "usage: /msg NAME TEXT"),
        ("/friends all", "usage: /friends"),
        ("/add", "usage: /add NAME"),
        ("/nonsense", "no command /nonsense"),
        ("/join hikers", "by its id"),
        ("/join 99999999999999999999", "by its id"),
        ("/wait long", "how many seconds"),
    ],
)
def test_mistakes_say_what_would_be_right(line: str, why: str) -> None:
    """In one sentence."""
    mistake = parse(line)
    assert isinstance(mistake, Mistake)
    assert why in mistake.why


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("loginout", commands.Say("loginout")),
        ("chat:15:x", commands.Say("chat:15:x")),
        ("/talk", commands.Talk("")),
        ("//etc", commands.Say("/etc")),
    ],
)
def test_while_talking_only_a_slash_makes_a_command(line: str, command: Command) -> None:
    """Everything else is said."""
    assert parse(line, talking=True) == command


@given(st.text(), st.booleans())
def test_parsing_never_fails(line: str, talking: bool) -> None:
    """Whatever is typed, it is a command or a mistake."""
    assert isinstance(parse(line, talking=talking), Command)


@given(st.sampled_from(commands.SLASHED), st.text(), st.booleans())
def test_parsing_never_fails_behind_a_command(
    form: commands.Form, rest: str, talking: bool
) -> None:
    """Nor with whatever arguments."""
    assert isinstance(parse(f"{form.word} {rest}", talking=talking), Command)


@given(st.text(min_size=1).map(str.strip).filter(bool), st.text("abc", min_size=1))
def test_a_quoted_name_is_read_as_it_was(name: str, text: str) -> None:
    """So what completion puts there means who it names."""
    assert split_words(f"{quoted(name)} {text}", 2) == [name, text]
