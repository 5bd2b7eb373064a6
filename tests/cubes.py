"""Made-up joint tables for the tests of protection: small ones from hypothesis, and a city of 180 areas."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.joint import Problem, joint_problem

GROUPS = {"sex": ("men", "women"), "birth": ("SE", "EU", "world")}


def areas(count: int, *, per_district: int = 2, crossing: bool = False) -> Dimension:
    """Areas in districts of `per_district`, and (crossing) in service areas shifted half a district."""
    codes = tuple(f"A{i:03}" for i in range(count))
    levels = {"area": {a: a for a in codes}, "district": {a: f"D{i // per_district:02}" for i, a in enumerate(codes)}}
    if crossing:
        levels["service"] = {a: f"S{(i + per_district // 2) // per_district:02}" for i, a in enumerate(codes)}
    return Dimension("area", codes, levels)


def cube(values, *, crossing: bool = False, levels=("area", "district"), per_district: int = 2) -> Problem:
    """The joint problem of an array of area × sex × birth (as many axes as it has)."""
    values = np.asarray(values)
    dimensions = [areas(len(values), per_district=per_district, crossing=crossing)]
    dimensions += [
        Dimension.flat(name, codes[:n]) for (name, codes), n in zip(GROUPS.items(), values.shape[1:], strict=False)
    ]
    at = np.argwhere(values > 0)
    columns = {d.name: np.array(d.atoms)[at[:, k]] for k, d in enumerate(dimensions)}
    cells = pd.DataFrame(columns).assign(value=values[values > 0])
    shape = {"area": (*levels, *(("service",) if crossing else ())), **{d.name: (d.name,) for d in dimensions[1:]}}
    return joint_problem(cells, dimensions, [shape])


@st.composite
def cubes(draw, shapes=((4, 2), (6, 2), (4, 2, 3)), most: int = 30, crossing: bool | None = None):
    """Small random cubes, many of their counts small or zero."""
    shape = draw(st.sampled_from(shapes))
    count = st.one_of(st.integers(0, 4), st.integers(0, most))
    values = draw(st.lists(count, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    return cube(np.reshape(values, shape), crossing=draw(st.booleans()) if crossing is None else crossing)


def small(problem: Problem, least: int = 5) -> np.ndarray:
    return (problem.truth > 0) & (problem.truth < least)


def city_cube(areas_count: int = 180, *, crossing: bool = False, seed: int = 1, outcome: bool = False) -> Problem:
    """A city of about 2 000 persons an area: age 7 × country of birth 5 × sex 2, and districts of 18 areas."""
    rng = np.random.default_rng(seed)
    place = areas(areas_count, per_district=18, crossing=crossing)
    size = rng.lognormal(np.log(1960), 0.3, areas_count)
    age = np.array([0.06, 0.13, 0.1, 0.36, 0.15, 0.12, 0.08])
    birth = rng.dirichlet([30, 1.2, 3, 3, 4], areas_count)
    mean = size[:, None, None, None] * age[None, :, None, None] * birth[:, None, :, None] * 0.5 * np.ones(2)
    values = rng.poisson(mean)
    names = [
        place,
        Dimension.flat("age", [f"age{i}" for i in range(7)]),
        Dimension.flat("birth", [f"b{i}" for i in range(5)]),
        Dimension.flat("sex", ["s0", "s1"]),
    ]
    if outcome:
        share = rng.uniform(0.4, 0.9, mean.shape)
        yes = rng.binomial(values, share)
        values = np.stack([values - yes, yes], axis=-1)
        names.append(Dimension.flat("outcome", ["no", "yes"]))
    at = np.argwhere(values > 0)
    cells = pd.DataFrame({d.name: np.array(d.atoms)[at[:, k]] for k, d in enumerate(names)}).assign(
        value=values[values > 0]
    )
    levels = {"area": ("area", "district", *(("service",) if crossing else ()))}
    return joint_problem(cells, names, [{**levels, **{d.name: (d.name,) for d in names[1:]}}])


def possible(problem: Problem, hidden: np.ndarray, *, window: int = 5, floor: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of each published cell, by trying every inner table within a window of the true one.

    Only for a handful of inner cells. Zeros are public, so an inner cell that is printed as zero stays zero.
    """
    places = list(itertools.product(*(range(len(d.atoms)) for d in problem.dimensions)))
    held = {tuple(row): int(v) for row, v in zip(problem.inner, problem.values, strict=True)}
    inner = np.array([held.get(place, 0) for place in places])
    matrix = np.zeros((len(problem.keys), len(places)), int)
    members = [d.membership for d in problem.dimensions]
    for cell, codes in enumerate(problem.codes):
        matrix[cell] = [all(m[c, a] for m, c, a in zip(members, codes, place, strict=True)) for place in places]
    ranges = [range(max(0, v - window), v + window + 1) for v in inner]
    leaf = {int(np.argmax(row)): cell for cell, row in enumerate(matrix) if row.sum() == 1}
    ranges = [r if hidden[leaf[i]] else [inner[i]] for i, r in enumerate(ranges)]
    tables = np.stack([grid.ravel() for grid in np.meshgrid(*ranges, indexing="ij")])
    fits = np.ones(tables.shape[1], bool)
    for row, cell_hidden, truth in zip(matrix, hidden, problem.truth, strict=True):
        sums = row @ tables
        fits &= (sums >= floor) if cell_hidden else (sums == truth)
    kept = matrix @ tables[:, fits]
    return kept.min(axis=1), kept.max(axis=1)
