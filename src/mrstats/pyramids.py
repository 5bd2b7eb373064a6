"""Population pyramids: who lives in each area, by sex and age, beside the outline of the whole city."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from . import look
from .axes import MOST_PANELS, Axis, name_axis, panel_places
from .captions import CANNOT_EXIST as CANNOT
from .captions import HIDDEN, Captions, lower_first
from .display import Display, figure
from .labels import spread
from .language import capital, number
from .measures.proportions import wilson_interval
from .schema import CANNOT_EXIST, CITY, CONFIDENTIAL, TOTAL, UNPLACED, MrstatsError, factor_columns
from .selection import GEOGRAPHY, codes, latest_year, masked, only_indicator, refuse_findings

OPEN_YEARS = 20
"""Years over which an open last group such as 80+ is spread."""

_HEADING, _LEAST_ROW, _LEAST_BAR, _LEAST_PANEL, _GAP = 12.6, 3.9, 2.2, 20.0, 6.0
_PALE = "#BFE0DB"
"""The second sex: its own colour as outline, pale inside, so that the city's outline shows on both sides."""


@dataclass(frozen=True)
class _Age:
    code: str
    years: int
    is_open: bool


def pyramid(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Population pyramids, one for each area, with the city's outline in each.

    Parameters
    ----------
    data : DataFrame
        What `mr.break_down` returned for a count (such as population) by sex and one age factor, at one level of
        areas or for the city alone. The newest year is drawn.
    title : str, optional
        At most twelve words; without it a finding that the counts bear, else what the pyramids show.
    alt : str, optional
        Text alternative; without it one is proposed from the numbers.
    city : City, optional
        The opened dataset; found from the table when left out.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "figure". How to read it: a bar's area is the share of the area's residents, so age groups of
        different width can be compared; a bar outside the line is a larger share than in the whole city. A
        hidden cell is a gap with ``..``.

    Raises
    ------
    MrstatsError
        If the table is no count by sex and one age factor, or holds more areas than nine panels.

    Examples
    --------
    >>> import mrstats as mr
    >>> mr.pyramid(mr.break_down(mr.tiny_city(), "population", by="sex"))  # age is missing
    Traceback (most recent call last):
        ...
    mrstats.schema.MrstatsError: A pyramid shows a count by sex and one age factor; the table holds population ...
    """
    refuse_findings(data)
    words = Captions.of(data, city, language)
    shown = latest_year(masked(data))
    indicator = words.indicator(only_indicator(shown))
    found = _Pyramids(shown, indicator, words)
    svg = found.svg()
    word, split = words.word, [lower_first(words.dimension(name, found.level)) for name in found.split]
    extreme = found.extreme()
    finding = None
    if extreme:
        slots = {"extreme": word("highest_adverb"), "where": extreme["where"]}
        finding = word("title_extreme", share=extreme["share"], **slots)
    notes = [
        word("pyramid_open", group=words.group(found.factor, age.code), count=OPEN_YEARS)
        for age in found.ages
        if age.is_open
    ]
    notes += [word("unplaced_in_whole")] * found.has_unplaced + words.notes(found.symbols, [])
    return figure(
        words,
        svg,
        found.height,
        title=words.title(title, finding, f"{word('pyramid_what')} {word('by')} {words.joined(split)}"),
        subtitle=word(
            "pyramid_subtitle" if found.level != CITY else "pyramid_subtitle_city",
            place=words.city.label,
            year=words.years(shown),
        ),
        source=words.source(shown, [indicator]),
        notes=notes,
        alt=_alt(shown, found, extreme, alt),
    )


class _Pyramids:
    """The counts of a table as pyramids on a sheet."""

    def __init__(self, table, indicator, words: Captions):
        self.words = words
        self.factor, self.ages = _ages(table, indicator, words)
        self.sexes = [code for code in words.group_order("sex") if code in set(table["sex"]) - {TOTAL}]
        levels = set(table["geography_level"]) - {CITY}
        self.level = levels.pop() if len(levels) == 1 else CITY
        self.has_unplaced = bool((table[GEOGRAPHY] == UNPLACED).any())
        self.cells = {
            (
                CITY if record["geography_level"] == CITY else record[GEOGRAPHY],
                record["sex"],
                record[self.factor],
            ): record
            for record in table.to_dict("records")
        }
        areas = list(words.area_order(self.level)) if self.level != CITY else [CITY]
        self.areas = [code for code in areas if (code, TOTAL, TOTAL) in self.cells and code != UNPLACED]
        if levels or len(self.sexes) != 2 or not 1 <= len(self.areas) <= MOST_PANELS:
            raise MrstatsError(
                f"Pyramids need two sexes and one to {MOST_PANELS} areas of one level with their totals; the table "
                f"has {len(self.sexes)} sexes and {len(self.areas)} areas. Break down by sex and age at one coarser level."
            )
        self.split = [self.factor, "sex", *([GEOGRAPHY] if self.level != CITY else [])]
        closed = {age.years for age in self.ages if not age.is_open}
        self.unit = closed.pop() if len(closed) == 1 else 1
        spans = [age.years for age in self.ages]
        self.scale = max(_LEAST_BAR / min(spans), _LEAST_ROW * len(spans) / sum(spans))
        self.symbols: set[str] = set()
        labels = [words.group(self.factor, age.code) for age in self.ages]
        self.left = max(look.text_width(label, look.SMALL_SIZE) for label in labels) + 5
        self.places = panel_places(len(self.areas), self.left, least=_LEAST_PANEL, gap=_GAP)
        self.tier = _HEADING - 6 + self.scale * sum(age.years for age in self.ages) + 6
        self.height = 6.4 + self.tier * (1 + self.places[-1][0]) + 6.0
        panels = [*self.areas, *([CITY] if (CITY, TOTAL, TOTAL) in self.cells else [])]
        self.longest = max(
            (length for area in panels for sex in self.sexes for age in self.ages
             if not math.isnan(length := self.length(area, sex, age))), default=1.0,
        )  # fmt: skip
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    def share(self, area: str, sex: str, age: _Age) -> float:
        """Per cent of an area's residents; not a number where either is hidden."""
        nobody = {"value": math.nan}
        count = self.cells.get((area, sex, age.code), nobody)["value"]
        everyone = self.cells.get((area, TOTAL, TOTAL), nobody)["value"]
        return 100 * count / everyone if everyone > 0 else math.nan

    def length(self, area: str, sex: str, age: _Age) -> float:
        """A bar's length: per cent per unit of years, so that its area is the share."""
        return self.share(area, sex, age) * self.unit / age.years

    def svg(self) -> str:
        """Draw everything, once."""
        self._draw_legend()
        for area, (tier, left, right) in zip(self.areas, self.places, strict=True):
            top = 6.4 + tier * self.tier + _HEADING - 6
            axis = Axis.around([self.longest], left, right, self.words.language, mirrored=True)
            bottom = top + self.scale * sum(age.years for age in self.ages)
            if left == self.places[0][1]:
                self._draw_ages(top)
            name = self.words.area(self.level, area)
            self.sheet.text((left + right) / 2, top - 1.6, name, weight=look.BOLD, align="center")
            axis.draw(self.sheet, top, bottom)
            self._draw_bars(area, axis, top)
            if self.level != CITY:
                self._draw_outline(axis, top)
        years = self.words.word("pyramid_year" if self.unit == 1 else "pyramid_years", count=self.unit)
        middle = (self.places[0][1] + max(right for _, _, right in self.places)) / 2
        name_axis(
            self.sheet, middle, self.height - look.UNDER_LAST_BASELINE, self.words.word("pyramid_axis", years=years)
        )
        return self.sheet.svg()

    def _rows(self, top: float):
        """Ages from the oldest down, with the top and height of their bars."""
        for age in reversed(self.ages):
            yield age, top, self.scale * age.years
            top += self.scale * age.years

    def _draw_legend(self) -> None:
        x = self.left
        for sex, (colour, _), fill, key in zip(self.sexes, look.GROUPS, (None, _PALE), ("left", "right"), strict=False):
            text = self.words.word(f"pyramid_{key}", group=capital(self.words.group("sex", sex)))
            self.sheet.box(x, 1.0, 3.6, 2.8, fill=fill or colour, edge=colour)
            self.sheet.middle(x + 5, 2.4, text, weight=look.SEMIBOLD, colour=colour)
            x += 11 + look.text_width(text, weight=look.SEMIBOLD)
        if self.level != CITY:
            self.sheet.line([x, x + 6], [2.4, 2.4], colour=look.INK, width=look.DISTRICT_LINE)
            self.sheet.middle(x + 7.4, 2.4, self.words.word("city_as_a_whole"), colour=look.TEXT_2)

    def _draw_ages(self, top: float) -> None:
        head = capital(self.words.dimension(self.factor))
        self.sheet.text(0, top - 1.6, head.split(",")[0], size=look.SMALL_SIZE, colour=look.TEXT_2)
        rows = list(self._rows(top))
        wanted = [start + (height - _LEAST_ROW) / 2 for _, start, height in rows]
        end = rows[-1][1] + rows[-1][2]
        for (age, *_), start in zip(rows, spread(wanted, [_LEAST_ROW] * len(rows), top, end), strict=True):
            label = self.words.group(self.factor, age.code)
            self.sheet.middle(0, start + _LEAST_ROW / 2, label, size=look.SMALL_SIZE, colour=look.TEXT_2)

    def _draw_bars(self, area: str, axis: Axis, top: float) -> None:
        for age, start, height in self._rows(top):
            for side, sex, (colour, _), fill in zip((-1, 1), self.sexes, look.GROUPS, (None, _PALE), strict=False):
                length = self.length(area, sex, age)
                if math.isnan(length):
                    record = self.cells.get((area, sex, age.code), {"status": ""})
                    symbol = CANNOT if CANNOT_EXIST in codes(record) else HIDDEN
                    self.symbols.add(symbol)
                    x = axis.x(side * axis.high / 4)
                    self.sheet.middle(x, start + height / 2, symbol, weight=look.BOLD, align="center", colour=colour)
                    continue
                ends = sorted((axis.x(0) + 0.15 * side, axis.x(side * length)))
                self.sheet.box(ends[0], start + 0.2, max(0.0, ends[1] - ends[0]), height - 0.4, fill=fill or colour,
                               edge=colour, layer=2)  # fmt: skip

    def _draw_outline(self, axis: Axis, top: float) -> None:
        """The city's steps on either side; a hidden cell of the city breaks the line."""
        for side, sex in zip((-1, 1), self.sexes, strict=True):
            xs: list[float] = []
            ys: list[float] = []
            for age, start, height in self._rows(top):
                x = axis.x(side * self.length(CITY, sex, age))
                xs += [x, x]
                ys += [start, start + height]
            self.sheet.line(xs, ys, colour=look.INK, width=look.DISTRICT_LINE, layer=4)

    def extreme(self) -> dict | None:
        """The age group of one area that certainly stands out: the largest share, most above the city's.

        Certain means that the area's interval lies above every other area's; where a count is hidden nothing is.
        """
        if len(self.areas) < 2 or (CITY, TOTAL, TOTAL) not in self.cells:
            return None
        found = None
        for age in self.ages:
            counts = [[self.cells.get((area, sex, age.code), {}).get("value", math.nan) for sex in self.sexes]
                      for area in [*self.areas, CITY]]  # fmt: skip
            n = [self.cells[area, TOTAL, TOTAL]["value"] for area in [*self.areas, CITY]]
            x = [sum(pair) for pair in counts]
            if any(math.isnan(value) for value in [*x, *n]) or min(n) <= 0:
                return None
            shares = [100 * count / everyone for count, everyone in zip(x, n, strict=True)]
            lower, upper = wilson_interval(x[:-1], n[:-1])
            best = max(range(len(self.areas)), key=lambda place: shares[place])
            sure = all(lower[best] > upper[place] for place in range(len(self.areas)) if place != best)
            if sure and (found is None or shares[best] - shares[-1] > found[0]):
                found = (shares[best] - shares[-1], age, self.areas[best], shares[best], shares[-1])
        if found is None:
            return None
        _, age, area, value, whole = found
        words = self.words
        return {
            "share": words.word("pyramid_share", group=words.group(self.factor, age.code)),
            "where": words.where(self.cells[area, TOTAL, TOTAL], GEOGRAPHY),
            "value": number(value, words.language, decimals=1),
            "city": number(whole, words.language, decimals=1),
        }


def _ages(table, indicator, words: Captions) -> tuple[str, list[_Age]]:
    """The table's age factor and its groups from the youngest, with the years each spans."""
    factors = [name for name in factor_columns(table) if set(table[name]) != {TOTAL}]
    others = [name for name in factors if name != "sex"]
    codes_of = {
        name: [code for code in words.group_order(name) if code in set(table[name]) - {TOTAL}] for name in others
    }
    spans = {name: [re.fullmatch(r"(\d+)(?:-(\d+)|\+)", code) for code in found] for name, found in codes_of.items()}
    if indicator.measure != "count" or "sex" not in factors or len(others) != 1 or not all(spans[others[0]]):
        raise MrstatsError(
            f"A pyramid shows a count by sex and one age factor; the table holds {indicator.name} ({indicator.measure}) "
            f'by {", ".join(factors) or "nothing"}. Use mr.break_down(city, "population", by=["sex", "age_group"], ...).'
        )
    ages = [
        _Age(span[0], int(span[2]) - int(span[1]) + 1 if span[2] else OPEN_YEARS, span[2] is None)
        for span in spans[others[0]] if span
    ]  # fmt: skip
    return others[0], ages


def _alt(table, found: _Pyramids, extreme: dict | None, given: str | None) -> str:
    """How many pyramids and residents, what stands out, what is hidden, and where all numbers are."""
    words, word = found.words, found.words.word
    city = found.cells.get((CITY, TOTAL, TOTAL))
    total = words.figure(city, "value", words.indicator(city["indicator"])) if city else HIDDEN
    key = "alt_pyramid" if found.level != CITY else "alt_pyramid_one"
    sentences = [word(key, count=len(found.areas), total=total, year=words.years(table))]
    if extreme:
        sentences.append(word("alt_pyramid_extreme", **{**extreme, "share": capital(extreme["share"])}))
    drawn = [
        found.cells.get((area, sex, age.code)) for area in found.areas for sex in found.sexes for age in found.ages
    ]
    hidden = sum(record is None or CONFIDENTIAL in codes(record) for record in drawn)
    lengths = {age.code: sum(found.length(CITY, sex, age) for sex in found.sexes) for age in found.ages}
    if not any(math.isnan(length) for length in lengths.values()):
        top = max(lengths, key=lambda code: lengths[code])
        sentences.append(word("alt_pyramid_age", group=words.group(found.factor, top)))
    if hidden:
        sentences.append(word("alt_hidden", count=hidden, total=len(drawn)))
    return words.alt(
        given, [*sentences, word("alt_where")], [word("alt_pyramid_how")] + [word("alt_none_hidden")] * (not hidden)
    )
