"""The release of an edition as open data: PX, JSON-stat and one workbook, every table in them. It knows no cell that is not released."""

from __future__ import annotations

import datetime
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ..captions import CANNOT_EXIST, HIDDEN, LETTERS, Captions, lower_first
from ..dataset import City
from ..dataset.release import Release, read_release_table
from ..language import capital, number, word
from ..schema import CITY, CONFIDENTIAL, NOT_COLLECTED, TOTAL, factor_columns
from ..selection import GEOGRAPHY, codes
from ..sources import read_px, write_jsonstat, write_px
from ..sources.cube import Cube, Dimension, Note, Unit
from .workbook import printed_number, write_workbook

WORKBOOK = "tables.xlsx"
CONTENTS = "contents"
NOT_THERE = "..."
SYMBOLS = {HIDDEN: "symbol_hidden", CANNOT_EXIST: "symbol_cannot_exist", NOT_THERE: "symbol_not_there"}
INDICATORS_NAMED = 3


def write_open_tables(city: City, release: Release, folder: Path, *, language: str, date: datetime.date) -> list[Path]:
    """Write every table of a release as a PX file and as JSON-stat, and all of them as one workbook.

    Parameters
    ----------
    city : City
        For names and notes; no row of it is read.
    release : Release
    folder : Path
        Made here.
    language : {"sv", "en"}
    date : datetime.date
        The edition's; the files hold no other time, so that the same release gives the same bytes.

    Returns
    -------
    list of Path
        The files written; the release itself has the same tables as CSV.
    """
    folder.mkdir()
    for name, cube in release_cubes(city, release, language=language, date=date).items():
        (folder / f"{name}.px").write_bytes(write_px(cube))
    return [*sorted(folder.glob("*.px")), *write_from_px(folder, folder)]


def write_from_px(folder: Path, to: Path) -> list[Path]:
    """Write the PX files of a folder as JSON-stat, and as one workbook with a sheet a table; nothing where there are none.

    Made from those files alone, so that whoever has looked through them has looked through all.
    """
    cubes = {file.stem: read_px(file) for file in sorted(folder.glob("*.px"))}
    if not cubes:
        return []
    for name, cube in cubes.items():
        text = json.dumps(write_jsonstat(cube), ensure_ascii=False, indent=1)
        (to / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    first = next(iter(cubes.values()))
    date = datetime.datetime.strptime(first.updated, "%Y%m%d %H:%M").date()
    workbook = write_workbook(
        to / WORKBOOK, [_sheet(cube) for cube in cubes.values()], language=first.language, date=date
    )
    return [*sorted(to.glob("*.json")), workbook]


def release_cubes(city: City, release: Release, *, language: str, date: datetime.date) -> dict[str, Cube]:
    """The tables of a release as published tables, by name.

    Parameters
    ----------
    city, release, language, date
        See `write_open_tables`.

    Returns
    -------
    dict of str to Cube
        Figures as the pages print them (value, ends of the interval, persons). A hidden one has no value and the symbol
        ``..``. What a display says below its table is a mandatory note. A table of several factors, one at a time,
        becomes a cube for each, named with a number at the end.
    """
    cubes = {}
    for path in sorted((release.folder / "tables").glob("*.csv")):
        parts = _parts(read_release_table(path, dataset=city.key))
        for place, part in enumerate(parts, start=1):
            name = path.stem if len(parts) == 1 else f"{path.stem}-{place}"
            cubes[name] = _Published(city, part, language).cube(name, date)
    return cubes


def _parts(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The table itself if its factors are crossed, else one for each factor, and for areas where they stand alone too."""
    factors = factor_columns(table)
    if _is_crossed(table):
        return [table]
    whole = {name: table[name] == TOTAL for name in factors} | {GEOGRAPHY: table["geography_level"] == CITY}
    for alone in (factors, [GEOGRAPHY, *factors]):
        parts = []
        for name in alone:
            others = [other for other in alone if other != name]
            rows = pd.concat([whole[other] for other in others], axis=1).all(axis=1) if others else slice(None)
            parts.append(table[rows].drop(columns=[other for other in others if other != GEOGRAPHY]))
        if all(map(_is_crossed, parts)) and set().union(*(part.index for part in parts)) == set(table.index):
            return parts
    return [table]


def _is_crossed(table: pd.DataFrame) -> bool:
    names = ["indicator", "year", GEOGRAPHY, *factor_columns(table)]
    return len(table) == math.prod(table[name].nunique() for name in names)


class _Published:
    """One table of a release with the words for it."""

    def __init__(self, city: City, table: pd.DataFrame, language: str):
        self.city, self.table, self.words = city, table, Captions(city, language)
        self.language, self.factors = language, factor_columns(table)
        self.indicators = [city.indicator(name) for name in table["indicator"].unique()]
        below = [level for level in table["geography_level"].unique() if level != CITY]
        self.level = below[-1] if below else CITY
        self.contents = dict(self._contents())

    def _contents(self) -> Iterator[tuple[str, tuple[str, str, Unit, str]]]:
        """Code to indicator, column, unit and label of everything that the table tells."""
        level = self.words.confidence(self.table) or "95"
        for indicator in self.indicators:
            label = capital(self.words.share(indicator))
            own = self.table[self.table["indicator"] == indicator.name]
            counted = indicator.measure == "count"
            unit = Unit(indicator.unit[self.language], 0 if counted else indicator.decimals)
            yield indicator.name, (indicator.name, "value", unit, label)
            for column in ("lower", "upper", "n"):
                if not counted and own[column].notna().any():
                    persons = column == "n"
                    said = (
                        lower_first(self.words.word("persons"))
                        if persons
                        else self.words.word(f"open_{column}", level=level)
                    )
                    of_column = Unit(lower_first(self.words.word("persons")), 0) if persons else unit
                    yield f"{indicator.name}.{column}", (indicator.name, column, of_column, f"{label}, {said}")

    def cube(self, name: str, date: datetime.date) -> Cube:
        dimensions = tuple(self._dimensions())
        frame = pd.DataFrame(
            itertools.product(*(d.categories for d in dimensions)), columns=[d.code for d in dimensions]
        )
        keys = [GEOGRAPHY, *self.factors, "indicator", "year"]
        rows = self.table.astype({"year": str}).to_dict("records")
        records = {tuple(row[key] for key in keys): row for row in rows}
        cells = [self._cell(records, *cell) for cell in frame.itertuples(index=False, name=None)]
        frame = frame.assign(value=[value for value, _ in cells], status=[status for _, status in cells])
        counts = all(indicator.measure in ("count", "total") for indicator in self.indicators)
        return Cube(
            frame,
            dimensions,
            label=self._label(dimensions),
            source="; ".join(
                dict.fromkeys(indicator.source[self.language].rstrip(". ") for indicator in self.indicators)
            ),
            updated=date.isoformat(),
            notes=tuple(self._notes(frame)),
            units={code: unit for code, (_, _, unit, _) in self.contents.items()},
            contacts=(self.city.publisher,),
            aggregation_allowed=counts and not frame["status"].str.contains(r"\.|r", regex=True).any(),
            language=self.language,
            code=name,
        )

    def _dimensions(self) -> Iterator[Dimension]:
        places = self.table.drop_duplicates(GEOGRAPHY)
        areas = {
            code: self.words.area(level, code)
            for level, code in places[["geography_level", GEOGRAPHY]].itertuples(index=False, name=None)
        }
        whole = self.city.municipality if self.city.municipality in areas else None
        yield self._dimension(GEOGRAPHY, self.words.dimension(GEOGRAPHY, self.level), areas, "geo", whole)
        for factor in self.factors:
            held = set(self.table[factor])
            groups = {code: self.words.group(factor, code) for code in self.words.group_order(factor) if code in held}
            yield self._dimension(factor, self.words.dimension(factor), groups, "", TOTAL if TOTAL in groups else None)
        told = {code: label for code, (_, _, _, label) in self.contents.items()}
        yield self._dimension(CONTENTS, self.words.word("open_contents"), told, "metric", None)
        years = {str(year): str(year) for year in sorted(self.table["year"].unique())}
        yield self._dimension("year", self.words.word("year"), years, "time", None)

    def _dimension(self, code, label, categories, role, total) -> Dimension:
        return Dimension(code, capital(label), categories, role, total, total is not None)

    def _cell(self, records, *cell) -> tuple[float, str]:
        *place, content, year = cell
        indicator, column, unit, _ = self.contents[content]
        record = records.get((*place, indicator, year))
        if record is None:
            return math.nan, NOT_THERE
        status = codes(record)
        if CONFIDENTIAL in status:
            return math.nan, HIDDEN
        value = record[column]
        if math.isnan(value):
            return math.nan, NOT_THERE if NOT_COLLECTED in status else CANNOT_EXIST
        printed = printed_number(number(value, "en", decimals=unit.decimals or 0), "en")
        return math.nan if printed is None else printed, " ".join(letter for letter in LETTERS if letter in status)

    def _label(self, dimensions: tuple[Dimension, ...]) -> str:
        split = [lower_first(d.label) for d in dimensions if d.code not in (CONTENTS, "year") and len(d.categories) > 1]
        said = self.words.subtitle(self.table, self.indicators, split)
        if len(self.indicators) == 1:
            return said
        named = [self.words.label(indicator) for indicator in self.indicators[:INDICATORS_NAMED]]
        more = " …" if len(self.indicators) > INDICATORS_NAMED else ""
        return capital(self.words.joined(named)) + more + ", " + lower_first(said)

    def _notes(self, frame: pd.DataFrame) -> Iterator[Note]:
        """What stands below the display of such a table, and about whom it is."""
        said = [self.words.word("synthetic")] if self.city.synthetic else []
        used = set(frame["status"])
        said += [self.words.word(key) for symbol, key in SYMBOLS.items() if symbol in used]
        said += [self.words.word(f"letter_{letter}") for letter in LETTERS if letter in " ".join(used).split()]
        said += self.words.chance(self.table)
        said.append(self.words.word("own_processing"))
        yield from (Note(text, mandatory=True) for text in said)
        for indicator in self.indicators:
            if note := (indicator.note or {}).get(self.language):
                yield Note(note, mandatory=True, at={CONTENTS: indicator.name})
            yield Note(capital(indicator.population[self.language]), at={CONTENTS: indicator.name})


def _sheet(cube: Cube) -> dict:
    """A cube as the display of a table: a line for each group and year, a column for each figure."""
    contents = cube.dimension(CONTENTS)
    others = [d for d in cube.dimensions if d.code != CONTENTS]
    wide = cube.frame.set_index([*(d.code for d in others), CONTENTS])
    cells = dict(zip(wide.index, zip(wide["value"], wide["status"], strict=True), strict=True))
    rows = []
    for place in itertools.product(*(d.categories for d in others)):
        found = [cells[*place, code] for code in contents.categories]
        figures = [
            status if math.isnan(value) else number(value, cube.language, decimals=cube.units[code].decimals or 0)
            for code, (value, status) in zip(contents.categories, found, strict=True)
        ]
        letters = dict.fromkeys(letter for value, status in found if not math.isnan(value) for letter in status.split())
        names = [d.categories[code] for d, code in zip(others, place, strict=True)]
        total = all(code == d.total for d, code in zip(others, place, strict=True) if d.total)
        rows.append({"cells": [*names, *figures, " ".join(letters)], "total": total})
    heads = [
        *({"text": d.label, "align": "left"} for d in others),
        *({"text": label, "align": "right"} for label in contents.categories.values()),
        {"text": word("note_column", cube.language), "align": "left"},
    ]
    return {
        "title": cube.label,
        "subtitle": cube.code,
        "columns": heads,
        "spanners": [],
        "rows": rows,
        "source": f"{word('source', cube.language)}: {cube.source}",
        "notes": [note.text for note in cube.notes],
        "marks": [],
    }
