"""`mr.adjusted_gaps`: the model by hand, what is known of made-up persons, who is shown, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

import mrstats as mr
from care_fixtures import DESCRIPTION, care_city, care_people, eta_of
from mrstats.captions import Captions
from mrstats.models import adjusted_gaps
from mrstats.schema import DatasetError, MrstatsError, UnknownGroupError, UnknownNameError

HELD = ["age", "disability", "education"]


@pytest.fixture(scope="module")
def rows():
    return care_people()


@pytest.fixture(scope="module")
def made(rows):
    return adjusted_gaps(care_city(rows), "care", "sex", HELD).set_index("sex")


def by_hand(rows, sex=None, powers=(1, 2)):
    """Columns typed a second time."""
    woman = rows["sex"] == "2" if sex is None else np.full(len(rows), sex == "2")
    age = rows["age"] / 10
    schools = [rows["education"] == code for code in ("1", "5", "6", "US")]
    columns = [np.ones(len(rows)), woman, *(age**power for power in powers), rows["disability"] == "with", *schools]
    return np.column_stack(columns).astype(float)


def test_as_they_are_the_figures_are_those_of_break_down_and_gaps(rows, made):
    table = mr.gaps(mr.break_down(care_city(rows), "care", by="sex"), "sex", reference="men").set_index("sex")
    for name in ("value", "lower", "upper", "n", "difference", "difference_lower", "difference_upper"):
        assert made.loc["women", name] == pytest.approx(table.loc["women", name], rel=1e-9), name
    assert (made.loc["men", ["difference", "difference_lower", "difference_upper", "adjusted_difference"]] == 0).all()


def test_the_adjusted_figures_are_those_of_the_model_by_hand(rows, made):
    fit = sm.GLM(rows["care"].astype(float), by_hand(rows), family=sm.families.Binomial()).fit(
        cov_type="HC0", tol=1e-12
    )
    means, slopes = [], []
    for sex in ("2", "1"):
        x = by_hand(rows, sex)
        p = expit(x @ fit.params.to_numpy())
        means.append(100 * p.mean())
        slopes.append((100 * (p * (1 - p))[:, None] * x).mean(axis=0))
    assert made["adjusted_value"].to_numpy() == pytest.approx(means, rel=1e-7)
    assert made.loc["women", "adjusted_difference"] == pytest.approx(means[0] - means[1], rel=1e-6)
    step = slopes[0] - slopes[1]
    n = len(rows)
    se = np.sqrt(step @ fit.cov_params().to_numpy() @ step * n / (n - 1))
    half = (made.loc["women", "adjusted_difference_upper"] - made.loc["women", "adjusted_difference_lower"]) / 2
    assert half == pytest.approx(1.9605 * se, rel=1e-3)  # t with some 4 000 degrees of freedom


@pytest.mark.parametrize(
    ("language", "said"),
    [("sv", "ålder, funktionsnedsättning och utbildning"), ("en", "age, disability and education")],
)
def test_what_is_adjusted_for_is_named_in_the_table_and_said_in_the_language_of_the_display(rows, made, language, said):
    """Age is a column of numbers, which is called as the factor that is read from it."""
    assert set(made["adjusted_for"]) == {"age, disability, education"}
    assert Captions(care_city(rows), language).factors_named(made["adjusted_for"].iloc[0]) == said


def test_the_method_is_of_a_register(made):
    assert set(made["method"]) == {"register logit"}


def test_the_stated_gap_is_found_where_the_crude_one_misleads(rows, made):
    """Women are older, which hides half of the gap; had they men's ages it would be the stated one."""
    stated = 100 * np.mean(expit(eta_of(rows.assign(sex="2"))) - expit(eta_of(rows.assign(sex="1"))))
    row = made.loc["women"]
    assert row["adjusted_difference_lower"] < stated < row["adjusted_difference_upper"]
    assert not row["difference_lower"] < stated < row["difference_upper"]


def test_the_interval_covers_as_often_as_it_says():
    hits = 0
    for seed in range(60):
        rows = care_people(100 + seed, 700)
        stated = 100 * np.mean(expit(eta_of(rows.assign(sex="2"))) - expit(eta_of(rows.assign(sex="1"))))
        row = adjusted_gaps(care_city(rows), "care", "sex", ["age", "disability"]).set_index("sex").loc["women"]
        hits += row["adjusted_difference_lower"] < stated < row["adjusted_difference_upper"]
    assert hits >= 51  # 57 expected; 1 in 100 has fewer than 52


def test_numbers_of_visits_have_the_stated_ratio():
    table = adjusted_gaps(care_city(care_people(5, 12_000)), "visits", "sex", ["education", "disability"]).set_index(
        "sex"
    )
    assert set(table["method"]) == {"register negative_binomial"}
    ratio = table.loc["women", "adjusted_value"] / table.loc["men", "adjusted_value"]
    assert ratio == pytest.approx(np.exp(0.4), rel=0.06)


def test_numbers_among_those_who_have_any_start_at_one():
    rows = care_people(6, 12_000)
    table = adjusted_gaps(
        care_city(rows), "services", "education", ["disability"], model="truncated", reference="upper"
    )
    table = table.set_index("education")
    mine = rows[rows["care"]]
    ill = mine["disability"] == "with"
    stated = np.mean(7 * (expit(-1.8 + 0.5 * ill) - expit(-1.2 + 0.5 * ill)))
    row = table.loc["lower"]
    assert row["adjusted_difference_lower"] < stated < row["adjusted_difference_upper"]
    assert row["value"] == pytest.approx(mine.loc[mine["education"] == "1", "services"].mean())


def test_with_an_interaction_each_group_has_gaps_of_its_own(rows):
    table = adjusted_gaps(care_city(rows), "care", "sex", ["disability"], interaction="disability")
    rows = rows.assign(one=1.0)
    for level, part in rows.groupby("disability"):
        row = table[(table["disability"] == level) & (table["sex"] == "women")].iloc[0]
        crude = part.loc[part["sex"] == "2", "care"].mean() - part.loc[part["sex"] == "1", "care"].mean()
        assert row["difference"] == pytest.approx(100 * crude)
        assert row["adjusted_difference"] == pytest.approx(100 * crude)  # nothing else is adjusted for
    assert set(table["disability"]) == {"_T", "with", "without"}


def test_clusters_of_one_person_each_change_nothing_and_doubled_persons_do_not_count_twice(rows):
    city = care_city(rows.assign(home=np.arange(len(rows))))
    one = adjusted_gaps(city, "care", "sex", HELD, cluster="home")
    plain = adjusted_gaps(city, "care", "sex", HELD)
    assert one["adjusted_difference_lower"].to_numpy() == pytest.approx(plain["adjusted_difference_lower"], rel=1e-9)
    twice = pd.concat([rows.assign(home=np.arange(len(rows)))] * 2, ignore_index=True)
    twice["person_id"] = np.arange(len(twice))
    doubled = adjusted_gaps(care_city(twice), "care", "sex", HELD, cluster="home")
    assert doubled["adjusted_difference_lower"].to_numpy() == pytest.approx(
        plain["adjusted_difference_lower"], rel=1e-3
    )


def test_a_sample_has_its_weights_and_strata(rows):
    heavy = rows["sex"].map({"1": 1.0, "2": 3.0}) * np.where(rows["disability"] == "with", 2.0, 1.0)
    survey = rows.assign(w=heavy, s=rows["sex"] + rows["disability"])
    description = DESCRIPTION.replace('person = "person_id"', 'person = "person_id"\nweight = "w"\nstrata = "s"')
    table = adjusted_gaps(care_city(survey, description), "care", "sex", ["disability", "age"]).set_index("sex")
    x = np.column_stack(
        [np.ones(len(rows)), rows["sex"] == "2", rows["disability"] == "with", rows["age"], rows["age"] ** 2]
    )
    fit = sm.GLM(rows["care"].astype(float), x.astype(float), family=sm.families.Binomial(), freq_weights=heavy).fit(
        tol=1e-12
    )
    each = []
    for woman in (1.0, 0.0):
        x[:, 1] = woman
        each.append(100 * np.average(expit(x.astype(float) @ fit.params), weights=heavy))
    assert table["adjusted_value"].to_numpy() == pytest.approx(each, rel=1e-6)
    assert set(table["method"]) == {"survey logit"}
    flat = description.replace('strata = "s"', "")
    loose = adjusted_gaps(care_city(survey, flat), "care", "sex", ["disability", "age"]).set_index("sex")
    width = [t.loc["women", "adjusted_upper"] - t.loc["women", "adjusted_lower"] for t in (table, loose)]
    assert width[0] < width[1]  # who is in which stratum is known


def test_order_of_rows_and_of_what_is_adjusted_for_does_not_matter(rows, made):
    other = adjusted_gaps(care_city(rows.sample(frac=1, random_state=2)), "care", "sex", HELD[::-1]).set_index("sex")
    numbers = made.select_dtypes("number").columns
    assert other[numbers].to_numpy() == pytest.approx(made[numbers].to_numpy(), rel=1e-8, nan_ok=True)


def test_small_groups_are_in_the_model_but_not_in_the_table(rows):
    few = rows.copy()
    unknown = few.index[few["education"] == "US"]
    few.loc[unknown[:4], "care"], few.loc[unknown[4:], "care"] = True, False
    table = adjusted_gaps(care_city(few), "care", "education", ["age"], reference="upper").set_index("education")
    figures = [name for name in table if table[name].dtype == float and name != "confidence"]
    hidden = table.index[table["status"] == "C"]
    assert "unknown" in hidden
    assert len(hidden) == 2  # with the next smallest, so that the city's total does not tell
    assert table.loc[hidden, figures].isna().all().all()
    assert table.loc[table.index.difference(hidden), "value"].notna().all()


def test_a_group_where_nobody_has_it_is_hidden_and_the_others_stay(rows):
    none = rows.assign(care=rows["care"] & (rows["education"] != "US"))
    table = adjusted_gaps(care_city(none), "care", "education", ["age"], reference="upper").set_index("education")
    assert table.loc["unknown", "status"] == "C"
    assert table.loc["post_long", "adjusted_difference"] == pytest.approx(0, abs=6)  # stated: none


def refused(rows, said, *, error=MrstatsError, indicator="care", factor="sex", adjust_for=HELD, **options):
    with pytest.raises(error, match=said):
        adjusted_gaps(care_city(rows), indicator, factor, adjust_for, **options)


def test_what_cannot_be_modelled_is_named_with_its_columns_and_the_cure(rows):
    none = rows.assign(care=rows["care"] & (rows["education"] != "US"))
    refused(none, "adjust_for: none of the .* persons with education=unknown has care.*leave education out")
    same = rows.assign(disability=np.where(rows["sex"] == "2", "with", "without"))
    refused(same, "disability=with says what sex=women say already.*Leave disability out")
    refused(rows.assign(age=70), "'age' is 70 for everybody.*Leave it out")
    refused(rows.iloc[:18], "reference='men' of 'sex' has too few persons with care", error=UnknownGroupError)
    homes = rows.assign(home=rows.index % 12)
    refused(homes, "12 persons .in a sample, clusters.* are too few for 9 columns .sex, age", cluster="home")
    ages = rows.assign(care=rows["age"] > 80)
    refused(ages, "no finite answer.*look at .*age", adjust_for=["age"])
    missing = rows.assign(age=rows["age"].where(rows.index > 2))
    refused(missing, "'age' is no number for 3 of the 4000", error=DatasetError)
    refused(rows, "has no column 'agee' .did you mean 'age'", error=UnknownNameError, adjust_for=["agee"])
    refused(rows, "different names, and not 'sex' itself", error=UnknownNameError, adjust_for=["sex"])
    refused(rows, "'crime' is a rate", indicator="crime")
    refused(rows, "model='logit' does not fit 'visits'", error=UnknownNameError, indicator="visits", model="logit")
    refused(rows, "must be a whole number from 1", indicator="visits", model="truncated")
    refused(rows, "reference='lower' of 'sex'", error=UnknownGroupError, reference="lower")
    refused(rows, "no persons in 2023", year=2023)
    few = rows.assign(care=rows["care"] & ((rows["sex"] == "2") | (rows["disability"] == "with") | (rows.index < 20)))
    refused(few, "sex=men and disability=without have care, or lack it", adjust_for=["age"], interaction="disability")
