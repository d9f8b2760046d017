"""The mailbox in MySQL, over any sequence of steps."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.mysql import mysql_store
from chat_domain.ports.store import Store
from tests.contract.mailbox_machine import CAPACITY, MailboxMachine
from tests.integration.mysql.conftest import Ask, empty

FEW = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_a_mailbox_does_what_the_simplest_one_would(tables: str, ask: Ask) -> None:
    """Whatever is added, removed and read."""

    class Machine(MailboxMachine):
        async def open(self) -> Store:
            empty(ask)
            return await self.stack.enter_async_context(
                mysql_store(tables, mailbox_capacity=CAPACITY)
            )

    run_state_machine_as_test(Machine, settings=FEW)
