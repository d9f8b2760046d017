"""What can be said about a run of the benchmark."""

from pathlib import Path

import attrs


@attrs.frozen
class Options:
    """directory: for the databases, gone afterwards. runs, seconds: of each load. entries: in a
    past that is long."""

    directory: Path
    runs: int = 5
    seconds: float = 2.0
    root: Path = Path()
    entries: int = 1_000_000

    def sqlite(self, name: str) -> str:
        return f"sqlite:///{self.directory / name}.db"
