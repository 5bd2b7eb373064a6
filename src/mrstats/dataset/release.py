"""The read-only result of protection: the tables an edition may show. It protects nothing and computes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.schema import (
    CONFIDENTIAL,
    DESCRIPTION,
    FIGURES,
    TOTAL,
    DatasetError,
    NotPublishedError,
    factor_columns,
    has_status,
)

FIGURE_FORMAT = "%.12g"


@dataclass(frozen=True)
class Release:
    """A folder of protected tables, one per request of the edition's plan."""

    folder: Path

    @classmethod
    def from_environment(cls) -> Release:
        """The release of the edition being published (environment MRSTATS_RELEASE)."""
        folder = os.environ.get("MRSTATS_RELEASE")
        if not folder or not Path(folder, "certificate.json").exists():
            raise DatasetError(
                "MRSTATS_MODE=publish needs MRSTATS_RELEASE, a folder with a certificate. `mrstats appendix` makes both."
            )
        return cls(Path(folder))

    def certificate(self) -> dict:
        """What may be told of how the release was protected and audited."""
        return json.loads((self.folder / "certificate.json").read_text(encoding="utf-8"))

    def info_loss(self) -> pd.DataFrame:
        """What protection cost: one row for each family of tables and year, with how many counts were hidden or changed."""
        columns = ["indicators", "year", "method", "cells", "hidden", "changed_share", "mean_change", "largest_change"]
        rows = [{**told, "indicators": ", ".join(told["indicators"])} for told in self.certificate()["families"]]
        return pd.DataFrame(rows, columns=columns)

    def table(self, request, *, dataset: str = "") -> pd.DataFrame:
        """The protected table of a request.

        Raises
        ------
        NotPublishedError
            The request is not in the edition's plan; the message holds the lines to add.
        """
        path = self.folder / "tables" / f"{request.key}.csv"
        if not path.exists():
            lines = "\n".join(f"{key} = {_toml(value)}" for key, value in asdict(request).items())
            raise NotPublishedError(
                f"this table is not in the edition's plan, so it is not protected. Run `mrstats plan EDITION`, or add\n[[request]]\n{lines}"
            )
        return read_release_table(path, dataset=dataset or request.dataset)

    def hidden(self, level: str) -> set[tuple]:
        """The groups (`group_of`) of which some table of the release hides an area of a level."""
        found: set[tuple] = set()
        for path in sorted((self.folder / "tables").glob("*.csv")):
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
            rows = table[(table["geography_level"] == level) & has_status(table["status"], CONFIDENTIAL)]
            found |= {group_of(record, factor_columns(table)) for record in rows.to_dict("records")}
        return found

    def result(self, request) -> pd.DataFrame:
        """The protected result of a request that needed persons.

        Raises
        ------
        NotPublishedError
            The request is not in the edition's plan; the message holds the lines to add.
        """
        path = self.folder / "results" / f"{request.key}.json"
        if not path.exists():
            lines = "\n".join(f"{key} = {_toml(value)}" for key, value in asdict(request).items() if key != "arguments")
            given = ", ".join(f"{key} = {_toml(value)}" for key, value in request.arguments.items())
            raise NotPublishedError(
                "this result is not in the edition's plan, so it is not protected. Run `mrstats plan EDITION`, or add\n"
                f"[[result]]\n{lines}\narguments = {{ {given} }}"
            )
        table = pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
        return table.astype({name: float for name in table if table[name].isna().all()})  # hidden: a column of nulls


def group_of(record: dict, factors: Sequence[str]) -> tuple:
    """Whom a row is about, in whatever table it stands: indicator, year and its groups, totals left out.

    Examples
    --------
    >>> group_of({"indicator": "employment", "year": "2024", "sex": "women", "education": "_T"}, ["sex", "education"])
    ('employment', 2024, frozenset({('sex', 'women')}))
    """
    groups = frozenset((name, record[name]) for name in factors if record[name] != TOTAL)
    return record["indicator"], int(record["year"]), groups


def write_release_result(table: pd.DataFrame, path: Path) -> None:
    """A result as JSON, by column, with numbers as a release's tables write them."""
    columns = {
        name: [_plain(value) for value in values]
        for name, values in zip(table.columns, table.T.to_numpy(), strict=True)
    }
    path.write_text(json.dumps(columns, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _plain(value):
    """A number with the digits that a release prints, else the value as JSON has it."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float):
        return None if np.isnan(value) else float(FIGURE_FORMAT % value)
    return value


def read_release_table(path: Path, *, dataset: str) -> pd.DataFrame:
    """A release table with codes as text and figures as numbers."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in FIGURES:
        table[column] = pd.to_numeric(table[column].replace("", None))
    table["year"] = table["year"].astype(int)
    table["confidence"] = table["confidence"].astype(float)
    table.attrs["dataset"] = dataset
    return table


def write_release_table(table: pd.DataFrame, path: Path) -> None:
    """A table as CSV, same bytes every time; a hidden figure is an empty cell."""
    out = table.copy()
    for column in [*FIGURES, *(c for c in DESCRIPTION if c == "confidence")]:
        out[column] = ["" if pd.isna(x) else FIGURE_FORMAT % x for x in out[column]]
    out.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _toml(value) -> str:
    if isinstance(value, tuple):
        value = list(value)
    return json.dumps(value, ensure_ascii=False)
