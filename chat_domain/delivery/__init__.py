"""How a message gets from its sender to its recipients' clients or mailboxes, whichever node they
are on, and how its sender learns of it.

Others may take `delivery` (the way of every message), `session` and `sessions` (what is on its way
to a client), `reading` (what a mailbox gives to a session), `rosters` with `roster_changes` (who
gets a group's messages), `standing` (whether this node may act), and, to put a node together,
`budget`, `retirements`, `remote` and `reports`. `held`, `receipt`, `sendings` and `gathering` are
its own.
"""
