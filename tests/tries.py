"""How many examples Hypothesis tries: few by default, as many as EXAMPLES says to search for more
(`make unit EXAMPLES=2000 ARGS="-k 'machine or two_nodes'"`)."""

import os

WANTED = os.environ.get("EXAMPLES", "")  # for every test; empty if few are enough


def tries(few: int) -> int:
    """So many examples of one test, unless EXAMPLES asks for another number."""
    return int(WANTED or few)
