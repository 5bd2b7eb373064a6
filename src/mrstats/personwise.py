"""What sums of cells cannot give: order statistics and replicates, from persons' rows a year at a time. No interval.

Rows are fetched from any engine and never kept; on Spark the kernel travels to the rows instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.engine import AREA, Keys, named_keys, person_frame
from mrstats.measures.distribution import check_persons
from mrstats.queries import collect, progress
from mrstats.schema import TOTAL, DatasetError

CHUNK = 16_384
"""Persons whose replicates are drawn at once: bounds memory."""

BLOCK = 48_000_000
"""So many counts lie in memory at once, a byte each."""


def map_groups(
    frame: Any, by: str, columns: Mapping[str, nw.Expr], kernel: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Run one kernel on the rows of each value of a column, such as each year.

    Parameters
    ----------
    frame : native frame
        As `mrstats.queries.aggregate` takes it.
    by : str
        One of `columns`.
    columns : dict of str to narwhals expression
        What the kernel needs of a row; nothing else is fetched.
    kernel : callable
        DataFrame of rows -> DataFrame, columns and types the same for any rows, none included.

    Returns
    -------
    DataFrame
        The kernel's tables one under another, `by` first, in its order.

    Examples
    --------
    >>> rows = pd.DataFrame({"year": [2023, 2024, 2024], "income": [1.0, 2.0, 4.0]})
    >>> columns = {"year": nw.col("year"), "x": nw.col("income")}
    >>> map_groups(rows, "year", columns, lambda rows: pd.DataFrame({"median": [rows["x"].median()]}))
       year  median
    0  2023     1.0
    1  2024     3.0
    """
    picked = nw.from_native(frame).lazy().select(*[made.alias(name) for name, made in columns.items()])
    if picked.implementation.is_pyspark():
        return _on_spark(nw.to_native(picked), by, kernel)
    values = sorted(picked.select(nw.col(by)).unique().collect()[by].to_list())
    parts = []
    for value in values:
        rows = collect(picked.filter(nw.col(by) == value)).to_pandas()
        parts.append(_first(kernel(rows.drop(columns=by)), by, value))
    return pd.concat(parts, ignore_index=True)


def _on_spark(frame, by: str, kernel) -> pd.DataFrame:
    """The kernel runs where the rows are; only its tables come back."""
    names = {"i": "long", "f": "double", "b": "boolean"}

    def one(rows: pd.DataFrame) -> pd.DataFrame:
        table = _first(kernel(rows.drop(columns=by)), by, rows[by].iloc[0])
        texts = [name for name, kind in table.dtypes.items() if kind.kind not in names]
        return table.astype(dict.fromkeys(texts, object))  # Spark cannot read pandas' own type of text back

    like = _first(kernel(frame.limit(2).toArrow().to_pandas().drop(columns=by)), by, 0)
    schema = ", ".join(f"`{name}` {names.get(kind.kind, 'string')}" for name, kind in like.dtypes.items())
    done = frame.groupBy(by).applyInPandas(one, schema).toArrow().to_pandas()
    return done.sort_values(by, kind="stable", ignore_index=True)


def _first(table: pd.DataFrame, by: str, value) -> pd.DataFrame:
    return pd.concat([pd.Series(value, index=table.index, name=by), table], axis=1)


def order_statistics(
    values, weights=None, *, sets: Sequence[tuple[np.ndarray, int]], p: Sequence[float] = (0.1, 0.5, 0.9)
) -> list[dict[str, np.ndarray]]:
    """Quantiles, Gini and S80/S20 of every group of several divisions, from one sort by value.

    Parameters
    ----------
    values, weights : array_like, shape (n,)
        As `mrstats.measures.distribution`, whose figures these are, group by group.
    sets : list of (codes, size)
        A group number 0 … size−1 for each person, once per division.
    p : list of float
        Fractions of the quantiles.

    Returns
    -------
    list of dict
        Per division ``n`` (size,), ``quantiles`` (size, len(p)), ``gini`` and ``quintile_share_ratio`` (size,); NaN
        where they are not defined.

    Examples
    --------
    >>> found = order_statistics([1, 2, 3, 4, 10, 7], sets=[(np.array([0, 0, 0, 0, 0, 1]), 2)], p=[0.5])[0]
    >>> found["quantiles"][:, 0].tolist(), round(float(found["gini"][0]), 12), found["quintile_share_ratio"].tolist()
    ([3.0, 7.0], 0.4, [10.0, nan])
    """
    from mrstats.measures.kernels import side_by_side, streamed

    x, w, order = _by_value(values, weights)
    fractions = np.array(sorted({*p, 0.2, 0.8}), float)
    at = np.searchsorted(fractions, p)

    def one(division: tuple[np.ndarray, int]) -> dict[str, np.ndarray]:
        codes, size = division
        n, weight, total, ranked, bottom, top, quantiles = streamed(x, w, _short(codes, size)[order], size, fractions)
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "n": n,
                "quantiles": quantiles[:, at],
                "gini": np.where(total > 0, ranked / (weight * total) - 1, np.nan),
                "quintile_share_ratio": np.where(bottom > 0, top / bottom, np.nan),
            }

    return side_by_side(one, sets)


def _by_value(values, weights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and weights of those who weigh anything, by value, and where they stood."""
    x, w = check_persons(values, weights)
    order = np.argsort(x)  # not stable: persons of one value may stand in any order, and it is four times faster
    order = order[w[order] > 0]
    return x[order], w[order], order


def gini_replicates(
    values,
    persons: np.ndarray,
    weights=None,
    *,
    sets: Sequence[tuple[np.ndarray, int]],
    replicates: int = 500,
    seed: int = 1,
) -> list[np.ndarray]:
    """The Gini of every group of several divisions in each Poisson replicate of the persons.

    Parameters
    ----------
    values, weights, sets
        As `order_statistics` takes them.
    persons : ndarray of int or str, shape (n,)
        Person numbers: the same person is drawn as often in every group, division and year (`poisson_counts`).
    replicates, seed : int

    Returns
    -------
    list of ndarray, shape (size, replicates)
        Per division; NaN in a replicate that drew nobody of the group, or nobody who has anything.

    Notes
    -----
    How to read it: the spread of a row is what chance does to that group's Gini, and the spread of two rows'
    difference what it does to the difference. Their 2.5th and 97.5th percentiles are a 95 % interval (Efron 1982;
    Poisson weights: Chamandy et al. 2012); in small groups it is too narrow.

    Examples
    --------
    >>> income = np.arange(1.0, 401)
    >>> found = gini_replicates(income, np.arange(400), sets=[(np.zeros(400, int), 1)], replicates=200)[0]
    >>> lower, upper = np.quantile(found[0], [0.025, 0.975])
    >>> bool(lower < 0.3325 < upper), found.shape                  # of 1 … n: (n − 1) / 3n
    (True, (1, 200))
    """
    from mrstats.measures.kernels import replicated_ginis, side_by_side

    x, w, order = _by_value(values, weights)
    keys = person_hash(np.asarray(persons)[order], seed)
    lists = side_by_side(lambda division: _listed(_short(*division)[order], division[1]), sets)
    found = [np.empty((size, replicates)) for _, size in sets]
    step = min(
        replicates, max(min(BLOCK // max(len(x), 1) // 2 * 2, 128), 16)
    )  # 128: a group's sums fit the nearest cache
    for first in range(0, replicates, step):
        counts = _drawn(keys, first, min(step, replicates - first))

        def one(part, counts=counts, first=first) -> None:
            (listed, starts), result = part
            replicated_ginis(x, w, counts, listed, starts, result[:, first : first + counts.shape[1]])

        side_by_side(one, zip(lists, found, strict=True))
    return found


def _short(codes: np.ndarray, size: int) -> np.ndarray:
    """Group numbers in as few bytes as hold them: they are fetched in the order of values, and sorted by radix."""
    return np.asarray(codes).astype(np.uint16 if size <= np.iinfo(np.uint16).max else np.int64)


def _listed(codes: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Persons group by group, in their own order, and where each group starts."""
    starts = np.append(0, np.cumsum(np.bincount(codes, minlength=size)))
    return np.argsort(codes, kind="stable"), starts


def distribution_table(
    rows: pd.DataFrame, *, sets: Sequence[Sequence[str]], p: Sequence[float] = (0.1, 0.5, 0.9)
) -> pd.DataFrame:
    """A kernel for `map_groups`: `order_statistics` of column ``x`` (weights ``w`` if there) by sets of other columns.

    Returns
    -------
    DataFrame
        A row per group that occurs: the columns of all sets (``_T`` where a set does not use one), ``n``, ``p10`` …,
        ``gini``, ``quintile_share_ratio``.

    Examples
    --------
    >>> rows = pd.DataFrame({"x": [1.0, 2.0, 3.0], "sex": ["men", "women", "women"]})
    >>> distribution_table(rows, sets=[(), ("sex",)], p=[0.5])[["sex", "n", "p50"]].values.tolist()
    [['_T', 3, 2.0], ['men', 1, 1.0], ['women', 2, 2.5]]
    """
    rows = rows[rows["x"].notna()]
    names = list(dict.fromkeys(name for chosen in sets for name in chosen))
    codes = {name: pd.factorize(rows[name].astype("str"), sort=True) for name in names}
    shapes = [tuple(len(codes[name][1]) for name in chosen) for chosen in sets]
    combined = [
        np.ravel_multi_index([codes[name][0] for name in chosen], shape) if chosen else np.zeros(len(rows), int)
        for chosen, shape in zip(sets, shapes, strict=True)
    ]
    sizes = [int(np.prod(shape, dtype=int)) for shape in shapes]
    weights = rows["w"].to_numpy() if "w" in rows else None
    found = order_statistics(rows["x"].to_numpy(), weights, sets=list(zip(combined, sizes, strict=True)), p=p)
    parts = []
    for chosen, shape, part in zip(sets, shapes, found, strict=True):
        held = np.flatnonzero(part["n"])
        at = np.unravel_index(held, shape) if chosen else ()
        table = pd.DataFrame({name: np.full(len(held), TOTAL, object) for name in names})
        for name, position in zip(chosen, at, strict=True):
            table[name] = codes[name][1][position]
        table["n"] = part["n"][held]
        for i, fraction in enumerate(p):
            table[f"p{100 * fraction:g}"] = part["quantiles"][held, i]
        for name in ("gini", "quintile_share_ratio"):
            table[name] = part[name][held]
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def poisson_counts(persons: np.ndarray, replicates: int, *, seed: int) -> np.ndarray:
    """How often each person is drawn in each replicate: Poisson with mean 1, from a hash of person and replicate.

    Parameters
    ----------
    persons : ndarray of int or str, shape (n,)
        Person numbers. The same person gets the same counts in every year, group, chunk and engine.
    replicates : int
    seed : int

    Returns
    -------
    ndarray of uint8, shape (n, replicates)

    Examples
    --------
    >>> counts = poisson_counts(np.arange(2000), 100, seed=1)
    >>> bool(abs(counts.mean() - 1) < 0.01), bool(abs(counts.var() - 1) < 0.02)
    (True, True)
    >>> bool((poisson_counts(np.array([7, 3]), 100, seed=1) == counts[[7, 3]]).all())
    True
    """
    return _drawn(person_hash(persons, seed), 0, replicates)


def _drawn(keys: np.ndarray, first: int, replicates: int) -> np.ndarray:
    """Counts of hashed persons in `replicates` replicates from number `first` on, which is even."""
    from mrstats.measures.kernels import draws, side_by_side

    steps = np.cumsum(np.exp(-1.0) / np.cumprod([1, *range(1, 13)])) * 2**32  # Poisson's distribution, in 32 bits
    thresholds = steps[steps <= 2**32 - 1].astype(np.uint32)
    counts = np.empty((len(keys), replicates), np.uint8)
    parts = [slice(start, start + CHUNK) for start in range(0, len(keys), CHUNK)]
    side_by_side(lambda part: draws(keys[part], first, thresholds, counts[part]), parts)
    return counts


def person_hash(persons: np.ndarray, seed: int) -> np.ndarray:
    """64 even bits (n,) for each person number (n,), the same on any machine.

    Examples
    --------
    >>> found = person_hash(np.array([7, 7, 8]), seed=1)
    >>> found[0] == found[1], found[0] == found[2]
    (np.True_, np.False_)
    """
    if persons.dtype.kind not in "iu":
        persons = pd.util.hash_array(persons.astype(str).astype(object), categorize=False)
    with np.errstate(over="ignore"):
        return _mixed(persons.astype(np.uint64) + _mixed(np.array([seed], np.uint64)))


def _mixed(z: np.ndarray) -> np.ndarray:
    """The finish of splitmix64 (Steele, Lea & Flood 2014)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def replicate_cells(
    city: City, indicator: Indicator, keys: Keys, *, replicates: int = 200, seed: int = 1, chunk: int = CHUNK
) -> tuple[Any, ...]:
    """The cells of `mrstats.engine.indicator_cells` in each replicate of the persons.

    Parameters
    ----------
    city, indicator, keys
        See there; the indicator's table must have persons and name their number.
    replicates, seed : int
        The same seed gives the same replicates, whatever the engine, the order of rows or `chunk`.
    chunk : int
        Persons at once.

    Returns
    -------
    DataFrame, c rows
        ``year``, ``area_`` and the factors, as `indicator_cells` orders them.
    w, wy, wx : ndarray, shape (c, replicates)
        Their sums (wx where the indicator has `per`); `mrstats.rollup.roll_up` makes the margins, in the order of the
        table's rows, so that any difference, ratio or change of estimates has its true covariance.

    Examples
    --------
    >>> import mrstats as mr
    >>> city = mr.tiny_city()
    >>> cells, w, wy = replicate_cells(city, city.indicator("employment"), Keys((2024,), "area", ()), replicates=50)
    >>> len(cells), w.shape, bool((wy <= w).all())
    (4, (4, 50), True)
    """
    done = []
    with progress(f"{indicator.name}, {replicates} replicates"):
        for rows in _persons(city, indicator, keys):
            names = [name for name in rows if name not in ("person_", "w", "wy", "wx")]
            ranks = [rows[name].cat.codes if rows[name].dtype == "category" else rows[name] for name in names]
            order = np.lexsort([rows["person_"], *ranks[::-1]])  # one order of adding up, whatever the rows' own
            rows = rows.iloc[order].reset_index(drop=True)
            new = (rows[names] != rows[names].shift()).any(axis=1).to_numpy()
            cell = np.cumsum(new) - 1
            made = [name for name in ("w", "wy", "wx") if name in rows]
            sums = np.zeros((len(made), new.sum(), replicates))
            for start in range(0, len(rows), chunk):
                part = slice(start, start + chunk)
                counts = poisson_counts(rows["person_"].to_numpy()[part], replicates, seed=seed)
                held, starts = np.unique(cell[part], return_index=True)
                for into, name in zip(sums, made, strict=True):
                    into[held] += np.add.reduceat(counts * rows[name].to_numpy()[part, None], starts, axis=0)
            done.append((rows.loc[new, names], *sums))
    cells, *every = zip(*done, strict=True)
    table = pd.concat([part.astype({AREA: "str"}) for part in cells], ignore_index=True).astype({AREA: "category"})
    return table, *map(np.concatenate, every)


def _persons(city: City, indicator: Indicator, keys: Keys) -> Iterator[pd.DataFrame]:
    """Keys, person, w and wy of every person, a year at a time."""
    source = city.description.tables[indicator.table]
    if source.grain != "person" or not source.person:
        raise DatasetError(
            f'replicates of {indicator.name!r} need persons: [tables.{source.name}] must have grain = "person" and '
            "person = the column of their number."
        )
    for year in keys.years:
        frame, by, sums = person_frame(city, indicator, Keys((year,), keys.area_column, keys.factors))
        made = {**by, "person_": nw.col(source.person), "w": sums.get("w", sums["n"]), "wy": sums["wy"]}
        made |= {"wx": sums["wx"]} if "wx" in sums else {}
        rows = collect(frame.select(*[expression.alias(name) for name, expression in made.items()])).to_pandas()
        rows = named_keys(rows.assign(n=1), keys, frame).drop(columns="n")
        if len(rows):
            yield rows
