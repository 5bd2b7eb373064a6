"""`mr.intersections`: strata by hand, stated interactions found and others not, who is shown, what is refused."""

import numpy as np
import pytest
from scipy.special import expit

from care_fixtures import DESCRIPTION, care_city, care_people
from mrstats.measures.intersections import linear_strata, logit_strata
from mrstats.models import intersections
from mrstats.schema import MrstatsError, UnknownNameError

FACTORS = ["sex", "education", "disability"]


def people(seed=1, size=12_000, more=0.0, spread=0.0):
    """Care by parts that add up on the scale of log odds; women with lower education have `more`, every stratum a draw."""
    rows = care_people(seed, size)
    random = np.random.default_rng(seed)
    eta = 0.3 - 0.4 * (rows["sex"] == "2") - 0.8 * (rows["education"] == "1") - 0.5 * (rows["disability"] == "with")
    own = {key: random.normal(0, spread) for key, _ in rows.groupby(FACTORS)}
    eta += rows[FACTORS].apply(lambda row: own[tuple(row)], axis=1) if spread else 0
    eta += more * ((rows["sex"] == "2") & (rows["education"] == "1"))
    rows["care"] = random.random(size) < expit(eta)
    rows["pay"] = 20 + 4 * eta + random.normal(0, 3, size)
    return rows


@pytest.fixture(scope="module")
def rows():
    return people(more=-0.9)


@pytest.fixture(scope="module")
def made(rows):
    return intersections(care_city(rows), "care", FACTORS, replicates=40)


def test_every_stratum_is_what_its_mask_says(made, rows):
    assert len(made) == 20
    sexes, schools = {"1": "men", "2": "women"}, {"1": "lower", "3": "upper", "5": "post_short", "6": "post_long"}
    named = rows.replace({"sex": sexes, "education": {**schools, "US": "unknown"}})
    for row in made.itertuples():
        mine = named[
            (named["sex"] == row.sex) & (named["education"] == row.education) & (named["disability"] == row.disability)
        ]
        assert (row.n, row.population) == (len(mine), len(mine))
        assert row.value == pytest.approx(100 * mine["care"].mean())


def test_the_model_is_that_of_the_measures(made, rows):
    counts = rows.groupby(FACTORS)["care"].agg(["size", "sum"])
    null = logit_strata(counts["size"], counts["sum"], np.ones((20, 1)))
    assert made["vpc"].unique() == pytest.approx([100 * null.vpc], rel=1e-5)
    keys = counts.index.to_frame()
    main = [
        np.ones(20),
        keys["sex"] == "2",
        keys["disability"] == "with",
        *(keys["education"] == e for e in ("1", "5", "6", "US")),
    ]
    full = logit_strata(counts["size"], counts["sum"], np.column_stack(main).astype(float))
    assert made["pcv"].unique() == pytest.approx([100 * (1 - full.variance / null.variance)], rel=1e-4)
    assert sorted(made["expected"]) == pytest.approx(sorted(100 * expit(full.expected)), rel=1e-4)
    assert sorted(made["modelled_value"]) == pytest.approx(sorted(100 * expit(full.expected + full.effect)), rel=1e-3)


def test_the_group_that_is_worse_than_its_parts_is_found(made):
    worst, best = (made.sort_values("disadvantage").iloc[at] for at in (-1, 0))
    assert (worst["sex"], worst["education"]) == ("women", "lower")
    assert (best["sex"], best["education"]) == ("men", "lower")  # the parts are drawn between the two
    assert worst["sure"]
    assert worst["difference_upper"] < 0


def test_where_the_parts_add_up_little_is_left_and_hardly_any_stratum_is_sure():
    table = intersections(care_city(people(7)), "care", FACTORS, replicates=40)
    assert table["pcv"].iloc[0] > 95
    assert table["sure"].sum() <= 1
    assert (table["pcv_lower"] <= table["pcv"]).all()
    assert (table["pcv"] <= table["pcv_upper"]).all()


def test_the_stated_variance_lies_within_its_interval_as_often_as_it_says():
    hits = 0
    for seed in range(24):
        table = intersections(care_city(people(60 + seed, 2000, spread=0.3)), "pay", FACTORS, replicates=40)
        stated = 100 * (4 * 0.3) ** 2 / ((4 * 0.3) ** 2 + 9)
        hits += table["vpc_main_lower"].iloc[0] < stated < table["vpc_main_upper"].iloc[0]
    assert hits >= 20  # 23 expected; 1 in 40 has fewer


def test_a_mean_is_linear(rows):
    table = intersections(care_city(rows), "pay", FACTORS, replicates=10)
    groups = rows.groupby(FACTORS)["pay"]
    squares = ((rows["pay"] - groups.transform("mean")) ** 2).sum()
    null = linear_strata(groups.size(), groups.mean(), squares, np.ones((20, 1)))
    assert table["vpc"].iloc[0] == pytest.approx(100 * null.vpc)
    assert set(table["method"]) == {"register maihda linear"}


def test_weights_that_are_all_alike_change_nothing_but_the_residents(rows, made):
    described = DESCRIPTION.replace('person = "person_id"', 'person = "person_id"\nweight = "w"')
    table = intersections(care_city(rows.assign(w=3.0), described), "care", FACTORS, replicates=5)
    assert table["modelled_value"].to_numpy() == pytest.approx(made["modelled_value"].to_numpy(), rel=1e-9)
    assert table["population"].to_numpy() == pytest.approx(3 * made["population"].to_numpy())


def test_order_of_factors_and_rows_does_not_matter(rows, made):
    other = intersections(care_city(rows.sample(frac=1, random_state=3)), "care", FACTORS[::-1], replicates=5)
    both = made.merge(other, on=FACTORS, suffixes=("", "_other"))
    assert both["difference_other"].to_numpy() == pytest.approx(both["difference"].to_numpy(), rel=1e-3, abs=1e-4)


def test_small_strata_are_hidden_with_the_next_smallest():
    table = intersections(care_city(people(3, 1500)), "care", FACTORS, replicates=5)
    hidden = table["status"] == "C"
    assert 2 <= hidden.sum() < len(table)
    figures = ["value", "lower", "upper", "n", "population", "modelled_value", "expected", "difference", "disadvantage"]
    assert table.loc[hidden, figures].isna().all().all()
    assert not table.loc[hidden, "sure"].any()
    assert table["pcv"].notna().all()


def test_what_cannot_be_modelled_is_named_with_the_cure(rows):
    def refused(said, people=rows, factors=FACTORS, *, indicator="care", error=MrstatsError):
        with pytest.raises(error, match=said):
            intersections(care_city(people), indicator, factors, replicates=2)

    refused("sex × disability has 4 strata.*a model needs 10", factors=["sex", "disability"])
    same = rows.assign(disability=np.where(rows["education"] == "1", "with", "without"))
    refused("has 10 strata|cannot be told", same)
    refused("does not vary within the strata", rows.assign(care=True))
    refused("two or more different", factors=["sex"], error=UnknownNameError)
    refused("'gender' is not in made", factors=["sex", "gender"], error=UnknownNameError)
    refused("'crime' is a rate", indicator="crime")
