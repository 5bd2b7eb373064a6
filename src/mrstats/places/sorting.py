"""The table of `mrstats.segregation`: indices of a year, their parts by level, and what changed between years."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.measures import segregation as indices
from mrstats.measures import segregation_parts
from mrstats.measures.coarse import FEWEST, to_nearest_ten
from mrstats.measures.segregation_chance import Chance, Index, against_chance
from mrstats.places.residents import counted, matrix
from mrstats.schema import CITY, CONFIDENTIAL, TOTAL, UNPLACED, MrstatsError, UnknownGroupError

DIGITS = 4
REST = "rest"
LOT = "persons permuted, bias inverted"
LEVEL = "level "
"""How indices by level are called among those of chance."""

PARTS = "exact parts"
FIGURES = ["value", "expected", "corrected", "lower", "upper", "p"]
COLUMNS = [
    "indicator", "year", "since", "geography_level", "geography", "factor", "group", "against", "measure", *FIGURES,
    "share", "population", "areas", "unplaced", "confidence", "method", "status",
]  # fmt: skip
CHANGES = ("structure", "groups", "areas", "new_areas")


def segregation_table(
    city: City,
    *,
    indicator: str,
    group: str,
    geography: str,
    years: list[int],
    against: str,
    permutations: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """The table that `mrstats.segregation` returns; arguments as there."""
    rows, (groups,) = counted(city, indicator, [group], geography, years)
    if len(groups) < 2:
        raise UnknownGroupError(
            f"group={group!r}: everybody is {groups[0] if groups else 'nowhere'!r}, so nobody can live apart. Take a factor "
            "with two groups or more."
        )
    if against != REST and against not in groups:
        raise UnknownGroupError(f"against={against!r} has nobody in {group!r}. Groups there: {', '.join(groups)}.")
    areas = sorted(set(rows["area"]) - {UNPLACED})
    if len(areas) < 2:
        raise MrstatsError(
            f"geography={geography!r}: residents live in {len(areas)} area(s), and segregation compares two or more. Ask for "
            "a finer level."
        )
    by_year = {y: matrix(rows[rows["year"] == y], areas, group, groups) for y in sorted(set(rows["year"].tolist()))}
    if missing := sorted(set(years) - set(by_year)):
        raise MrstatsError(
            f"{indicator!r} has no rows for {missing[0]}. Deliver that year's file, or ask for other years."
        )
    changed = [
        _changed(by_year[since], by_year[year], groups, since, year) for since, year in pairwise(sorted(by_year))
    ]
    parts = []
    for year, counts in by_year.items():
        if (counts.sum(axis=0) > 0).sum() < 2:
            raise UnknownGroupError(f"group={group!r}: only one group has anybody in {year}. Ask for other years.")
        unplaced = rows.loc[(rows["year"] == year) & (rows["area"] == UNPLACED), "n"].sum()
        levels = _levels(city, areas, geography)
        asked = _asked_of_groups(None if against == REST else groups.index(against)) | _asked_of_levels(counts, levels)
        found = against_chance(counts, asked, permutations=permutations, confidence=confidence, seed=seed)
        made = [_of_groups(counts, groups, against, found), _of_levels(counts, levels, found)]
        parts.append(pd.concat(made).assign(year=year, since=year, unplaced=to_nearest_ten(unplaced)))
    table = pd.concat([*parts, *changed], ignore_index=True)
    table = table.fillna(
        {"geography": city.municipality, "geography_level": geography, "group": TOTAL, "against": TOTAL}
    )
    table = table.assign(indicator=indicator, factor=group, confidence=confidence).reindex(columns=COLUMNS)
    table["status"] = table["status"].fillna("")
    hidden = table["status"] == CONFIDENTIAL
    table.loc[hidden, [*FIGURES, "share", "population"]] = np.nan
    table[[*FIGURES, "share"]] = table[[*FIGURES, "share"]].astype(float).round(DIGITS)
    return table


def _hidden(counts: np.ndarray) -> bool:
    """Few areas with a small count among them: an index over them could be solved for it."""
    lived_in = counts[counts.sum(axis=1) > 0]
    return bool(len(lived_in) < FEWEST and ((lived_in > 0) & (lived_in < FEWEST)).any())


def _asked_of_groups(place: int | None) -> dict[str, Index]:
    """Indices of each group against the rest, or the one at a place, and of all groups at once."""

    def two(index) -> Index:
        def made(n):
            own, rest = indices.against_the_rest(np.asarray(n, float))
            return index(own, rest if place is None else np.broadcast_to(own[..., place : place + 1, :], own.shape))

        return made

    def meeting(n):
        n = np.asarray(n, float)
        share = n / np.maximum(n.sum(axis=-1, keepdims=True), 1)
        own = n / np.maximum(n.sum(axis=-2, keepdims=True), 1)
        return np.swapaxes(own, -1, -2) @ share

    asked: dict[str, Index] = {name: two(index) for name, index in indices.ONE_GROUP.items()}
    if place is None:
        asked |= {"interaction": meeting} | {f"all {name}": index for name, index in indices.ALL_GROUPS.items()}
    return asked


def _of_groups(counts, groups, against, found: dict[str, Chance]) -> pd.DataFrame:
    """A row per group and index, and per index of all groups at once."""
    place = None if against == REST else groups.index(against)
    size, areas, parts = counts.sum(axis=0), int((counts.sum(axis=1) > 0).sum()), []
    other = size.sum() - size if place is None else np.full(len(size), size[place])
    few, solved = (size < FEWEST) | (other < FEWEST), _hidden(counts)
    for name, chance in found.items():
        if name.startswith(LEVEL):
            continue
        whole = name.startswith("all ")
        figures = dict(zip(FIGURES, (np.ravel(figure) for figure in chance), strict=True))
        if name == "interaction":
            own, met = np.indices((len(groups), len(groups))).reshape(2, -1)
            part = pd.DataFrame({**figures, "group": np.array(groups)[own], "against": np.array(groups)[met]})
            part["p"], part["population"] = np.nan, to_nearest_ten(size[own])
            part["status"] = np.where(few[own] | few[met] | solved, CONFIDENTIAL, "")
            part = part[own != met]  # with itself it is isolation
        elif whole:
            part = pd.DataFrame({**figures, "population": to_nearest_ten([size.sum()])})
            part["status"] = CONFIDENTIAL if solved else ""
        else:
            part = pd.DataFrame({**figures, "group": groups, "against": against, "population": to_nearest_ten(size)})
            part["status"] = np.where(few | solved, CONFIDENTIAL, "")
            part = part[np.arange(len(groups)) != place]
        parts.append(part.assign(measure=name.removeprefix("all "), areas=areas, method=LOT))
    return pd.concat(parts)


@dataclass(frozen=True)
class _Level:
    """A level of areas: the codes of its areas, and the number of the one that each of the finest lies in."""

    name: str
    codes: np.ndarray
    number: np.ndarray


def _levels(city: City, areas: list[str], level: str) -> list[_Level]:
    """The levels that a level nests in, the widest first, and itself."""
    chain = [level]
    while (parent := city.geographies[chain[-1]].parent) != CITY and city.geography.nests(level, parent):
        chain.append(parent)
    found = []
    for upper in reversed(chain):
        inside = city.geography.between(level, upper)
        found.append(_Level(upper, *np.unique([inside[area] for area in areas], return_inverse=True)))
    return found


def _asked_of_levels(counts: np.ndarray, levels: list[_Level]) -> dict[str, Index]:
    """M and H by level, which add up to the whole, and M within each area of the levels above the finest."""
    lived_in = counts.sum(axis=1) > 0  # against_chance leaves the others out

    def split(n, level: _Level):
        return segregation_parts.within_and_between(n, level.number[lived_in], size=len(level.codes))

    def by_level(n):
        return np.diff(np.stack([split(n, level)[0] for level in levels], axis=-1), prepend=0.0)

    def of_entropy(n):
        return by_level(n) / indices.entropy(n)[..., None]

    parts: dict[str, Index] = {f"{LEVEL}mutual_information": by_level, f"{LEVEL}information_theory": of_entropy}
    return parts | {f"{LEVEL}{level.name}": partial(_second, split, level) for level in levels[:-1]}


def _second(split, level: _Level, n) -> np.ndarray:
    return split(n, level)[1]


def _of_levels(counts: np.ndarray, levels: list[_Level], found: dict[str, Chance]) -> pd.DataFrame:
    """Rows of the parts by level, then of each area of the levels above the finest."""
    status, parts = CONFIDENTIAL if _hidden(counts) else "", []
    for name in ("mutual_information", "information_theory"):
        figures = dict(zip(FIGURES, found[f"{LEVEL}{name}"], strict=True))
        about = {"geography_level": [level.name for level in levels], "areas": [len(level.codes) for level in levels]}
        parts.append(pd.DataFrame({**figures, **about}).assign(measure=f"{name}_part", status=status))
    for level in levels[:-1]:
        _, _, share = segregation_parts.within_and_between(counts, level.number)
        own = [counts[level.number == k] for k in range(len(level.codes))]
        figures = dict(zip(FIGURES, found[f"{LEVEL}{level.name}"], strict=True))
        about = {
            "geography": level.codes,
            "share": share,
            "population": to_nearest_ten([mine.sum() for mine in own]),
            "areas": [int((mine.sum(axis=1) > 0).sum()) for mine in own],
            "status": [CONFIDENTIAL if _hidden(mine) else "" for mine in own],
        }
        within = pd.DataFrame({**figures, **about}).assign(measure="mutual_information_within")
        parts.append(within.assign(geography_level=level.name))
    return pd.concat(parts).assign(method=LOT)


def _changed(before: np.ndarray, after: np.ndarray, groups: list[str], since: int, year: int) -> pd.DataFrame:
    """Change of M from a year to the next one asked for, in parts that add up."""
    for counts, when in ((before, since), (after, year)):
        if (counts.sum(axis=0) == 0).any():
            absent = groups[int(np.argmax(counts.sum(axis=0) == 0))]
            raise UnknownGroupError(
                f"group {absent!r} has nobody in {when}, so the change from {since} to {year} has no parts. Ask for years in "
                "which it is there, or a factor with wider groups."
            )
    try:
        parts = segregation_parts.change_parts(before, after)
    except ValueError as error:
        raise MrstatsError(f"the change from {since} to {year}: {error}") from None
    named = {"mutual_information": sum(parts.values()), **{name: parts[name] for name in CHANGES}}
    rows = [{"measure": f"change_{name}", "value": value} for name, value in named.items()]
    hidden = _hidden(before) or _hidden(after)
    return pd.DataFrame(rows).assign(since=since, year=year, method=PARTS, status=CONFIDENTIAL if hidden else "")
