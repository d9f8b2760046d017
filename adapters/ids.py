"""Which integers can be ids of users and groups (docs/protocol.md, "Types and limits")."""

NO_ID = 2**31  # every id is below this
