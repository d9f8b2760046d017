"""Frames that a grammar makes, and what one of them costs the real gateway.

`grammar` and `heavy` make frames; `stage` is a node in memory that handles them; `search` looks for
the most expensive. `python -m tests.fuzz` does that for longer (`make fuzz`). The same grammar
attacks a whole server in `tests.integration.abuse`.
"""
