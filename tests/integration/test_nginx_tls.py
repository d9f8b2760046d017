"""infra/nginx-tls.conf between real clients and a real node."""

import ssl
from functools import partial
from pathlib import Path

from adapters.client.chat_client import ChatClient
from adapters.client.events import Message
from entrypoints.services.nginx import Nginx
from tests.eventually import eventually
from tests.integration.certificates import Files
from tests.integration.chatter import LIVELY
from tests.integration.cluster import LIKE_NGINX, NGINX_COMES_FROM, NodeProcess
from tests.integration.test_nginx import ELSEWHERE, PING, from_elsewhere, peers_of, read_frame


def greet_from_elsewhere(port: int, trusting: ssl.SSLContext) -> None:
    with (
        from_elsewhere(port) as plain,
        trusting.wrap_socket(plain, server_hostname="127.0.0.1") as client,
    ):
        client.sendall(PING)
        assert read_frame(client)


async def test_people_talk_through_tls(tmp_path: Path) -> None:
    """The node knows their real addresses by the header that precedes their data."""
    files = Files.issued(tmp_path)
    trusting, certificate = files.trusting(), (files.cert, files.key)
    heard: list[str] = []

    def note(event: object) -> None:
        if isinstance(event, Message):
            heard.append(event.text)

    options = ["--hashing", "cheap", "--log-level", "debug"]
    with (
        NodeProcess("memory://", *LIKE_NGINX, *options) as node,
        Nginx(tmp_path, [node.port], certificate=certificate, comes_from=NGINX_COMES_FROM) as nginx,
    ):
        connect = partial(
            ChatClient.connect, "127.0.0.1", nginx.port, tls=trusting, settings=LIVELY
        )
        async with connect() as ann, connect(on_event=note) as bob:
            await ann.login(await ann.register("Ann", "secret"), "secret")
            bob_id = await bob.register("Bob", "secret")
            await bob.login(bob_id, "secret")
            await ann.send(bob_id, "hello " + "漢" * 4000)
            await eventually(lambda: heard)
        assert heard == ["hello " + "漢" * 4000]
        greet_from_elsewhere(nginx.port, trusting)
        await eventually(lambda: peers_of(node)[-1] == ELSEWHERE)
