"""A Redis as infra/redis.conf and infra/redis.acl make it, with passwords for tests."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from entrypoints.services.redis import Redis
from tests.integration.server_process import ROOT

ADMIN, NODES = "an-admin-s-password", "the-nodes-password"
INFRA = ROOT / "infra"


def acl() -> str:
    """redis.acl, with its passwords filled in."""
    done = subprocess.run(
        [INFRA / "redis-acl.sh"],
        input=f"{ADMIN}\n{NODES}\n",
        text=True,
        capture_output=True,
        check=True,
    )
    return done.stdout


def with_tls(text: str, directory: Path) -> str:
    """redis.conf with its lines about TLS in use, and with the files in this directory."""
    text = re.sub(r"^# (port 0|tls-.*)$", r"\1", text, flags=re.MULTILINE)
    return text.replace("/etc/redis/tls", str(directory))


class GuardedRedis(Redis):
    def __init__(self, home: Path, *, tls: Path | None = None, options: Sequence[str] = ()) -> None:
        home.mkdir()
        rules, config = home / "chat.acl", home / "chat.conf"
        rules.write_text(acl())
        text = (INFRA / "redis.conf").read_text("utf-8").replace("/etc/redis/chat.acl", str(rules))
        config.write_text(with_tls(text, tls) if tls else text)
        super().__init__(home, config=config, options=options, login=("admin", ADMIN))

    def url(self, login: str = f"chat:{NODES}@") -> str:
        """The address that nodes use."""
        return super().url(login)
