"""Response rates counted by hand, and representativity through a dataset's words."""

import numpy as np
import pytest

import mrstats as mr
from mrstats.measures import nonresponse, proportions
from mrstats.measures.regression import regress
from mrstats.schema import DatasetError, MrstatsError, UnknownNameError
from survey_fixtures import MARGINS, city_of, register_of, sample_of_r, small_sample

COULD = 'eligible = "could"'


def small(tmp_path, people=None, more="", **options):
    people = small_sample() if people is None else people
    return city_of(people, register_of(MARGINS), tmp_path, more=more, design_weight="drawn", **options)


def by(table, factor):
    return table[table["factor"] == factor].set_index(factor)


def test_rates_are_those_who_answered_of_those_who_were_asked(tmp_path):
    table = mr.response_rates(small(tmp_path), ["sex", "region"])
    whole, sexes = table.iloc[0], by(table, "sex")
    assert (whole["n"], whole["answered"], whole["value"]) == (160, 100, 62.5)
    assert sexes["value"].to_dict() == {"women": 75.0, "men": 50.0}
    assert sexes["n"].tolist() == [80, 80]
    lower, upper = proportions.wilson_interval(60, 80)
    assert sexes.loc["women", ["lower", "upper"]].tolist() == pytest.approx([100 * lower, 100 * upper])
    assert table.loc[table["factor"] == "region", "sex"].eq("_T").all()
    assert table["factor"].tolist() == ["", "sex", "sex", "region", "region"]


def test_who_could_not_be_asked_is_in_no_rate(tmp_path):
    table = mr.response_rates(small(tmp_path, more=COULD), "sex")
    assert table.iloc[0][["n", "answered", "not_eligible"]].tolist() == [150, 100, 10]
    assert by(table, "sex").loc["men", ["n", "value", "not_eligible"]].tolist() == pytest.approx(
        [70, 100 * 40 / 70, 10]
    )


def test_weighted_rates_count_with_the_weights_and_the_design(tmp_path):
    people = small_sample()
    people["answered"] = np.where(people["region"] == "North", people.index % 8 != 1, people.index % 8 == 0)
    table = mr.response_rates(small(tmp_path, people), "region")
    rows = by(table, "region")
    north, south = rows.loc["North", "value"], rows.loc["South", "value"]
    assert (north, south) == (75.0, 25.0)
    assert rows["weighted"].to_dict() == pytest.approx(rows["value"].to_dict())  # one weight in each region
    assert table.iloc[0]["value"] == 50.0
    assert table.iloc[0]["weighted"] == pytest.approx((10 * 75 + 30 * 25) / 40)
    residuals = (people["drawn"] * (people["answered"] - 0.375) / people["drawn"].sum()).to_numpy()
    se = np.sqrt(160 / 159 * ((residuals - residuals.mean()) ** 2).sum())
    half = (table.iloc[0]["weighted_upper"] - table.iloc[0]["weighted_lower"]) / 200
    assert half == pytest.approx(1.975 * se, rel=0.01)


def test_a_group_of_few_who_answered_is_hidden_and_another_with_it(tmp_path):
    people = small_sample()
    people["region"] = np.select([people.index < 12, people.index < 60], ["West", "North"], "South")
    people["answered"] = people["answered"] & ~people.index.isin(range(5))
    table = mr.response_rates(small(tmp_path, people), "region")  # seven of twelve in the West
    rows = by(table, "region")
    assert set(rows.index[rows["status"] == "C"]) == {"West", "North"}
    assert rows.loc[["West", "North"], ["value", "n", "answered", "weighted", "not_eligible"]].isna().all(axis=None)
    assert rows.loc["South", "status"] == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"answered": [None, *[True] * 159]}, "'answered' is no number for 1 of the 160"),
        ({"could": [None, *[True] * 159]}, "'could' is no number for 1 of the 160"),
        ({"sex": ["x", *["man"] * 159]}, r"row 0: column 'sex' holds 'x', which no group of \[factors.sex\] names"),
        ({"could": [False] * 160}, "nobody in 2024 could be asked"),
    ],
)
def test_what_is_not_known_of_the_asked_is_named(tmp_path, change, says):
    with pytest.raises(MrstatsError, match=says):
        mr.response_rates(small(tmp_path, small_sample().assign(**change), more=COULD), "sex")


def test_a_survey_that_does_not_say_who_was_asked_is_told_what_to_write(tmp_path):
    with pytest.raises(DatasetError, match=r"responded = .* and design_weight = "):
        mr.response_rates(mr.tiny_city())
    with pytest.raises(UnknownNameError, match="survey='pupils' must be one of people"):
        mr.response_rates(small(tmp_path), survey="pupils")
    with pytest.raises(UnknownNameError, match="by='age_group' is not in made"):
        mr.response_rates(small(tmp_path), "age_group")


def test_break_down_of_the_response_gives_the_same_weighted_rate(tmp_path):
    city = small(tmp_path)
    table, asked = mr.response_rates(city, "sex"), mr.break_down(city, "people_response", by="sex")
    assert table["weighted"].tolist() == pytest.approx([asked.set_index("sex")["value"][code] for code in table["sex"]])
    assert mr.break_down(city, "safe")["n"].iloc[0] == 100  # those who answered only


def test_representativity_is_that_of_a_logit_of_who_answered(tmp_path):
    people = small_sample()
    table = mr.representativity(small(tmp_path, people), ["sex", "region"])
    x = np.column_stack([np.ones(160), people["sex"] == "man", people["region"] == "North"]).astype(float)
    y, w = people["answered"].to_numpy(float), people["drawn"].to_numpy()
    fit = regress(y, x, weights=w)
    plain = nonresponse.representativity(fit, x, w)
    assert table["value"].iloc[0] == pytest.approx(plain.indicator, abs=2e-4)  # n/(n - 1) in the design's variance
    assert table["uncorrected"].iloc[0] == pytest.approx(plain.uncorrected)
    assert table["se"].iloc[0] == pytest.approx(plain.standard_error, rel=0.01)
    between = nonresponse.partial_representativity(fit.mean, w, x[:, 1].astype(int), [x[:, 2].astype(int)], plain.kept)
    assert table.loc[1, ["unconditional", "conditional"]].tolist() == pytest.approx(between, rel=0.01)
    assert table["factor"].tolist() == ["", "sex", "region"]
    rate, value = table["response_rate"].iloc[0], table["value"].iloc[0]
    assert table["largest_bias"].iloc[0] == pytest.approx((1 - value) / (2 * rate / 100))


def test_a_model_without_an_answer_is_told_which_group(tmp_path):
    people = small_sample()
    people["answered"] = people["answered"] | (people["sex"] == "woman")
    with pytest.raises(MrstatsError, match="every one of the 80 persons with sex=women"):
        mr.representativity(small(tmp_path, people), ["sex", "region"])
    people = small_sample().assign(region=lambda rows: np.where(rows["sex"] == "man", "North", "South"))
    with pytest.raises(MrstatsError, match="say already"):
        mr.representativity(small(tmp_path, people), ["sex", "region"])
    with pytest.raises(UnknownNameError, match="one or more different"):
        mr.representativity(small(tmp_path), [])


def test_everybody_who_was_drawn_by_r_answered(tmp_path):
    table = mr.response_rates(city_of(sample_of_r(), register_of(MARGINS), tmp_path), "sex")
    assert (table["status"] == "C").all()  # nobody did not answer: fewer than ten
