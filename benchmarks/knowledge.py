"""Time of `knowledge_gaps` beside a table of `break_down` for each indicator, factor and level. `python -m benchmarks.knowledge FOLDER`.

FOLDER is made by `mrstats example` (360 000 persons). Both count as many figures shown, too few and hidden; that is
checked before the ratio is told.
"""

from __future__ import annotations

import sys
import time

import pandas as pd

import mrstats as mr
from mrstats.places.knowledge import GROUNDS
from mrstats.schema import CANNOT_EXIST, CONFIDENTIAL, TOTAL, UNKNOWN, UNPLACED, UNRELIABLE, has_status

LEVELS, ROUNDS = ["city", "district", "regso", "deso"], 2
KINDS = ["cells", "shown", "too_few", "hidden"]


def one_table_each(city: mr.City) -> pd.DataFrame:
    """The same counts, each from a table of its own."""
    rows = []
    for indicator in city.indicators.values():
        factors = [name for name, held in city.description.factors.items() if indicator.table in held.tables]
        for level in LEVELS:
            for factor in factors:
                table = mr.break_down(city, indicator.name, by=factor, geography=level)
                table = table[(table["geography_level"] == level) & (table["geography"] != UNPLACED)]
                table = table[~table[factor].isin([TOTAL, UNKNOWN]) & ~has_status(table["status"], CANNOT_EXIST)]
                hidden, few = (int(has_status(table["status"], code).sum()) for code in (CONFIDENTIAL, UNRELIABLE))
                rows.append((indicator.name, level, factor, len(table), len(table) - hidden - few, few, hidden))
    return pd.DataFrame(rows, columns=["indicator", "geography_level", "factor", *KINDS])


def main() -> None:
    city = mr.open_dataset(sys.argv[1])
    cases = {"a table each": lambda: one_table_each(city), "mrstats": lambda: mr.knowledge_gaps(city, geography=LEVELS)}
    taken: dict[str, list[float]] = {name: [] for name in cases}
    made = {}
    for _ in range(ROUNDS):  # in turn, so that none has the quiet minute
        for name, run in cases.items():
            start = time.process_time()
            made[name] = run()
            taken[name].append(time.process_time() - start)
    keys = ["indicator", "geography_level", "factor"]
    each = made["a table each"].set_index(keys)
    together = made["mrstats"].set_index(keys)
    assert (together[together["cells"] > 0].loc[each.index, KINDS] == each).all(axis=None)
    for name, seconds in taken.items():
        print(f"{name:<14} {min(seconds):.1f} processor s")
    print(
        f"{len(GROUNDS)} grounds and others, {len(together)} rows: {min(taken['a table each']) / min(taken['mrstats']):.1f} times faster"
    )


if __name__ == "__main__":
    main()
