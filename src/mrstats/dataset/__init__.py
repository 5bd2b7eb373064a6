"""A city's statistics as one folder with a dataset.toml: tables, factors, areas and indicators. No statistic."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mrstats import sources
from mrstats.dataset.description import Description, FactorSource, LevelSource, TableSource, read_description
from mrstats.dataset.distances import with_distances
from mrstats.dataset.divisions import division_of, in_vintage, points_of
from mrstats.dataset.reading import decimal_sign, read_file, read_table, typed_columns
from mrstats.definitions import BackgroundFactor, Indicator, Level, nearest
from mrstats.geography import Division, Geography, division_from_frame
from mrstats.language import LANGUAGES, word
from mrstats.schema import CITY, UNPLACED, DatasetError, UnknownNameError

_opened: dict[str, City] = {}


class City:
    """An opened dataset: definitions at hand, tables read when they are asked for.

    Attributes
    ----------
    name, municipality, language : str
    label, publisher : str
        Already in `language`.
    synthetic, public : bool
        Made-up residents; figures that are public at source.
    indicators : dict of str to Indicator
    factors : dict of str to BackgroundFactor
    geographies : dict of str to Level
    """

    def __init__(
        self,
        description: Description,
        folder: Path | None,
        *,
        language: str,
        frames: dict[str, Any] | None = None,
        areas: dict[str, pd.DataFrame] | None = None,
    ):
        if language not in LANGUAGES:
            raise UnknownNameError(f"language={language!r} is not one of {', '.join(LANGUAGES)}.")
        self.description, self.folder, self.language = description, folder, language
        self._frames: dict[str, Any] = dict(frames or {})
        elsewhere = (name for name, table in description.tables.items() if table.sql)
        self.given = frozenset([*self._frames, *elsewhere])  # tables whose rows are not in files of the folder
        self._areas = dict(areas or {})
        self._polygons: dict[str, Any] = {}
        self.name, self.municipality = description.name, description.municipality
        self.label, self.publisher = description.label[language], description.publisher[language]
        self.synthetic, self.public = description.synthetic, description.public
        self.indicators: dict[str, Indicator] = description.indicators
        self.factors: dict[str, BackgroundFactor] = {n: s.factor for n, s in description.factors.items()}
        self.geographies: dict[str, Level] = {n: s.level for n, s in description.levels.items()}
        _opened[self.key] = self

    @property
    def key(self) -> str:
        """What a table remembers of the dataset it is from: name, folder and language tell openings apart."""
        return "|".join((self.name, str(self.folder or ""), self.language))

    def __repr__(self) -> str:
        years = self.description.years
        parts: dict[str, Iterable[str]] = {
            f"{self.label}, {len(self.indicators)} indicators": self.indicators,
            "factors": self.factors,
            "levels": [CITY, *self.geographies],
            "years": map(str, years),
        }
        lines = (f"{name}: {', '.join(held) or 'none'}" for name, held in parts.items())
        return "\n".join(textwrap.fill(line, 100, subsequent_indent="    ") for line in lines)

    def indicator(self, name: str) -> Indicator:
        """The definition of an indicator; an UnknownNameError suggests the nearest spelling."""
        if name not in self.indicators:
            raise UnknownNameError(f"{self.name} has no indicator {name!r} ({nearest(name, self.indicators)}).")
        return self.indicators[name]

    def table(self, name: str) -> Any:
        """A table's rows as a native frame: DuckDB relation for Parquet, else pandas."""
        source = self.description.tables[name]
        if source.sample_of:
            return self.table(source.sample_of)
        if name not in self._frames and source.sql:
            folder = self.folder or Path()
            self._frames[name] = sources.read_sql_table(source.sql, database=source.database, folder=folder)
        if name not in self._frames:
            frame = in_vintage(
                read_table(source, self.files(name), typed=self.measured(name)), source, self.description
            )
            self._frames[name] = with_distances(self, name, frame)
        return self._frames[name]

    def measured(self, table: str) -> set[str]:
        """Columns of a table that are compared or added up: its indicators', ages in years, weights, yes and no."""
        from mrstats.definitions import expressions

        source = self.description.tables[table]
        known = (source.weight, source.stratum_size, source.responded, source.protected)
        named = {name for name in (*known, source.design_weight, source.eligible) if name}
        read = [expressions.columns_of(i) for i in self.indicators.values() if i.table == table]
        ages = {s.column for s in self.description.factors.values() if s.ranges and table in s.tables}
        return named.union(ages, *read)

    def with_table(self, name: str, frame: Any) -> City:
        """This city with one table's rows taken from a frame of your own instead of its files.

        Parameters
        ----------
        name : str
            A table of dataset.toml.
        frame : native frame
            pandas, Polars, Arrow, a DuckDB relation, a PySpark DataFrame or an Ibis table, with the columns that
            dataset.toml names. It is asked for sums only; persons stay where they are.

        Returns
        -------
        City

        Examples
        --------
        >>> import duckdb
        >>> from mrstats import break_down, tiny_city
        >>> city = tiny_city()
        >>> persons = city.table("persons")
        >>> elsewhere = city.with_table("persons", duckdb.from_df(persons[persons["sex"] == "1"]))
        >>> break_down(elsewhere, "employment")[["value", "n"]].to_dict("records")
        [{'value': 65.0, 'n': 40.0}]
        """
        if name not in self.description.tables:
            raise UnknownNameError(f"{self.name} has no table {name!r} ({nearest(name, self.description.tables)}).")
        frames = {**{held: self._frames[held] for held in self.given & set(self._frames)}, name: frame}
        other = City(self.description, self.folder, language=self.language, frames=frames, areas=self._areas)
        _opened[self.key] = self  # tables of either find the same words; this one stays the opened dataset
        return other

    def files(self, table: str) -> list[Path]:
        """The files of a table; a DatasetError names the pattern that found none."""
        source = self.description.tables[table]
        if self.folder is None:
            raise DatasetError(f"table {table!r} of {self.name} lives in memory and has no files.")
        found = sorted(self.folder.glob(source.files))
        if not found:
            raise DatasetError(
                f"[tables.{table}] files={source.files!r} finds nothing in {self.folder.name}/. "
                "Put the file there or correct the name in dataset.toml."
            )
        return found

    @cached_property
    def geography(self) -> Geography:
        """All divisions with the keys between them."""
        divisions: dict[str, Division] = {}
        for name, source in self.description.levels.items():
            if not source.of:
                divisions[name] = self._division(source)
        for name, source in self.description.levels.items():
            if source.of:
                divisions[name] = self._grouping(source, divisions[source.of])
        return Geography(self.municipality, divisions)

    def _division(self, source: LevelSource) -> Division:
        level, where = source.level, f"[geographies.{source.level.name}]"
        frame = self._areas.get(level.name)
        if frame is None:
            frame = self._key_file(source)
        if source.prefix:
            frame = frame[frame[source.code].astype(str).str.startswith(source.prefix)]
        if source.strip and source.name:
            frame = frame.assign(**{source.name: frame[source.name].str.removeprefix(source.strip)})
        parent = source.parent_code if level.parent != CITY else None
        return division_from_frame(
            level, frame, code=source.code, name=source.name or None, parent=parent or None, where=where
        )

    def _grouping(self, source: LevelSource, members: Division) -> Division:
        """A level made of another level's areas by their names (SCB's area types)."""
        frame = self._key_file(source)
        keys = dict(zip(frame[source.match.split("=")[0].strip()], frame[source.code], strict=True))
        pattern = source.match.split("=", 1)[1].strip()
        mapping = {}
        for code, name in members.areas[["code", "name"]].itertuples(index=False):
            key = pattern.format(name=source.strip + name, code=code)
            if key not in keys:
                raise DatasetError(
                    f"[geographies.{source.level.name}]: {source.file} has no row {key!r} for area {code}."
                )
            mapping[code] = str(keys[key]).removesuffix(".0")
        members.parents[source.level.name] = mapping
        names = {code: text[self.language] for code, text in (source.names or {}).items()}
        codes = sorted(set(mapping.values()))
        return Division(source.level, pd.DataFrame({"code": codes, "name": [names.get(code, code) for code in codes]}))

    def _key_file(self, source: LevelSource) -> pd.DataFrame:
        if self.folder is None or not source.file:
            raise DatasetError(f'[geographies.{source.level.name}] lacks file = "…" (a GeoPackage or a key file).')
        path = sources.find_file(self.folder, source.file)
        if source.polygons:
            drawn = sources.find_file(self.folder, source.polygons)
            self._polygons[source.level.name] = sources.read_polygons(drawn, layer=source.layer)
        if sources.is_key_file(path):
            columns = [] if source.match else [name for name in (source.code, source.name, source.parent_code) if name]
            return sources.read_key_file(path, columns=columns, encoding=source.encoding)
        self._polygons[source.level.name] = sources.read_polygons(path, layer=source.layer)
        return pd.DataFrame(self._polygons[source.level.name].drop(columns="geometry"))

    def area_names(self, level: str) -> dict[str, str]:
        """Area code -> name as printed, the city and the unplaced included."""
        top = {
            self.municipality: word("city_as_a_whole", self.language),
            UNPLACED: word("unplaced", self.language),
        }
        if level == CITY:
            return top
        areas = self.geography.division(level).areas
        return {**dict(zip(areas["code"], areas["name"], strict=True)), **top}

    def parent_codes(self, level: str, parent: str | None = None) -> dict[str, str]:
        """Area code -> code of the area of level `parent` (default: the next level up) it lies in."""
        return self.geography.between(level, parent or self.geographies[level].parent)

    def polygons(self, level: str):
        """Polygons of a level (code, name, parent, geometry; EPSG:3006), or None where the dataset has none."""
        source = self.description.levels[level]
        division = self.geography.division(level)
        if level not in self._polygons:
            return None
        frame = self._polygons[level][[source.code, "geometry"]].set_axis(["code", "geometry"], axis=1)
        frame = frame.assign(code=frame["code"].astype(str))
        parents = self.parent_codes(level)
        names = dict(zip(division.areas["code"], division.areas["name"], strict=True))
        return frame.assign(name=frame["code"].map(names), parent=frame["code"].map(parents))[
            ["code", "name", "parent", "geometry"]
        ]

    def division(self, level: str) -> Division:
        """A level's areas with their keys, polygons and vintage, as `harmonise` takes them.

        Examples
        --------
        >>> from mrstats import tiny_city
        >>> str(tiny_city().division("area"))
        'area'
        """
        return division_of(self, level)

    def points(self):
        """Population points (GeoDataFrame: ``weight`` = residents, codes of their areas, EPSG:3006)."""
        return points_of(self)

    def water(self):
        """Named water (GeoDataFrame with name and geometry), or None."""
        spec = self.description.water
        if spec is None or self.folder is None:
            return None
        frame = sources.read_polygons(self.folder / spec["file"], layer=spec.get("layer"))
        return frame.rename(columns={spec.get("name", "name"): "name"})[["name", "geometry"]]


def open_dataset(dataset: str | Path, *, language: str = "sv", root: str | Path = "data/raw") -> City:
    """Open a dataset folder.

    Parameters
    ----------
    dataset : str or Path
        A folder with a dataset.toml, or the name of one under `root`.
    language : {"sv", "en"}
        Language of everything displayed from it.
    root : str or Path
        Where named datasets lie, seen from the project's top folder (found upwards from the working folder).

    Returns
    -------
    City

    Raises
    ------
    DatasetError
        No such folder, or its dataset.toml is wrong; the message says where.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from mrstats.example_city import build_example_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     build_example_city(Path(folder) / "exempelstad", persons=2000).name
    ...     open_dataset(Path(folder) / "exempelstad").label
    'exempelstad'
    'Exempelstad'
    """
    folder = Path(dataset)
    folder = folder.parent if folder.name == "dataset.toml" else folder
    if not folder.is_dir():
        tried = [base / root / folder.name for base in (Path.cwd(), *Path.cwd().parents)]
        tried += [base / folder for base in Path.cwd().parents]
        folder = next((place for place in tried if place.is_dir()), folder)
    if not folder.is_dir():
        raise DatasetError(
            f"there is no dataset folder {str(dataset)!r} (looked here and in {root}/). "
            "`mrstats example` makes Exempelstad; a folder with a dataset.toml makes one of your own."
        )
    return City(read_description(folder / "dataset.toml"), folder.resolve(), language=language)


def dataset_of(table: pd.DataFrame, city: City | None = None) -> City:
    """The opened dataset a table was made from.

    Raises
    ------
    UnknownNameError
        Several are open and the table does not say which; pass ``city=``.
    """
    if city is not None:
        return city
    name = table.attrs.get("dataset")
    if name in _opened:
        return _opened[name]
    if len(_opened) == 1:
        return next(iter(_opened.values()))
    raise UnknownNameError(
        f"the table does not say which dataset it comes from (open: {', '.join(_opened) or 'none'}). Pass city=…."
    )


__all__ = [
    "City",
    "Description",
    "FactorSource",
    "LevelSource",
    "TableSource",
    "dataset_of",
    "decimal_sign",
    "open_dataset",
    "read_file",
    "read_table",
    "typed_columns",
]
