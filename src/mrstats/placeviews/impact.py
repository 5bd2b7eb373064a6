"""How an impact is shown: who lives near before and after, how far it is, and who is touched. It computes none."""

from __future__ import annotations

import math

from .. import look
from ..captions import HIDDEN, Captions
from ..display import Display, figure
from ..language import capital
from ..phrases import fill, hidden_in
from ..rowchart import LINE, Block, Mark, Row, RowChart
from ..schema import TOTAL, UNPLACED, MrstatsError
from ..selection import GEOGRAPHY, masked
from ..viewparts import about, group_or_area, in_order, is_hidden, plain_table, written
from .parts import in_city, in_steps, metres, service

NEEDED = ("year", "kind", "group", "within_before", "within_after", "affected", "reach", "who", "how", "status")
_APART = 1.0
"""Millimetres that before and after stand above and below the middle of a row."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Two scales with a row for each group and area: the share within reach, and metres to the nearest."""
    words = Captions.of(data, city, language)
    found = _Impact(masked(data, NEEDED), words)
    near = words.word("impact_near", reach=metres(found.reach, words))
    drawing = RowChart(
        [Block(heading, tuple(found.row(record) for record in records)) for heading, records in found.blocks()],
        [f"{near}, {words.word('map_per_cent').lower()}", words.word("impact_metres", service=found.service)],
        [words.word("impact_affected"), words.word("impact_lost", reach=metres(found.reach, words))],
        [(found.mark(0.0, before=True), words.word("impact_before")), (found.mark(0.0), words.word("impact_after")),
         (Mark(0.0, LINE), words.word("impact_line"))][: 2 if not found.has_metres else 3],
        words.language,
        row=5.1,
    )  # fmt: skip
    sentences = [
        words.word("alt_impact", count=sum(len(block.rows) for block in drawing.blocks), service=found.service)
    ]
    whole = found.whole
    if whole and not is_hidden(whole):
        slots = {name: written(whole[f"within_{name}"], words, 1) for name in ("before", "after")}
        sentences.append(words.word("alt_impact_near", reach=metres(found.reach, words), **slots))
        sentences.append(words.word("alt_impact_affected", count=about(whole["affected"], words)))
    if hidden := sum(map(is_hidden, found.records)):
        sentences.append(words.word("alt_hidden", count=hidden, total=len(found.records)))
    cells = {cell for block in drawing.blocks for row in block.rows for cell in row.cells}
    return figure(
        words, drawing.svg(), drawing.height,
        title=words.title(title, found.finding(), found.plain_title()), subtitle=found.subtitle(),
        source=found.source(), notes=[*found.notes(), *drawing.notes(words.word),
                                      *words.notes(cells, [])],
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_impact_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Persons, persons touched, share within reach and metres, before and after, by group and area."""
    words = Captions.of(data, city, language)
    found = _Impact(masked(data, NEEDED), words)
    before, after = words.word("impact_before"), words.word("impact_after")
    heads = [words.word("group"), words.word("persons_about"), words.word("impact_affected"), before, after, before, after,
             words.word("impact_further")]  # fmt: skip
    near = words.word("impact_near_short", reach=metres(found.reach, words))
    spanners = [{"text": near, "first": 3, "last": 4}, {"text": words.word("impact_median"), "first": 5, "last": 6}]
    whole = [record for record in found.records if in_city(record) and record["group"] == TOTAL]
    rest = [record for _, records in found.blocks() for record in records if record not in whole]
    lines = []
    for record in [*rest, *whole]:
        figures = [(name, 0) for name in ("n", "affected")] + [("within_before", 1), ("within_after", 1)]
        figures += [(name, 0) for name in ("metres_before_median", "metres_after_median", "further")]
        cells = [found.cell(record, name, decimals) for name, decimals in figures]
        name = group_or_area(record, words)
        factor = f"{words.dimension(record['factor'])}: " if record["factor"] else ""
        lines.append(([f"{factor}{name}", *cells], record in whole))
    return plain_table(
        words, heads, lines, spanners=spanners, title=words.title(title, found.finding(), found.plain_title()),
        subtitle=found.subtitle(), source=found.source(), notes=[*found.notes(), words.word("impact_further_explained")],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How many are touched, how much further they have, and who no longer has a service within reach."""
    found = _Impact(masked(data, NEEDED), words)
    whole, language = found.whole, words.language
    if whole is None or is_hidden(whole):
        return hidden_in(found.shown, words)
    if not whole["affected"]:
        return [fill("impact_nobody", language, service=found.service)]
    told = [fill("impact_affected", language, n=about(whole["affected"], words), people=found.people)]
    if found.none_left:
        told.append(fill("impact_none", language, service=found.service))
    if not math.isnan(whole["further"]) and whole["further"]:
        way = "impact_further" if whole["further"] > 0 else "impact_nearer"
        further = written(abs(whole["further"]), words, 0)
        told.append(fill(way, language, m=further, service=found.service))
    for name in ("lost", "gained"):
        if whole[name]:
            slots = {"n": about(whole[name], words), "service": found.service, "reach": metres(found.reach, words)}
            told.append(fill(f"impact_{name}", language, **slots))
    return told + hidden_in(found.shown, words)


class _Impact:
    """The rows of an impact in print order, with what they are about."""

    def __init__(self, shown, words: Captions):
        self.words, self.shown, self.records = words, shown, shown.to_dict("records")
        kinds = {
            tuple(row[name] for name in ("indicator", "kind", "reach", "who", "how", "year")) for row in self.records
        }
        if len(kinds) != 1:
            raise MrstatsError(
                f"One change is shown at a time; the table holds {len(kinds)}. Show one mr.impact by itself."
            )
        name, kind, reach, who, how, self.year = next(iter(kinds))
        self.reach = float(reach)
        self.service = service(kind, words)
        if "fee" in how.split():  # nothing closes: what is farther is the next that costs nothing
            self.service = words.word("impact_free", service=self.service)
        asked = words.indicator(name)
        self.people = words.word("impact_children" if who == "children" else "impact_all")
        if asked.denominator != "true" and who != "children":
            self.people = f"{self.people} ({asked.population[words.language]})"
        whole = [row for row in self.records if in_city(row) and row["group"] == TOTAL]
        self.whole = whole[0] if whole else None
        known = [not math.isnan(row[f"metres_{when}_median"]) for row in whole[:1] for when in ("before", "after")]
        self.none_left = known == [True, False]
        self.has_metres = bool(shown[["metres_before_median", "metres_after_median"]].notna().any(axis=None))

    def blocks(self) -> list[tuple[str, list[dict]]]:
        """The whole city, then each factor's groups, then each level's areas."""
        words = self.words
        found: list[tuple[str, list[dict]]] = [("", [self.whole])] if self.whole else []
        factors = dict.fromkeys(row["factor"] for row in self.records if row["factor"])
        for factor in factors:
            rows = in_order([row for row in self.records if row["factor"] == factor], factor, words)
            found.append((capital(words.dimension(factor)), rows))
        for level in dict.fromkeys(row["geography_level"] for row in self.records if not in_city(row)):
            rows = [row for row in self.records if row["geography_level"] == level]
            order = [*words.area_order(level), UNPLACED]
            rows.sort(key=lambda row: order.index(row[GEOGRAPHY]))
            found.append((capital(words.dimension(GEOGRAPHY, level)), rows))
        return found

    def mark(self, value: float, *, before: bool = False, **more) -> Mark:
        return Mark(value, "o", look.TEXT_2 if before else look.INK, hollow=before, **more)

    def row(self, record: dict) -> Row:
        """Hollow: before; filled: after. A line runs from the median distance to that which nine in ten stay within."""
        near = (self.mark(record["within_before"], before=True),
                self.mark(record["within_after"], start=record["within_before"]))  # fmt: skip
        far = []
        for when, shift in (("before", -_APART), ("after", _APART)):
            half = record[f"metres_{when}_median"]
            ends = {"lower": half, "upper": record[f"metres_{when}_p90"]}
            far.append(self.mark(half, before=when == "before", shift=shift, **ends))
        cells = (self.cell(record, "affected", 0), self.cell(record, "lost", 0))
        return Row(group_or_area(record, self.words), (near, tuple(far)), cells)

    def cell(self, record: dict, name: str, decimals: int) -> str:
        """A written figure; a way that nobody's is longer, or that leads nowhere, cannot be computed."""
        if is_hidden(record):
            return HIDDEN
        if math.isnan(record[name]):
            return "."
        if name in ("affected", "lost", "gained", "n") and not record[name]:
            return "–"
        return written(record[name], self.words, decimals, sign=name == "further")

    def finding(self) -> str | None:
        if self.whole is None or is_hidden(self.whole) or not self.whole["affected"]:
            return None
        if self.none_left:
            return self.words.word("title_impact_none", service=self.service)
        count = about(self.whole["affected"], self.words)
        return self.words.word("title_impact", count=count, people=self.people, service=self.service)

    def plain_title(self) -> str:
        return self.words.word("title_impact_plain", service=self.service)

    def subtitle(self) -> str:
        slots = {
            "service": self.service,
            "people": self.people,
            "place": self.words.city.label,
            "year": f"{self.year:.0f}",
        }
        return capital(self.words.word("impact_subtitle", **slots))

    def notes(self) -> list[str]:
        told = [self.words.word(key) for key in ("impact_crow", "impact_full", "rounded_to_tens")]
        return told + in_steps(self.records, self.words)

    def source(self) -> str:
        return self.words.source(self.shown, [self.words.indicator(self.records[0]["indicator"])])
