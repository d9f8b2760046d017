"""What can be typed, and what it means. Nothing is done here."""

from collections.abc import Callable, Sequence

import attrs


@attrs.frozen
class Chat:
    to: str
    text: str


@attrs.frozen
class GroupChat:
    group: str
    text: str


@attrs.frozen
class Say:
    """To whom one is talking."""

    text: str


@attrs.frozen
class Talk:
    to: str


@attrs.frozen
class AddFriend:
    who: str


@attrs.frozen
class RemoveFriend:
    who: str


@attrs.frozen
class CreateGroup:
    name: str
    description: str


@attrs.frozen
class JoinGroup:
    group_id: int


@attrs.frozen
class LeaveGroup:
    group: str


@attrs.frozen
class ShowFriends:
    pass


@attrs.frozen
class ShowGroups:
    pass


@attrs.frozen
class ShowMembers:
    group: str


@attrs.frozen
class ShowWho:
    pass


@attrs.frozen
class Find:
    name: str


@attrs.frozen
class ChangePassword:
    pass


@attrs.frozen
class ShowSessions:
    pass


@attrs.frozen
class EndSession:
    name: str


@attrs.frozen
class Wait:
    seconds: float


@attrs.frozen
class Logout:
    pass


@attrs.frozen
class Quit:
    pass


@attrs.frozen
class Help:
    pass


@attrs.frozen
class Nothing:
    """An empty line."""


@attrs.frozen
class Mistake:
    """Not a command; `why` tells the person what would be."""

    why: str


Command = (
    Chat
    | GroupChat
    | Say
    | Talk
    | AddFriend
    | RemoveFriend
    | CreateGroup
    | JoinGroup
    | LeaveGroup
    | ShowFriends
    | ShowGroups
    | ShowMembers
    | ShowWho
    | Find
    | ChangePassword
    | ShowSessions
    | EndSession
    | Wait
    | Logout
    | Quit
    | Help
    | Nothing
    | Mistake
)


@attrs.frozen
class Form:
    """One way to give a command: its word, its arguments as help shows them, and what it does.

    The last argument takes the rest of the line. `needs` of them must be there, all if None.
    """

    word: str
    arguments: Sequence[str]
    does: str
    build: Callable[..., Command]
    needs: int | None = None

    @property
    def usage(self) -> str:
        between = " " if self.word.startswith("/") else ":"
        return between.join([self.word, *self.arguments])


def _join(group: str) -> Command:
    number = _number(group)
    return JoinGroup(number) if number else Mistake("a group is joined by its id, a number")


def _wait(seconds: str) -> Command:
    number = _number(seconds)
    return Mistake("wait how many seconds?") if number is None else Wait(float(number))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None  # noqa: PLR2004


# As in the original client, to the letter.
ORIGINAL = [
    Form("help", [], "this list", Help),
    Form("chat", ["friendid", "message"], "write to somebody", Chat),
    Form("addfriend", ["friendid"], "put somebody on your list", AddFriend),
    Form("creategroup", ["groupname", "groupdesc"], "make a group", CreateGroup, needs=1),
    Form("addgroup", ["groupid"], "join a group", _join),
    Form("groupchat", ["groupid", "message"], "write to a group", GroupChat),
    Form("loginout", [], "log out", Logout),
]

SLASHED = [
    Form("/msg", ["NAME", "TEXT"], "write to somebody", Chat),
    Form("/group", ["GROUP", "TEXT"], "write to a group", GroupChat),
    Form("/talk", ["NAME"], "send plain lines to this person or group; alone: stop", Talk, needs=0),
    Form("/friends", [], "your list, and who is online", ShowFriends),
    Form("/who", [], "who you are, and who of your list is online", ShowWho),
    Form("/add", ["NAME"], "put somebody on your list", AddFriend),
    Form("/remove", ["NAME"], "take somebody off your list", RemoveFriend),
    Form("/find", ["NAME"], "look for somebody", Find),
    Form("/groups", [], "your groups", ShowGroups),
    Form("/members", ["GROUP"], "who is in a group", ShowMembers),
    Form("/create", ["GROUP", "DESCRIPTION"], "make a group", CreateGroup, needs=1),
    Form("/join", ["ID"], "join a group", _join),
    Form("/leave", ["GROUP"], "leave a group", LeaveGroup),
    Form("/password", [], "change your password", ChangePassword),
    Form("/sessions", [], "your sessions that can be resumed", ShowSessions),
    Form("/end", ["SESSION"], "end one of them", EndSession),
    Form("/wait", ["SECONDS"], "only receive for a while; for scripts", _wait),
    Form("/logout", [], "log out", Logout),
    Form("/quit", [], "leave", Quit),
    Form("/help", [], "this list", Help),
]

_ORIGINAL = {form.word: form for form in ORIGINAL}
_SLASHED = {form.word: form for form in SLASHED}


def parse(line: str, *, talking: bool = False) -> Command:
    """Understand a line.

    While talking to somebody, every line is said to them unless it begins with a slash; two
    slashes say a text that begins with one.
    """
    line = line.strip()
    if not line:
        return Nothing()
    if line.startswith("/") and not (talking and line.startswith("//")):
        return _parse_slashed(line)
    if talking:
        return Say(line.removeprefix("/"))
    return _parse_original(line)


def _parse_slashed(line: str) -> Command:
    word, _, rest = line.partition(" ")
    form = _SLASHED.get(word.lower())
    if form is None:
        return Mistake(f"there is no command {word}; /help lists them")
    return _fill(form, split_words(rest, len(form.arguments)))


def _parse_original(line: str) -> Command:
    word, *rest = line.split(":", 1)
    form = _ORIGINAL.get(word)
    if form is None:
        return Mistake("this is not a command; /help lists them, /talk NAME makes lines go to NAME")
    return _fill(form, rest[0].split(":", max(len(form.arguments) - 1, 0)) if rest else [])


def _fill(form: Form, pieces: list[str]) -> Command:
    given = [piece for piece in pieces if piece]
    needed = len(form.arguments) if form.needs is None else form.needs
    if len(given) < needed or len(given) > len(form.arguments):
        return Mistake(f"usage: {form.usage}")
    return form.build(*given, *[""] * (len(form.arguments) - len(given)))


def split_words(text: str, count: int) -> list[str]:
    """Split into at most `count` words, the last of which is the rest of the line.

    A word in double quotes may have spaces in it. A single argument needs no quotes.
    """
    words: list[str] = []
    text = text.strip()
    while text and len(words) < count - 1:
        word, text = _first_word(text)
        words.append(word)
    if text:
        words.append(_unquoted(text) if count == 1 else text)
    return words


def quoted(name: str) -> str:
    """A name as it has to be typed where another argument follows."""
    if " " not in name and not name.startswith('"'):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _first_word(text: str) -> tuple[str, str]:
    if not text.startswith('"'):
        word, _, rest = text.partition(" ")
        return word, rest.lstrip()
    word, end = "", 1
    while end < len(text) and text[end] != '"':
        if text[end] == "\\" and end + 1 < len(text):
            end += 1
        word += text[end]
        end += 1
    return word, text[end + 1 :].lstrip()


def _unquoted(text: str) -> str:
    word, rest = _first_word(text)
    return word if text.startswith('"') and not rest else text
