"""Charts of factors together, or of a factor and areas: small multiples on one scale, the whole first."""

from __future__ import annotations

import math
from dataclasses import dataclass

from . import look
from .axes import MOST_PANELS, Axis, axis_name, name_axis, panel_places
from .captions import Captions, lower_first
from .chartdrawing import draw_mark, is_hollow, judging_colour
from .language import capital
from .schema import CANNOT_EXIST, CITY, CONFIDENTIAL, TARGET, TOTAL, UNPLACED, UNRELIABLE, MrstatsError, has_status
from .selection import GEOGRAPHY, codes, free_factors, is_shown

MOST_HEIGHT = 205.0
"""Millimetres that a figure may take of a page."""

_LINE, _MARK, _PADDING, _LEAST_PANEL, _LABELS = 3.9, 3.9, 1.8, 14.5, 34.0


@dataclass(frozen=True)
class Crossing:
    """Which row of the data stands in which panel, on which line and, for a third dimension, as which mark."""

    panel_by: str
    row_by: str
    mark_by: str
    level: str
    panels: tuple[str, ...]
    rows: tuple[str, ...]
    marks: tuple[str, ...]
    cells: dict[tuple[str, str, str], dict]
    whole: dict | None
    compared: str
    has_unplaced: bool

    @property
    def records(self) -> list[dict]:
        """All rows that are drawn."""
        return list(self.cells.values())

    @property
    def dimensions(self) -> list[str]:
        """What the chart is split by: rows, marks, panels."""
        return [name for name in (self.row_by, self.mark_by, self.panel_by) if name]

    @property
    def inner(self) -> list[dict]:
        """The rows outside the panel of the whole: none of them holds another."""
        rows = [record for (panel, _, _), record in self.cells.items() if panel != TOTAL]
        return [record for record in rows if "reference_only" not in record]


def cross(table, words: Captions) -> Crossing | None:
    """The small multiples of one indicator and year, or None when no two dimensions vary together.

    Areas are panels when at most eight fit beside the city; of two factors the one named last is. Of three
    dimensions the factor with fewest groups, at most four, is drawn as marks. Of several comparisons in a table
    of gaps the one inside the panels is drawn.
    """
    levels = set(table["geography_level"]) - {CITY}
    areas = [GEOGRAPHY] if table[GEOGRAPHY].nunique() > 1 else []
    names = [*free_factors(table), *areas]
    away = sum((_codes(table, name) != TOTAL).astype(int) for name in names)
    if len(names) not in (2, 3) or len(levels) > 1 or not (away == len(names)).any():
        return None
    level = levels.pop() if levels else CITY
    unplaced = table[GEOGRAPHY] == UNPLACED
    table = table[~has_status(table["status"], CANNOT_EXIST) & ~unplaced]
    groups = {name: _ordered(set(_codes(table, name)), name, level, words) for name in names}
    mark, row, panel = _roles(names, groups)
    compared = next((name for name in (row, mark, panel) if name in set(table.get("factor", ()))), "")
    cells: dict[tuple[str, str, str], dict] = {}
    whole = None
    for record in table.to_dict("records"):
        key = (_code(record, panel), _code(record, row), _code(record, mark) if mark else TOTAL)
        if record.get("factor", "") != compared:
            continue
        if key == (TOTAL,) * 3:
            whole = record
        elif key[1] != TOTAL and (not mark or key[2] != TOTAL):
            cells[key] = record
            if (
                compared == panel and record["reference"] != TARGET
            ):  # the row it is compared with has a panel of its own
                cells.setdefault((_reference_code(record, words), *key[1:]), _as_reference(record))
    present = {panel for panel, _, _ in cells}
    crossing = Crossing(
        panel, row, mark, level,
        (*[TOTAL] * (TOTAL in present), *_ordered(present, panel, level, words)),
        tuple(_by_value(groups[row], cells) if row == GEOGRAPHY else groups[row]),
        tuple(groups[mark]) if mark else (TOTAL,),
        cells, whole, compared, bool(unplaced.any()),
    )  # fmt: skip
    if len(crossing.panels) > MOST_PANELS or len(crossing.marks) > len(look.GROUPS):
        raise MrstatsError(
            f"The chart would have {len(crossing.panels)} panels with {len(crossing.marks)} marks a line; at most "
            f"{MOST_PANELS} panels with {len(look.GROUPS)} marks can be told apart. Select fewer groups or areas, "
            "break down with crossed=False to compare one factor at a time, or use mr.table."
        )
    return crossing


def _code(record: dict, name: str) -> str:
    return TOTAL if name == GEOGRAPHY and record["geography_level"] == CITY else record[name]


def _codes(table, name: str):
    return table[name].where(table["geography_level"] != CITY, TOTAL) if name == GEOGRAPHY else table[name]


def _ordered(present: set[str], name: str, level: str, words: Captions) -> list[str]:
    order = list(words.area_order(level)) if name == GEOGRAPHY else words.group_order(name)
    return [code for code in order if code in present and code not in (TOTAL, UNPLACED)]


def _roles(names: list[str], groups: dict[str, list[str]]) -> tuple[str, str, str]:
    """The dimension of the marks (empty for two dimensions), of the rows and of the panels."""
    mark = ""
    if len(names) == 3:
        mark = min((name for name in reversed(names) if name != GEOGRAPHY), key=lambda name: len(groups[name]))
    row, panel = (name for name in names if name != mark)
    if len(groups[panel]) >= MOST_PANELS > len(groups[row]):
        row, panel = panel, row
    return mark, row, panel


def _by_value(areas: list[str], cells: dict) -> list[str]:
    """Areas from the highest value of everyone, hidden ones last in their own order."""
    values = {code: cells.get((TOTAL, code, TOTAL), {}).get("value", math.nan) for code in areas}
    return sorted(areas, key=lambda code: (math.isnan(values[code]), -values[code], areas.index(code)))


def _reference_code(record: dict, words: Captions) -> str:
    """The group or area that a row of gaps is compared with, the total for everyone."""
    return TOTAL if record["reference"] in ("total", words.city.municipality) else record["reference"]


def _as_reference(record: dict) -> dict:
    """What a row of gaps knows of the row it is compared with: its value and no more."""
    value = record["reference_value"]
    status = CONFIDENTIAL if math.isnan(value) else ""
    named = {name: record[name] for name in ("indicator", "year")}
    return {**named, "value": value, "lower": math.nan, "upper": math.nan, "status": status, "reference_only": True}


class CrossedDrawing:
    """The small multiples laid out on a sheet: legend, panels with their rows, one axis for all."""

    def __init__(self, table, found: Crossing, indicator, words: Captions):
        self.table, self.found, self.indicator, self.words = table, found, indicator, words
        self.has_gaps = bool(found.compared)
        self.whole = self._whole()
        names = [self._name(found.row_by, code) for code in found.rows]
        self.left = min(_LABELS, max(look.text_width(name) for name in [*names, self._head()]) + 4)
        self.labels = [look.wrap(name, self.left - 4) for name in names]
        least = _MARK * len(found.marks) + _PADDING
        self.heights = [max(least, _LINE * len(label) + 0.9) for label in self.labels]
        ends = [record[end] for record in found.records for end in ("value", "lower", "upper")]
        ends += [reference for record in found.records if (reference := self._reference(record)) is not None]
        narrow = Axis.around(ends, 0, _LEAST_PANEL, words.language)
        tick = max(look.text_width(narrow.tick(end), look.SMALL_SIZE) for end in (narrow.low, narrow.high))
        gap = max(5.0, tick + 1)
        self.places = panel_places(len(found.panels), self.left, least=_LEAST_PANEL, gap=gap)
        self.axes = [Axis.around(ends, left, right, words.language) for _, left, right in self.places]
        self.titles = [
            look.wrap(self._name(found.panel_by, code), axis.right - axis.left + gap - 1, weight=look.BOLD)
            for code, axis in zip(found.panels, self.axes, strict=True)
        ]
        self.heading = _LINE * max(len(title) for title in self.titles) + 1.6
        self.legend = self._legend()
        self.top = 6.4 * bool(self.legend)
        self.tier = self.heading + sum(self.heights) + 5.4
        self.height = self.top + self.tier * (1 + self.places[-1][0]) + 6.4
        if self.height > MOST_HEIGHT:
            raise MrstatsError(
                f"The chart would be {self.height:.0f} mm high; a page holds {MOST_HEIGHT:.0f}. "
                "Select fewer groups or areas, or use mr.table."
            )
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    def _name(self, dimension: str, code: str) -> str:
        if dimension == GEOGRAPHY:
            return self.words.area(CITY if code == TOTAL else self.found.level, code)
        return capital(self.words.group(dimension, code))

    def _head(self) -> str:
        return capital(self.words.dimension(self.found.row_by, self.found.level))

    def _whole(self) -> tuple[str, float] | None:
        """Name, as inside a sentence, and value of everyone together, where the table has them."""
        whole = self.found.whole
        if whole is None or self.has_gaps or not is_shown(whole):
            return None
        name = self.words.area(whole["geography_level"], whole[GEOGRAPHY])
        return lower_first(name) if whole["geography_level"] == CITY else name, whole["value"]

    def _reference(self, record: dict) -> float | None:
        """What a row is compared with: in a table of gaps its own reference, else everyone."""
        value = record.get("reference_value", self.whole[1] if self.whole else math.nan)
        return None if math.isnan(value) or "reference_only" in record else value

    def _reference_name(self) -> str:
        """The name, as inside a sentence, of what the rows are compared with."""
        found, word = self.found, self.words.word
        if not self.has_gaps:
            return word("crossing_everyone", whole=self.whole[0]) if self.whole else ""
        record = next(record for record in found.records if "reference" in record)
        code = _reference_code(record, self.words)
        if code == TARGET:
            return word("the_target")
        if found.compared == found.panel_by:
            return word("crossing_same_row", panel=self._name(found.panel_by, code))
        if code == TOTAL:
            return word("crossing_inside")
        areas = found.compared == GEOGRAPHY
        name = self.words.area(found.level, code) if areas else self.words.group(found.compared, code)
        return word("crossing_inside_group", group=name)

    def _legend(self) -> list[tuple[str, str, str]]:
        """Shape, colour and name of what the panels hold: groups, then the dashed line."""
        groups = [
            (*self._style(code), self._name(self.found.mark_by, code)) for code in self.found.marks if code != TOTAL
        ]
        name = capital(self._reference_name())
        if self.whole:
            name = f"{name} {self.words.value(self.whole[1], self.indicator)}"
        return [(shape, colour, text) for colour, shape, text in groups] + [("", look.INK, name)] * bool(name)

    def _style(self, code: str) -> tuple[str, str]:
        """Colour and shape of a group: the same in every chart of the factor."""
        place = self.words.group_order(self.found.mark_by).index(code)
        return look.GROUPS[place if place < len(look.GROUPS) else self.found.marks.index(code)]

    def svg(self) -> str:
        """Draw everything, once."""
        self._draw_legend()
        for panel, (tier, left, right) in enumerate(self.places):
            top = self.top + tier * self.tier + self.heading
            if left == self.places[0][1]:
                self._draw_labels(top)
            self._draw_panel(panel, left, right, top)
        middle = (self.places[0][1] + max(right for _, _, right in self.places)) / 2
        name_axis(self.sheet, middle, self.height - look.UNDER_LAST_BASELINE, axis_name(self.words, self.indicator))
        return self.sheet.svg()

    def _draw_legend(self) -> None:
        x = self.left if self.found.mark_by else self.places[0][1]
        for shape, colour, text in self.legend:
            if shape:
                self.sheet.mark(x + 1, 2.4, shape=shape, fill=colour)
            else:
                self.sheet.line([x, x + 7], [2.4, 2.4], colour=look.INK, width=look.MEAN_LINE, dash=(4, 2))
            x += 3 if shape else 8.6
            weight = look.SEMIBOLD if shape else look.REGULAR
            self.sheet.middle(x, 2.4, text, weight=weight, colour=colour if shape else look.TEXT_2)
            x += look.text_width(text, weight=weight) + 5

    def _draw_labels(self, top: float) -> None:
        """Names of the rows, and the rules between them."""
        self.sheet.text(0, top - 1.6, self._head(), size=look.SMALL_SIZE, colour=look.TEXT_2)
        for label, height in zip(self.labels, self.heights, strict=True):
            self.sheet.line([0, look.COLUMN_WIDTH], [top, top], layer=2)
            for place, line in enumerate(label):
                self.sheet.middle(0, top + height / 2 + (place - (len(label) - 1) / 2) * _LINE, line)
            top += height
        self.sheet.line([0, look.COLUMN_WIDTH], [top, top], layer=2)

    def _draw_panel(self, panel: int, left: float, right: float, top: float) -> None:
        code, axis, bottom = self.found.panels[panel], self.axes[panel], top + sum(self.heights)
        for place, line in enumerate(reversed(self.titles[panel])):
            self.sheet.text((left + right) / 2, top - 1.6 - place * _LINE, line, weight=look.BOLD, align="center")
        if code == TOTAL:
            self.sheet.box(left - 2, top, right - left + 4, bottom - top, fill=look.PANEL, layer=0)
        axis.draw(self.sheet, top, bottom)
        own = [record for (of, _, _), record in self.found.cells.items() if of == code]
        lines = {value for record in own if (value := self._reference(record)) is not None}
        if len(lines) == 1:
            self._draw_reference(axis, lines.copy().pop(), top, bottom, look.INK)
        for row, height in zip(self.found.rows, self.heights, strict=True):
            for place, mark in enumerate(self.found.marks):
                y = top + height / 2 + (place - (len(self.found.marks) - 1) / 2) * _MARK
                if record := self.found.cells.get((code, row, mark)):
                    colour, shape = self._style(mark) if mark != TOTAL else (judging_colour(record), "o")
                    reference = self._reference(record)
                    if len(lines) > 1 and reference is not None:  # a stroke each, where they differ inside the panel
                        half = height / 2 if len(self.found.marks) == 1 else _MARK / 2
                        self._draw_reference(axis, reference, y - half, y + half, look.INK if mark == TOTAL else colour)
                    self._draw_cell(record, axis, y, colour, shape)
            top += height

    def _draw_reference(self, axis: Axis, value: float, top: float, bottom: float, colour: str) -> None:
        x = axis.x(value)
        self.sheet.line([x, x], [top, bottom], colour=colour, width=look.MEAN_LINE, dash=(4, 2), layer=3)

    def _draw_cell(self, record: dict, axis: Axis, y: float, colour: str, shape: str) -> None:
        """The mark with its interval and letters, or the symbol of a row that is not shown."""
        reference = self._reference(record)
        if is_shown(record):
            hollow = is_hollow(record) and "reference_only" not in record
            draw_mark(self.sheet, axis, record, y, colour=colour, hollow=hollow, shape=shape)
            ends = [record[end] for end in ("value", "lower", "upper") if not math.isnan(record[end])]
            before = reference is not None and reference >= record["value"]  # letters keep off the dashed line
            x, align = (axis.x(min(ends)) - 1.6, "right") if before else (axis.x(max(ends)) + 1.6, "left")
            letters = self._letters(record)
            self.sheet.middle(x, y, letters, size=look.LEAST_SIZE, colour=look.TEXT_2, align=align)
            return
        x = (axis.left + axis.right) / 2
        x -= 4.0 * (reference is not None and abs(axis.x(reference) - x) < 3)
        text = self.words.figure(record, "value", self.indicator)
        self.sheet.middle(x, y, text, weight=look.BOLD, align="center", colour=colour)

    def _letters(self, record: dict) -> str:
        """Status letters; low reliability is said by the hollow mark."""
        return " ".join(letter for letter in self.words.letters([record]).split() if letter != UNRELIABLE)

    def notes(self) -> list[str]:
        """Explanations of exactly the marks that are drawn."""
        word, records = self.words.word, self.found.records
        notes = []
        if self.has_gaps:
            judged = {judging_colour(record) for record in records} - {look.INK} and not self.found.mark_by
            key = "crossing_explained_judged" if judged else "crossing_explained"
            notes.append(word(key, reference=self._reference_name()))
        elif any(UNRELIABLE in codes(record) for record in records if is_shown(record)):
            notes.append(word("hollow_explained"))
        notes += self.axes[0].notes(word)
        notes += [word("unplaced_in_whole")] * self.found.has_unplaced
        symbols = {self.words.figure(r, "value", self.indicator) for r in records if not is_shown(r)}
        return notes + self.words.notes(symbols, [self._letters(record) for record in records])
