"""The arrangement of the screen, at any size."""

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, Filter
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import (
    BufferControl,
    CompletionsMenu,
    ConditionalContainer,
    Dimension,
    Float,
    FloatContainer,
    HSplit,
    Layout,
    UIContent,
    UIControl,
    VSplit,
    Window,
)
from prompt_toolkit.layout.processors import (
    BeforeInput,
    ConditionalProcessor,
    PasswordProcessor,
    Processor,
    Transformation,
    TransformationInput,
)

from adapters.terminal.fullscreen.cells import steady
from adapters.terminal.render import Line

SIDEBAR = 22  # columns
WIDE = 64  # columns from which there is room for the sidebar
ROOMY = 8  # rows from which there is room for a bar or a title
_SHARE_OF_INPUT = 4  # the input has at most one row in so many

Draw = Callable[[int, int], list[Line]]
"""Called with the available columns and rows; returns the rows to show."""


class Rows(UIControl):
    """Shows rows drawn for the available room. If they are fewer, they stand at the lower edge with
    `low`, else at the upper."""

    def __init__(self, draw: Draw, *, low: bool = False) -> None:
        self._draw = draw
        self._low = low

    def create_content(self, width: int, height: int) -> UIContent:
        rows = self._draw(width, height)[:height]
        empty: list[Line] = [[] for _ in range(height - len(rows))]
        rows = [*empty, *rows] if self._low else [*rows, *empty]

        def line(number: int) -> StyleAndTextTuples:
            return [*rows[number]]

        return UIContent(get_line=line, line_count=len(rows), show_cursor=False)


class Steady(Processor):
    """Keeps what is typed from tearing the screen."""

    def apply_transformation(self, given: TransformationInput) -> Transformation:
        shown = steady([(style, text) for style, text, *_ in given.fragments])
        starts = [0, *accumulate(len(seen) for _, seen in shown)]
        return Transformation(
            [*shown],
            source_to_display=lambda at: starts[min(at, len(shown))],
            display_to_source=lambda at: bisect_right(starts, at) - 1,
        )


def columns() -> int:
    return get_app().output.get_size().columns


def rows() -> int:
    return get_app().output.get_size().rows


is_wide = Condition(lambda: columns() >= WIDE)
is_roomy = Condition(lambda: rows() >= ROOMY)


def layout(
    *,
    conversation: Draw,
    sidebar: Draw,
    title: Draw,
    bar: Draw,
    status: Draw,
    prompt: Callable[[], StyleAndTextTuples],
    hidden: Callable[[], bool],
    answers: Buffer,
    lines: Buffer,
    asking: Callable[[], bool],
) -> Layout:
    """prompt: what precedes the input. hidden: whether the input is a secret."""
    beside = ConditionalContainer(
        VSplit(
            [
                Window(Rows(sidebar), width=SIDEBAR),
                Window(char="│", width=1, style="class:edge"),
            ]
        ),
        filter=is_wide,
    )
    above = [_row(title, is_roomy & is_wide), _row(bar, is_roomy & ~is_wide)]
    talk = HSplit([*above, Window(Rows(conversation, low=True), height=Dimension(min=0))])
    is_asking = Condition(asking)
    masked = ConditionalProcessor(PasswordProcessor(), Condition(hidden))
    input_rows = [
        ConditionalContainer(_input(lines, [BeforeInput(prompt)]), ~is_asking),
        ConditionalContainer(_input(answers, [masked, BeforeInput(prompt)]), is_asking),
    ]
    everything = HSplit(
        [VSplit([beside, talk]), _row(status, is_roomy, "class:status"), *input_rows]
    )
    menu = Float(CompletionsMenu(max_height=6), xcursor=True, ycursor=True)
    return Layout(FloatContainer(everything, [menu]), focused_element=answers)


def _row(draw: Draw, there: Filter, style: str = "") -> ConditionalContainer:
    return ConditionalContainer(Window(Rows(draw), height=1, style=style), filter=there)


def _input(buffer: Buffer, processors: list[Processor]) -> Window:
    return Window(
        BufferControl(buffer, input_processors=[Steady(), *processors]),
        height=lambda: Dimension(min=1, max=max(rows() // _SHARE_OF_INPUT, 1)),
        wrap_lines=True,
        dont_extend_height=True,
    )
