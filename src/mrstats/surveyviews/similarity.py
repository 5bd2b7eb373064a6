"""How representativity is shown: the spread of response rates by factor, and the R-indicator. It computes none."""

from __future__ import annotations

import math

from .. import look
from ..captions import Captions, lower_first
from ..display import Display, figure
from ..language import capital
from ..phrases import ends_of, fill, hidden_in
from ..rowchart import Block, Mark, Row, RowChart
from ..schema import MrstatsError
from ..selection import masked
from ..viewparts import plain_table, written, written_interval
from .parts import factor_names, one_of

NEEDED = ("indicator", "year", "factor", "value", "lower", "upper", "unconditional", "conditional", "status")
_POINTS = 100
"""The spread of a share is printed in percentage points."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Of each factor the spread between its groups, and what is left of it when all else is alike."""
    words, shown, whole, factors = _read(data, city, language)
    rows = []
    for record in factors:
        between, alone = (record[name] * _POINTS for name in ("unconditional", "conditional"))
        marks = (Mark(alone, hollow=True, colour=look.TEXT_2), Mark(between))
        name = capital(words.dimension(record["factor"]))
        rows.append(Row(name, (marks,), (written(between, words, 1), written(alone, words, 1))))
    heads = [words.word("alike_between"), words.word("alike_alone")]
    legend = [(Mark(0.0), heads[0]), (Mark(0.0, hollow=True, colour=look.TEXT_2), heads[1])]
    drawing = RowChart([Block("", tuple(rows))], [words.word("alike_axis")], heads, legend, words.language)
    value = written(whole["value"], words, 2)
    names = [record["factor"] for record in factors]
    sentences = [words.word("alt_alike", factors=factor_names(names, words), value=value)]
    finding = None
    if widest := _widest(factors):
        slots = {"factor": lower_first(words.dimension(widest["factor"]))}
        finding = words.word("title_alike", **slots)
        value = written(widest["unconditional"] * _POINTS, words, 1)
        sentences.append(words.word("alt_alike_widest", value=value, **slots))
    printed = {cell for row in rows for cell in row.cells}
    notes = [
        words.word("alike_explained"),
        words.word("alike_alone_explained"),
        *drawing.notes(words.word),
        *words.notes(printed, []),
    ]
    return figure(
        words, drawing.svg(), drawing.height, title=words.title(title, finding, words.word("title_alike_plain")),
        subtitle=_subtitle(shown, words), source=_source(shown, words), notes=notes,
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_alike_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """The spread by factor, and the indicator with its interval last."""
    words, shown, whole, factors = _read(data, city, language)
    level = words.word("interval_column", level=words.confidence(shown) or "95")
    heads = [
        words.word("alike_factor"),
        words.word("alike_between"),
        words.word("alike_alone"),
        words.word("alike_value"),
        level,
    ]
    lines = []
    for record in factors:
        spreads = [written(record[name] * _POINTS, words, 1) for name in ("unconditional", "conditional")]
        lines.append(([capital(words.dimension(record["factor"])), *spreads, "", ""], False))
    ends = written_interval(whole["lower"], whole["upper"], words, 2)
    lines.append(([words.word("alike_whole"), "", "", written(whole["value"], words, 2), ends], True))
    notes = [words.word(key) for key in ("alike_scale", "alike_explained", "alike_alone_explained")]
    return plain_table(words, heads, lines, title=words.title(title, words.word("title_alike_plain")),
                       subtitle=_subtitle(shown, words), source=_source(shown, words), notes=notes)  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """The indicator with its interval, and by what the response rate differs most."""
    shown = masked(data, NEEDED)
    whole, factors = _parts(shown)
    if math.isnan(whole["value"]):
        return hidden_in(shown, words)
    value = written(whole["value"], words, 2)
    told = [
        fill(
            "alike",
            words.language,
            value=value,
            interval=ends_of(whole["lower"], whole["upper"], words.language, decimals=2),
        )
    ]
    if widest := _widest(factors):
        told.append(fill("alike_widest", words.language, factor=lower_first(words.dimension(widest["factor"]))))
    return told


def _read(data, city, language):
    words = Captions.of(data, city, language)
    shown = masked(data, NEEDED)
    return words, shown, *_parts(shown)


def _parts(shown) -> tuple[dict, list[dict]]:
    """The row of the whole, and those of the factors."""
    records = shown.to_dict("records")
    whole, factors = [r for r in records if not r["factor"]], [r for r in records if r["factor"]]
    if len(whole) != 1 or not factors:
        raise MrstatsError(
            "The table is not one result of mr.representativity, with the whole and its factors. Pass all of it."
        )
    return whole[0], factors


def _widest(factors: list[dict]) -> dict | None:
    """The factor whose groups differ most in who answers; None of one factor, or where one is hidden."""
    hidden = any(math.isnan(record["unconditional"]) for record in factors)
    return None if hidden or len(factors) < 2 else max(factors, key=lambda record: record["unconditional"])


def _subtitle(shown, words: Captions) -> str:
    return words.word("alike_subtitle", place=words.city.label, year=words.years(shown))


def _source(shown, words: Captions) -> str:
    return words.source(shown, [words.indicator(one_of(shown, "indicator"))])
