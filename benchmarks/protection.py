"""`python -m benchmarks.protection`: how long protecting and certifying Exempelstad's finest tables takes, and how much is hidden.

Areas (with those who cannot be placed) × seven age groups × five groups of country of birth × sex, all totals and levels; then
with the second division, which does not nest. Processor seconds of one process.
"""

from __future__ import annotations

import tempfile
import time
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.breakdown import check_request
from mrstats.dataset import City
from mrstats.dataset.description import describe
from mrstats.disclosure.audit import audit
from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.family import families
from mrstats.disclosure.joint import Problem, joint_problem
from mrstats.disclosure.primary import reasons
from mrstats.disclosure.protect import protect_counts
from mrstats.disclosure.published import read_counts
from mrstats.disclosure.rules import ProtectionRule
from mrstats.disclosure.suppression import suppress
from mrstats.disclosure.witnesses import certify, certify_written
from mrstats.schema import DatasetError

FACTORS = ["age_scb_area", "country_of_birth_five", "sex"]
AGES = '\n[factors.age_scb_area]\ntable = "persons"\ncolumn = "age"\nranges = true\n'


def exempelstad(folder: Path) -> City:
    """The example city with the seven age groups of SCB's area tables."""
    text = (folder / "dataset.toml").read_text(encoding="utf-8")
    return City(describe(tomllib.loads(text + AGES), folder), folder, language="sv")


def timed(what: Callable):
    """What a call gives, and its processor seconds."""
    start = time.process_time()
    return what(), time.process_time() - start


def measure(name: str, problem: Problem) -> None:
    """Protect a problem both ways, write it, read it back, and attack it."""
    print(f"{name}: {len(problem.keys)} cells, {len(problem.values)} inner")
    for method in ("round", "suppress"):
        rule = ProtectionRule(method=method)
        try:
            protected, seconds = timed(partial(protect_counts, problem, rule, seed=1))
        except DatasetError as refused:
            primary = reasons(problem, rule) != ""
            found, seconds = timed(partial(suppress, problem, primary, seed=1, singletons=True))
            proven, proof = timed(partial(certify, problem, found.hidden, found.witnesses))
            hidden = proven[found.hidden]
            print(
                f"  {method}: refused ({str(refused).split(',')[0]}); the search alone {seconds:.2f} s, its proof {proof:.2f} s, "
                f"{found.hidden.mean():.1%} hidden, {int((hidden < 4).sum())} narrow, {len(found.failed)} failed",
                flush=True,
            )
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "counts.csv"
            protected.frame().to_csv(path, index=False)

            def certified(path=path, protected=protected, method=method):
                counts = read_counts([path])
                rounded = method == "round"
                proven = None if rounded else certify_written(problem, counts, protected.witnesses)
                base = 5 if rounded else None
                return audit(counts, hierarchy=problem.hierarchy(), proven=proven, base=base)

            verdict, proof = timed(certified)
        loss = protected.info_loss()
        print(
            f"  {method}: {seconds:.2f} s, certifying the written file {proof:.2f} s, {loss['hidden_share']:.1%} hidden, "
            f"mean change {loss['mean_change']:.2f}, largest {loss['largest_change']}, {verdict.counts}",
            flush=True,
        )


def large(cells: int = 200_000) -> Problem:
    """A made-up city of small counts, for rounding."""
    rng = np.random.default_rng(1)
    areas, ages, born = [f"A{i}" for i in range(500)], [f"g{i}" for i in range(17)], [f"b{i}" for i in range(5)]
    grid = pd.MultiIndex.from_product([areas, ages, born, ["m", "w"]], names=["area", "age", "born", "sex"]).to_frame(
        index=False
    )
    grid["value"] = rng.poisson(rng.gamma(0.8, 6, len(grid)))
    levels = {"district": {area: f"D{i // 50}" for i, area in enumerate(areas)}, "area": {area: area for area in areas}}
    dimensions = [
        Dimension("area", tuple(areas), levels),
        *(Dimension.flat(name, sorted(set(grid[name]))) for name in ("age", "born", "sex")),
    ]
    shape = {"area": ["district", "area"], "age": ["age"], "born": ["born"], "sex": ["sex"]}
    return joint_problem(grid, dimensions, [shape])


def main() -> None:
    city = exempelstad(Path("data/raw/exempelstad"))
    one = [check_request(city, "population", FACTORS, level, 2024) for level in ("deso", "regso", "district")]
    (family,) = families(city, one)
    measure("one division", family.problem)
    both = [*one, check_request(city, "population", FACTORS, "service_area", 2024)]
    (family,) = families(city, both)
    measure("with service areas", family.problem)
    problem = large()
    print(f"rounding only, {len(problem.keys)} cells")
    protected, seconds = timed(lambda: protect_counts(problem, ProtectionRule(method="round"), seed=1))
    verdict, proof = timed(lambda: audit(protected.frame().assign(file="made"), hierarchy=problem.hierarchy(), base=5))
    print(f"  round {seconds:.2f} s, audit {proof:.2f} s, {verdict.counts}")


if __name__ == "__main__":
    main()
