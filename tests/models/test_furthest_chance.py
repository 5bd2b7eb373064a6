"""`mr.furthest_behind`: what chance alone makes of it, and the stated truth of Exempelstad."""

import math
import tomllib

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import mrstats as mr
from search_fixtures import LEVELS, chosen, codes_of, every_combination, half, inside, masks, people, search


@pytest.fixture(scope="module")
def noise():
    """Eighty cities where everybody has the same chance of 60 per cent: worst end, and its value where it was chosen."""
    ends = []
    for seed in range(80):
        rows = people(1000 + seed, 3000)
        found = search(rows, seed=seed)
        end = found[found["path"] == "worst"].iloc[-1]
        mask = masks(found, codes_of(rows))[end["node"]] & ~half(rows, seed)
        ends.append((end["confirmed"], end["value"], 100 * rows.loc[mask, "employed"].mean()))
    return pd.DataFrame(ends, columns=["confirmed", "value", "where_chosen"])


def test_chance_alone_is_rarely_confirmed(noise):
    assert noise["confirmed"].mean() <= 0.1


def test_the_value_is_unbiased_and_the_one_it_was_chosen_by_is_not(noise):
    error = noise.std() / math.sqrt(len(noise))
    assert abs(noise["value"].mean() - 60) < 3 * error["value"]
    assert noise["where_chosen"].mean() < 60 - 3 * error["where_chosen"]
    assert noise["where_chosen"].mean() < 57, "what an ordinary search would have told"


@pytest.mark.slow
def test_leaving_out_groups_of_few_does_not_bias_the_value_of_a_rare_outcome():
    """Three in a hundred are without work everywhere, so that many groups have about ten of them."""
    values = []
    for seed in range(300):
        found = search(people(5000 + seed, 6000, lambda rows: np.full(len(rows), 0.97)), seed=seed)
        values.append(found.loc[found["path"] == "worst", "value"].iloc[-1])
    assert abs(np.mean(values) - 97) < 3 * np.std(values) / math.sqrt(len(values))


FIVE = ["sex", "education", "country_of_birth_five", "disability", "age_group"]
BORN = {"africa": "world", "asia": "world", "north_america": "world", "south_america": "world", "oceania": "world"}
SUN = {"1": "lower", "2": "lower", "3": "upper", "4": "upper", "5": "post_short", "6": "post_long", "7": "post_long"}


@pytest.mark.slow
def test_exempelstad_has_the_stated_truth_furthest_behind(built, region_of_deso):
    """Log odds of truth.toml: lower education −0.85, Africa −1.15 and Asia −1.00, disability −0.95; other sums of three are higher.

    Each person's stated chance gives every combination's share without any draw; the search must find the lowest of them.
    """
    persons = built.persons(2024)
    persons = persons[persons["age"].between(20, 64)].reset_index(drop=True)
    truth = tomllib.loads((built.folder / "truth.toml").read_text(encoding="utf-8"))["outcomes"]["employed"]["terms"]
    words = persons.assign(
        sex=np.where(persons["sex"].astype(str) == "2", "women", "men"),
        education=persons["education"].astype(object).map(SUN).fillna("unknown"),
        district=persons["deso"].astype(object).map(region_of_deso["district"]),
    )
    chance = expit(sum(value * holds(term, words) for term, value in truth.items()))
    groups = {
        "education": [LEVELS[a:b] for a in range(4) for b in range(a + 1, 5) if b - a < 4],
        "country_of_birth_five": [["SE"], ["nordic"], ["eu"], ["europe"], ["world"]],
        "disability": [["with"], ["without"]],
        "sex": [["women"], ["men"]],
    }
    named = words.assign(country_of_birth_five=words["country_of_birth"].astype(object).replace(BORN))
    shares = {}
    for combination in every_combination(3, groups):
        mask = inside(named, combination)
        if mask.sum() >= 400:
            shares[str(combination)] = 100 * chance[mask].mean()
    stated = {"education": ["lower"], "country_of_birth_five": ["world"], "disability": ["with"]}
    assert min(shares, key=shares.get) == str(stated)

    found = mr.furthest_behind(mr.open_dataset(built.folder), "employment", FIVE[:4])
    assert chosen(found) == stated
    end = found[found["path"] == "worst"].iloc[-1]
    assert end["confirmed"]
    assert end["lower"] < shares[str(stated)] < end["upper"]


def holds(term, rows):
    """1 where all of a term's conditions hold; years since 2019 count as a number."""
    column = np.ones(len(rows))
    for condition in term.split(":") if term != "intercept" else []:
        factor, _, group = condition.partition("=")
        if factor == "years_since_2019":
            column *= rows["year"] - 2019
        elif factor == "age":
            low, _, high = group.partition("-")
            column *= rows["age"].between(int(low), int(high))
        else:
            column *= rows[factor].astype(object) == group
    return column
