"""How an index is shown: by group with its reliability, or with its parts. It computes none."""

from __future__ import annotations

import math

from .. import look
from ..captions import Captions
from ..display import Display, figure
from ..language import capital, number
from ..phrases import fill, hidden_in, patterns
from ..rowchart import Block, Mark, Row, RowChart
from ..schema import MrstatsError
from ..selection import masked
from ..viewparts import among, written, written_interval
from .parts import blocks_of, factor_names, lettered_table, named, one_of, row_name, surely_lowest, weighted_note

NEEDED = (
    "indicator",
    "index",
    "year",
    "factor",
    "value",
    "lower",
    "upper",
    "n",
    "alpha",
    "item_rest",
    "raked_to",
    "status",
)
WELL, FAIRLY = 0.7, 0.6
"""Alphas from which questions are said to go together well, and fairly well."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """The index of each group beside the whole city's; of the whole alone, the index and its parts."""
    found = _Index(data, city, language)
    words = found.words
    blocks = []
    for factor, records in found.blocks.items():
        rows = tuple(_row(named(factor, record, words), record, words) for record in records)
        blocks.append(Block(capital(words.dimension(factor)) if factor else "", rows))
    if not found.factors:
        rows = tuple(
            _row(words.indicator(part["indicator"]).label[words.language], part, words) for part in found.parts
        )
        blocks.append(Block(words.word("index_part"), rows))
    heads = [words.word("index_points"), words.word("persons_about")]
    drawing = RowChart(blocks, [words.word("index_axis")], heads, [], words.language)
    shown = [record for records in found.blocks.values() for record in records]
    sentences = [words.word("alt_index", name=found.name, count=sum(len(block.rows) for block in blocks))]
    whole = found.whole()
    if whole:
        sentences.append(words.word("alt_index_whole", value=number(whole["value"], words.language, decimals=1)))
    hidden = sum(math.isnan(record["value"]) for record in shown)
    sentences += [words.word("alt_hidden", count=hidden, total=len(shown))] * bool(hidden)
    sentences += found.extremes()
    cells = {cell for block in blocks for row in block.rows for cell in row.cells}
    marks = [mark for block in blocks for row in block.rows for mark in row.marks[0] if mark.is_shown]
    hollow = [words.word("hollow_explained")] * any(mark.hollow for mark in marks)
    notes = [
        words.word("index_scale"),
        words.word("rounded_to_tens"),
        *found.notes(),
        *hollow,
        *drawing.notes(words.word),
        *words.notes(cells, []),
    ]
    return figure(
        words, drawing.svg(), drawing.height, title=found.title(title), subtitle=found.subtitle(), source=found.source(),
        notes=notes, alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_index_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Groups with their index and alpha; of the whole alone, the parts and what each adds."""
    found = _Index(data, city, language)
    words = found.words
    level = words.word("interval_column", level=words.confidence(found.shown) or "95")
    keys = (
        ["index_value", "", "index_alpha", ""] if found.factors else ["index_points", "", "index_rest", "index_dropped"]
    )
    first = words.word("group") if found.factors else words.word("index_part")
    heads = [first, *(words.word(key) if key else level for key in keys), words.word("persons_about")]
    lines = []
    for part in [] if found.factors else found.parts:
        adds = [written(part[key], words, 2) for key in ("item_rest", "alpha_if_dropped")]
        name = words.indicator(part["indicator"]).label[words.language]
        lines.append(([name, *_value(part, words), *adds, _about(part, words)], False, words.letters([part])))
    for factor, records in found.blocks.items():
        for record in records:
            alpha = written(record["alpha"], words, 2)
            ends = written_interval(record["alpha_lower"], record["alpha_upper"], words, 2)
            told = [alpha, ends] if found.factors else ["", f"{words.word('index_alpha')} {alpha}"]
            name = row_name(factor, record, words) if found.factors else found.name
            cells = [name, *_value(record, words), *told, _about(record, words)]
            lines.append((cells, not factor, words.letters([record])))
    notes = [words.word(key) for key in ("index_scale", "index_alpha_explained", "rounded_to_tens")] + found.notes()
    return lettered_table(
        words, heads, lines, title=found.title(title), subtitle=found.subtitle(), source=found.source(), notes=notes
    )


def said(data, words: Captions) -> list[str]:
    """The whole's index, the group where it is certainly lowest, and how well the questions go together."""
    found = _Index(data, words.city, words.language)
    language, whole = words.language, found.whole()
    if not whole:
        return hidden_in(found.shown, words)
    told = [fill("index", language, name=found.name, value=number(whole["value"], language)), *found.extremes()]
    if not math.isnan(whole["alpha"]):
        how = "index_well" if whole["alpha"] >= WELL else "index_fairly" if whole["alpha"] >= FAIRLY else "index_poorly"
        told.append(
            fill("index_alpha", language, how=patterns()[how][language], alpha=written(whole["alpha"], words, 2))
        )
    return told + hidden_in(found.shown[found.shown["indicator"] == ""], words)


def _row(name: str, record: dict, words: Captions) -> Row:
    mark = Mark(
        record["value"],
        colour=look.INK,
        lower=record["lower"],
        upper=record["upper"],
        hollow="u" in record["status"].split(),
    )
    return Row(name, ((mark,),), (written(record["value"], words, 1), _about(record, words)))


def _about(record: dict, words: Captions) -> str:
    """How many answered, to the nearest ten."""
    return written(round(record["n"], -1), words, 0)


def _value(record: dict, words: Captions) -> list[str]:
    return [written(record["value"], words, 1), written_interval(record["lower"], record["upper"], words, 1)]


class _Index:
    """The rows of one index: of all and of each factor's groups, and the parts of the whole."""

    def __init__(self, data, city, language):
        self.words = words = Captions.of(data, city, language)
        self.shown = masked(data, NEEDED)
        self.name = one_of(self.shown, "index") or words.word("index_unnamed")
        rows = self.shown[self.shown["indicator"] == ""]
        self.blocks = blocks_of(rows, words)
        if "" not in self.blocks:
            raise MrstatsError(
                "The table has no row of everybody. Pass what mr.index returned, or keep the rows with factor ''."
            )
        self.factors = [factor for factor in self.blocks if factor]
        parts = self.shown[(self.shown["indicator"] != "") & (self.shown["factor"] == "")]
        self.parts = parts.to_dict("records")

    def whole(self) -> dict | None:
        """The row of everybody, if it is shown."""
        record = self.blocks[""][0]
        return None if math.isnan(record["value"]) else record

    def extremes(self) -> list[str]:
        """Where the index is certainly lowest."""
        if not (lowest := surely_lowest(self.blocks)):
            return []
        factor, record = lowest
        slots = {"low": patterns()["lowest"][self.words.language], "among": among(factor, record[factor], self.words)}
        return [fill("index_extreme", self.words.language, value=number(record["value"], self.words.language), **slots)]

    def notes(self) -> list[str]:
        return weighted_note(self.shown["raked_to"].iloc[0], self.words) + self.words.chance(self.shown)

    def title(self, given: str | None) -> str:
        words = self.words
        if not self.factors:
            return words.title(given, words.word("title_index_parts", name=self.name))
        finding, lowest = None, surely_lowest(self.blocks)
        if lowest and not any(math.isnan(record["value"]) for records in self.blocks.values() for record in records):
            who = among(lowest[0], lowest[1][lowest[0]], words)
            finding = words.word("title_index_extreme", name=self.name, extreme=words.word("lowest_adverb"), among=who)
        return words.title(
            given, finding, words.word("title_index", name=self.name, factors=factor_names(self.factors, words))
        )

    def subtitle(self) -> str:
        words = self.words
        people = words.indicator(self.parts[0]["indicator"]).population[words.language] if self.parts else ""
        return words.word("index_subtitle", name=self.name, level=words.confidence(self.shown) or "95", population=people,
                          place=words.city.label, year=words.years(self.shown))  # fmt: skip

    def source(self) -> str:
        return self.words.source(self.shown, [self.words.indicator(part["indicator"]) for part in self.parts])
