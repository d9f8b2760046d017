"""Users for the tests of bad input, and the checks of answers that these tests share."""

import contextlib
import itertools
import re
from pathlib import Path

from tests.integration.raw_client import ACK, ERROR, Frame, RawClient

DOCUMENT = Path(__file__).parents[3] / "docs" / "protocol.md"
ERROR_ROW = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.MULTILINE)
ERRNO_OF = {error: int(errno) for errno, error in ERROR_ROW.findall(DOCUMENT.read_text("utf-8"))}
KINDS = ("not logged in", "version 1", "version 2")
numbers = itertools.count(1)


def newcomer(port: int, kind: str = "version 2") -> RawClient:
    """A new user with an account of their own, on a new connection."""
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(RawClient(port))
        client.register(f"user {next(numbers)}")
        if kind == "version 2":
            client.login()
        elif kind == "version 1":
            client.send({"msgid": 1000, "id": client.id, "password": "secret"})
            assert client.find_msgid(1001)["errno"] == 0
        stack.pop_all()
    return client


def logged_in(port: int, user_id: int, version: int = 2) -> RawClient:
    """Log an existing user in; with version 1, as soon as their earlier session has ended."""
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(RawClient(port))
        client.id = user_id
        while (answer := try_to_log_in(client, user_id, version))["errno"]:
            assert_refused(answer, "already_online", msgid=1001)
        stack.pop_all()
    return client


def try_to_log_in(client: RawClient, user_id: int, version: int = 2) -> Frame:
    return client.ask({"msgid": 1000, "id": user_id, "password": "secret", "v": version})


def assert_refused(answer: Frame, error: str, *named: str, msgid: int = ERROR) -> None:
    """Check that the answer is this error as documented, and that its sentence has all of these."""
    assert (answer["msgid"], answer["error"]) == (msgid, error), answer
    assert answer["errno"] == ERRNO_OF[error]
    for name in named:
        assert name in answer["errmsg"], answer


class Bystanders:
    """Two users who go on chatting, whatever others do."""

    def __init__(self, port: int) -> None:
        self._one = newcomer(port)
        self._other = newcomer(port)

    def chat(self) -> None:
        text = f"message {next(numbers)}"
        self._one.send({"msgid": 1005, "toid": self._other.id, "msg": text, "seq": 0})
        at = self._one.find_msgid(ACK)["at"]
        heard = self._other.next_chat()
        assert (heard["msg"], heard["at"]) == (text, at)

    def close(self) -> None:
        self._one.close()
        self._other.close()
