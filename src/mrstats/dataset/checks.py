"""Look through a dataset folder and list every problem with file, row and what to do. It mends nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mrstats.dataset import City, FactorSource, TableSource, decimal_sign, open_dataset, read_file
from mrstats.dataset.beside import read_beside
from mrstats.dataset.divisions import in_vintage
from mrstats.definitions import expressions, nearest
from mrstats.polygons import named, polygon_problems
from mrstats.schema import CITY, TOTAL, TOTAL_WORDS, MrstatsError
from mrstats.vintages import strange_code

OLDEST = 120
EXAMPLES = 5
"""So many rows of one kind are named; the rest is counted."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a dataset: where it is and how to mend it."""

    file: str
    row: int | None
    message: str

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}, row {self.row}"
        return f"{place}: {self.message}"


def check_dataset(dataset: str | Path | City, *, report: Callable[[str], object] | None = None) -> list[Problem]:
    """Every problem of a dataset.

    Parameters
    ----------
    dataset : str, Path or City
        A folder, its name, or an opened dataset.
    report : callable, optional
        Receives a line for each text file: the encoding, separator and decimal sign it was read with.

    Returns
    -------
    list of Problem
        Empty where all is well. Rows are counted as a spreadsheet shows them (heading = 1) in text and Excel files,
        from 1 in Parquet.

    Examples
    --------
    >>> import mrstats as mr
    >>> mr.check_dataset("no-such-folder")[0].message[:27]
    'there is no dataset folder '
    """
    try:
        city = dataset if isinstance(dataset, City) else open_dataset(dataset)
    except MrstatsError as error:
        return [Problem("dataset.toml", None, str(error))]
    problems: list[Problem] = []
    areas: dict[str, set[str]] = {}
    try:
        problems += _geography_problems(city)
        areas = {name: division.codes for name, division in city.geography.divisions.items()}
    except MrstatsError as error:
        problems.append(Problem("dataset.toml", None, str(error)))
    for source in (table for table in city.description.tables.values() if not table.sample_of):
        problems += _table_problems(city, source, areas, report)
    return [*problems, *_beside_problems(city)]


def _beside_problems(city: City) -> Iterator[Problem]:
    """What is wrong with points, services, interviews and answers."""
    for name, spec in city.description.beside.items():
        try:
            read_beside(city, name)
        except MrstatsError as error:
            yield Problem(spec["file"], None, str(error))


def _geography_problems(city: City) -> Iterator[Problem]:
    for name, division in city.geography.divisions.items():
        where = f"[geographies.{name}]"
        for code in division.areas["code"][division.areas["code"].duplicated()]:
            yield Problem("dataset.toml", None, f"{where}: area {code!r} stands twice. Keep one row per area.")
        yield from _polygon_problems(city, name)
        parent = city.geographies[name].parent
        if parent != CITY:
            known = city.geography.division(parent).codes
            for code, area in sorted(division.parents.get(parent, {}).items()):
                if area not in known:
                    yield Problem(
                        "dataset.toml",
                        None,
                        f"{where}: area {code!r} lies in {area!r}, which is no area of level {parent!r}. Correct the key.",
                    )


def _polygon_problems(city: City, level: str) -> Iterator[Problem]:
    """What is wrong with a level's polygons, and codes that only the key or only the polygons have."""
    source = city.description.levels[level]
    file = source.polygons or source.file
    polygons, codes = city.polygons(level), city.geography.division(level).codes
    if polygons is None:
        return
    drawn = set(polygons["code"][polygons["code"].str.startswith(source.prefix)])
    if bare := sorted(codes - drawn):
        yield Problem(
            file,
            None,
            f"areas of [geographies.{level}] without a polygon: {named(bare)}. Draw them, or correct the key.",
        )
    if stray := sorted(drawn - codes):
        yield Problem(
            file,
            None,
            f"polygons that are no area of [geographies.{level}]: {named(stray)}. Correct the key, or take them out.",
        )
    for message in polygon_problems(polygons[polygons["code"].isin(codes)], filled=city.water()):
        yield Problem(file, None, f"[geographies.{level}] {message}")


def _table_problems(city: City, source: TableSource, areas: dict[str, set[str]], report) -> Iterator[Problem]:
    if source.sql:
        yield from _sql_problems(city, source)
        return
    try:
        paths = city.files(source.name)
    except MrstatsError as error:
        yield Problem(source.files, None, str(error))
        return
    years: set[int] = set()
    seen: list[pd.DataFrame] = []
    wanted, told = _texts(city, source), set()  # what indicators ask of columns of text, and what these hold
    unread = False  # a file that could not be read may hold the year that seems to be missing
    keys = _keys(city, source)
    for path in paths:
        try:
            frame = read_file(source, path)
            if report and source.format == "csv":
                report(f"{path.name}: {_found(frame, source, city.measured(source.name), path.name)}.")
        except MrstatsError as error:
            unread = True
            yield _of_file(path.name, str(error))
            continue
        frame = in_vintage(frame, source, city.description)
        if len(frame) == 0:
            unread = True
            yield Problem(path.name, None, "the file holds no rows. Deliver it again.")
            continue
        missing = sorted(_needed(city, source) - set(frame.columns)) if not source.pivot else []
        for column in missing:
            yield Problem(
                path.name,
                None,
                f"column {column!r} is missing. Columns: {', '.join(map(str, frame.columns))}. Correct dataset.toml or the file.",
            )
        if missing:
            unread = True
            continue
        yield from _row_problems(city, source, path.name, frame, areas)
        for column in {column for column, _ in wanted} & set(frame):
            told |= {(column, text) for text in frame[column].astype(str).unique()}
        if isinstance(source.year, str):
            found = pd.to_numeric(frame[source.year], errors="coerce")
            yield from _each(
                path.name,
                frame[found.isna()],
                lambda row: f"year {row[source.year]!r} is no number. Correct the cell.",
            )
            years |= set(found.dropna().astype(int))
            if city.description.years:
                stray = frame[found.notna() & ~found.isin(city.description.years)]
                yield from _each(
                    path.name,
                    stray,
                    lambda row: (
                        f"year {row[source.year]} is not in [dataset] years. Add it there, or take the row out."
                    ),
                )
        if keys and set(keys) <= set(frame.columns):
            seen.append(frame[keys].assign(file_=path.name, row_=frame.index))
    if isinstance(source.year, str) and source.grain == "person" and _all_years(city, source) and not unread:
        where = f"[tables.{source.name}]" if source.years else "[dataset]"
        for year in sorted(set(source.years or city.description.years) - years):
            yield Problem(
                source.files,
                None,
                f"year {year} is in {where} years but no row has it. Deliver the file, or take the year out "
                f"(of one table's own: [tables.{source.name}] years = […]).",
            )
    for column, text in sorted(wanted - told) if not unread else ():
        held = sorted(other for name, other in told if name == column)
        yield Problem(
            source.files,
            None,
            f"an indicator compares column {column!r} with {text!r}, which no row holds ({nearest(text, held)}). Correct dataset.toml.",
        )
    if seen:
        rows = pd.concat(seen, ignore_index=True)
        twice = rows[rows.duplicated(keys, keep="first")].set_index("row_")
        what = "person and year" if source.grain == "person" else "cell"
        for file, part in twice.groupby("file_"):
            yield from _each(
                str(file),
                part,
                lambda row: f"the same {what} stands twice ({', '.join(f'{k}={row[k]}' for k in keys)}). Keep one row.",
            )


def _texts(city: City, source: TableSource) -> set[tuple[str, str]]:
    """Columns of a table and the texts that indicators compare them with: a text the publisher has changed counts nobody."""
    indicators = [indicator for indicator in city.indicators.values() if indicator.table == source.name]
    said = [text for i in indicators for text in (i.numerator, i.denominator) if text]
    return set().union(*(expressions.texts_of(text) for text in said)) if said and not source.pivot else set()


def _sql_problems(city: City, source: TableSource) -> Iterator[Problem]:
    """Whether a table in a database can be opened and has its columns; its rows are not fetched."""
    where = f"[tables.{source.name}]"
    try:
        columns = list(city.table(source.name).columns)
    except MrstatsError as error:
        yield Problem(where, None, str(error))
        return
    for column in sorted(_needed(city, source) - set(columns)):
        yield Problem(
            where, None, f"column {column!r} is missing. Columns: {', '.join(columns)}. Correct dataset.toml."
        )


def _found(frame: pd.DataFrame, source: TableSource, measured: set[str], file: str) -> str:
    """How a text file was read, with the decimal sign of the columns that are counted with."""
    sign = decimal_sign(frame, source, measured, file)
    found = frame.attrs["found"]
    return f"{found}, decimal sign {sign!r}" if sign and "decimal sign" not in found else found


def _of_file(file: str, message: str) -> Problem:
    """A reader's error as a problem: the file and row it begins with stand apart from what is wrong."""
    found = re.match(rf"{re.escape(file)}(?:, row (\d+))?: (.*)", message, re.DOTALL)
    if not found:
        return Problem(file, None, message)
    return Problem(file, int(found[1]) if found[1] else None, found[2])


def _all_years(city: City, source: TableSource) -> bool:
    """Whether the table is the one indicators over all years are made from (a survey may hold fewer years)."""
    return any(indicator.table == source.name for indicator in city.indicators.values())


def _keys(city: City, source: TableSource) -> list[str]:
    """Columns that together may stand only once."""
    year = [source.year] if isinstance(source.year, str) else []
    if source.grain == "person":
        return [source.person, *year] if source.person else []
    if source.format == "scb_excel":
        return []
    levels = {s.column for s in city.description.levels.values() if s.column}
    factors = {f.column for f in city.description.factors.values() if source.name in f.tables}
    names = set().union(*(expressions.columns_of(i) for i in city.indicators.values() if i.table == source.name))
    return [*year, *sorted((levels | factors | names) - {source.count})]


def _needed(city: City, source: TableSource) -> set[str]:
    columns = set(source.numeric) | {
        c
        for c in (
            source.year if isinstance(source.year, str) else "",
            source.person,
            source.protected,
            source.count,
            source.weight,
            source.responded,
            source.design_weight,
            source.eligible,
        )
        if c
    }
    columns |= {f.column for f in city.description.factors.values() if source.name in f.tables}
    for indicator in city.indicators.values():
        if indicator.table == source.name:
            columns |= expressions.columns_of(indicator)
    return columns - set(city.description.distances)


def _row_problems(
    city: City, source: TableSource, file: str, frame: pd.DataFrame, areas: dict[str, set[str]]
) -> Iterator[Problem]:
    columns: dict[str, list[str]] = {}
    for name, level in city.description.levels.items():
        if level.column in frame.columns and name in areas:
            columns.setdefault(level.column, []).append(name)
    for column, levels in columns.items():  # two vintages of a division share a column
        known = set().union(*(areas[name] for name in levels))
        yield from _each(
            file,
            frame[frame[column].notna() & ~frame[column].isin(known)],
            lambda row, column=column, name=levels[0], known=known: _area_message(column, row[column], name, known),
        )
    for factor in city.description.factors.values():
        if source.name in factor.tables:
            yield from _factor_problems(source, factor, file, frame)
    if source.count and source.count in frame:
        negative = frame[frame[source.count] < 0]
        yield from _each(file, negative, lambda row: f"count {row[source.count]} is below 0. Correct the cell.")


def _area_message(column: str, code: str, level: str, codes: set[str]) -> str:
    if str(code).strip().lower() in TOTAL_WORDS:
        return f"column {column!r} holds {code!r}: a total row inside the data. Take it out; mrstats adds up itself."
    return f"area code {code!r} in column {column!r} {strange_code(code, codes, level)}"


def _factor_problems(source: TableSource, factor: FactorSource, file: str, frame: pd.DataFrame) -> Iterator[Problem]:
    if factor.ranges:
        ages = pd.to_numeric(frame[factor.column], errors="coerce")
        odd = frame[ages.isna() | (ages < 0) | (ages > OLDEST)]
        yield from _each(
            file,
            odd,
            lambda row: f"age {row[factor.column]!r} in column {factor.column!r} is not 0–{OLDEST}. Correct the cell.",
        )
        return
    texts = frame[factor.column].astype("string")
    strange = frame[texts.notna() & ~texts.isin(list(factor.codes))]

    def message(row) -> str:
        code = str(row[factor.column])
        if code.strip().lower() in TOTAL_WORDS:
            return (
                f"column {factor.column!r} holds {code!r}: a total row inside the data. Take it out, or map it with "
                f'"{code}" = "{TOTAL}" in [factors.{factor.factor.name}] if it is the source\'s own total.'
            )
        return f"code {code!r} in column {factor.column!r} has no group. Add it to codes in [factors.{factor.factor.name}]."

    yield from _each(file, strange, message)


def _each(file: str, rows: pd.DataFrame, message) -> Iterator[Problem]:
    """A problem for each of the first rows, and one that counts the rest."""
    for row, values in rows.iloc[:EXAMPLES].iterrows():
        yield Problem(file, int(str(row)), message(values))
    if len(rows) > EXAMPLES:
        yield Problem(file, None, f"… and {len(rows) - EXAMPLES} more rows like the last one.")
