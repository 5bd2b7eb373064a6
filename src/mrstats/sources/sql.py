"""A table of any SQL database as an Ibis table: the database adds up, and persons stay where they are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from mrstats.schema import DatasetError


def read_sql_table(table: str, *, database: str, folder: Path):
    """One table or view of a database, lazily.

    Parameters
    ----------
    table : str
        Its name, with a schema before it if need be (``register.persons``).
    database : str
        The address, such as ``duckdb://city.duckdb`` (a file in `folder`, opened for reading only) or
        ``postgres://host/name``; or ``$NAME``, an environment variable that holds it. A password stands in the variable
        alone.
    folder : Path
        The dataset's folder.

    Returns
    -------
    ibis.Table

    Raises
    ------
    DatasetError
        No such variable, file, table or driver, or a password in dataset.toml. The message never repeats an address
        from a variable.
    """
    try:
        import ibis
    except ImportError:
        raise DatasetError('a table by SQL needs Ibis. Install it with `pip install "mrstats[sql]"`.') from None
    address = _address(database, folder)
    schema, _, name = table.rpartition(".")
    try:
        return ibis.connect(address).table(name, database=schema or None)
    except Exception as error:  # every backend of Ibis has errors of its own
        why = "" if database.startswith("$") else f" ({' '.join(str(error).split())[:200]})"
        raise DatasetError(
            f"table {table!r} cannot be opened in database {database!r}: {type(error).__name__}{why}. Correct the name, or the address."
        ) from None


def _address(database: str, folder: Path) -> str:
    if database.startswith("$"):
        address = os.environ.get(database[1:], "")
        if not address:
            raise DatasetError(
                f"database = {database!r}: the environment variable {database[1:]} is not set. Let it hold the address, "
                'such as "postgres://user:password@host/name".'
            )
    else:
        address = database
        if urlsplit(address).password or re.search(r"password|pwd", address, re.IGNORECASE):
            raise DatasetError(
                'database holds a password. Put the address in an environment variable, and write database = "$ITS_NAME".'
            )
    kind, _, path = address.partition("://")
    if kind == "sqlite":
        raise DatasetError(
            f"database = {database!r}: SQLite has no truth values, and cannot add up all that is asked. Copy the table into a "
            "DuckDB file."
        )
    if kind != "duckdb":
        return address
    file = folder / path
    if not file.exists():
        raise DatasetError(
            f"database = {database!r}: there is no file {file.name} in {file.parent.name}/. Put it there."
        )
    return f"duckdb://{file}?read_only=True"
