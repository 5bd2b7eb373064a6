"""What the figures cannot see: what is known of which ground, what residents say, and what boards answer. No microdata."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mrstats.breakdown import break_down, break_down_one_by_one
from mrstats.dataset import City
from mrstats.dataset.beside import read_beside
from mrstats.definitions import nearest
from mrstats.schema import (
    CANNOT_EXIST,
    CITY,
    CONFIDENTIAL,
    TOTAL,
    UNKNOWN,
    UNPLACED,
    UNRELIABLE,
    DatasetError,
    UnknownNameError,
    has_status,
)
from mrstats.surveying.questions import battery

GROUNDS = {
    "sex": "sex", "gender_identity": "", "ethnicity": "", "religion": "", "disability": "disability", "orientation": "",
    "age": "age_group",
}  # fmt: skip
"""The seven grounds of the Discrimination Act, and the standard factor that shows one. Country of birth is none of them."""

PUBLISHED, TOO_FEW, HIDDEN, NOT_COLLECTED, NOT_COLLECTABLE = (
    "published", "too_few", "hidden", "not_collected", "not_collectable",
)  # fmt: skip
ANSWERS = ("done", "under_way", "planned", "none")
GAP_COLUMNS = [
    "indicator", "year", "geography_level", "ground", "protected", "factor", "knowledge", "cells", "shown", "too_few",
    "hidden", "note",
]  # fmt: skip
VOICE_COLUMNS = [
    "id", "year", "theme", "indicator", "factor", "group", "place", "quotation", "value", "lower", "upper", "city_value",
    "figure_year", "unit", "status",
]  # fmt: skip


def knowledge_gaps(
    city: City,
    indicators: Sequence[str] | None = None,
    geography: str | Sequence[str] = CITY,
    *,
    year: int | None = None,
    factors: Sequence[str] | None = None,
) -> pd.DataFrame:
    """What can be told of each indicator by each protected ground, at each level: the knowledge gap as a table.

    Parameters
    ----------
    city : City
        From `open_dataset`; its [[missing]] says which grounds no source holds, and why.
    indicators : list of str, optional
        Default: all, but not who answers a survey.
    geography : str or list of str
        Levels to ask at.
    year : int, optional
        Default: the dataset's last year.
    factors : list of str, optional
        Which of the dataset's factors that stand for no protected ground are told too. Default: all.

    Returns
    -------
    DataFrame
        One row per indicator × level × ``ground``: the seven of the Discrimination Act (``protected``), the
        other factors that stand for none of them, and groups that no register sees. ``knowledge``: ``published``, ``too_few``
        (most figures rest on too little), ``hidden`` (most are hidden), ``not_collected`` or ``not_collectable``; of how many
        ``cells`` so many are ``shown``, ``too_few`` and ``hidden``; ``note``: why it is not collected.

    Raises
    ------
    UnknownNameError, DatasetError
        A name the dataset does not have, or a reason that is not known.

    Notes
    -----
    How to read it: a gap is no zero. What is not collected stays unseen however large the differences are; a factor never
    stands for a ground that it is not (country of birth tells no one's ethnicity).

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.knowledge_gaps(mr.tiny_city(), ["employment"])
    >>> table[["ground", "knowledge"]].values.tolist()[:3]
    [['sex', 'too_few'], ['gender_identity', 'not_collected'], ['ethnicity', 'not_collected']]
    """
    tables = city.description.tables
    conditions = [name for name, each in city.indicators.items() if not tables[each.table].sample_of]
    names = conditions if indicators is None else list(indicators)
    levels = [geography] if isinstance(geography, str) else list(geography)
    missing = _missing(city)
    for name in factors or ():
        if name not in city.factors:
            raise UnknownNameError(
                f"factors={name!r} is not a background factor of {city.name} ({nearest(name, city.factors)})."
            )
    other = [n for n in city.factors if n not in GROUNDS.values() and (factors is None or n in factors)]
    grounds = {
        **GROUNDS,
        **{name: name for name in other},
        **{ground: "" for ground in missing if ground not in GROUNDS},
    }
    known = _known(city, names, [factor for factor in grounds.values() if factor in city.factors], levels, year)
    rows = []
    for name in names:
        table = city.description.tables[city.indicator(name).table]
        asked = year or (table.years or city.description.years or (0,))[-1]
        for level in levels:
            for ground, factor in grounds.items():
                row = {"indicator": name, "year": asked, "geography_level": level, "ground": ground}
                row |= {"protected": ground in GROUNDS, "factor": factor if factor in city.factors else ""}
                counts = known.get((name, level, factor))
                reason, note = missing.get(ground, (NOT_COLLECTED, ""))
                row |= counts or {"knowledge": reason, "cells": 0, "shown": 0, "too_few": 0, "hidden": 0}
                rows.append({**row, "note": "" if counts else note})
    result = pd.DataFrame(rows)[GAP_COLUMNS]
    result.attrs["dataset"] = city.key
    return result


def _missing(city: City) -> dict[str, tuple[str, str]]:
    """Ground -> reason and note of the dataset's [[missing]]."""
    found = {}
    for entry in city.description.missing:
        ground, reason = entry.get("ground", ""), entry.get("reason", "")
        if reason not in (NOT_COLLECTED, NOT_COLLECTABLE):
            raise DatasetError(
                f"[[missing]] {ground!r} has reason = {reason!r}; it is {NOT_COLLECTED} or {NOT_COLLECTABLE}."
            )
        note = entry.get("note", "")
        found[ground] = (reason, note[city.language] if isinstance(note, dict) else note)
    return found


def _known(city: City, names: Sequence[str], factors: Sequence[str], levels: Sequence[str], year: int | None) -> dict:
    """What there is of each indicator, level and factor: how many figures are shown, too few and hidden; which most are."""
    cells = break_down_one_by_one(city, names, factors, levels, year)
    cells = cells[~cells["group"].isin([TOTAL, UNKNOWN]) & (cells["geography"] != UNPLACED)]
    cells = cells[~has_status(cells["status"], CANNOT_EXIST)]
    hidden, few = has_status(cells["status"], CONFIDENTIAL), has_status(cells["status"], UNRELIABLE)
    told = cells.assign(shown=~hidden & ~few, too_few=few, hidden=hidden, cells=True)
    kinds = ["hidden", "too_few", "shown"]  # of as many, the one that tells least
    counts = (
        told.groupby(["indicator", "geography_level", "factor"], observed=True)[["cells", *kinds]].sum().astype(int)
    )
    most = counts[kinds].idxmax(axis=1).replace("shown", PUBLISHED)
    return counts.assign(knowledge=most).to_dict("index")


def voices(
    city: City,
    indicators: Sequence[str] | None = None,
    *,
    year: int | None = None,
    factors: Sequence[str] | None = None,
    measured: Sequence[str] | None = None,
) -> pd.DataFrame:
    """What residents have said in interviews, coded, beside the figures on the same theme and group.

    Parameters
    ----------
    city : City
        With [interviews] in its dataset.toml; ``[interviews.themes]`` says which indicators a theme is about.
    indicators : list of str, optional
        Only findings on the themes of these, and on themes that no indicator measures. Default: all findings.
    year : int, optional
        Of the figures; default: the last year of their table.
    factors : list of str, optional
        Whose groups have figures; who speaks as one of another group stands without. Default: all.
    measured : list of str, optional
        Which indicators have figures; the others of a theme are named without. Default: all.

    Returns
    -------
    DataFrame
        One row per finding and indicator of its theme (``""``: none measures it): ``theme``, ``factor`` and ``group`` of the
        person, ``place``; ``quotation`` where the person agreed to be quoted, else empty; ``value, lower, upper`` of that
        group in the whole city, ``city_value``, and their ``status``.

    Raises
    ------
    DatasetError, UnknownNameError
        No interviews, a finding coded with what the dataset does not have, or a theme of an unknown indicator.

    Notes
    -----
    How to read it: what people say explains and questions figures; it counts nobody. Themes without an indicator are where
    residents see something the statistics do not.

    Examples
    --------
    >>> import mrstats as mr
    >>> try:
    ...     mr.voices(mr.tiny_city())
    ... except DatasetError as error:
    ...     print(str(error)[:27])
    tiny has no interviews. Put
    """
    found = read_beside(city, "interviews")
    themes = city.description.beside["interviews"].get("themes", {})
    for name in (*(indicators or ()), *(measured or ())):
        city.indicator(name)
    coded = found["group"].str.split("=", n=1, expand=True).reindex(columns=[0, 1]).set_axis(["factor", "code"], axis=1)
    table = found.assign(factor=coded["factor"], group=coded["code"], indicator=found["theme"].map(themes))
    table["quotation"] = table["quotation"].where(table["consent"], "")
    table = table.explode("indicator").fillna({"indicator": ""})
    if indicators is not None:
        table = table[table["indicator"].isin([*indicators, ""])]
    compared = table if factors is None else table[table["factor"].isin(list(factors))]
    compared = compared if measured is None else compared[compared["indicator"].isin(list(measured))]
    figures = _figures(city, compared, year)
    joined = table.merge(figures, on=["indicator", "factor", "group"], how="left", validate="many_to_one")
    joined["year"] = joined["year"].astype(int)
    joined["status"] = joined["status"].fillna("")
    result = joined.reindex(columns=VOICE_COLUMNS)
    result.attrs["dataset"] = city.key
    return result


def _figures(city: City, table: pd.DataFrame, year: int | None) -> pd.DataFrame:
    """Figures of the groups that have spoken, of the indicators on their themes; what a survey asks, as a battery of it."""
    parts = []
    for factor, rows in table[table["indicator"] != ""].groupby("factor"):
        together: dict[tuple[str, bool], list[str]] = {}
        for indicator in map(city.indicator, dict.fromkeys(rows["indicator"])):
            source = city.description.tables[indicator.table]
            asked = bool(source.weight) and indicator.measure == "proportion"
            if source.name in city.description.factors[str(factor)].tables:
                together.setdefault((source.name, asked), []).append(indicator.name)
        for (_, asked), names in together.items():
            group = str(factor)
            made = battery(city, names, group, year=year) if asked else break_down(city, names, group, years=year)
            whole = made[made[group] == TOTAL].set_index("indicator")["value"]
            made = made[made[group] != TOTAL].rename(columns={group: "group", "year": "figure_year"})
            parts.append(made.assign(factor=factor, city_value=made["indicator"].map(whole)))
    columns = ["indicator", "factor", "group", "value", "lower", "upper", "city_value", "figure_year", "unit", "status"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def follow_up(city: City) -> pd.DataFrame:
    """What each board answers on each guiding principle, and how far it has come.

    Parameters
    ----------
    city : City
        With [board_answers] in its dataset.toml; ``[board_answers.boards]`` says what boards are called in another language.

    Returns
    -------
    DataFrame
        One row per ``board`` × ``principle``, those without an answer too: ``theme``, ``status`` (done, under_way, planned,
        none), ``text``; ``board_answered`` and ``principle_answered``: share of its principles, and of the boards, that have
        an answer other than none, in per cent.

    Raises
    ------
    DatasetError
        No answers, a status that is not known, or a board that answers twice on a principle.

    Notes
    -----
    How to read it: it is what boards say of their work, coded; it is not what residents meet. See `voices` for that.

    Examples
    --------
    >>> import mrstats as mr
    >>> try:
    ...     mr.follow_up(mr.tiny_city())
    ... except DatasetError as error:
    ...     print(str(error)[:31])
    tiny has no board_answers. Put
    """
    answers = read_beside(city, "board_answers")
    strange = ~answers["status"].isin(ANSWERS)
    if strange.any():
        row = answers.index[strange][0]
        raise DatasetError(
            f"[board_answers] row {row}, column 'status' holds {answers.loc[row, 'status']!r}; it is one of {', '.join(ANSWERS)}."
        )
    twice = answers.duplicated(["board", "principle"])
    if twice.any():
        row = answers.index[twice][0]
        board, principle = answers.loc[row, ["board", "principle"]]
        raise DatasetError(f"[board_answers] row {row}: {board} answers twice on {principle!r}. Keep one answer.")
    boards, principles = answers["board"].drop_duplicates(), answers["principle"].drop_duplicates()
    every = pd.MultiIndex.from_product([boards, principles], names=["board", "principle"])
    table = answers.set_index(["board", "principle"])[["theme", "status", "text"]].reindex(every).reset_index()
    table = table.fillna({"theme": "", "status": "none", "text": ""})
    answered = 100.0 * (table["status"] != "none")
    for name in ("board", "principle"):
        table[f"{name}_answered"] = answered.groupby(table[name]).transform("mean")
    table.attrs["dataset"] = city.key
    return table
