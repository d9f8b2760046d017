"""The store in a real MariaDB or MySQL (`tests.integration.database_server`). The contract's
promises, and what only a server can show."""
