"""Writing a release: protected tables, the counts behind them for any outside attacker, and a certificate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrstats import covariances
from mrstats.breakdown import compute
from mrstats.dataset import City
from mrstats.dataset.release import Release, write_release_result, write_release_table
from mrstats.disclosure.approximate import bounds_of_results
from mrstats.disclosure.audit import EXACT, NARROW, UNDECIDED, WIDE, audit
from mrstats.disclosure.countfiles import facts_within, sums_about
from mrstats.disclosure.family import PLACE
from mrstats.disclosure.known import bounds_between, city_sums
from mrstats.disclosure.plan import checksum
from mrstats.disclosure.publication import Publication, about_of, protect_publication, protected_table
from mrstats.disclosure.published import VALUE, counts_name, read_counts
from mrstats.disclosure.rules import ProtectionRule
from mrstats.disclosure.witnesses import certify_written
from mrstats.request import Request
from mrstats.schema import CITY, CONFIDENTIAL, TOTAL, UNPLACED, EditionError, has_status

CURE = "merge the groups of that cell, or let the rules' method be round"
OF_RESULTS = "leave out the result that counts these persons to tens (mr.segregation, mr.impact or mr.area_profile)"
EARLIER = "show the year as earlier editions did, with the same tables and method, or leave that year out"
RESULT_WORDS = {"path": "", "confirmed": False, "sure": False, "verdict": ""}
"""What a result says of its figures in other columns, and what it says when they are hidden."""


def write_release(
    city: City,
    requests: tuple[Request, ...],
    folder: Path,
    *,
    rule: ProtectionRule | None = None,
    results: Mapping[str, Callable[[], pd.DataFrame]] | None = None,
    covariances_to: Path | None = None,
    facts: pd.DataFrame | None = None,
    report=None,
) -> ProtectedRelease:
    """Compute, protect and write every table of a plan.

    Parameters
    ----------
    city : City
    requests : tuple of Request
        The edition's plan.
    folder : Path
        Must not exist yet, or be empty; holds ``tables/``, ``counts/``, ``hierarchy.csv`` and ``certificate.json``.
    rule : ProtectionRule, optional
    results : dict of str to callable, optional
        By key, what makes a result that needs persons; each keeps its own rules of who is shown.
    covariances_to : Path, optional
        A folder of the owner's, never released: how the figures that are shown vary together, for the intervals of
        differences that the notebooks make.
    facts : DataFrame, optional
        What is public already (`mrstats.disclosure.ledger.standing`): the attacker knows it, too.
    report : callable, optional
        Called with one line of progress.

    Returns
    -------
    Release
    """
    rule = rule or ProtectionRule()
    if folder.exists() and any(folder.iterdir()):
        raise EditionError(
            f"the release folder {folder} holds files already. A release is written once; name another folder."
        )
    for name in ("tables", "counts", "results"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    publication = protect_publication(city, requests, rule, facts=facts, report=report)
    hidden = cells = 0
    withheld = []
    for request in sorted(set(requests), key=lambda r: r.key):
        true = compute(city, request)
        table = protected_table(city, true, request, publication)
        withheld.append((table, true))
        write_release_table(table, folder / "tables" / f"{request.key}.csv")
        if covariances_to is not None:
            open_rows = table.loc[~has_status(table["status"], CONFIDENTIAL), "estimate_id"]
            covariances.write_kept(open_rows.tolist(), covariances_to, request.key)
        cells, hidden = cells + len(table), hidden + int((table["status"] == CONFIDENTIAL).sum())
        if report:
            report(f"{request.key}: {len(table)} cells")
    shown = {key: _beside_tables(make(), withheld) for key, make in sorted((results or {}).items())}
    for key, result in shown.items():
        write_release_result(result, folder / "results" / f"{key}.json")
    audited = _write_counts(city, publication, folder, shown.values())
    certificate = {
        "method": _said(city, publication),
        "rule": asdict(rule),
        "public_at_source": city.public,
        "audited_as_one_publication": not city.public,
        "families": publication.told(),
        "audit": audited,
        "tables": len(set(requests)),
        "results": len(results or {}),
        "cells": cells,
        "hidden_cells": hidden,
        "files": {
            str(path.relative_to(folder).as_posix()): checksum(path)
            for path in sorted([*folder.rglob("*.csv"), *folder.rglob("results/*.json")])
        },
    }
    text = json.dumps(certificate, indent=1, ensure_ascii=False)
    (folder / "certificate.json").write_text(text + "\n", encoding="utf-8")
    return ProtectedRelease(folder, publication, tuple(withheld))


def _beside_tables(result: pd.DataFrame, withheld) -> pd.DataFrame:
    """A result of persons, all of it hidden where a table hides a figure that the result could tell, in any year it is about.

    A search prints the whole city's figure and those of groups one step down, a model those of groups: they go when a
    table hides one of the whole city's figures for the same indicator and year, or an area's where they split by areas.
    """
    by_area = (result["factor"] == "geography").any()
    years = {*result["year"], *result.get("since", ())}
    for table, _ in withheld:
        same = table["indicator"].isin(result["indicator"]) & table["year"].isin(years)
        near = (table["geography_level"] == CITY) | by_area
        if (same & near & has_status(table["status"], CONFIDENTIAL)).any():
            figures = [str(name) for name in result if result[name].dtype == float and name != "confidence"]
            told: dict[str, Any] = {name: said for name, said in RESULT_WORDS.items() if name in result}
            return result.assign(**dict.fromkeys(figures, np.nan), **told, status=CONFIDENTIAL)
    return result


@dataclass(frozen=True)
class ProtectedRelease(Release):
    """A release with what is in no file, in the run that made it: the reasons, and each table beside the true one."""

    publication: Publication
    withheld: tuple[tuple[pd.DataFrame, pd.DataFrame], ...] = field(default=(), repr=False)

    def why(self, geography: str, *groups: str, indicator: str, year: int) -> str:
        """Which rule hid a figure, for the city's own eyes; see `Publication.why`."""
        return self.publication.why(geography, *groups, indicator=indicator, year=year)


def _said(city: City, publication: Publication) -> str:
    """How the tables were protected, in words."""
    if city.public:
        return "figures that are public at source, not protected a second time"
    methods = sorted({protected.method for _, protected in publication.families})
    words = {
        "suppress": "cells hidden over all tables together, every hidden count proven wide by two whole-number tables",
        "round": "small counts rounded in one inner table, every count a sum of the same rounded ones",
    }
    return "; ".join(words[method] for method in methods) or "nothing to protect"


def _write_counts(
    city: City, publication: Publication, folder: Path, results: Iterable[pd.DataFrame]
) -> dict[str, int]:
    """Write the counts behind the tables and which sums they obey, read them back, and attack them beside the results.

    Raises
    ------
    EditionError
        A hidden count can be worked out or narrowed down from what was written; nothing may be published.
    """
    found = {"hidden": 0, EXACT: 0, NARROW: 0, UNDECIDED: 0}
    structures = []
    between = bounds_between(publication.families, publication.pairs)
    told = zip(publication.families, publication.known, between, strict=True)
    for (family, protected), known, bounds in told:
        path = folder / "counts" / counts_name(family.indicators, family.year)
        about = {"about": about_of(city, family), "year": str(family.year)}
        frame = protected.frame()
        frame.insert(0, "about", about["about"])
        frame.insert(1, "year", about["year"])
        frame.to_csv(path, index=False, lineterminator="\n")
        structure = family.problem.hierarchy()
        structures.append(structure)
        counts = read_counts([path]).drop(columns=list(about))
        rounded = protected.method == "round"
        least = publication.rule.least(sensitive=family.sensitive)
        to_tens = bounds_of_results(city, family, protected.hidden, results)
        bounds = pd.concat([bounds.drop(columns=["by", "at"], errors="ignore"), to_tens])
        outside = pd.concat([known.facts, bounds], ignore_index=True)
        sums = structure
        if len(outside):
            sums = pd.concat([structure, city_sums(city, known.facts, structure)], ignore_index=True)
            outside = facts_within(outside.assign(value=outside.get(VALUE)), counts, sums)
            sums = sums_about(sums, counts, outside)
        proven = None
        if not rounded and not known.beyond:
            of_cells = outside[outside[VALUE].isna()].drop(columns=VALUE) if len(outside) else None
            proven = certify_written(family.problem, counts, protected.witnesses, bounds=of_cells)
        verdict = audit(
            counts,
            hierarchy=sums,
            ledger=outside if len(outside) else None,
            proven=proven,
            width=publication.rule.width(sensitive=family.sensitive),
            base=least if rounded else None,
        )
        if not verdict.passed:
            weak = verdict.cells[verdict.cells["verdict"] != WIDE].iloc[0].to_dict()
            cure = EARLIER if len(known.facts) else OF_RESULTS if len(to_tens) else CURE
            raise EditionError(
                f"the audit of {path.name}{' together with what is public' if len(known.facts) else ''} failed: "
                f"{verdict.counts}, the first cell {weak}. Nothing is published; {cure}."
            )
        found = {name: found[name] + verdict.counts[name] for name in found}
    _one_hierarchy(structures).to_csv(folder / "hierarchy.csv", index=False, lineterminator="\n")
    return found


def _one_hierarchy(structures: list[pd.DataFrame]) -> pd.DataFrame:
    """The sums of all families in one file. A city is its areas and those who cannot be placed, also for a family that has
    none of them (such as those whose home is known): else its sums would deny those of the others."""
    if not structures:
        return pd.DataFrame(columns=["dim", "hierarchy", "parent", "child"])
    joined = pd.concat(structures)
    cities = joined[(joined["dim"] == PLACE) & (joined["parent"] == TOTAL)]
    return pd.concat([joined, cities.assign(child=UNPLACED)]).drop_duplicates()
