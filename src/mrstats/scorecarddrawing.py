"""How a scorecard is drawn: a row for each indicator, a cell for each factor, a legend below. It chooses no title."""

from __future__ import annotations

import math

from . import look
from .captions import CANNOT_EXIST as CANNOT
from .captions import HIDDEN, Captions
from .chartdrawing import draw_arrow
from .language import EN_DASH, capital, number
from .mapclasses import CLASSES, Classes
from .mappanel import fill_pattern
from .schema import CANNOT_EXIST, CONFIDENTIAL, NOT_COLLECTED, PER_CENT, MrstatsError
from .selection import GEOGRAPHY, codes

MOST_HEIGHT = 205.0
"""Millimetres that a figure may take of a page."""

_LINE, _CELL, _GAP, _PAD, _LEAST_CELL = 3.9, 8.4, 0.8, 1.0, 15.6
_SPARK, _LEAST_LABEL, _LABEL, _LEGEND_ROW = 14.0, 24.0, 29.0, 5.6
_DOTS, _DOT_STEP = 6.0, 1.9
_LIMITS = (Classes((5.0, 10.0, 20.0, 30.0), 1), Classes((1.0, 2.0, 3.0, 5.0), 1))
"""Classes of gaps in percentage points, the same every year; the second where no gap reaches the first limit."""

_ARROWS = {"grows": "^", "shrinks": "v", "unsure": None}


class ScorecardDrawing:
    """The cells of a scorecard laid out on a sheet, a row for each indicator and a column for each factor."""

    def __init__(self, table, words: Captions):
        self.words, self.records = words, table.to_dict("records")
        self.factors = list(dict.fromkeys(table["factor"]))
        self.indicators = [words.indicator(name) for name in dict.fromkeys(table["indicator"])]
        self.cells = {(record["indicator"], record["factor"]): record for record in self.records}
        if not self.records or len(self.cells) != len(self.records):
            raise MrstatsError(
                f"The scorecard has {len(self.records)} rows for {len(self.cells)} pairs of indicator and factor. "
                "Keep one row for each pair, as mr.scorecard returns them."
            )
        self.years = sorted({int(year) for record in self.records for year in record["years"]})
        gaps = [abs(record["gap"]) for record in self.records if self.in_points(record) and self.is_known(record)]
        self.classes = _LIMITS[bool(gaps) and max(gaps) < _LIMITS[0].limits[0]]
        self._lay_out()
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    def is_known(self, record: dict) -> bool:
        """Whether a cell has a gap to show."""
        return not math.isnan(record["gap"])

    def in_points(self, record: dict) -> bool:
        """Whether a gap is in percentage points, so that it can be compared with others."""
        return self.words.indicator(record["indicator"]).measure in PER_CENT

    def name(self, factor: str) -> str:
        """The name of a factor, without what it adds after a comma."""
        if factor != GEOGRAPHY:
            return self.words.dimension(factor).split(",")[0]
        levels = {record["geography_level"] for record in self.records
                  if record["factor"] == factor and record.get("geography_level") in self.words.city.geographies}  # fmt: skip
        return self.words.dimension(GEOGRAPHY, levels.pop()) if len(levels) == 1 else self.words.word("scorecard_area")

    # Layout

    def _lay_out(self) -> None:
        """Widths from the right: cells, sparkline, level; the rest is the name's; then heights of the rows."""
        width = look.text_width
        levels = max(width(self._level(indicator)) for indicator in self.indicators)
        level_room = max(levels, 9.0) + 2
        room = look.COLUMN_WIDTH - _LEAST_LABEL - level_room - _SPARK - 3
        if _LEAST_CELL * len(self.factors) > room:
            raise MrstatsError(
                f"A scorecard of {len(self.factors)} factors is too wide for a page; {int(room / _LEAST_CELL)} fit. "
                'Choose fewer, as in table[table["factor"].isin([...])].'
            )
        self.cell = min(21.0, (look.COLUMN_WIDTH - _LABEL - level_room - _SPARK - 3) / len(self.factors))
        self.cell = max(_LEAST_CELL, self.cell)
        self.first = look.COLUMN_WIDTH - self.cell * len(self.factors)
        self.spark = (self.first - 3 - _SPARK, self.first - 3)
        self.level_edge = self.spark[0] - 3
        self.label_width = self.level_edge - levels - 2
        self.heads = [self._head(factor) for factor in self.factors]
        self.top = 4.0 + 3.6 * (max(2, *(len(head) for head in self.heads)) - 1) + 2.6
        y, self.rows = self.top + _GAP, []
        for indicator in self.indicators:
            label = look.wrap(indicator.label[self.words.language], self.label_width)
            tall = any(self._stacked(self.cells.get((indicator.name, factor))) for factor in self.factors)
            height = max(_CELL + _LINE * tall, _LINE * len(label) + 1.2)
            self.rows.append((indicator, label, y, height, tall))
            y += height + _GAP
        self.bottom = y
        self.height = y + 1.5 + _LEGEND_ROW * 3 + look.UNDER_LAST_BASELINE
        if self.height > MOST_HEIGHT:
            raise MrstatsError(
                f"The scorecard would be {self.height:.0f} mm high; {MOST_HEIGHT:.0f} fit a page. "
                "Choose fewer of its indicators, or make one scorecard for each theme."
            )

    def _head(self, factor: str) -> list[str]:
        """The name of a factor in lines of the cell's width; a longer word is divided."""
        words = [look.hyphenated(part, self.cell - 0.8, look.SMALL_SIZE, look.SEMIBOLD)
                 for part in capital(self.name(factor)).split()]  # fmt: skip
        lines: list[str] = []
        for first, *rest in words:
            longer = f"{lines[-1]} {first}" if lines else first
            if lines and look.text_width(longer, look.SMALL_SIZE, look.SEMIBOLD) <= self.cell - 0.8:
                lines[-1] = longer
            else:
                lines.append(first)
            lines += rest
        return lines

    def _level(self, indicator) -> str:
        record = self._whole(indicator)
        return HIDDEN if record is None else self.words.value(record["level"], indicator)

    def _whole(self, indicator) -> dict | None:
        """A row of the indicator that shows the level of the city."""
        rows = (record for record in self.records if record["indicator"] == indicator.name)
        return next((record for record in rows if not math.isnan(record["level"])), None)

    def gap(self, record: dict) -> str:
        """A gap as it is printed: how far apart, without a sign."""
        indicator = self.words.indicator(record["indicator"])
        return number(abs(record["gap"]), self.words.language, decimals=indicator.decimals)

    def _stacked(self, record: dict | None) -> bool:
        """Whether the dots need a line of their own, because the figure is long."""
        if record is None or not self.is_known(record) or not record["reliability"] > 0:
            return False
        return look.text_width(self.gap(record), weight=look.SEMIBOLD) + 2 * _PAD + _DOTS + _GAP > self.cell

    def symbol(self, record: dict | None) -> str:
        """What stands in a cell without a gap."""
        status = codes(record) if record else []
        if CONFIDENTIAL in status or record is None:
            return HIDDEN
        return self.words.word("missing") if NOT_COLLECTED in status else CANNOT if CANNOT_EXIST in status else HIDDEN

    # Drawing

    def svg(self) -> str:
        """Draw everything, once."""
        self._draw_heads()
        for indicator, label, y, height, tall in self.rows:
            for place, line in enumerate(label):
                shift = (place - (len(label) - 1) / 2) * _LINE
                self.sheet.middle(0, y + height / 2 + shift, line)
            self.sheet.middle(self.level_edge, y + height / 2, self._level(indicator), align="right")
            self._draw_spark(indicator, y + height / 2)
            for place, factor in enumerate(self.factors):
                self._draw_cell(
                    self.cells.get((indicator.name, factor)), self.first + place * self.cell, y, height, tall
                )
        self.sheet.line([0, look.COLUMN_WIDTH], [self.bottom] * 2)
        self._draw_legend()
        return self.sheet.svg()

    def _draw_heads(self) -> None:
        base = self.top - 2.6
        small: dict = {"size": look.SMALL_SIZE, "colour": look.TEXT_2}
        for place, line in enumerate(reversed(self.words.word("city_as_a_whole").rsplit(" ", 1))):
            self.sheet.text(self.level_edge, base - 3.6 * place, line, align="right", **small)
        if self.years:
            ends = [str(self.years[-1]), f"{self.years[0]}{EN_DASH}"] if len(self.years) > 1 else [str(self.years[0])]
            for place, line in enumerate(ends):
                self.sheet.text(self.spark[0], base - 3.6 * place, line, **small)
        for place, head in enumerate(self.heads):
            middle = self.first + (place + 0.5) * self.cell
            for step, line in enumerate(reversed(head)):
                self.sheet.text(middle, base - 3.6 * step, line, size=look.SMALL_SIZE, weight=look.SEMIBOLD,
                                align="center")  # fmt: skip
        self.sheet.line([0, look.COLUMN_WIDTH], [self.top] * 2)

    def _draw_spark(self, indicator, y: float) -> None:
        """The city's levels by year, each indicator on its own scale; a hidden year is a gap."""
        record = self._whole(indicator)
        known = {} if record is None else dict(zip(record["years"], record["levels"], strict=True))
        shown = {year: level for year, level in known.items() if not math.isnan(level)}
        if not shown:
            return
        low, high = min(shown.values()), max(shown.values())
        first, last = self.years[0], self.years[-1]

        def place(year: int) -> tuple[float, float]:
            across = (year - first) / (last - first) if last > first else 1.0
            up = (shown[year] - low) / (high - low) if high > low else 0.5
            return self.spark[0] + 0.8 + across * (_SPARK - 1.6), y + 2.6 - 5.2 * up

        line: list[tuple[float, float]] = []
        for year in [*self.years, 0]:
            if year in shown:
                line.append(place(year))
            elif not year or year in known:  # a year that is not asked for does not break the line
                if len(line) > 1:
                    xs, ys = zip(*line, strict=True)
                    self.sheet.line(xs, ys, colour=look.TEXT_2, width=1.0, layer=3)
                line = []
        self.sheet.mark(*place(max(shown)), size=3.6, fill=look.TEXT_2)

    def _draw_cell(self, record: dict | None, x: float, y: float, height: float, stacked: bool) -> None:
        left, width = x + _GAP / 2, self.cell - _GAP
        if record is None or not self.is_known(record):
            self._draw_empty(self.symbol(record), left, y, width, height)
            return
        coloured = self.in_points(record)
        fill = look.ORDERED[self.classes.of([abs(record["gap"])])[0]] if coloured else look.WHITE
        colour = look.text_on(fill)
        pale = not coloured or look.contrast(fill, look.WHITE) < 3
        self.sheet.box(left + 0.1, y, width - 0.2, height, fill=fill, edge=look.AXIS if pale else None)
        trust = int(record["reliability"])
        lines = [step for step, wanted in enumerate((True, record["gap_direction"], stacked)) if wanted]
        places = {step: y + height / 2 + (place - (len(lines) - 1) / 2) * _LINE for place, step in enumerate(lines)}
        self.sheet.middle(left + _PAD, places[0], self.gap(record), weight=look.SEMIBOLD, colour=colour)
        right = left + _PAD + 5.4 if stacked else left + width - _PAD
        self._draw_trust(right, places[2 if stacked else 0], trust, colour, fill)
        if record["gap_direction"]:
            way = _ARROWS[record["gap_direction"]]
            draw_arrow(self.sheet, left + _PAD + 1.0, places[1], way, colour=colour)
            self.sheet.middle(left + _PAD + 3.0, places[1], self.words.word(f"scorecard_{record['gap_direction']}"),
                              size=look.LEAST_SIZE, weight=look.SEMIBOLD if way else look.REGULAR, colour=colour)  # fmt: skip

    def _draw_empty(self, symbol: str, left: float, y: float, width: float, height: float) -> None:
        import shapely

        box = shapely.box(left + 0.1, y, left + width - 0.1, y + height)
        fill_pattern(self.sheet, box, "hidden" if symbol == HIDDEN else "none")
        half = look.text_width(symbol, weight=look.BOLD) / 2 + 0.8
        middle = left + width / 2, y + height / 2
        self.sheet.box(middle[0] - half, middle[1] - 1.8, 2 * half, 3.6, layer=5)
        lift = 0.8 if symbol.strip(".") == "" else 0.0
        weight = look.BOLD if symbol in (HIDDEN, CANNOT) else look.REGULAR
        self.sheet.middle(middle[0], middle[1] - lift, symbol, align="center", weight=weight)

    def _draw_trust(self, right: float, y: float, trust: int, colour: str, fill: str) -> None:
        """Three dots up to a right edge, as many filled as the figure can be trusted."""
        for place in range(3 if trust > 0 else 0):
            inside = colour if place < trust else fill
            self.sheet.mark(right - 0.9 - (2 - place) * _DOT_STEP, y, size=3.7, fill=inside, edge=colour)

    def _draw_legend(self) -> None:
        word, sheet = self.words.word, self.sheet
        inset = max(look.text_width(word(key), weight=look.SEMIBOLD) for key in
                    ("scorecard_gap", "scorecard_direction", "scorecard_trust")) + 5  # fmt: skip
        y = self.bottom + 4.2
        x = inset
        if any(self.in_points(record) and self.is_known(record) for record in self.records):
            sheet.middle(0, y, word("scorecard_gap"), weight=look.SEMIBOLD)
            for place in range(CLASSES):
                sheet.box(x, y - 2, 4.4, 4.0, fill=look.ORDERED[place], edge=look.AXIS)
                x = self._write(x + 5.6, y, self._class_label(place))
            y += _LEGEND_ROW
        ways = {record["gap_direction"] for record in self.records if self.is_known(record)}
        trusts = {int(record["reliability"]) for record in self.records if self.is_known(record)}
        for key, wanted in (("scorecard_direction", ways - {""}), ("scorecard_trust", trusts & {1, 2, 3})):
            if not wanted:
                continue
            sheet.middle(0, y, word(key), weight=look.SEMIBOLD)
            x = inset
            for direction in (known for known in _ARROWS if known in wanted):
                draw_arrow(sheet, x + 1.0, y, _ARROWS[direction])
                x = self._write(x + 3.4, y, word(f"scorecard_{direction}_explained"))
            for trust in (known for known in (3, 2, 1) if known in wanted):
                self._draw_trust(x + 6.0, y, trust, look.INK, look.WHITE)
                x = self._write(x + 7.6, y, word(f"scorecard_trust_{trust}"))
            y += _LEGEND_ROW

    def _class_label(self, place: int) -> str:
        """*under 5*, *5–9,9*, *30 eller mer*: whole limits, and the last gap before the next one."""
        limits, language = self.classes.limits, self.words.language
        if place == 0:
            return self.words.word("map_under", limit=number(limits[0], language))
        low = number(limits[place - 1], language)
        if place == len(limits):
            return self.words.word("map_or_more", limit=low)
        return f"{low}{EN_DASH}{number(limits[place] - 0.1, language, decimals=1)}"

    def _write(self, x: float, y: float, text: str) -> float:
        """Write a word of the legend; returns where the next entry starts."""
        self.sheet.middle(x, y, text, colour=look.TEXT_2)
        return x + look.text_width(text) + 5.5

    def notes(self) -> list[str]:
        """Explanations of exactly what is drawn."""
        word = self.words.word
        shown = [record for record in self.records if self.is_known(record)]
        notes = [word("points_explained")] if any(self.in_points(record) for record in shown) else []
        notes += [word("scorecard_uncoloured")] * any(not self.in_points(record) for record in shown)
        pairs = [(indicator.name, factor) for indicator in self.indicators for factor in self.factors]
        cells = [self.cells.get(pair) for pair in pairs]
        symbols = {self.symbol(record) for record in cells if record is None or not self.is_known(record)}
        symbols |= {self._level(indicator) for indicator in self.indicators if self._whole(indicator) is None}
        notes += [word("scorecard_not_meaningful")] * (CANNOT in symbols)
        return notes + self.words.notes(symbols - {CANNOT}, [])
