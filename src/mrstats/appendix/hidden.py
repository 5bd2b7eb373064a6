"""Hidden cells with every name they could be printed under, for the attack on what was written."""

from __future__ import annotations

from itertools import product

import pandas as pd

from ..dataset import City
from ..language import LANGUAGES, word
from ..schema import CITY, CONFIDENTIAL, IDENTITY, TOTAL, UNPLACED, factor_columns, has_status

FIGURES = ("value", "lower", "upper", "n", "count", "population", "affected")


def hidden_rows(city: City, protected: pd.DataFrame, true: pd.DataFrame) -> pd.DataFrame:
    """The hidden cells of one release table, as `mrstats.disclosure.leaks.find_leaks` looks for them.

    Parameters
    ----------
    city : City
    protected, true : DataFrame
        The table as released and as computed; matched by their codes.

    Returns
    -------
    DataFrame
        Identity, factors, the true figures, ``labels`` and ``others``; one row a cell with status ``C``. It holds what
        must not leave: keep it in memory.

    Examples
    --------
    >>> import mrstats as mr
    >>> city = mr.tiny_city()
    >>> true = mr.break_down(city, "employment", by="sex")
    >>> hidden_rows(city, true.assign(status=["C", "", ""]), true)["sex"].tolist() == [true["sex"].iloc[0]]
    True
    """
    factors = factor_columns(protected)
    keys = [*IDENTITY, *factors]
    rows = protected.loc[has_status(protected["status"], CONFIDENTIAL), keys]
    rows = rows.merge(true[[*keys, *FIGURES]], on=keys, how="left", validate="one_to_one")
    places = {level: _areas(city, level) for level in rows["geography_level"].unique()}
    groups = {factor: _groups(city, factor) for factor in factors}
    every = {level: _areas(city, level) for level in city.geographies}
    indicators = {name: _indicator_names(city, name) for name in protected["indicator"].unique()}
    labels, others = [], []
    for record in rows.to_dict("records"):
        level, own = record["geography_level"], []
        if level != CITY:
            own.append(places[level][record["geography"]])
        own += [groups[factor][record[factor]] for factor in factors if record[factor] != TOTAL]
        own.append(indicators[record["indicator"]])
        labels.append(tuple(own))
        names = {name for areas in every.values() for spellings in areas.values() for name in spellings}
        names |= {name for of_factor in groups.values() for spellings in of_factor.values() for name in spellings}
        names |= {name for spellings in indicators.values() for name in spellings}
        others.append(tuple(sorted(names - {name for spellings in own for name in spellings})))
    return rows.assign(labels=pd.Series(labels, dtype=object), others=pd.Series(others, dtype=object))


def _areas(city: City, level: str) -> dict[str, tuple[str, ...]]:
    """Code and name of each area; those without a known one in every language."""
    if level == CITY:
        return {}
    unplaced = (UNPLACED, *(word("unplaced", language) for language in LANGUAGES))
    return {code: (code, name) for code, name in city.area_names(level).items()} | {UNPLACED: unplaced}


def _groups(city: City, factor: str) -> dict[str, tuple[str, ...]]:
    """Code of each group and what it is called in both languages, alone and inside a sentence."""
    return {
        group.code: tuple(dict.fromkeys([group.code, *group.label.values(), *group.among.values()]))
        for group in city.factors[factor].groups
    }


def _indicator_names(city: City, name: str) -> tuple[str, ...]:
    """Name, label and share of an indicator, the share also as a sentence begins it (*andelen* for *andel*)."""
    indicator = city.indicator(name)
    texts = [text for text in (indicator.label, indicator.share) if text]
    said = [text[language] for text, language in product(texts, LANGUAGES) if text.get(language)]
    bare = [spoken.split(" ", 1)[1] for spoken in said if spoken.lower().startswith("andelen ")]
    return tuple(dict.fromkeys([name, *said, *(f"andel {rest}" for rest in bare)]))
