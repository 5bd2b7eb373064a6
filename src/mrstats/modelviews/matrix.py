"""A matrix of states: rows of names, a box for each column, filled or patterned, with sums beside and under. No data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import look
from ..mappanel import fill_pattern
from ..schema import MrstatsError

MOST_ROWS = 34
"""Rows that fit a page together with the heads, the legend and the caption."""

_NAMES, _SUM, _BOX, _GAP, _LINE, _LEGEND = 44.0, 13.0, 4.3, 0.9, 3.7, 5.6
_HEAD_AIR, _FOOT = 1.6, 5.6


@dataclass(frozen=True)
class State:
    """How a box looks: its fill, or else its pattern ("unreliable", "hidden" or "missing"), its word and what that means."""

    word: str
    meaning: str
    fill: str = ""
    pattern: str = ""


@dataclass(frozen=True)
class MatrixRow:
    """A name, the state of each column, and the sum on the right."""

    name: str
    states: tuple[str, ...]
    total: str


class Matrix:
    """Blocks of rows, each under a heading unless it is empty, drawn at the column's width.

    Parameters
    ----------
    blocks : sequence of (str, sequence of MatrixRow)
    columns : sequence of str
    states : mapping of str to State
        Those that occur are explained under the matrix, in this order.
    sums : (str, str, sequence of str)
        Head of the sums on the right, name of the sums below, and these.

    Raises
    ------
    MrstatsError
        If there are no rows, more than fit a page, or too many columns.
    """

    def __init__(
        self,
        blocks: Sequence[tuple[str, Sequence[MatrixRow]]],
        columns: Sequence[str],
        states: Mapping[str, State],
        sums: tuple[str, str, Sequence[str]],
    ):
        rows = [row for _, held in blocks for row in held]
        if not 0 < len(rows) <= MOST_ROWS:
            raise MrstatsError(
                f"The matrix would have {len(rows)} rows; at least one is needed and at most {MOST_ROWS} fit a page. Select fewer "
                "indicators or levels, or use mr.table."
            )
        self.blocks, self.sums = [(heading, list(held)) for heading, held in blocks if held], sums
        self.states = {name: state for name, state in states.items() if any(name in row.states for row in rows)}
        self.width = (look.COLUMN_WIDTH - _NAMES - _SUM) / len(columns)
        if self.width < max(look.text_width(state.word, look.SMALL_SIZE) for state in self.states.values()) + _GAP:
            raise MrstatsError(f"{len(columns)} columns leave no room for their words. Select fewer, or use mr.table.")
        self.heads = [self._head(name) for name in columns]
        self.top = _LINE * max(map(len, self.heads)) + _HEAD_AIR
        self.bottom = self.top + sum(
            look.HEADING_ROW * bool(heading) + sum(self._height(row) for row in held) for heading, held in self.blocks
        )
        self._lay_out_legend()
        self.height = self.bottom + _FOOT + _LEGEND * self.legend_lines + 0.6
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    def _head(self, name: str) -> list[str]:
        room = self.width - 0.4
        parts = [part for word in name.split(" ") for part in look.hyphenated(word, room, look.SMALL_SIZE)]
        return look.wrap(" ".join(parts), room, look.SMALL_SIZE)

    def _lines(self, row: MatrixRow) -> list[str]:
        return look.wrap(row.name, _NAMES - 3)

    def _height(self, row: MatrixRow) -> float:
        return max(_BOX + _GAP, _LINE * len(self._lines(row)) + _GAP)

    def _lay_out_legend(self) -> None:
        self.entries, x, line = [], 0.0, 0
        for state in self.states.values():
            width = 8.5 + look.text_width(state.meaning, look.SMALL_SIZE)
            if x and x + width > look.COLUMN_WIDTH:
                x, line = 0.0, line + 1
            self.entries.append((x, line, state))
            x += width + 5
        self.legend_lines = line + 1

    def svg(self) -> str:
        """Draw everything, once."""
        import shapely

        small = {"size": look.SMALL_SIZE, "colour": look.TEXT_2}
        for place, lines in enumerate(self.heads):
            for up, text in enumerate(reversed(lines)):
                self.sheet.text(self._middle(place), self.top - _HEAD_AIR - _LINE * up, text, size=look.SMALL_SIZE,
                                align="center")  # fmt: skip
        right = look.COLUMN_WIDTH - 0.4
        for up, text in enumerate(reversed(look.wrap(self.sums[0], _SUM - 1, look.SMALL_SIZE))):
            self.sheet.text(right, self.top - _HEAD_AIR - _LINE * up, text, align="right", **small)
        patterned: dict[str, list] = {}
        y = self.top
        for heading, held in self.blocks:
            if heading:
                self.sheet.middle(0, y + look.HEADING_ROW / 2, heading, weight=look.BOLD, colour=look.BETTER)
                y += look.HEADING_ROW
            for row in held:
                y = self._draw_row(row, y, patterned)
        foot = self.bottom + 3.4
        self.sheet.text(0, foot, self.sums[1], **small)
        for place, text in enumerate(self.sums[2]):
            self.sheet.text(self._middle(place), foot, text, size=look.SMALL_SIZE, align="center")
        for x, line, state in self.entries:
            y = self.bottom + _FOOT + _LEGEND * line + 0.6
            self._box(state, x + 0.2, y, 7.0, patterned)
            self.sheet.middle(x + 8.5, y + _BOX / 2, state.meaning, **small)
        for pattern, boxes in patterned.items():
            fill_pattern(self.sheet, shapely.MultiPolygon(boxes), pattern)
        return self.sheet.svg()

    def _middle(self, place: int) -> float:
        return _NAMES + self.width * (place + 0.5)

    def _draw_row(self, row: MatrixRow, y: float, patterned: dict[str, list]) -> float:
        lines, height = self._lines(row), self._height(row)
        middle = y + (height - _GAP) / 2
        for place, text in enumerate(lines):
            self.sheet.middle(0, middle + (place - (len(lines) - 1) / 2) * _LINE, text)
        for place, name in enumerate(row.states):
            left = _NAMES + self.width * place + _GAP / 2
            self._box(self.states[name], left, middle - _BOX / 2, self.width - _GAP, patterned, written=True)
        self.sheet.middle(look.COLUMN_WIDTH - 0.4, middle, row.total, align="right")
        return y + height

    def _box(
        self, state: State, x: float, y: float, width: float, patterned: dict[str, list], *, written=False
    ) -> None:
        import shapely

        if state.fill:
            self.sheet.box(x, y, width, _BOX, fill=state.fill, edge=look.HATCH, line=look.PATTERN_LINE, layer=2)
        else:
            patterned.setdefault(state.pattern, []).append(shapely.box(x, y, x + width, y + _BOX))
        if written:
            room = look.text_width(state.word, look.SMALL_SIZE) + 1.0
            if not state.fill and state.pattern != "missing":  # a plate, so that the word stands clear of the pattern
                self.sheet.box(x + (width - room) / 2, y + 0.6, room, _BOX - 1.2, layer=3)
            colour = look.text_on(state.fill) if state.fill else look.INK
            self.sheet.middle(
                x + width / 2, y + _BOX / 2, state.word, size=look.SMALL_SIZE, colour=colour, align="center"
            )
