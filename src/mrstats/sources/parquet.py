"""Parquet files as one DuckDB relation: nothing is read before it is asked for."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mrstats.schema import DatasetError

MEMORY = "2GB"
"""More than this a query spills to disk; a pass over 36 million persons needs a quarter of it."""


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
    # What does not fit in memory is spilt to a folder of the system's own, never beside the user's work.
    spill = str(Path(tempfile.gettempdir(), "mrstats"))
    settings = {"memory_limit": MEMORY, "preserve_insertion_order": False, "temp_directory": spill}
    connection = duckdb.connect(config=settings)  # type: ignore[arg-type]
    # A Parquet file's minimum and maximum leave NaN out; DuckDB then takes isnan() for false and x < max for true.
    connection.execute("SET enable_progress_bar = false")  # `mrstats.queries.progress` tells
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
