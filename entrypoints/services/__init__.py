"""Private services: MariaDB, Redis, nginx and our own nodes as child processes.

For the tests and for the cluster on one machine. Each keeps its files in a directory of its own
and listens on the loopback alone, so nothing here touches what the system runs for itself.
"""
