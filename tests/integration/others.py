"""Users besides those whom a test is about; they need no program of their own."""

from tests.integration.raw_client import ACK, RawClient
from tests.integration.server_process import ServerProcess

Account = tuple[str, str]  # name and password


def register(server: ServerProcess, *accounts: Account) -> None:
    """Register these users; they get the next ids, in this order."""
    with RawClient(server.port) as client:
        for name, password in accounts:
            client.register(name, password)


def say(server: ServerProcess, who: Account, *texts: str, to: int = 1) -> None:
    """Log in, write, and leave."""
    name, password = who
    with RawClient(server.port) as client:
        assert client.ask({"msgid": 1000, "name": name, "password": password, "v": 2})["errno"] == 0
        for text in texts:
            assert client.ask({"msgid": 1005, "toid": to, "msg": text})["msgid"] == ACK


def take_over(server: ServerProcess, who: Account, *, device: str) -> None:
    """Log in with a device of this name, which ends the session of the one that has it."""
    name, password = who
    with RawClient(server.port) as client:
        login = {"msgid": 1000, "name": name, "password": password, "v": 2, "device": device}
        assert client.ask(login)["errno"] == 0
