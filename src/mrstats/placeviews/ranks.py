"""A ranking of areas as a table: each area's place among the others, and between which places it may lie. It ranks nothing."""

from __future__ import annotations

from ..captions import Captions, lower_first
from ..display import Display
from ..language import EN_DASH, capital
from ..schema import CITY, UNPLACED
from ..selection import GEOGRAPHY, free_factors, latest_year, masked, only_indicator, only_level, totals
from ..viewparts import is_hidden, plain_table, written, written_interval


def table(data, *, title=None, city=None, language=None) -> Display:
    """The areas of one level in the newest year, worst off first; those without a figure last."""
    words = Captions.of(data, city, language)
    shown = latest_year(masked(data))
    shown = totals(shown, free_factors(shown))
    shown = shown[(shown["geography_level"] != CITY) & (shown[GEOGRAPHY] != UNPLACED)].sort_values("rank")
    indicator, level = words.indicator(only_indicator(shown)), only_level(shown)
    areas = words.city.geographies[level].definite_plural[words.language]
    intervals = words.word("interval_column", level=words.confidence(shown) or "95")
    figure = words.word(f"figure_{indicator.measure}")
    heads = [
        capital(words.dimension(GEOGRAPHY, level)),
        words.word("rank"),
        intervals,
        figure,
        intervals,
    ]
    lines = []
    for record in shown.to_dict("records"):
        cells = [
            written(record["rank"], words, 0),
            _places(record, words),
            written(record["value"], words, indicator.decimals),
            written_interval(record["lower"], record["upper"], words, indicator.decimals),
        ]
        lines.append(([capital(words.area(level, record[GEOGRAPHY])), *cells], False))
    by = [lower_first(words.dimension(GEOGRAPHY, level))]
    return plain_table(
        words, heads, lines, title=words.title(title, words.word("title_ranks", areas=areas, share=words.share(indicator, definite=True))),
        subtitle=words.subtitle(shown, [indicator], by, with_interval=True), source=words.source(shown, [indicator]),
        notes=[words.word("rank_read"), *words.chance(shown)],
    )  # fmt: skip


def _places(record: dict, words: Captions) -> str:
    """*3–7*: between which places an area lies."""
    first, last = (written(record[f"rank_{end}"], words, 0) for end in ("lower", "upper"))
    return first if is_hidden(record) or first == last else f"{first}{EN_DASH}{last}"
