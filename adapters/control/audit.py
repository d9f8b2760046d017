"""The log line on an operator's command: who, what, whom it concerned, and the outcome."""

import pwd
import socket
import struct
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import structlog

log = structlog.get_logger()

UNKNOWN = "unknown"
OPERATOR: ContextVar[str] = ContextVar("operator", default=UNKNOWN)  # whose command this task does
_CREDENTIALS = struct.Struct("3i")  # process, user and group, as Linux states them
# Arguments, and their names in the line (`level` is the line's own level). No passwords or texts.
_SHOWN = {
    "who": "who",
    "group": "group",
    "name": "name",
    "level": "asked",
    "shown": "asked",
    "days": "days",
    "with_sent": "with_sent",
}


def user_of(peer: Any) -> str:
    """The Unix user at the other end of a socket: the name, or the number if it has none.

    May block, since the system may ask a directory on the network.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:  # not on Linux
        return UNKNOWN
    credentials = peer.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    _, user_id, _ = _CREDENTIALS.unpack(credentials)
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return str(user_id)


def note(command: str, arguments: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Write the line. It names whom the answer concerns: by the answer's own `id` and `name`, or by
    its `user` and `group`, if these are separate."""
    facts = {said: arguments[name] for name, said in _SHOWN.items() if name in arguments}
    found = answer.get("result", {})
    user, group = found if "id" in found else found.get("user"), found.get("group")
    if user:
        facts |= {"user": user["id"], "name": user["name"]}
    if group:
        facts |= {"group": group["id"], "group_name": group["name"]}
    facts["outcome"] = answer.get("error", "done")
    log.info("operator's command", command=command, operator=OPERATOR.get(), **facts)
