"""Lines over the years: the city and the groups of one factor, their bands, breaks and certain changes."""

from __future__ import annotations

import math

from .captions import Captions, lower_first
from .display import Display, figure
from .language import capital, signed
from .selection import GEOGRAPHY, holds_every_group, is_shown, masked, only_indicator, refuse_findings
from .timelinedrawing import Line, TimelineDrawing


def timeline(data, changes=None, *, title=None, alt=None, city=None, language=None) -> Display:
    """Lines over the years for the city and the groups of one factor, with bands and certain changes.

    Parameters
    ----------
    data : DataFrame
        What `mr.break_down` returned for one indicator and at least two years: the city, and at most four groups of
        one factor. Groups of people for whom the factor is not known are left out, and that is said.
    changes : DataFrame, optional
        What `mr.change` returned for the same table; then each line ends with its change, the interval of the
        change, and whether it is certain.
    title : str, optional
        At most twelve words; without it a finding that the changes bear, else what the lines show.
    alt : str, optional
        Text alternative; without it one is proposed from the numbers.
    city : City, optional
        The opened dataset; found from the table when left out.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "figure". How to read it: the band is the uncertainty interval of each year. A dotted rule is a break:
        levels on either side may not be compared, so no line crosses it. A hidden year is a gap, with ``..`` below.

    Raises
    ------
    MrstatsError
        If the table holds one year only, several factors or more than four groups.

    Examples
    --------
    >>> import mrstats as mr
    >>> mr.timeline(mr.break_down(mr.tiny_city(), "employment", by="sex"))
    Traceback (most recent call last):
        ...
    mrstats.schema.MrstatsError: A timeline needs at least two years; the table holds 2024. ...
    """
    refuse_findings(data)
    words = Captions.of(data, city, language)
    shown = masked(data)
    indicator = words.indicator(only_indicator(shown))
    drawing = TimelineDrawing(shown, None if changes is None else masked(changes), indicator, words)
    svg = drawing.svg()
    by = [lower_first(words.dimension(drawing.factor, drawing.level))] if drawing.factor else []
    has_intervals = any(not math.isnan(record["lower"]) for line in drawing.lines for record in line.records.values())
    return figure(
        words,
        svg,
        drawing.height,
        title=_title(shown, drawing, by, title),
        subtitle=words.subtitle(shown, [indicator], by, with_interval=has_intervals),
        source=words.source(shown, [indicator]),
        notes=drawing.notes(),
        alt=_alt(shown, drawing, by, alt),
    )


def _title(table, drawing: TimelineDrawing, by: list[str], given: str | None) -> str:
    words, indicator = drawing.words, drawing.indicator
    what, years = words.share(indicator), words.years(table)
    split = f" {words.word('by')} {by[0]}" if by else ""
    place = "" if drawing.factor == GEOGRAPHY else words.where(drawing.lines[0].last, GEOGRAPHY)
    finding = _finding(table, drawing)
    proposals = (finding, f"{what}{split} {years}", f"{what}{split}", what)
    return words.title(given, *(f"{proposal} {place}".strip() for proposal in proposals if proposal))


def _finding(table, drawing: TimelineDrawing) -> str | None:
    """What is certain of the changes; nothing is said of all or only where a group is hidden or left out."""
    words, indicator = drawing.words, drawing.indicator
    lines = drawing.groups or drawing.lines
    known = [line.change for line in lines if line.change]
    since = {f"{change['since']:.0f}" for change in known}
    if len(known) < len(lines) or len(since) != 1 or not holds_every_group(table) or indicator.share is None:
        return None
    if drawing.groups and drawing.factor != GEOGRAPHY and not drawing.holds_every_known_group():
        return None
    sure = [line for line in lines if line.change and line.change["sure"]]
    ways = {line.change["change"] > 0 for line in sure if line.change}
    slots: dict = {"share": words.share(indicator, definite=True), "since": since.pop()}
    slots["risen"] = words.word("risen" if True in ways else "fallen")
    if not sure:
        return words.word("title_no_sure_change", **slots)
    if not drawing.groups:
        return words.word("title_changed", **slots)
    if len(ways) > 1 or drawing.factor == GEOGRAPHY:
        return None
    if len(sure) == len(lines):
        return words.word("title_changed_all", **slots)
    if len(sure) == 1:
        return words.word("title_changed_only", where=_where(sure[0], drawing), **slots)
    return words.word("title_changed_some", count=len(sure), total=len(lines), **slots)


def _where(line: Line, drawing: TimelineDrawing) -> str:
    return drawing.words.where(line.last, drawing.factor)


def _alt(table, drawing: TimelineDrawing, by: list[str], given: str | None) -> str:
    """What is drawn, the whole first and last, the largest certain change, breaks, what is hidden."""
    words, word, indicator = drawing.words, drawing.words.word, drawing.indicator
    share = capital(words.share(indicator, definite=True))
    split = f", {word('by')} {by[0]}" if by else ""
    sentences = [word("alt_timeline", years=words.years(table), share=share, split=split)]
    more: list[str] = []
    for line in drawing.lines:
        start = max((year for year in drawing.breaks() if year in line.records), default=min(line.records))
        years = [year for year in sorted(line.records) if year >= start]  # never across a break
        known = [line.records[year] for year in years if is_shown(line.records[year])]
        if len(known) > 1:
            values = (words.value(record["value"], indicator, unit=True) for record in (known[0], known[-1]))
            slots: dict = dict(zip(("first", "last"), values, strict=True))
            slots |= {"start": known[0]["year"], "end": known[-1]["year"], "name": line.name}
            (sentences if line.is_whole else more).append(word("alt_timeline_line", **slots))
    sure = [line for line in drawing.groups if line.change and line.change["sure"]]
    if sure:
        largest = max(sure, key=lambda line: abs(line.change["change"]) if line.change else 0.0)
        change = largest.change or {}
        text = signed(change["change"], words.language, decimals=indicator.decimals)
        slots = {
            "change": text,
            "where": drawing.words.where(largest.last, drawing.factor),
            "since": f"{change['since']:.0f}",
        }
        sentences.append(word("alt_timeline_largest", **slots))
    told = [line for line in drawing.groups if line.change]
    unsure = len(told) - len(sure)
    sentences += [word("alt_timeline_unsure", count=unsure, total=len(told))] * bool(unsure)
    sentences += [word("alt_timeline_break", year=year) for year in drawing.breaks()[:1]]
    drawn = [record for line in drawing.lines for record in line.records.values()]
    hidden = sum(not is_shown(record) for record in drawn)
    sentences += [word("alt_hidden", count=hidden, total=len(drawn))] * bool(hidden)
    return words.alt(given, [*sentences, word("alt_where")], [*more, word("alt_intervals")])
