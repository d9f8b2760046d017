"""The options of a run of the benchmark."""

from pathlib import Path

import attrs


@attrs.frozen
class Options:
    """directory: for the databases, and removed afterwards. runs, seconds: how often and how long
    each load runs. root: the tree whose server is measured. entries: how many a long past has."""

    directory: Path
    runs: int = 5
    seconds: float = 2.0
    root: Path = Path()
    entries: int = 1_000_000

    def sqlite(self, name: str) -> str:
        return f"sqlite:///{self.directory / name}.db"
