"""A mutation, and how it is made in a copy of the tree."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

_TABLES = ("the_way.toml", "what_keeps_it_true.toml")


@attrs.frozen
class Mutation:
    """rule: its number in docs/delivery.md. without: what happens without it.

    old: a text that is in the file exactly once; new: what replaces it.
    killed_by: the test that must fail then, with its path below tests/unit.
    """

    rule: int
    without: str
    file: str
    old: str
    new: str
    killed_by: str

    @property
    def test(self) -> str:
        return f"tests/unit/{self.killed_by}"

    def applies(self, root: Path) -> bool:
        """Whether the old text is there exactly once."""
        return (root / self.file).read_text().count(self.old) == 1

    @contextmanager
    def made(self, root: Path) -> Iterator[None]:
        """Change the file, and change it back afterwards."""
        path = root / self.file
        source = path.read_text()
        path.write_text(source.replace(self.old, self.new))
        try:
            yield
        finally:
            path.write_text(source)


def mutations() -> list[Mutation]:
    """All mutations, in the order of their rules."""
    here = Path(__file__).parent
    tables = [tomllib.loads((here / name).read_text()) for name in _TABLES]
    return [Mutation(**row) for table in tables for row in table["mutation"]]
