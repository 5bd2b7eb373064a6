"""`python -m benchmarks [--large] [--quick]`: interleaved runs, medians, and the ratios that docs/performance.md states.

One "full cube" is 4 levels of areas × 16 subsets of four factors × year: 64 grouping sets.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.data import COLUMNS, bench_city, hierarchy, write_persons
from benchmarks.persons import has_spark, order_cases, replicate_case, spark_cases
from mrstats import engine
from mrstats.estimates import estimate
from mrstats.rollup import roll_up

LEVELS = ["city", "district", "regso", "deso"]
SETS = [(level, *chosen) for level in LEVELS for size in range(5) for chosen in itertools.combinations(COLUMNS, size)]


def interleaved(cases: dict[str, Callable], rounds: int) -> dict[str, float]:
    """Median seconds of each case; the rounds go through all of them in turn, so that none has the quiet minute."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, run in cases.items():
            start = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


def full_cube(city, *, intervals: bool) -> pd.DataFrame:
    factors = city.description.factors
    years = tuple(city.description.years)
    keys = engine.Keys(years, "deso", tuple(factors[name] for name in COLUMNS))
    cells = engine.indicator_cells(city, city.indicators["income"], keys)
    names = ["n", "wy", "wy2", "hidden"]
    groups = {name: list(factors[name].factor.codes) for name in COLUMNS}
    rows, sums = roll_up(cells, cells[names].to_numpy(), years=years, areas=hierarchy(), groups=groups)
    table = engine.with_alike(rows.assign(**dict(zip(names, sums.T, strict=True))))
    return estimate(table, city.indicators["income"]) if intervals else table


def on_duckdb(path: Path) -> dict[str, Callable]:
    import duckdb

    connection = duckdb.connect(config={"preserve_insertion_order": False})
    age = "CASE WHEN age <= 15 THEN 0 WHEN age <= 29 THEN 1 WHEN age <= 44 THEN 2 WHEN age <= 64 THEN 3 ELSE 4 END"
    keys, sums = f"year, deso, sex, {age} AS ages, education, born", "count(*), sum(income), sum(income * income)"
    finest = f"SELECT {keys}, {sums} FROM '{path}' GROUP BY ALL"
    scan = f"SELECT max(year), max(deso), max(sex), max(age), max(education), max(born), sum(income) FROM '{path}'"
    return {
        "bare scan of the columns (DuckDB)": lambda: connection.sql(scan).fetchall(),
        "one finest GROUP BY (DuckDB)": lambda: connection.sql(finest).to_arrow_table(),
    }


def persons_in_pandas(path: Path) -> pd.DataFrame:
    """All that the groupbys need is there before the clock starts, and codes are categories."""
    frame = pd.read_parquet(path)
    for level, (_, upward) in hierarchy().items():
        frame[level] = frame["deso"].map(upward).astype("category") if level != "deso" else frame["deso"]
    frame["age"] = pd.cut(frame["age"], [-1, 15, 29, 44, 64, 200], labels=False)
    frame["squares"] = frame["income"] ** 2
    return frame.astype(dict.fromkeys(["deso", *COLUMNS], "category"))


def pandas_groupbys(frame: pd.DataFrame) -> None:
    for chosen in SETS:
        groups = frame.groupby(["year", *chosen], observed=True)
        groups[["income", "squares"]].sum().assign(n=groups.size())


def groupby_apply(frame: pd.DataFrame) -> None:
    def summary(rows):
        n, mean = len(rows), rows["income"].mean()
        half = 1.96 * rows["income"].std() / np.sqrt(n)
        return pd.Series({"n": n, "mean": mean, "lower": mean - half, "upper": mean + half})

    for chosen in SETS:
        frame.groupby(["year", *chosen], observed=True)[["income"]].apply(summary)


def peak_memory(path: Path, years: int) -> float:
    """MB of a process of its own that makes the cube (Linux)."""
    code = (
        "from pathlib import Path; from benchmarks.data import bench_city; "
        f"from benchmarks.__main__ import full_cube; full_cube(bench_city(Path({str(path)!r}), {years}), intervals=False); "
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"  # ru_maxrss would start at its parent's
    )
    return float(subprocess.check_output([sys.executable, "-c", code], text=True)) / 1024


def imports(rounds: int) -> dict[str, float]:
    def start(code: str) -> Callable:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    names = ["pass", "import pandas", "import mrstats", "import mrstats; mrstats.break_down"]
    return interleaved({name: start(name) for name in names}, rounds)


def report(title: str, taken: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, seconds in taken.items():
        print(f"  {seconds:9.3f} s  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--large", action="store_true", help="36 million persons too")
    parser.add_argument("--quick", action="store_true", help="3 rounds, no groupby.apply and no Spark (minutes)")
    options = parser.parse_args()
    rounds = 3 if options.quick else 7
    lines = []
    ours, ours_ci = "mrstats: finest, roll-up", "mrstats: finest, roll-up, intervals"
    with tempfile.TemporaryDirectory(prefix="mrstats-bench-") as folder:
        sizes = [(360_000, 1), (3_600_000, 10), *([(36_000_000, 10)] if options.large else [])]
        for persons, years in sizes:
            path = write_persons(Path(folder) / f"{persons}.parquet", persons, years)
            city = bench_city(path, years)
            cases = on_duckdb(path)
            cases[ours] = lambda city=city: full_cube(city, intervals=False)
            cases[ours_ci] = lambda city=city: full_cube(city, intervals=True)
            taken = interleaved(cases, rounds if persons < 10**7 else 3)
            bare, group = (taken[name] for name in list(taken)[:2])
            lines.append(
                f"G1 {persons:>10,}: {taken[ours] / group:.2f} × one finest GROUP BY (with intervals "
                f"{taken[ours_ci] / group:.2f}), {taken[ours] / bare:.1f} × bare scan"
            )
            if persons <= 3_600_000:
                frame = persons_in_pandas(path)
                name = "64 pandas groupbys, rows in memory"
                taken |= interleaved({name: lambda frame=frame: pandas_groupbys(frame)}, 1 if years > 1 else 3)
                lines.append(
                    f"G2 {persons:>10,}: {taken[name] / taken[ours]:.1f} × faster than 64 pandas groupbys "
                    f"(with intervals {taken[name] / taken[ours_ci]:.1f})"
                )
            if persons == 360_000 and not options.quick:
                name = "groupby.apply with an interval"
                taken |= interleaved({name: lambda frame=frame: groupby_apply(frame)}, 1)
                lines.append(
                    f"G2 {persons:>10,}: {taken[name] / taken[ours_ci]:.0f} × faster than groupby.apply, intervals in both"
                )
            if persons == 360_000:
                cases = order_cases(frame)
                cases["mrstats: 500 replicates of the Gini, intervals"] = replicate_case(frame)
                other = interleaved(cases, rounds)
                report(f"26 divisions, 3 765 groups, {persons:,} persons", other)
                mine, apply, windows, replicates = other.values()
                lines.append(
                    f"G3 {persons:>10,}: {apply / mine:.1f} × faster than pandas apply, {windows / mine:.1f} × than DuckDB"
                )
                lines.append(f"G4 {persons:>10,}: {replicates:.1f} s for 500-replicate Gini intervals")
            if persons == 3_600_000 and has_spark() and not options.quick:
                other = interleaved(spark_cases(path, years, full_cube), 3)
                report(f"Spark, {persons:,} persons, same cells as DuckDB's to 1e-12", other)
                mine, theirs = other.values()
                lines.append(f"G8 {persons:>10,}: {theirs / mine:.1f} × faster than Spark's own grouping sets")
            report(f"full cube, {persons:,} persons, {years} years", taken)
            lines.append(f"G6 {persons:>10,}: peak {peak_memory(path, years):.0f} MB")
    taken = imports(rounds)
    report("start of Python and imports", taken)
    nothing, pandas, light, full = taken.values()
    lines.append(
        f"G7 import mrstats {light - nothing:.2f} s, {(light - nothing) / (pandas - nothing):.2f} × import pandas; "
        f"with break_down {(full - nothing) / (pandas - nothing):.2f} ×"
    )
    print("\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
