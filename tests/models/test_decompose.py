"""`mr.decompose_gap`: parts that add up, the parts by hand, errors against a bootstrap, who is shown, what is refused."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import mrstats as mr
from care_fixtures import DESCRIPTION, care_city, care_people
from mrstats.measures.decomposition import das_gupta_cells
from mrstats.models import decompose_gap
from mrstats.schema import MrstatsError, UnknownGroupError, UnknownNameError

BY = ["disability", "education"]
ALL = ["oaxaca", "neumark", "threefold", "yun", "fairlie", "kitagawa", "das_gupta"]
SUMS = [("explained", "unexplained"), ("endowments", "coefficients", "interaction"), ("composition", "rate")]


@pytest.fixture(scope="module")
def rows():
    rows = care_people(2, 4000)
    women = np.random.default_rng(9).random(len(rows)) < 0.25
    rows.loc[(rows["sex"] == "2") & women, "education"] = "1"
    rows.loc[(rows["sex"] == "2") & women, "disability"] = "with"
    return rows


def parts(rows, method="oaxaca", by=BY, indicator="care", description=DESCRIPTION, **options):
    table = decompose_gap(care_city(rows, description), indicator, "sex", by, method=method, **options)
    return table.set_index(["part", "by"])


@pytest.mark.parametrize("method", ALL)
def test_the_parts_add_up_to_the_gap_and_the_factors_to_their_part(rows, method):
    made = parts(rows, method)["value"]
    gap = mr.gaps(mr.break_down(care_city(rows), "care", by="sex"), "sex", reference="men").set_index("sex")
    assert made["difference", ""] == pytest.approx(gap.loc["women", "difference"], abs=1e-9)
    told = next(names for names in SUMS if (names[0], "") in made.index)
    assert sum(made[name, ""] for name in told) == pytest.approx(made["difference", ""], abs=1e-9)
    details = made[[key for key in made.index if key[1]]]
    if method != "kitagawa":
        assert set(details.index.get_level_values("by")) == set(BY)
        assert details.sum() == pytest.approx(made[told[0], ""], abs=1e-9)


def test_the_explained_part_is_the_pooled_regression_by_hand(rows):
    x = (
        pd.get_dummies(rows[["disability", "education"]])
        .drop(columns=["disability_without", "education_3"])
        .astype(float)
    )
    woman = (rows["sex"] == "2").astype(float)
    fit = sm.OLS(rows["pay"], sm.add_constant(x.assign(woman=woman))).fit()
    apart = x[woman == 1].mean() - x[woman == 0].mean()
    made = parts(rows, indicator="pay")["value"]
    for name in BY:
        mine = [column for column in x if column.startswith(name)]
        assert made["explained", name] == pytest.approx((apart[mine] * fit.params[mine]).sum(), rel=1e-8)
    assert made["unexplained", ""] == pytest.approx(fit.params["woman"], rel=1e-8)  # Jann: the group's own coefficient


def test_das_guptas_parts_are_those_of_the_cells(rows):
    counts = rows.groupby(["sex", "disability", "education"])["care"].agg(["size", "mean"])
    sides = []
    for sex in ("2", "1"):
        each = counts.loc[sex].unstack().fillna(0)
        sides += [each["mean"].to_numpy(), each["size"].to_numpy() / each["size"].to_numpy().sum()]
    expected = 100 * das_gupta_cells(*sides)
    made = parts(rows, "das_gupta")["value"]
    assert [made["composition", "disability"], made["composition", "education"], made["rate", ""]] == pytest.approx(
        expected
    )


@pytest.mark.parametrize("method", ["oaxaca", "threefold", "yun", "das_gupta"])
def test_errors_from_influence_are_those_of_the_bootstrap(rows, method):
    by = ["disability", "age"] if method == "yun" else BY  # Yun divides by the explained part, which BY makes nearly 0
    linear, drawn = parts(rows, method, by), parts(rows, method, by, replicates=150)
    assert drawn["se"].to_numpy() == pytest.approx(linear["se"].to_numpy(), rel=0.3)
    assert np.median(drawn["se"] / linear["se"]) == pytest.approx(1, abs=0.12)
    assert drawn["value"].to_numpy() == pytest.approx(linear["value"].to_numpy())


def test_the_errors_of_the_gap_are_those_of_two_independent_means(rows):
    made = parts(rows).loc[("difference", "")]
    each = rows.groupby("sex")["care"].agg(["mean", "size"])
    se = 100 * np.sqrt((each["mean"] * (1 - each["mean"]) / each["size"]).sum())
    assert made["se"] == pytest.approx(se, rel=1e-3)
    assert made["share"] == 100


def test_a_sample_is_weighted_and_its_clusters_count(rows):
    survey = rows.assign(w=np.where(rows["disability"] == "with", 3.0, 1.0), home=np.arange(len(rows)) // 2)
    described = DESCRIPTION.replace('person = "person_id"', 'person = "person_id"\nweight = "w"\ncluster = "home"')
    twice = pd.concat([survey] * 2, ignore_index=True)
    for method in ("oaxaca", "kitagawa", "yun"):
        once, again = (parts(each, method, description=described) for each in (survey, twice))
        assert set(once["method"]) == {f"survey {method}"}
        assert again["value"].to_numpy() == pytest.approx(once["value"].to_numpy(), rel=1e-6, abs=1e-9)
        assert again["se"].to_numpy() == pytest.approx(once["se"].to_numpy(), rel=1e-5)  # the same clusters
    mean = survey.groupby("sex")[["care", "w"]].apply(lambda part: np.average(part["care"], weights=part["w"]))
    assert parts(survey, description=described).loc[("difference", ""), "value"] == pytest.approx(
        100 * (mean["2"] - mean["1"])
    )


def test_order_of_rows_does_not_matter(rows):
    for method in ("oaxaca", "yun", "das_gupta"):
        other = parts(rows.sample(frac=1, random_state=1), method)
        assert other["value"].to_numpy() == pytest.approx(parts(rows, method)["value"].to_numpy(), rel=1e-7, abs=1e-9)


def test_the_interval_covers_what_is_known():
    """Pay is 4 less for women at the same education, and education adds nothing to the gap."""
    hits = 0
    for seed in range(60):
        row = parts(care_people(300 + seed, 500), indicator="pay", by="education").loc[("unexplained", "")]
        hits += row["lower"] < -4 < row["upper"]
    assert hits >= 51


def test_one_group_may_be_compared_alone(rows):
    every = decompose_gap(care_city(rows), "pay", "education", "disability", reference="upper")
    one = decompose_gap(care_city(rows), "pay", "education", "disability", reference="upper", group="lower")
    pd.testing.assert_frame_equal(one, every[every["education"] == "lower"].reset_index(drop=True))


def test_a_group_with_few_is_hidden_and_the_others_stay(rows):
    few = rows.copy()
    unknown = few.index[few["education"] == "US"]
    few.loc[unknown[:4], "care"], few.loc[unknown[4:], "care"] = True, False
    table = decompose_gap(care_city(few), "care", "education", "disability", reference="upper")
    hidden = table[table["status"] == "C"]
    assert "unknown" in set(hidden["education"])
    assert hidden["education"].nunique() == 2
    assert hidden[["value", "lower", "upper", "se", "share", "p", "n"]].isna().all().all()


def test_what_cannot_be_decomposed_is_named_with_the_cure(rows):
    def refused(said, people=rows, *, error=MrstatsError, **options):
        with pytest.raises(error, match=said):
            parts(people, **options)

    nobody = rows.assign(education=np.where(rows["sex"] == "2", rows["education"].replace("6", "3"), rows["education"]))
    refused("nobody with sex=women has education=post_long.*Take groups of education together", nobody)
    refused("nobody with sex=women has .*education=post_long", nobody, method="kitagawa")
    same = rows.assign(age=np.where(rows["disability"] == "with", 70, 80))
    refused("say already, so their parts cannot be told apart", same, by=["disability", "age"])
    refused("'age' is no background factor", error=UnknownNameError, method="das_gupta", by=["age"])
    refused("takes up to four", error=UnknownNameError, method="das_gupta", by=["a", "b", "c", "d", "e"])
    refused("method='blinder' must be one of oaxaca", error=UnknownNameError, method="blinder")
    refused("needs a proportion; 'pay' is a mean", error=UnknownNameError, method="yun", indicator="pay")
    refused("reference='lower' of 'sex'", error=UnknownGroupError, reference="lower")
    refused("group='boys' of 'sex' is not there. Choose one of women", error=UnknownGroupError, group="boys")
    refused("different names, and not 'sex' itself", error=UnknownNameError, by=["sex"])
    refused("has only 'men' in 2024", rows[rows["sex"] == "1"])
