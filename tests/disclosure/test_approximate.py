"""Numbers of persons to tens in results: what they tell of hidden counts joins the audit of a release."""

import numpy as np
import pandas as pd
import pytest

from made_city import made_city
from mrstats.breakdown import check_request
from mrstats.disclosure.approximate import bounds_of_results
from mrstats.disclosure.family import families
from mrstats.disclosure.release import write_release
from mrstats.disclosure.rules import ProtectionRule
from mrstats.schema import EditionError

SUPPRESS = ProtectionRule(method="suppress")


@pytest.fixture(scope="module")
def city():
    """3 women and 46 men in A1, 26 women and 60 men in A2, and 18 women and 30 men whose home is not known."""
    rows = [("A1", "2", 3), ("A1", "1", 46), ("A2", "2", 26), ("A2", "1", 60), ("", "2", 18), ("", "1", 30)]
    people = pd.DataFrame([(area, sex) for area, sex, many in rows for _ in range(many)], columns=["area", "sex"])
    people = people.assign(year=2024, person_id=np.arange(len(people)), education="3", income=200.0, age=40)
    people["events"] = (np.arange(len(people)) % 4 == 0).astype(int)
    return made_city(people.assign(protected_identity=False, employed=np.arange(len(people)) % 2 == 0))


def result(**columns):
    return pd.DataFrame({"indicator": "population", "year": 2024, "status": "", **columns})


def bounds(city, requests, *results, hide=()):
    (family,) = families(city, requests)
    hidden = np.zeros(len(family.problem.keys), bool)
    for codes in hide:
        hidden[family.problem.position(**codes)] = True
    told = bounds_of_results(city, family, hidden, results)
    return {tuple(row[:-2]): tuple(row[-2:]) for row in told.itertuples(index=False, name=None)}


def test_a_number_to_tens_bounds_its_cell_and_a_printed_total_those_without_a_known_home(city):
    """29 women have a known home, about 30, so 26 to 34: of 47 women in all between 13 and 21 have none, in truth 18."""
    asked = (check_request(city, "population", "sex", "area", 2024),)
    about = result(factor=["sex"], group=["women"], geography_level=["city"], geography=["1280"], n=[30.0])
    assert bounds(city, asked, about) == {("_U", "women"): (13.0, 21.0)}
    assert bounds(city, asked, about, hide=[{"sex": "women"}]) == {}
    inside = result(
        factor=["", ""], group=["_T", "_T"], geography_level="area", geography=["A1", "A2"], n=[50.0, np.nan]
    )
    assert bounds(city, asked, inside) == {("A1", "_T"): (46.0, 54.0)}
    assert bounds(city, asked, inside.assign(status="C")) == {}
    assert bounds(city, asked, inside.assign(n=20.0)) == {}  # of others, such as children
    assert bounds(city, asked, result(factor="sex", n=[50.0])) == {}  # of no group
    nowhere = result(factor=[""], group=["_T"], geography_level=["city"], geography=["1280"], unplaced=[50.0])
    assert bounds(city, asked, nowhere) == {("_U", "_T"): (46.0, 54.0)}
    assert bounds(city, (check_request(city, "population", "sex", "city", 2024),), inside, nowhere) == {}


def test_shares_and_rates_of_places_bound_those_with_the_outcome_and_those_without(city):
    """43 of the 86 in A2 are employed, 50 per cent, told as 40 in steps of 20: 30 to 50 per cent of 86 to 94 persons."""
    asked = (check_request(city, "employment", (), "area", 2024),)
    row = {"indicator": "employment", "geography_level": "area", "geography": ["A2"], "n": 90.0}
    share = result(**row, measure="proportion", value=40.0)
    expected = {("A2", "_T"): (86, 94), ("A2", "employment:yes"): (26, 47), ("A2", "employment:no"): (39, 68)}
    assert bounds(city, asked, share) == expected
    exact = result(**row, measure="proportion", value=100 * 43 / 86)  # told to more digits, by other rules
    assert bounds(city, asked, exact) == {("A2", "_T"): (86, 94)}
    # 21 of them are victims of a crime: about 20 of about 90, 222 per thousand.
    asked = (check_request(city, "crime", (), "area", 2024),)
    rate = result(**row | {"indicator": "crime"}, measure="rate", value=1000 * 20 / 90)
    assert bounds(city, asked, rate)["A2", "crime:yes"] == (15, 25)


def test_a_release_is_not_written_where_numbers_to_tens_narrow_a_hidden_count(city, tmp_path):
    """Of 49 persons in A1 the 3 women and 46 men are hidden. About 50 men are at least 46: then 1 to 3 women, too few values."""
    asked = (check_request(city, "population", "sex", "area", 2024),)
    harmless = result(factor=["sex"], group=["women"], geography_level=["city"], geography=["1280"], n=[30.0])
    write_release(city, asked, tmp_path / "first", rule=SUPPRESS, results={"a": lambda: harmless})
    narrow = result(factor=["sex"], group=["men"], geography_level=["area"], geography=["A1"], n=[50.0])
    with pytest.raises(EditionError, match=r"audit of population-2024\.csv failed.*to tens"):
        write_release(city, asked, tmp_path / "second", rule=SUPPRESS, results={"a": lambda: narrow})
