"""Queries of any engine: keys and sums as a sorted table, ended by Ctrl-C, with a word on stderr. It knows no indicator.

Written once with narwhals: the same call takes a DuckDB relation, pandas, Polars, or a warehouse table.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd


def aggregate(frame: Any, keys: dict[str, nw.Expr], sums: dict[str, nw.Expr]) -> pd.DataFrame:
    """Group a native frame by `keys` and add up `sums`.

    Parameters
    ----------
    frame : native frame
        pandas, Polars, DuckDB relation, PySpark … or a narwhals frame.
    keys, sums : dict of str to narwhals expression
        Output column -> what it is made from.

    Returns
    -------
    DataFrame
        One row per combination of keys that occurs, sorted by the keys, so that every engine answers alike. Keys of
        text are categories, a missing one is NaN and first.

    Examples
    --------
    >>> rows = pd.DataFrame({"sex": ["1", "2", "2"], "age": [10, 20, 30]})
    >>> aggregate(rows, {"sex": nw.col("sex")}, {"n": nw.lit(1), "age": nw.col("age")})
      sex    n   age
    0   1  1.0  10.0
    1   2  2.0  50.0
    """
    return in_order(added_up(frame, keys, sums), list(keys))


def added_up(
    frame: Any, keys: dict[str, nw.Expr], sums: dict[str, nw.Expr], counted: Sequence[str] = ()
) -> pd.DataFrame:
    """`aggregate` in the order the engine likes; what is 1 or missing may be `counted`, which costs it less."""
    picked = (
        nw.from_native(frame)
        .lazy()
        .select(
            *[expression.alias(name) for name, expression in keys.items()],
            *[expression.cast(nw.Float64).alias(name) for name, expression in sums.items()],
        )
    )
    totals = [(nw.col(name).count() if name in counted else nw.col(name).sum()).alias(name) for name in sums]
    cells = picked.group_by(*keys).agg(*totals) if keys else picked.select(*totals)
    result = collect(cells).to_pandas()
    for name in keys:  # one type of text whichever engine it was: sorted and named once a value, not once a cell
        if not pd.api.types.is_numeric_dtype(result[name]):
            codes, values = pd.factorize(result[name], sort=True)
            result[name] = pd.Categorical.from_codes(codes, pd.Index(values, dtype="str"))
    result[list(sums)] = result[list(sums)].astype(float).fillna(0.0)  # engines differ on the sum of nothing
    return result


def in_order(cells: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Cells sorted by columns of numbers or categories (in the categories' order), the sums of equal ones added up."""
    if not keys or cells.empty:
        return cells
    ranks = [_ranks(cells[name]) for name in keys]
    order = np.lexsort(ranks[::-1])
    new = np.append(True, np.any([rank[order[1:]] != rank[order[:-1]] for rank in ranks], axis=0))
    if new.all():
        return cells.iloc[order].reset_index(drop=True)
    first, sums = np.flatnonzero(new), [str(name) for name in cells if name not in keys]
    added = np.add.reduceat(cells[sums].to_numpy()[order], first, axis=0)
    held = cells.iloc[order[first]].reset_index(drop=True)
    held[sums] = added
    return held


def _ranks(column: pd.Series) -> np.ndarray:
    """Numbers that sort as the column does, in as few bytes as hold them: short ones sort by radix."""
    ranks = column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else pd.factorize(column, sort=True)[0]
    return np.asarray(ranks).astype(np.int16 if ranks.max() <= np.iinfo(np.int16).max else np.int64)


def collect(frame: nw.LazyFrame) -> nw.DataFrame:
    """Run a query so that Ctrl-C ends it: DuckDB hears nothing while it works, so it is told from beside."""
    connection: Any = getattr(nw.to_native(frame), "_con", None)
    if not hasattr(connection, "interrupt"):
        return frame.collect()
    with ThreadPoolExecutor(1) as beside:
        query = beside.submit(frame.collect)
        try:
            while not wait([query], timeout=0.2).done:
                pass
        except KeyboardInterrupt:
            connection.interrupt()
            raise
        return query.result()


_telling = threading.Lock()


@contextmanager
def progress(label: str, *, after: float = 5.0) -> Iterator[None]:
    """Tell on stderr how long a pass has taken, from `after` seconds on; the line is wiped when it ends.

    One inside another is silent: the outer line tells the time of both. Nothing is written before a pass is complete,
    so Ctrl-C leaves nothing behind.
    """
    if not _telling.acquire(blocking=False):
        yield
        return
    done = threading.Event()

    def tell() -> None:
        start, pause = time.monotonic(), after
        while not done.wait(pause):
            print(f"\r{label}: {time.monotonic() - start:.0f} s …", end="", file=sys.stderr, flush=True)
            pause = 1.0
        if pause != after:
            print("\r" + " " * (len(label) + 16) + "\r", end="", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        _telling.release()
