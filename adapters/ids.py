"""Which integers can be ids of users and groups (docs/protocol.md, "Types and limits")."""

NO_ID = 2**31  # every id is below this
_DIGITS = 10  # of the highest one


def id_in(text: str) -> int | None:
    """The id in a text that a person has typed; None if it is something else, like a name."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        return None
    number = int(digits)
    return number if 0 < number < NO_ID else None
