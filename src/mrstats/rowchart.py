"""Rows of names with marks on one or two scales and columns of figures: the drawing that views of results share. No data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from . import look
from .axes import Axis, name_axis
from .schema import MrstatsError

MOST_ROWS = 40
"""Rows that fit a page together with headings, legend and caption."""

BAR, STROKE, LINE = "bar", "|", "-"
_INDENT, _LABEL_MOST, _GAP, _PANEL_GAP, _LEAST_PLOT, _WIDE_PLOT = 3.0, 46.0, 4.0, 7.0, 28.0, 62.0
_LINE, _LEGEND, _AXIS, _HEAD_MOST = 3.7, 5.4, 10.4, 21.0


@dataclass(frozen=True)
class Mark:
    """A figure on a scale: a marker's shape, a stroke across the row, a bar from zero or (in a legend) a line.

    `start` is where it has moved from; `shift` is millimetres down from the middle of the row. A mark without a value is
    not drawn.
    """

    value: float
    shape: str = "o"
    colour: str = look.INK
    hollow: bool = False
    lower: float = math.nan
    upper: float = math.nan
    start: float = math.nan
    shift: float = 0.0

    @property
    def is_shown(self) -> bool:
        """Whether there is a value to draw."""
        return not math.isnan(self.value)

    @property
    def ends(self) -> tuple[float, ...]:
        """Everything that the scale must hold."""
        return (self.value, self.lower, self.upper, *((0.0,) if self.shape == BAR else ()))


@dataclass(frozen=True)
class Row:
    """A name, the marks on each scale, and the written figures of each column."""

    name: str
    marks: tuple[tuple[Mark, ...], ...]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """Rows under a heading; without one they stand first."""

    heading: str
    rows: tuple[Row, ...]


class RowChart:
    """Blocks of rows laid out on a sheet of the column's width.

    Parameters
    ----------
    blocks : sequence of Block
    scales : sequence of str
        The name of each scale; rows hold as many tuples of marks.
    columns : sequence of str
        Heads of the columns of figures; an empty one where the scale has said it.
    legend : sequence of (Mark, str)
        Marks and what they mean, above the plot.
    language : str
    row : float
        Height of a row in millimetres.
    top : float
        Room above all of it, for what else stands on the sheet.

    Raises
    ------
    MrstatsError
        If there are no rows, or more than fit a page.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        scales: Sequence[str],
        columns: Sequence[str],
        legend: Sequence[tuple[Mark, str]],
        language: str,
        *,
        row: float = look.ROW,
        top: float = 0.0,
    ):
        self.blocks = [block for block in blocks if block.rows]
        self.scales, self.legend, self.row_height, self.top = scales, legend, row, top
        rows = [row for block in self.blocks for row in block.rows]
        if not 0 < len(rows) <= MOST_ROWS:
            raise MrstatsError(
                f"The chart would have {len(rows)} rows; at least one is needed and at most {MOST_ROWS} fit a page. Select fewer "
                "groups, areas or indicators, or use mr.table."
            )
        self._lay_out_columns(rows, columns)
        self.legend_lines = self._lay_out_legend()
        self.plot_top = top + _LEGEND * self.legend_lines + _LINE * max(map(len, self.heads), default=0) + 2.2
        self.bottom = self.plot_top + sum(
            look.HEADING_ROW * bool(block.heading)
            + sum(row + _LINE * (len(look.wrap(r.name, self._room())) - 1) for r in block.rows)
            for block in self.blocks
        )
        self.names = [look.wrap(name, right - left + 6, look.SMALL_SIZE) if len(scales) > 1 else [name]
                      for name, (left, right) in zip(scales, self.plots, strict=True)]  # fmt: skip
        self.height = self.bottom + _AXIS + _LINE * (max(map(len, self.names)) - 1)
        self.axes = [
            Axis.around([end for r in rows for mark in r.marks[place] for end in mark.ends], left, right, language)
            for place, (left, right) in enumerate(self.plots)
        ]
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    def _lay_out_columns(self, rows: list[Row], columns: Sequence[str]) -> None:
        """Right edges of the columns, from the right; the scales share what is left beside the names."""
        edge = look.COLUMN_WIDTH
        self.edges: list[float] = []
        self.heads = [look.wrap(head, _HEAD_MOST, look.SMALL_SIZE) if head else [] for head in columns]
        for place in reversed(range(len(columns))):
            self.edges.insert(0, edge)
            widths = [look.text_width(row.cells[place]) for row in rows]
            edge -= max([*widths, *(look.text_width(line, look.SMALL_SIZE) for line in self.heads[place])]) + _GAP
        longest = max(look.text_width(row.name) for row in rows)
        word = max(look.text_width(part) for row in rows for part in row.name.split())
        scales = len(self.scales)
        room = edge - 2 - _INDENT - _GAP - _PANEL_GAP * (scales - 1)
        # Names wrap where the plots would else be narrow, and down to their longest word where they would be too narrow.
        names = min(longest, max(_LABEL_MOST - _INDENT, room - _WIDE_PLOT * scales))
        names = min(names, max(word, room - _LEAST_PLOT * scales))
        self.left = _INDENT + names + _GAP
        width = (room - names) / scales
        if width < _LEAST_PLOT:
            raise MrstatsError(
                "The figures leave no room for the chart. Select fewer places or years, or use mr.table."
            )
        starts = [self.left + place * (width + _PANEL_GAP) for place in range(len(self.scales))]
        self.plots = [(start + 2, start + width - 2) for start in starts]

    def _room(self) -> float:
        return self.left - _INDENT - _GAP

    def _lay_out_legend(self) -> int:
        """Places of the legend's entries in lines; returns how many lines there are."""
        self.entries, x, line = [], 0.0, 0
        for mark, text in self.legend:
            width = 4.2 + look.text_width(text, look.SMALL_SIZE)
            if x and x + width > look.COLUMN_WIDTH:
                x, line = 0.0, line + 1
            self.entries.append((x, line, mark, text))
            x += width + 5
        return line + 1 if self.entries else 0

    def svg(self) -> str:
        """Draw everything, once."""
        for x, line, mark, text in self.entries:
            y = self.top + 2.4 + _LEGEND * line
            self._draw_symbol(x + 1.2, y, mark)
            self.sheet.middle(x + 3.8, y, text, size=look.SMALL_SIZE, colour=look.TEXT_2)
        for edge, head in zip(self.edges, self.heads, strict=True):
            for place, text in enumerate(reversed(head)):
                y = self.plot_top - 2.2 - _LINE * place
                self.sheet.text(edge, y, text, size=look.SMALL_SIZE, colour=look.TEXT_2, align="right")
        for axis, name, (left, right) in zip(self.axes, self.names, self.plots, strict=True):
            axis.draw(self.sheet, self.plot_top, self.bottom)
            for place, part in enumerate(name):
                name_axis(self.sheet, (left + right) / 2, self.bottom + 7.9 + _LINE * place, part)
        y = self.plot_top
        for block in self.blocks:
            y = self._draw_block(block, y)
        self.sheet.line([0, look.COLUMN_WIDTH], [self.bottom] * 2)
        return self.sheet.svg()

    def _draw_block(self, block: Block, y: float) -> float:
        self.sheet.line([0, look.COLUMN_WIDTH], [y, y])
        if block.heading:
            middle = y + look.HEADING_ROW / 2
            plate = look.text_width(block.heading, weight=look.BOLD)
            self.sheet.box(0, y + 0.4, plate + 1, look.HEADING_ROW - 0.8)  # no grid line behind the words
            self.sheet.middle(0, middle, block.heading, weight=look.BOLD, colour=look.BETTER)
            y += look.HEADING_ROW
        for row in block.rows:
            lines = look.wrap(row.name, self._room())
            height = self.row_height + _LINE * (len(lines) - 1)
            middle = y + height / 2
            for place, text in enumerate(lines):
                shift = (place - (len(lines) - 1) / 2) * _LINE
                self.sheet.middle(_INDENT, middle + shift, text)
            for edge, text in zip(self.edges, row.cells, strict=True):
                self.sheet.middle(edge, middle, text, align="right")
            for axis, marks in zip(self.axes, row.marks, strict=True):
                for mark in marks:
                    if mark.is_shown:
                        self._draw_mark(axis, mark, middle + mark.shift)
            y += height
        return y

    def _draw_mark(self, axis: Axis, mark: Mark, y: float) -> None:
        x = axis.x(mark.value)
        if mark.shape == BAR:
            zero = axis.x(0.0)
            self.sheet.box(min(x, zero), y - 1.3, abs(x - zero), 2.6, fill=mark.colour, layer=3)
            return
        if not math.isnan(mark.start):
            self.sheet.line([axis.x(mark.start), x], [y, y], colour=look.AXIS, width=look.MEAN_LINE, layer=3)
        if not math.isnan(mark.lower + mark.upper):
            ends = [axis.x(mark.lower), axis.x(mark.upper)]
            self.sheet.line(ends, [y, y], colour=mark.colour, width=look.INTERVAL_LINE, layer=4)
        self._draw_symbol(x, y, mark)

    def _draw_symbol(self, x: float, y: float, mark: Mark) -> None:
        """The mark itself, as in the plot so in the legend."""
        if mark.shape == STROKE:
            self.sheet.line([x, x], [y - 1.7, y + 1.7], colour=mark.colour, width=look.INTERVAL_LINE, layer=4)
        elif mark.shape == LINE:
            self.sheet.line([x - 2.0, x + 2.0], [y, y], colour=mark.colour, width=look.INTERVAL_LINE)
        elif mark.shape == BAR:
            self.sheet.box(x - 1.2, y - 1.3, 2.4, 2.6, fill=mark.colour)
        else:
            edge = mark.colour if mark.hollow else None
            self.sheet.mark(x, y, shape=mark.shape, fill=look.WHITE if mark.hollow else mark.colour, edge=edge)

    def notes(self, word) -> list[str]:
        """What has to be said of the scales."""
        starts = list(dict.fromkeys(axis.tick(axis.low) for axis in self.axes if axis.broken))
        if len(starts) > 1:
            return [word("axes_break", starts=f" {word('and')} ".join(starts))]
        return list(dict.fromkeys(note for axis in self.axes for note in axis.notes(word)))
