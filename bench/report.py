"""The results as a table, as JSON, and as a picture."""

import json
import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import attrs
import cattrs

from bench.lines import Line, Spread

HEAD = (
    "| work | how much | CPU µs | loop µs | p50 ms | p99 ms | ratio (least-greatest) | loop's "
    "| of rates | of bare relay | target |\n"
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --- |"
)
_PAGE = "benchmarks.md"  # its table is the one that begins with HEAD's first line
_FIGURES = "benchmarks.json"
_TABLE = re.compile(r"^\| work \| how much \|.*(\n\|.*)*$", re.MULTILINE)


def row(line: Line) -> str:
    """A row of the table, in Markdown."""
    cells = [
        line.name,
        f"{_spread(line.value, _number)} {line.unit}",
        *map(_median, (line.cpu_us, line.loop_us, line.p50_ms, line.p99_ms)),
        _ratio(line),
        *map(_median, (line.loop_ratio, line.rate_ratio, line.bare_ratio)),
        " ".join(filter(None, (_target(line), line.verdict, line.note))),
    ]
    return f"| {' | '.join(cells)} |"


def _spread(values: Spread, number: Callable[[float], str]) -> str:
    median, least, most = map(number, (values.median, values.least, values.most))
    return f"{median} ({least}-{most})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _median(values: Spread | None) -> str:
    return "" if values is None else f"{values.median:.2f}"


def _ratio(line: Line) -> str:
    if line.ratio is None:
        return ""
    return f"{_spread(line.ratio, '{:.2f}'.format)} of {line.yardstick}"


def _target(line: Line) -> str:
    if line.at_least is not None:
        return f"≥ {line.at_least:,g}"
    return "" if line.at_most is None else f"≤ {line.at_most:,g}"


def as_json(lines: Sequence[Line]) -> str:
    found = [attrs.asdict(line) | {"verdict": line.verdict} for line in lines]
    return json.dumps(found, indent=1) + "\n"


WIDTH, ROW, LABELS, BAR = 860, 22, 330, 380


def as_svg(lines: Sequence[Line]) -> str:
    """A bar for each line that has a target: one that reaches the mark has met it."""
    drawn = [line for line in lines if line.verdict]
    height = ROW * (len(drawn) + 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        "<style>text { font: 12px sans-serif }</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *(_bar(line, ROW * (at + 1)) for at, line in enumerate(drawn)),
        f'<path d="M{LABELS + BAR / 2} 10V{height - 12}" stroke="#333" stroke-dasharray="3"/>',
        f'<text x="{LABELS + BAR / 2}" y="{height - 2}" text-anchor="middle">target</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bar(line: Line, top: int) -> str:
    part = line.judged / line.at_least if line.at_least else (line.at_most or 0) / line.judged
    width = min(part, 2) * BAR / 2
    colour = "#4a7" if line.verdict == "met" else "#c75"
    text = f"{_number(line.judged)} ({_target(line)})"
    return (
        f'<text x="{LABELS - 8}" y="{top + 11}" text-anchor="end">{escape(line.name)}</text>'
        f'<rect x="{LABELS}" y="{top}" width="{width:.0f}" height="{ROW - 7}" fill="{colour}"/>'
        f'<text x="{LABELS + BAR + 8}" y="{top + 11}">{escape(text)}</text>'
    )


def measured_before(directory: Path) -> list[Line]:
    """The lines of the figures there, none if there is no file. Raises ValueError if it has
    anything else."""
    figures = directory / _FIGURES
    try:
        return cattrs.structure(json.loads(figures.read_text()), list[Line])
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, cattrs.BaseValidationError) as error:
        raise ValueError(f"{figures} is not what a benchmark has written: {error}") from None


def write(measured: Sequence[Line], directory: Path) -> None:
    """Write the figures, the picture and, if the page exists, the table in it. Lines that were not
    measured this time stay as they are there."""
    directory.mkdir(parents=True, exist_ok=True)
    # in the place of the former one
    by_name = {line.name: line for line in (*measured_before(directory), *measured)}
    lines = list(by_name.values())
    (directory / _FIGURES).write_text(as_json(lines))
    (directory / "benchmarks.svg").write_text(as_svg(lines))
    page = directory / _PAGE
    if page.exists():
        table = "\n".join([HEAD, *map(row, lines)])
        page.write_text(_TABLE.sub(lambda _: table, page.read_text(), count=1))
