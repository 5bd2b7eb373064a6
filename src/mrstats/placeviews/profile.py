"""How the profile of an area is shown: beside the areas that it lies in and the city. It computes no figure."""

from __future__ import annotations

import math

from .. import look
from ..captions import Captions, lower_first
from ..chartdrawing import judging_colour
from ..comparisons import SIGN
from ..dataset.distances import reached
from ..display import Display, figure
from ..language import capital, in_words, signed
from ..phrases import fill, hidden_in, share_of, value_of
from ..rowchart import STROKE, Block, Mark, Row, RowChart
from ..schema import CITY, PER_CENT, TOTAL
from ..selection import GEOGRAPHY, is_sure, masked
from ..viewparts import in_order, is_hidden, plain_table, written, written_interval
from .parts import in_steps, metres, service

NEEDED = ("indicator", "year", "geography_level", "geography", "factor", "group", "value", "measure", "status")
_DRAWN = "plan_area"
_BESIDE = ("s", "^", "D")
"""Markers of the areas beside; more of them stand in the table only."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Shares in per cent: the drawn area with its interval, the areas it lies in, and the city as a stroke."""
    words = Captions.of(data, city, language)
    found = _Profile(masked(data, NEEDED), words)
    blocks = found.blocks()
    drawing = RowChart(
        blocks, [words.word("map_per_cent")],
        [words.word("profile_area"), words.word("city_as_a_whole"), words.word("difference_points")],
        found.legend(), words.language,
    )  # fmt: skip
    rows = [record for record in found.drawn if record["measure"] in PER_CENT]
    known = [record for record in rows if not is_hidden(record) and not math.isnan(record["difference"])]
    conditions = [record for record in known if not reached(record["indicator"])]  # as in the title; else any share
    sure = [record for record in known if is_sure(record)]
    sentences = [words.word("alt_profile", count=sum(len(block.rows) for block in blocks))]
    if known:
        widest = max(conditions or known, key=lambda record: abs(record["difference"]))
        slots = {"name": found.name(widest), "value": written(widest["value"], words, 1),
                 "city": found.number(found.at(CITY, widest))}  # fmt: skip
        sentences.append(words.word("alt_profile_widest", **slots))
        sentences.append(words.word("alt_profile_sure", count=len(sure), total=len(known)))
    if hidden := sum(map(is_hidden, rows)):
        sentences.append(words.word("alt_hidden", count=hidden, total=len(rows)))
    cells = {cell for block in blocks for row in block.rows for cell in row.cells}
    notes = [words.word("profile_sure"), words.word("points_explained"), *drawing.notes(words.word)]
    notes += in_steps(rows, words)
    notes += [words.word("profile_other_units")] * found.has_other_units
    return figure(
        words, drawing.svg(), drawing.height, title=words.title(title, found.widest(), words.word("title_profile")),
        subtitle=found.subtitle(), source=found.source(rows), notes=[*notes, *words.notes(cells, [])],
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_profile_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Every figure of everybody in the drawn area with its interval, beside the areas it lies in and the city."""
    words = Captions.of(data, city, language)
    found = _Profile(masked(data, NEEDED), words)
    heads = [words.word("indicator"), words.word("profile_area"),
             words.word("interval_column", level=words.confidence(found.shown) or "95"),
             *(words.area(*place) for place in found.beside), words.word("city_as_a_whole")]  # fmt: skip
    lines = []
    for record in found.drawn_total + found.drawn_groups:
        decimals = found.decimals(record)
        others = [found.number(found.at(level, record, code)) for level, code in found.beside]
        ends = "." if record["measure"] == "count" and not is_hidden(record) else written_interval(
            record["lower"], record["upper"], words, decimals)  # fmt: skip
        cells = [
            found.name(record, unit=True),
            found.number(record),
            ends,
            *others,
            found.number(found.at(CITY, record)),
        ]
        lines.append((cells, False))
    return plain_table(
        words, heads, lines, title=words.title(title, found.counted(), words.word("title_profile")),
        subtitle=found.subtitle("_table"), source=found.source(found.drawn),
        notes=[words.word("profile_per_cent"), *words.chance(found.shown), *[words.word("rounded_to_tens")] * found.has_counts,
               *in_steps(found.drawn, words)],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """In how many conditions the area certainly lies worse and better than the city, and the widest difference."""
    found = _Profile(masked(data, NEEDED), words)
    language = words.language
    known = [record for record in found.conditions if not math.isnan(record["difference"])]
    if not known:
        return hidden_in(found.shown, words)
    worse, better = (
        [
            record
            for record in known
            if is_sure(record) and record["difference"] * SIGN[found.direction(record)] * way > 0
        ]
        for way in (1, -1)
    )
    if len(known) == 1:
        return _one(known[0], bool(worse or better), found) + hidden_in(found.shown, words)
    unsure = len(known) - len(worse) - len(better)
    told = [fill("profile", language, worse=in_words(len(worse), language, neuter=True),
                 better=in_words(len(better), language, neuter=True), total=in_words(len(known), language))]  # fmt: skip
    if unsure:
        told.append(fill("profile_unsure", language, num=in_words(unsure, language, neuter=True)))
    share = [record for record in worse or better if record["measure"] in PER_CENT]
    if share:
        widest = max(share, key=lambda record: abs(record["difference"]))
        indicator = words.indicator(widest["indicator"])
        slots = {"value": value_of(widest["value"], indicator, words)}
        whole = found.at(CITY, widest)
        if whole is not None and not is_hidden(whole):
            slots |= {"share": share_of(indicator, words), "city": value_of(whole["value"], indicator, words)}
            told.append(fill("profile_widest", language, **slots))
    return told + hidden_in(found.shown, words)


def _one(record: dict, sure: bool, found: _Profile) -> list[str]:
    """The level of one condition in the area and the city, if the two certainly differ."""
    words, whole = found.words, found.at(CITY, record)
    indicator = words.indicator(record["indicator"])
    share = share_of(indicator, words)
    if not sure or whole is None or is_hidden(whole):
        return [fill("profile_one_unsure", words.language, share=share)]
    values = {name: value_of(row["value"], indicator, words) for name, row in (("value", record), ("city", whole))}
    return [fill("profile_one", words.language, share=share, **values)]


class _Profile:
    """The rows of a profile by place, indicator and group."""

    def __init__(self, shown, words: Captions):
        self.words, self.shown = words, shown
        records = shown.to_dict("records")
        self.cells = {self._key(row["geography_level"], row[GEOGRAPHY], row): row for row in records}
        self.drawn = [row for row in records if row["geography_level"] == _DRAWN]
        self.drawn_total = [row for row in self.drawn if row["group"] == TOTAL]
        self.drawn_groups = [row for row in self.drawn if row["group"] != TOTAL]
        places = [(row["geography_level"], row[GEOGRAPHY]) for row in records]
        self.beside = [place for place in dict.fromkeys(places) if place[0] not in (_DRAWN, CITY)]
        self.city_code = next((code for level, code in places if level == CITY), "")
        self.has_counts = any(row["measure"] == "count" for row in self.drawn)
        self.has_other_units = any(row["measure"] not in PER_CENT for row in self.drawn)

    @staticmethod
    def _key(level: str, code: str, row: dict) -> tuple:
        return level, code, row["indicator"], row["factor"], row["group"]

    def at(self, level: str, record: dict, code: str = "") -> dict | None:
        """The row of another place about the same people and indicator."""
        return self.cells.get(self._key(level, code or self.city_code, record))

    def direction(self, record: dict) -> str:
        return "" if reached(record["indicator"]) else self.words.indicator(record["indicator"]).direction

    def decimals(self, record: dict) -> int:
        return 1 if reached(record["indicator"]) else self.words.indicator(record["indicator"]).decimals

    def number(self, record: dict | None) -> str:
        return written(
            math.nan if record is None else record["value"], self.words, self.decimals(record) if record else 0
        )

    def name(self, record: dict, *, unit: bool = False) -> str:
        """What a row measures, and of which group; with `unit`, in which if it is not per cent."""
        words = self.words
        near = reached(record["indicator"])
        if near:
            text = words.word("profile_near", service=capital(service(near[0], words)), reach=metres(near[1], words))
        else:
            indicator = words.indicator(record["indicator"])
            text = indicator.label[words.language]
            other = (
                words.word("about") if record["measure"] == "count" else indicator.unit[words.language]
            )  # counts are rounded
            text += f", {other}" * (unit and record["measure"] not in PER_CENT)
        if record["group"] != TOTAL:
            text += f": {words.group(record['factor'], record['group'])}"
        return text

    def blocks(self) -> list[Block]:
        """Conditions of everybody, what is near, then each indicator by the groups of each factor."""
        words, found = self.words, []
        share = [row for row in self.drawn_total if row["measure"] in PER_CENT]
        conditions = [row for row in share if not reached(row["indicator"])]
        found.append(
            Block(words.word("profile_conditions"), tuple(self._row(row, self.name(row)) for row in conditions))
        )
        near = [(row, *told) for row in share if (told := reached(row["indicator"]))]
        for reach in dict.fromkeys(reach for _, _, reach in near):
            lines = [self._row(row, capital(service(kind, words))) for row, kind, metre in near if metre == reach]
            found.append(Block(words.word("profile_services", reach=metres(reach, words)), tuple(lines)))
        pairs = dict.fromkeys(
            (row["factor"], row["indicator"]) for row in self.drawn_groups if row["measure"] in PER_CENT
        )
        for factor, name in pairs:
            rows = [row for row in self.drawn_groups if (row["factor"], row["indicator"]) == (factor, name)]
            label = words.indicator(name).label[words.language]
            heading = f"{label} {words.word('by')} {lower_first(words.dimension(factor))}"
            named = [(row, capital(words.group(factor, row["group"]))) for row in in_order(rows, factor, words)]
            found.append(Block(heading, tuple(self._row(row, text) for row, text in named)))
        return found

    def _row(self, record: dict, name: str) -> Row:
        """Stroke: the city; hollow: the areas beside; filled with an interval: the drawn area, hollow where it may be chance."""
        words, whole = self.words, self.at(CITY, record)
        marks = [Mark(math.nan if whole is None else whole["value"], STROKE, look.HATCH)]
        for (level, code), shape in zip(self.beside, _BESIDE, strict=False):
            other = self.at(level, record, code)
            marks.append(Mark(math.nan if other is None else other["value"], shape, look.AXIS, hollow=True))
        colour = judging_colour(record | {"disadvantage": record["difference"] * SIGN[self.direction(record)]})
        marks.append(Mark(record["value"], "o", colour, hollow=not is_sure(record), lower=record["lower"],
                          upper=record["upper"]))  # fmt: skip
        difference = record["difference"]
        text = ".." if math.isnan(difference) else signed(difference, words.language, decimals=1)
        return Row(name, (tuple(marks),), (self.number(record), self.number(whole), text))

    def legend(self) -> list[tuple[Mark, str]]:
        words = self.words
        beside = [(Mark(0.0, shape, look.AXIS, hollow=True), words.area(*place))
                  for place, shape in zip(self.beside, _BESIDE, strict=False)]  # fmt: skip
        return [(Mark(0.0), words.word("profile_area")), *beside,
                (Mark(0.0, STROKE, look.HATCH), words.word("city_as_a_whole"))]  # fmt: skip

    @property
    def conditions(self) -> list[dict]:
        """Rows of everybody in the drawn area that say whether conditions are better or worse."""
        return [row for row in self.drawn_total if self.direction(row)]

    def counted(self) -> str | None:
        """In how many conditions the area certainly differs from the city; at least so many where one is hidden."""
        if len(self.conditions) < 2 or all(math.isnan(row["difference"]) for row in self.conditions):
            return None
        language = self.words.language
        least = "_least" * any(math.isnan(row["difference"]) for row in self.conditions)
        counts = {"count": sum(map(is_sure, self.conditions)), "total": len(self.conditions)}
        told = {key: in_words(count, language, neuter=True) for key, count in counts.items()}
        return self.words.word(f"title_profile_sure{least}", **told)

    def widest(self) -> str | None:
        """The share whose difference from the city certainly is the largest; nothing where one is hidden."""
        rows = [row for row in self.drawn_total if row["measure"] in PER_CENT and not reached(row["indicator"])]
        if len(rows) < 2 or any(math.isnan(row["difference"]) for row in rows):
            return None
        ends = [(abs(row["difference_lower"]), abs(row["difference_upper"])) for row in rows]
        place = max(range(len(rows)), key=lambda place: min(ends[place]))
        others = [max(end) for number, end in enumerate(ends) if number != place]
        if not is_sure(rows[place]) or min(ends[place]) <= max(others):
            return None
        return self.words.word("title_profile_widest", name=self.name(rows[place]))

    def subtitle(self, of: str = "") -> str:
        words = self.words
        slots = {
            "place": words.city.label,
            "year": words.years(self.shown),
            "level": words.confidence(self.shown) or "95",
        }
        return words.word(f"profile_subtitle{of}", **slots)

    def source(self, rows: list[dict]) -> str:
        """Where the figures of some rows are from; what is near is counted among the population."""
        names = dict.fromkeys("population" if reached(row["indicator"]) else row["indicator"] for row in rows)
        known = [self.words.indicator(name) for name in names if name in self.words.city.indicators]
        return self.words.source(self.shown, known)
