"""Funnels: which areas stand out beyond what chance gives areas of their size. It computes no limits."""

from __future__ import annotations

import itertools
import math

from . import look
from .axes import Axis, name_axis
from .captions import HIDDEN, Captions, lower_first
from .display import Display, figure
from .labels import Placer, spread
from .language import capital, in_words
from .schema import CANNOT_EXIST, CITY, SURVEY, UNPLACED
from .selection import (
    GEOGRAPHY,
    codes,
    free_factors,
    holds_every_group,
    is_shown,
    latest_year,
    masked,
    only_indicator,
    only_level,
    totals,
)

_LIMITS: dict[str, tuple[float, float] | None] = {"998": None, "95": (4, 2)}
_TOP, _PLOT, _UNDER, _RIGHT = 6.0, 62.0, 13.0, 3.6
_LINE, _LEGEND_LINE, _STEPS = 3.9, 4.7, 16
_MOST_NAMES = 16
"""Areas that are named, those furthest from the city first; more would hide the picture."""


def funnel(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """A funnel of a ranking's areas: value against persons, with the limits that chance stays within.

    Parameters
    ----------
    data : DataFrame
        A ranking of the areas of one level: rows of `mr.break_down` with the columns `funnel_lower_95`,
        `funnel_upper_95`, `funnel_lower_998`, `funnel_upper_998`, `outside` and `city_value`, all in the
        indicator's unit. The newest year is drawn.
    title, alt, city, language
        As for `mr.chart`, which calls this.

    Returns
    -------
    Display
        Kind "figure". How to read it: a triangle lies outside the 99.8 per cent limits, which two areas in a
        thousand pass by chance alone; a hollow dot lies within them. Hidden areas have no mark and are counted below.

    Raises
    ------
    MrstatsError
        If the table holds several indicators or several levels of areas.
    """
    words = Captions.of(data, city, language)
    shown = latest_year(masked(data))
    shown = totals(shown, free_factors(shown))
    shown = shown[(shown["geography_level"] != CITY) & (shown[GEOGRAPHY] != UNPLACED)]
    indicator = words.indicator(only_indicator(shown))
    level = only_level(shown)
    drawing = FunnelDrawing(shown, level, indicator, words)
    svg = drawing.svg()
    by = [lower_first(words.dimension(GEOGRAPHY, level))]
    return figure(
        words,
        svg,
        drawing.height,
        title=_title(shown, drawing, by[0], title),
        subtitle=words.subtitle(shown, [indicator], by),
        source=words.source(shown, [indicator]),
        notes=drawing.notes(),
        alt=_alt(shown, drawing, alt),
    )


class FunnelDrawing:
    """The areas of a ranking laid out as points between the curves of their limits."""

    def __init__(self, table, level: str, indicator, words: Captions):
        self.level, self.indicator, self.words = level, indicator, words
        self.records = table.to_dict("records")
        known = [record for record in self.records if is_shown(record) and not math.isnan(record["n"])]
        self.points = sorted(known, key=lambda record: (record["n"], record[GEOGRAPHY]))
        self.outside = [record for record in self.points if record["outside"] == "99.8"]
        listed = {record[GEOGRAPHY] for record in self.records}
        self.hidden = sum(not is_shown(record) and CANNOT_EXIST not in codes(record) for record in self.records)
        self.absent = len(set(words.area_order(level)) - listed - {UNPLACED})
        values = [value for value in (record["city_value"] for record in self.records) if not math.isnan(value)]
        self.whole = values[0] if values else None
        self.bottom = _TOP + _PLOT
        self.height = self.bottom + _UNDER + 1.0 + _LEGEND_LINE * (self.hidden > 0) + look.UNDER_LAST_BASELINE
        columns = [f"funnel_{end}_{limit}" for limit in _LIMITS for end in ("lower", "upper")]
        ends = [record[column] for record in self.points for column in ("value", *columns)]
        self.axis = Axis.around(
            ends + [self.whole] * (self.whole is not None), self.bottom, _TOP, words.language, upright=True
        )
        self.left = self.axis.labels_width() + 3
        self.right = look.COLUMN_WIDTH - look.text_width(self._whole_text(), weight=look.SEMIBOLD) - _RIGHT
        self.persons = Axis.around([record["n"] for record in self.points], self.left, self.right, words.language)
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)
        self.ends: list[tuple[str, float]] = []
        self.unnamed = 0

    def _whole_text(self) -> str:
        name = self.words.word("city_as_a_whole")
        return name if self.whole is None else f"{name} {self.words.value(self.whole, self.indicator)}"

    @property
    def is_survey(self) -> bool:
        """Whether the persons are those who answered."""
        return any(str(record["method"]).split()[:1] == [SURVEY] for record in self.records)

    # Drawing

    def svg(self) -> str:
        """Draw everything, once; afterwards `unnamed` counts the names that did not fit."""
        unit = capital(self.indicator.unit[self.words.language])
        self.sheet.text(0, 3.2, unit, size=look.SMALL_SIZE, colour=look.TEXT_2)
        self.axis.draw_upright(self.sheet, self.left, self.right)
        self.persons.draw(self.sheet, _TOP, self.bottom, grid=False)
        key = "funnel_answers" if self.is_survey else "funnel_persons"
        name = self.words.word(key, area=self.words.city.geographies[self.level].definite[self.words.language])
        name_axis(self.sheet, (self.left + self.right) / 2, self.bottom + 7.9, name)
        curves = self._draw_limits()
        self._draw_whole()
        placer = Placer((self.left, _TOP, self.right, self.bottom), curves)
        for record in self.points:
            placer.block(*self._place(record), 1.3)
        for record in self.points:
            self._draw_point(record)
        furthest = sorted(self.outside, key=lambda record: -abs(record["value"] - (self.whole or 0.0)))
        self.unnamed = len(furthest[_MOST_NAMES:])
        for record in furthest[:_MOST_NAMES]:
            self._draw_name(record, placer)
        self._draw_legend()
        return self.sheet.svg()

    def _place(self, record: dict) -> tuple[float, float]:
        return self.persons.x(record["n"]), self.axis.x(record["value"])

    def _curve(self, column: str) -> tuple[list[float], list[float]]:
        """A limit through its known points; between them it runs as one over the root of n does."""
        known = {record["n"]: record[column] for record in self.points if record["n"] > 0}
        known = {n: value for n, value in known.items() if not math.isnan(value)}
        sizes = sorted(known)
        xs, ys = [], []
        for one, next_ in itertools.pairwise(sizes):
            ends = 1 / math.sqrt(one), 1 / math.sqrt(next_)
            for step in range(_STEPS):
                passed = step / _STEPS
                n = (ends[0] + (ends[1] - ends[0]) * passed) ** -2
                xs.append(self.persons.x(n))
                ys.append(self.axis.x(known[one] + (known[next_] - known[one]) * passed))
        if sizes:
            xs.append(self.persons.x(sizes[-1]))
            ys.append(self.axis.x(known[sizes[-1]]))
        return xs, ys

    def _draw_limits(self) -> list[tuple[float, float]]:
        """The two pairs of curves, filled between the inner ones, named where they end; returns their points."""
        drawn: list[tuple[float, float]] = []
        for limit, dash in _LIMITS.items():
            pair = [self._curve(f"funnel_{end}_{limit}") for end in ("lower", "upper")]
            if limit == "95" and len(pair[0][0]) == len(pair[1][0]):
                self.sheet.band(pair[0][0], pair[0][1], pair[1][1], fill=look.PANEL, opacity=1)
            for xs, ys in pair:
                self.sheet.line(xs, ys, colour=look.TEXT_2, width=look.MEAN_LINE, dash=dash, layer=3)
                drawn += list(zip(xs, ys, strict=True))
            if pair[1][1]:
                self.ends.append((self.words.word(f"funnel_limit_{limit}"), pair[1][1][-1]))
        return drawn

    def _draw_whole(self) -> None:
        """The city's line, and the names of all lines to the right of the plot, moved apart."""
        labels = [(text, y, False) for text, y in self.ends]
        if self.whole is not None:
            y = self.axis.x(self.whole)
            self.sheet.line([self.left, self.right], [y, y], colour=look.INK, width=look.MEAN_LINE, layer=3)
            labels.append((self._whole_text(), y, True))
        labels.sort(key=lambda label: label[1])
        tops = spread([y - _LINE / 2 for _, y, _ in labels], [_LINE] * len(labels), 0.0, self.bottom)
        for (text, _, strong), top in zip(labels, tops, strict=True):
            self.sheet.middle(self.right + 2.6, top + _LINE / 2, text,
                              size=look.LABEL_SIZE if strong else look.SMALL_SIZE,
                              weight=look.SEMIBOLD if strong else look.REGULAR,
                              colour=look.INK if strong else look.TEXT_2)  # fmt: skip

    def way(self, record: dict) -> str:
        """Whether an area outside the limits lies above (``^``) or below (``v``) them."""
        return "^" if record["value"] > record["funnel_upper_998"] else "v"

    def colour(self, way: str) -> str:
        """Brick for worse and blue for better, ink where neither way is better."""
        better = {"favourable": "^", "adverse": "v"}.get(self.indicator.direction)
        return look.INK if better is None else look.BETTER if way == better else look.WORSE

    def _draw_point(self, record: dict) -> None:
        x, y = self._place(record)
        if record["outside"] == "99.8":
            way = self.way(record)
            self.sheet.mark(x, y, shape=way, size=look.DOT + 1.4, fill=self.colour(way), layer=6)
        else:
            self.sheet.mark(x, y, fill=look.WHITE, edge=look.TEXT_2)

    def _draw_name(self, record: dict, placer: Placer) -> None:
        """The area's name beside its mark, where it meets no other mark or name."""
        name = self.words.area(self.level, record[GEOGRAPHY])
        found = placer.place(*self._place(record), look.text_width(name, weight=look.SEMIBOLD), 3.0)
        if found is None:
            self.unnamed += 1
            return
        x, y, crosses = found
        width = look.text_width(name, weight=look.SEMIBOLD)
        if crosses:
            self.sheet.box(x - 0.4, y - 1.8, width + 0.8, 3.6, layer=4)
        self.sheet.middle(x, y, name, weight=look.SEMIBOLD, colour=self.colour(self.way(record)))

    def _draw_legend(self) -> None:
        """Only the marks that are drawn, with their words; and how many areas are hidden."""
        word, y, x = self.words.word, self.bottom + _UNDER, self.left
        ways = {self.way(record) for record in self.outside}
        keys = {"^": "funnel_above", "v": "funnel_below" if "^" in ways else "funnel_below_city"}
        entries = [(way, self.colour(way), word(key)) for way, key in keys.items() if way in ways]
        if len(self.outside) < len(self.points):
            entries.append(("o", "", word("funnel_within")))
        for shape, colour, text in entries:
            if colour:
                self.sheet.mark(x + 1.2, y, shape=shape, size=look.DOT + 1.4, fill=colour)
            else:
                self.sheet.mark(x + 1.2, y, fill=look.WHITE, edge=look.TEXT_2)
            self.sheet.middle(x + 3.6, y, text, size=look.SMALL_SIZE, colour=look.TEXT_2)
            x += 9 + look.text_width(text, look.SMALL_SIZE)
        if self.hidden:
            key = "funnel_hidden_one" if self.hidden == 1 else "funnel_hidden"
            text = word(
                key, count=self.hidden, areas=self.words.city.geographies[self.level].plural[self.words.language]
            )
            self.sheet.middle(self.left, y + _LEGEND_LINE, text, size=look.SMALL_SIZE, colour=look.TEXT_2)

    def notes(self) -> list[str]:
        """Explanations of exactly what is drawn."""
        word = self.words.word
        notes = [word("funnel_explained"), *self.axis.notes(word)]
        notes += [word("funnel_unnamed", count=self.unnamed)] * bool(self.unnamed)
        return notes + self.words.notes({HIDDEN} if self.hidden else set(), [])


def _title(table, drawing: FunnelDrawing, by: str, given: str | None) -> str:
    """How many areas certainly stand out; at least so many where some are not shown."""
    words, word = drawing.words, drawing.words.word
    level = words.city.geographies[drawing.level]
    count, partial = len(drawing.outside), bool(drawing.hidden or drawing.absent)
    neuter = level.definite[words.language].endswith("t")
    finding = None
    if not holds_every_group(table) or (partial and not count):
        pass  # a hidden area may be the one that stands out
    elif count:
        name = lower_first(level.label[words.language]) if count == 1 else level.plural[words.language]
        key = "title_funnel_least" if partial else "title_funnel"
        key = f"{key}_one" if count == 1 else key
        finding = word(key, count=in_words(count, words.language, neuter=neuter), areas=name)
    elif drawing.points:
        finding = word("title_funnel_none", areas=level.plural[words.language])
    what = words.share(drawing.indicator)
    return words.title(given, finding, f"{what} {word('by')} {by}", what)


def _alt(table, drawing: FunnelDrawing, given: str | None) -> str:
    """How many areas, the whole, which stand out and where, what is hidden."""
    words, word, indicator = drawing.words, drawing.words.word, drawing.indicator
    plural = words.city.geographies[drawing.level].plural[words.language]
    share = capital(words.share(indicator, definite=True))
    sentences = [
        word("alt_funnel", count=len(drawing.points), areas=plural),
        word("alt_funnel_what", share=share, year=words.years(table)),
    ]
    if drawing.whole is not None:
        sentences[1] += f", {word('alt_city', value=words.value(drawing.whole, indicator, unit=True))}"
    sentences[1] += "."
    for way, key in (("^", "alt_funnel_above"), ("v", "alt_funnel_below")):
        found = [record for record in drawing.outside if drawing.way(record) == way]
        found.sort(key=lambda record: -abs(record["value"] - (drawing.whole or 0.0)))
        if found:
            name, value = words.area(drawing.level, found[0][GEOGRAPHY]), words.value(found[0]["value"], indicator)
            one = "_one" * (len(found) == 1)
            count = capital(in_words(len(found), words.language))
            sentences.append(word(f"{key}{one}", count=count, name=name, value=value))
    if not drawing.outside:
        sentences.append(word("alt_funnel_none"))
    if drawing.hidden:
        sentences.append(word("alt_hidden", count=drawing.hidden, total=len(drawing.records)))
    return words.alt(given, [*sentences, word("alt_where")], [word("alt_funnel_how")])
