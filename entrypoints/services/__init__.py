"""Private services: MariaDB, Redis, nginx and our own nodes as child processes.

They are for tests, and for the cluster on one machine. Each has its own directory and listens on
the loopback interface only, so nothing here touches the system's own services.
"""
