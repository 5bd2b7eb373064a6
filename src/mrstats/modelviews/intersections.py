"""How intersections are shown: the strata furthest beyond the sum of their parts, both ways. It fits no model."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .. import look
from ..captions import Captions, lower_first
from ..display import Display, figure
from ..language import NO_BREAK, capital, in_words, number
from ..phrases import difference_of, difference_unit, fill, hidden_in, share_of
from ..rowchart import STROKE, Block, Mark, Row, RowChart
from ..schema import PER_CENT, MrstatsError
from ..selection import masked, only_indicator
from ..viewparts import instead, is_hidden, plain_table, written, written_interval

NEEDED = ("indicator", "year", "factor", "modelled_value", "expected", "difference", "sure", "pcv", "status")
ENDS = 6
"""So many strata are drawn on each side."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """The strata furthest below and above what their parts add up to: the difference with its interval."""
    words = Captions.of(data, city, language)
    found = _Strata(data, words)
    if not found.known:
        return instead(found.shown, words)
    low, high = found.ends()
    word = words.word
    drawing = RowChart(
        [Block(word("intersections_below"), tuple(map(found.row, low))), Block(word("intersections_above"), tuple(map(found.row, high)))],
        [found.axis()], [word("intersections_sum_head"), word("intersections_value"), found.difference_head()],
        [(Mark(0.0), word("intersections_sure")), (Mark(0.0, hollow=True), word("intersections_unsure")),
         (Mark(0.0, STROKE, look.HATCH), word("intersections_sum"))],
        words.language,
    )  # fmt: skip
    told = found.told()
    sentences = [word("alt_intersections", count=len(found.known), factors=found.factors()), *told]
    cells = {cell for block in drawing.blocks for row in block.rows for cell in row.cells}
    return figure(
        words, drawing.svg(), drawing.height, title=words.title(title, found.finding(), found.plain_title()),
        subtitle=found.subtitle(), source=words.source(found.shown, [found.indicator]),
        notes=[word("intersections_read"), *drawing.notes(word), *found.notes(cells)],
        alt=words.alt(alt, sentences, [word("alt_where"), word("alt_intersections_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """The same strata with their value as it is, as modelled, the sum of the parts, and what is beyond it."""
    words = Captions.of(data, city, language)
    found = _Strata(data, words)
    if not found.known:
        return instead(found.shown, words)
    low, high = found.ends()
    heads = [capital(found.factors()), words.word("intersections_raw"), words.word("intersections_value"),
             words.word("intersections_sum_head"), found.difference_head(),
             words.word("interval_column", level=words.confidence(found.shown) or "95"), words.word("persons_about")]  # fmt: skip
    lines = []
    for record in [*low, *reversed(high)]:
        d = found.decimals
        cells = [*(written(record[name], words, d) for name in ("value", "modelled_value", "expected")),
                 written(record["difference"], words, d, sign=True),
                 written_interval(record["difference_lower"], record["difference_upper"], words, d, sign=True),
                 written(round(record["n"], -1), words, 0)]  # fmt: skip
        lines.append(([found.name(record), *cells], False))
    return plain_table(
        words, heads, lines, title=words.title(title, found.finding(), found.plain_title()), subtitle=found.subtitle(),
        source=words.source(found.shown, [found.indicator]),
        notes=[words.word("intersections_read"), *found.notes(set())],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How much of the differences is the sum of the parts, and how many strata are certainly beyond it."""
    return _Strata(data, words).told()


class _Strata:
    """The strata of a table whose figures may be shown, with their words."""

    def __init__(self, data, words: Captions):
        self.words, self.shown = words, masked(data, NEEDED)
        if self.shown["factor"].nunique() != 1 or self.shown["year"].nunique() != 1:
            raise MrstatsError("One result of mr.intersections is shown at a time. Pass what it returned.")
        self.indicator = words.indicator(only_indicator(self.shown))
        self.by = str(self.shown["factor"].iloc[0]).split(" × ")
        records = self.shown.to_dict("records")
        self.known = [row for row in records if not (is_hidden(row) or math.isnan(row["difference"]))]
        self.sure = [row for row in self.known if row["sure"]]
        self.in_points = self.indicator.measure in PER_CENT
        self.decimals = max(self.indicator.decimals, 1) if self.in_points else self.indicator.decimals

    def ends(self) -> tuple[list[dict], list[dict]]:
        """Strata below the sum of their parts, furthest first, and above it, furthest last: the sure ones before others."""

        def side(way: int) -> list[dict]:
            rows = [row for row in self.known if way * row["difference"] > 0]
            chosen = sorted(rows, key=lambda row: (not row["sure"], -abs(row["difference"])))[:ENDS]
            return sorted(chosen, key=lambda row: row["difference"])

        return side(-1), side(1)

    def name(self, record: dict) -> str:
        """*Kvinnor födda i Sverige med gymnasial utbildning*: a stratum as a row's name."""
        return capital(self.among(record).removeprefix(f"{self.words.word('among')} "))

    def among(self, record: dict) -> str:
        return self.words.among_groups([(name, [record[name]]) for name in self.by])

    def factors(self) -> str:
        return self.words.joined([lower_first(self.words.dimension(name)) for name in self.by])

    def row(self, record: dict) -> Row:
        beyond = Mark(record["difference"], "o", look.INK, hollow=not record["sure"],
                      lower=record["difference_lower"], upper=record["difference_upper"])  # fmt: skip
        figures = (written(record[name], self.words, self.decimals) for name in ("expected", "modelled_value"))
        cells = (*figures, written(record["difference"], self.words, self.decimals, sign=True))
        return Row(self.name(record), ((Mark(0.0, STROKE, look.HATCH), beyond),), cells)

    def axis(self) -> str:
        unit = difference_unit(self.indicator, self.words)
        return self.words.word("intersections_axis", unit=unit)

    def difference_head(self) -> str:
        return self.words.word("intersections_beyond_points" if self.in_points else "intersections_beyond")

    def told(self) -> list[str]:
        language = self.words.language
        if not self.known:
            return hidden_in(self.shown, self.words)
        first = self.known[0]
        told = []
        if not math.isnan(first["pcv"]):
            explained = max(first["pcv"], 0.0)
            told.append(fill("intersections_sum", language, pcv=f"{number(explained, language)}{NO_BREAK}{self.percent()}",
                             covs=self.factors()))  # fmt: skip
        if not self.sure:
            return [*told, fill("intersections_unsure", language, total=number(len(self.known), language))]
        worst = max(self.sure, key=lambda row: (row["disadvantage"] > 0, abs(row["difference"])))
        slots = {"where": self.among(worst), "share": share_of(self.indicator, self.words)}
        slots["diff"] = difference_of(worst["difference"], self.indicator, self.words)
        counts = {"n": in_words(len(self.sure), language), "total": number(len(self.known), language)}
        way = "lower" if worst["difference"] < 0 else "higher"
        told.append(fill("intersections_sure_one" if len(self.sure) == 1 else "intersections_sure", language, **counts))
        return [*told, fill(f"intersections_{way}", language, **slots)]

    def percent(self) -> str:
        return self.words.word("per_cent")

    def finding(self) -> str | None:
        if not self.sure or any(map(is_hidden, self.shown.to_dict("records"))):
            return None
        count = in_words(len(self.sure), self.words.language)
        key = "title_intersections_one" if len(self.sure) == 1 else "title_intersections_sure"
        return self.words.word(key, count=count)

    def plain_title(self) -> str:
        return self.words.word("title_intersections")

    def subtitle(self) -> str:
        words = self.words
        return words.word(
            "intersections_subtitle", share=capital(words.share(self.indicator)), by=self.factors(),
            population=self.indicator.population[words.language], place=words.city.label, year=words.years(self.shown),
            level=words.confidence(self.shown) or "95",
        )  # fmt: skip

    def notes(self, cells: set[str]) -> list[str]:
        hidden = len(self.shown) - len(self.known)
        told: Sequence[str] = [self.words.word("alt_hidden", count=hidden, total=len(self.shown))] if hidden else []
        return [*told, *self.words.notes(cells, [])]
