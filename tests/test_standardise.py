"""Direct standardisation: held to R on its own rates, to a plain mask on persons, and to arithmetic by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import made_city, random_people, reference
from mrstats.schema import MrstatsError, UnknownNameError
from mrstats.standardise import standardised_figures


class Rate:
    name, measure, multiplier = "deaths", "rate", 100_000.0


class Share:
    name, measure, multiplier = "share", "proportion", 1.0


def cells(n, y):
    return pd.DataFrame({"group": "g", "age": range(len(n)), "n": np.array(n, float), "wy": np.array(y, float)})


def test_a_share_by_hand():
    # Standard half and half; 20 of 100 and 60 of 100: (0.2 + 0.6) / 2 = 40 %, though 300 of the 400 are young.
    found = standardised_figures(
        cells([300, 100], [60, 60]), ["group"], ["age"], pd.Series({0: 50.0, 1: 50.0}), Share, confidence=0.95
    )
    assert found["value"].iloc[0] == pytest.approx(40.0)
    assert found["lower"].iloc[0] < 40 < found["upper"].iloc[0]
    # sqrt(0.25 · 0.2·0.8/300 + 0.25 · 0.6·0.4/100)
    assert found["se"].iloc[0] == pytest.approx(100 * np.sqrt(0.25 * 0.16 / 300 + 0.25 * 0.24 / 100))


def test_rates_equal_phe():
    expected = reference("02_rates")["areas"]
    folder = Path(__file__).parent / "reference" / "02_rates"
    areas = pd.read_csv(folder / "areas.csv")
    standard = pd.read_csv(folder / "standard.csv").set_index("age")["standard"]
    for area in ("area1", "area2", "area3"):
        rows = areas[areas["area"] == area].rename(columns={"population": "n", "events": "wy"})
        found = standardised_figures(rows, ["area"], ["age"], standard, Rate, confidence=0.95).iloc[0]
        assert found["value"] == pytest.approx(expected[area]["dsr"], rel=1e-9)
        assert [found["lower"], found["upper"]] == pytest.approx(expected[area]["dobson_byar"], rel=1e-9)


def test_fewer_than_ten_events_or_an_empty_stratum_is_not_standardised():
    standard = pd.Series({0: 1.0, 1: 1.0})
    few = standardised_figures(cells([500, 500], [4, 5]), ["group"], ["age"], standard, Rate, confidence=0.95)
    empty = standardised_figures(cells([500, 0], [100, 0]), ["group"], ["age"], standard, Share, confidence=0.95)
    for found in (few, empty):
        assert found["status"].iloc[0] == "C"
        assert found["value"].isna().all()


def test_break_down_equals_a_mask_on_persons():
    people = random_people(11, 3000)
    city = made_city(people)
    table = mr.break_down(city, "employment", by="sex", standardise="education", years=2024)
    work = people[(people["year"] == 2024) & people["age"].between(20, 64)]
    work = work.assign(education=work["education"].replace({"1": "2"}))  # both are primary education
    weights = work["education"].value_counts(normalize=True)
    for code, group in (("1", "men"), ("2", "women")):
        shares = work[work["sex"] == code].groupby("education")["employed"].mean()
        value = table.loc[table["sex"] == group, "value"].iloc[0]
        assert value == pytest.approx(100 * (shares * weights).sum())
    crude = mr.break_down(city, "employment", by="sex", years=2024)
    whole = table["sex"] == "_T"
    assert table.loc[whole, "value"].iloc[0] == pytest.approx(crude.loc[whole, "value"].iloc[0])
    assert table["n"].tolist() == crude["n"].tolist()
    assert set(table["method"]) == {"register dobson wilson"}


def test_a_factor_is_not_held_equal_and_compared():
    with pytest.raises(UnknownNameError, match="share a factor"):
        mr.break_down(mr.tiny_city(), "employment", by="sex", standardise="sex")


def test_only_shares_and_rates_are_standardised():
    with pytest.raises(MrstatsError, match="only proportions and rates"):
        mr.break_down(mr.tiny_city(), "visits", by="sex", standardise="country_of_birth_five")


def test_a_standardised_group_is_compared_with_a_group_not_with_the_total():
    table = mr.break_down(
        made_city(random_people(11, 3000)), "employment", by="sex", standardise="education", years=2024
    )
    with pytest.raises(MrstatsError, match="reference="):
        mr.gaps(table)
    assert len(mr.gaps(table, reference="men")) == 1
