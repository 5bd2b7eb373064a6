"""Charts of who differs: which rows, in what order, under which title and alt text. It draws nothing."""

from __future__ import annotations

import math

from .captions import Captions, lower_first
from .chartdrawing import Drawing
from .crossings import CrossedDrawing, Crossing, cross
from .display import Display, figure, marks_for
from .funnels import funnel
from .language import capital
from .schema import CITY, CONFIDENTIAL, UNPLACED, MrstatsError, factor_columns
from .scorecards import scorecard
from .selection import (
    GEOGRAPHY,
    Block,
    Comparison,
    against_whole,
    codes,
    comparison,
    holds_every_group,
    is_shown,
    is_sure,
    latest_year,
    masked,
    only_indicator,
    refuse_findings,
    surely_extreme,
    surely_widest,
)
from .trees import tree
from .views import view_of

_PICTURES = {"funnel_lower_95": funnel, "gap_worst": scorecard, "node": tree}
"""The column that tells a table of findings, and how such a table is drawn."""


def chart(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Dots with intervals: each group or area beside the whole, and how sure the difference is.

    Parameters
    ----------
    data : DataFrame
        What `mr.gaps` returned, or rows of `mr.break_down` (then without the column of differences), of one
        indicator. The newest year is drawn: one-way rows (the city by each factor, areas by total, one area's
        own profile) as one list; two factors crossed, a factor and areas, or two factors and areas as small
        multiples, the whole first. A ranking of areas becomes a funnel, a scorecard a scorecard, a search for the group
        furthest behind a tree; what `mr.segregation`, `mr.allocation`, `mr.area_profile`, `mr.impact` and `mr.effect`
        returned, or a verb about surveys, has pictures of its own.
    title : str, optional
        At most twelve words; without it a finding that the intervals bear, else what the chart shows.
    alt : str, optional
        Text alternative; without it one is proposed from the numbers.
    city : City, optional
        The opened dataset; found from the table when left out.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "figure", or "text" when the source publishes no group or area. How to read it: a filled dot is a
        difference whose interval excludes zero, a hollow one may be chance; brick is worse and blue is better
        for people, the arrow says up or down. A hidden row keeps its place as ``..`` and has no mark.

    Raises
    ------
    MrstatsError
        If the table holds several indicators, more than three crossed dimensions, or more rows or panels than
        fit a page.

    Examples
    --------
    >>> import mrstats as mr
    >>> gaps = mr.gaps(mr.break_down(mr.tiny_city(), "employment", by="sex"))
    >>> mr.chart(gaps).title
    'Andel sysselsatta efter kön'
    """
    options = {"title": title, "alt": alt, "city": city, "language": language}
    for column, picture in _PICTURES.items():
        if column in data:
            return picture(data, **options)
    if view := view_of(data):
        return view.picture(data, **options)
    refuse_findings(data)
    words = Captions.of(data, city, language)
    shown = latest_year(masked(data))
    crossing = cross(shown, words) if len(shown) and shown["indicator"].nunique() == 1 else None
    found = comparison(shown) if len(shown) else Comparison((), None)
    if not (crossing or found).records:
        return _nothing_published(shown, words)
    indicator = words.indicator(only_indicator(shown))
    drawing: Drawing | CrossedDrawing
    if crossing:
        drawing = CrossedDrawing(shown, crossing, indicator, words)
    else:
        found = Comparison(tuple(_in_order(block, words) for block in found.blocks), found.whole)
        drawing = Drawing(shown, found, indicator, words)
    return figure(
        words,
        drawing.svg(),
        drawing.height,
        title=_title(shown, drawing, title),
        subtitle=_subtitle(shown, drawing),
        source=words.source(shown, [indicator]),
        notes=drawing.notes(),
        alt=_alt(shown, drawing, alt),
    )


def _nothing_published(shown, words) -> Display:
    """The text that stands where a chart cannot: the source holds the city's total only."""
    if len(shown) and (shown["geography_level"] != CITY).any():
        raise MrstatsError(
            f"The table holds {len(shown)} rows that cross factors or areas in a way no chart shows: one by one, "
            "two factors, or one or two factors and areas. Use mr.table, or keep the rows where the other factors "
            "are totals (_T)."
        )
    names = shown["indicator"].unique() if len(shown) else []
    shares = [words.share(words.indicator(name), definite=True) for name in names]
    if shares:
        asked = bool(factor_columns(shown))  # groups were asked for, and the source has none
        first = words.word("no_breakdown" if asked else "whole_only", share=words.joined(shares))
    else:
        first = words.word("no_breakdown_unnamed")
    text = f"{first} {words.word('no_breakdown_result')}"
    return Display("text", words.language, marks=marks_for(words.city, words.language), paragraphs=[text])


def _in_order(block: Block, words) -> Block:
    """Groups in the factor's own order, areas from the highest value, hidden ones last."""
    if block.factor == GEOGRAPHY:
        order = list(words.area_order(block.level))

        def place(record):
            code = record[GEOGRAPHY]
            known = order.index(code) if code in order else len(order)
            return (
                code == UNPLACED,
                not is_shown(record),
                -record["value"] if is_shown(record) else known,
                code,
            )
    else:
        order = words.group_order(block.factor)

        def place(record):
            return order.index(record[block.factor])

    return Block(block.factor, block.level, tuple(sorted(block.records, key=place)))


def _factors(drawing: Drawing | CrossedDrawing) -> list[str]:
    """What the chart is split by, as inside a sentence."""
    found, words = drawing.found, drawing.words
    if isinstance(found, Crossing):
        return [lower_first(words.dimension(name, found.level)) for name in found.dimensions]
    return [lower_first(words.dimension(block.factor, block.level)) for block in found.blocks]


def _title(table, drawing: Drawing | CrossedDrawing, given: str | None) -> str:
    found, indicator, words = drawing.found, drawing.indicator, drawing.words
    finding = None
    if not holds_every_group(table):
        pass  # what is true of one group only is no finding about all
    elif isinstance(found, Crossing):
        finding = words.finding(indicator, surely_extreme(found.inner, indicator.direction), *found.dimensions)
    elif len(found.blocks) == 1:
        block = found.blocks[0]
        finding = words.finding(indicator, surely_extreme(block.records, indicator.direction), block.factor)
    elif (widest := surely_widest(found.blocks)) and indicator.share is not None:
        factor = lower_first(words.dimension(widest.factor, widest.level))
        finding = words.word("title_spread", share=words.share(indicator, definite=True), factor=factor)
    what, by = words.share(indicator), words.word("by")
    descriptive = f"{what} {by} {words.joined(_factors(drawing))}"
    return words.title(given, finding, descriptive, f"{what} {by} {words.word('background_factors')}", what)


def _subtitle(table, drawing: Drawing | CrossedDrawing) -> str:
    has_intervals = any(not math.isnan(record["lower"]) for record in drawing.found.records)
    by = _factors(drawing) if isinstance(drawing.found, Crossing) else []
    return drawing.words.subtitle(table, [drawing.indicator], by, with_interval=has_intervals)


def _alt(table, drawing: Drawing | CrossedDrawing, given: str | None) -> str:
    """What is drawn, the whole, the two ends, what is uncertain or hidden, and where all numbers are."""
    words, found, indicator, word = drawing.words, drawing.found, drawing.indicator, drawing.words.word
    if isinstance(found, Crossing):
        opening = word("alt_crossing", count=len(found.panels))
        placed = [(record, found.dimensions) for record in found.inner]
    else:
        opening = word("alt_chart")
        placed = [(record, [block.factor]) for block in found.blocks for record in block.records]
    shown = [(record, dimensions) for record, dimensions in placed if is_shown(record)]
    drawn = [record for record in found.records if "reference_only" not in record]
    share = words.share(indicator, definite=True)
    what = [word("alt_what", share=capital(share), year=words.years(table))]
    what[0] = f"{what[0]} {words.only(table)}".strip()
    count, factors = len(drawn), words.joined(_factors(drawing))
    one = word("alt_comparison_one", factors=factors)
    what.append(one if count == 1 else word("alt_comparisons", count=count, factors=factors))
    if drawing.whole:
        name, value = drawing.whole
        what.append(f"{name} {words.value(value, indicator, unit=True)}")
    sentences = [opening, "; ".join(what) + "."]
    all_shown = len(shown) == len(placed)
    said = _ends(shown, all_shown, words, indicator) if against_whole(table) else _widest_gap(shown, words, indicator)
    sentences += [said] * bool(said) + words.alt_moved(drawn)
    hidden = sum(CONFIDENTIAL in codes(record) for record in drawn)
    compared = [record for record in drawn if is_shown(record)]
    known = not any(math.isnan(record.get("difference_lower", math.nan)) for record in compared)
    if drawing.has_gaps and known:
        unsure = sum(not is_sure(record) for record in compared)
        key = "alt_all_sure" if not unsure else "alt_unsure_one" if len(compared) == 1 else "alt_unsure"
        sentences.append(word(key, count=unsure, total=len(compared)))
    if hidden:
        sentences.append(word("alt_hidden", count=hidden, total=len(drawn)))
    more = [word("alt_intervals")]
    return words.alt(given, [*sentences, word("alt_where")], more + [word("alt_none_hidden")] * (not hidden))


def _ends(shown, all_shown: bool, words, indicator) -> str:
    """The highest and the lowest value and where they are."""
    rivals = [pair for pair in shown if pair[0][GEOGRAPHY] != UNPLACED]
    if len({record["value"] for record, _ in rivals}) < 2:
        return ""
    high, low = (end(rivals, key=lambda pair: pair[0]["value"]) for end in (max, min))
    return words.word(
        "alt_range" if all_shown else "alt_range_shown",
        high_where=words.where(high[0], *high[1]),
        high=words.value(high[0]["value"], indicator),
        low_where=words.where(low[0], *low[1]),
        low=words.value(low[0]["value"], indicator),
    )


def _widest_gap(shown, words, indicator) -> str:
    """The largest difference from a reference group, with both values."""
    rivals = [pair for pair in shown if not math.isnan(pair[0]["difference"])]
    if not rivals:
        return ""
    record, dimensions = max(rivals, key=lambda pair: abs(pair[0]["difference"]))
    return words.word(
        "alt_gap",
        where=words.where(record, *dimensions),
        value=words.value(record["value"], indicator),
        reference=words.value(record["reference_value"], indicator),
        difference=words.figure(record, "difference", indicator),
    )
