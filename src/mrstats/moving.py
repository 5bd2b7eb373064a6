"""A crosswalk at work on frames of counts: every area once, every person kept, the error learnt from a hold-out.

It makes no value and no interval of a table; `mrstats.harmonising` does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrstats.crosswalk import ESTIMATED, METHODS, Crosswalk
from mrstats.geography import Division
from mrstats.measures import transfer
from mrstats.polygons import named
from mrstats.schema import (
    CANNOT_EXIST,
    INTERPOLATED,
    NOT_COLLECTED,
    UNPLACED,
    UNRELIABLE,
    DatasetError,
    MrstatsError,
    factor_columns,
)
from mrstats.vintages import strange_code

PERSONS = ("n", "population", "count", "affected")
"""Columns of a table that are counts of persons and can be moved; everything else is made anew from them."""

SHARES = (("count", "population"), ("numerator", "denominator"))
"""Pairs of columns whose share is made anew, never moved."""

MASS = 1e-9
"""Largest relative difference between a total before and after that is rounding in the sums."""

HOLDOUT, UNMEASURED = "holdout", "unmeasured"
"""Last word of `method` of an estimated figure: whether a hold-out measured the error of the move."""

Known = tuple[pd.DataFrame, pd.DataFrame]
"""Counts on the source division, and the same counts on the target division."""


class Move:
    """A crosswalk made ready for arrays: places instead of codes, and the factors that the hold-out told."""

    def __init__(self, way: Crosswalk, *, peopled: bool, known: Known | None, confidence: float):
        self.way, self.confidence, self.peopled = way, confidence, peopled
        self.sources = [*sorted(way.source.codes), UNPLACED]
        self.targets = [*sorted(way.target.codes), UNPLACED]
        pairs = way.pairs
        self.pairs = (
            pd.Index(self.sources).get_indexer(pd.Index(pairs["source"])),
            pd.Index(self.targets).get_indexer(pd.Index(pairs["target"])),
            pairs["share"].to_numpy(float),
        )
        rank = np.full(len(self.targets), -1)
        np.maximum.at(rank, self.pairs[1], pairs["method"].map(METHODS.index).to_numpy(int))
        self.reached = rank >= 0
        self.method = np.array(METHODS, object)[np.maximum(rank, 0)]
        self.estimated = np.isin(self.method, ESTIMATED)
        self.factors: dict[str, tuple[np.ndarray, int]] = {}
        if known is not None:
            self._learn(known)

    def block(self, frame: pd.DataFrame, dimensions: list[str], division: Division, areas: list[str]):
        """Rows in the order combination × area, every area present once: the combinations, and the frame so ordered."""
        at = area_column(frame, division)
        frame = frame.assign(**{at: frame[at].astype(str)})
        _check_codes(frame, at, division)
        combinations = frame[dimensions].drop_duplicates(ignore_index=True)
        if not dimensions:
            combinations = pd.DataFrame(index=[0])
        every = combinations.merge(pd.DataFrame({at: areas}), how="cross")
        twice = frame.duplicated([*dimensions, at])
        if twice.any():
            raise DatasetError(
                f"area {frame[at][twice].iloc[0]!r} stands twice in one combination of {', '.join(dimensions) or 'nothing'}. "
                "Keep one row, or make text of the columns that tell rows apart."
            )
        joined = every.merge(frame, on=[*dimensions, at], how="left", indicator="_found")
        missing = (joined["_found"] == "left_only") & (joined[at] != UNPLACED)
        if missing.any():
            first = joined[missing].iloc[0]
            where = ", ".join(f"{name} {first[name]}" for name in dimensions)
            raise DatasetError(
                f"areas without a row{' for ' + where if where else ''}: {named(joined[at][missing].unique())}. Give them "
                "one: 0 where nobody is, missing where it is not known."
            )
        absent = joined["_found"] == "left_only"
        return combinations, joined.drop(columns="_found"), absent.to_numpy()

    def cube(self, joined: pd.DataFrame, absent: np.ndarray, columns: Sequence[str], areas: int) -> np.ndarray:
        """Counts as areas × (combination, column); nobody is unplaced where the frame has no such row."""
        values = np.where(absent[:, None], 0.0, joined[list(columns)].to_numpy(float))
        if (values < 0).any():
            raise DatasetError(f"a count is below 0 ({values[values < 0][0]:g}). Counts of persons are 0 or more.")
        return values.reshape(-1, areas, len(columns)).transpose(1, 0, 2).reshape(areas, -1)

    def moved(self, cube: np.ndarray) -> np.ndarray:
        """The counts on the target areas, all of them."""
        result = transfer.transfer(cube, *self.pairs, targets=len(self.targets))
        before, after = cube.sum(axis=0), result.sum(axis=0)
        known = ~np.isnan(before)
        if not np.allclose(before[known], after[known], rtol=MASS, atol=MASS):
            raise MrstatsError(f"{before[known].sum():g} persons before and {after[known].sum():g} after the move.")
        return result

    def spread(self, cube: np.ndarray) -> np.ndarray:
        return transfer.split_spread(cube, *self.pairs, targets=len(self.targets))

    def _learn(self, known: Known) -> None:
        """Factors of the hold-out's columns and of its share, from a count known on both divisions."""
        on_source, on_target = (
            counted(frame, division) for frame, division in zip(known, (self.way.source, self.way.target), strict=True)
        )
        columns = [name for name in counts_of(on_source, self.way.source) if name in on_target]
        dimensions = dimensions_of(on_source, self.way.source, columns)
        if not columns:
            held = " and ".join(f"{', '.join(map(str, frame))}" for frame in known)
            raise DatasetError(f"known= has no count that both frames hold; they hold {held}.")
        if lacking := [name for name in dimensions if name not in on_target]:
            raise DatasetError(
                f"known= has {', '.join(lacking)} on the source division only. Give both frames the same columns."
            )
        cubes, combinations = {}, {}
        for side, frame, division, areas in (
            ("source", on_source, self.way.source, self.sources),
            ("target", on_target, self.way.target, self.targets),
        ):
            ordered = frame.sort_values(dimensions) if dimensions else frame
            combinations[side], joined, absent = self.block(ordered, dimensions, division, areas)
            cubes[side] = self.cube(joined, absent, columns, len(areas))
        if combinations["source"].values.tolist() != combinations["target"].values.tolist():
            raise DatasetError(f"known= has other {', '.join(dimensions)} on the source than on the target division.")
        error, spread = (
            made.reshape(len(self.targets), -1, len(columns))
            for made in (self.moved(cubes["source"]) - cubes["target"], self.spread(cubes["source"]))
        )
        true = cubes["target"].reshape(error.shape)
        for place, name in enumerate(columns):
            self._keep(name, error[..., place], spread[..., place])
        for above, below in SHARES:
            if above in columns and below in columns:
                a, b = columns.index(above), columns.index(below)
                share = true[..., a] / np.where(true[..., b] > 0, true[..., b], np.nan)
                self._keep(f"{above}/{below}", error[..., a] - share * error[..., b], spread[..., b])

    def _keep(self, name: str, error: np.ndarray, spread: np.ndarray) -> None:
        placed = np.array(self.targets)[:, None] != UNPLACED  # nothing is learnt from the unplaced
        try:
            factor, df = transfer.holdout_factor(error * placed, spread * placed)
        except ValueError:
            return  # all of it is exact
        if factor.max() < MASS:
            raise MrstatsError(
                f"known= {name!r} comes out exactly right, so the weights are made of it and it tells no error. Give the count "
                "of another year."
            )
        self.factors[name] = factor, df

    def error(self, name: str, spread: np.ndarray) -> tuple[np.ndarray, float]:
        """Standard error of the move of a column and the t of its interval; of the worst column where its own is not known.

        `spread` has a row for each combination and target area.
        """
        nothing = np.full(len(self.targets), np.nan), 1
        worst = max(self.factors.values(), key=lambda learnt: learnt[0].min(), default=nothing)
        factor, df = self.factors.get(name, worst)
        repeated = np.tile(factor, len(spread) // len(factor))
        return np.where(spread > 0, repeated * spread, 0.0), _t_quantile(self.confidence, df)

    def methods(self, repeats: int) -> tuple[np.ndarray, np.ndarray]:
        """Method of each row, and whether it is an estimate, in the order combination × area."""
        measured = HOLDOUT if self.factors else UNMEASURED
        words = np.where(self.estimated, self.method + f" {measured}", self.method)
        return np.tile(words, repeats), np.tile(self.estimated, repeats)

    def statuses(self, joined: pd.DataFrame, absent: np.ndarray, unknown: np.ndarray) -> list[set[str]]:
        """Status codes of each row: those of what it is made of, ``i`` where it is an estimate, ``x`` where nothing reaches."""
        groups = len(joined) // len(self.sources)
        made: list[set[str]] = [{INTERPOLATED} if e else set() for e in np.tile(self.estimated, groups)]
        if "status" in joined:
            codes = joined["status"].fillna("").to_numpy(object)
            codes[absent] = ""
            into = pd.Series(self.pairs[1]).groupby(self.pairs[0]).agg(list).to_dict()
            for row in np.flatnonzero(codes != ""):
                group, area = divmod(row, len(self.sources))
                for place in into.get(area, ()):
                    made[group * len(self.targets) + place] |= set(codes[row].split()) - {UNRELIABLE, CANNOT_EXIST}
        if not self.peopled:
            for row in np.flatnonzero(~np.tile(self.reached, groups)):
                made[row] = {NOT_COLLECTED}
        for row in np.flatnonzero(unknown):
            made[row] |= set() if made[row] - {INTERPOLATED} else {NOT_COLLECTED}
        return made

    def long(self, cube: np.ndarray, columns: int) -> np.ndarray:
        """Areas × (combination, column) as rows combination × area; where nothing reaches, nothing is known."""
        cube = np.where(self.reached[:, None] | self.peopled, cube, np.nan)
        cube[-1] = np.where(self.reached[-1], cube[-1], 0.0)
        return cube.reshape(len(self.targets), -1, columns).transpose(1, 0, 2).reshape(-1, columns)

    def rows(self, combinations: pd.DataFrame) -> pd.DataFrame:
        """The identity of each row: level, area, vintage and the combination."""
        made = combinations.merge(pd.DataFrame({"geography": self.targets}), how="cross")
        made.insert(0, "geography_level", self.way.target.level.name)
        made.insert(1, "vintage", self.way.target.vintage)
        return made


def counted(frame: pd.DataFrame, division: Division) -> pd.DataFrame:
    """A table of `break_down` as a frame: the counts of the division's areas. A frame stays as it is."""
    if "estimate_id" not in frame:
        return frame
    own = frame[frame["geography_level"] == division.level.name]
    return own[["geography", "indicator", "year", *factor_columns(own), *PERSONS]]


def area_column(frame: pd.DataFrame, division: Division) -> str:
    """The column of area codes of a frame."""
    for name in ("geography", division.level.name, "code"):
        if name in frame:
            return name
    raise DatasetError(
        f"the counts have no column of areas: 'geography', {division.level.name!r} or 'code'. They have {', '.join(map(str, frame))}."
    )


def counts_of(frame: pd.DataFrame, division: Division) -> list[str]:
    """The columns of a frame that are counts: numbers, but for the year."""
    numbers = frame.select_dtypes("number").columns
    return [name for name in numbers if name not in ("year", area_column(frame, division))]


def dimensions_of(frame: pd.DataFrame, division: Division, counts: list[str]) -> list[str]:
    """The columns of a frame that tell its rows apart, beside the area."""
    others = {area_column(frame, division), "status", "geography_level", "vintage", *counts}
    numbers = set(frame.select_dtypes("number").columns) - {"year"}
    return [name for name in map(str, frame) if name not in others | numbers]


def _check_codes(frame: pd.DataFrame, at: str, division: Division) -> None:
    strange = sorted(set(frame[at].astype(str)) - division.codes - {UNPLACED})
    if strange:
        more = f" (and {len(strange) - 1} more)" if len(strange) > 1 else ""
        raise DatasetError(
            f"area code {strange[0]!r}{more} {strange_code(strange[0], division.codes, division.level.name)}"
        )


def _t_quantile(confidence: float, df: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + confidence) / 2))
