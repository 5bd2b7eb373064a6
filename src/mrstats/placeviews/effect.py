"""How what came of a change is shown: the areas that met it against the others, year by year. It computes no effect."""

from __future__ import annotations

import math

from .. import look
from ..axes import Axis
from ..captions import Captions
from ..display import Display, figure
from ..language import capital, interval, number, signed
from ..phrases import difference_of, fill, share_of
from ..schema import PER_CENT, MrstatsError
from ..selection import only_indicator
from ..viewparts import plain_table, written

_TOP, _PLOT, _UNDER, _RIGHT, _INSET = 9.0, 42.0, 7.0, 2.0, 10.0
_CHANCE = 0.05


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Differences in development since the year before the change, with intervals; a dotted line where it came."""
    words = Captions.of(data, city, language)
    found = _Effect(data, words)
    sheet, height = _drawn(found)
    sentences = [words.word("alt_effect", years=found.years_text()), *found.told()]
    return figure(
        words, sheet.svg(), height, title=words.title(title, found.finding(), found.plain_title()),
        subtitle=found.subtitle(), source=found.source(), notes=[words.word("effect_read"), words.word("effect_before")],
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_effect_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """The difference of each year and, last, of all years after the change against all before it."""
    words = Captions.of(data, city, language)
    found = _Effect(data, words)
    heads = [words.word("year"), words.word("difference_points" if found.in_points else "difference"),
             words.word("interval_column", level=words.confidence(data) or "95")]  # fmt: skip
    decimals = found.decimals
    lines = []
    for record in [*found.by_year, found.whole]:
        year = int(record["year"])
        base = bool(year) and math.isnan(record["effect"])
        ends = "." if base else interval(record["lower"], record["upper"], words.language, decimals=decimals, sign=True)
        text = (
            number(0, words.language, decimals=decimals)
            if base
            else written(record["effect"], words, decimals, sign=True)
        )
        lines.append(([str(year) if year else words.word("effect_after"), text, ends], not year))
    return plain_table(
        words, heads, lines, title=words.title(title, found.finding(), found.plain_title()), subtitle=found.subtitle(),
        source=found.source(), notes=[words.word("effect_base", year=found.base), words.word("effect_before")],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """Whether the areas went apart before, so that nothing can be told, and else how they certainly did after."""
    return _Effect(data, words).told()


class _Effect:
    """The one comparison of a table, as a whole and by year."""

    def __init__(self, data, words: Captions):
        whole, by_year = data[data["year"] == 0], data[data["year"] > 0]
        if len(whole) != 1:
            raise MrstatsError(
                f"One comparison is shown at a time; the table holds {len(whole)}. Select one indicator and group."
            )
        self.words, self.data = words, by_year
        self.whole = whole.to_dict("records")[0]
        self.by_year = by_year.sort_values("year").to_dict("records")
        self.indicator = words.indicator(only_indicator(data))
        self.since = int(self.whole["since"])
        self.base = max(int(row["year"]) for row in self.by_year if row["year"] < self.since)
        self.in_points = self.indicator.measure in PER_CENT
        self.decimals = max(self.indicator.decimals, 2) if not self.in_points else 1

    @property
    def apart_before(self) -> bool:
        """Whether the areas went different ways before the change: then nothing after it can be told from that."""
        return self.whole["trend_p"] < _CHANCE

    @property
    def way(self) -> str:
        """Whether the value certainly went *more* or *less* up where the change was, or it is *unsure*."""
        if self.whole["lower"] > 0:
            return "more"
        return "less" if self.whole["upper"] < 0 else "unsure"

    def told(self) -> list[str]:
        language = self.words.language
        slots = {"share": share_of(self.indicator, self.words), "y0": str(self.since)}
        if self.apart_before:
            return [fill("effect_apart", language, **slots)]
        told = []
        if self.way == "unsure":
            told.append(fill("effect_unsure", language, **slots))
        else:
            diff = difference_of(self.whole["effect"], self.indicator, self.words)
            told.append(fill(f"effect_{self.way}", language, diff=diff, **slots))
        tested = not math.isnan(self.whole["trend_p"])
        return [*told, fill("effect_alike" if tested else "effect_untested", language, **slots)]

    def finding(self) -> str:
        return self.words.word("title_effect_apart" if self.apart_before else f"title_effect_{self.way}")

    def plain_title(self) -> str:
        return self.words.word("title_effect_plain")

    def years_text(self) -> str:
        return self.words.years(self.data)

    def subtitle(self) -> str:
        words = self.words
        unit = words.word("percentage_points") if self.in_points else self.indicator.unit[words.language]
        slots = {"share": capital(words.share(self.indicator)), "unit": unit, "areas": self.whole["areas"],
                 "others": self.whole["others"], "place": words.city.label, "years": self.years_text()}  # fmt: skip
        return words.word("effect_subtitle", **slots)

    def source(self) -> str:
        return self.words.source(self.data, [self.indicator])


def _drawn(found: _Effect) -> tuple[look.Sheet, float]:
    words = found.words
    bottom = _TOP + _PLOT
    height = bottom + _UNDER
    sheet = look.Sheet(look.COLUMN_WIDTH, height)
    ends = [row[end] for row in found.by_year for end in ("effect", "lower", "upper")] + [0.0]
    axis = Axis.around(ends, bottom, _TOP, words.language, upright=True)
    left, right = axis.labels_width() + 3, look.COLUMN_WIDTH - _RIGHT
    axis.draw_upright(sheet, left, right)
    years = [int(row["year"]) for row in found.by_year]
    span = max(years[-1] - years[0], 1)

    def x(year: float) -> float:
        return left + _INSET + (year - years[0]) / span * (right - left - 2 * _INSET)

    unit = words.word("percentage_points") if found.in_points else found.indicator.unit[words.language]
    sheet.text(0, 3.2, capital(unit), size=look.SMALL_SIZE, colour=look.TEXT_2)
    zero = axis.x(0.0)
    sheet.line([left, right], [zero, zero], colour=look.INK, width=look.MEAN_LINE, dash=(4, 2), layer=3)
    changed = x((found.since + found.base) / 2)
    sheet.line([changed, changed], [_TOP - 3, bottom], colour=look.INK, width=0.8, dash=(1.4, 1.4))
    for key, place, align in (("effect_side_before", changed - 2, "right"), ("effect_side_after", changed + 2, "left")):
        sheet.text(place, _TOP - 2.4, words.word(key), size=look.SMALL_SIZE, colour=look.TEXT_2, align=align)
    for row in found.by_year:
        year = int(row["year"])
        sheet.text(x(year), bottom + 4.4, str(year), size=look.SMALL_SIZE, colour=look.TEXT_2, align="center")
        if math.isnan(row["effect"]):
            sheet.mark(x(year), zero, shape="D", size=4.6, fill=look.TEXT_2)
            continue
        y = axis.x(row["effect"])
        sheet.line([x(year)] * 2, [axis.x(row["lower"]), axis.x(row["upper"])], colour=look.INK,
                   width=look.INTERVAL_LINE, layer=4)  # fmt: skip
        sure = row["lower"] > 0 or row["upper"] < 0
        sheet.mark(x(year), y, fill=look.INK if sure else look.WHITE, edge=None if sure else look.INK)
        text = signed(row["effect"], words.language, decimals=found.decimals)
        width = look.text_width(text)
        sheet.box(x(year) + 2.0, y - 1.9, width + 0.8, 3.8, layer=4)  # where the line of zero would cross the figure
        sheet.middle(x(year) + 2.4, y, text)
    return sheet, height
