"""Time of 2 000 replicates of gaps over 200 cells × 30 indicators × 6 years. `python -m benchmarks.replicated_gaps`.

The replicates' sums are at hand; from there on it is what `break_down` and `gaps` do: rates of every replicate, their deviations
kept, ids looked up, and standard errors of 36 000 differences and of 30 000 changes of a difference, each with its true covariance.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import pandas as pd

from mrstats import covariances

REPLICATES, CELLS, INDICATORS, YEARS = 2000, 200, 30, 6


def replicate_sums(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Persons and persons with the outcome of every cell and year in each replicate, (cells · years, replicates)."""
    size = random.integers(200, 2000, CELLS * YEARS)[:, None]
    persons = size + np.sqrt(size) * random.standard_normal((CELLS * YEARS, REPLICATES), dtype=np.float32)
    return persons, persons * random.uniform(0.3, 0.7, (CELLS * YEARS, 1))


def kept_table(sums: list[tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    """Values and ids of all cells, whose deviations are kept, an indicator at a time as `break_down` does."""
    parts = []
    for number, (persons, outcome) in enumerate(sums):
        value = outcome.mean(axis=1) / persons.mean(axis=1)
        deviations = outcome / persons
        deviations -= value[:, None]
        deviations /= np.sqrt(REPLICATES)
        ids = [f"indicator{number}|{cell // CELLS}|{cell % CELLS}" for cell in range(CELLS * YEARS)]
        covariances.keep(ids, np.ascontiguousarray(deviations.T), "residents", value)
        year, cell = np.divmod(np.arange(CELLS * YEARS), CELLS)
        parts.append(pd.DataFrame({"year": year, "cell": cell, "value": value, "estimate_id": ids}))
    return pd.concat(parts, ignore_index=True)


def errors_of_gaps(table: pd.DataFrame) -> np.ndarray:
    """Of each cell's difference to the first cell of its indicator and year."""
    ids = np.array(covariances.ids_of(table), object).reshape(INDICATORS, YEARS, CELLS)
    first = np.broadcast_to(ids[:, :, :1], ids.shape)
    return covariances.standard_error_of((1, ids.ravel().tolist()), (-1, first.ravel().tolist()))


def errors_of_changes(table: pd.DataFrame) -> np.ndarray:
    """Of the change of each difference since the first year."""
    ids = np.array(covariances.ids_of(table), object).reshape(INDICATORS, YEARS, CELLS)
    first = np.broadcast_to(ids[:, :, :1], ids.shape)
    since, since_first = (np.broadcast_to(part[:, :1], part.shape)[:, 1:] for part in (ids, first))
    terms = zip((1, -1, -1, 1), (ids[:, 1:], first[:, 1:], since, since_first), strict=True)
    return covariances.standard_error_of(*((factor, part.ravel().tolist()) for factor, part in terms))


def main() -> None:
    random = np.random.default_rng(1)
    one = replicate_sums(random)
    table = kept_table([one] * INDICATORS)
    cases = {
        f"rates of {REPLICATES} replicates, kept": lambda: kept_table([one] * INDICATORS),
        f"{INDICATORS * YEARS * CELLS} gaps": lambda: errors_of_gaps(table),
        f"{INDICATORS * (YEARS - 1) * CELLS} changes of a gap": lambda: errors_of_changes(table),
    }
    for name, run in cases.items():
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
        print(f"{statistics.median(taken):10.2f} s  {name}")


if __name__ == "__main__":
    main()
