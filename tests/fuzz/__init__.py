"""Frames that a grammar makes, and what the real gateway pays for one of them.

`grammar` and `heavy` make frames; `stage` is a node in memory that handles them; `search` looks for
those that cost most. `python -m tests.fuzz` does that for longer (`make fuzz`). The same grammar
attacks a whole server in `tests.integration.abuse`.
"""
