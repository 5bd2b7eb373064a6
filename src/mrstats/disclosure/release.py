"""Writing a release: protected tables, the counts behind them for any outside attacker, and a certificate."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from mrstats.breakdown import compute
from mrstats.dataset import City
from mrstats.dataset.release import Release, write_release_table
from mrstats.disclosure.plan import checksum
from mrstats.disclosure.rules import ProtectionRule
from mrstats.disclosure.small_cells import hide_small_cells
from mrstats.request import Request
from mrstats.schema import CITY, CONFIDENTIAL, UNPLACED, EditionError, factor_columns


def write_release(
    city: City,
    requests: tuple[Request, ...],
    folder: Path,
    *,
    rule: ProtectionRule | None = None,
    report=None,
) -> Release:
    """Compute, protect and write every table of a plan.

    Parameters
    ----------
    city : City
    requests : tuple of Request
        The edition's plan.
    folder : Path
        Must not exist yet, or be empty; holds ``tables/``, ``counts/``, ``hierarchy.csv`` and ``certificate.json``.
    rule : ProtectionRule, optional
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
    hidden = cells = 0
    levels: set[str] = set()
    for request in sorted(set(requests), key=lambda r: r.key):
        table = hide_small_cells(compute(city, request), rule, public=city.public)
        write_release_table(table, folder / "tables" / f"{request.key}.csv")
        _write_counts(table, folder / "counts", request.key)
        cells, hidden = cells + len(table), hidden + int((table["status"] == CONFIDENTIAL).sum())
        levels |= {request.geography} - {CITY}
        if report:
            report(f"{request.key}: {len(table)} cells")
    _write_hierarchy(city, levels, folder / "hierarchy.csv")
    certificate = {
        "method": "small cells hidden table by table, with others where the totals of the table would give one back exactly",
        "rule": asdict(rule),
        "public_at_source": city.public,
        "audited_as_one_publication": False,
        "tables": len(set(requests)),
        "cells": cells,
        "hidden_cells": hidden,
        "files": {str(path.relative_to(folder).as_posix()): checksum(path) for path in sorted(folder.rglob("*.csv"))},
    }
    text = json.dumps(certificate, indent=1, ensure_ascii=False)
    (folder / "certificate.json").write_text(text + "\n", encoding="utf-8")
    return Release(folder)


def _write_counts(table: pd.DataFrame, folder: Path, key: str) -> None:
    """Dimensions and `value` only, one file per indicator, year and kind of count, for an attacker to sum."""
    dimensions = ["geography", *factor_columns(table)]
    for (indicator, year), rows in table.groupby(["indicator", "year"], sort=True):
        for kind in ("population", "count"):
            if rows[kind].notna().any():
                out = rows[dimensions].assign(value=["" if pd.isna(x) else f"{x:.12g}" for x in rows[kind]])
                out.loc[rows["geography_level"] == CITY, "geography"] = "Total"
                out = out.replace("_T", "Total")
                out.to_csv(folder / f"{key}-{indicator}-{year}-{kind}.csv", index=False, lineterminator="\n")


def _write_hierarchy(city: City, levels: set[str], path: Path) -> None:
    """Which area lies in which, one hierarchy per level asked for: all its areas make the city."""
    rows = [
        ("geography", level, "Total", code)
        for level in sorted(levels)
        for code in [*sorted(city.geography.division(level).codes), UNPLACED]
    ]
    pd.DataFrame(rows, columns=["dim", "hierarchy", "parent", "child"]).to_csv(path, index=False, lineterminator="\n")
