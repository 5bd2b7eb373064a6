"""What is public about the persons of one family of tables, and what other families of the same release tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

import narwhals as nw
import numpy as np
import pandas as pd

from mrstats import engine
from mrstats.dataset import City
from mrstats.definitions import expressions
from mrstats.disclosure.family import OUTCOME, PLACE, Family
from mrstats.disclosure.joint import Problem
from mrstats.disclosure.protect import Protected
from mrstats.disclosure.published import LOWER, UPPER, VALUE
from mrstats.disclosure.witnesses import certify
from mrstats.queries import aggregate
from mrstats.schema import CITY, TOTAL, UNKNOWN, UNPLACED

NEAR = 10
"""Two numbers of persons that differ by fewer tell of each other."""


@dataclass(frozen=True)
class Known:
    """Facts about one family.

    Parameters
    ----------
    public : ndarray of bool, shape (m,)
        Cells of its own whose exact counts are public.
    rounded : ndarray of int, shape (m,)
        How its cells were printed rounded: 0, 1 (as the base), −1 if they were not.
    facts : DataFrame
        All that is public: dimensions and ``value``, or ``lower`` and ``upper`` where that is missing.
    beyond : bool
        Some of it is about cells that the family does not print, so that witnesses of the family prove nothing.
    corrected : int
        Public counts that are other numbers now; they are no facts.
    before : str
        How these persons were published before, in any year: suppress, round or nothing.
    """

    public: np.ndarray
    rounded: np.ndarray
    facts: pd.DataFrame = field(default_factory=pd.DataFrame)
    beyond: bool = False
    corrected: int = 0
    before: str = ""


def about_family(problem: Problem, facts: pd.DataFrame | None, about: str, year: int) -> Known:
    """The facts of `mrstats.disclosure.ledger.standing` that are about one family, held against its true counts.

    Parameters
    ----------
    problem : Problem
    facts : DataFrame, optional
    about : str
        Table and denominator, as count files have it.
    year : int

    Returns
    -------
    Known
    """
    public, rounded = np.zeros(len(problem.keys), bool), np.full(len(problem.keys), -1)
    if facts is None or facts.empty:
        return Known(public, rounded)
    same = facts["about"] == about
    before = ("round" if facts.loc[same, VALUE].isna().any() else "suppress") if same.any() else ""
    own = facts[same & (facts["year"].astype(str) == str(year))].drop(columns=["about", "year"])
    if own.empty:
        return Known(public, rounded, before=before)
    places = problem.places(own.drop(columns=[VALUE, LOWER, UPPER]))
    value = own[VALUE].to_numpy(float)
    exact = (places >= 0) & ~np.isnan(value)
    wrong = exact & (problem.truth[places] != value)
    public[places[exact & ~wrong]] = True
    between = (places >= 0) & np.isnan(value)
    rounded[places[between]] = own[LOWER].to_numpy(float)[between] > 0
    return Known(public, rounded, own[~wrong], bool((places < 0).any()), int(wrong.sum()), before)


def city_sums(city: City, facts: pd.DataFrame, structure: pd.DataFrame) -> pd.DataFrame:
    """What the codes of some facts add up to by the city's own definitions, where the release's `structure` knows them not.

    Returns
    -------
    DataFrame
        ``dim``, ``hierarchy``, ``parent``, ``child``.
    """
    rows: list[tuple[str, str, str, str]] = []
    for name in (c for c in facts if c not in (VALUE, LOWER, UPPER)):
        own = structure[structure["dim"] == name]
        used = set(facts[name]) - {TOTAL, *own["parent"], *own["child"]}
        if name in city.factors and used:
            rows += [(name, f"every {name}", TOTAL, code) for code in (*city.factors[name].codes, UNKNOWN)]
        elif name == OUTCOME:
            for level in {code.rpartition(":")[0] for code in used}:
                rows += [(name, f"every {level}", TOTAL, f"{level}:{word}") for word in ("yes", "no", "not known")]
                rows += [(name, f"{level}:known", TOTAL, f"{level}:{word}") for word in ("known", "not known")]
        elif name == PLACE and used:
            levels = [level for level in city.geographies if used & city.geography.division(level).codes]
            for fine, coarse in product(levels, [*city.geographies, CITY]):
                if fine != coarse and city.geography.nests(fine, coarse):
                    within = city.geography.between(fine, coarse).items()
                    rows += [
                        (name, f"every {fine}", TOTAL if coarse == CITY else whole, part) for part, whole in within
                    ]
            rows += [(name, f"every {level}", TOTAL, UNPLACED) for level in levels]
    return pd.DataFrame(list(dict.fromkeys(rows)), columns=["dim", "hierarchy", "parent", "child"])


def bounds_between(
    families: Sequence[tuple[Family, Protected]], pairs: Iterable[tuple[int, int]]
) -> list[pd.DataFrame]:
    """What each family's hidden numbers of persons can be at most or must be at least, from other families' printed ones.

    Persons of 20–64 are among those of 18–64: a printed count of either bounds a hidden one of the other. Rounded counts
    bound nothing exactly.

    Parameters
    ----------
    families : sequence of (Family, Protected)
    pairs : iterable of (int, int)
        From `nested`.

    Returns
    -------
    list of DataFrame
        One a family: dimensions, ``lower``, ``upper``, ``by`` (which family tells it) and ``at`` (its place there).
    """
    found: list[list[pd.DataFrame]] = [[] for _ in families]
    for one, other in pairs:
        if "round" in (families[one][1].method, families[other][1].method):
            continue
        for this, that, least in ((one, other, False), (other, one, True)):
            asked = _persons(families[this][1].problem, families[this][1].hidden)
            told = families[that][1]
            place = told.problem.places(asked)
            printed = (place >= 0) & ~told.hidden[place]
            count = told.problem.truth[place[printed]].astype(float)
            bound = {LOWER: count, UPPER: np.inf} if least else {LOWER: 0.0, UPPER: count}
            found[this].append(asked[printed].assign(**bound, by=that, at=place[printed]))
    return [pd.concat(parts, ignore_index=True) if parts else pd.DataFrame() for parts in found]


def told_by_others(families: Sequence[tuple[Family, Protected]], pairs: Iterable[tuple[int, int]]) -> list[np.ndarray]:
    """Printed numbers of persons, per family, beside which another family's hidden ones are not proven wide."""
    tell = [np.zeros(len(protected.hidden), bool) for _, protected in families]
    for (_, protected), bounds in zip(families, bounds_between(families, pairs), strict=True):
        if not len(bounds):
            continue
        problem, width = protected.problem, protected.certificate["width"]
        place = problem.places(bounds.drop(columns=[LOWER, UPPER, "by", "at"]))
        lower, upper = np.zeros(len(problem.keys)), np.full(len(problem.keys), np.inf)
        np.maximum.at(lower, place, bounds[LOWER])
        np.minimum.at(upper, place, bounds[UPPER])
        proven = certify(problem, protected.hidden, protected.witnesses, lower=lower, upper=upper)
        if (proven[protected.hidden] >= width).all():
            continue
        truth = problem.truth[place]
        near = (bounds[UPPER] - truth < width) | ((bounds[LOWER] > 0) & (truth - bounds[LOWER] < width))
        for by, at in bounds.loc[near & (truth > 0), ["by", "at"]].itertuples(index=False):
            tell[by][at] |= families[by][1].problem.truth[at] > 0
    return tell


def told_twice(families: Sequence[Family], pairs: Iterable[tuple[int, int]]) -> list[np.ndarray]:
    """Numbers of persons, per family, that another family's tells (nearly): to hide one alone would hide nothing."""
    twice = [np.zeros(len(family.problem.keys), bool) for family in families]
    for one, other in pairs:
        inner, outer = families[one].problem, families[other].problem
        shared = _persons(inner, np.ones(len(inner.keys), bool))
        place, at = outer.places(shared), shared.index.to_numpy()
        at, place = at[place >= 0], place[place >= 0]
        near = outer.truth[place] - inner.truth[at] < NEAR
        twice[one][at[near]] = True
        twice[other][place[near]] = True
    return twice


def _persons(problem: Problem, which: np.ndarray) -> pd.DataFrame:
    """Some cells of a problem that count persons, whatever their outcome."""
    frame = problem.frame()[which].drop(columns=VALUE)
    return frame[frame[OUTCOME] == TOTAL] if OUTCOME in frame else frame


def nested(city: City, families: Sequence[Family]) -> list[tuple[int, int]]:
    """Pairs of families, the first of which is about some of the second's persons. Read from the persons themselves."""
    together: dict[tuple[str, int], list[int]] = {}
    for number, family in enumerate(families):
        together.setdefault((city.indicator(family.indicators[0]).table, family.year), []).append(number)
    pairs = []
    for (_, year), members in together.items():
        if len(members) < 2:
            continue
        indicators = [city.indicator(families[k].indicators[0]) for k in members]
        read = tuple(sorted({c for i in indicators for c in expressions.column_names(i.denominator)}))
        frame, _ = engine.keyed_frame(city, indicators[0], engine.Keys((year,), "", ()), also=read)
        inside = {
            f"in_{k}": nw.when(expressions.to_narwhals(i.denominator, where=f"[indicators.{i.name}] denominator"))
            .then(nw.lit(1.0))
            .otherwise(nw.lit(0.0))
            for k, i in enumerate(indicators)
        }
        patterns = aggregate(frame.with_columns(**inside), {name: nw.col(name) for name in inside}, {"n": nw.lit(1)})
        held = patterns[[*inside]].to_numpy(float) > 0
        pairs += [
            (members[a], members[b])
            for a in range(len(members))
            for b in range(len(members))
            if a != b and not (held[:, a] & ~held[:, b]).any()
        ]
    return pairs
