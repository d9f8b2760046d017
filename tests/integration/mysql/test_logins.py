"""How a node proves to the database who it is, with TLS and without.

MySQL's users have `caching_sha2_password`: unless it remembers a login of this user, the server
asks for the password itself, and takes it by TLS, or encrypted with a key of its own.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest

from adapters.mysql.address import Address
from adapters.mysql.failures import Failure
from adapters.mysql.link import connect
from entrypoints.services.database import USER, DatabaseServer
from entrypoints.services.ports import LOOPBACK
from tests.eventually import eventually
from tests.integration.certificates import Files
from tests.integration.database_server import Database

PASSWORDS = {"plain": "S3cret", "foreign": "Pässwörd@密码", "none": ""}
USERS = "".join(
    f"CREATE USER IF NOT EXISTS '{name}'@'%' IDENTIFIED BY '{password}';\n"
    f"GRANT SELECT ON chat.* TO '{name}'@'%';\n"
    for name, password in PASSWORDS.items()
)
MAY_FORGET = f"GRANT RELOAD ON *.* TO '{USER}'@'%';\n"


@attrs.frozen
class Guarded:
    """A server with a certificate, and the file with the certificate's authority."""

    server: DatabaseServer
    authority: Path

    def forget(self) -> None:
        """Let the server forget who has logged in."""
        self.server.query("FLUSH PRIVILEGES")

    def address(self, user: str, password: str, *, tls: bool) -> Address:
        options = f"?ssl_ca={self.authority}" if tls else ""
        place = f"{quote(user)}:{quote(password)}@{LOOPBACK}:{self.server.port}"
        return Address.parse(f"mysql://{place}/chat{options}")


@pytest.fixture(scope="module")
def guarded(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    files = Files.issued(tmp_path_factory.mktemp("certificates"))
    authority = files.cert.with_name("authority.pem")
    files.authority.cert_pem.write_to_path(str(authority))
    options = [f"--ssl-cert={files.cert}", f"--ssl-key={files.key}"]
    setup = USERS + MAY_FORGET
    with Database(home / "logins", fast=True, options=options, setup=setup) as server:
        yield Guarded(server, authority)


@pytest.fixture(autouse=True)
async def _closes_everything() -> AsyncIterator[None]:
    """No login leaves a file open, however it ends."""
    before = open_files()
    yield
    await eventually(lambda: open_files() == before)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def cipher(address: Address) -> str:
    """Log in; return what encrypts the connection, "" if nothing does."""
    link = await connect(address)
    ((_, used),) = await link.rows("SHOW STATUS LIKE 'Ssl_cipher'")
    await link.close()
    return str(used)


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("user", PASSWORDS)
async def test_a_user_logs_in_whether_the_server_remembers_them_or_not(
    guarded: Guarded, user: str, tls: bool
) -> None:
    """Twice: the first login has to show the password, the second that it knows it."""
    guarded.forget()
    for _ in range(2):
        assert bool(await cipher(guarded.address(user, PASSWORDS[user], tls=tls))) == tls


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("wrong", ["wrong", ""])
async def test_a_wrong_password_is_refused_as_such(guarded: Guarded, tls: bool, wrong: str) -> None:
    """Whether the server remembers the user or not, the operator reads whose password it is."""
    address = guarded.address("plain", wrong, tls=tls)
    guarded.forget()
    with pytest.raises(Failure, match="Access denied for user 'plain'"):
        await connect(address)
    await cipher(guarded.address("plain", PASSWORDS["plain"], tls=True))
    with pytest.raises(Failure, match="Access denied for user 'plain'"):
        await connect(address)


async def test_a_server_that_a_stranger_vouches_for_is_not_told_the_password(
    guarded: Guarded, tmp_path: Path
) -> None:
    """The connection ends before anybody has logged in."""
    other = Files.issued(tmp_path).authority
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    strange = attrs.evolve(guarded, authority=tmp_path / "other.pem")
    with pytest.raises(Failure, match="certificate verify failed"):
        await connect(strange.address("plain", PASSWORDS["plain"], tls=True))
