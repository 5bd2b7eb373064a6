"""`break_down` of a sample: held to R's survey package on its own sample, through a dataset folder's words."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mrstats as mr
from made_city import DATASET, ROOT, indicator, made_city, reference
from mrstats import covariances
from mrstats.measures import design_intervals
from mrstats.schema import DatasetError, NotPublishedError

TABLE = """
[tables.people]
files = "none"
grain = "person"
year = "year"
person = "id"
weight = "weight"
strata = "stratum"
cluster = "psu"
"""
FACTORS = """
[factors.sex]
table = "people"
column = "sex"
codes = { man = "men", woman = "women" }
[factors.country_of_birth]
table = "people"
column = "cob"
codes = { Sweden = "SE", Nordic = "nordic", EU = "eu", Other = "asia", Oceania = "oceania" }
"""
AREAS = """
[geographies.area]
label = "område"
definite = "området"
plural = "områden"
definite_plural = "områdena"
column = "area"
name = "name"
parent = "district"
parent_code = "parent"
[geographies.district]
name = "name"
"""
INDICATORS = "".join(
    [
        indicator("poor", "proportion", numerator="poor_health == 1", more='direction = "adverse"'),
        indicator("score", "mean", numerator="score"),
        indicator("income", "total", numerator="income"),
        indicator("visits", "ratio", numerator="visits", more='per = "hours"'),
        indicator("visits_rate", "rate", numerator="visits"),
        indicator("people", "count"),
        indicator("part", "share", numerator="income"),
        indicator("median", "quantile", numerator="income", more="options = { p = 0.5 }"),
        indicator("quarter", "quantile", numerator="income", more="options = { p = 0.25 }"),
        indicator("gini", "gini", numerator="income", denominator="income > 0"),
        indicator("risk", "at_risk_of_poverty", numerator="income", more='direction = "adverse"'),
        indicator("nobody", "rate", numerator="visits > 1000"),
        indicator("none", "proportion", numerator="visits > 1000"),
    ]
)
REGIONS = {"North": "A1", "South": "A2", "East": "A3", "West": "A4"}
R = reference("03_survey")
GROUPS = {"man": "men", "woman": "women", "Sweden": "SE", "Nordic": "nordic", "EU": "eu", "Other": "asia", "Oceania": "oceania"}  # fmt: skip  # noqa: E501


def people():
    sample = pd.read_csv(ROOT / "tests" / "reference" / "03_survey" / "persons.csv")
    return sample.assign(year=2024, area=sample["region"].map(REGIONS))


def city(frame=None, table=TABLE):
    toml = DATASET + table + FACTORS + AREAS + INDICATORS
    return made_city(people() if frame is None else frame, toml)


@pytest.fixture(scope="module")
def sample():
    return city()


def row(table, **picked):
    mask = np.logical_and.reduce([table[name] == value for name, value in picked.items()])
    assert mask.sum() == 1
    return table[mask].iloc[0]


def test_figures_of_the_whole_are_those_of_r(sample):
    for name, key, scale in (
        ("poor", "poor_health", 100),
        ("score", "score", 1),
        ("income", "total_income", 1),
        ("visits", "ratio_visits_hours", 1),
        ("people", "total_count", 1),
    ):
        found, theirs = mr.break_down(sample, name).iloc[0], R["total"][key]
        assert found["value"] == pytest.approx(scale * theirs["est"], rel=1e-9)
        assert found["se"] == pytest.approx(scale * theirs["se"], rel=1e-8)
        assert found["method"].startswith("survey taylor")
    found = mr.break_down(sample, "poor").iloc[0]
    assert (found["n"], found["population"]) == (485, pytest.approx(R["design"]["sum_weights"]))
    assert found["count"] == pytest.approx(R["total"]["total_poor"]["est"])
    assert found["affected"] == found["count"]


def test_groups_areas_and_crosses_are_those_of_r(sample):
    by_sex = mr.break_down(sample, "poor", by=["sex", "country_of_birth"])
    for code, theirs in R["by_sex"].items():
        found = row(by_sex, sex=GROUPS[code], country_of_birth="_T")
        assert found["n"] == theirs["n"]
        assert found["se"] == pytest.approx(100 * theirs["poor_health"]["se"], rel=1e-8)
    for codes, theirs in R["by_sex_cob"].items():
        sex, born = (GROUPS[code] for code in codes.split("|"))
        found = row(by_sex, sex=sex, country_of_birth=born)
        assert found["value"] == pytest.approx(100 * theirs["poor_health"]["est"], rel=1e-9)
        if theirs["n"] > 1:
            assert found["se"] == pytest.approx(100 * theirs["poor_health"]["se"], rel=1e-8)
    areas = mr.break_down(sample, "score", geography="area")
    for code, theirs in R["by_region"].items():
        assert row(areas, geography=REGIONS[code])["se"] == pytest.approx(theirs["score"]["se"], rel=1e-8)


def test_limits_of_a_share_are_logit_with_degrees_of_freedom_not_above_rs(sample):
    found, theirs = mr.break_down(sample, "poor").iloc[0], R["total"]["poor_health"]
    assert 10 < found["df"] <= R["design"]["df"]
    expected = design_intervals.proportion_interval(theirs["est"], theirs["se"], found["df"], 485)
    assert [found["lower"], found["upper"]] == pytest.approx([100 * float(end) for end in expected[:2]], rel=1e-9)


def test_a_domain_of_one_has_a_status_and_an_interval_and_never_a_standard_error_of_zero(sample):
    for name in ("poor", "score"):
        found = row(mr.break_down(sample, name, by="country_of_birth"), country_of_birth="oceania")
        assert found["n"] == 1
        assert "u" in found["status"].split()
        assert np.isnan(found["se"]) or found["se"] > 0
        assert found["lower"] < found["value"] or found["value"] == 0
        assert found["upper"] > found["value"]
    assert found["method"] == "survey borrowed t"


def test_nobody_with_the_outcome_still_has_an_upper_limit(sample):
    for name in ("none", "nobody"):
        found = mr.break_down(sample, name).iloc[0]
        assert (found["value"], found["lower"]) == (0, 0)
        assert found["upper"] > 0
        assert found["se"] > 0


def test_a_median_has_woodruffs_limits(sample):
    # R centres the limits on the share at or below the quantile, we on p: one step of the sorted incomes apart.
    theirs = R["quantile_ci_woodruff"]
    incomes = np.sort(people()["income"].unique())
    for name, at in (("quarter", 0), ("median", 1)):
        found = mr.break_down(sample, name).iloc[0]
        assert found["value"] == theirs["q"][at]
        assert found["method"] == "survey taylor woodruff"
        for end, other in (("lower", "lo"), ("upper", "hi")):
            steps = np.searchsorted(incomes, found[end]) - np.searchsorted(incomes, theirs[other][at])
            assert abs(steps) <= 3


@pytest.mark.parametrize(("code", "group"), [("_T", "total"), ("men", "man"), ("women", "woman")])
def test_gini_and_poverty_rate_are_laeken_s_with_the_designs_error(sample, code, group):
    expected = reference("04_income")
    points = expected["points"]["total"] if group == "total" else expected["points"]["sex"][group]
    found = row(mr.break_down(sample, "gini", by="sex"), sex=code)
    assert found["value"] == pytest.approx(points["gini"], rel=1e-10)
    assert found["se"] == pytest.approx(expected["se_exact_linearised"][group]["gini"], rel=1e-8)
    assert found["method"] == "survey taylor t"
    # the line is that of the whole sample; R's own error counts the one person on the line as poor
    found = row(mr.break_down(sample, "risk", by="sex"), sex=code)
    assert found["value"] == pytest.approx(100 * points["arpr_national_threshold"], rel=1e-10)
    assert found["se"] == pytest.approx(100 * expected["convey"][group]["arpr_le"]["se"], rel=0.005)
    assert found["count"] == pytest.approx(found["population"] * found["value"] / 100)


def test_parts_of_the_whole_add_up_and_have_the_ratios_error(sample):
    table = mr.break_down(sample, "part", by="sex")
    assert table.loc[table["sex"] == "_T", "value"].iloc[0] == pytest.approx(100)
    parts = table[table["sex"] != "_T"]
    assert parts["value"].sum() == pytest.approx(100)
    # two parts of one whole err by the same amount, in opposite directions
    assert parts["se"].iloc[0] == pytest.approx(parts["se"].iloc[1])


def test_domains_keep_the_designs_covariance_under_their_ids(sample):
    table = mr.break_down(sample, "poor", by="country_of_birth")
    ids = {
        code: row(table, country_of_birth=GROUPS[code])["estimate_id"] for code in ("EU", "Nordic", "Other", "Sweden")
    }
    matrix = R["covariance_cob"]
    for i, a in enumerate(matrix["levels"]):
        for j, b in enumerate(matrix["levels"]):
            if "Oceania" not in (a, b):
                found = covariances.covariance_of([ids[a]], [ids[b]])[0]
                assert found == pytest.approx(1e4 * matrix["vcov"][i][j], rel=1e-8)
    for pair in matrix["differences"]:
        if "Oceania" not in (pair["a"], pair["b"]):
            found = covariances.standard_error_of((1, [ids[pair["a"]]]), (-1, [ids[pair["b"]]]))[0]
            assert found == pytest.approx(100 * pair["se"], rel=1e-8)
    whole = row(table, country_of_birth="_T")["estimate_id"]
    for code, theirs in R["gap_to_overall_cob"].items():
        if code != "Oceania":
            found = covariances.standard_error_of((1, [ids[code]]), (-1, [whole]))[0]
            assert found == pytest.approx(100 * theirs["se"], rel=1e-8)


def test_a_design_of_ones_own_takes_the_place_of_the_table(sample):
    margins = pd.read_csv(ROOT / "tests" / "reference" / "03_survey" / "margins.csv")
    wanted = {
        name: dict(zip(part["level"], part["population"], strict=True)) for name, part in margins.groupby("variable")
    }
    own = mr.survey_design(people(), weight="weight", strata="stratum", cluster="psu").rake(wanted)
    found, theirs = (
        mr.break_down(sample, "poor", design=own).iloc[0],
        R["calibration"]["raked_calibrate"]["poor_health"],
    )
    assert found["value"] == pytest.approx(100 * theirs["est"], rel=1e-9)
    assert found["se"] == pytest.approx(100 * theirs["se"], rel=1e-7)
    assert found["population"] == pytest.approx(R["calibration"]["margins_population"])
    jackknife = mr.survey_design(people(), weight="weight", strata="stratum", cluster="psu", replicates="jkn")
    found = mr.break_down(sample, "poor", design=jackknife).iloc[0]
    assert found["se"] == pytest.approx(100 * R["replicate"]["JKn"]["mse_false"]["poor_health"]["se"], rel=1e-8)
    assert found["method"] == "survey replicates logit"


def test_a_design_of_ones_own_is_for_exploring(sample, monkeypatch, tmp_path):
    own = mr.survey_design(people(), weight="weight")
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(tmp_path / "plan"))
    with pytest.raises(NotPublishedError, match="design="):
        mr.break_down(sample, "poor", design=own)


def test_a_standardised_share_of_a_sample_is_the_weighted_mean_of_its_domains(sample):
    crossed = mr.break_down(sample, "poor", by=["sex", "country_of_birth"])
    found = row(mr.break_down(sample, "poor", by="sex", standardise="country_of_birth"), sex="women")
    cells = crossed[(crossed["country_of_birth"] != "_T") & (crossed["n"] > 0)]
    everybody, women = cells[cells["sex"] == "_T"], cells[cells["sex"] == "women"]
    weights = everybody.set_index("country_of_birth")["population"] / everybody["population"].sum()
    values = women.set_index("country_of_birth")["value"]
    assert found["value"] == pytest.approx((weights * values).sum())
    assert found["method"] == "survey dobson taylor logit"
    men = row(mr.break_down(sample, "poor", by="sex", standardise="country_of_birth"), sex="men")
    assert men["status"] == "C"  # no man was born in Oceania


def test_a_lonely_cluster_names_table_year_and_cure(sample):
    frame = people()
    alone = frame[(frame["stratum"] != 5) | (frame["psu"] == frame.loc[frame["stratum"] == 5, "psu"].min())]
    with pytest.raises(DatasetError, match=r"\[tables\.people\] year 2024: .*one cluster.*lonely='adjust'"):
        mr.break_down(city(alone), "poor")
    found = mr.break_down(city(alone, TABLE + 'lonely = "adjust"\n'), "poor").iloc[0]
    assert found["se"] == pytest.approx(100 * R["lonely_psu"]["adjust"]["mean"]["se"], rel=1e-8)


def test_who_did_not_answer_stands_for_nobody():
    frame = people().assign(answered=True)
    silent = frame.assign(answered=False, weight=np.nan, poor_health=np.nan)
    with_silent = city(pd.concat([frame, silent], ignore_index=True), TABLE + 'responded = "answered"\n')
    pd.testing.assert_frame_equal(mr.break_down(with_silent, "poor", by="sex"), mr.break_down(city(), "poor", by="sex"))


def test_one_stratum_of_single_persons_is_the_textbooks_mean():
    frame = pd.DataFrame({"year": 2024, "id": range(6), "sex": "man", "cob": "Sweden", "area": "A1", "weight": 2.0})
    frame["score"] = [1.0, 2, 3, 4, 5, 9]
    plain = TABLE.replace('strata = "stratum"\ncluster = "psu"\n', "")
    found = mr.break_down(city(frame, plain), "score").iloc[0]
    se = frame["score"].std() / 6**0.5
    assert (found["value"], found["se"], found["df"]) == (4, pytest.approx(se), 5)
    assert found["upper"] == pytest.approx(4 + stats.t.ppf(0.975, 5) * se)
