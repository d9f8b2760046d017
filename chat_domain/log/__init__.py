"""The log as a node sees it, and who is shown what.

A message is written to the log (`queue`), then applied by every node in the order of positions
(`follower`), and shown to the sessions that are there (`sessions`). A session is a reader with a
place in the log (`session`); one that is behind reads on (`offline`). What its user's devices have
got is a mark (`marks`). Others may take all of it.
"""
