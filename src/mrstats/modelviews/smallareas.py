"""How small areas are shown: raw and modelled figures side by side, each marked. It models nothing."""

from __future__ import annotations

import math

from .. import look
from ..captions import Captions
from ..display import Display, figure
from ..language import capital, number
from ..phrases import difference_unit, fill, hidden_in
from ..rowchart import Block, Mark, Row, RowChart
from ..schema import MrstatsError
from ..selection import GEOGRAPHY, latest_year, masked, only_indicator, only_level
from ..viewparts import group_or_area, instead, is_hidden, plain_table, written, written_interval

NEEDED = ("indicator", "year", "geography_level", GEOGRAPHY, "value", "modelled_value", "status")
ENDS = 10
"""So many areas are drawn from each end where all do not fit."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Raw values hollow, modelled ones filled with their intervals; of many areas the lowest and the highest."""
    words = Captions.of(data, city, language)
    found = _Areas(data, words)
    if not found.known:
        return instead(found.shown, words)
    blocks = [Block("", tuple(map(found.row, found.known)))]
    if len(found.known) > 3 * ENDS:
        low, high = found.known[:ENDS], found.known[-ENDS:]
        blocks = [Block(words.word(f"small_areas_{name}", count=ENDS), tuple(map(found.row, rows)))
                  for name, rows in (("lowest", low), ("highest", high))]  # fmt: skip
    word = words.word
    drawing = RowChart(
        blocks, [capital(found.indicator.unit[words.language])], [word("small_areas_raw"), word("small_areas_modelled")],
        [(Mark(0.0, "o", look.TEXT_2, hollow=True), word("small_areas_raw_mark")), (Mark(0.0), word("small_areas_modelled_mark"))],
        words.language,
    )  # fmt: skip
    sentences = [words.word("alt_small_areas", count=len(found.known)), *found.told()]
    return figure(
        words, drawing.svg(), drawing.height, title=words.title(title, words.word("title_small_areas"), found.plain_title()),
        subtitle=found.subtitle(), source=words.source(found.shown, [found.indicator]),
        notes=[words.word("small_areas_read"), *drawing.notes(words.word)],
        alt=words.alt(alt, sentences, [words.word("alt_where"), words.word("alt_small_areas_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Each area's value as it is and as modelled, both with intervals, lowest modelled value first."""
    words = Captions.of(data, city, language)
    found = _Areas(data, words)
    ends = words.word("interval_column", level=words.confidence(found.shown) or "95")
    heads = [
        words.dimension(GEOGRAPHY, found.level),
        words.word("small_areas_raw"),
        ends,
        words.word("small_areas_modelled"),
        ends,
    ]
    lines = []
    for record in [*found.known, *found.without]:
        cells = []
        for prefix in ("", "modelled_"):
            value, lower, upper = (record[f"{prefix}{name}"] for name in ("value", "lower", "upper"))
            cells += [written(value, words, found.decimals), written_interval(lower, upper, words, found.decimals)]
        lines.append(([group_or_area({**record, "factor": ""}, words), *cells], False))
    return plain_table(
        words, heads, lines, title=words.title(title, words.word("title_small_areas"), found.plain_title()),
        subtitle=found.subtitle(), source=words.source(found.shown, [found.indicator]),
        notes=[words.word("small_areas_read")],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How much narrower the intervals of modelled figures are, and that they are estimates."""
    return _Areas(data, words).told()


class _Areas:
    """The areas of one level, one group and the newest year, lowest modelled value first."""

    def __init__(self, data, words: Captions):
        self.words, self.shown = words, latest_year(masked(data, NEEDED))
        if self.shown[GEOGRAPHY].duplicated().any():
            raise MrstatsError("The table has several rows an area. Select one group: table[table[…] == …].")
        self.indicator, self.level = words.indicator(only_indicator(self.shown)), only_level(self.shown)
        self.decimals = max(self.indicator.decimals, 1)
        records = self.shown.to_dict("records")
        known = [row for row in records if not (is_hidden(row) or math.isnan(row["modelled_value"]))]
        self.known = sorted(known, key=lambda row: row["modelled_value"])
        self.without = [row for row in records if row not in known]

    def row(self, record: dict) -> Row:
        raw = Mark(record["value"], "o", look.TEXT_2, hollow=True)
        made = Mark(
            record["modelled_value"], "o", look.INK, lower=record["modelled_lower"], upper=record["modelled_upper"]
        )
        cells = tuple(written(record[name], self.words, self.decimals) for name in ("value", "modelled_value"))
        return Row(group_or_area({**record, "factor": ""}, self.words), ((raw, made),), cells)

    def told(self) -> list[str]:
        language = self.words.language
        if not self.known:
            return hidden_in(self.shown, self.words)

        def width(prefix: str) -> str:
            wide = [row[f"{prefix}upper"] - row[f"{prefix}lower"] for row in self.known]
            wide = sorted(each for each in wide if not math.isnan(each))
            return number(wide[len(wide) // 2], language) if wide else "–"

        areas = self.words.city.geographies[self.level].definite_plural[language]
        unit = difference_unit(self.indicator, self.words)
        return [fill("small_areas", language, areas=areas, raw=width(""), modelled=width("modelled_"), unit=unit),
                fill("small_areas_drawn", language)]  # fmt: skip

    def plain_title(self) -> str:
        return capital(self.words.share(self.indicator))

    def subtitle(self) -> str:
        return self.words.word(
            "small_areas_subtitle", share=capital(self.words.share(self.indicator)), place=self.words.city.label,
            areas=self.words.city.geographies[self.level].plural[self.words.language], year=self.words.years(self.shown),
            level=self.words.confidence(self.shown) or "95",
        )  # fmt: skip
