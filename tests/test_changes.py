"""`mr.change`: of levels and gaps, with the covariance that is kept; breaks stop it; the questions of a survey together."""

import json
import math
import tomllib

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import INDICATORS, ROOT, indicator, made_city, random_people, toml
from mrstats import covariances
from mrstats.schema import DatasetError, MrstatsError, UnknownNameError
from test_comparisons import Z, mover, one, wilson

WORK = "age >= 20 and age <= 64"


@pytest.fixture(scope="module")
def people():
    """The same persons in three years; from 2023 to 2024 women are a little more often employed."""
    first = random_people(3, 900).assign(year=2023)
    rng = np.random.default_rng(1)
    gained = (first["sex"] == "2") & (rng.random(len(first)) < 0.3)
    middle = first.assign(year=2024, employed=first["employed"] | (gained & (rng.random(len(first)) < 0.5)))
    last = first.assign(year=2025, employed=first["employed"] | gained)
    return pd.concat([first, middle, last], ignore_index=True)


def description(more="", employment=""):
    own = indicator(
        "employment",
        "proportion",
        numerator="employed",
        denominator=WORK,
        more=f'direction = "favourable"\n{employment}',
    )
    rest = INDICATORS.split("[indicators.low]")[1]
    return toml(indicators=own + "[indicators.low]" + rest + more).replace("[2023, 2024]", "[2023, 2024, 2025]")


@pytest.fixture(scope="module")
def city(people):
    return made_city(people, description())


YEARS = [2023, 2024, 2025]


def test_a_change_is_last_less_first_and_years_count_as_independent_where_no_covariance_is_kept(city, people):
    table = mr.break_down(city, "employment", by="sex", years=YEARS)
    row = one(mr.change(table), sex="women")
    work = (
        people[(people["sex"] == "2") & people["age"].between(20, 64)].groupby("year")["employed"].agg(["sum", "size"])
    )
    (x0, n0), (x1, n1) = work.loc[2023], work.loc[2025]
    assert row["change"] == pytest.approx(100 * (x1 / n1 - x0 / n0))
    ends = mover(x1 / n1, *wilson(x1, n1), x0 / n0, *wilson(x0, n0))
    assert [row["change_lower"], row["change_upper"]] == pytest.approx([100 * end for end in ends])
    assert (row["since"], row["year"], row["kind"], row["method"]) == (
        2023,
        2025,
        "level",
        "register years taken as independent",
    )
    assert row["disadvantage"] == pytest.approx(-row["change"])


def test_with_replicates_the_same_residents_change_for_surer(city):
    table = mr.break_down(city, "employment", by="sex", years=YEARS, replicates=600)
    row = one(mr.change(table), sex="women")
    plain = one(mr.change(table.assign(estimate_id=[f"x{i}" for i in range(len(table))])), sex="women")
    assert row["method"] == "register joint covariance"
    assert row["change"] == pytest.approx(plain["change"])
    assert row["change_upper"] - row["change_lower"] < 0.8 * (plain["change_upper"] - plain["change_lower"])
    # Of n women d have gained and none lost: the variance of the difference is d/n·(1 − d/n)/n.
    work = city.table("people").query("sex == '2' and age >= 20 and age <= 64")
    n, gained = (work["year"] == 2023).sum(), work.groupby("year")["employed"].sum()[[2023, 2025]].diff().iloc[-1]
    error = 100 * math.sqrt(gained / n * (1 - gained / n) / n)
    assert (row["change_upper"] - row["change_lower"]) / (2 * Z) == pytest.approx(error, rel=0.1)
    men = one(mr.change(table), sex="men")
    assert men["change"] == pytest.approx(0)


def test_a_gap_has_changed_by_the_difference_of_its_ends(city):
    table = mr.break_down(city, "employment", by="sex", years=YEARS, replicates=400)
    both = mr.change(table, "sex", reference="men")
    row = one(both, kind="gap", sex="women")
    women, men = (one(both, kind="level", sex=code) for code in ("women", "men"))
    assert row["change"] == pytest.approx(women["change"] - men["change"])
    assert row["value_since"] == pytest.approx(women["value_since"] - men["value_since"])
    assert row["disadvantage"] == pytest.approx(-row["change"])
    ids = {(r["year"], r["sex"]): [r["estimate_id"]] for _, r in table.iterrows()}
    error = covariances.standard_error_of(
        (1, ids[2025, "women"]), (-1, ids[2025, "men"]), (-1, ids[2023, "women"]), (1, ids[2023, "men"])
    )[0]
    assert (row["change_upper"] - row["change_lower"]) / 2 == pytest.approx(Z * error)


def test_a_gap_without_covariances_joins_the_gaps_intervals(city):
    table = mr.break_down(city, "employment", by="sex", years=YEARS)
    gaps = mr.gaps(table, "sex", "men")
    row = one(mr.change(table, "sex", reference="men"), kind="gap")
    first, last = (
        one(gaps, year=year)[["difference", "difference_lower", "difference_upper"]] for year in (2023, 2025)
    )
    assert [row["change_lower"], row["change_upper"]] == pytest.approx(mover(*last, *first))


def test_the_trend_goes_through_all_years_between(city):
    table = mr.break_down(city, "employment", by="sex", years=YEARS)
    row = one(mr.change(table), sex="women")
    rows = table[table["sex"] == "women"]
    se = (rows["upper"] - rows["lower"]) / (2 * Z)
    x, w = rows["year"] - (rows["year"] / se**2).sum() / (1 / se**2).sum(), 1 / se**2
    assert row["trend"] == pytest.approx((w * x * rows["value"]).sum() / (w * x * x).sum())
    assert row["trend_lower"] < row["trend"] < row["trend_upper"]
    two = mr.change(mr.break_down(city, "employment", years=[2023, 2025]))
    assert two["trend"].isna().all()


def test_a_break_stops_the_change_but_not_the_trend_within_its_pieces(people):
    broken = made_city(people, description(employment="breaks = [2025]"))
    table = mr.break_down(broken, "employment", by="sex", years=YEARS)
    assert table.loc[table["year"] == 2025, "status"].str.contains("b").all()
    found = mr.change(table, "sex")
    assert found["change"].isna().all()
    assert found["p"].isna().all()
    assert not found["sure"].any()
    assert found["status"].str.contains("b").all()
    # a step is allowed at the break, so only 2023 to 2024 tells of the slope
    row = one(found, kind="level", sex="women")
    values = table[table["sex"] == "women"].set_index("year")["value"]
    assert row["trend"] == pytest.approx(values[2024] - values[2023])
    after = mr.change(mr.break_down(broken, "employment", years=[2023, 2024]))
    assert after["change"].notna().all(), "both years lie before the break"


def test_two_vintages_of_areas_are_not_compared(city):
    table = mr.break_down(city, "employment", geography="area", years=[2023, 2025])
    areas = table["geography_level"] == "area"
    table.loc[areas & (table["year"] == 2025), "vintage"] = "2025"
    found = mr.change(table)
    assert found.loc[found["geography_level"] == "area", "change"].isna().all()
    assert found.loc[found["geography_level"] == "area", "status"].str.contains("b").all()
    assert found.loc[found["geography_level"] == "city", "change"].notna().all()


@pytest.mark.parametrize(("target", "verdict"), [(95, "too slow"), (30, "reached"), (85, "on track")])
def test_progress_towards_a_target(people, target, verdict):
    women = people[people["sex"] == "2"]
    own = made_city(women, description(employment=f"target = {target}\ntarget_year = 2027"))
    table = mr.break_down(own, "employment", years=YEARS)
    values, slope = table["value"].tolist(), None
    found = one(mr.change(table), kind="level")
    slope = found["trend"]
    expected = values[-1] + 2 * slope
    known = "reached" if values[-1] >= target else "on track" if expected >= target else "too slow"
    assert found["progress"] == known
    assert mr.change(table, target=(0, 2030)).iloc[0]["progress"] == "reached"
    assert verdict in ("too slow", "reached", "on track")


def test_a_target_without_its_year_is_refused(people):
    with pytest.raises(DatasetError, match="target_year"):
        made_city(people, description(employment="target = 90"))


@pytest.mark.parametrize(
    ("years", "options", "error", "words"),
    [
        ([2025], {}, MrstatsError, "later year"),
        ([2023, 2025], {"since": 2024}, UnknownNameError, "2023, 2025"),
        ([2023, 2025], {"since": 2025}, MrstatsError, "later year"),
    ],
)
def test_a_change_that_cannot_be_made_says_why(city, years, options, error, words):
    with pytest.raises(error, match=words):
        mr.change(mr.break_down(city, "employment", years=years), **options)


def test_hidden_figures_have_no_change(city):
    table = mr.break_down(city, "employment", by="sex", years=YEARS)
    hidden = (table["sex"] == "men") & (table["year"] == 2025)
    table.loc[hidden, ["value", "lower", "upper", "se", "n", "count", "population"]] = np.nan
    table.loc[hidden, "status"] = "C"
    row = one(mr.change(table), sex="men")
    assert math.isnan(row["change"])
    assert row["status"] == "C"
    assert math.isnan(one(mr.change(table), sex="men")["p"])


def test_all_questions_of_a_survey_are_tested_together(example_folder):
    """The truth: 17 questions better, 2 worse, 2 unchanged."""
    city = mr.open_dataset(example_folder)
    truth = tomllib.loads((ROOT / "src/mrstats/example_city/truth.toml").read_text(encoding="utf-8"))["survey"][
        "questions"
    ]
    table = mr.break_down(city, list(truth), years=[2023, 2024])
    found = mr.change(table).set_index("indicator")
    assert (found["method"] == "survey joint covariance").all()
    verdict = np.where(~found["sure"], 0, -np.sign(found["disadvantage"]))
    stated = np.sign([truth[name]["change"] for name in found.index])
    assert verdict.tolist() == stated.tolist()
    assert json.loads(json.dumps(verdict.tolist())).count(1) == 17
