"""Raking held to R's survey package on its own sample, through a dataset's words; what cannot be raked is named."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import indicator, reference
from mrstats.schema import DatasetError, UnknownGroupError, UnknownNameError
from survey_fixtures import MARGINS, city_of, register_of, sample_of_r, small_sample

R = reference("03_survey")
POOR = indicator("poor", "proportion", numerator="poor_health == 1")
CLUSTER = 'cluster = "psu"'
OF = {"population": "adults"}


@pytest.fixture
def city(tmp_path):
    return city_of(sample_of_r(), register_of(MARGINS), tmp_path, more=CLUSTER, indicators=POOR)


def test_shares_before_and_after_are_those_of_the_weights_of_r(city):
    table = mr.rake(city, ["sex", "region"], **OF)
    people = sample_of_r()
    raked = pd.read_csv("tests/reference/03_survey/calibrated_weights.csv")["raked"].to_numpy()
    rows = table.set_index(["factor", "group"])
    north = (people["region"] == "North").to_numpy()
    row = rows.loc[("region", "North")]
    assert row["n"] == north.sum()
    assert row["sample_share"] == pytest.approx(100 * north.mean())
    assert row["before"] == pytest.approx(100 * people["weight"][north].sum() / people["weight"].sum())
    assert row["after"] == pytest.approx(row["register"]) == pytest.approx(100 * 6343 / 19184)
    assert row["persons"] == 6343
    assert table["largest_weight"].unique() == pytest.approx([raked.max() / raked.mean()], rel=1e-8)
    assert table["design_effect"].unique() == pytest.approx([1 + (raked.std() / raked.mean()) ** 2], rel=1e-8)
    w = people["weight"]
    assert table["design_effect_before"].unique() == pytest.approx([len(w) * (w**2).sum() / w.sum() ** 2], rel=1e-12)
    assert table["converged"].all()
    assert (table["iterations"] > 1).all()
    assert (table["trimmed"] == 0).all()
    assert table["respondents"].unique().tolist() == [485]


def test_figures_of_raked_weights_have_the_errors_of_r(city):
    table = mr.battery(city, ["poor"], "sex", margins=["sex", "region"], **OF)
    theirs = R["calibration"]["raked_calibrate"]
    assert table["value"].iloc[0] == pytest.approx(100 * theirs["poor_health"]["est"], rel=1e-8)
    assert table["se"].iloc[0] == pytest.approx(100 * theirs["poor_health"]["se"], rel=1e-8)
    for code, group in (("man", "men"), ("woman", "women")):
        row = table[table["sex"] == group].iloc[0]
        assert row["value"] == pytest.approx(100 * theirs["poor_health_sex"][code]["est"], rel=1e-8)
        assert row["se"] == pytest.approx(100 * theirs["poor_health_sex"][code]["se"], rel=1e-8)
    assert (table["method"] == "survey raked taylor logit").all()


def test_trimmed_weights_are_counted_and_meet_the_register(city):
    table = mr.rake(city, ["sex", "region"], trim=1.8, **OF)
    assert table["largest_weight"].iloc[0] == pytest.approx(1.8)
    assert table["trimmed"].iloc[0] >= 1
    assert (table["after"] - table["register"]).abs().max() < 1e-6
    assert table["design_effect"].iloc[0] < mr.rake(city, ["sex", "region"], **OF)["design_effect"].iloc[0]


def test_margins_that_do_not_fit_are_named_with_the_cure(tmp_path, city):
    def with_register(**margins):
        return city_of(sample_of_r(), register_of({**MARGINS, **margins}), tmp_path, more=CLUSTER)

    silent = with_register(sex={"man": 9000, "woman": 10184}, region={"North": 10000, "South": 9184})
    with pytest.raises(
        UnknownGroupError, match=r"answered have region='East', where adults of the register has nobody"
    ):
        mr.rake(silent, ["region"], **OF)
    people = sample_of_r()
    west = city_of(people[people["region"] != "West"], register_of(MARGINS), tmp_path, more=CLUSTER)
    with pytest.raises(
        UnknownGroupError, match=r"nobody answered in region='West', where the register has 4500\. Use a factor"
    ):
        mr.rake(west, ["sex", "region"], **OF)
    with pytest.raises(UnknownNameError, match="population='' must name an indicator of a register"):
        mr.battery(city, ["poor"], margins=["sex"])
    with pytest.raises(UnknownNameError, match="population='poor' is from a sample"):
        mr.rake(city, ["sex"], population="poor")
    with pytest.raises(UnknownNameError, match="'age_group' is not in made"):
        mr.rake(city, ["age_group"], **OF)
    with pytest.raises(UnknownNameError, match=r"margins=\[\] must name"):
        mr.rake(city, [], **OF)
    with pytest.raises(DatasetError, match=r"trim=0\.5 must be above 1"):
        mr.rake(city, ["sex"], trim=0.5, **OF)
    with pytest.raises(DatasetError, match=r"no weight above .* raise trim"):
        mr.rake(city, ["sex", "region"], trim=1.0001, **OF)


def test_margins_that_contradict_each_other_do_not_converge(tmp_path):
    people = small_sample().assign(region=lambda rows: np.where(rows["sex"] == "man", "North", "South"))
    register = register_of({"sex": {"man": 600, "woman": 400}, "region": {"North": 500, "South": 500}})
    with pytest.raises(
        DatasetError, match=r"rake to .*not met after 1000 rounds; .*Take groups together, or leave a margin"
    ):
        mr.rake(city_of(people, register, tmp_path, design_weight="drawn"), ["sex", "region"], **OF)


def test_a_group_in_which_few_answered_is_hidden_and_another_with_it(tmp_path):
    people = small_sample()
    people["region"] = np.select([people.index < 9, people.index < 30], ["West", "North"], "South")
    register = register_of({"sex": {"man": 500, "woman": 500}, "region": {"West": 90, "North": 300, "South": 610}})
    table = mr.rake(city_of(people, register, tmp_path, design_weight="drawn"), ["sex", "region"], **OF)
    rows = table.set_index("group")
    assert rows.index[rows["status"] == "C"].tolist() == ["North", "West"]
    assert rows.loc[["West", "North"], ["n", "sample_share", "before", "after", "register"]].isna().all(axis=None)
