"""Time of all measures of inequality for 200 tables of 12 groups. `python -m benchmarks.inequality`."""

from __future__ import annotations

import statistics
import time

import numpy as np

from mrstats.measures.inequality import FORMULAS, measure_all, slope_index


def simulated_slopes(y: np.ndarray, se: np.ndarray, population: np.ndarray, draws: int = 100_000) -> np.ndarray:
    """Interval of the slope index by simulation, a table at a time, as PHE does; its draws are ours."""
    random, ends = np.random.default_rng(1), []
    for values, errors, people in zip(y, se, population, strict=True):
        share = people / people.sum()
        rank = np.cumsum(share) - share / 2
        centred = share * (rank - 0.5)
        slopes = (values + errors * random.standard_normal((draws, len(values)))) @ centred / (centred @ rank)
        ends.append(np.quantile(slopes, [0.025, 0.975]))
    return np.array(ends)


def main() -> None:
    random = np.random.default_rng(1)
    y, se = random.uniform(40, 80, (200, 12)), random.uniform(0.5, 3, (200, 12))
    n = random.integers(100, 2000, (200, 12)).astype(float)
    options = {"ordered": True, "reference": 0, "bounds": (0.0, 100.0)}
    closed = ["slope_index", "absolute_concentration_index", "erreygers_index", "difference"]
    cases = {
        f"all {len(FORMULAS)} measures, 2000 draws": lambda: measure_all(y, se, n, **options),
        "four that need no draws": lambda: measure_all(y, se, n, names=closed, **options),
        "slope index, closed form": lambda: slope_index(y, se, n),
        "slope index, 100 000 draws a table": lambda: simulated_slopes(y, se, n),
    }
    for name, run in cases.items():
        taken = []
        for _ in range(5):
            start = time.perf_counter(), time.process_time()
            run()
            taken.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        elapsed, busy = (1000 * statistics.median(times) for times in zip(*taken, strict=True))
        print(f"{elapsed:10.1f} ms elapsed, {busy:8.1f} ms of processor  {name}")


if __name__ == "__main__":
    main()
