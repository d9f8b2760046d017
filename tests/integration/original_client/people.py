"""The people of these tests: who they are, and what they do again and again."""

import contextlib
import itertools

import attrs

from tests.integration.original_client.client import Chat, OriginalClient, Welcome
from tests.integration.raw_client import RawClient

LARGEST_FRAME = 1023  # bytes: what fits the original's buffer together with the NUL
LONGEST_TEXT = 4096  # characters
LONG_TEXTS = {
    "letters": "the quick brown fox " * 205,
    "Chinese": "你好世界" * 1024,
    "emoji": "👩‍👩‍👧‍👦😀🇨🇳" * 400,
    "quotes": "\"\\'" * 1366,
    "controls": "\n\t\x01\x7f" * 1024,
}
numbers = itertools.count(1)


@attrs.define
class People:
    """Makes clients of both kinds, each with an account of their own."""

    port: int
    stack: contextlib.ExitStack

    def connect(self) -> OriginalClient:
        return self.stack.enter_context(OriginalClient(self.port))

    def newcomer(self, name: str = "") -> OriginalClient:
        """Somebody who has registered and logged in."""
        client = self.connect()
        name = name or f"person {next(numbers)}"
        user_id = client.register(name, "secret")
        assert isinstance(user_id, int)
        assert client.login(user_id, "secret") == Welcome(user_id, name, (), (), ())
        return client

    def modern(self) -> RawClient:
        """Somebody with a version 2 client who has logged in."""
        client = self.stack.enter_context(RawClient(self.port))
        client.register(f"modern {next(numbers)}")
        client.login()
        return client


def name_of_50(letter: str) -> str:
    return f"{next(numbers)} {letter * 50}"[:50]


def welcomed(client: OriginalClient) -> Welcome:
    """Log in again under the same account."""
    welcome = client.login(client.id, "secret")
    assert isinstance(welcome, Welcome), welcome
    return welcome


def leave(client: OriginalClient) -> None:
    """Log out, and be sure that the server has seen it."""
    client.logout()
    client.wait_until_logged_out()


def read_missed(client: OriginalClient, count: int) -> list[Chat]:
    """Log in, and read the messages that waited: some in the answer, the others behind it."""
    offline = list(welcomed(client).offline)
    return offline + client.next_chats(count - len(offline))


def shared_group(*clients: OriginalClient) -> int:
    """Have the first create a group and all others join it; return its id."""
    creator, *others = clients
    name = f"group {next(numbers)}"
    creator.create_group(name, "for tests")
    leave(creator)
    (group_id,) = (group.id for group in welcomed(creator).groups if group.name == name)
    for other in others:
        other.join_group(group_id)
        other.wait_until_heard()
    return group_id
