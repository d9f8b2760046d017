"""What a password may be. How it is kept, `chat_domain.ports.runtime.Hasher` says."""

from chat_domain.errors import BadPassword

MAX_PASSWORD = 128  # characters; longer ones would only cost hashing time


def check_password(password: str) -> None:
    """Raises BadPassword for what may be nobody's."""
    if not password:
        raise BadPassword("a password needs at least one character")
    if len(password) > MAX_PASSWORD:
        raise BadPassword(f"a password has at most {MAX_PASSWORD} characters")
