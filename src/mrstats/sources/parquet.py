"""Parquet files as one DuckDB relation: nothing is read before it is asked for."""

from __future__ import annotations

from pathlib import Path

from mrstats.schema import DatasetError


def read_parquet(paths: list[Path]):
    """A DuckDB relation over Parquet files of one shape.

    Parameters
    ----------
    paths : list of Path
        At least one file; columns are matched by name.

    Raises
    ------
    DatasetError
        A file is empty or not Parquet; the message names it.
    """
    import duckdb

    for path in paths:
        if path.stat().st_size == 0:
            raise DatasetError(f"{path.name}: the file is empty (0 bytes). Deliver it again.")
    connection = duckdb.connect()
    # A Parquet file's minimum and maximum leave NaN out; DuckDB then takes isnan() for false and x < max for true.
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    try:
        return connection.read_parquet([str(path) for path in paths], union_by_name=True)
    except duckdb.Error as error:
        names = ", ".join(path.name for path in paths)
        raise DatasetError(f"{names}: cannot be read as Parquet ({str(error).splitlines()[0]}).") from None


def read_parquet_rows(path: Path):
    """One Parquet file as a pandas frame whose index is the row number, for checking."""
    read_parquet([path])  # the same errors as when it is opened
    import pandas as pd

    frame = pd.read_parquet(path)
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"))
