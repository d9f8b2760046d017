"""What our connections ask of a MySQL server that may be in a group. Only MySQL can be asked."""

from collections.abc import Iterator

import pytest

from adapters.mysql.address import Address
from adapters.mysql.link import connect

from .conftest import Ask

CONSISTENCY = "group_replication_consistency"


@pytest.fixture
def set_consistency(ask: Ask) -> Iterator[Ask]:
    """Sets what connections have at their start."""
    rows = ask(f"SHOW GLOBAL VARIABLES LIKE '{CONSISTENCY}'")
    if not rows:
        pytest.skip("MariaDB has no Group Replication")
    yield lambda value: ask(f"SET GLOBAL {CONSISTENCY} = '{value}'")
    ask(f"SET GLOBAL {CONSISTENCY} = '{rows[0][1]}'")


@pytest.mark.parametrize(
    ("operator", "ours"),
    [
        ("EVENTUAL", "BEFORE_ON_PRIMARY_FAILOVER"),
        ("BEFORE", "BEFORE"),
        ("AFTER", "AFTER"),
    ],
)
async def test_a_new_primary_answers_when_it_has_applied_what_the_old_one_committed(
    url: str, set_consistency: Ask, operator: str, ours: str
) -> None:
    """Before that its log lacks its end, and what it says of marks and groups is old. What an
    operator has set otherwise makes it wait, too."""
    set_consistency(operator)
    link = await connect(Address.parse(url))
    assert await link.rows(f"SELECT @@{CONSISTENCY}") == [(ours,)]
    await link.close()
