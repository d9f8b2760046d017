"""How many examples Hypothesis tries: few where everything is tested, as many as EXAMPLES says
where somebody looks for more (`make unit EXAMPLES=2000 ARGS="-k 'machine or two_nodes'"`)."""

import os

WANTED = os.environ.get("EXAMPLES", "")  # of every test; empty where few do


def tries(few: int) -> int:
    """That many of a test, unless more are wanted of every test."""
    return int(WANTED or few)
