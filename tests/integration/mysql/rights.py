"""The users of a database and their rights, as docs/operations.md gives them."""

import re

from entrypoints.services.ports import LOOPBACK
from tests.integration.server_process import ROOT


def documented() -> str:
    """The documented statements, one per line; they can be repeated and fit any host."""
    page = (ROOT / "docs/operations.md").read_text("utf-8")
    (block,) = re.findall(r"```sql\n(   CREATE DATABASE.*?)```", page, re.DOTALL)
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    text = "\n".join(lines).replace("'10.0.0.%'", "'%'").replace("CREATE USER", _IF_NEW)
    return text.replace("CREATE DATABASE", "CREATE DATABASE IF NOT EXISTS") + "\n"


_IF_NEW = "CREATE USER IF NOT EXISTS"


def rights(database: str, node: str, admin: str, *, without: str = "") -> str:
    """The same for other names. without: a right that neither user gets."""
    text = documented().replace("DATABASE IF NOT EXISTS chat", f"DATABASE IF NOT EXISTS {database}")
    text = text.replace("chat.*", f"{database}.*")
    text = text.replace("'chat_admin'", f"'{admin}'").replace("'chat'", f"'{node}'")
    return re.sub(rf"\b{without}, |, {without}\b", "", text) if without else text


def url_of(user: str, port: int, database: str) -> str:
    """The address for one of the documented users, the nodes' or the admin."""
    password = "OTHER" if "admin" in user else "PASSWORD"
    return f"mysql://{user}:{password}@{LOOPBACK}:{port}/{database}"
