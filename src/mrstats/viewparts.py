"""What views of results have in common: written figures, names of rows, and tables of a few columns. It chooses no rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .captions import HIDDEN, Captions
from .display import Display, marks_for
from .language import capital, interval, number, signed
from .phrases import hidden_in
from .schema import CONFIDENTIAL, TOTAL
from .selection import GEOGRAPHY, codes


def is_hidden(record: dict) -> bool:
    """Whether the figures of a row must not be shown."""
    return CONFIDENTIAL in codes(record)


def written(value: float, words: Captions, decimals: int, *, sign: bool = False) -> str:
    """A figure as tables print it; ``..`` where there is none."""
    if math.isnan(value):
        return HIDDEN
    return (signed if sign else number)(value, words.language, decimals=decimals)


def written_interval(lower: float, upper: float, words: Captions, decimals: int, *, sign: bool = False) -> str:
    """An interval as tables print it; ``..`` where there is none."""
    if math.isnan(lower + upper):
        return HIDDEN
    return interval(lower, upper, words.language, decimals=decimals, sign=sign)


def about(persons: float, words: Captions) -> str:
    """A number of persons in a sentence: to hundreds from a thousand on, to tens below."""
    step = 100 if persons >= 1000 else 10
    return number(round(persons / step) * step, words.language)


def group_or_area(record: dict, words: Captions) -> str:
    """The name of what a row is about: a group, an area, or the whole city."""
    if record.get("factor") and record["group"] != TOTAL:
        return capital(words.group(record["factor"], record["group"]))
    return capital(words.area(record["geography_level"], record[GEOGRAPHY]))


def in_order(records: Sequence[dict], factor: str, words: Captions) -> list[dict]:
    """Rows in the order of the factor's groups."""
    order = words.group_order(factor)
    return sorted(records, key=lambda record: order.index(record["group"]))


def among(factor: str, code: str, words: Captions) -> str:
    """A group as inside a sentence: *personer födda i Sverige*."""
    return next(group.among[words.language] for group in words.city.factors[factor].groups if group.code == code)


def instead(shown, words: Captions) -> Display:
    """The sentence that stands where a picture or table would, when every row of a result is hidden."""
    return Display("text", words.language, marks=marks_for(words.city), paragraphs=hidden_in(shown, words))


def plain_table(
    words: Captions,
    heads: Sequence[str],
    rows: Sequence[tuple[Sequence[str], bool]],
    *,
    spanners: Sequence[dict] = (),
    notes: Sequence[str] = (),
    texts: Sequence[int] = (),
    **caption,
) -> Display:
    """A table of names and figures: heads, rows of cells with whether they are the whole, and the caption.

    `texts` are the places of columns that hold words beside the names.
    """
    cells = [cell for line, _ in rows for cell in line[1:]]
    return Display(
        "table",
        words.language,
        marks=marks_for(words.city, words.language),
        columns=[
            {"text": text, "align": "left" if place in (0, *texts) else "right"} for place, text in enumerate(heads)
        ],
        spanners=list(spanners),
        rows=[{"cells": list(line), "total": whole} for line, whole in rows],
        notes=[*notes, *words.notes(cells, [])],
        **caption,
    )
