"""`mr.inequality`: which groups enter, what each row says, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import EDUCATION, made_city, random_people
from mrstats import schema
from mrstats.disclosure.small_cells import hide_small_cells
from mrstats.measures.inequality import FORMULAS, ORDERED
from mrstats.summaries import ADDED

ORDER = ["lower", "upper", "post_short", "post_long"]


@pytest.fixture(scope="module")
def people():
    return random_people(7, 3000).assign(year=2024)


@pytest.fixture(scope="module")
def city(people):
    return made_city(people)


@pytest.fixture(scope="module")
def working(people):
    return people[people["age"].between(20, 64)].assign(education=lambda d: d["education"].map(EDUCATION))


def of(made, name):
    rows = made[made["measure_name"] == name]
    assert len(rows) == 1
    return rows.iloc[0]


def test_two_equal_groups_ten_points_apart(tiny):
    # 22 of 40 women, 26 of 40 men: 55 and 65 per cent, mean 60
    table = mr.break_down(tiny, "employment", by="sex")
    made = mr.inequality(table, "sex")
    noise = (table.set_index("sex")["se"][["women", "men"]] ** 2).sum() / 4
    assert of(made, "between_group_variance")["uncorrected"] == pytest.approx(25)
    assert of(made, "between_group_variance")["value"] == pytest.approx(max(25 - noise, 0))
    assert of(made, "mean_difference_from_mean")["uncorrected"] == pytest.approx(5)
    assert of(made, "index_of_disparity")["uncorrected"] == pytest.approx(100 * 5 / 60)
    assert of(made, "opportunity_dissimilarity")["uncorrected"] == pytest.approx(5 / 120)
    assert of(made, "population_attributable_risk")["uncorrected"] == pytest.approx(5)  # men are the reference
    assert made["groups"].unique().tolist() == [2]
    assert made["chance_share"].iloc[0] == pytest.approx(min(noise / 25, 1))
    assert list(made.columns) == [*schema.IDENTITY, *ADDED]
    assert made["geography"].unique().tolist() == ["9999"]


def test_without_an_order_there_is_no_measure_along_one(tiny):
    made = mr.inequality(mr.break_down(tiny, "employment", by="sex"), "sex")
    assert not set(made["measure_name"]) & set(ORDERED)
    assert set(made["factor"]) == {"sex"}


def test_a_value_lies_in_its_interval_and_a_missing_one_has_a_reason(city):
    table = mr.break_down(
        city, ["employment", "low", "crime", "income_mean"], by=["sex", "education"], geography="area"
    )
    made = mr.inequality(table, "education")
    inside = made["value"].between(made["lower"] - 1e-9, made["upper"] + 1e-9)
    assert (inside | (made["reason"] != "")).all()
    assert (made["value"].notna() | (made["reason"] != "")).all()
    assert inside.mean() > 0.9
    assert set(made["sex"]) == {"_T", "women", "men"}
    assert set(made["geography_level"]) == {"city", "area"}
    assert "_U" not in set(made["geography"])


def test_slope_along_education_is_least_squares_on_the_ranks(city, working):
    made = mr.inequality(mr.break_down(city, "employment", by="education"), "education", "slope_index").iloc[0]
    groups = working.groupby("education")["employed"].agg(["mean", "size"]).loc[ORDER]  # without those not known
    share = groups["size"] / groups["size"].sum()
    rank = share.cumsum() - share / 2
    slope = np.polyfit(rank, 100 * groups["mean"], 1, w=np.sqrt(share))[0]
    assert made["value"] == pytest.approx(slope)
    assert (made["groups"], made["method"], made["left_out"]) == (4, "register mover", 0)


def test_an_order_of_ones_own_can_be_given_and_turned(city):
    table = mr.break_down(city, "employment", by="education")
    up = mr.inequality(table, "education", ["slope_index", "difference"], order=ORDER)
    down = mr.inequality(table, "education", ["slope_index", "difference"], order=ORDER[::-1])
    assert up["value"].tolist() == pytest.approx((-down["value"]).tolist())
    assert up["lower"].tolist() == pytest.approx((-down["upper"]).tolist())
    by_sex = mr.break_down(city, "employment", by="sex")
    assert np.isfinite(mr.inequality(by_sex, "sex", "relative_index", order=["women", "men"])["value"]).all()


def test_the_difference_of_the_ends_is_that_of_gaps(city):
    table = mr.break_down(city, "employment", by="education")
    made = mr.inequality(table, "education", "difference").iloc[0]
    gap = mr.gaps(table, factor="education", reference="lower").set_index("education").loc["post_long"]
    assert [made["value"], made["lower"], made["upper"]] == pytest.approx(
        [gap["difference"], gap["difference_lower"], gap["difference_upper"]]
    )


def test_the_reference_group_of_the_definition_is_used(city):
    table = mr.break_down(city, "employment", by="education")
    made = mr.inequality(table, "education", "mean_difference_from_reference").iloc[0]
    values = table.set_index("education")["value"]
    expected = np.mean([abs(values[code] - values["post_long"]) for code in ORDER])
    assert made["uncorrected"] == pytest.approx(expected)


def test_an_adverse_indicator_gains_by_going_down(city):
    made = mr.inequality(mr.break_down(city, "low", by="sex"), "sex", "population_attributable_risk").iloc[0]
    assert made["uncorrected"] <= 0


def test_hidden_groups_never_enter(city):
    table = mr.break_down(city, "employment", by="education", geography="area")
    hidden = table.copy()
    where = (hidden["education"] == "upper") & (hidden["geography"] == "A1")
    hidden.loc[where, schema.FIGURES] = 1e6  # whatever the row holds
    hidden.loc[where, "status"] = "C"
    without = mr.inequality(table[~where], "education")
    made = mr.inequality(hidden, "education")
    pd.testing.assert_frame_equal(made.drop(columns="left_out"), without.drop(columns="left_out"))
    in_a1 = made["geography"] == "A1"
    assert made.loc[in_a1, "left_out"].unique().tolist() == [1]
    assert made.loc[in_a1, "groups"].unique().tolist() == [3]
    assert made.loc[~in_a1, "left_out"].sum() == 0


def test_protected_tables_give_measures_of_what_is_shown(city):
    table = hide_small_cells(mr.break_down(city, "employment", by=["sex", "education"], geography="area"))
    made = mr.inequality(table, "education", "between_group_variance")
    assert made["left_out"].sum() > 0
    assert (made["value"].notna() | made["reason"].isin(["one group", "all groups hidden"])).all()


def test_where_all_is_hidden_the_row_says_so(tiny):
    table = mr.break_down(tiny, "employment", by="sex")
    table.loc[table["sex"] != "_T", "status"] = "C"
    made = mr.inequality(table, "sex")
    assert made["reason"].unique().tolist() == ["all groups hidden"]
    assert made[["value", "lower", "upper", "se"]].isna().all(axis=None)


def test_one_group_is_no_inequality(tiny):
    table = mr.break_down(tiny, "employment", by="sex")
    made = mr.inequality(table[table["sex"] != "men"], "sex", ["theil_index", "difference"])
    assert made["reason"].tolist() == ["one group", "one group"]
    assert made["value"].isna().all()


def test_nothing_is_relative_to_a_mean_of_zero(people):
    city = made_city(people.assign(employed=False))
    made = mr.inequality(mr.break_down(city, "employment", by="sex"), "sex")
    assert of(made, "theil_index")["reason"] == "mean not above zero"
    assert of(made, "mean_log_deviation")["reason"] == "group with value zero"
    assert of(made, "ratio")["reason"] == "zero denominator"
    assert of(made, "between_group_variance")["uncorrected"] == 0


def test_areas_are_compared_level_by_level(city, working):
    table = mr.break_down(city, "employment", geography="area")
    made = mr.inequality(table, "geography", "mean_difference_from_mean_weighted")
    assert made[["geography_level", "geography"]].to_numpy().tolist() == [["area", "9990"]]
    placed = working[working["area"].notna() & ~working["protected_identity"]]
    groups = placed.groupby("area")["employed"].agg(["mean", "size"])
    share, mean = groups["size"] / len(placed), placed["employed"].mean()
    assert made["uncorrected"].iloc[0] == pytest.approx(100 * (share * (groups["mean"] - mean).abs()).sum())
    assert made["groups"].iloc[0] == 4


def test_what_has_no_direction_has_no_best_group(tiny):
    table = mr.break_down(tiny, "visits", by="sex")
    assert "mean_difference_from_best" not in set(mr.inequality(table, "sex")["measure_name"])
    asked = mr.inequality(table, "sex", "mean_difference_from_best")
    assert asked["reason"].tolist() == ["indicator without direction"]
    assert asked["value"].isna().all()


def test_a_rate_has_no_bounds(city):
    made = mr.inequality(mr.break_down(city, "crime", by="education"), "education", "erreygers_index")
    assert made["reason"].tolist() == ["no bounds"]
    assert "erreygers_index" not in set(
        mr.inequality(mr.break_down(city, "crime", by="education"), "education")["measure_name"]
    )


def test_every_measure_can_be_asked_for_in_one_call(city):
    made = mr.inequality(mr.break_down(city, "employment", by="education"), "education", list(FORMULAS))
    assert made["measure_name"].tolist() == list(FORMULAS)
    assert set(made["method"]) == {"register mover", "register delta", "register draws"}


def test_a_sample_is_said_to_be_one(tiny):
    table = mr.break_down(tiny, "employment", by="sex").assign(method="survey taylor logit")
    assert set(mr.inequality(table, "sex")["method"].str.split().str[0]) == {"survey"}


def test_the_table_is_left_alone_and_remembered(tiny):
    table = mr.break_down(tiny, "employment", by="sex")
    before = table.copy()
    made = mr.inequality(table, "sex")
    pd.testing.assert_frame_equal(table, before)
    assert made.attrs["dataset"] == table.attrs["dataset"]


def test_the_order_of_rows_does_not_matter(city):
    table = mr.break_down(city, "employment", by="education", geography="area")
    keys = ["geography", "measure_name"]
    shuffled = table.sample(frac=1, random_state=2)
    shuffled.attrs = dict(table.attrs)
    one, other = (mr.inequality(t, "education").sort_values(keys).reset_index(drop=True) for t in (table, shuffled))
    pd.testing.assert_frame_equal(one, other)


def test_an_empty_table_gives_an_empty_one(tiny):
    table = mr.break_down(tiny, "employment", by="sex")
    made = mr.inequality(table.iloc[:0], "sex", city=tiny)
    assert len(made) == 0
    assert list(made.columns) == [*schema.IDENTITY, *ADDED]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda t: mr.inequality(t, "age"),
            schema.UnknownNameError,
            "factor='age' is not in the table, which has sex, geography",
        ),
        (lambda t: mr.inequality(t, "sex", "gini"), schema.UnknownNameError, "not a measure of inequality"),
        (lambda t: mr.inequality(t, "sex", "slope_index"), schema.MrstatsError, "Give order="),
        (lambda t: mr.inequality(t, "sex", order=["man"]), schema.UnknownGroupError, "did you mean 'men'"),
        (lambda t: mr.inequality(pd.concat([t, t]), "sex"), schema.MrstatsError, "is there twice"),
    ],
)
def test_a_wrong_call_is_told_what_to_do(tiny, call, error, message):
    table = mr.break_down(tiny, "employment", by="sex")
    with pytest.raises(error, match=message):
        call(table)


def test_a_table_of_totals_has_nothing_to_compare(tiny):
    table = mr.break_down(tiny, "employment", by="sex")
    with pytest.raises(schema.MrstatsError, match=r"only totals\. Pass what mr\.break_down returned with by='sex'"):
        mr.inequality(table[table["sex"] == "_T"], "sex", city=tiny)
    with pytest.raises(schema.MrstatsError, match="with a geography"):
        mr.inequality(table, "geography")


def test_numbers_of_people_are_no_conditions(tiny):
    with pytest.raises(schema.MrstatsError, match="how large the groups are"):
        mr.inequality(mr.break_down(tiny, "population", by="sex"), "sex")


def test_groups_of_a_sample_have_the_designs_covariance():
    from test_sampled import R
    from test_sampled import city as sample

    table = mr.break_down(sample(), "poor", by="sex")
    row = mr.inequality(table, "sex", ["difference"]).iloc[0]
    expected = R["covariance_sex"]["differences"][0]
    assert row["se"] == pytest.approx(100 * expected["se"], rel=1e-8)
    alone = mr.inequality(table.assign(estimate_id=["a", "b", "c"]), "sex", ["difference"]).iloc[0]
    assert alone["se"] == pytest.approx(100 * expected["se_ignoring_covariance"], rel=1e-8)
