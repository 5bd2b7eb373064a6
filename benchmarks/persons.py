"""Order statistics and replicates (G3, G4) beside pandas and DuckDB, and the cube on Spark beside its own (G8)."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.data import COLUMNS, bench_city, hierarchy
from mrstats import engine
from mrstats.personwise import gini_replicates, order_statistics

DIVISIONS = [
    *(("city", *chosen) for size in range(3) for chosen in itertools.combinations(COLUMNS, size)),
    *((level, *chosen) for level in ("district", "regso", "deso") for chosen in [(), *((name,) for name in COLUMNS)]),
]
"""26 divisions into 3 765 groups: the city by up to two factors, smaller areas by up to one."""


def divisions(frame: pd.DataFrame) -> list[tuple[np.ndarray, int]]:
    groups = [frame.groupby(list(chosen), observed=True) for chosen in DIVISIONS]
    return [(each.ngroup().to_numpy(), each.ngroups) for each in groups]


def by_apply(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """As a notebook would: one function of a group's incomes, sorted once."""

    def summary(income: pd.Series) -> pd.Series:
        x = np.sort(income.to_numpy())
        n, total = len(x), x.sum()
        low, middle, high, fifth, top = np.quantile(x, [0.1, 0.5, 0.9, 0.2, 0.8], method="averaged_inverted_cdf")
        gini = 2 * np.dot(np.arange(1, n + 1), x) / (n * total) - (n + 1) / n
        return pd.Series([low, middle, high, gini, x[x > top].sum() / x[x <= fifth].sum()])

    return [frame.groupby(list(chosen), observed=True)["income"].apply(summary).unstack() for chosen in DIVISIONS]


def by_windows(frame: pd.DataFrame) -> Callable[[], None]:
    import duckdb

    connection = duckdb.connect()
    columns = ["income", "city", "district", "regso", "deso", *COLUMNS]
    texts = frame[columns].astype(dict.fromkeys(columns[1:], "str"))
    connection.execute("CREATE TABLE persons AS SELECT * FROM texts")
    assert len(texts)

    def run() -> None:
        for chosen in DIVISIONS:
            keys = ", ".join(chosen)
            ranked = (
                f"SELECT {keys}, income, row_number() OVER (PARTITION BY {keys} ORDER BY income) AS k, "
                f"count(*) OVER (PARTITION BY {keys}) AS n FROM persons"
            )
            connection.sql(
                f"SELECT {keys}, quantile_disc(income, [0.1, 0.5, 0.9]), "
                "2 * sum(k * income) / (any_value(n) * sum(income)) - (any_value(n) + 1) / any_value(n), "
                "sum(income) FILTER (k > 0.8 * n) / sum(income) FILTER (k <= 0.2 * n) "
                f"FROM ({ranked}) GROUP BY {keys}"
            ).fetchall()

    return run


def order_cases(frame: pd.DataFrame) -> dict[str, Callable]:
    x, sets = frame["income"].to_numpy(), divisions(frame)
    ours, theirs = order_statistics(x, sets=sets), by_apply(frame)
    for mine, other in zip(ours, theirs, strict=True):  # the same answers, before any clock starts
        np.testing.assert_allclose(mine["quantiles"], other.to_numpy()[:, :3], rtol=1e-9)
        np.testing.assert_allclose(mine["gini"], other.to_numpy()[:, 3], rtol=1e-9)
        np.testing.assert_allclose(mine["quintile_share_ratio"], other.to_numpy()[:, 4], rtol=1e-9)
    return {
        "mrstats: P10 P50 P90, Gini, S80/S20": lambda: order_statistics(x, sets=sets),
        "pandas groupby.apply": lambda: by_apply(frame),
        "DuckDB windows": by_windows(frame),
    }


def replicate_case(frame: pd.DataFrame) -> Callable:
    x, persons, sets = frame["income"].to_numpy(), frame["person_id"].to_numpy(), divisions(frame)

    def intervals() -> None:
        for found in gini_replicates(x, persons, sets=sets, replicates=500):
            np.quantile(found, [0.025, 0.975], axis=1)

    intervals()  # compiled, if it never was
    return intervals


def has_spark() -> bool:
    return importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None


def spark_cases(path: Path, years: int, full_cube: Callable) -> dict[str, Callable]:
    """Ours with Spark as the engine, and Spark's own 64 grouping sets, rows from the same file."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # read when the session starts
    settings = {"spark.ui.enabled": "false", "spark.log.level": "ERROR", "spark.driver.memory": "4g"}
    settings |= {"spark.sql.shuffle.partitions": "2"}
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    persons = session.read.parquet(str(path))
    here = bench_city(path, years)
    there = here.with_table("persons", persons)
    keys = engine.Keys(tuple(here.description.years), "deso", tuple(here.description.factors[name] for name in COLUMNS))
    cells, others = (engine.indicator_cells(city, city.indicators["income"], keys) for city in (here, there))
    pd.testing.assert_frame_equal(cells[["year", "area_", *COLUMNS]], others[["year", "area_", *COLUMNS]])
    for name in engine.SUMS:
        np.testing.assert_allclose(others[name], cells[name], rtol=1e-12)
    places = pd.DataFrame({level: upward for level, (_, upward) in hierarchy().items()})
    session.createDataFrame(places.to_dict("records")).createOrReplaceTempView("places")
    persons.createOrReplaceTempView("persons")
    age = "CASE WHEN age <= 15 THEN 0 WHEN age <= 29 THEN 1 WHEN age <= 44 THEN 2 WHEN age <= 64 THEN 3 ELSE 4 END"
    rows = (
        f"SELECT year, city, district, regso, p.deso, sex, {age} AS age, education, born, income "
        "FROM persons p JOIN places a ON p.deso = a.deso"
    )
    sets = [
        f"({', '.join(['year', level, *chosen])})"
        for level in hierarchy()
        for size in range(5)
        for chosen in itertools.combinations(COLUMNS, size)
    ]
    query = (
        f"SELECT year, city, district, regso, deso, sex, age, education, born, count(*) AS n, sum(income) AS s, "
        f"sum(income * income) AS s2 FROM ({rows}) GROUP BY GROUPING SETS ({', '.join(sets)})"
    )
    return {
        "mrstats on Spark local[2]: finest, roll-up": lambda: full_cube(there, intervals=False),
        "Spark's own GROUPING SETS, 64": lambda: session.sql(query).toArrow(),
    }
