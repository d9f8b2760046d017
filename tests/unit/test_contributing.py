"""CONTRIBUTING.md agrees with the tree."""

import re
from pathlib import Path

import pytest

from adapters.wire import errors
from adapters.wire.declaring import Written
from adapters.wire.frames import number_of
from adapters.wire.requests import RenameGroup
from tests.unit.declared import fields_of, name_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
LINKS = re.findall(r"\]\(([\w./]+)\)", PAGE)
PATHS = re.findall(r"`((?:adapters|chat_domain|docs|entrypoints|tests)/[\w./]+)`", PAGE)


@pytest.mark.parametrize("path", sorted({*LINKS, *PATHS}))
def test_what_it_points_to_is_there(path: str) -> None:
    """This holds for files and for directories."""
    assert (ROOT / path).exists()


def test_its_example_is_the_declaration() -> None:
    """It has the same number, refusals and fields, besides those of its base."""
    (code,) = re.findall(r"```python\n(class RenameGroup.*?)```", PAGE, re.DOTALL)
    assert f"tag={number_of(RenameGroup)}," in code
    assert set(re.findall(r"errors\.(\w+)", code)) == {
        kind.__name__ for kind in RenameGroup.refusals
    }
    own = fields_of(RenameGroup) - fields_of(Written)
    assert set(re.findall(r"^    (\w+): ", code, re.MULTILINE)) == own
    assert name_of(RenameGroup) in PAGE
    assert errors.name_of(RenameGroup.refusals[0]) in PAGE
