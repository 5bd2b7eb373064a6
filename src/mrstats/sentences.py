"""Plain sentences from a table: what it shows and how sure that is. A sentence never says more than its table."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from mrstats.captions import Captions
from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.display import Display, marks_for
from mrstats.language import NO_BREAK, capital, in_words, interval, number
from mrstats.schema import CITY, CONFIDENTIAL, TOTAL, UNPLACED, MrstatsError, factor_columns, has_status
from mrstats.selection import GEOGRAPHY, masked, only_indicator

KEY_FIGURE = re.compile(
    rf"(?<![\d–])[\d{NO_BREAK},.]*\d[ {NO_BREAK}](?:procentenhet(?:er)?|procent|percentage points?|per cent)(?![\w])"
)
"""The first measured value of a sentence, which *I korthet* sets in bold."""


@cache
def _patterns() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("mrstats").joinpath("sentences.toml").read_text(encoding="utf-8"))


def fill(pattern: str, language: str, **slots: str) -> str:
    """A pattern of sentences.toml with its slots filled; a capital slot gets a capital first letter.

    Examples
    --------
    >>> fill("city", "sv", share="andelen sysselsatta", value="68 procent")
    'I hela staden är andelen sysselsatta 68 procent.'
    """
    every = slots | {key.capitalize(): capital(text) for key, text in slots.items()}
    return _patterns()[pattern][language].format(**every)


ABOUT = ("level", "groups", "areas")


def sentence(
    table: pd.DataFrame, about: str | None = None, *, city: City | None = None, language: str | None = None
) -> Display:
    """What a table shows, in one to three plain sentences.

    Parameters
    ----------
    table : DataFrame
        One indicator. From `gaps` with groups: the largest sure difference to somebody's disadvantage, and its
        interval. From `gaps` or `break_down` with areas: the highest and lowest area if they are sure, how many lie
        surely above and below the city. Otherwise: the level of the city and its interval.
    about : {"level", "groups", "areas"}, optional
        Ask for one of the three. About groups a table without any says that the source does not publish them.
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
    shown = masked(table)
    shown = shown[shown["year"] == shown["year"].max()]
    indicator = captions.indicator(only_indicator(shown))
    about = about or _subject(shown)
    if about not in ABOUT:
        raise MrstatsError(f"about={about!r} is nothing a sentence can say; choose {', '.join(ABOUT)}.")
    if about == "groups":
        shown = shown[shown["factor"] != GEOGRAPHY] if "factor" in shown else shown.iloc[:0]
        said = _gap(shown, captions, indicator)
    elif about == "areas":
        shown = shown[shown["factor"] == GEOGRAPHY] if "factor" in shown else shown
        said = _areas(shown, captions, indicator)
    else:
        said = _level(shown, captions, indicator)
    said += _hidden(shown, captions)
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
    heading = _patterns()["in_brief"][language]
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
            share=_share(indicator, captions),
            value=_value(row["value"], indicator, captions),
        )
    ]
    if indicator.measure != "count":
        decimals = _decimals(row["value"], indicator)
        ends = _ends(row["lower"], row["upper"], captions.language, decimals=decimals)
        said.append(fill("interval", captions.language, interval=ends, unit=indicator.unit[captions.language]))
    return said


def _gap(groups: pd.DataFrame, captions: Captions, indicator: Indicator) -> list[str]:
    """The largest sure difference, to somebody's disadvantage where the indicator has a direction."""
    if groups.empty:
        return [fill("not_published", captions.language, share=_share(indicator, captions))]
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
        "share": _share(indicator, captions),
        "diff": _difference(row["difference"], indicator, captions),
        "more": _patterns()["higher" if row["difference"] > 0 else "lower"][language],
    }
    pattern = "gap_total"
    if row["reference"] != "total":
        pattern = "gap_group"
        slots["there"] = captions.where({**row.to_dict(), row["factor"]: row["reference"]}, row["factor"])
    low, high = sorted((abs(row["difference_lower"]), abs(row["difference_upper"])))
    decimals = _decimals(row["difference"], indicator, difference=True)
    ends = _ends(low, high, language, decimals=decimals)
    said = [
        fill(pattern, language, **slots),
        fill("gap_interval", language, interval=ends, unit=_difference_unit(indicator, captions)),
    ]
    return said + (_people(row, captions, indicator) if row["reference"] == "total" else [])


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
    if len(known) == 1 and known["reference"].iloc[0] != "total":
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
    words = {key: _patterns()[name][captions.language] for key, name in
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
        ends[f"v{place}"] = _value(row["value"], indicator, captions)
    return [fill("areas", language, share=_share(indicator, captions), **ends), *counts]


def _area_counts(rows: pd.DataFrame, level, captions: Captions) -> list[str]:
    """How many areas lie surely below and above the city."""
    low, high = int((rows["difference_upper"] < 0).sum()), int((rows["difference_lower"] > 0).sum())
    language = captions.language
    numbers = {"total": len(rows), "low": low, "high": high}
    if len(rows) > 12:
        counts = {key: number(count, language) for key, count in numbers.items()}
    else:
        neuter = level.definite[language].endswith("t")  # ett område, en stadsdel
        counts = {key: in_words(count, language, neuter=neuter) for key, count in numbers.items()}
    return [fill("area_counts", language, areas=level.plural[language], **counts)]


def _hidden(shown: pd.DataFrame, captions: Captions) -> list[str]:
    hidden = int(has_status(shown["status"], CONFIDENTIAL).sum())
    if not hidden:
        return []
    if hidden == len(shown):
        return [fill("all_hidden", captions.language)]
    if hidden == 1:
        return [fill("hidden_one", captions.language)]
    text = fill("hidden", captions.language, num=in_words(hidden, captions.language))
    return [text]


def _ends(lower: float, upper: float, language: str, *, decimals: int) -> str:
    """An interval in running text, with one decimal more where it is too narrow for so few."""
    ends = interval(lower, upper, language, decimals=decimals)
    return interval(lower, upper, language, decimals=decimals + 1) if len(set(ends.split("–"))) == 1 else ends


def _share(indicator: Indicator, captions: Captions) -> str:
    return (indicator.share or indicator.label)[captions.language]


def _decimals(value: float, indicator: Indicator, *, difference: bool = False) -> int:
    """Whole per cent in text; one decimal under 10, or for a difference under 1."""
    if indicator.measure == "proportion":
        return 1 if abs(value) < (1 if difference else 10) else 0
    return indicator.decimals


def _value(value: float, indicator: Indicator, captions: Captions) -> str:
    text = number(value, captions.language, decimals=_decimals(value, indicator))
    return f"{text}{_unit(indicator, captions)}"


def _unit(indicator: Indicator, captions: Captions) -> str:
    """The unit after a figure, unless the indicator's own name has said it."""
    unit = indicator.unit[captions.language]
    return "" if unit in _share(indicator, captions) else f" {unit}"


def _difference(difference: float, indicator: Indicator, captions: Captions) -> str:
    text = number(abs(difference), captions.language, decimals=_decimals(difference, indicator, difference=True))
    if indicator.measure != "proportion":
        return f"{text}{_unit(indicator, captions)}"
    return f"{text} {_difference_unit(indicator, captions, one=text == '1')}"


def _difference_unit(indicator: Indicator, captions: Captions, *, one: bool = False) -> str:
    if indicator.measure == "proportion":
        return _patterns()["percentage_point" if one else "percentage_points"][captions.language]
    return indicator.unit[captions.language]
