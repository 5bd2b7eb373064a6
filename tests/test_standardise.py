"""Direct standardisation: held to R on its own rates, to a plain mask on persons, and to arithmetic by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import made_city, random_people, reference
from mrstats.schema import MrstatsError, UnknownNameError
from mrstats.standardise import standardised


class Rate:
    name, measure, multiplier, per = "deaths", "rate", 100_000.0, ""


class Share:
    name, measure, multiplier, per = "share", "proportion", 1.0, ""


def standardised_figures(rows, keys, strata, standard, indicator, *, how="dobson", rates=None, confidence=0.95):
    """Of a register whose standard has these persons, and with `rates` the reference's count in each stratum."""
    within = rows.assign(population=rows["n"], count=rows["wy"], value=np.nan).reset_index(drop=True)
    whole = pd.DataFrame({"population": standard, "count": standard * (0 if rates is None else rates)})
    options = {"how": how, "kind": "register", "confidence": confidence}
    return standardised(within, [], keys, strata, whole, indicator, **options)[0]


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


def test_gamma_limits_equal_epitools():
    expected = reference("02_rates")["areas"]
    folder = Path(__file__).parent / "reference" / "02_rates"
    areas = pd.read_csv(folder / "areas.csv")
    standard = pd.read_csv(folder / "standard.csv").set_index("age")["standard"]
    for area in ("area1", "area2", "area3"):
        rows = areas[areas["area"] == area].rename(columns={"population": "n", "events": "wy"})
        found = standardised_figures(rows, ["area"], ["age"], standard, Rate, how="gamma").iloc[0]
        assert [found["lower"], found["upper"]] == pytest.approx(expected[area]["fay_feuer_gamma"], rel=1e-9)
        assert found["method"] == "register gamma"


def test_an_indirect_rate_by_hand():
    # Reference 2 and 8 per 1 000, half the people in each: 5 per 1 000 in all. 1 000 young and 500 old are expected
    # to have 2 + 4 = 6 events; they have 12, twice as many, so 10 per 1 000.
    standard, per = pd.Series({0: 50_000.0, 1: 50_000.0}), pd.Series({0: 0.002, 1: 0.008})
    found = standardised_figures(
        cells([1000, 500], [4, 8]), ["group"], ["age"], standard, Rate, how="indirect", rates=per
    ).iloc[0]
    assert found["value"] == pytest.approx(100_000 * 0.010)
    assert found["method"] == "register indirect byar"


def test_indirect_rates_equal_phe():
    expected = reference("02_rates")
    folder = Path(__file__).parent / "reference" / "02_rates"
    areas = pd.read_csv(folder / "areas.csv")
    rates = pd.read_csv(folder / "standard.csv").set_index("age")
    per = rates["ref_events"] / rates["ref_population"]
    for area in ("area1", "area2", "area3"):
        rows = areas[areas["area"] == area].rename(columns={"population": "n", "events": "wy"})
        found = standardised_figures(
            rows, ["area"], ["age"], rates["ref_population"], Rate, how="indirect", rates=per
        ).iloc[0]
        theirs = expected["areas"][area]["phe_israte"]
        assert [found["value"], found["lower"], found["upper"]] == pytest.approx(
            [theirs[name] for name in ("value", "lower", "upper")], rel=1e-9
        )


def test_an_indirect_share_of_the_whole_is_the_whole():
    people = random_people(11, 3000)
    city = made_city(people)
    options = {"by": "sex", "standardise": "education", "years": 2024}
    table = mr.break_down(city, "employment", standardisation="indirect", **options)
    crude = mr.break_down(city, "employment", by="sex", years=2024)
    assert table["value"].iloc[0] == pytest.approx(crude["value"].iloc[0])
    assert set(table["method"]) == {"register indirect wilson"}
    work = people[(people["year"] == 2024) & people["age"].between(20, 64)]
    work = work.assign(education=work["education"].replace({"1": "2"}))
    shares = work.groupby("education")["employed"].mean()
    women = work[work["sex"] == "2"]
    expected = women["education"].map(shares).sum()
    value = 100 * women["employed"].sum() / expected * work["employed"].mean()
    assert table.loc[table["sex"] == "women", "value"].iloc[0] == pytest.approx(value)


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
