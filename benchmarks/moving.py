"""Write the second part of docs/validation.md: how wrong figures are that were moved between two divisions of Stockholm.

`python -m benchmarks.moving`, with the real files beside the project (tests/conftest.py says where).
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np

from mrstats.harmonising import harmonise
from mrstats.measures.transfer import misallocated

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests"))

HEAD = """
## Figures moved between divisions

Made by `python -m benchmarks.moving` from Stockholm's own counts of 2016: 116 stadsdelar to 33 areas of whole basområden (7
stadsdelar cross their borders), and to the 419 basområden themselves, which mrstats does only with `allow_finer=True`. A
person is in a wrong area if half the sum of the absolute errors counts her; the error of an area is relative to its true
count. *Elsewhere* is what tobler 0.13 (area) and points weighted by hand gave on the same files. The hold-out is the count of
2015, and *truth held* says how many intervals of estimated areas hold the truth. The points have the population of 2014 and
are the basområden that the truth is made of, so their figures are optimistic.

| to | by | of whom | in a wrong area, % | elsewhere, % | an area's error: p90, % | largest, % | truth held | half-width, median % |
|---|---|---|---|---|---|---|---|---|
"""
ELSEWHERE = {
    ("33", "area"): (3.59, 2.95, 3.09),
    ("33", "land"): (2.86, 2.34, 2.33),
    ("33", "points"): (0.14, 0.55, 1.88),
    ("419", "area"): (25.0, None, None),
    ("419", "land"): (22.6, None, None),
    ("419", "points"): (3.0, 7.4, 14.4),
}


def rows():
    from made_city import SHARED
    from stockholm import GROUPS, read_stockholm

    city = read_stockholm(SHARED / "data" / "stockholm")
    points = city.points.drop(columns="geometry").rename(columns={"nyckelkod": "block"})
    for (size, by), theirs in ELSEWHERE.items():
        target, division = (city.target, "area") if size == "33" else (city.blocks, "block")
        source = city.on_land if by == "land" else city.source
        made = harmonise(
            city.of("stadsdel", 2016),
            source=source,
            target=target,
            weights=points if by == "points" else None,
            known=(city.of("stadsdel", 2015), city.of(division, 2015)),
            allow_finer=True,
        )
        both = made.merge(city.of(division, 2016), left_on="geography", right_on="code", suffixes=("", "_true"))
        for group, known in zip(GROUPS, theirs, strict=True):
            ours, true = both[group].fillna(0), both[f"{group}_true"]
            split, some = both["method"].str.endswith("holdout"), true > 0
            held = (true >= both[f"{group}_lower"]) & (true <= both[f"{group}_upper"])
            error = 100 * (ours - true).abs()[some] / true[some]
            width = 100 * (both[f"{group}_upper"] - ours)[split & (ours > 0)] / ours[split & (ours > 0)]
            told = "" if known is None else f"{known:.2f}"
            figures = (
                f"{100 * misallocated(ours, true):.2f} | {told} | {np.percentile(error, 90):.1f} | {error.max():.0f}"
            )
            yield f"| {size} | {by} | {group} | {figures} | {held[split].sum()} of {split.sum()} | {width.median():.0f} |"


def main() -> None:
    warnings.simplefilter("ignore", UserWarning)
    start, page = time.perf_counter(), ROOT / "docs" / "validation.md"
    lines = list(rows())
    first, _, _ = page.read_text(encoding="utf-8").partition("\n## ")
    page.write_text(first + HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), f"{len(lines)} rows in {time.perf_counter() - start:.1f} s", sep="\n")


if __name__ == "__main__":
    main()
