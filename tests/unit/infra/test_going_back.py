"""What docs/upgrade.md tells an operator to type to go back to the C++ server."""

import re
from pathlib import Path

from adapters.mysql.schema import OUR_TABLES

PAGE = Path(__file__).parents[3] / "docs" / "upgrade.md"


def test_going_back_leaves_no_table_of_ours() -> None:
    """The next upgrade would take a table that stayed for part of what is there."""
    (dropped,) = re.findall(r"^DROP TABLE (.+);$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(dropped.split(", ")) == sorted([*OUR_TABLES, "UpgradeReport"])
