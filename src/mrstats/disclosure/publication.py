"""A whole publication protected at once: every family of tables, and what each table may then show. It writes no file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.disclosure.family import OUTCOME, PLACE, Family, families
from mrstats.disclosure.joint import Problem
from mrstats.disclosure.known import Known, about_family, nested, told_by_others, told_twice
from mrstats.disclosure.primary import SECONDARY, forbidden_sums, quantile_is_safe
from mrstats.disclosure.protect import Protected, chosen_method, protect_counts
from mrstats.disclosure.rules import ProtectionRule
from mrstats.disclosure.small_cells import close_sums, hide_small_cells
from mrstats.figures import largest_amounts
from mrstats.measures import proportions, rates
from mrstats.request import Request
from mrstats.schema import (
    CANNOT_EXIST,
    CITY,
    CONFIDENTIAL,
    FIGURES,
    PERSON_MEASURES,
    ROUNDED,
    TOTAL,
    DatasetError,
    factor_columns,
    has_status,
)

AMOUNTS = ("mean", "total", "ratio", "share", *PERSON_MEASURES)
"""Measures of amounts: not counts alone, so that their sums are looked into table by table."""


TRIES = 6
"""So many searches try to leave the figures of single groups and areas open before they are given up."""

ROUNDS = 5
"""So often families hide what tells of each other; what is left is found by the audit."""


@dataclass(frozen=True)
class Publication:
    """Families of tables with their protection, and the rule behind it."""

    families: tuple[tuple[Family, Protected], ...]
    rule: ProtectionRule
    known: tuple[Known, ...] = ()
    """What is public about each family already."""
    pairs: tuple[tuple[int, int], ...] = ()
    """Families of which the first is about some of the second's persons."""

    def of(self, indicator: str, year: int) -> tuple[Family, Protected] | None:
        """The family of an indicator in a year; None for ready-made counts, which their source has protected."""
        for family, protected in self.families:
            if family.year == year and indicator in family.indicators:
                return family, protected
        return None

    def why(self, geography: str, *groups: str, indicator: str, year: int) -> str:
        """Why a figure is hidden, in the city's own words; in public the reason is always the same.

        Parameters
        ----------
        geography : str
            Area code, or ``_T`` for the city.
        *groups : str
            Group codes, in any order.
        indicator : str
        year : int
        """
        found = self.of(indicator, year)
        if found is None:
            return ""
        family, protected = found
        codes = {PLACE: geography} if geography != TOTAL else {}
        for group in groups:
            codes |= {d.name: group for d in family.problem.dimensions if group in d.codes and d.name != PLACE}
        asked = [codes, *({**codes, OUTCOME: f"{indicator}:{word}"} for word in ("yes", "no"))]
        known = {code for d in family.problem.dimensions if d.name == OUTCOME for code in d.codes}
        why = [protected.why(**each) for each in asked if each.get(OUTCOME, "") in {"", *known}]
        return next((reason for reason in why if reason not in ("", SECONDARY)), next(filter(None, why), ""))

    def info_loss(self) -> pd.DataFrame:
        """What protection cost: one row a family, with shares of cells hidden and changed, and persons moved."""
        rows = [
            {
                "indicators": ", ".join(family.indicators),
                "year": family.year,
                "method": protected.method,
                **protected.info_loss(),
            }
            for family, protected in self.families
        ]
        losses = ["cells", "hidden", "hidden_share", "changed_share", "mean_change", "largest_change"]
        return pd.DataFrame(rows, columns=["indicators", "year", "method", *losses])

    def told(self) -> list[dict]:
        """What the certificate tells of each family; never a seed."""
        return [
            {
                "indicators": list(family.indicators),
                "year": family.year,
                **protected.certificate,
                **protected.info_loss(),
            }
            for family, protected in self.families
        ]


def protect_publication(
    city: City,
    requests: Iterable[Request],
    rule: ProtectionRule | None = None,
    *,
    facts: pd.DataFrame | None = None,
    report: Callable[[str], object] | None = None,
) -> Publication:
    """Protect all tables of a plan as one publication.

    Parameters
    ----------
    city : City
    requests : iterable of Request
    rule : ProtectionRule, optional
    facts : DataFrame, optional
        What is public already; see `mrstats.disclosure.ledger.standing`. A count that is public stays open.
    report : callable, optional
        Receives one line a family.

    Returns
    -------
    Publication
        The seed is a digest of a year's counts themselves, so that the same data give the same tables, also in next
        year's edition, and nobody without them can run it again. Years of one family have one method: where one must be
        rounded, all are; with `auto` the one that they were published by before.

    Raises
    ------
    DatasetError
        A cell cannot be hidden safely; the message says what to merge.
    """
    rule = rule or ProtectionRule()
    found = [] if city.public else families(city, requests)
    seeds = {year: _seed(f for f in found if f.year == year) for year in {f.year for f in found}}
    options = [_options(city, family, seeds[family.year]) for family in found]
    about = [about_of(city, family) for family in found]
    known = [about_family(f.problem, facts, who, f.year) for f, who in zip(found, about, strict=True)]
    methods: dict[str, set[str]] = {}
    for family, who, public, own in zip(found, about, known, options, strict=True):
        before = public.before if rule.method == "auto" else ""
        one = before or chosen_method(family.problem, rule, **own)
        methods.setdefault(who, set()).add(one)
    done = []
    pairs = nested(city, found)
    for family, own, twice in zip(found, options, told_twice(found, pairs), strict=True):
        own["keep"] = [*[twice | _one_way(family.problem)] * TRIES, twice, None]
    for family, who, public, own in zip(found, about, known, options, strict=True):
        one = "round" if "round" in methods[who] else "suppress"
        own["rule"] = replace(rule, method=one)
        done.append((family, _protect(family.problem, public, own)))
    for _ in range(ROUNDS):
        tell = told_by_others(done, pairs)
        if not any(cells.any() for cells in tell):
            break
        for number, cells in enumerate(tell):
            if cells.any():
                options[number]["forced"] = options[number].get("forced", False) | cells
                done[number] = (found[number], _protect(found[number].problem, known[number], options[number]))
    for (family, protected), public in zip(done, known, strict=True):
        if report:
            differ = f", {public.corrected} public counts differ: publish with --correction" if public.corrected else ""
            hidden = int(protected.hidden.sum())
            report(f"{', '.join(family.indicators)} {family.year}: {protected.method}, {hidden} hidden{differ}")
    return Publication(tuple(done), rule, tuple(known), tuple(pairs))


def about_of(city: City, family: Family) -> str:
    """The persons a family is about: its table and denominator, as count files name them."""
    first = city.indicator(family.indicators[0])
    return f"{first.table}: {first.denominator}"


def _one_way(problem: Problem) -> np.ndarray:
    """Cells of one group in the whole city or of one whole area: what most readers look for, and every chart shows."""
    total = [
        problem.codes[:, k] == dimension.codes.index(TOTAL)
        for k, dimension in enumerate(problem.dimensions)
        if dimension.name != OUTCOME
    ]
    return np.sum(~np.array(total), axis=0) <= 1 if total else np.zeros(len(problem.keys), bool)


def _protect(problem: Problem, known: Known, options: dict) -> Protected:
    """Protect as if nothing were public, which hides the same cells as last year; only if that hides a public one, around it.

    The cells to keep open are tried in turn: with too many of them some cell cannot be hidden, or not by every search.
    """
    *tried, last = options["keep"]
    given = {**{name: value for name, value in options.items() if name != "keep"}, "rounded": known.rounded}
    protected = None
    for number, keep in enumerate(tried):
        try:
            protected = protect_counts(problem, keep=keep, hasty=True, **{**given, "seed": given["seed"] + number})
            break
        except DatasetError:
            continue
    if protected is None:
        protected = protect_counts(problem, keep=last, **given)
    if (protected.hidden & known.public).any():
        protected = protect_counts(problem, public=known.public, **given)
    return protected


def _options(city: City, family: Family, seed: int) -> dict:
    indicators = [city.indicator(name) for name in family.indicators]
    # To know that somebody is in a group of which nearly all have a sensitive, adverse outcome is to know theirs.
    alike = [
        f"{indicator.name}:yes" for indicator in indicators if indicator.sensitive and indicator.direction == "adverse"
    ]
    rates = any(indicator.measure == "rate" for indicator in indicators)
    return {"sensitive": family.sensitive, "rates": rates, "alike": alike, "seed": seed}


def _seed(found: Iterable[Family]) -> int:
    digest = hashlib.sha256()
    for family in found:
        digest.update(repr((family.indicators, family.year)).encode())
        digest.update(np.ascontiguousarray(family.problem.inner, np.int64).tobytes())
        digest.update(np.ascontiguousarray(family.problem.values, np.int64).tobytes())
    return int.from_bytes(digest.digest(), "big")


def protected_table(city: City, table: pd.DataFrame, request: Request, publication: Publication) -> pd.DataFrame:
    """A computed table as it may be printed.

    Parameters
    ----------
    city : City
    table : DataFrame
        From `mrstats.breakdown.compute`.
    request : Request
        It is the table of this request, which the publication holds.
    publication : Publication

    Returns
    -------
    DataFrame
        Same rows. Hidden ones have status ``C`` and no figures; of a rounded family every row is made from the rounded
        counts and has status ``r``. The input is left alone.
    """
    parts = []
    for (name, year), rows in table.groupby(["indicator", "year"], sort=False):
        indicator, found = city.indicator(str(name)), publication.of(str(name), int(str(year)))
        if found is None:
            parts.append(hide_small_cells(rows, publication.rule, public=city.public))
            continue
        family, protected = found
        places = _places(rows, indicator, family)
        made = _rounded(rows, indicator, protected, places) if protected.method == "round" else rows.copy()
        hidden = _hidden(rows, protected, places) | has_status(made["status"], CONFIDENTIAL).to_numpy()
        if indicator.measure in AMOUNTS:
            hidden |= _too_few(rows, indicator, publication.rule) | _dominated(
                city, rows, indicator, request, publication.rule
            )
            hidden = close_sums(rows, hidden)
        made.loc[hidden, FIGURES] = np.nan
        made.loc[hidden, "status"] = CONFIDENTIAL
        made.loc[hidden, "method"] = ""  # an interval method that depends on the count would tell of it
        parts.append(made)
    result = pd.concat(parts).sort_index() if parts else table.copy()
    result.attrs = dict(table.attrs)
    return result


def _places(rows: pd.DataFrame, indicator: Indicator, family: Family) -> dict[str, np.ndarray]:
    """For persons, with and without the outcome: each row's place among the family's cells, −1 where there is none."""
    problem = family.problem
    codes = {PLACE: rows["geography"].where(rows["geography_level"] != CITY, TOTAL)}
    codes |= {factor: rows[factor] for factor in factor_columns(rows)}
    outcomes: dict[str, tuple[str, ...]] = {d.name: d.codes for d in problem.dimensions}
    known = outcomes.get(OUTCOME, ())
    wanted = {"n": TOTAL, "count": f"{indicator.name}:yes", "rest": f"{indicator.name}:no"}
    if f"{indicator.name}:known" in known:
        wanted["n"] = f"{indicator.name}:known"
    result = {}
    for part, outcome in wanted.items():
        at, lost = [], np.zeros(len(rows), bool)
        for dimension in problem.dimensions:
            column = codes.get(dimension.name, pd.Series(TOTAL, index=rows.index))
            column = pd.Series(outcome, index=rows.index) if dimension.name == OUTCOME else column
            place = pd.Index(dimension.codes).get_indexer(pd.Index(column))
            lost |= place < 0
            at.append(np.maximum(place, 0))
        if part != "n" and OUTCOME not in outcomes:
            lost |= True
        keys = np.ravel_multi_index(at, problem.size) if at else np.zeros(len(rows), int)
        place = np.minimum(np.searchsorted(problem.keys, keys), len(problem.keys) - 1)
        result[part] = np.where(~lost & (problem.keys[place] == keys), place, -1)
    return result


def _hidden(rows: pd.DataFrame, protected: Protected, places: dict[str, np.ndarray]) -> np.ndarray:
    """A row goes where any count behind its figures is hidden."""
    gone = np.zeros(len(rows), bool)
    for place in places.values():
        gone |= (place >= 0) & protected.hidden[place]
    return gone


def _too_few(rows: pd.DataFrame, indicator: Indicator, rule: ProtectionRule) -> np.ndarray:
    """Amounts of so few persons that one could be told from them."""
    n = rows["n"].to_numpy(float)
    few = (n > 0) & (n < rule.min_contributors)
    if indicator.measure == "quantile":
        few |= (n > 0) & ~quantile_is_safe(np.nan_to_num(n), indicator.options.get("p", 0.5), rule=rule)
    return few


def _dominated(
    city: City, rows: pd.DataFrame, indicator: Indicator, request: Request, rule: ProtectionRule
) -> np.ndarray:
    """Sums and means that one or two persons make up most of."""
    if indicator.measure not in ("total", "mean") or city.description.tables[indicator.table].weight:
        return np.zeros(len(rows), bool)
    two = largest_amounts(city, indicator, request).reindex(rows["estimate_id"]).fillna(0.0)
    whole = rows["value"].to_numpy(float) * (rows["n"].to_numpy(float) if indicator.measure == "mean" else 1.0)
    known = np.isfinite(whole) & (two["second"].to_numpy() >= 0) & (whole > 0)
    largest, second = (np.where(known, two[name], 0.0) for name in ("largest", "second"))
    total, persons = np.where(known, whole, 0.0), np.where(known, rows["count"].fillna(0), 0.0)
    return known & (forbidden_sums(total, persons, largest, second, rule=rule) != "")


def _rounded(
    rows: pd.DataFrame, indicator: Indicator, protected: Protected, places: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Figures made anew from rounded counts; their intervals hold what the rounding may have moved."""
    made = rows.copy()
    confidence = float(rows["confidence"].iloc[0])
    moved = protected.info_loss()["largest_change"]
    n = _published(rows["n"], protected, places["n"])
    count = _published(rows["count"], protected, places["count"])
    some, least, most = n > 0, np.maximum(n - moved, 1.0), n + moved
    low, high = np.maximum(count - moved, 0.0), count + moved
    figures: tuple[np.ndarray, ...]
    with np.errstate(divide="ignore", invalid="ignore"):
        if indicator.measure == "proportion":
            lower = proportions.wilson_interval(np.minimum(low, most), most, confidence=confidence)[0]
            upper = proportions.wilson_interval(np.minimum(high, least), least, confidence=confidence)[1]
            figures = 100 * count / n, 100 * lower, 100 * upper
        elif indicator.measure in ("rate", "count"):
            per = (
                rows["value"].to_numpy(float) / rows["count"].to_numpy(float)
                if indicator.per
                else indicator.multiplier / n
            )
            per = np.ones(len(rows)) if indicator.measure == "count" else per
            ends = (
                rates.poisson_interval(low, confidence=confidence)[0],
                rates.poisson_interval(high, confidence=confidence)[1],
            )
            figures = count * per, ends[0] * per, ends[1] * per
        elif indicator.measure == "mean":
            scale = rows["n"].to_numpy(float) / n  # the sum over the published number of persons
            figures = tuple(rows[name].to_numpy(float) * scale for name in ("value", "lower", "upper"))
        else:
            figures = tuple(rows[name].to_numpy(float) for name in ("value", "lower", "upper"))
    standardised = rows["method"].astype(str).str.contains("dobson|gamma|indirect").to_numpy()
    for name, figure in zip(("value", "lower", "upper"), figures, strict=True):
        made[name] = np.where(standardised, rows[name].to_numpy(float), figure)
    widened = (made["upper"] - made["lower"]) / (rows["upper"] - rows["lower"])
    made["se"] = rows["se"] * widened.where(np.isfinite(widened), 1.0)
    weighted = rows["method"].astype(str).str.startswith("survey").to_numpy()
    made["n"] = n
    if not weighted.any():
        made["population"], made["count"] = n, count
        adverse = indicator.direction == "adverse"
        made["affected"] = np.where(rows["affected"].isna(), np.nan, count if adverse else n - count)
    made["status"] = [" ".join(dict.fromkeys([*str(status).split(), ROUNDED])) for status in rows["status"]]
    nobody = ~some & ~has_status(rows["status"], CANNOT_EXIST).to_numpy() & (indicator.measure != "count")
    made.loc[nobody, "status"] = CONFIDENTIAL
    return made


def _published(true: pd.Series, protected: Protected, place: np.ndarray) -> np.ndarray:
    """Rounded counts by place; where the family has no such cell nobody is in it."""
    return np.where(place >= 0, protected.values[place], np.where(true.to_numpy(float) > 0, np.nan, 0.0)).astype(float)
