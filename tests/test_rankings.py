"""`mr.ranking`: areas against the city, worked by hand on small tables."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, poisson

import mrstats as mr
from made_city import made_city, random_people
from mrstats import schema
from mrstats.measures.reliability import shrunken_values
from mrstats.rankings import RANKING_COLUMNS


@pytest.fixture(scope="module")
def people():
    random = np.random.default_rng(11)
    people = random_people(7, 4000).assign(year=2024)
    chance = people["area"].map({"A1": 0.8, "A2": 0.7, "A3": 0.6, "A4": 0.3}).fillna(0.7)
    return people.assign(employed=random.random(4000) < chance)


@pytest.fixture(scope="module")
def city(people):
    return made_city(people)


@pytest.fixture(scope="module")
def made(city):
    return mr.ranking(mr.break_down(city, "employment", geography="area"))


def interpolated(distribution, p, *parameters):
    r = distribution.ppf(p, *parameters)
    step = distribution.cdf(r, *parameters) - distribution.cdf(r - 1, *parameters)
    return r - (distribution.cdf(r, *parameters) - p) / step


def test_rows_are_the_areas_and_none_without_one(made, city):
    table = mr.break_down(city, "employment", geography="area")
    assert made["geography"].tolist() == ["A1", "A2", "A3", "A4"]
    assert list(made.columns) == [*table.columns, *RANKING_COLUMNS]
    assert made.attrs["dataset"] == table.attrs["dataset"]


def test_rank_one_is_worst_off(made):
    assert made["rank"].tolist() == [4, 3, 2, 1]
    assert ((made["rank_lower"] <= made["rank"]) & (made["rank"] <= made["rank_upper"])).all()


def test_rank_of_an_adverse_indicator_is_the_other_way(city):
    made = mr.ranking(mr.break_down(city, "low", geography="area"))
    assert made.sort_values("shrunken", ascending=False)["rank"].tolist() == [1, 2, 3, 4]


def test_shrunken_values_are_those_of_the_measure(made):
    expected = shrunken_values(made["value"], made["se"])
    assert made["shrunken"].tolist() == pytest.approx(expected.value.tolist())
    assert made["reliability"].between(0, 1).all()
    between = made[["value", "shrunken"]].apply(lambda row: abs(row["shrunken"] - expected.mean), axis=1)
    assert (between <= (made["value"] - expected.mean).abs() + 1e-9).all()


def test_funnel_limits_are_binomial_around_the_city(made, people):
    working = people[people["age"].between(20, 64)]
    share = working["employed"].mean()  # those without an area are in the city
    assert made["city_value"].tolist() == pytest.approx([100 * share] * 4)
    for tail, name in ((0.025, "95"), (0.001, "998")):
        n = made["n"].to_numpy()
        assert made[f"funnel_lower_{name}"].to_numpy() / 100 * n == pytest.approx(interpolated(binom, tail, n, share))
        assert made[f"funnel_upper_{name}"].to_numpy() / 100 * n == pytest.approx(
            interpolated(binom, 1 - tail, n, share)
        )
    assert made["outside"].iloc[3] == "99.8"
    beyond = (made["value"] < made["funnel_lower_95"]) | (made["value"] > made["funnel_upper_95"])
    assert ((made["outside"] != "") == beyond).all()


def test_funnel_of_a_rate_is_poisson(city, people):
    made = mr.ranking(mr.break_down(city, "crime", geography="area"))
    n = made["n"].to_numpy()
    expected = interpolated(poisson, 0.975, n * people["events"].mean())
    assert made["funnel_upper_95"].tolist() == pytest.approx((1000 * expected / n).tolist())
    assert set(made["ranking_method"]) == {"empirical bayes, poisson funnel"}


def test_funnel_of_a_mean_is_normal_with_the_areas_own_error(city):
    made = mr.ranking(mr.break_down(city, "income_mean", geography="area"))
    assert made["funnel_upper_95"].tolist() == pytest.approx(
        (made["city_value"] + 1.959963984540054 * made["se"]).tolist()
    )


def test_chance_share_and_q_are_of_all_areas(made):
    share = made["population"] / made["population"].sum()
    mean = (share * made["value"]).sum()
    noise = (share * (1 - share) * made["se"] ** 2).sum()
    assert made["chance_share"].tolist() == pytest.approx([noise / (share * (made["value"] - mean) ** 2).sum()] * 4)
    weights = 1 / made["se"] ** 2
    middle = (weights * made["value"]).sum() / weights.sum()
    assert made["q"].tolist() == pytest.approx([(weights * (made["value"] - middle) ** 2).sum()] * 4)
    assert made["q_df"].unique().tolist() == [3]
    assert (made["q_p"] < 0.001).all()


@pytest.mark.parametrize("kind", ["multiplicative", "additive"])
def test_extra_variation_widens_the_funnel(city, made, kind):
    wide = mr.ranking(mr.break_down(city, "employment", geography="area"), extra_variation=kind)
    assert (wide["funnel_upper_95"] > made["funnel_upper_95"]).all()
    assert wide["ranking_method"].iloc[0] == f"empirical bayes, binomial funnel {kind}"


def test_hidden_areas_count_nowhere(city):
    table = mr.break_down(city, "employment", geography="area")
    gone = table["geography"] == "A2"
    hidden = table.copy()
    hidden.loc[gone, schema.FIGURES] = 1e6  # whatever the row holds
    hidden.loc[gone, "status"] = "C"
    made = mr.ranking(hidden)
    without = mr.ranking(table[~gone], city=city)
    shown = made[made["geography"] != "A2"].reset_index(drop=True)
    pd.testing.assert_frame_equal(shown[RANKING_COLUMNS], without[RANKING_COLUMNS])
    row = made.set_index("geography").loc["A2", RANKING_COLUMNS]
    assert row.drop(["outside", "ranking_method", "city_value"]).isna().all()
    assert (row["outside"], row["ranking_method"]) == ("", "")


def test_each_group_and_year_is_ranked_on_its_own(city):
    table = mr.break_down(city, "employment", by="sex", geography="area")
    made = mr.ranking(table)
    assert made.groupby("sex")["rank"].apply(sorted).tolist() == [[1, 2, 3, 4]] * 3
    whole = table[table["geography_level"] == "city"].set_index("sex")["value"]
    assert made["city_value"].tolist() == pytest.approx(made["sex"].map(whole).tolist())


def test_two_areas_have_funnels_but_no_shrunken_values(tiny):
    table = mr.break_down(tiny, "employment", geography="area")
    made = mr.ranking(table[table["geography"].isin(["9999", "A1", "A2"])], city=tiny)
    assert made["shrunken"].isna().all()
    assert made["rank"].isna().all()
    assert made["funnel_lower_95"].notna().all()


def test_samples_are_not_counted_as_a_register(tiny):
    table = mr.break_down(tiny, "employment", geography="area").assign(method="survey taylor logit")
    assert set(mr.ranking(table, city=tiny)["ranking_method"]) == {"empirical bayes, normal funnel"}


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda t: t[t["geography_level"] == "city"], {}, "no areas to rank"),
        (lambda t: t[t["geography_level"] != "city"], {}, "no row of the whole city"),
        (lambda t: pd.concat([t, t[t["geography"] == "A1"]]), {}, "there twice"),
        (lambda t: t, {"extra_variation": "much"}, "Choose one of none, multiplicative, additive"),
        (lambda t: t.assign(indicator="visits"), {}, "has no direction"),
        (lambda t: t.assign(indicator="population"), {}, "how large the groups are"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(tiny, change, options, message):
    table = mr.break_down(tiny, "employment", geography="area")
    with pytest.raises(schema.MrstatsError, match=message):
        mr.ranking(change(table), city=tiny, **options)
