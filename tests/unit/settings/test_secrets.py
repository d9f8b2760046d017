"""Passwords and tokens are shown nowhere, and nobody can forge lines in the log."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from adapters.client.session_keeper import Identity
from adapters.faults.startup_errors import BrokerUnusable, StoreUnusable
from adapters.mysql.address import Address
from adapters.redis.cluster import redis_cluster
from adapters.wire import answers, requests
from chat_domain.model import Account, KeptToken, User
from chat_domain.people.tokens import Token
from entrypoints import logs
from entrypoints.bootstrap import open_gateway
from entrypoints.declaring import BadSettings
from entrypoints.settings import Settings

FORGED = 'li si"}\n2026-11-23 [error] forged\r\x1b[2J\u2028'
SECRET = "hunter2"


class Stream(io.StringIO):
    """A standard error that is a terminal or not."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    """Undo what a test configures."""
    yield
    structlog.reset_defaults()


def logged(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> Stream:
    stream = Stream(terminal=terminal)
    monkeypatch.setattr("sys.stderr", stream)
    logs.set_up_logs("info")
    return stream


def fail(password: str) -> None:
    raise ValueError(FORGED)


def write_all(name: str) -> int:
    """Log a name in every place where it can appear. Return the number of events."""
    log = structlog.get_logger()
    log.info("came", name=name)
    log.info("sent", about={"name": name, "list": [name]})
    log.info(name + " left")  # noqa: G003  # as nobody should
    log.warning("%s failed", name)
    return 4


def test_a_name_forges_no_line_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line is one event with its fields, and there are no others."""
    stream = logged(monkeypatch, terminal=False)
    count = write_all(FORGED)
    lines = stream.getvalue().split("\n")
    assert lines.pop() == ""
    assert len(lines) == count
    assert json.loads(lines[0])["name"] == FORGED
    assert "\x1b" not in stream.getvalue()


def test_a_name_forges_no_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it move the cursor."""
    stream = logged(monkeypatch, terminal=True)
    count = write_all(FORGED)
    lines = stream.getvalue().split("\n")
    assert lines.pop() == ""
    assert len(lines) == count
    for harmful in ("\r", "\x1b[2J", "\u2028"):
        assert harmful not in stream.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_traceback_forges_nothing_and_tells_no_secret(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    """The values of variables are left out, and each line on a terminal has a margin."""
    stream = logged(monkeypatch, terminal=terminal)
    try:
        fail(SECRET)
    except ValueError:
        structlog.get_logger().exception("request failed")
    first, *others = stream.getvalue().rstrip("\n").split("\n")
    assert "request failed" in first
    assert all(line.startswith("    | ") for line in others)
    assert SECRET not in stream.getvalue()
    assert bool(others) == terminal


@pytest.mark.parametrize(
    "thing",
    [
        Settings(store=f"mysql://chat:{SECRET}@db/chat", broker=f"redis://:{SECRET}@cache:6379/0"),
        Settings(store=f"mysql://chat:pass@{SECRET}@db/chat"),
        requests.Login(name="Ann", password=SECRET),
        requests.Register(name="Ann", password=SECRET),
        requests.Resume(token=SECRET),
        requests.ChangePassword(old=SECRET, new=SECRET),
        answers.LoginAck(errno=0, token=SECRET),
        answers.ChangePasswordAck(token=SECRET),
        Token(SECRET, KeptToken("digest", "series", 1, "session", 0, 0, used=False)),
        Account(User(1, "Ann"), SECRET),
        Identity(User(1, "Ann"), SECRET, requests.Login(id=1, password=SECRET)),
        Address.parse(f"mysql://chat:{SECRET}@db/chat"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_nothing_shows_a_secret(thing: object) -> None:
    """Neither printing it nor an error that contains it does."""
    assert SECRET not in repr(thing)
    assert SECRET not in str(thing)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(store=f"nonsense:{SECRET}@db"),
        Settings(store=f"mysql://chat:{SECRET}@db/chat"),
        Settings(store=f"mysql://chat:{SECRET}/x@db/chat", single_node=True),
        Settings(store="memory://", broker=f"nonsense:{SECRET}"),
        Settings(store="memory://", broker=f"redis//:{SECRET}@cache"),
        Settings(store="memory://", broker=f"redis://:{SECRET}/x@cache"),
    ],
)
async def test_no_complaint_shows_a_secret(settings: Settings) -> None:
    """The address that contains the secret may be wrong in any way."""
    with pytest.raises((BadSettings, StoreUnusable, BrokerUnusable)) as refusal:
        async with open_gateway(settings):
            pass
    assert SECRET not in str(refusal.value)
    assert SECRET not in str(refusal.value.__cause__)


async def test_a_broker_s_address_is_no_secret_s_place() -> None:
    """The error does not repeat an invalid address."""
    with pytest.raises(BrokerUnusable) as refusal:
        async with redis_cluster(f"redis://:{SECRET}/@cache:1", "chat", ""):
            pass
    assert SECRET not in str(refusal.value)


def test_levels_still_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines below the level are not written."""
    stream = logged(monkeypatch, terminal=False)
    structlog.get_logger().debug("quiet")
    assert stream.getvalue() == ""
    assert logging.getLevelName(logging.INFO) == "INFO"
