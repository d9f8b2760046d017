"""The storage ports, but for the mailbox, in statements that SQLite and MySQL have in common."""
