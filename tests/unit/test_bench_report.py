"""The report of the benchmark."""

import json
from pathlib import Path

import pytest

from bench.lines import Line, Spread
from bench.report import HEAD, measured_before, write


def line(name: str, value: float) -> Line:
    return Line(name, "messages/s", Spread(value, value, value), at_least=5.0)


def test_a_part_of_the_benchmark_replaces_its_own_lines_alone(tmp_path: Path) -> None:
    """The others stay in their places, in the figures and in the table of the page."""
    page = tmp_path / "benchmarks.md"
    page.write_text(f"before\n\n{HEAD}\n\nafter\n")
    write([line("one", 1.0), line("two", 2.0), line("three", 3.0)], tmp_path)
    write([line("two", 20.0), line("four", 4.0)], tmp_path)
    found = json.loads((tmp_path / "benchmarks.json").read_text())
    assert [one["name"] for one in found] == ["one", "two", "three", "four"]
    assert [one["value"]["median"] for one in found] == [1, 20, 3, 4]
    assert [one["verdict"] for one in found] == ["MISSED", "met", "MISSED", "MISSED"]
    rows = page.read_text().splitlines()[4:8]
    assert [row.split(" | ")[0] for row in rows] == ["| one", "| two", "| three", "| four"]
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")


@pytest.mark.parametrize("wrong", ["", "{", "3", '{"a": 1}', '[{"name": "p2p"}]'])
def test_figures_that_no_benchmark_has_written_are_named(wrong: str, tmp_path: Path) -> None:
    """The benchmark looks at them before it measures."""
    assert measured_before(tmp_path) == []
    (tmp_path / "benchmarks.json").write_text(wrong)
    with pytest.raises(ValueError, match=r"benchmarks.json is not what a benchmark has written"):
        measured_before(tmp_path)
