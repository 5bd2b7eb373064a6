"""How a dot-and-interval chart is drawn: a row for each group, with value, n and gap. It chooses no rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from . import look
from .axes import Axis, axis_name, name_axis
from .captions import Captions, lower_first
from .language import capital
from .schema import CITY, PER_CENT, UNRELIABLE, MrstatsError
from .selection import GEOGRAPHY, Block, Comparison, codes, is_shown, is_sure

MOST_ROWS = 42
"""Rows of 4.7 mm that fit a page together with headings, axis and caption."""

_HEADER, _AXIS, _INDENT = 6.6, 10.4, 3.0
_PLOT_LEFT, _PLOT_LEAST = 42.0, 42.0
_LETTER_GAP, _WRAPPED_LINE = 0.9, 3.9


def is_hollow(record: dict) -> bool:
    """Whether a row's mark is drawn hollow: of low reliability, or a difference that may be chance."""
    return UNRELIABLE in codes(record) or ("difference" in record and not is_sure(record))


def judging_colour(record: dict) -> str:
    """Brick for certainly worse, blue for certainly better, ink for all else; never a group's colour."""
    disadvantage = record.get("disadvantage", math.nan)
    weak = not is_sure(record) or UNRELIABLE in codes(record)
    if weak or math.isnan(disadvantage) or disadvantage == 0:
        return look.INK
    return look.WORSE if disadvantage > 0 else look.BETTER


def draw_mark(sheet: look.Sheet, axis: Axis, record: dict, y: float, *, colour: str, hollow: bool, shape="o") -> None:
    """A dot at the value and, where there is an interval, a line between its ends."""
    ends = [record["lower"], record["upper"]]
    if not any(math.isnan(end) for end in ends):
        sheet.line([axis.x(end) for end in ends], [y, y], colour=colour, width=look.INTERVAL_LINE, layer=4)
    fill, edge = (look.WHITE, colour) if hollow else (colour, None)
    sheet.mark(axis.x(record["value"]), y, shape=shape, fill=fill, edge=edge)


def draw_arrow(sheet: look.Sheet, x: float, y: float, way: str | None, *, colour: str = look.INK) -> None:
    """A triangle up (``^``) or down (``v``) for what is certain, else an arrow to the side."""
    if way:
        sheet.mark(x, y, shape=way, size=4.2, fill=colour)
    else:
        sheet.middle(x, y, "→", colour=colour, align="center")


@dataclass(frozen=True)
class _Row:
    """One line of the chart: its name, broken if long, its place and its data."""

    record: dict
    label: list[str]
    top: float
    height: float

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


class Drawing:
    """The chart laid out on a sheet: labels, plot, and the columns of value, n and difference."""

    def __init__(self, table, found: Comparison, indicator, words: Captions):
        self.table, self.found, self.indicator, self.words = table, found, indicator, words
        self.has_gaps = "difference" in table
        self.has_n = any(not math.isnan(record.get("n", math.nan)) for record in found.records)
        self.references = [_reference(table, block, found.whole, words, indicator) for block in found.blocks]
        self.one_reference = len({(name, value) for name, value in self.references if value is not None}) == 1
        self._lay_out_columns()
        self._lay_out_rows()
        ends = [record[end] for record in found.records for end in ("value", "lower", "upper")]
        ends += [value for _, value in self.references if value is not None]
        self.axis = Axis.around(ends, self.plot_left, self.plot_right, words.language)
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    @property
    def whole(self) -> tuple[str, float] | None:
        """Name and value of what every row is compared with, where that is the same for all."""
        known = [(name, value) for name, value in self.references if value is not None]
        return known[0] if self.one_reference else None

    def _lay_out_columns(self) -> None:
        """Right edges of the columns from the right, then the room that is left for the plot."""
        word, width = self.words.word, look.text_width
        edge, self.edges = look.COLUMN_WIDTH, {}
        if self.has_gaps:
            self.edges["difference"] = edge
            self.arrow = edge - self._widest("difference", look.BOLD) - 3.2
            edge -= (
                max(
                    self._widest("difference", look.BOLD) + 6.4,
                    width(self._difference_head(), look.SMALL_SIZE),
                )
                + 4
            )
        if self.has_n:
            self.edges["n"] = edge
            edge -= max(self._widest("n"), width(word("persons"), look.SMALL_SIZE)) + 4
        self.edges["value"] = edge
        self.plot_right = edge - max(self._widest("value"), width(self._value_head(), look.SMALL_SIZE)) - 6
        labels = [self._name(block, record) for block in self.found.blocks for record in block.records]
        need = max(width(label) for label in labels) + _INDENT + 5
        self.plot_left = min(max(need, _PLOT_LEFT), max(_PLOT_LEFT, self.plot_right - _PLOT_LEAST))

    def _lay_out_rows(self) -> None:
        """Headings and rows from the top down; a name too long for its column takes another line."""
        self.rows: list[_Row] = []
        self.headings: list[float] = []
        count = sum(len(block.records) for block in self.found.blocks)
        y = _HEADER
        for block in self.found.blocks:
            self.headings.append(y)
            y += look.HEADING_ROW
            for record in block.records:
                label = look.wrap(self._name(block, record), self.plot_left - _INDENT - 5)
                height = look.ROW + _WRAPPED_LINE * (len(label) - 1)
                self.rows.append(_Row(record, label, y, height))
                y += height
            y += 0.5
        self.bottom = y
        self.height = y + _AXIS
        if count > MOST_ROWS:
            raise MrstatsError(
                f"The chart would have {count} rows; at most {MOST_ROWS} fit a page. "
                "Chart fewer factors, a coarser level of areas, or use mr.table or mr.map."
            )

    def _name(self, block: Block, record: dict) -> str:
        if block.factor == GEOGRAPHY:
            return self.words.area(block.level, record[GEOGRAPHY])
        return capital(self.words.group(block.factor, record[block.factor]))

    def _widest(self, field: str, weight: int = look.REGULAR) -> float:
        return max(look.text_width(self._text(record, field), weight=weight) for record in self.found.records)

    def _text(self, record: dict, field: str) -> str:
        return self.words.figure(record, field, self.indicator)

    def _value_head(self) -> str:
        proportion = self.indicator.measure in PER_CENT
        return self.words.word("map_per_cent" if proportion else f"figure_{self.indicator.measure}")

    def _difference_head(self) -> str:
        return self.words.word("difference_points" if self.indicator.measure in PER_CENT else "difference")

    def svg(self) -> str:
        """Draw everything, once."""
        self._draw_header()
        self._draw_axis()
        self._draw_references()
        for block, top in zip(self.found.blocks, self.headings, strict=True):
            self._draw_heading(block, top)
        for row in self.rows:
            self._draw_row(row)
        return self.sheet.svg()

    def _draw_header(self) -> None:
        heads = {
            "value": self._value_head(),
            "n": self.words.word("persons"),
            "difference": self._difference_head(),
        }
        for column, edge in self.edges.items():
            self.sheet.text(edge, 3.2, heads[column], size=look.SMALL_SIZE, colour=look.TEXT_2, align="right")

    def _draw_axis(self) -> None:
        self.axis.draw(self.sheet, _HEADER - 0.8, self.bottom)
        self.sheet.line([0, look.COLUMN_WIDTH], [self.bottom] * 2)
        middle = (self.plot_left + self.plot_right) / 2
        name_axis(self.sheet, middle, self.bottom + 7.9, axis_name(self.words, self.indicator))

    def _draw_references(self) -> None:
        """Dashed lines: the whole through all blocks, or each block's comparison group through that block."""
        dash: dict = {"colour": look.INK, "width": look.MEAN_LINE, "dash": (4, 2), "layer": 3}
        if self.whole:
            name, value = self.whole
            x = self.axis.x(value)
            self.sheet.line([x, x], [4.4, self.bottom], **dash)
            label = f"{capital(name)} {self.words.value(value, self.indicator)}"
            half = look.text_width(label, weight=look.SEMIBOLD) / 2
            first_edge = self.edges["value"] - look.text_width(self._value_head(), look.SMALL_SIZE) - 2
            place = max(half, min(x, first_edge - half))
            self.sheet.text(place, 3.2, label, weight=look.SEMIBOLD, align="center")
            return
        ends = [*self.headings[1:], self.bottom]
        for (_, known), top, end in zip(self.references, self.headings, ends, strict=True):
            if known is not None:
                x = self.axis.x(known)
                self.sheet.line([x, x], [top + look.HEADING_ROW, end], **dash)

    def _draw_heading(self, block: Block, top: float) -> None:
        self.sheet.line([0, look.COLUMN_WIDTH], [top, top], layer=2)
        name = capital(self.words.dimension(block.factor, block.level))
        middle = top + look.HEADING_ROW / 2
        self.sheet.middle(0, middle, name, weight=look.BOLD, colour=look.BETTER)
        reference, value = self.references[self.found.blocks.index(block)]
        if not self.one_reference and value is not None:
            against = f"{reference} {self.words.value(value, self.indicator)}"
            x = look.text_width(name, weight=look.BOLD) + 2
            self.sheet.middle(x, middle, self.words.word("against", reference=against),
                              size=look.SMALL_SIZE, colour=look.TEXT_2)  # fmt: skip

    def _draw_row(self, row: _Row) -> None:
        record, y = row.record, row.middle
        sure = is_sure(record)
        colour = judging_colour(record)
        for place, line in enumerate(row.label):
            shift = (place - (len(row.label) - 1) / 2) * _WRAPPED_LINE
            self.sheet.middle(_INDENT, y + shift, line)
        self.sheet.middle(self.edges["value"], y, self._text(record, "value"), align="right")
        letters = self.words.letters([record])
        if letters:
            self.sheet.middle(self.edges["value"] + _LETTER_GAP, y, letters, size=look.LEAST_SIZE, colour=look.TEXT_2)
        if self.has_n:
            text = self._text(record, "n")
            self.sheet.middle(self.edges["n"], y, text, align="right", colour=look.TEXT_2)
        if self.has_gaps:
            text, weight = self._text(record, "difference"), look.BOLD if sure else look.REGULAR
            muted = colour if sure else look.TEXT_2
            self.sheet.middle(self.edges["difference"], y, text, align="right", weight=weight, colour=muted)
            if sure:
                draw_arrow(self.sheet, self.arrow, y, "^" if record["difference"] > 0 else "v", colour=colour)
        if is_shown(record):
            draw_mark(self.sheet, self.axis, record, y, colour=colour, hollow=is_hollow(record))

    def notes(self) -> list[str]:
        """Explanations of exactly the marks that are drawn."""
        word, records = self.words.word, self.found.records
        shown = [record for record in records if is_shown(record)]
        notes = []
        if self.has_gaps:
            notes.append(word("dots_explained", reference=self._compared_with()))
        elif any(UNRELIABLE in codes(record) for record in shown):
            notes.append(word("hollow_explained"))
        if self.has_gaps and self.indicator.measure in PER_CENT:
            notes.append(word("points_explained"))
        notes += self.axis.notes(word)
        fields = [field for field in ("value", "n", "difference") if field in self.edges]
        cells = {self._text(record, field) for record in records for field in fields}
        return notes + self.words.notes(cells, [self.words.letters(shown)])

    def _compared_with(self) -> str:
        return self.whole[0] if self.whole else self.words.word("the_reference_group")


def _reference(table, block: Block, whole, words, indicator) -> tuple[str, float | None]:
    """Name, as inside a sentence, and value of what a block is compared with."""
    if "reference_value" not in table:
        if whole is None:
            return "", None
        name = words.area(whole["geography_level"], whole[GEOGRAPHY])
        value = whole["value"] if is_shown(whole) else None
        return lower_first(name) if whole["geography_level"] == CITY else name, value
    records = [record for record in block.records if not math.isnan(record["reference_value"])]
    if len({(record["reference"], record["reference_value"]) for record in records}) != 1:
        return "", None
    named = words.reference(records, indicator)
    return named[0] if named else "", records[0]["reference_value"]
