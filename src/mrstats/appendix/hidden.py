"""The attack on a finished appendix: hidden cells, with every name they could be printed under, looked for in its files."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd

from ..dataset import City
from ..disclosure.leaks import COLUMNS, SOUGHT, find_leaks
from ..disclosure.release import ProtectedRelease
from ..language import LANGUAGES, word
from ..schema import CITY, CONFIDENTIAL, IDENTITY, TOTAL, UNPLACED, EditionError, factor_columns, has_status
from .cubeoutlet import check_open_workbook, read_px_file
from .outlets import read_csv, read_notebook, read_workbook
from .pdfoutlet import read_pdf


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
        Identity, factors, the true figures, ``labels``, ``others`` and ``whole``; one row a cell with status ``C``. It holds what
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
    rows = rows.merge(true[[*keys, *SOUGHT]], on=keys, how="left", validate="one_to_one")
    places = {level: _areas(city, level) for level in rows["geography_level"].unique()}
    groups = {factor: _groups(city, factor) for factor in factors}
    every = {level: _areas(city, level) for level in city.geographies}
    indicators = {name: _indicator_names(city, name) for name in protected["indicator"].unique()}
    whole = (city.municipality, *(word("city_as_a_whole", language) for language in LANGUAGES))
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
    beside = [whole if level == CITY else () for level in rows["geography_level"]]
    return rows.assign(**{name: pd.Series(held, dtype=object)
                          for name, held in (("labels", labels), ("others", others), ("whole", beside))})  # fmt: skip


def attack_written(city: City, release: ProtectedRelease, folder: Path) -> int:
    """Look for every hidden figure in everything an appendix consists of.

    The counts of a release are attacked by their sums when they are written; here its tables, the notebooks with their
    outputs, the workbooks, the open tables and the PDF with its text, tags, drawings and attachments are read as anyone reads them.

    Parameters
    ----------
    city : City
    release : ProtectedRelease
        As the protecting run returned it, with what it withheld.
    folder : Path
        The finished appendix, not yet in its place.

    Returns
    -------
    int
        How many hidden cells were looked for.

    Raises
    ------
    EditionError
        A file tells a hidden figure. It names the file, the place in it and the cell, never the figure.
    """
    hidden = [hidden_rows(city, protected, true) for protected, true in release.withheld]
    hidden = [rows for rows in hidden if len(rows)]
    if not hidden:
        return 0
    check_open_workbook(folder / "tables")
    sought = pd.concat(hidden, ignore_index=True)
    tables = sorted((folder / "release" / "tables").glob("*.csv"))
    outlets = [
        *map(read_csv, tables),
        *map(read_notebook, sorted((folder / "notebooks").glob("*.ipynb"))),
        *map(read_workbook, sorted(folder.glob("*.xlsx"))),
        *map(read_px_file, sorted(folder.glob("tables/*.px"))),
        *map(read_pdf, sorted(folder.glob("*.pdf"))),
    ]
    leaks = find_leaks(sought, outlets, released={path.name: path.read_bytes() for path in tables})
    if len(leaks):
        first = leaks.iloc[0]
        codes = [str(code) for name, code in first.items() if name not in COLUMNS and code not in (None, TOTAL)]
        raise EditionError(
            f"the finished appendix tells {len(leaks)} figures that the release hides; the first is in {first['outlet']}, "
            f"{first['where']} ({first['what']} of {', '.join(codes)}). Nothing was published. Take it out of the "
            "notebook: figures come from mr.break_down and what is made of it."
        )
    return len(sought)


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
