"""Figures that need every person of a register, and replicates: against masks, by hand, and against the draws themselves."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import INDICATORS, indicator, made_city, random_people, toml, write_dataset
from mrstats import covariances
from mrstats.measures import distribution
from mrstats.personwise import poisson_counts
from mrstats.schema import DatasetError, NotPublishedError, UnknownNameError

EARNING = "income > 0"
MORE = "".join(
    [
        indicator("median", "quantile", numerator="income", more="options = { p = 0.5 }"),
        indicator("gini", "gini", numerator="income", denominator=EARNING, more='direction = "adverse"'),
        indicator("ratio", "quintile_share_ratio", numerator="income", denominator=EARNING),
        indicator("risk", "at_risk_of_poverty", numerator="income", more='direction = "adverse"'),
        indicator(
            "risk_of_line",
            "at_risk_of_poverty",
            numerator="income",
            more="options = { line = { 2023 = 100, 2024 = 150 } }",
        ),
        indicator("atkinson", "atkinson", numerator="income", denominator=EARNING, more="options = { epsilon = 0.5 }"),
        indicator("theil", "generalised_entropy", numerator="income", denominator=EARNING),
        indicator("wrong", "atkinson", numerator="income"),
        indicator("per", "ratio", numerator="events", more='per = "age"\nmultiplier = 100'),
        indicator("part", "share", numerator="events"),
    ]
)
DESCRIPTION = toml(indicators=INDICATORS + MORE)
MEASURES = {
    "median": lambda x: distribution.weighted_quantile(x, 0.5),
    "gini": distribution.gini,
    "ratio": distribution.quintile_share_ratio,
    "atkinson": lambda x: distribution.atkinson(x, epsilon=0.5),
    "theil": distribution.generalised_entropy,
}


@pytest.fixture(scope="module")
def people():
    return random_people(5, 3000)


@pytest.fixture(scope="module")
def city(people):
    return made_city(people, DESCRIPTION)


def of(people, year=2024, sex=None, area=None):
    mask = (people["year"] == year) & (people["income"] > 0)
    mask &= (people["sex"] == sex) if sex else True
    mask &= ((people["area"] == area) & ~people["protected_identity"]) if area else True
    return people.loc[mask, "income"].to_numpy(float)


def row(table, **picked):
    mask = np.logical_and.reduce([table[name] == value for name, value in picked.items()])
    assert mask.sum() == 1
    return table[mask].iloc[0]


@pytest.mark.parametrize("name", list(MEASURES))
def test_every_group_area_and_year_has_the_figure_of_its_own_persons(name, people, city):
    table = mr.break_down(city, name, by="sex", geography="area", years=[2023, 2024])
    for year in (2023, 2024):
        assert row(table, year=year, geography_level="city", sex="_T")["value"] == pytest.approx(
            float(MEASURES[name](of(people, year)))
        )
        assert row(table, year=year, geography_level="city", sex="women")["value"] == pytest.approx(
            float(MEASURES[name](of(people, year, sex="2")))
        )
        found = row(table, year=year, geography="A2", sex="men")
        mine = of(people, year, sex="1", area="A2")
        assert found["value"] == pytest.approx(float(MEASURES[name](mine)))
        assert found["n"] == len(mine)


@pytest.mark.parametrize("name", ["gini", "atkinson", "theil"])
def test_the_linearised_error_is_near_that_of_leaving_one_out(name, people, city):
    x = of(people, sex="2")
    without = np.array([float(MEASURES[name](np.delete(x, i))) for i in range(len(x))])
    jackknife = np.sqrt((len(x) - 1) / len(x) * ((without - without.mean()) ** 2).sum())
    found = row(mr.break_down(city, name, by="sex"), sex="women")
    assert found["se"] == pytest.approx(jackknife, rel=0.02)
    assert found["method"] == "register linearised t"


def test_a_medians_limits_are_ranks_of_its_persons(people, city):
    found = row(mr.break_down(city, "median", by="sex"), sex="men")
    x = np.sort(of(people, sex="1"))
    below, above = (x < found["lower"]).sum(), (x > found["upper"]).sum()
    # an exact rank: half the persons, give or take 1.96·√n/2, and a tie or two
    middle, half = len(x) / 2, 1.96 * np.sqrt(len(x)) / 2
    assert abs(below - (middle - half)) < 4
    assert abs(above - (middle - half)) < 4


def test_poverty_is_measured_against_the_whole_citys_line_or_the_one_that_is_given(people, city):
    line = 0.6 * np.median(of(people))
    found = row(mr.break_down(city, "risk", by="sex"), sex="women")
    women = of(people, sex="2")
    assert found["count"] == (women < line).sum()
    assert found["value"] == pytest.approx(100 * (women < line).mean())
    assert found["affected"] == found["count"]
    for year, amount in ((2023, 100), (2024, 150)):
        given = row(mr.break_down(city, "risk_of_line", by="sex", years=year), sex="women")
        women = of(people, year, sex="2")
        assert given["value"] == pytest.approx(100 * (women < amount).mean())
    wilson = mr.measures.proportions.wilson_interval([(women < 150).sum()], [len(women)])
    assert [given["lower"], given["upper"]] == pytest.approx([100 * float(end[0]) for end in wilson])


def test_the_errors_of_an_estimated_line_are_those_of_replicates(people, city):
    table = mr.break_down(city, "risk", by="sex", replicates=1500)
    ratio = np.sqrt(covariances.variance_of(table["estimate_id"].tolist())) / table["se"]
    assert ratio.to_numpy() == pytest.approx(np.ones(3), rel=0.08)


def test_a_year_without_a_line_is_an_error_that_names_it(people):
    text = DESCRIPTION.replace("{ 2023 = 100, 2024 = 150 }", "{ 2023 = 100 }")
    with pytest.raises(DatasetError, match=r"\[indicators\.risk_of_line\].*2024.*2023"):
        mr.break_down(made_city(people, text), "risk_of_line")


def test_an_income_that_has_no_logarithm_is_named_with_the_cure(people):
    city = made_city(people.assign(income=people["income"].where(people.index != 7, 0)), DESCRIPTION)
    with pytest.raises(DatasetError, match=r"\[indicators\.wrong\] atkinson: .*above 0.*denominator"):
        mr.break_down(city, "wrong", years=[2023, 2024])


def test_one_person_and_persons_alike_have_a_status_and_no_standard_error_of_zero(people):
    alike = people.assign(income=200.0, year=2024)
    city = made_city(pd.concat([alike.head(80), alike.head(1).assign(sex="1", person_id=-1)]), DESCRIPTION)
    for name in [*MEASURES, "risk", "income_mean"]:
        table = mr.break_down(city, name)
        assert not (table["se"] == 0).any()
        assert name == "risk" or table["status"].str.contains("u").all()  # nobody of 81 is a sure zero


def test_a_mean_of_one_borrows_the_citys_spread(people):
    other = people.assign(sex="1", year=2024)
    city = made_city(pd.concat([other, other.head(1).assign(sex="2", person_id=-1, income=500.0)]), DESCRIPTION)
    table = mr.break_down(city, "income_mean", by="sex")
    found, whole = row(table, sex="women"), row(table, sex="_T")
    assert (found["n"], found["value"], found["method"]) == (1, 500, "register borrowed t")
    assert found["se"] == pytest.approx(whole["se"] * np.sqrt(whole["n"]))
    assert "u" in found["status"]


def test_ready_made_counts_have_no_median(people):
    from made_city import CELL_TABLE, FACTORS

    counts = (
        people.groupby(["year", "sex", "education", "area"], as_index=False).size().rename(columns={"size": "persons"})
    )
    description = toml(CELL_TABLE, factors=FACTORS, indicators=indicator("median", "quantile", numerator="income"))
    with pytest.raises(NotPublishedError, match="every person's own value"):
        mr.break_down(made_city(counts, description), "median")


def test_a_ratio_by_hand(people, city):
    found = row(mr.break_down(city, "per", by="sex"), sex="women")
    women = people[(people["year"] == 2024) & (people["sex"] == "2")]
    y, x = women["events"].to_numpy(float), women["age"].to_numpy(float)
    value = y.sum() / x.sum()
    assert found["value"] == pytest.approx(100 * value)
    left = y - value * x
    assert found["se"] == pytest.approx(100 * np.sqrt(len(y) / (len(y) - 1) * (left @ left)) / x.sum())


def test_parts_add_up_to_the_whole(people, city):
    table = mr.break_down(city, "part", by="sex", geography="area")
    assert row(table, geography_level="city", sex="_T")["value"] == pytest.approx(100)
    areas = table[(table["geography_level"] == "area") & (table["sex"] == "_T")]
    assert areas["value"].sum() == pytest.approx(100)
    women = people[(people["year"] == 2024) & (people["sex"] == "2")]
    share = women["events"].sum() / people.loc[people["year"] == 2024, "events"].sum()
    assert row(table, geography_level="city", sex="women")["value"] == pytest.approx(100 * share)


# ---- replicates


def test_replicates_are_the_draws_of_the_persons(people, city):
    table = mr.break_down(city, "employment", by="sex", replicates=40, seed=3)
    work = people[(people["year"] == 2024) & people["age"].between(20, 64)]
    counts = poisson_counts(work["person_id"].to_numpy(), 40, seed=3).astype(float)
    women, employed = (work["sex"] == "2").to_numpy(), work["employed"].to_numpy()
    drawn = 100 * (counts[women & employed].sum(axis=0) / counts[women].sum(axis=0))
    everybody = 100 * counts[employed].sum(axis=0) / counts.sum(axis=0)
    ids = {code: row(table, sex=code)["estimate_id"] for code in ("women", "_T")}
    assert covariances.variance_of([ids["women"]])[0] == pytest.approx(drawn.var(ddof=1))
    both = np.cov(drawn, everybody)[0, 1]
    assert covariances.covariance_of([ids["women"]], [ids["_T"]])[0] == pytest.approx(both)


@pytest.mark.parametrize(
    "name", ["employment", "income_mean", "crime", "population", "income_total", "per", "part", "gini", "median"]
)
def test_replicates_spread_as_the_standard_error_says(name, city):
    table = mr.break_down(city, name, by="sex", replicates=800)
    table = table[(table["sex"] != "_T") | (name != "part")]
    spread = np.sqrt(covariances.variance_of(table["estimate_id"].tolist()))
    assert spread / table["se"].to_numpy() == pytest.approx(np.ones(len(table)), rel=0.25 if name == "median" else 0.11)


def test_the_same_persons_in_two_years_vary_together(people):
    both = pd.concat([people.assign(year=2023), people.assign(year=2024)])
    table = mr.break_down(made_city(both, DESCRIPTION), "employment", years=[2023, 2024], replicates=50)
    first, last = ([row(table, year=year)["estimate_id"]] for year in (2023, 2024))
    assert covariances.standard_error_of((1, last), (-1, first))[0] == pytest.approx(0, abs=1e-9)
    alone = mr.break_down(made_city(people, DESCRIPTION), "employment", years=[2023, 2024], replicates=300)
    first, last = ([row(alone, year=year)["estimate_id"]] for year in (2023, 2024))
    independent = np.sqrt(covariances.variance_of(first) + covariances.variance_of(last))
    assert covariances.standard_error_of((1, last), (-1, first)) == pytest.approx(independent, rel=0.15)


def test_the_order_of_rows_and_the_engine_change_no_replicate(people, city, tmp_path):
    table = mr.break_down(city, ["employment", "gini"], by="sex", replicates=30)
    ids = table["estimate_id"].tolist()
    mine = covariances.joint_deviations(ids)
    mr.break_down(
        made_city(people.sample(frac=1, random_state=1), DESCRIPTION), ["employment", "gini"], by="sex", replicates=30
    )
    np.testing.assert_allclose(covariances.joint_deviations(ids), mine, rtol=1e-9, atol=1e-12)
    stored = mr.open_dataset(write_dataset(tmp_path / "made", people, DESCRIPTION))
    mr.break_down(stored, ["employment", "gini"], by="sex", replicates=30)
    np.testing.assert_allclose(covariances.joint_deviations(ids), mine, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("replicates", [1, -5, 2.5, "many"])
def test_an_impossible_number_of_replicates_is_refused(replicates, city):
    with pytest.raises(UnknownNameError, match="replicates"):
        mr.break_down(city, "employment", replicates=replicates)


def test_kept_deviations_can_be_written_for_the_owner_and_read_again(city, tmp_path, monkeypatch):
    block = covariances.keep(["one", "two"], np.array([[1.0, 2.0], [3.0, 4.0]]), "sample")
    covariances.write_block(block, tmp_path / "kept" / "a.npz")
    assert (tmp_path / "kept" / "a.npz").stat().st_mode & 0o077 == 0
    monkeypatch.setattr(covariances, "_kept", covariances._Kept())
    assert np.isnan(covariances.variance_of(["one"])[0])
    monkeypatch.setenv(covariances.FOLDER, str(tmp_path / "kept"))
    assert covariances.covariance_of(["one"], ["two"])[0] == 1 * 2 + 3 * 4


def test_the_oldest_deviations_are_let_go_first(monkeypatch):
    monkeypatch.setattr(covariances, "_kept", covariances._Kept())
    monkeypatch.setattr(covariances, "MOST_NUMBERS", 10)
    for name in ("a", "b", "c"):
        covariances.keep([name], np.ones((4, 1)), "sample")
    assert np.isnan(covariances.variance_of(["a"])[0])
    assert covariances.variance_of(["b", "c"]).tolist() == [4, 4]
