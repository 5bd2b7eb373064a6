"""`mr.gaps`: sign, reference, the total a group is part of, and what closing a gap would take."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mrstats as mr
from made_city import EDUCATION, SEX, made_city, random_people
from mrstats import schema
from mrstats.disclosure.small_cells import hide_small_cells
from mrstats.schema import MrstatsError

Z = 1.959963984540054


def wilson(x, n):
    half = Z * math.sqrt(Z**2 + 4 * x * (1 - x / n))
    return (2 * x + Z**2 - half) / (2 * (n + Z**2)), (2 * x + Z**2 + half) / (2 * (n + Z**2))


def mover(y1, l1, u1, y2, l2, u2):
    d = y1 - y2
    return d - math.hypot(y1 - l1, u2 - y2), d + math.hypot(u1 - y1, y2 - l2)


def newcombe(x1, n1, x2, n2):
    return mover(x1 / n1, *wilson(x1, n1), x2 / n2, *wilson(x2, n2))


def poisson(x):
    if x < 10:
        return stats.chi2.ppf(0.025, 2 * x) / 2 if x else 0.0, stats.chi2.ppf(0.975, 2 * (x + 1)) / 2
    lower = x * (1 - 1 / (9 * x) - Z / (3 * math.sqrt(x))) ** 3
    return lower, (x + 1) * (1 - 1 / (9 * (x + 1)) + Z / (3 * math.sqrt(x + 1))) ** 3


@pytest.fixture(scope="module")
def people():
    return random_people(3, 800).assign(year=2024)


@pytest.fixture(scope="module")
def city(people):
    return made_city(people)


@pytest.fixture(scope="module")
def working(people):
    return people[people["age"].between(20, 64)].assign(
        sex=lambda d: d["sex"].map(SEX), education=lambda d: d["education"].map(EDUCATION)
    )


def one(table, **where):
    rows = table[np.logical_and.reduce([table[column] == value for column, value in where.items()])]
    assert len(rows) == 1
    return rows.iloc[0]


def test_gap_is_group_minus_reference_in_percentage_points(tiny):
    # 22 of 40 women, 26 of 40 men
    row = one(mr.gaps(mr.break_down(tiny, "employment", by="sex"), factor="sex", reference="men"), sex="women")
    assert row["difference"] == pytest.approx(55 - 65)
    assert row["reference_value"] == pytest.approx(65)
    assert (row["factor"], row["reference"]) == ("sex", "men")
    assert [row["difference_lower"], row["difference_upper"]] == pytest.approx(
        [100 * v for v in newcombe(22, 40, 26, 40)]
    )


def test_swapping_group_and_reference_flips_the_sign(tiny):
    table = mr.break_down(tiny, "employment", by="sex", geography="area")
    women = mr.gaps(table, factor="sex", reference="men").set_index("geography")
    men = mr.gaps(table, factor="sex", reference="women").set_index("geography")
    assert women["difference"].tolist() == pytest.approx((-men["difference"]).tolist())
    assert women["difference_lower"].tolist() == pytest.approx((-men["difference_upper"]).tolist())
    assert women["disadvantage"].tolist() == pytest.approx((-men["disadvantage"]).tolist())


def test_the_reference_itself_is_not_among_the_gaps(city):
    table = mr.break_down(city, "employment", by=["sex", "education"], geography="district")
    assert set(mr.gaps(table, factor="sex", reference="men")["sex"]) == {"women"}
    total = mr.gaps(table, factor="sex")
    assert set(total["sex"]) == {"women", "men"}
    assert set(total["reference"]) == {"total"}


def test_a_gap_is_made_within_each_place_and_each_other_group(city):
    table = mr.break_down(city, "employment", by=["sex", "education"], geography="district")
    gaps = mr.gaps(table, factor="sex", reference="men")
    keys = ["geography", "education"]
    values = table.set_index([*keys, "sex"])["value"]
    assert len(gaps) == 4 * 6
    for _, row in gaps.iterrows():
        expected = (
            values[row["geography"], row["education"], "women"] - values[row["geography"], row["education"], "men"]
        )
        assert row["difference"] == pytest.approx(expected, nan_ok=True)


def test_a_group_is_part_of_the_total(city, working):
    gaps = mr.gaps(mr.break_down(city, "employment", by="education"), factor="education")
    assert len(gaps) == 5
    everybody, employed = len(working), int(working["employed"].sum())
    for _, row in gaps.iterrows():
        group = working[working["education"] == row["education"]]
        n, x = len(group), int(group["employed"].sum())
        share = n / everybody
        lower, upper = newcombe(x, n, employed - x, everybody - n)
        assert row["difference"] == pytest.approx(100 * (x / n - employed / everybody))
        assert row["difference"] == pytest.approx(100 * (1 - share) * (x / n - (employed - x) / (everybody - n)))
        assert row["difference_lower"] == pytest.approx(100 * (1 - share) * lower)
        assert row["difference_upper"] == pytest.approx(100 * (1 - share) * upper)


def test_areas_are_compared_with_the_city(city, people):
    gaps = mr.gaps(mr.break_down(city, "employment", geography="district"), factor="geography")
    assert set(gaps["factor"]) == {"geography"}
    assert set(gaps["geography_level"]) == {"district"}
    assert {"D1", "D2"} <= set(gaps["geography"])
    work = people[people["age"].between(20, 64)]
    inside = work[work["area"].isin(["A1", "A2"]) & ~work["protected_identity"]]
    assert one(gaps, geography="D1")["difference"] == pytest.approx(
        100 * (inside["employed"].mean() - work["employed"].mean())
    )


def test_weighted_gaps_to_the_total_add_up_to_zero(city):
    gaps = mr.gaps(mr.break_down(city, "employment", by="education"), factor="education")
    assert (gaps["n"] * gaps["difference"]).sum() == pytest.approx(0, abs=1e-9)


def test_disadvantage_is_positive_for_the_worse_off_either_way(city):
    # employment is favourable, low income adverse: the sign of disadvantage follows the direction, difference does not.
    work = mr.gaps(mr.break_down(city, "employment", by="sex"), factor="sex", reference="men")
    low = mr.gaps(mr.break_down(city, "low", by="sex"), factor="sex", reference="men")
    assert work["disadvantage"].tolist() == (-work["difference"]).tolist()
    assert low["disadvantage"].tolist() == low["difference"].tolist()
    assert one(work, sex="women")["disadvantage"] > 0


def test_to_lift_by_hand(tiny):
    # 40 women: 65 % of them is 26, 22 are employed, so 4; the men have nothing to close.
    table = mr.break_down(tiny, "employment", by="sex")
    assert one(mr.gaps(table, factor="sex", reference="men"), sex="women")["to_lift"] == pytest.approx(4)
    assert one(mr.gaps(table, factor="sex", reference="women"), sex="men")["to_lift"] == 0


def test_to_lift_of_an_adverse_indicator_counts_those_worse_off():
    # 60 of 100 women and 30 of 100 men have low income: 30 women to lift, no man
    people = random_people(size=200).assign(year=2024, sex=["2"] * 100 + ["1"] * 100)
    people["income"] = [50] * 60 + [500] * 40 + [50] * 30 + [500] * 70
    table = mr.break_down(made_city(people), "low", by="sex")
    women = one(mr.gaps(table, factor="sex", reference="men"), sex="women")
    men = one(mr.gaps(table, factor="sex", reference="women"), sex="men")
    assert women["to_lift"] == pytest.approx(30)
    assert women["disadvantage"] == pytest.approx(30)
    assert men["to_lift"] == 0


def test_rates_use_the_intervals_of_their_counts(city, people):
    gaps = mr.gaps(mr.break_down(city, "crime", by="sex"), factor="sex", reference="men")
    women, men = (people[people["sex"] == code] for code in ("2", "1"))
    figures = []
    for group in (women, men):
        x, n = int(group["events"].sum()), len(group)
        figures += [1000 * x / n, *(1000 * v / n for v in poisson(x))]
    row = one(gaps, sex="women")
    assert row["difference"] == pytest.approx(figures[0] - figures[3])
    assert [row["difference_lower"], row["difference_upper"]] == pytest.approx(mover(*figures))


@pytest.mark.parametrize("reference", ["men", "total"])
def test_means_use_t_limits_and_the_rest_where_the_total_is_the_reference(city, people, reference):
    row = one(mr.gaps(mr.break_down(city, "income_mean", by="sex"), factor="sex", reference=reference), sex="women")
    women, men = (people.loc[people["sex"] == code, "income"].dropna() for code in ("2", "1"))
    figures = []
    for group in (women, men):
        half = stats.t.ppf(0.975, len(group) - 1) * group.sem()
        figures += [group.mean(), group.mean() - half, group.mean() + half]
    scale = len(men) / (len(women) + len(men)) if reference == "total" else 1.0
    assert row["difference"] == pytest.approx(scale * (figures[0] - figures[3]))
    assert [row["difference_lower"], row["difference_upper"]] == pytest.approx(
        [scale * v for v in mover(*figures)], rel=1e-6
    )


def test_hidden_figures_give_no_difference():
    people = random_people(size=300).assign(year=2024, age=30, employed=True)
    people["sex"] = ["2"] * 150 + ["1"] * 150
    people.loc[:2, "employed"] = False  # three women without work: their cell and, for the total's sake, the men's
    table = hide_small_cells(mr.break_down(made_city(people), "employment", by="sex"))
    gaps = mr.gaps(table, factor="sex", reference="men", city=made_city(people))
    assert schema.has_status(table["status"], "C").sum() >= 2
    assert gaps[["difference", "difference_lower", "difference_upper", "disadvantage", "to_lift"]].isna().all(axis=None)


def test_a_hidden_reference_leaks_through_no_column(tiny):
    table = mr.break_down(tiny, "employment", by="sex")
    table.loc[table["sex"] == "men", schema.FIGURES] = np.nan
    table.loc[table["sex"] == "men", "status"] = "C"
    row = mr.gaps(table, factor="sex", reference="men").iloc[0]
    assert np.isnan(
        row[
            [
                "reference_value",
                "difference",
                "difference_lower",
                "difference_upper",
                "disadvantage",
                "to_lift",
            ]
        ].astype(float)
    ).all()


def test_a_missing_reference_is_told_with_the_groups_there_are(tiny):
    table = mr.break_down(tiny, "employment", by="country_of_birth_five", geography="area")
    with pytest.raises(schema.UnknownGroupError) as caught:
        mr.gaps(table, factor="country_of_birth_five", reference="nordic")
    message = str(caught.value)
    for part in ("nordic", "2024", "SE", "world", "total"):
        assert part in message


def test_an_unknown_factor_is_told(tiny):
    with pytest.raises(schema.MrstatsError, match=r"education.*sex"):
        mr.gaps(mr.break_down(tiny, "employment", by="sex"), factor="education")


def test_all_factors_are_compared_when_none_is_named(city):
    table = mr.break_down(city, "employment", by=["sex", "education"], geography="district", crossed=False)
    assert {"sex", "education"} <= set(mr.gaps(table)["factor"])


def test_several_factors_at_once_are_their_tables_together(city):
    table = mr.break_down(city, "employment", by=["sex", "education"])
    both = mr.gaps(table, factor=["sex", "education"])
    counts = both["factor"].value_counts().to_dict()
    assert counts == {
        "sex": len(mr.gaps(table, factor="sex")),
        "education": len(mr.gaps(table, factor="education")),
    }


def test_the_table_is_left_alone_and_its_order_does_not_matter(city):
    table = mr.break_down(city, "employment", by="education", geography="district")
    before = table.copy(deep=True)
    gaps = mr.gaps(table, factor="education")
    pd.testing.assert_frame_equal(table, before)
    mixed = mr.gaps(table.sample(frac=1, random_state=1), factor="education")
    keys = ["geography", "education"]
    columns = ["difference", "difference_lower", "difference_upper", "to_lift"]
    pd.testing.assert_frame_equal(
        gaps.set_index(keys)[columns].sort_index(), mixed.set_index(keys)[columns].sort_index()
    )


def test_columns_are_the_tables_and_the_gaps(tiny):
    gaps = mr.gaps(mr.break_down(tiny, "employment", by="sex"), factor="sex")
    new = [
        "factor",
        "reference",
        "reference_value",
        "difference",
        "difference_lower",
        "difference_upper",
        "ratio",
        "ratio_lower",
        "ratio_upper",
        "p",
        "p_adjusted",
        "disadvantage",
        "to_lift",
        "gap_method",
        "reference_id",
    ]
    assert list(gaps.columns[-len(new) :]) == new
    assert schema.factor_columns(gaps) == ["sex"]
    assert gaps.attrs["dataset"].startswith("tiny|")


# Ratio, best-off, target, p values


def koopman_like(x1, n1, x2, n2):
    from mrstats.measures.proportions import ratio_interval

    return [float(end[0]) for end in ratio_interval([x1], [n1], [x2], [n2], method="mover")]


def test_a_ratio_of_two_groups_has_movers_interval(tiny):
    row = one(mr.gaps(mr.break_down(tiny, "employment", by="sex"), factor="sex", reference="men"), sex="women")
    assert row["ratio"] == pytest.approx(22 / 26)
    assert [row["ratio_lower"], row["ratio_upper"]] == pytest.approx(koopman_like(22, 40, 26, 40))
    assert row["gap_method"] == "independent"


def test_a_ratio_to_the_total_is_made_from_that_to_the_rest(city, working):
    gaps = mr.gaps(mr.break_down(city, "employment", by="sex"), factor="sex")
    women = working[working["sex"] == "women"]
    men = working[working["sex"] == "men"]
    row = one(gaps, sex="women")
    share, mean = len(women) / len(working), working["employed"].mean()
    assert row["ratio"] == pytest.approx(women["employed"].mean() / mean)
    ends = koopman_like(women["employed"].sum(), len(women), men["employed"].sum(), len(men))
    expected = [1 / (share + (1 - share) / end) for end in ends]
    assert [row["ratio_lower"], row["ratio_upper"]] == pytest.approx(expected)
    assert row["gap_method"] == "rest"


def test_the_ratio_leaves_one_out_just_where_the_difference_leaves_zero_out(city):
    for reference in ("total", "post_long"):
        gaps = mr.gaps(mr.break_down(city, "employment", by="education"), factor="education", reference=reference)
        sure = (gaps["difference_lower"] > 0) | (gaps["difference_upper"] < 0)
        sure_ratio = (gaps["ratio_lower"] > 1) | (gaps["ratio_upper"] < 1)
        assert (sure == (gaps["p"] < 0.05)).all()
        assert (sure == sure_ratio).mean() > 0.7  # two intervals of one comparison: near the limit they may differ


def test_the_best_off_group_is_the_reference_and_is_not_compared(city):
    table = mr.break_down(city, "employment", by="education")
    gaps = mr.gaps(table, factor="education", reference="best")
    able = table[(table["education"] != "_T") & (table["education"] != "unknown") & ~table["status"].str.contains("u")]
    best = able.loc[able["value"].idxmax()]
    assert set(gaps["reference"]) == {best["education"]}
    assert gaps["reference_value"].tolist() == pytest.approx([best["value"]] * len(gaps))
    assert best["education"] not in set(gaps["education"])
    fixed = mr.gaps(table, factor="education", reference=best["education"])
    assert gaps["difference"].tolist() == pytest.approx(fixed["difference"].tolist())
    adverse = mr.break_down(city, "low", by="education")
    lowest = mr.gaps(adverse, factor="education", reference="best")["reference"].iloc[0]
    able = adverse[~adverse["education"].isin(["_T", "unknown"]) & ~adverse["status"].str.contains("u")]
    assert lowest == able.loc[able["value"].idxmin(), "education"]


def test_each_area_has_its_own_best_off_group(people):
    table = mr.break_down(
        made_city(pd.concat([people] * 4, ignore_index=True)), "employment", by="sex", geography="area"
    )
    gaps = mr.gaps(table, factor="sex", reference="best")
    values = table.set_index(["geography", "sex"])["value"]
    for _, row in gaps.iterrows():
        other = {"men": "women", "women": "men"}[row["sex"]]
        if row["reference"] == other:
            assert values[row["geography"], other] >= values[row["geography"], row["sex"]]


def test_a_target_is_known_without_error(tiny):
    table = mr.break_down(tiny, "employment", by="sex")
    row = one(mr.gaps(table, factor="sex", reference=70), sex="women")
    lower, upper = wilson(22, 40)
    assert row["difference"] == pytest.approx(55 - 70)
    assert [row["difference_lower"], row["difference_upper"]] == pytest.approx([100 * lower - 70, 100 * upper - 70])
    assert row["to_lift"] == pytest.approx(0.15 * 40)
    assert (row["reference"], row["gap_method"]) == ("target", "known target")


def test_p_values_are_adjusted_over_all_gaps_of_the_call(city):
    table = mr.break_down(city, "employment", by=["sex", "education"], geography="area")
    gaps = mr.gaps(table, factor="sex", reference="men")
    p = gaps["p"].to_numpy()
    known = np.sort(p[~np.isnan(p)])
    least = gaps["p_adjusted"].min()
    assert least == pytest.approx(min(1, known[0] * len(known)))
    softer = mr.gaps(table, factor="sex", reference="men", adjust="benjamini_hochberg")
    assert (softer["p_adjusted"].dropna() <= gaps["p_adjusted"].dropna() + 1e-12).all()


def test_a_group_code_is_a_reference_of_its_own_factor_only(city):
    gaps = mr.gaps(mr.break_down(city, "employment", by=["sex", "education"], crossed=False), reference="men")
    assert set(gaps["factor"]) == {"sex"}


def test_the_best_off_needs_a_direction(tiny):
    with pytest.raises(schema.MrstatsError, match="direction"):
        mr.gaps(mr.break_down(tiny, "visits", by="sex"), reference="best")


def test_all_groups_unreliable_is_a_gap_that_is_not_known(tiny):
    gaps = mr.gaps(mr.break_down(tiny, "employment", by="sex", geography="area"), factor="sex", reference="best")
    small = gaps[gaps["geography_level"] == "area"]
    assert len(small)
    assert small["difference"].isna().all()
    assert small["p"].isna().all()


# A sample


def test_gaps_of_a_sample_have_the_designs_covariance():
    from test_sampled import GROUPS, R
    from test_sampled import city as sample

    table = mr.break_down(sample(), "poor", by=["sex", "country_of_birth"], crossed=False)
    expected = R["covariance_sex"]["differences"][0]
    row = one(mr.gaps(table, factor="sex", reference="women"), sex="men")
    assert row["difference"] == pytest.approx(100 * expected["diff"])
    df = min(table.loc[table["sex"].isin(["men", "women"]), "df"])
    assert row["difference_upper"] - row["difference"] == pytest.approx(100 * expected["se"] * stats.t.ppf(0.975, df))
    assert row["gap_method"] == "covariance"
    ratio = one(mr.gaps(table, factor="sex", reference="men"), sex="women")
    log_se = math.log(ratio["ratio_upper"] / ratio["ratio"]) / stats.t.ppf(0.975, df)
    assert [ratio["ratio"], log_se] == pytest.approx(
        [R["ratio_woman_man"]["ratio"], R["ratio_woman_man"]["log_se"]], rel=1e-8
    )
    to_total = mr.gaps(table, factor="country_of_birth")
    for code, theirs in R["gap_to_overall_cob"].items():
        if code != "Oceania":
            row = one(to_total, country_of_birth=GROUPS[code])
            half = row["difference_upper"] - row["difference"]
            df = min(row["df"], table["df"].iloc[0])
            assert row["difference"] == pytest.approx(100 * theirs["gap"])
            assert half == pytest.approx(100 * theirs["se"] * stats.t.ppf(0.975, df), rel=1e-8)


def test_a_sample_read_from_a_file_is_compared_as_if_independent_and_says_so():
    from test_sampled import city as sample

    table = mr.break_down(sample(), "poor", by="sex").assign(estimate_id=["a", "b", "c"])
    gaps = mr.gaps(table, factor="sex")
    assert set(gaps["gap_method"]) == {"independence assumed"}
    row, group, whole = one(gaps, sex="men"), one(table, sex="men"), one(table, sex="_T")
    ends = mover(*group[["value", "lower", "upper"]], *whole[["value", "lower", "upper"]])
    assert [row["difference_lower"], row["difference_upper"]] == pytest.approx(ends)


# Measures whose rest has no formula


def test_a_gini_against_the_total_needs_replicates_and_says_so(people):
    from test_domains import DESCRIPTION

    city = made_city(people, DESCRIPTION)
    with pytest.raises(schema.MrstatsError, match="replicates=500"):
        mr.gaps(mr.break_down(city, "gini", by="sex"))
    table = mr.break_down(city, "gini", by="sex", replicates=400)
    row = one(mr.gaps(table), sex="women")
    whole = one(table, sex="_T")
    assert row["difference"] == pytest.approx(row["value"] - whole["value"])
    assert row["gap_method"] == "covariance"
    # a part and the whole vary together: surer than if they were independent
    independent = 1.96 * math.hypot(row["se"], whole["se"])
    assert row["difference_upper"] - row["difference"] < independent
    between = one(mr.gaps(mr.break_down(city, "gini", by="sex"), reference="men"), sex="women")
    assert between["gap_method"] == "independent"


def test_a_table_of_findings_is_not_compared():
    found = mr.inequality(mr.break_down(mr.tiny_city(), "employment", by="sex"), factor="sex")
    with pytest.raises(
        schema.MrstatsError, match=r"lacks .*estimate_id, status, confidence. Pass what mr\.break_down returned"
    ):
        mr.gaps(found)


def test_a_table_of_the_whole_city_alone_has_nothing_to_compare():
    with pytest.raises(schema.MrstatsError, match=r"only the whole city.*by=…"):
        mr.gaps(mr.break_down(mr.tiny_city(), "employment"))


def test_a_table_that_was_cut_or_doubled_says_what_is_wrong_with_it():
    table = mr.break_down(mr.tiny_city(), "employment", by="sex")
    with pytest.raises(MrstatsError, match="this table lacks se"):
        mr.gaps(table.drop(columns="se"), "sex")
    with pytest.raises(MrstatsError, match="this table lacks geography"):
        mr.gaps(table.set_index("geography"), "sex")
    with pytest.raises(MrstatsError, match=r"3 rows of the table stand in it twice \(the first: 0\)"):
        mr.gaps(pd.concat([table, table]), "sex")
    with pytest.raises(MrstatsError, match="adjust='bonferoni' is not known; choose one of holm, benjamini_hochberg"):
        mr.gaps(table, "sex", adjust="bonferoni")
    assert list(mr.gaps(table[table["sex"] == "nobody"], "sex")) == list(mr.gaps(table, "sex"))


def test_a_scorecard_of_gaps_has_no_row_of_everybody():
    gaps = mr.gaps(mr.break_down(mr.tiny_city(), "employment", by="sex"), "sex")
    with pytest.raises(MrstatsError, match="no row of the whole city and everybody for 'employment'"):
        mr.scorecard(gaps)


def test_an_audit_of_nothing_is_no_audit(tmp_path):
    with pytest.raises(MrstatsError, match="there are no counts to attack in"):
        mr.audit(tmp_path / "misspelt")


def test_what_has_nothing_to_compare_says_so():
    city = mr.tiny_city()  # twenty women and twenty men: fewer than ten of each lack a job, or have one
    with pytest.raises(MrstatsError, match="has enough persons both with and without what is asked about"):
        mr.adjusted_gaps(
            city.with_table("persons", city.table("persons").assign(employed=True)), "employment", "sex", "age"
        )


def test_a_map_of_areas_split_by_groups_says_what_to_select():
    gaps = mr.gaps(mr.break_down(mr.tiny_city(), "employment", by="sex", geography="district"), "sex", "men")
    with pytest.raises(MrstatsError, match=r'or compare the areas: mr.gaps\(table, factor="geography"\)'):
        mr.map(gaps)


def test_no_rows_are_not_called_what_the_source_lacks():
    table = mr.break_down(mr.tiny_city(), "employment", by="sex").head(0)
    for text in (mr.chart(table), mr.map(table)):
        assert text.paragraphs[0].startswith("Här finns inga uppgifter uppdelade efter")
    with pytest.raises(MrstatsError, match="The table has no rows to show"):
        mr.sentence(table)
