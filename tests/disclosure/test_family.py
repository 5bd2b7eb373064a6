"""From requests to joint problems: every published count is in one, and equal to what break_down prints."""

import tomllib

import numpy as np
import pandas as pd
import pytest

from cubes import small
from made_city import AREA_FRAME, AREAS, DISTRICT_FRAME, made_city, random_people, toml
from mrstats.breakdown import check_request, compute
from mrstats.dataset import City
from mrstats.dataset.description import describe
from mrstats.disclosure.family import families
from mrstats.disclosure.protect import protect_counts
from mrstats.disclosure.rules import ProtectionRule
from mrstats.schema import factor_columns

WARDS = """
[geographies.ward]
label = "valdistrikt"
definite = "valdistriktet"
plural = "valdistrikt"
definite_plural = "valdistrikten"
column = "ward"
code = "code"
name = "name"
"""


@pytest.fixture(scope="module")
def city():
    return made_city(random_people(3, 3000))


@pytest.fixture(scope="module")
def requests(city):
    return (
        check_request(city, "employment", ["sex", "education"], "area", 2024),
        check_request(city, "employment", "sex", "district", [2023, 2024]),
        check_request(city, ["low", "population"], "education", "area", 2024),
        check_request(city, ["income_mean", "low"], ["sex", "education"], "district", 2024, crossed=False),
    )


def test_indicators_of_the_same_persons_are_one_family(city, requests):
    found = families(city, requests)
    # low, population and income_mean are about everybody; employment about those aged 20–64
    assert [(set(f.indicators), f.year) for f in found] == [
        ({"employment"}, 2023),
        ({"employment"}, 2024),
        ({"low", "population", "income_mean"}, 2024),
    ]


def test_the_order_of_requests_does_not_matter(city, requests):
    for one, other in zip(families(city, requests), families(city, requests[::-1]), strict=True):
        assert (one.indicators, one.year) == (other.indicators, other.year)
        assert (one.problem.truth == other.problem.truth).all()


def test_every_printed_count_is_a_cell_of_the_joint_problem(city, requests):
    found = families(city, requests)
    checked = 0
    for request in requests:
        table = compute(city, request)
        factors = factor_columns(table)
        for row in table[table["measure"].isin(["proportion", "count"])].to_dict("records"):
            family = next(f for f in found if row["indicator"] in f.indicators and f.year == row["year"])
            place = {} if row["geography_level"] == "city" else {"geography": row["geography"]}
            codes = {**place, **{f: row[f] for f in factors if row[f] != "_T"}}
            if "geography" in codes and codes["geography"] not in family.problem.dimensions[0].codes:
                assert row["n"] == 0  # nobody of them lives there
                continue
            truth = family.problem.truth
            name = row["indicator"]
            if name == "population":
                assert truth[family.problem.position(**codes)] == row["n"]
                continue
            yes, no = (truth[family.problem.position(**codes, outcome=f"{name}:{w}")] for w in ("yes", "no"))
            assert (yes, yes + no) == (row["count"], row["n"])
            checked += 1
    assert checked > 150


def test_an_income_that_is_not_known_is_kept_apart(city, requests):
    family = next(f for f in families(city, requests) if "low" in f.indicators)
    problem = family.problem
    known, unknown = (problem.truth[problem.position(outcome=f"low:{w}")] for w in ("known", "not known"))
    assert unknown > 0
    assert known + unknown == problem.truth[problem.position()]


def test_a_family_is_suppressed_and_rounded(city, requests):
    for family in families(city, requests):
        kept = protect_counts(family.problem, ProtectionRule(method="round"))
        printed = kept.frame()["value"].astype(int)
        assert not printed.between(1, 4).any()
    family = families(city, requests[:2])[-1]
    assert small(family.problem).any()
    kept = protect_counts(family.problem, ProtectionRule(method="suppress"))
    assert kept.certificate["least_width"] >= 4


def test_two_divisions_that_do_not_nest_are_one_problem():
    people = random_people(3, 3000)
    people["ward"] = people["area"].map({"A1": "W1", "A2": "W2", "A3": "W2", "A4": "W1"})
    wards = pd.DataFrame({"code": ["W1", "W2"], "name": ["Ett", "Två"]})
    frames = {"area": AREA_FRAME, "district": DISTRICT_FRAME, "ward": wards}
    description = describe(tomllib.loads(toml(areas=AREAS + WARDS)))
    city = City(description, None, language="sv", frames={"people": people}, areas=frames)
    found = families(city, [check_request(city, "employment", "sex", level, 2024) for level in ("district", "ward")])
    (family,) = found
    place = family.problem.dimensions[0]
    assert {"D1", "D2", "W1", "W2", "_U"} <= set(place.codes)
    # districts A1 A2 | A3 A4 and wards A1 A4 | A2 A3: four pieces and those who cannot be placed
    assert len(place.atoms) == 5
    truth = family.problem.truth
    here = people[(people["year"] == 2024) & people["age"].between(20, 64) & ~people["protected_identity"]]
    assert truth[family.problem.position(geography="W1")] == (here["ward"] == "W1").sum()
    assert truth[family.problem.position(geography="D1")] == here["area"].isin(["A1", "A2"]).sum()
    assert np.abs(family.problem.lines @ truth).max() == 0
