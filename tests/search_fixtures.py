"""A made-up city to search, every combination by brute force, and who is in each node, for the tests of `mr.furthest_behind`."""

import itertools

import numpy as np
import pandas as pd

import mrstats as mr
from made_city import FACTORS, indicator, made_city, toml
from mrstats.personwise import person_hash

DISABILITY = """
[factors.disability]
table = "people"
column = "disability"
codes = { with = "with", without = "without" }
"""
WORK = indicator("employment", "proportion", numerator="employed", more='direction = "favourable"')
WORKLESS = indicator("workless", "proportion", numerator="not employed", more='direction = "adverse"')
OTHERS = indicator("no_direction", "proportion", numerator="employed")
OTHERS += indicator("age", "mean", numerator="age", more='direction = "favourable"')
DESCRIPTION = toml(factors=FACTORS + DISABILITY, indicators=WORK + WORKLESS + OTHERS)
THREE = ["sex", "education", "disability"]
LEVELS = ["lower", "upper", "post_short", "post_long"]
OPTIONS = {
    "sex": [["women"], ["men"]],
    "education": [LEVELS[a:b] for a in range(4) for b in range(a + 1, 5) if b - a < 4],
    "disability": [["with"], ["without"]],
}
COLUMNS = {"sex": {"1": "men", "2": "women"}, "education": {"1": "lower", "3": "upper", "5": "post_short", "6": "post_long"}}  # fmt: skip


def people(seed, size=6000, share=lambda rows: np.full(len(rows), 0.6)):
    """Persons of three independent factors, one in twenty of unknown education; `share` says who is employed."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "year": 2024,
            "person_id": np.arange(size),
            "sex": random.choice(["1", "2"], size),
            "education": random.choice(["1", "3", "5", "6", "US"], size, p=[0.2, 0.3, 0.2, 0.25, 0.05]),
            "disability": random.choice(["with", "without"], size, p=[0.25, 0.75]),
            "age": random.integers(20, 65, size),
            "area": "A1",
            "protected_identity": False,
        }
    )
    return rows.assign(employed=random.random(size) < share(rows))


def uneven(rows):
    """Every factor matters, and two of them together more than their sum."""
    women, lower, with_ = rows["sex"] == "2", rows["education"] == "1", rows["disability"] == "with"
    return 0.75 - 0.05 * women - 0.1 * lower - 0.1 * with_ - 0.2 * (lower & with_) + 0.08 * (rows["education"] == "6")


def search(rows, name="employment", factors=THREE, depth=3, description=DESCRIPTION, **options):
    return mr.furthest_behind(made_city(rows, description), name, list(factors), depth, **options)


def half(rows, seed=1):
    """True where a person is kept to confirm."""
    return person_hash(rows["person_id"].to_numpy(), seed) >> np.uint64(63) == 1


def codes_of(rows):
    named = {name: rows[name].map(words).fillna("unknown") for name, words in COLUMNS.items()}
    return rows.assign(**named)


def every_combination(depth, options=None):
    options = options or OPTIONS
    for size in range(1, depth + 1):
        for chosen in itertools.combinations(options, size):
            for groups in itertools.product(*(options[name] for name in chosen)):
                yield dict(zip(chosen, groups, strict=True))


def inside(rows, combination):
    mask = np.ones(len(rows), bool)
    for name, groups in combination.items():
        mask &= rows[name].isin(groups).to_numpy()
    return mask


def way_of(tree, node):
    """Rows from the first step to a node."""
    rows = tree.set_index("node")
    way = []
    while node:
        way.append(node)
        node = rows.loc[node, "parent"]
    return rows.loc[way[-2::-1]]


def chosen(tree, path="worst"):
    """The combination at the deep end of a path; a factor that was split twice has its last groups."""
    end = tree[tree["path"] == path].sort_values("depth")["node"].iloc[-1]
    way = way_of(tree, end)
    return {factor: group.split() for factor, group in zip(way["factor"], way["group"], strict=True)}


def masks(tree, rows):
    """Who is in each node: the chosen groups by their codes, the rest as all the others in the parent."""
    found = {"root": np.ones(len(rows), bool)}
    for parent, pair in tree[tree["parent"] != ""].groupby("parent", sort=False):
        first, rest = pair.itertuples()
        found[first.node] = found[parent] & inside(rows, {first.factor: first.group.split()})
        found[rest.node] = found[parent] & ~found[first.node]
    return found
