"""What is known of a process that is not ours."""

from pathlib import Path


def is_gone(pid: int) -> bool:
    """A zombie is gone too: nobody may be there to bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
