"""How segregation is shown: indices by group beside what chance gives, and the parts of a change. It computes none."""

from __future__ import annotations

import math

from .. import look
from ..captions import HIDDEN, Captions, lower_first
from ..display import Display, figure
from ..language import EN_DASH, capital, in_words, number
from ..phrases import fill, hidden_in, patterns
from ..rowchart import BAR, STROKE, Block, Mark, Row, RowChart
from ..schema import TOTAL, UNKNOWN, MrstatsError
from ..selection import masked
from ..viewparts import among, in_order, is_hidden, plain_table, written, written_interval

NEEDED = ("year", "since", "group", "against", "measure", "corrected", "expected", "status")
_SCALE = 100
"""Indices are printed from 0 to 100."""

_THOUSANDTHS = 1000
_CHANGES = ("mutual_information", "structure", "groups", "areas", "new_areas")


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """The index of dissimilarity by group, first and last year; of rows of change alone, their parts as bars."""
    words = Captions.of(data, city, language)
    shown = masked(data, NEEDED)
    if not (shown["measure"] == "dissimilarity").any():
        return _changes(shown, words, title, alt)
    found = _Indices(shown, words)
    drawing = RowChart(
        [Block("", tuple(found.row(group) for group in found.groups))],
        [words.word("segregation_axis")],
        [*map(str, found.years_shown), words.word("segregation_chance")],
        found.legend(),
        words.language,
    )
    sentences = [words.word("alt_segregation", factor=found.factor_name, count=len(found.groups))]
    known = [record for record in found.last if not math.isnan(record["corrected"])]
    told = [record for record in known if record["group"] != UNKNOWN]
    if len(told) > 1:
        ends = {name: end(told, key=lambda record: record["corrected"]) for name, end in (("high", max), ("low", min))}
        slots = {name: found.number(record["corrected"]) for name, record in ends.items()}
        slots |= {f"{name}_where": among(found.factor, record["group"], words) for name, record in ends.items()}
        sentences.append(words.word("alt_segregation_range", year=found.years[-1], **slots))
    if hidden := len(found.last) - len(known):
        sentences.append(words.word("alt_hidden", count=hidden, total=len(found.last)))
    cells = {cell for block in drawing.blocks for row in block.rows for cell in row.cells}
    return figure(
        words,
        drawing.svg(),
        drawing.height,
        title=words.title(title, found.finding(), found.plain_title()),
        subtitle=found.subtitle(),
        source=words.source(shown, [words.indicator(found.indicator)]),
        notes=[words.word("segregation_explained"), words.word("segregation_chance_explained"), *drawing.notes(words.word),
               *words.notes(cells, [])],
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_segregation_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """The index with its interval by group and year, and what chance alone would give."""
    words = Captions.of(data, city, language)
    found = _Indices(masked(data, NEEDED), words)
    index, ends = (
        words.word("segregation_index"),
        words.word("interval_column", level=words.confidence(found.rows) or "95"),
    )
    heads = [
        found.head(),
        *[index, ends] * len(found.years_shown),
        words.word("segregation_chance"),
        words.word("persons_about"),
    ]
    spanners = [
        {"text": str(year), "first": 1 + 2 * place, "last": 2 + 2 * place}
        for place, year in enumerate(found.years_shown)
    ]
    lines = []
    for group in found.groups:
        cells = [capital(words.group(found.factor, group))]
        for year in found.years_shown:
            record = found.at(group, year)
            cells += [found.number(record["corrected"]),
                      written_interval(record["lower"] * _SCALE, record["upper"] * _SCALE, words, 1)]  # fmt: skip
        last = found.at(group, found.years[-1])
        lines.append(([*cells, found.number(last["expected"]), written(last["population"], words, 0)], False))
    return plain_table(
        words, heads, lines, spanners=spanners, title=words.title(title, found.finding(), found.plain_title()),
        subtitle=found.subtitle(), source=words.source(found.rows, [words.indicator(found.indicator)]),
        notes=[words.word(key) for key in ("segregation_explained", "segregation_chance_explained", "rounded_to_tens")],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """What the highest index means, what chance would give, and whether it has certainly changed."""
    shown = masked(data, NEEDED)
    if not (shown["measure"] == "dissimilarity").any():
        return []
    found = _Indices(shown, words)
    known = [record for record in found.last if not math.isnan(record["corrected"]) and record["group"] != UNKNOWN]
    language = words.language
    if not known:
        return hidden_in(found.rows, words)
    highest = max(known, key=lambda record: record["corrected"])
    a = among(found.factor, highest["group"], words)
    if not highest["lower"] > 0:
        return [fill("segregation_chance", language, a=a)]
    value, expected = (number(highest[name] * _SCALE, language) for name in ("corrected", "expected"))
    told = [fill("segregation", language, a=a, b=found.against, value=value),
            fill("segregation_lot", language, value=expected)]  # fmt: skip
    if len(found.years) > 1 and not math.isnan((first := found.at(highest["group"], found.years[0]))["corrected"]):
        way = found.moved(first, highest)
        slots = {"a": a, "y0": str(found.years[0])}
        if not way:
            return [*told, fill("segregation_change_unsure", language, **slots)]
        values = {"v0": found.number(first["corrected"]), "v1": found.number(highest["corrected"])}
        told.append(fill("segregation_change", language, shrunk=patterns()[way][language], **values, **slots))
    return told


class _Indices:
    """The indices of dissimilarity in a table, by group and year."""

    def __init__(self, shown, words: Captions):
        self.words = words
        self.rows = shown[(shown["measure"] == "dissimilarity") & (shown["group"] != TOTAL)]
        places = {(row["factor"], row["geography_level"], row["indicator"]) for row in self.rows.to_dict("records")}
        if len(places) != 1:
            raise MrstatsError(
                f"One table of mr.segregation is shown at a time; this one holds {len(places)}. Select one factor, level and "
                "indicator."
            )
        self.factor, self.level, self.indicator = next(iter(places))
        self.years = sorted(int(year) for year in self.rows["year"].unique())
        self.years_shown = sorted({self.years[0], self.years[-1]})
        self.cells = {(row["group"], int(row["year"])): row for row in self.rows.to_dict("records")}
        self.last = in_order(
            [row for (_, year), row in self.cells.items() if year == self.years[-1]], self.factor, words
        )
        self.groups = [record["group"] for record in self.last]
        self.factor_name = lower_first(words.dimension(self.factor))
        against = str(self.rows["against"].iloc[0])
        self.against = words.word("segregation_rest") if against == "rest" else among(self.factor, against, words)

    def at(self, group: str, year: int) -> dict:
        """A row; empty figures where a group has none that year."""
        nothing = dict.fromkeys(("corrected", "expected", "lower", "upper", "population"), math.nan)
        return self.cells.get((group, year), nothing)

    def number(self, index: float) -> str:
        return written(index * _SCALE, self.words, 1)

    def head(self) -> str:
        return capital(self.words.dimension(self.factor))

    def row(self, group: str) -> Row:
        """Hollow dot: the first year; filled dot with its interval: the last; stroke: what chance gives."""
        records = [self.at(group, year) for year in self.years_shown]
        first, last = records[0]["corrected"] * _SCALE, records[-1]
        marks = [Mark(last["expected"] * _SCALE, STROKE, look.HATCH)]
        if len(records) > 1:
            marks.append(Mark(first, "o", look.TEXT_2, hollow=True))
        marks.append(Mark(last["corrected"] * _SCALE, "o", look.INK, lower=last["lower"] * _SCALE,
                          upper=last["upper"] * _SCALE, start=first if len(records) > 1 else math.nan))  # fmt: skip
        cells = [self.number(record["corrected"]) for record in records]
        name = capital(self.words.group(self.factor, group))
        return Row(name, (tuple(marks),), (*cells, self.number(last["expected"])))

    def legend(self) -> list[tuple[Mark, str]]:
        first, last = self.years_shown[0], self.years_shown[-1]
        hollow = [(Mark(0.0, "o", look.TEXT_2, hollow=True), str(first))] * (first != last)
        return [*hollow, (Mark(0.0), str(last)),
                (Mark(0.0, STROKE, look.HATCH), self.words.word("segregation_chance_mark"))]  # fmt: skip

    def moved(self, first: dict, last: dict) -> str:
        """Whether an index has certainly *risen* or *fallen*: its two intervals do not meet; else nothing."""
        if last["upper"] < first["lower"]:
            return "fallen"
        return "risen" if last["lower"] > first["upper"] else ""

    def finding(self) -> str | None:
        """In how many groups the index has certainly gone one way; nothing where a group is hidden or ways differ."""
        known = [group for group in self.groups if group != UNKNOWN]
        pairs = [(self.at(group, self.years[0]), self.at(group, self.years[-1])) for group in known]
        if len(self.years) < 2 or any(math.isnan(record["corrected"]) for pair in pairs for record in pair):
            return None
        ways = [self.moved(*pair) for pair in pairs]
        told = set(ways) - {""}
        if len(told) != 1:
            return None
        language = self.words.language
        slots = {"moved": patterns()[told.pop()][language], "since": self.years[0]}
        if all(ways):
            return self.words.word("title_segregation_all", factor=self.factor_name, **slots)
        counts = {"count": in_words(sum(map(bool, ways)), language), "total": in_words(len(ways), language)}
        return self.words.word("title_segregation_some", **counts, **slots)

    def plain_title(self) -> str:
        return self.words.word("title_segregation", factor=self.factor_name)

    def subtitle(self) -> str:
        words = self.words
        areas = words.city.geographies[self.level].plural[words.language]
        return words.word(
            "segregation_subtitle", against=self.against, areas=areas, place=words.city.label,
            year=words.years(self.rows), level=words.confidence(self.rows) or "95",
        )  # fmt: skip


def _changes(shown, words: Captions, title: str | None, alt: str | None) -> Display:
    """The parts of each change of M as bars from zero, the whole first."""
    rows = shown[shown["measure"].str.startswith("change_")]
    blocks, told = [], []
    spans = list(rows.groupby(["since", "year"]))
    for (since, year), part in spans:
        records = {record["measure"].removeprefix("change_"): record for record in part.to_dict("records")}
        lines = []
        for name in (name for name in _CHANGES if name in records):
            value = records[name]["value"] * _THOUSANDTHS
            if name == "new_areas" and value == 0:
                continue
            text = HIDDEN if is_hidden(records[name]) else written(value, words, 1, sign=True)
            colour = look.INK if name == "mutual_information" else look.HATCH
            lines.append(Row(words.word(f"change_{name}"), ((Mark(value, BAR, colour),),), (text,)))
            told.append(f"{words.word(f'change_{name}')} {text}")
        blocks.append(Block(f"{since:.0f}{EN_DASH}{year:.0f}" * (len(spans) > 1), tuple(lines)))
    if not blocks:
        raise MrstatsError("The table holds no index of segregation and no change. Pass what mr.segregation returned.")
    drawing = RowChart(blocks, [words.word("segregation_change_axis")], [""], [],
                       words.language)  # fmt: skip
    factor = lower_first(words.dimension(str(rows["factor"].iloc[0])))
    years = f"{rows['since'].min():.0f}{EN_DASH}{rows['year'].max():.0f}"
    sentences = [words.word("alt_segregation_change", factor=factor, years=years), f"{'; '.join(told)}."]
    cells = {row.cells[0] for block in drawing.blocks for row in block.rows}
    return figure(
        words, drawing.svg(), drawing.height,
        title=words.title(title, words.word("title_segregation_change", factor=factor)),
        subtitle=words.word("segregation_change_subtitle", place=words.city.label, years=years),
        source=words.source(rows, [words.indicator(rows["indicator"].iloc[0])], since=int(rows["since"].min())),
        notes=[words.word("segregation_change_explained"), *words.notes(cells, [])],
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_segregation_change_how")]),
    )  # fmt: skip
