"""`mr.allocation`: sums and curves by hand, R's grouped concentration index, what it refuses, and hidden groups."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import INDICATORS, indicator, made_city, random_people, reference, toml
from mrstats.disclosure import Plan, ProtectionRule
from mrstats.measures.ranked import relative_concentration_index
from mrstats.places import allocating
from mrstats.schema import MrstatsError, UnknownNameError

MORE = INDICATORS + indicator("unitless", "total", numerator="income").replace('unit = "enhet"', 'unit = ""')
R = reference("12_concentration")["grouped_quintiles"]


@pytest.fixture(scope="module")
def people():
    return random_people(9, 3000)


@pytest.fixture(scope="module")
def city(people):
    return made_city(people, toml(indicators=MORE))


def test_the_index_of_quintiles_is_as_in_r():
    rate, population = ([row[name] for row in R["table"]] for name in ("rate", "population"))
    found = relative_concentration_index(rate, np.zeros(5), population)
    assert float(found.estimate) == pytest.approx(R["rci"], rel=1e-9)


def test_sums_shares_and_curves_are_those_of_the_persons(city, people):
    table = mr.allocation(city, "income_total", "district", need="low", order_by="low", year=2024).set_index("group")
    here = people[(people["year"] == 2024) & people["income"].notna()]
    district = (
        here["area"].map({"A1": "D1", "A2": "D1", "A3": "D2", "A4": "D2"}).where(~here["protected_identity"], "_U")
    )
    by = here.groupby(district.fillna("_U"))["income"]
    amount, need, n = by.sum(), by.apply(lambda x: (x < 100).sum()), by.size()
    for code in ("D1", "D2", "_U"):
        row = table.loc[code]
        assert row["amount"] == amount[code]
        assert row["need"] == pytest.approx(need[code])
        assert row["per_person"] == pytest.approx(amount[code] / n[code])
        assert row["per_need"] == pytest.approx(amount[code] / need[code])
        assert row["amount_share"] == pytest.approx(100 * amount[code] / amount.sum())
        assert row["amount_to_need"] == pytest.approx(amount[code] / amount.sum() / (need[code] / need.sum()))
    first, second = sorted(("D1", "D2"), key=lambda code: -need[code] / n[code])
    assert table.loc[[first, second], "place"].tolist() == [1, 2]
    assert np.isnan(table.loc["_U", "place"])
    assert np.isnan(table.loc["_U", "cumulative_amount"])
    assert table.loc[first, "cumulative_amount"] == pytest.approx(
        100 * amount[first] / (amount[first] + amount[second])
    )
    # two groups: the index is the share of persons of the worse off less their share of the amount
    index = n[first] / (n[first] + n[second]) - amount[first] / (amount[first] + amount[second])
    assert table["concentration"].tolist() == pytest.approx([index] * 3)
    assert (table["inequity"] == table["concentration"] - table["need_concentration"]).all()
    assert ((table["inequity_lower"] < table["inequity"]) & (table["inequity"] < table["inequity_upper"])).all()


@pytest.mark.parametrize(("name", "each"), [("income_mean", 1), ("low", 0.01), ("crime", 0.001)])
def test_any_measure_with_a_sum_is_brought_to_its_sum(city, name, each):
    table = mr.allocation(city, name, "education", need="population", order_by="low", year=2024)
    plain = mr.break_down(city, name, by="education", years=2024).set_index("education")
    for row in table.itertuples():
        assert row.amount == pytest.approx(plain.loc[row.group, "value"] * plain.loc[row.group, "population"] * each)


def test_a_need_that_everybody_has_makes_the_index_of_need_zero(city):
    table = mr.allocation(city, "income_total", "education", need="income_mean", order_by="low", year=2024)
    assert table["inequity"].abs().max() < 1e-12
    assert table["amount_to_need"].tolist() == pytest.approx([1] * len(table))


def test_an_ordered_factor_has_its_own_order(city):
    table = mr.allocation(city, "income_total", "education", need="low", year=2024)
    assert table["group"].tolist() == ["lower", "upper", "post_short", "post_long", "unknown"]
    assert table["place"].tolist()[:4] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("unitless", "education"), {"need": "low"}, MrstatsError, r"\[indicators.unitless\] has no unit"),
        (("income_total", "parish"), {"need": "low"}, UnknownNameError, "no background factor and no level"),
        (("income_total", "sex"), {"need": "low"}, MrstatsError, "'sex' has no order of its own"),
        (("income_total", "sex"), {"need": "low", "order_by": "population"}, MrstatsError, "has no direction"),
        (("nothing", "sex"), {"need": "low"}, UnknownNameError, "no indicator 'nothing'"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(city, arguments, options, error, words):
    with pytest.raises(error, match=words):
        mr.allocation(city, *arguments, **options)


def test_one_group_is_refused(people):
    city = made_city(people[(people["area"] == "A1") & (people["year"] == 2024)])
    with pytest.raises(MrstatsError, match=r"over='area' has 1 group\(s\) with residents"):
        mr.allocation(city, "income_total", "area", need="low", order_by="low")


def test_publishing_it_rests_on_protected_tables_and_a_hidden_group_takes_the_index_with_it(
    city, tmp_path, monkeypatch
):
    from mrstats.appendix.planning import PublicationPlan, protect
    from mrstats.breakdown import check_request

    few = random_people(9, 260)
    small = made_city(few)
    request = check_request(small, ["income_total", "low"], ["education"], "city", 2024)
    release = protect(PublicationPlan(None, small, Plan((request,), {}), ProtectionRule(method="suppress")))
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(release.folder))
    table = mr.allocation(small, "income_total", "education", need="low", year=2024)
    hidden = table["status"].str.contains("C")
    assert hidden.any()
    assert table.loc[hidden, ["amount", "need", "per_person", "amount_share"]].isna().all(axis=None)
    if hidden[table["place"].notna()].any():
        assert table[list(allocating.INDICES)].isna().all(axis=None)


def test_the_inputs_are_left_as_they_were(city):
    first = mr.allocation(city, "income_total", "education", need="low", year=2024)
    pd.testing.assert_frame_equal(first, mr.allocation(city, "income_total", "education", need="low", year=2024))
