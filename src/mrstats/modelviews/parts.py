"""How a decomposed gap is shown: the whole difference and its parts with their intervals. It divides nothing."""

from __future__ import annotations

import math

from .. import look
from ..captions import Captions, lower_first
from ..display import Display, figure
from ..language import capital, number
from ..phrases import difference_unit, fill, hidden_in
from ..rowchart import STROKE, Block, Mark, Row, RowChart
from ..schema import MrstatsError
from ..selection import is_shown, latest_year, masked, only_indicator
from ..viewparts import among, instead, is_hidden, plain_table, written, written_interval

NEEDED = ("indicator", "year", "part", "by", "value", "factor", "reference", "status")


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """A dot, drawn from zero, for the difference and for each part, with its interval."""
    words = Captions.of(data, city, language)
    found = _Parts(data, words)
    if found.hidden:
        return instead(found.shown, words)
    drawing = RowChart(
        [Block("", tuple(map(found.row, [*found.main, *found.detail])))],
        [capital(found.unit())], [""], [], words.language,
    )  # fmt: skip
    sentences = [words.word("alt_parts", count=len(found.main)), *said(data, words)]
    return figure(
        words, drawing.svg(), drawing.height, title=words.title(title, found.title()), subtitle=found.subtitle(),
        source=words.source(found.shown, [found.indicator]), notes=[words.word("parts_read"), *drawing.notes(words.word)],
        alt=words.alt(alt, sentences, [words.word("alt_where"), words.word("alt_parts_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """The difference and its parts, with intervals and their share of the difference."""
    words = Captions.of(data, city, language)
    found = _Parts(data, words)
    if found.hidden:
        return instead(found.shown, words)
    heads = [words.word("parts_part"), capital(found.unit()),
             words.word("interval_column", level=words.confidence(found.shown) or "95"), words.word("parts_share")]  # fmt: skip
    lines = []
    for record in [*found.main, *found.detail]:
        d = found.decimals
        cells = [written(record["value"], words, d, sign=True),
                 written_interval(record["lower"], record["upper"], words, d, sign=True),
                 written(record["share"], words, 0)]  # fmt: skip
        lines.append(([capital(found.name(record)), *cells], False))
    return plain_table(
        words, heads, lines, title=words.title(title, found.title()), subtitle=found.subtitle(),
        source=words.source(found.shown, [found.indicator]), notes=[words.word("parts_read")],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How much of a certain difference goes together with what the groups differ in, and how much is left."""
    shown, language = latest_year(masked(data, NEEDED)), words.language
    whole = shown[shown["by"] == ""].set_index("part")
    names = ("difference", *(("composition", "rate") if "rate" in whole.index else ("explained", "unexplained")))
    gap, part, rest = (whole.loc[name] if name in whole.index else None for name in names)
    if gap is None or part is None or rest is None or not is_shown(gap.to_dict()):
        return hidden_in(shown, words)
    factor = words.city.factors[gap["factor"]]
    a, b = (factor.group(code).among[language] for code in (gap[gap["factor"]], gap["reference"]))
    if not (gap["lower"] > 0 or gap["upper"] < 0):
        return [fill("gap_unsure_one", language, a=a, b=b), fill("unsure_why_one", language)]
    indicator = words.indicator(only_indicator(shown))
    unit = difference_unit(indicator, words)

    def said(value: float) -> str:
        return number(abs(value), language, decimals=indicator.decimals)  # so exact that the parts add up

    slots = {"covs": words.factors_named(gap["adjusted_for"]), "diff": f"{said(gap['value'])} {unit}"}
    if part["value"] * gap["value"] <= 0 or abs(part["value"]) > abs(gap["value"]):
        return [fill("decompose_other", language, **slots)]
    return [
        fill("decompose", language, part=said(part["value"]), **slots),
        fill("decompose_rest", language, part=f"{said(rest['value'])} {unit}"),
    ]


class _Parts:
    """The rows of one decomposition: the difference, its parts, and what these are made up of."""

    def __init__(self, data, words: Captions):
        self.words, self.shown = words, masked(data, NEEDED)
        records = self.shown.to_dict("records")
        self.main = [row for row in records if not row["by"]]
        self.detail = [row for row in records if row["by"]]
        if sum(row["part"] == "difference" for row in self.main) != 1:
            raise MrstatsError("One decomposition is shown at a time. Select one group and year.")
        self.gap = next(row for row in self.main if row["part"] == "difference")
        self.hidden = is_hidden(self.gap) or math.isnan(self.gap["value"])
        self.indicator = words.indicator(only_indicator(self.shown))
        self.decimals = max(self.indicator.decimals, 1)

    def unit(self) -> str:
        return difference_unit(self.indicator, self.words)

    def name(self, record: dict) -> str:
        if record["by"]:
            named = [lower_first(self.words.dimension(name)) for name in str(record["by"]).split(" × ")
                     if name in self.words.city.factors]  # fmt: skip
            by = self.words.joined(named) if named else str(record["by"])
            thereof = self.words.word("parts_thereof", by=by)
            return thereof if record["part"] in ("explained", "composition") else f"{self.part(record)}, {thereof}"
        return self.part(record)

    def part(self, record: dict) -> str:
        return self.words.word(f"part_{record['part']}")

    def row(self, record: dict) -> Row:
        colour = look.INK if record["part"] == "difference" else look.HATCH
        mark = Mark(record["value"], "o", colour, lower=record["lower"], upper=record["upper"], start=0.0)
        text = written(record["value"], self.words, self.decimals, sign=True)
        return Row(capital(self.name(record)), ((Mark(0.0, STROKE, look.HATCH), mark),), (text,))

    def groups(self) -> tuple[str, str]:
        factor = self.gap["factor"]
        return among(factor, self.gap[factor], self.words), among(factor, self.gap["reference"], self.words)

    def title(self) -> str:
        return self.words.word("title_parts", covs=self.words.factors_named(self.gap["adjusted_for"]))

    def subtitle(self) -> str:
        words, (a, b) = self.words, self.groups()
        level = number(100 * self.gap["confidence"], words.language)
        return words.word("parts_subtitle", share=capital(words.share(self.indicator)), a=a, b=b, unit=self.unit(),
                          level=level, place=words.city.label, year=words.years(self.shown))  # fmt: skip
