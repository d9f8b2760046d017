"""What can be known about a process that is not ours."""

from pathlib import Path


def is_gone(pid: int) -> bool:
    """A zombie counts as gone: perhaps nobody is there to reap it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def children_of(pid: int) -> list[int]:
    """The processes that a process has started, such as a server's workers."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
