"""The store in a real MariaDB. The contract's promises, and what only a server can show."""
