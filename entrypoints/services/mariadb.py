"""A private MariaDB."""

from collections.abc import Sequence

from entrypoints.services.database import DatabaseServer
from entrypoints.services.program import find_program

PACKAGE = "mariadb-server"


class MariaDB(DatabaseServer):
    NAME = "mariadb"
    FAST = (
        "--innodb-flush-log-at-trx-commit=0",
        "--skip-innodb-doublewrite",
        "--innodb-log-file-size=16M",
        "--innodb-buffer-pool-size=64M",
    )
    WITHOUT_TLS = ()  # it has no certificate unless it is given one

    def server(self) -> Sequence[str]:
        # --no-defaults must be first; it ignores the configuration of the system's server
        return [find_program("mariadbd", PACKAGE), "--no-defaults"]

    def installer(self) -> Sequence[str]:
        program = find_program("mariadb-install-db", PACKAGE)
        return [program, "--no-defaults", "--skip-test-db", "--skip-name-resolve"]
