"""The database server of the tests: MariaDB, or the MySQL that the environment names.

MYSQLD is the command of a MySQL server, with options that must be its first:

    make integration MYSQLD="/usr/sbin/mysqld --no-defaults"
"""

import os
import shlex
from collections.abc import Sequence

import pytest

from entrypoints.services.database import DatabaseServer
from entrypoints.services.mariadb import MariaDB
from entrypoints.services.program import find_program

MYSQLD = shlex.split(os.environ.get("MYSQLD", ""))


class MySQL(DatabaseServer):
    NAME = "mysql"
    FAST = (
        "--innodb-flush-log-at-trx-commit=0",
        "--sync-binlog=0",
        "--skip-innodb-doublewrite",
        "--innodb-redo-log-capacity=32M",
        "--innodb-buffer-pool-size=64M",
    )
    WITHOUT_TLS = ("--tls-version=",)

    def server(self) -> Sequence[str]:
        program, *options = MYSQLD
        # The directory that it would use otherwise may be missing, and then it does not start.
        no_files = "--secure-file-priv=NULL"
        return [find_program(program, "mysql-server"), *options, "--skip-mysqlx", no_files]

    def installer(self) -> Sequence[str]:
        # Some options cannot be changed later, and have to be known now.
        return [*self.server(), "--initialize-insecure", *self.options]


# What a user needs that looks on: to see and end others' connections, and to make all read only.
LOOKING_ON = "SUPER, PROCESS, " + ("CONNECTION_ADMIN" if MYSQLD else "READ_ONLY ADMIN")

Database: type[DatabaseServer] = MySQL if MYSQLD else MariaDB


def mariadb_only(why: str) -> pytest.MarkDecorator:
    """For a test that does not apply to MySQL: it is skipped there, which pytest reports."""
    return pytest.mark.skipif(bool(MYSQLD), reason=f"not for MySQL: {why}")
