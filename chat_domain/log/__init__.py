"""The log as a node sees it, and which sessions are shown what.

A message is written to the log (`queue`); every node applies it in the order of positions
(`follower`) and shows it to its sessions (`fanout`, `sessions`). A session is a reader at a
position in the log (`session`); a session that is behind catches up (`offline`). How far its user's
devices have received the log is a mark (`marks`). Others may import all of it.
"""
