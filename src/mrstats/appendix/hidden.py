"""The attack on a finished appendix: hidden cells, with every name they could be printed under, looked for in its files."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from ..dataset import City
from ..disclosure.leaks import COLUMNS, SOUGHT, find_leaks
from ..disclosure.release import ProtectedRelease
from ..language import LANGUAGES, word
from ..schema import CITY, CONFIDENTIAL, IDENTITY, TOTAL, EditionError, factor_columns, has_status
from .cubeoutlet import check_made_from_px, read_px_file
from .names import area_names, group_names, indicator_names, ordinary_codes
from .outlets import read_csv, read_notebook, read_workbook
from .pdfoutlet import read_pdf
from .tablecounts import Attacked, attack_counts

TALLIES = ("protection_cells", "protection_hidden")
"""Words over the columns of the appendix that count figures, not people."""


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
        Identity, factors, the true figures, ``labels``, ``others``, ``whole``, ``apart``, ``ordinary``, ``tallies``,
        ``differences``, ``open`` and ``margins``; one row a cell with status ``C``. It holds what must not leave: keep it in memory.

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
    rows = rows.merge(true[[*keys, *SOUGHT]], on=keys, how="left", validate="one_to_one")
    places = {level: area_names(city, level) for level in rows["geography_level"].unique()}
    groups = {factor: group_names(city, factor) for factor in factors}
    every = {level: area_names(city, level) for level in city.geographies}
    indicators = {name: indicator_names(city, name) for name in protected["indicator"].unique()}
    whole = (city.municipality, *(word("city_as_a_whole", language) for language in LANGUAGES))
    labels, others, apart = [], [], []
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
        total = [factor for factor in factors if record[factor] == TOTAL or pd.isna(record[factor])]
        apart.append(tuple(name for factor in total for said in groups[factor].values() for name in said))
        others.append(tuple(sorted(names - {name for spellings in own for name in spellings})))
    told = {
        "labels": labels,
        "others": others,
        "apart": apart,
        "ordinary": [tuple(code for factor in factors for code in ordinary_codes(city, factor))] * len(rows),
        "tallies": [tuple(word(head, language) for head in TALLIES for language in LANGUAGES)] * len(rows),
        "whole": [whole if level == CITY else () for level in rows["geography_level"]],
        "differences": _differences(rows, true, factors),
        "open": _open_in_other_years(rows, protected, keys),
        "margins": _open_margins(rows, protected, factors, city.municipality),
    }
    return rows.assign(**{name: pd.Series(column, dtype=object, index=rows.index) for name, column in told.items()})


def _differences(rows: pd.DataFrame, true: pd.DataFrame, factors: list[str]) -> list[tuple[tuple[str, float], ...]]:
    """How far each hidden figure is from those that differ from it in one code: other years, areas, groups and totals."""
    keys = [*IDENTITY, *factors]
    places = ["geography_level", "geography"]
    found: list[list[tuple[str, float]]] = [[] for _ in range(len(rows))]
    figures = [name for name in SOUGHT if name not in ("lower", "upper")]
    for varied in (["year"], places, *([factor] for factor in factors)):
        same = [key for key in keys if key not in varied]
        pairs = rows[keys].assign(at=range(len(rows))).merge(true, on=same, suffixes=("", "_other"))
        for name in figures:
            gaps = rows[name].to_numpy(float)[pairs["at"]] - pairs[name].to_numpy(float)
            for at, gap in zip(pairs["at"], gaps, strict=True):
                if np.isfinite(gap) and gap:
                    found[at].append((name, float(gap)))
    return [tuple(dict.fromkeys(gaps)) for gaps in found]


def _open_in_other_years(
    rows: pd.DataFrame, protected: pd.DataFrame, keys: list[str]
) -> list[tuple[tuple[str, str, float], ...]]:
    """For each hidden cell what the same cell openly shows in other years: year, column and figure."""
    shown = protected.loc[~has_status(protected["status"], CONFIDENTIAL), [*keys, *SOUGHT]]
    pairs = rows[keys].assign(at=range(len(rows))).merge(shown, on=[k for k in keys if k != "year"])
    found: list[list[tuple[str, str, float]]] = [[] for _ in range(len(rows))]
    for record in pairs.to_dict("records"):
        found[record["at"]] += [
            (str(record["year_y"]), name, record[name]) for name in SOUGHT if pd.notna(record[name])
        ]
    return [tuple(figures) for figures in found]


Margin = tuple[tuple[int, ...], str, float]
"""Places of the labels that a margin has not, a column, and the figure in it."""


def _open_margins(
    rows: pd.DataFrame, protected: pd.DataFrame, factors: list[str], municipality: str
) -> list[tuple[Margin, ...]]:
    """For each hidden cell what its margins openly show."""
    codes = ["indicator", "year", "geography", *factors]
    shown = protected[~has_status(protected["status"], CONFIDENTIAL)]
    by_code = shown[codes].fillna(TOTAL).astype(str).agg(tuple, axis=1)
    figures = dict(zip(by_code, shown[list(SOUGHT)].to_numpy(float), strict=True))
    whole = {**dict.fromkeys(factors, TOTAL), "geography": municipality}
    found = []
    for record in rows[[*codes, "geography_level"]].fillna(TOTAL).to_dict("records"):
        divided = ["geography"] if record["geography_level"] != CITY else []
        divided += [factor for factor in factors if record[factor] != TOTAL]
        told: list[Margin] = []
        for size in range(1, len(divided) + 1):
            for without in combinations(range(len(divided)), size):
                dropped = {divided[place] for place in without}
                key = tuple(str(whole[name] if name in dropped else record[name]) for name in codes)
                held = figures.get(key, ())
                told += [(without, name, x) for name, x in zip(SOUGHT, held, strict=False) if np.isfinite(x)]
        found.append(tuple(told))
    return found


def attack_written(city: City, release: ProtectedRelease, folder: Path) -> Attacked:
    """Look for every hidden figure in everything an appendix consists of, and attack the release with the counts it prints.

    The counts of a release are attacked by their sums when they are written; here its tables, the notebooks with their
    outputs, the workbooks, the open tables and the PDF with its text, tags, drawings and attachments are read as anyone reads them, and
    the counts in their tables join the attack; see `mrstats.appendix.tablecounts.attack_counts`.

    Parameters
    ----------
    city : City
    release : ProtectedRelease
        As the protecting run returned it, with what it withheld.
    folder : Path
        The finished appendix, not yet in its place.

    Returns
    -------
    Attacked
        How many hidden cells were looked for, and how many counts of tables were attacked.

    Raises
    ------
    EditionError
        A file tells a hidden figure, or prints a count that gives one away. It names the file, the place in it and the
        cell, never the figure.
    """
    hidden = [hidden_rows(city, protected, true) for protected, true in release.withheld]
    hidden = [rows for rows in hidden if len(rows)]
    if not hidden and not release.publication.families:
        return Attacked()
    check_made_from_px(folder / "tables")
    tables = sorted((folder / "release" / "tables").glob("*.csv"))
    outlets = [
        *map(read_csv, tables),
        *map(read_notebook, sorted((folder / "notebooks").glob("*.ipynb"))),
        *map(read_workbook, sorted(folder.glob("*.xlsx"))),
        *map(read_px_file, sorted(folder.glob("tables/*.px"))),
        *map(read_pdf, sorted(folder.glob("*.pdf"))),
    ]
    sought = pd.concat(hidden, ignore_index=True) if hidden else pd.DataFrame()
    written = {path.name: path.read_bytes() for path in tables}
    leaks = find_leaks(sought, outlets, released=written) if hidden else sought
    if len(leaks):
        first = leaks.iloc[0]
        codes = [str(code) for name, code in first.items() if name not in COLUMNS and code not in (None, TOTAL)]
        raise EditionError(
            f"the finished appendix tells {len(leaks)} figures that the release hides; the first is in {first['outlet']}, "
            f"{first['where']} ({first['what']} of {', '.join(codes)}). Nothing was published. Take it out of the "
            "notebook: figures come from mr.break_down and what is made of it."
        )
    return replace(attack_counts(city, release, outlets), hidden=len(sought))
