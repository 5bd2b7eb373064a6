"""How a battery of questions is shown: each question a row, each group a mark with its interval. It computes none."""

from __future__ import annotations

import math

from .. import look
from ..captions import Captions, lower_first
from ..display import Display, figure
from ..language import capital, number
from ..phrases import fill, hidden_in
from ..rowchart import Block, Mark, Row, RowChart
from ..schema import TOTAL, MrstatsError
from ..selection import masked
from ..viewparts import written, written_interval
from .parts import lettered_table, weighted_note

NEEDED = ("indicator", "year", "factor", "value", "lower", "upper", "n", "raked_to", "status")
_APART = 1.9
"""Millimetres between the marks of two groups in a row."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Questions as rows with a mark for each group, at most four; of more groups each question has a row a group."""
    words = Captions.of(data, city, language)
    found = _Answers(masked(data, NEEDED), words)
    drawing = found.drawing()
    key = "alt_battery_by" if found.factor else "alt_battery"
    sentences = [words.word(key, count=len(found.questions), factor=found.factor_name)]
    if ends := found.ends():
        sentences.append(words.word("alt_battery_range", **ends))
    hidden = sum(math.isnan(record["value"]) for record in found.drawn())
    sentences += [words.word("alt_hidden", count=hidden, total=len(found.drawn()))] * bool(hidden)
    cells = {cell for block in drawing.blocks for row in block.rows for cell in row.cells}
    weak = any(mark.hollow and mark.is_shown for block in drawing.blocks for row in block.rows for mark in row.marks[0])
    notes = [*found.notes(), *[words.word("hollow_explained")] * weak]
    return figure(
        words, drawing.svg(), drawing.height, title=found.title(title), subtitle=found.subtitle(), source=found.source(),
        notes=[*notes, *drawing.notes(words.word), *words.notes(cells, [])],
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_battery_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Questions as rows, shares with their intervals of up to two groups beside each other; else a row a group."""
    words = Captions.of(data, city, language)
    found = _Answers(masked(data, NEEDED), words)
    share, level = (
        words.word("figure_proportion"),
        words.word("interval_column", level=words.confidence(found.rows) or "95"),
    )
    lines, spanners = [], []
    beside = 0 < len(found.groups) <= 2
    if beside:
        names = [capital(words.group(found.factor, group)) for group in found.groups]
        spanners = [{"text": name, "first": 1 + 2 * at, "last": 2 + 2 * at} for at, name in enumerate(names)]
        figures = [*[share, level] * len(names), words.word("total")]
    else:
        figures = [share, level]
    for question in found.questions:
        whole = found.at(question, TOTAL)
        if beside:
            records = [found.at(question, group) for group in found.groups]
            cells = [cell for record in records for cell in found.figures(record)[:2]]
            value, _, persons = found.figures(whole)
            lines.append(([found.name(question), *cells, value, persons], False, found.letters(records)))
            continue
        for group in [*found.groups, TOTAL]:
            name = f": {words.group(found.factor, group)}" if found.factor else ""
            record = found.at(question, group)
            lines.append(([found.name(question) + name, *found.figures(record)], False, words.letters([record])))
    return lettered_table(
        words, [words.word("battery_question"), *figures, words.word("persons_about")], lines, spanners=spanners,
        title=found.title(title), subtitle=found.subtitle(), source=found.source(),
        notes=[words.word("rounded_to_tens"), *found.notes(), *words.chance(found.rows)],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """With what most and fewest of all agree."""
    found = _Answers(masked(data, NEEDED), words)
    raked = [fill("weighted", words.language)] * bool(found.raked_to)
    return [*found.levels(), *raked, *hidden_in(found.rows, words)]


class _Answers:
    """The rows of a battery by question and group, of one factor or of none."""

    def __init__(self, shown, words: Captions):
        self.rows, self.words = shown, words
        factors = [name for name in dict.fromkeys(shown["factor"]) if name]
        if len(factors) > 1 or not len(shown) or shown["year"].nunique() != 1:
            raise MrstatsError(
                f"A battery is shown by one factor and year at a time; this table has {', '.join(factors) or 'no rows'}. Select one: "
                'table[table["factor"].isin(["", "sex"])].'
            )
        self.factor = factors[0] if factors else ""
        self.factor_name = lower_first(words.dimension(self.factor)) if factors else ""
        self.questions = list(dict.fromkeys(shown["indicator"]))
        self.raked_to = str(shown["raked_to"].iloc[0])
        self.cells = {
            (row["indicator"], row[row["factor"]] if row["factor"] else TOTAL): row for row in shown.to_dict("records")
        }
        held = {group for _, group in self.cells} - {TOTAL}
        self.groups = [group for group in words.group_order(self.factor) if group in held] if factors else []

    def at(self, question: str, group: str) -> dict:
        """A row; a DataFrame without it was cut by hand."""
        if (question, group) not in self.cells:
            raise MrstatsError(
                f"The table has no row of {question} for {group}. Pass what mr.battery returned, or whole questions."
            )
        return self.cells[question, group]

    def name(self, question: str) -> str:
        return self.words.indicator(question).label[self.words.language]

    def figures(self, record: dict) -> list[str]:
        """Share, interval and persons of a row, as written."""
        ends = written_interval(record["lower"], record["upper"], self.words, 1)
        return [written(record["value"], self.words, 1), ends, written(round(record["n"], -1), self.words, 0)]

    def drawn(self) -> list[dict]:
        """The rows that have a mark, were they not hidden."""
        return [self.at(question, group) for question in self.questions for group in self.groups or [TOTAL]]

    def drawing(self) -> RowChart:
        groups, word = self.groups or [TOTAL], self.words.word
        if len(groups) > len(look.GROUPS):
            blocks = [Block(self.name(q), tuple(self._row(capital(self.words.group(self.factor, g)), q, [g]) for g in groups))
                      for q in self.questions]  # fmt: skip
            return RowChart(blocks, [word("battery_axis")], [word("map_per_cent")], [], self.words.language)
        heads = [capital(self.words.group(self.factor, group)) for group in self.groups] or [word("map_per_cent")]
        legend = [(Mark(0.0, shape, colour), head) for head, (colour, shape) in zip(heads, look.GROUPS, strict=False)]
        rows = tuple(self._row(self.name(question), question, groups) for question in self.questions)
        return RowChart([Block("", rows)], [word("battery_axis")], heads, legend if self.groups else [], self.words.language,
                        row=max(look.ROW + 1.5, _APART * (len(groups) + 1)))  # fmt: skip

    def _row(self, name: str, question: str, groups: list[str]) -> Row:
        marks = []
        for place, group in enumerate(groups):
            record = self.at(question, group)
            colour, shape = look.GROUPS[place] if len(groups) > 1 else (look.INK, "o")
            shift = _APART * (place - (len(groups) - 1) / 2)
            marks.append(Mark(record["value"], shape, colour, hollow="u" in record["status"].split(), lower=record["lower"],
                              upper=record["upper"], shift=shift))  # fmt: skip
        return Row(
            name, (tuple(marks),), tuple(written(self.at(question, group)["value"], self.words, 1) for group in groups)
        )

    def ends(self) -> dict[str, str] | None:
        """The questions that most and fewest of all agree with; None where one is hidden or all are level."""
        whole = [self.at(question, TOTAL) for question in self.questions]
        if len(whole) < 2 or any(math.isnan(record["value"]) for record in whole):
            return None
        high, low = (end(whole, key=lambda record: record["value"]) for end in (max, min))
        if not low["upper"] < high["lower"]:
            return None
        return {"high": self.name(high["indicator"]), "high_value": number(high["value"], self.words.language),
                "low": self.name(low["indicator"]), "low_value": number(low["value"], self.words.language)}  # fmt: skip

    def levels(self) -> list[str]:
        """How many agree: the two ends by name where they are certainly apart, else between what they lie."""
        if ends := self.ends():
            return [fill("battery", self.words.language, **ends)]
        values = [self.at(question, TOTAL)["value"] for question in self.questions]
        if any(math.isnan(value) for value in values):
            return []
        low, high = (number(end(values), self.words.language) for end in (min, max))
        key = "battery_range" if low != high else "battery_level"
        return [fill(key, self.words.language, low=low, high=high)]

    def letters(self, records: list[dict]) -> str:
        """Status letters of a row, with the group's name where only some have them."""
        found = [self.words.letters([record]) for record in records]
        if len(set(found)) == 1:
            return found[0]
        return "; ".join(f"{letter} {self.words.group(self.factor, record[self.factor])}"
                         for letter, record in zip(found, records, strict=True) if letter)  # fmt: skip

    def notes(self) -> list[str]:
        return weighted_note(self.raked_to, self.words)

    def title(self, given: str | None) -> str:
        count = len(self.questions)
        key = "title_battery" if self.factor else "title_battery_whole"
        return self.words.title(given, self.words.word(key, count=count, factor=self.factor_name))

    def subtitle(self) -> str:
        words = self.words
        people = words.indicator(self.questions[0]).population[words.language]
        return words.word("battery_subtitle", population=people, level=words.confidence(self.rows) or "95",
                          place=words.city.label, year=words.years(self.rows))  # fmt: skip

    def source(self) -> str:
        return self.words.source(self.rows, [self.words.indicator(question) for question in self.questions])
