"""Sentences about change, ranking and search: what is certain, in words. It reads tables and computes no test."""

from __future__ import annotations

import math

from .captions import Captions
from .language import in_words, number
from .phrases import (
    area_counts,
    counting,
    decimals_of,
    difference_of,
    fill,
    hidden_in,
    patterns,
    share_of,
    value_of,
)
from .schema import CANNOT_EXIST, CITY, CONFIDENTIAL, SURVEY, TOTAL, UNKNOWN, UNPLACED, has_status
from .selection import GEOGRAPHY, change_factors, is_shown, latest_year, masked, only_indicator, only_level
from .treedrawing import TreeDrawing
from .trees import NEEDED, among
from .views import view_of

CHANCE = 0.05
"""A spread with a smaller p value is more than chance explains."""


def finding_of(table, captions: Captions, *, about: str | None, target: tuple[float, int] | None) -> list[str] | None:
    """Sentences of a table of findings, found by its columns; None where it is no such table.

    Parameters
    ----------
    table : DataFrame
        Changes, a ranking, a search, or a result of a model or about places.
    captions : Captions
        The words of its dataset.
    about : str or None
        "level", "groups" or "areas", for a table of changes.
    target : (float, int) or None
        A decided value in the indicator's unit and its year, for a table of changes.

    Returns
    -------
    list of str or None
        One to four sentences; none at all where nothing can be said.
    """
    if "change" in table and "kind" in table:
        return _change(latest_year(masked(table)), captions, about, target)
    if "funnel_lower_95" in table:
        return _ranking(latest_year(masked(table)), captions)
    if "node" in table:
        return _search(latest_year(masked(table, NEEDED)), captions)
    view = view_of(table)
    return view.said(table, captions) if view else None


# Change


def _change(shown, captions: Captions, about: str | None, target) -> list[str]:
    if shown["indicator"].nunique() > 1:
        return _several(shown, captions)
    factors = change_factors(shown)
    whole = (shown["geography_level"] == CITY) & (shown[factors] == TOTAL).all(axis=1) & (shown["kind"] == "level")
    said: list[str] = []
    if about in (None, "level"):
        said += _level(shown[whole].to_dict("records"), captions, target)
    levels = shown[(shown["kind"] == "level") & ~whole]
    gaps = shown[shown["kind"] == "gap"]
    if about in (None, "groups"):
        said += _gaps(gaps[gaps["geography_level"] == CITY].to_dict("records"), factors, captions)
        groups = levels[(levels["geography_level"] == CITY) & ~levels[factors].eq(UNKNOWN).any(axis=1)]
        if gaps.empty and len(groups):
            said += _places(groups, captions, "groups", again=bool(said))
    areas = levels[(levels["geography_level"] != CITY) & (levels[GEOGRAPHY] != UNPLACED)]
    areas = areas[(areas[factors] == TOTAL).all(axis=1)]
    if len(areas) and about in (None, "areas"):
        said += _places(areas, captions, "areas", again=bool(said))
    return said + hidden_in(shown, captions)


def _is_known(record: dict) -> bool:
    return not math.isnan(record["change"])


def _since(record: dict) -> str:
    return f"{record['since']:.0f}"


def _short(share: str, captions: Captions) -> str:
    """*andelen* the second time *andelen sysselsatta* would be said."""
    start = captions.word("share_definite")
    return start.strip() if share.startswith(start) else share


def _level(rows: list[dict], captions: Captions, target) -> list[str]:
    """Change of the city's level, its pace and its target; nothing where it is hidden."""
    if not rows or not _is_known(rows[0]):
        return []
    record, language = rows[0], captions.language
    indicator = captions.indicator(record["indicator"])
    share = share_of(indicator, captions)
    if record["sure"]:
        risen = patterns()["risen" if record["change"] > 0 else "fallen"][language]
        values = _pair(record["value_since"], record["value"], indicator, captions)
        said = [fill("change", language, share=share, risen=risen, v0=values[0], v1=values[1], y0=_since(record),
                     y1=f"{record['year']:.0f}")]  # fmt: skip
    else:
        said = [fill("change_unsure", language, share=share, y0=_since(record))]
    trend = record["trend"]
    certain = record["sure"] and (record["trend_lower"] > 0 or record["trend_upper"] < 0)
    if certain and trend * record["change"] > 0:  # a level that went up and then down has no pace
        slots = {"risen": patterns()["risen" if trend > 0 else "fallen"][language], "y0": _since(record)}
        diff = difference_of(trend, indicator, captions)
        said.append(fill("trend", language, share=_short(share, captions), diff=diff, **slots))
    return said + _target(record, indicator, captions, target)


def _pair(first: float, last: float, indicator, captions: Captions) -> tuple[str, str]:
    """Two values of which the last carries the unit; with a decimal where they would look alike."""
    language = captions.language
    decimals = max(decimals_of(first, indicator), decimals_of(last, indicator))
    if number(first, language, decimals=decimals) == number(last, language, decimals=decimals):
        decimals = max(decimals, indicator.decimals)
    unit = value_of(last, indicator, captions).removeprefix(
        number(last, language, decimals=decimals_of(last, indicator))
    )
    return number(first, language, decimals=decimals), f"{number(last, language, decimals=decimals)}{unit}"


def _target(record: dict, indicator, captions: Captions, target) -> list[str]:
    """The decided target beside the level, and whether the pace is enough."""
    language, said = captions.language, []
    if target is not None:
        said.append(fill("target", language, y1=str(target[1]), target=value_of(target[0], indicator, captions),
                         y=f"{record['year']:.0f}", value=value_of(record["value"], indicator, captions)))  # fmt: skip
    if record["progress"] == "away":
        said.append(fill("target_away", language))
    elif record["progress"] in ("on track", "too slow"):
        when = fill("by_year", language, y1=str(target[1])) if target is not None else fill("in_time", language)
        late = patterns()["not"][language] if record["progress"] == "too slow" else ""
        said.append(fill("target_pace", language, when=when, **{"not": late}))
    return said


def _gaps(rows: list[dict], factors: list[str], captions: Captions) -> list[str]:
    """The difference that has certainly changed most; where none has, that this is so."""
    language = captions.language
    known = [record for record in rows if _is_known(record) and UNKNOWN not in record.values()]
    if not known:
        return []
    sure = [record for record in known if record["sure"]]
    if not sure:
        if len(known) > 1:
            return [fill("gap_change_unsure", language, y0=_since(known[0]))]
        return [fill("gap_change_unsure_one", language, y0=_since(known[0]), **_between(known[0], factors, captions))]
    record = max(sure, key=lambda row: abs(row["change"]))
    indicator = captions.indicator(record["indicator"])
    slots = {"y0": _since(record), **_between(record, factors, captions)}
    before, after = record["value_since"], record["value"]
    if before * after < 0:
        return [fill("gap_change_turned", language, **slots)]
    shrunk = patterns()["grown" if abs(after) > abs(before) else "shrunk"][language]
    return [
        fill("gap_change", language, shrunk=shrunk, diff=difference_of(record["change"], indicator, captions), **slots)
    ]


def _between(record: dict, factors: list[str], captions: Captions) -> dict[str, str]:
    """The two that a difference is between, as inside a sentence."""
    named = [name for name in factors if record[name] != TOTAL]
    group = [captions.city.factors[name].group(record[name]).among[captions.language] for name in named]
    b = patterns()["the_whole"][captions.language]
    if named and record["reference"] not in ("total", TOTAL, CITY, ""):
        b = captions.city.factors[named[-1]].group(record["reference"]).among[captions.language]
    return {"a": captions.joined(group), "b": b}


def _places(rows, captions: Captions, what: str, *, again: bool) -> list[str]:
    """In how many areas or groups the level has certainly risen and fallen; `again` if the share was just named."""
    language = captions.language
    known = [record for record in rows.to_dict("records") if _is_known(record)]
    if not known:
        return []
    counts = {key: sum(bool(row["sure"]) and row["change"] * way > 0 for row in known)
              for key, way in (("risen", 1), ("fallen", -1))}  # fmt: skip
    if what == "areas":
        level = captions.city.geographies[only_level(rows)]
        one, many, all_ = (text[language] for text in (level.label, level.plural, level.definite_plural))
        one, neuter = one[:1].lower() + one[1:], level.definite[language].endswith("t")
    else:
        one, many, all_ = (patterns()[key][language] for key in ("group_word", "groups_word", "the_groups"))
        neuter = False
    if not any(counts.values()):
        return [fill("change_places_unsure", language, y0=_since(known[0]), places=all_)]
    count = counting(list(counts.values()), language, neuter=neuter)
    ways = [
        fill("way_in", language, risen=patterns()[key][language], num=count(counted), places=one if counted == 1 else many)
        for key, counted in counts.items() if counted
    ]  # fmt: skip
    indicator = captions.indicator(known[0]["indicator"])
    share = share_of(indicator, captions)
    share = _short(share, captions) if again else share
    return [fill("change_places", language, share=share, y0=_since(known[0]), ways=captions.joined(ways))]


def _several(shown, captions: Captions) -> list[str]:
    """Of several indicators, how many became better or worse for sure; those without a better way are left out."""
    language = captions.language
    factors = change_factors(shown)
    whole = (shown["geography_level"] == CITY) & (shown[factors] == TOTAL).all(axis=1) & (shown["kind"] == "level")
    known = [row for row in shown[whole].to_dict("records")
             if _is_known(row) and captions.indicator(row["indicator"]).direction]  # fmt: skip
    since = {_since(row) for row in known}
    if not known or len(since) > 1:
        return []
    better = sum(bool(row["sure"]) and row["disadvantage"] < 0 for row in known)
    worse = sum(bool(row["sure"]) and row["disadvantage"] > 0 for row in known)
    unsure = len(known) - better - worse
    kind = "question" if all(str(row["method"]).split()[:1] == [SURVEY] for row in known) else "indicator"
    count = counting([better, worse, unsure], language)
    one, many = patterns()[kind][language], patterns()[f"{kind}_plural"][language]
    slots = {"a": f"{count(better)} {one if better == 1 else many}", "b": count(worse), "y0": since.pop()}
    if not unsure:
        return [fill("questions_sure", language, **slots)]
    return [fill("questions", language, c=f"{count(unsure)} {one if unsure == 1 else many}", **slots)]


# Ranking


def _ranking(shown, captions: Captions) -> list[str]:
    """Whether the areas differ more than chance gives; only then which are first and last, and how many stand out."""
    language = captions.language
    areas = shown[(shown["geography_level"] != CITY) & (shown[GEOGRAPHY] != UNPLACED)]
    areas = areas[~has_status(areas["status"], CANNOT_EXIST)]
    known = areas[areas["value"].notna()]
    if len(known) < 2:
        return hidden_in(areas, captions)
    indicator = captions.indicator(only_indicator(known))
    level = captions.city.geographies[only_level(known)]
    p = known["q_p"].dropna()
    if p.empty or not p.iloc[0] < CHANCE:
        key = "spread_chance"
        return [fill(key, language, areas=level.definite_plural[language])] * (not p.empty) + hidden_in(areas, captions)
    said = [fill("spread", language, areas=level.definite_plural[language])]
    rows = known.to_dict("records")
    if len(known) == len(areas):
        said += _ends_of_ranking(rows, level, indicator, captions)
    low = sum(row["outside"] == "99.8" and row["value"] < row["city_value"] for row in rows)
    high = sum(row["outside"] == "99.8" and row["value"] > row["city_value"] for row in rows)
    if low or high:
        said.append(area_counts("funnel_counts", level, captions, total=len(rows), low=low, high=high))
    return said + hidden_in(areas, captions)


def _ends_of_ranking(rows: list[dict], level, indicator, captions: Captions) -> list[str]:
    """First and last area where no other may have their place; else how many may have the lowest level."""
    language = captions.language
    lowest, highest = (end(rows, key=lambda row: row["value"]) for end in (min, max))
    ranks = [row[end] for row in rows for end in ("rank_lower", "rank_upper")]
    if any(math.isnan(rank) for rank in ranks):
        return []

    def rivals(record: dict) -> int:
        """How many areas may have the outermost place on a record's side."""
        outermost = max(ranks) if record["rank"] * 2 > min(ranks) + max(ranks) else min(ranks)
        return sum(row["rank_lower"] <= outermost <= row["rank_upper"] for row in rows)

    if rivals(lowest) == rivals(highest) == 1:
        ends = {}
        for place, row in (("1", highest), ("2", lowest)):
            ends[f"area{place}"] = f"{level.definite[language]} {captions.area(level.name, row[GEOGRAPHY])}"
            ends[f"v{place}"] = value_of(row["value"], indicator, captions)
        return [fill("areas", language, share=share_of(indicator, captions), **ends)]
    if rivals(lowest) < 2:
        return []
    return [fill("rank_unsure", language, num=in_words(rivals(lowest), language), areas=level.plural[language])]


# Search


def _search(shown, captions: Captions) -> list[str]:
    """The group furthest behind and how it was found; where it was not confirmed, only that."""
    language = captions.language
    indicator = captions.indicator(only_indicator(shown))
    drawing = TreeDrawing(shown, indicator, captions)
    count = number(drawing.searched, language)
    worst = drawing.end("worst")
    hidden = has_status(shown["status"], CONFIDENTIAL).any()
    if worst is None or not worst["confirmed"] or hidden or not is_shown(worst) or math.isnan(drawing.whole):
        return [fill("furthest_unsure", language, n=count), *hidden_in(shown, captions)]
    slots = {
        "low": patterns()["highest" if indicator.direction == "adverse" else "lowest"][language],
        "share": share_of(indicator, captions),
        "where": among(drawing, worst),
        "value": value_of(worst["value"], indicator, captions),
        "city": value_of(drawing.whole, indicator, captions),
    }
    return [fill("furthest", language, **slots), fill("furthest_how", language, n=count)]
