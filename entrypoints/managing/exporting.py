"""An export comes in parts, so that its server does not hold all of it, nor stop for it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

EXPORT = "export"

Answer = Mapping[str, Any]
Arguments = Mapping[str, Any]


async def whole_answer(
    name: str, arguments: Arguments, once: Callable[[Arguments], Awaitable[Answer]]
) -> Answer:
    """The answer to a command; that to an export with all its parts. once: carries out the command
    with these arguments."""
    answer = await once(arguments)
    if name != EXPORT or "result" not in answer:
        return answer
    found = dict(answer["result"])
    entries, following, upto = list(found["entries"]), found.pop("next"), found.pop("upto")
    while following is not None:
        part = await once({**arguments, "after": following, "upto": upto})
        if "result" not in part:
            return part
        entries += part["result"]["entries"]
        following = part["result"]["next"]
    return {"result": {**found, "entries": entries}}
