"""Plain sentences from a table: what it shows and how sure that is. A sentence never says more than its table."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mrstats.captions import Captions
from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.display import Display, marks_for
from mrstats.findings import finding_of
from mrstats.language import NO_BREAK, in_words, number
from mrstats.phrases import (
    area_counts,
    decimals_of,
    difference_of,
    difference_unit,
    ends_of,
    fill,
    hidden_in,
    moved_in,
    patterns,
    share_of,
    value_of,
)
from mrstats.schema import CITY, TARGET, TOTAL, UNPLACED, MrstatsError, factor_columns
from mrstats.selection import GEOGRAPHY, masked, only_indicator

KEY_FIGURE = re.compile(
    rf"(?<![\d–])[\d{NO_BREAK},.]*\d[ {NO_BREAK}](?:procentenhet(?:er)?|procent|percentage points?|per cent)(?![\w])"
)
"""The first measured value of a sentence, which *I korthet* sets in bold."""


ABOUT = ("level", "groups", "areas")


def sentence(
    table: pd.DataFrame,
    about: str | None = None,
    *,
    target: tuple[float, int] | None = None,
    city: City | None = None,
    language: str | None = None,
) -> Display:
    """What a table shows, in one to three plain sentences.

    Parameters
    ----------
    table : DataFrame
        One indicator. From `gaps` with groups: the largest sure difference to somebody's disadvantage, and its
        interval. From `gaps` or `break_down` with areas: the highest and lowest area if they are sure, how many lie
        surely above and below the city; from `harmonise` also that they are recomputed. From `change`: whether the level
        of the city, the differences between groups and the areas have certainly changed; of several indicators, how many
        became better and worse. From a ranking: whether the areas differ more than chance gives, and which are first and
        last. From `furthest_behind`: the group furthest behind, if it was confirmed. From results about places: what they
        certainly tell. Otherwise: the level of the city and its interval.
    about : {"level", "groups", "areas"}, optional
        Ask for one of the three. About groups a table without any says that the source does not publish them.
    target : (float, int), optional
        For a table of changes: the decided target in the indicator's unit, and its year.
    city : City, optional
    language : {"sv", "en"}, optional

    Returns
    -------
    Display
        A text; it names no figure that the table hides, and calls nothing a difference that may be chance.

    Examples
    --------
    >>> import mrstats as mr
    >>> mr.sentence(mr.break_down(mr.tiny_city(), "employment")).paragraphs[0]
    'I hela staden är andelen sysselsatta 60 procent. Osäkerhetsintervallet är 49–70 procent.'
    """
    captions = Captions.of(table, city, language)
    if about is not None and about not in ABOUT:
        raise MrstatsError(f"about={about!r} is nothing a sentence can say; choose {', '.join(ABOUT)}.")
    found = finding_of(table, captions, about=about, target=target)
    if found is not None:
        return Display("text", captions.language, marks=marks_for(captions.city), paragraphs=[" ".join(found)])
    shown = masked(table)
    shown = shown[shown["year"] == shown["year"].max()]
    indicator = captions.indicator(only_indicator(shown))
    about = about or _subject(shown)
    if about == "groups":
        shown = shown[shown["factor"] != GEOGRAPHY] if "factor" in shown else shown.iloc[:0]
        said = _gap(shown, captions, indicator)
    elif about == "areas":
        shown = shown[shown["factor"] == GEOGRAPHY] if "factor" in shown else shown
        said = _areas(shown, captions, indicator)
    else:
        said = _level(shown, captions, indicator)
    said += moved_in(shown, captions) + hidden_in(shown, captions)
    return Display("text", captions.language, marks=marks_for(captions.city), paragraphs=[" ".join(said)])


def _subject(shown: pd.DataFrame) -> str:
    """What a table is about: its groups, else its areas, else the level of the city."""
    if "factor" in shown and (shown["factor"] != GEOGRAPHY).any():
        return "groups"
    return "areas" if (shown["geography_level"] != CITY).any() else "level"


def in_brief(*sentences: Display) -> Display:
    """The box that opens a chapter: one to four findings, each with its key figure in bold.

    Parameters
    ----------
    *sentences : Display
        Texts from `sentence`; the first sentence of each is taken, the same one only once.

    Returns
    -------
    Display

    Examples
    --------
    >>> import mrstats as mr
    >>> mr.in_brief(mr.sentence(mr.break_down(mr.tiny_city(), "employment"))).points
    ['I hela staden är andelen sysselsatta **60 procent**.']
    """
    if not 1 <= len(sentences) <= 4:
        raise MrstatsError(f"in_brief takes one to four sentences; it got {len(sentences)}.")
    for text in sentences:
        if not isinstance(text, Display) or text.kind != "text":
            raise MrstatsError(
                "in_brief takes what mr.sentence returned: findings are printed from tables, never typed."
            )
    language = sentences[0].language
    firsts = dict.fromkeys(_first_sentence(text.paragraphs[0]) for text in sentences if text.paragraphs[0])
    points = [KEY_FIGURE.sub(lambda m: f"**{m[0].strip()}**", first, count=1) for first in firsts]
    heading = patterns()["in_brief"][language]
    return Display("brief", language, marks=sentences[0].marks, heading=heading, points=points)


def _first_sentence(paragraph: str) -> str:
    return re.split(r"(?<=[.!?]) (?=[A-ZÅÄÖ])", paragraph, maxsplit=1)[0]


def _level(shown: pd.DataFrame, captions: Captions, indicator: Indicator) -> list[str]:
    factors = factor_columns(shown)
    whole = shown[(shown[factors] == TOTAL).all(axis=1)] if factors else shown
    if whole.empty or whole["value"].isna().all():
        return []
    row = whole.iloc[0]
    said = [
        fill(
            "city",
            captions.language,
            share=share_of(indicator, captions),
            value=value_of(row["value"], indicator, captions),
        )
    ]
    if indicator.measure != "count":
        decimals = decimals_of(row["value"], indicator)
        ends = ends_of(row["lower"], row["upper"], captions.language, decimals=decimals)
        said.append(fill("interval", captions.language, interval=ends, unit=indicator.unit[captions.language]))
    return said


def _gap(groups: pd.DataFrame, captions: Captions, indicator: Indicator) -> list[str]:
    """The largest sure difference, to somebody's disadvantage where the indicator has a direction."""
    if groups.empty:
        return [fill("not_published", captions.language, share=share_of(indicator, captions))]
    named = np.array([_says_one_thing(record, factor_columns(groups)) for record in groups.to_dict("records")])
    known = groups[groups["difference"].notna() & named]
    if not named.any():
        raise MrstatsError(
            "a sentence is about the groups of one factor in the whole city; the table has only combinations. "
            "Break down by one factor, or with crossed=False."
        )
    sure = known[(known["difference_lower"] > 0) | (known["difference_upper"] < 0)]
    if sure.empty:
        return _no_sure_gap(known, captions)
    ranked = sure["disadvantage"] if indicator.direction else sure["difference"].abs()
    if not ranked.max() > 0:  # nobody is surely worse off
        ranked = sure["difference"].abs()
    row = sure.iloc[int(ranked.to_numpy().argmax())]
    language = captions.language
    slots = {
        "where": captions.where(row.to_dict(), row["factor"]),
        "share": share_of(indicator, captions),
        "diff": difference_of(row["difference"], indicator, captions),
        "more": patterns()["higher" if row["difference"] > 0 else "lower"][language],
    }
    pattern = "gap_total"
    if row["reference"] == TARGET:
        value = value_of(row["reference_value"], indicator, captions)
        pattern, slots["level"] = "gap_level", f"{captions.word('the_target')} {value}"
    elif row["reference"] != "total":
        pattern = "gap_group"
        slots["there"] = captions.where({**row.to_dict(), row["factor"]: row["reference"]}, row["factor"])
    low, high = sorted((abs(row["difference_lower"]), abs(row["difference_upper"])))
    decimals = decimals_of(row["difference"], indicator, difference=True)
    ends = ends_of(low, high, language, decimals=decimals)
    said = [
        fill(pattern, language, **slots),
        fill("gap_interval", language, interval=ends, unit=difference_unit(indicator, captions)),
    ]
    if "adjusted_difference" in row:
        said += _adjusted(row, captions, indicator)
    return said + (_people(row, captions, indicator) if row["reference"] == "total" else [])


def _adjusted(row, captions: Captions, indicator: Indicator) -> list[str]:
    """What is left of a difference between people who are alike in what it was adjusted for."""
    language, left, alike = captions.language, row["adjusted_difference"], captions.alike(row["adjusted_for"])
    if not (row["adjusted_difference_lower"] > 0 or row["adjusted_difference_upper"] < 0):
        return [fill("adjusted_unsure", language, covs=alike)]
    said = [fill("adjusted", language, covs=alike, diff=difference_of(left, indicator, captions))]
    smaller = left * row["difference"] > 0 and abs(left) < abs(row["difference"])
    return said + ([fill("adjusted_rest", language)] if smaller else [])


def _says_one_thing(record: dict, factors: list[str]) -> bool:
    """Whether a row is a known group of one factor in the whole city: nothing else has to be said about it."""
    others = [name for name in factors if name != record["factor"]]
    return (
        record["geography_level"] == CITY
        and record[record["factor"]] != "unknown"
        and all(record[name] == TOTAL for name in others)
    )


def _no_sure_gap(known: pd.DataFrame, captions: Captions) -> list[str]:
    if known.empty:
        return []
    if len(known) == 1 and known["reference"].iloc[0] not in ("total", TARGET):
        row = known.iloc[0].to_dict()
        factor = captions.city.factors[row["factor"]]
        a, b = (factor.group(code).among[captions.language] for code in (row[row["factor"]], row["reference"]))
        return [
            fill("gap_unsure_one", captions.language, a=a, b=b),
            fill("unsure_why_one", captions.language),
        ]
    return [fill("gap_unsure", captions.language), fill("unsure_why", captions.language)]


def _people(row, captions: Captions, indicator: Indicator) -> list[str]:
    """How many persons the gap is worth; only where it is a large enough number to round."""
    if indicator.measure != "proportion" or not indicator.inf or not row["to_lift"] >= 100:
        return []
    favourable = indicator.direction == "favourable"
    step = 100 if row["to_lift"] >= 1000 else 10
    words = {key: patterns()[name][captions.language] for key, name in
             {"high": "high" if favourable else "low", "fewer": "more_people" if favourable else "fewer_people"}.items()}  # fmt: skip
    people = number(round(row["to_lift"] / step) * step, captions.language)
    return [fill("gap_people", captions.language, n=people, inf=indicator.inf[captions.language], **words)]


def _areas(shown: pd.DataFrame, captions: Captions, indicator: Indicator) -> list[str]:
    """Highest and lowest area where both are sure; else how many may be lowest; and how many differ from the city."""
    factors = factor_columns(shown)
    rows = shown[(shown["geography_level"] != CITY) & (shown["geography"] != UNPLACED) & shown["value"].notna()]
    rows = rows[(rows[factors] == TOTAL).all(axis=1)] if factors else rows
    if len(rows) < 2:
        return []
    language = captions.language
    level = captions.city.geographies[rows["geography_level"].iloc[0]]
    ranked = rows.sort_values("value")
    lowest, highest = ranked.iloc[0], ranked.iloc[-1]
    counts = _area_counts(rows, level, captions) if "difference" in rows and indicator.measure != "count" else []
    sure_ends = highest["lower"] > ranked["upper"].iloc[:-1].max() and lowest["upper"] < ranked["lower"].iloc[1:].min()
    if not sure_ends and indicator.measure != "count":
        rivals = int((ranked["lower"] <= lowest["upper"]).sum())
        return counts + [
            fill("rank_unsure", language, num=in_words(rivals, language), areas=level.plural[language])
        ] * (rivals > 1)
    ends = {}
    for place, row in (("1", highest), ("2", lowest)):
        ends[f"area{place}"] = f"{level.definite[language]} {captions.area(level.name, row['geography'])}"
        ends[f"v{place}"] = value_of(row["value"], indicator, captions)
    return [fill("areas", language, share=share_of(indicator, captions), **ends), *counts]


def _area_counts(rows: pd.DataFrame, level, captions: Captions) -> list[str]:
    """How many areas lie surely below and above the city."""
    if rows["difference_lower"].isna().all():  # moved, and nobody measured how wrong
        return []
    low, high = int((rows["difference_upper"] < 0).sum()), int((rows["difference_lower"] > 0).sum())
    return [area_counts("area_counts", level, captions, total=len(rows), low=low, high=high)]
