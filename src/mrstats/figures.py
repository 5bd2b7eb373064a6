"""One indicator's table: its cells, their margins, and the figures of every row. No request is checked here."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from mrstats import covariances, domains, engine, sampled
from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.domains import Axes, Deviations, Stacked
from mrstats.estimates import estimate, scale_of
from mrstats.passes import Passes
from mrstats.personwise import replicate_cells
from mrstats.request import Request
from mrstats.rollup import roll_up
from mrstats.schema import (
    CELLS,
    CITY,
    DESCRIPTION,
    FIGURES,
    IDENTITY,
    PERSON_MEASURES,
    PUBLISHED,
    REGISTER,
    SURVEY,
    TOTAL,
    UNKNOWN,
    UNPLACED,
    DatasetError,
    NotPublishedError,
)
from mrstats.standardise import crude_rows, replace_figures, standard_population, standardised
from mrstats.survey import SurveyDesign
from mrstats.vintages import outside_vintage, strange_code


def indicator_table(
    city: City,
    indicator: Indicator,
    request: Request,
    design: SurveyDesign | None = None,
    passes: Passes | None = None,
) -> pd.DataFrame:
    """The unprotected table of one indicator of a request.

    Parameters
    ----------
    city : City
    indicator : Indicator
    request : Request
    design : SurveyDesign, optional
        Takes the place of the indicator's table and of the design that dataset.toml describes.
    passes : Passes, optional
        Shared with other indicators; without it the indicator has its own.

    Returns
    -------
    DataFrame
        As `mrstats.break_down`. Figures' deviations, where they are known, are kept in `mrstats.covariances`.
    """
    if design is not None:
        city = city.with_table(indicator.table, design.frame)
    maker = TableMaker(city, indicator, request, design, passes)
    levels = [CITY] if request.geography == CITY else [CITY, request.geography]
    column = area_column(city, indicator, request.geography)
    if request.crossed:
        return maker.arranged([maker.rows(maker.cells(request.by, column), levels, request.by, column)])
    parts = []  # one pass a factor: the finest cross of many factors would be far larger than what is asked for
    every = maker.cells((), column) if maker.kind == CELLS else None
    for subset in [(), *((factor,) for factor in request.by)]:
        at = "" if subset else column
        cells = maker.cells(subset, at) if every is None else every
        part = maker.rows(cells, [CITY] if subset else levels, subset, at)
        parts.append(part[part[subset[0]] != TOTAL] if subset else part)
    return maker.arranged(parts)


def largest_amounts(city: City, indicator: Indicator, request: Request) -> pd.DataFrame:
    """The two largest amounts behind each row of a request's table, by `estimate_id`: what a rule of dominance asks for.

    Returns
    -------
    DataFrame
        Index ``estimate_id``, columns ``largest`` and ``second``. It never leaves the protecting run.
    """
    maker = TableMaker(city, indicator, request, None, None)
    levels = [CITY] if request.geography == CITY else [CITY, request.geography]
    column = area_column(city, indicator, request.geography)
    subsets = [request.by] if request.crossed else [(), *((factor,) for factor in request.by)]
    parts = []
    for subset in subsets:
        at = column if request.crossed or not subset else ""
        cells = maker.cells(subset, at)
        axes = maker.axes(cells, levels if at or not column else [CITY], subset)
        margins = maker.margins(cells, axes, subset)
        found = domains.two_largest(city, indicator, maker.keys(subset, at), axes)[axes.rows_of(margins)]
        ids = maker.estimate_ids(margins)
        parts.append(pd.DataFrame(found, columns=["largest", "second"], index=pd.Index(ids, name="estimate_id")))
    joined = pd.concat(parts)
    return joined[~joined.index.duplicated()]


class TableMaker:
    """What stays the same while an indicator's table is made."""

    def __init__(
        self,
        city: City,
        indicator: Indicator,
        request: Request,
        design: SurveyDesign | None,
        passes: Passes | None,
    ):
        self.city, self.indicator, self.request, self.design = city, indicator, request, design
        self.passes = passes or Passes(city, [indicator])
        source = city.description.tables[indicator.table]
        self.kind = CELLS if source.grain == "cell" else SURVEY if source.weight or design is not None else REGISTER
        if self.kind == CELLS and indicator.measure in PERSON_MEASURES:
            raise NotPublishedError(
                f"{indicator.name!r} is a {indicator.measure}, which needs every person's own value, but table "
                f"{source.name!r} holds ready-made counts. Ask for it from a table of persons."
            )

    def keys(self, by: tuple[str, ...], column: str) -> engine.Keys:
        """What the pass groups by."""
        return engine.Keys(self.request.years, column, tuple(self.city.description.factors[name] for name in by))

    def cells(self, by: tuple[str, ...], column: str) -> pd.DataFrame:
        """Finest cells of a request; their areas are of the level in `attrs`, or of none."""
        city, indicator, request = self.city, self.indicator, self.request
        by = (*by, *request.standardise)
        if self.kind == CELLS:  # all of a published table's factors, to meet its own totals
            by = tuple(name for name, source in city.description.factors.items() if indicator.table in source.tables)
        cells = self.passes.cells(indicator, self.keys(by, column))
        missing = sorted(set(request.years) - set(cells["year"]))
        if missing:
            raise DatasetError(
                f"{indicator.name!r} has no rows for {', '.join(map(str, missing))} in table {indicator.table!r}. "
                "Deliver that year's file, or ask for the years there are."
            )
        if not column:
            return cells
        codes = set(cells[engine.AREA].unique()) - {UNPLACED}
        bases = [
            n
            for n, s in city.description.levels.items()
            if s.column == column and city.geography.nests(n, request.geography)
        ]
        base = next(
            (n for n in bases if codes <= city.geography.division(n).codes), bases[0]
        )  # one column, two vintages
        if self.kind == CELLS:  # the same code in two vintages is two areas: the year says which
            here = [s.level for s in city.description.levels.values() if s.column == column]
            if told := outside_vintage(city.geographies[base], here, request.years):
                raise DatasetError(f"table {indicator.table!r}, column {column!r}: {told}")
        strange = sorted(codes - (known := city.geography.division(base).codes))
        if strange:
            more = f" (and {len(strange) - 1} more)" if len(strange) > 1 else ""
            raise DatasetError(
                f"table {indicator.table!r}, column {column!r}: area code {strange[0]!r}{more} "
                f"{strange_code(strange[0], known, base)}"
            )
        cells.attrs["level"] = base
        return cells

    def rows(self, cells: pd.DataFrame, levels: list[str], subset: tuple[str, ...], column: str) -> pd.DataFrame:
        """Margins of cells with their figures, standardised where the request asks for it."""
        request, indicator, strata = self.request, self.indicator, list(self.request.standardise)
        by = (*subset, *strata)
        axes = self.axes(cells, levels, by)
        margins = self.margins(cells, axes, by)
        if indicator.measure == PUBLISHED:  # an area's figure is not the city's, though it be the only one there is
            columns = self.city.table(indicator.table).columns
            located = any(level.column in columns for level in self.city.description.levels.values())
            own = cells.attrs.get("level", "" if located else CITY)
            margins.loc[(margins["geography_level"] != own) & (margins["n"] == 1), "n"] = 2
        made, deviations = self.made(axes, margins, by, column)
        whole = whole_city(margins, by)
        table = estimate(
            margins,
            indicator,
            confidence=request.confidence,
            kind=self.kind,
            whole=whole,
            figures=made,
        )
        table["estimate_id"] = self.estimate_ids(table)
        if strata:
            keys = ["year", "geography_level", "geography", *request.by]
            within, crude = crude_rows(table, strata, request.by)
            figures, deviations = standardised(
                within,
                deviations,
                keys,
                strata,
                standard_population(within, strata, request.by),
                indicator,
                how=request.standardisation,
                kind=self.kind,
                confidence=request.confidence,
            )
            table = replace_figures(crude.drop(columns=strata), figures, keys)
            places = {tuple(row): i for i, row in enumerate(figures[keys].itertuples(index=False, name=None))}
            order = [places[row] for row in table[keys].itertuples(index=False, name=None)]
            deviations = [(sample, values[:, order]) for sample, values in deviations]
        for sample, values in deviations:
            known = ~np.isnan(values).all(axis=0)  # a year's sample knows its own year
            ids = np.array(table["estimate_id"])[known]
            covariances.keep(ids.tolist(), values[:, known], sample, np.array(table["value"])[known])
        return table

    def made(
        self, axes: Axes | Stacked, margins: Any, by: tuple[str, ...], column: str
    ) -> tuple[dict | None, Deviations]:
        """Figures that do not come from the sums (else None) and deviations, in the order of the margins' rows.

        Of several tables at once, `Stacked` and a list of their margins, deviations are not made.
        """
        request, indicator = self.request, self.indicator
        if self.kind == SURVEY:
            made = sampled.survey_figures(
                self.city,
                indicator,
                self.keys(by, column),
                axes,
                confidence=request.confidence,
                read=self.sample,
                drawn="given" if self.design is not None else "",
                jointly=isinstance(axes, Axes),
            )
        elif indicator.measure in PERSON_MEASURES:
            made = domains.register_figures(
                self.city,
                indicator,
                self.keys(by, column),
                axes,
                confidence=request.confidence,
                replicates=request.replicates,
                seed=request.seed,
            )
        elif request.replicates and self.kind == REGISTER and isinstance(axes, Axes):
            return None, [self.replicated(axes, margins, by, column)]
        else:
            return None, []
        return made.at(axes.rows_of(margins), scale_of(indicator))

    def sample(self, keys: engine.Keys) -> sampled.Sample:
        """A year's persons of the sample, and its design."""
        if self.design is None:
            return self.passes.sample(self.indicator, keys)
        return sampled.read_sample(self.city, [self.indicator], keys, self.design)[self.indicator.name]

    def replicated(self, axes: Axes, margins: pd.DataFrame, by: tuple[str, ...], column: str):
        """The margins' values in every replicate of the residents, as deviations."""
        request, indicator = self.request, self.indicator
        draws = {"replicates": request.replicates, "seed": request.seed}
        cells, *sums = replicate_cells(self.city, indicator, self.keys(by, column), **draws)
        parts = []
        for values in sums:
            rows, rolled = roll_up(cells, values, years=axes.years, areas=axes.areas, groups=axes.groups)
            place = pd.Series(np.arange(len(rows)), index=axes.rows_of(rows))
            parts.append(rolled[place.loc[axes.rows_of(margins)].to_numpy()].T)
        w, wy, *wx = parts
        with np.errstate(divide="ignore", invalid="ignore"):
            values = {
                "count": lambda: wy,
                "total": lambda: wy,
                "share": lambda: wy / wy[:, whole_city(margins, by)],
            }.get(indicator.measure, lambda: wy / (wx[0] if wx else w))()
        values = values * scale_of(indicator)
        # A group that some draw leaves empty has no value there: its covariance is not known, never smaller.
        return domains.sample_of(**draws), (values - values.mean(axis=0)) / np.sqrt(request.replicates - 1)

    def axes(self, cells: pd.DataFrame, levels: list[str], by: tuple[str, ...]) -> Axes:
        """The rows of the margins: levels and their areas, groups of the factors."""
        city, areas = self.city, {}
        for level in levels:
            if level == CITY:
                areas[level] = ([city.municipality], dict.fromkeys(cells[engine.AREA].unique(), city.municipality))
            else:
                inside = {**city.geography.between(cells.attrs["level"], level), UNPLACED: UNPLACED}
                unplaced = [UNPLACED] if (cells[engine.AREA] == UNPLACED).any() else []
                areas[level] = (sorted(city.geography.division(level).codes) + unplaced, inside)
        return Axes(self.request.years, areas, {name: self.group_codes(cells, name) for name in by})

    def group_codes(self, cells: pd.DataFrame, name: str) -> list[str]:
        """A factor's groups, and *unknown* where somebody is in it."""
        codes = self.city.factors[name].codes
        return codes + ([UNKNOWN] if UNKNOWN not in codes and (cells[name] == UNKNOWN).any() else [])

    def margins(self, cells: pd.DataFrame, axes: Axes, by: tuple[str, ...]) -> pd.DataFrame:
        """Cells rolled up to the levels and to all subsets of some factors, every combination present."""
        alike = {n for n, same in engine.ALIKE.items() if cells[n].equals(cells[same])}  # added up once
        names = [n for n in (*engine.SUMS, *engine.PER_SUMS, "hidden") if n in cells and n not in alike]
        collapse = {
            name: self.group_codes(cells, name) for name in self.city.factors if name in cells and name not in by
        }
        rows, sums = roll_up(
            cells, cells[names].to_numpy(), years=axes.years, areas=axes.areas, groups=axes.groups, collapse=collapse
        )
        texts = {name: _plain(rows[name]) for name in ("geography_level", "geography", *by)}
        others = {name: TOTAL for name in self.request.by if name not in by}
        return engine.with_alike(rows.assign(**texts, **dict(zip(names, sums.T, strict=True)), **others))

    def estimate_ids(self, table: pd.DataFrame) -> list[str]:
        """A key that says which figure this is, never how large."""
        request = self.request
        what = [self.city.name, self.indicator.name, ",".join(request.standardise), request.standardisation]
        if request.replicates:  # the same call without them knows no covariance, whatever was asked before
            what += [f"{request.replicates} replicates, seed {request.seed}"]
        start = _digest("|".join(map(str, what)))
        ids = np.full(len(table), start, np.uint64)
        for name in ["year", "geography_level", "geography", *request.by]:  # a digest a label, not a row; sums wrap
            places, labels = pd.factorize(table[name])
            ids += np.array([_digest(f"{start}|{name}|{label}") for label in labels], np.uint64)[places]
        text = ids.astype(">u8").tobytes().hex()
        return [text[i : i + 16] for i in range(0, len(text), 16)]

    def arranged(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        """Columns and rows in the order everyone expects: city first, areas by code, groups in print order."""
        city, request, table = self.city, self.request, pd.concat(parts, ignore_index=True)
        level = city.geographies.get(request.geography)
        table["indicator"] = self.indicator.name
        table["vintage"] = np.where(table["geography_level"] == CITY, "", level.vintage if level else "")
        unplaced = table["geography"] == UNPLACED
        ranks: list[Any] = [
            table["year"],
            table["geography_level"] != CITY,
            unplaced,
            pd.factorize(table["geography"], sort=True)[0],
        ]
        for name in request.by:
            places, labels = pd.factorize(table[name])
            printed = pd.Index([TOTAL, *(group.code for group in city.factors[name].groups)])
            ranks.append(printed.get_indexer(pd.Index(labels))[places])
        columns = [*IDENTITY, *request.by, *FIGURES, *DESCRIPTION]
        return table.iloc[np.lexsort(ranks[::-1])][columns].reset_index(drop=True)


def _plain(codes: pd.Series) -> ExtensionArray:
    """Categories as plain texts, looked up and not made one by one (`astype` takes fifteen times as long)."""
    return pd.array(codes.cat.categories.tolist(), dtype="str").take(codes.cat.codes.to_numpy())


def _digest(text: str) -> int:
    """64 bits of a text's hash."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def whole_city(margins: pd.DataFrame, by: tuple[str, ...]) -> np.ndarray:
    """For each row the position of the whole city's in the same year."""
    is_whole = (margins["geography_level"] == CITY) & (margins[list(by)] == TOTAL).all(axis=1)
    place = pd.Series(np.flatnonzero(is_whole), index=margins.loc[is_whole, "year"])
    place = place[~place.index.duplicated()]  # several tables in one each have it
    return place.loc[margins["year"]].to_numpy()


def area_column(city: City, indicator: Indicator, level: str) -> str:
    """The column of the indicator's table that holds areas of `level`, or of the nearest finer level."""
    if level == CITY:
        return ""
    import narwhals as nw

    columns = nw.from_native(city.table(indicator.table)).lazy().collect_schema().names()
    found = [
        (source.column, name)
        for name, source in city.description.levels.items()
        if source.column in columns and source.column and city.geography.nests(name, level)
    ]
    if not found:
        raise NotPublishedError(
            f"{indicator.name!r} has no areas of level {level!r}: table {indicator.table!r} holds "
            f"{', '.join(n for n, s in city.description.levels.items() if s.column in columns) or 'no areas'}."
        )
    return min(found, key=lambda pair: pair[1] != level)[0]


def has_areas(city: City, indicator: Indicator, level: str) -> bool:
    """Whether the indicator's table holds areas of `level`, or of a finer one."""
    try:
        return bool(area_column(city, indicator, level)) or level == CITY
    except NotPublishedError:
        return False
