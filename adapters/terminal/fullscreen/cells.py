"""How much room text takes on a terminal, and how to break it into rows. Pure functions."""

from collections.abc import Iterable, Iterator

from prompt_toolkit.utils import get_cwidth  # must agree with the library that draws

from adapters.terminal.clean import clean
from adapters.terminal.render import Line

_ELLIPSIS = "…"
_JOINER = "\u200d"
# Characters that change the width of their neighbours, differently on each terminal: variation
# selectors and skin tones, which are dropped, and the letters of flags, which become plain ones.
_UNSTEADY: dict[int, int | None] = {
    **dict.fromkeys([0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)]),
    **{0x1F1E6 + number: ord("A") + number for number in range(26)},
}
# Marks that stay with the wide character in front of them, or behind them.
_CLOSING = frozenset("，。、；：？！）」』】》〉”’…,.;:?!)]}")
_OPENING = frozenset("（「『【《〈“‘([{")
_Cell = tuple[str, str, int]  # style, a character with its combining ones, columns


def width(text: str) -> int:
    """The width in columns."""
    return sum(map(get_cwidth, text))


def line_width(line: Line) -> int:
    return sum(width(text) for _, text in line)


def fitted(line: Line, columns: int) -> Line:
    """A line exactly this wide: cut, with an ellipsis, or padded with spaces."""
    line = _joined(_cells(line))
    missing = columns - line_width(line)
    if missing < 0:
        line = _cut(line, max(columns - 1, 0)) + [("", _ELLIPSIS)] * (columns > 0)
        missing = columns - line_width(line)
    return [*line, ("", " " * missing)] if missing > 0 else line


def shortened(text: str, columns: int) -> str:
    """A text at most this wide: cut, with an ellipsis, if need be."""
    if width(text) <= columns:
        return text
    return "".join(part for _, part in fitted([("", text)], columns)).rstrip()


def steady(line: Line) -> Line:
    """For each character of a line that is being typed, how it is shown. Those that terminals draw
    in different widths, or obey, are shown as in a conversation, or not at all."""
    shown, is_wide = [], False
    for style, text in line:
        for character in text:
            columns = get_cwidth(character)
            is_wide = columns > 1 if columns else is_wide
            separates = character == _JOINER and is_wide
            shown.append((style, "" if separates else clean(character.translate(_UNSTEADY))))
    return shown


def wrapped(line: Line, columns: int, indent: int = 0) -> list[Line]:
    """Rows at most this wide, broken at line breaks and, if possible, at spaces or beside wide
    characters, between which Chinese and Japanese have none.

    indent: columns of all rows but the first; fewer if there are few columns.
    """
    columns = max(columns, 2)  # a character may take two
    indent = min(indent, columns // 2, columns - 2)
    rows: list[list[_Cell]] = []
    for number, paragraph in enumerate(_paragraphs(line)):
        rows += _broken(paragraph, columns, indent, starts=indent if number else 0)
    first, *others = [_joined(row) for row in rows]
    return [first, *([("", " " * indent), *row] if indent else row for row in others)]


def _paragraphs(line: Line) -> Iterator[list[_Cell]]:
    paragraph: list[_Cell] = []
    for cell in _cells(line):
        if cell[1] == "\n":
            yield paragraph
            paragraph = []
        else:
            paragraph.append(cell)
    yield paragraph


def _broken(cells: list[_Cell], columns: int, indent: int, starts: int) -> list[list[_Cell]]:
    """starts: the column at which the first row begins; the others begin after the indent."""
    rows: list[list[_Cell]] = []
    row: list[_Cell] = []
    used, space = starts, 0  # space: the last index in the row at which it may break
    for cell in cells:
        if row and _may_part(row[-1], cell):
            space = len(row)
        if row and used + cell[2] > columns:
            kept = row[space:]
            used = indent + sum(size for *_, size in kept)
            if not space or cell[1] == " " or used + cell[2] > columns:
                space, kept, used = len(row), [], indent
            rows.append(row[:space])
            row, space = kept, 0
            if cell[1] == " ":
                continue
        row.append(cell)
        used += cell[2]
        if cell[1] == " ":
            space = len(row)
    return [*rows, row]


def _may_part(before: _Cell, after: _Cell) -> bool:
    """Whether a row may end between two characters with no space between them."""
    is_wide = before[2] > 1 or after[2] > 1
    return is_wide and before[1] not in _OPENING and after[1] not in _CLOSING


def _cells(line: Line) -> Iterator[_Cell]:
    for style, text in line:
        last = ""
        for character in text.translate(_UNSTEADY):
            if character == _JOINER and last and _size(last) > 1:
                continue  # a family, say, which not all terminals show as one glyph
            if get_cwidth(character) == 0 and "\n" not in (character, last) and last:
                last += character
                continue
            if last:
                yield style, last, _size(last)
            last = character
        if last:
            yield style, last, _size(last)


def _size(cell: str) -> int:
    return 0 if cell == "\n" else get_cwidth(cell[0])


def _joined(cells: Iterable[_Cell]) -> Line:
    line: Line = []
    for style, text, _ in cells:
        if line and line[-1][0] == style:
            line[-1] = style, line[-1][1] + text
        else:
            line.append((style, text))
    return line


def _cut(line: Line, columns: int) -> Line:
    kept: list[_Cell] = []
    left = columns
    for cell in _cells(line):
        left -= cell[2]
        if left < 0:
            break
        kept.append(cell)
    return _joined(kept)
