"""A real server with its page, a real Chromium, and the users in front of it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from entrypoints.services.ports import free_port
from tests.integration.browser.person import PASSWORD, Person
from tests.integration.raw_client import RawClient
from tests.integration.server_process import ServerProcess

ONE_CHAT = 1005

Newcomer = Callable[..., Person]


class WebServer(ServerProcess):
    """A server with a port for browsers, which stays the same over restarts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.web_port = free_port()
        super().__init__(
            f"sqlite:///{path}", "--hashing", "cheap", "--web-port", str(self.web_port)
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.web_port}/"

    def register(self, name: str) -> int:
        """Register a user who opens no page, or does so later. Return their id."""
        with RawClient(self.port) as client:
            return client.register(name, PASSWORD)

    def write(self, writer: int, reader: int, *texts: str) -> None:
        """Let a user write to another from a device without a page, until the log has the texts."""
        with RawClient(self.port) as client:
            client.id = writer
            client.login(PASSWORD)
            for text in texts:
                client.ask({"msgid": ONE_CHAT, "toid": reader, "msg": text})


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser process for all tests of a file; each user has a profile of their own."""
    # The headless shell costs half as much: it has no windows, which nobody would see anyway.
    with launched("chromium-headless-shell", "chromium") as browser:
        yield browser


@contextmanager
def launched(*programs: str) -> Iterator[Browser]:
    """The first of these programs that is installed, running."""
    # Playwright's loop counts as running as long as it exists. It ends with the file, so that tests
    # with a loop of their own may follow in this process.
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, programs)), None)
        assert path, "Chromium is not installed: make services"
        # Chromium's own sandbox does not work for root, as whom the tests may run. Imitating a
        # graphics card costs a sixth more.
        args = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    with WebServer(tmp_path / "chat.db") as process:
        yield process


@pytest.fixture
def newcomer(chromium: Browser, web: WebServer) -> Iterator[Newcomer]:
    """Makes users who open the server's page; see `visitors`."""
    with visitors(chromium) as come:
        yield partial(come, web.address)


@contextmanager
def visitors(chromium: Browser) -> Iterator[Newcomer]:
    """Make users who open the page at an address, each in a browser of their own. Options are those
    of Playwright's contexts. In the end, no browser may have reported an error."""
    with ExitStack() as leaving:

        def come(address: str, **options: object) -> Person:
            person = Person(chromium, address, **options)
            leaving.callback(person.leave)
            return person

        yield come
