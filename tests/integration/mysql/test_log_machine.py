"""The log in MySQL, over any sequence of steps."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.mysql import mysql_store
from chat_domain.ports.store import Store
from entrypoints.services.database import DATABASE
from tests.contract.log_machine import LogMachine
from tests.integration.mysql.conftest import Ask, empty

FEW = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_a_log_does_what_the_simplest_one_would(tables: str, ask: Ask) -> None:
    """This holds whatever is said, changed and read."""

    class Machine(LogMachine):
        async def open(self) -> Store:
            empty(ask)
            for table in ("User", "AllGroup"):
                ask(f"ALTER TABLE {DATABASE}.{table} AUTO_INCREMENT = 1")
            return await self.stack.enter_async_context(mysql_store(tables))

    run_state_machine_as_test(Machine, settings=FEW)
