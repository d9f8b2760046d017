"""How many examples Hypothesis tries: few where everything is tested, as many as EXAMPLES says
where somebody looks for more (`make unit EXAMPLES=2000 ARGS="-k machine"`)."""

import os

_WANTED = os.environ.get("EXAMPLES", "")


def tries(few: int) -> int:
    """That many of a test, unless more are wanted of every test."""
    return int(_WANTED or few)
