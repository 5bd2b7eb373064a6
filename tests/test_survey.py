"""Sampling designs against R's survey 4.5 (tests/reference/03_survey, 1e-8), and mistakes that are named."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

import mrstats as mr
from made_city import ROOT, reference
from mrstats.sampled import estimate_domains
from mrstats.schema import DatasetError, UnknownGroupError, UnknownNameError
from mrstats.survey import survey_design

EXPECTED = reference("03_survey")
FOLDER = ROOT / "tests" / "reference" / "03_survey"
PERSONS = pd.read_csv(FOLDER / "persons.csv").assign(everybody="")
DESIGN = survey_design(PERSONS, weight="weight", strata="stratum", cluster="psu")
CLOSE = {"rel": 1e-8, "abs": 1e-9}
MARGINS = {
    variable: dict(zip(margin["level"], margin["population"], strict=True))
    for variable, margin in pd.read_csv(FOLDER / "margins.csv").groupby("variable", sort=False)
}


def codes(*columns):
    """Domains of a cross, and their names as the reference writes them."""
    return pd.factorize(PERSONS[list(columns)].agg("|".join, axis=1), sort=True)


def errors(result):
    return np.sqrt(np.diag(result.covariance))


def same(result, names, expected, figure):
    """Every domain's estimate and error is R's, except the one person of Oceania."""
    for place, name in enumerate(names):
        row = expected[name][figure] if figure else expected[name]
        assert result.estimate[place] == pytest.approx(row["est"], **CLOSE)
        if result.n[place] > 1:
            assert errors(result)[place] == pytest.approx(row["se"], **CLOSE)


# ---- domains

FIGURES = {
    "poor_health": {"values": PERSONS["poor_health"]},
    "score": {"values": PERSONS["score"]},
    "mean_income": {"values": PERSONS["income"]},
    "total_count": {"values": np.ones(len(PERSONS)), "measure": "total"},
    "total_income": {"values": PERSONS["income"], "measure": "total"},
    "total_poor": {"values": PERSONS["poor_health"], "measure": "total"},
    "ratio_visits_hours": {"values": PERSONS["visits"], "denominator": PERSONS["hours"], "measure": "ratio"},
}
CROSSES = {
    "total": ["everybody"],
    "by_sex": ["sex"],
    "by_region": ["region"],
    "by_cob": ["cob"],
    "by_sex_cob": ["sex", "cob"],
}


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("cross", CROSSES)
def test_means_totals_and_ratios_of_domains_equal_rs(cross, figure):
    place, names = codes(*CROSSES[cross])
    expected = {"": EXPECTED["total"]} if cross == "total" else EXPECTED[cross]
    options = dict(FIGURES[figure])
    result = estimate_domains(DESIGN, options.pop("values"), place, **options)
    assert set(names) == set(expected)
    same(result, names, expected, figure)
    if figure != "score":
        assert result.n.tolist() == [expected[name]["n"] for name in names]
        assert result.df.tolist() == [expected[name]["df_domain"] for name in names]
    half = stdtrit(35, 0.975) * errors(result)
    for at, name in enumerate(names):
        if result.n[at] > 1:
            interval = [result.estimate[at] - half[at], result.estimate[at] + half[at]]
            assert interval == pytest.approx(expected[name][figure]["ci_t"], **CLOSE)


def test_a_domain_of_one_person_has_a_mean_without_an_error_but_a_total_with_one():
    place, names = codes("cob")
    alone = list(names).index("Oceania")
    mean = estimate_domains(DESIGN, PERSONS["income"], place)
    assert mean.estimate[alone] == 30800
    assert np.isnan(mean.covariance[alone]).all()
    assert not np.isnan(np.delete(np.delete(mean.covariance, alone, 0), alone, 1)).any()
    assert mean.df[alone] == 0
    total = estimate_domains(DESIGN, PERSONS["income"], place, measure="total")
    assert errors(total)[alone] == pytest.approx(EXPECTED["by_cob"]["Oceania"]["total_income"]["se"], **CLOSE)


def test_a_domain_inside_one_cluster_and_an_empty_one_have_no_error():
    place = np.where(PERSONS["psu"] == 3, 0, 2)
    result = estimate_domains(DESIGN, PERSONS["income"], place, size=4)
    assert result.n[0] > 3
    assert np.isnan(errors(result)).tolist() == [True, True, False, True]
    assert np.isnan(result.estimate).tolist() == [False, True, False, True]


@pytest.mark.parametrize("factor", ["sex", "cob", "region"])
def test_domains_covary_and_their_differences_have_rs_errors(factor):
    place, names = codes(factor)
    expected = EXPECTED[f"covariance_{factor}"]
    result = estimate_domains(DESIGN, PERSONS["poor_health"], place)
    known = ~np.isnan(np.diag(result.covariance))
    assert list(names) == expected["levels"]
    assert result.covariance[np.ix_(known, known)] == pytest.approx(
        np.array(expected["vcov"])[np.ix_(known, known)], **CLOSE
    )
    compared = 0
    for row in expected["differences"]:
        contrast = (names == row["a"]).astype(float) - (names == row["b"])
        if known[contrast != 0].all():
            assert contrast @ result.estimate == pytest.approx(row["diff"], **CLOSE)
            inside = result.covariance[np.ix_(known, known)]
            assert np.sqrt(contrast[known] @ inside @ contrast[known]) == pytest.approx(row["se"], **CLOSE)
            compared += 1
    assert compared == known.sum() * (known.sum() - 1) / 2


def test_a_group_and_the_total_it_is_part_of_are_asked_for_at_once():
    place, names = codes("cob")
    together = np.column_stack([place, np.full(len(PERSONS), len(names))])
    result = estimate_domains(DESIGN, PERSONS["poor_health"], together)
    c = result.covariance
    for at, name in enumerate(names):
        expected = EXPECTED["gap_to_overall_cob"][name]
        assert result.estimate[at] - result.estimate[-1] == pytest.approx(expected["gap"], **CLOSE)
        if name != "Oceania":
            assert np.sqrt(c[at, at] + c[-1, -1] - 2 * c[at, -1]) == pytest.approx(expected["se"], **CLOSE)


def test_the_ratio_of_two_domains_has_rs_error_on_the_log_scale():
    result = estimate_domains(DESIGN, PERSONS["poor_health"], codes("sex")[0])
    gradient = np.array([-1, 1]) / result.estimate
    assert result.estimate[1] / result.estimate[0] == pytest.approx(EXPECTED["ratio_woman_man"]["ratio"], **CLOSE)
    assert np.sqrt(gradient @ result.covariance @ gradient) == pytest.approx(
        EXPECTED["ratio_woman_man"]["log_se"], **CLOSE
    )


def test_a_lonely_psu_is_refused_until_the_user_says_what_to_do():
    kept = PERSONS[(PERSONS["stratum"] != 5) | (PERSONS["psu"] == 33)]
    with pytest.raises(DatasetError, match=r"'stratum', row 386 holds 5, and there is one cluster.*lonely='adjust'"):
        survey_design(kept, weight="weight", strata="stratum", cluster="psu")
    expected = EXPECTED["lonely_psu"]["adjust"]
    lonely = survey_design(kept, weight="weight", strata="stratum", cluster="psu", lonely="adjust")
    assert errors(estimate_domains(lonely, kept["income"], measure="total")) == pytest.approx(
        expected["total_income"]["se"], **CLOSE
    )
    assert lonely.degrees_of_freedom() == expected["df"]


def test_the_only_cluster_of_its_stratum_is_not_lonely_when_the_population_has_no_other():
    frame = pd.DataFrame({"y": [1.0, 3, 9], "weight": [2.0, 2, 1], "area": ["N", "N", "S"], "size": [4, 4, 1]})
    with pytest.raises(DatasetError, match="row 2 holds 'S', and there is one cluster"):
        survey_design(frame, weight="weight", strata="area", stratum_size=None)
    total = estimate_domains(
        survey_design(frame, weight="weight", strata="area", stratum_size="size"), frame["y"], measure="total"
    )
    # (1 - 2/4)·2/1·(2² + 2²) in the north, nothing in the south
    assert total.covariance == pytest.approx(np.array([[8.0]]))


# ---- replicates


@pytest.mark.parametrize("method", ["JK1", "JKn"])
def test_jackknives_remake_every_domain_as_r_does(method):
    design = survey_design(PERSONS, weight="weight", strata="stratum", cluster="psu", replicates=method.lower())
    check_replicates(design, EXPECTED["replicate"][method]["mse_false"])


def test_delivered_replicate_weights_and_their_scale():
    multipliers = pd.read_csv(FOLDER / "replicate_multipliers_by_psu.csv", index_col="psu").loc[PERSONS["psu"]]
    frame = PERSONS.join(multipliers.mul(PERSONS["weight"].to_numpy(), axis=0).set_index(PERSONS.index))
    columns = list(multipliers)
    with pytest.raises(DatasetError, match="replicate_scale"):
        survey_design(frame, weight="weight", replicates=columns)
    design = survey_design(frame, weight="weight", replicates=columns, replicate_scale=1 / 19)
    check_replicates(design, EXPECTED["replicate"]["supplied_multipliers"]["mse_false"])
    assert design.degrees_of_freedom() == 19
    assert design.degrees_of_freedom(np.ones((len(frame), 2))).tolist() == [19, 19]


def check_replicates(design, expected):
    place, names = codes("cob")
    same(estimate_domains(design, PERSONS["poor_health"]), ["poor_health"], expected, None)
    same(estimate_domains(design, PERSONS["income"]), ["mean_income"], expected, None)
    same(estimate_domains(design, PERSONS["income"], measure="total"), ["total_income"], expected, None)
    ratio = estimate_domains(design, PERSONS["visits"], denominator=PERSONS["hours"], measure="ratio")
    same(ratio, ["ratio"], expected, None)
    by_cob = estimate_domains(design, PERSONS["poor_health"], place)
    same(by_cob, names, expected["cob"], None)
    assert np.isnan(errors(by_cob)[list(names).index("Oceania")])
    # a total is linear: its scores over the replicates give the same as making it anew
    total = (PERSONS["income"] * PERSONS["weight"]).to_numpy()[:, None]
    assert np.sqrt(design.covariance(total)[0, 0]) == pytest.approx(expected["total_income"]["se"], **CLOSE)


# ---- calibration

CALIBRATED = {
    "raked_calibrate": ("raked", DESIGN.rake(MARGINS)),
    "greg_linear": ("greg", DESIGN.calibrate(MARGINS)),
    "poststratified_region": ("poststratified", DESIGN.rake({"region": MARGINS["region"]})),
}


@pytest.mark.parametrize("kind", CALIBRATED)
def test_calibrated_weights_and_their_errors_equal_rs(kind):
    column, design = CALIBRATED[kind]
    expected = EXPECTED["calibration"][kind]
    weights = pd.read_csv(FOLDER / "calibrated_weights.csv")[column]
    assert design.weights == pytest.approx(weights.to_numpy(), **CLOSE)
    for figure in ("poor_health", "mean_income", "total_income", "total_poor"):
        options = dict(FIGURES[figure])
        same(estimate_domains(design, options.pop("values"), **options), [figure], expected, None)
    for factor in ("cob", "sex"):
        place, names = codes(factor)
        same(estimate_domains(design, PERSONS["poor_health"], place), names, expected[f"poor_health_{factor}"], None)
    place, names = codes("region")
    known = estimate_domains(design, np.ones(len(PERSONS)), place, measure="total")
    assert known.estimate == pytest.approx([MARGINS["region"][name] for name in names], rel=1e-9)
    assert errors(known).max() < 1e-6


def test_the_report_shows_what_raking_did_and_the_first_design_is_unchanged():
    raked = DESIGN.rake(MARGINS)
    report = raked.report()
    w = pd.read_csv(FOLDER / "calibrated_weights.csv")["raked"]
    assert report.loc["before", "sum"] == pytest.approx(EXPECTED["design"]["sum_weights"])
    assert report.loc["after", ["sum", "min", "max", "persons"]].tolist() == pytest.approx(
        [19184, w.min(), w.max(), 485]
    )
    assert report.loc["after", "design_effect"] == pytest.approx(len(w) * (w**2).sum() / w.sum() ** 2)
    assert report["rounds"].tolist()[0] == 0
    assert report["rounds"].tolist()[1] >= 1
    assert DESIGN.weights == pytest.approx(PERSONS["weight"].to_numpy())


def test_trimmed_weights_meet_the_margins_and_are_never_larger():
    free, trimmed = DESIGN.rake(MARGINS), DESIGN.rake(MARGINS, trim=1.8)
    mean = free.weights.mean()
    assert free.weights.max() > 1.9 * mean  # there is something to trim
    assert trimmed.weights.max() <= 1.8 * mean * (1 + 1e-9)
    for column, totals in MARGINS.items():
        made = pd.Series(trimmed.weights).groupby(PERSONS[column]).sum()
        assert made.to_dict() == pytest.approx(totals, rel=1e-9)
    assert DESIGN.rake(MARGINS, trim=50).weights == pytest.approx(free.weights, rel=1e-12)
    with pytest.raises(DatasetError, match=r"no weight above .* the margins are not met .* raise trim"):
        DESIGN.rake(MARGINS, trim=1.001)
    with pytest.raises(DatasetError, match="trim=1 must be above 1"):
        DESIGN.rake(MARGINS, trim=1)


def test_margins_that_contradict_each_other_are_named():
    frame = pd.DataFrame({"sex": list("mmww"), "area": ["N", "N", "S", "S"], "weight": 1.0})
    with pytest.raises(DatasetError, match=r"sex=\w.*is off by .*Take groups together, or leave a margin out"):
        survey_design(frame, weight="weight").rake({"sex": {"m": 6, "w": 4}, "area": {"N": 5, "S": 5}})
    with pytest.raises(DatasetError, match=r"area=V: the population is 2 but nobody .* Take groups together"):
        survey_design(frame, weight="weight").rake({"sex": {"m": 6, "w": 4}, "area": {"N": 4, "S": 4, "V": 2}})


def test_a_jackknife_is_raked_in_each_replicate():
    design = survey_design(PERSONS, weight="weight", strata="stratum", cluster="psu", replicates="jkn").rake(MARGINS)
    expected = EXPECTED["calibration"]["jkn_reraked_in_each_replicate"]["poor_health"]
    result = estimate_domains(design, PERSONS["poor_health"])
    assert result.estimate == pytest.approx(expected["est"], **CLOSE)
    assert errors(result) == pytest.approx(expected["se_mse_false"], **CLOSE)


def test_calibration_to_a_quantity_meets_it_within_the_bounds():
    totals = {"sex": MARGINS["sex"], "income": 610_000_000.0}
    design = DESIGN.calibrate(totals, bounds=(0.8, 1.3))
    ratio = design.weights / DESIGN.weights
    assert 0.8 - 1e-9 <= ratio.min() < ratio.max() <= 1.3 + 1e-9
    income = estimate_domains(design, PERSONS["income"], measure="total")
    assert income.estimate == pytest.approx(610_000_000.0, rel=1e-9)
    assert errors(income)[0] < 1e-3
    with pytest.raises(DatasetError, match="bounds are too narrow"):
        DESIGN.calibrate(totals, bounds=(0.99, 1.01))


# ---- income inequality


@pytest.mark.parametrize(
    ("key", "measure", "options"),
    [
        ("gini", "gini", {}),
        ("ge0", "generalised_entropy", {"alpha": 0}),
        ("ge1", "generalised_entropy", {"alpha": 1}),
        ("ge2", "generalised_entropy", {"alpha": 2}),
        ("atkinson05", "atkinson", {"epsilon": 0.5}),
        ("atkinson1", "atkinson", {"epsilon": 1}),
        ("atkinson2", "atkinson", {"epsilon": 2}),
    ],
)
def test_measures_of_inequality_take_their_error_from_the_design(key, measure, options):
    expected = reference("04_income")
    for factor in ("everybody", "sex", "region"):
        place, names = codes(factor)
        result = estimate_domains(DESIGN, PERSONS["income"], place, measure=measure, **options)
        for at, name in enumerate(names):
            points = expected["points"][factor][name] if name else expected["points"]["total"]
            assert result.estimate[at] == pytest.approx(points[key], rel=1e-10)
            assert errors(result)[at] == pytest.approx(expected["se_exact_linearised"][name or "total"][key], rel=1e-8)


def test_poverty_has_the_whole_samples_line_and_a_known_line_rs_error():
    expected = reference("04_income")
    for factor in ("everybody", "sex", "region"):
        place, names = codes(factor)
        known = estimate_domains(DESIGN, PERSONS["income"], place, measure="at_risk_of_poverty", line=16200)
        estimated = estimate_domains(DESIGN, PERSONS["income"], place, measure="at_risk_of_poverty")
        assert estimated.estimate == pytest.approx(known.estimate)
        for at, name in enumerate(names):
            row = expected["arpr_fixed_line"][name or "total"]
            assert known.estimate[at] == pytest.approx(row["est"], rel=1e-10)
            assert errors(known)[at] == pytest.approx(row["se"], rel=1e-8)
            # The density is a convention, and convey counts the one person who is exactly on the line as poor.
            assert errors(estimated)[at] == pytest.approx(
                expected["convey"][name or "total"]["arpr_le"]["se"], rel=0.01
            )


def test_an_unknown_measure_is_named():
    with pytest.raises(ValueError, match="'theil' has no influence function"):
        estimate_domains(DESIGN, PERSONS["income"], measure="theil")


# ---- mistakes

SMALL = pd.DataFrame(
    {"sex": ["m", "m", "w", "w"], "area": [1, 1, 2, 2], "weight": [1.0, 2, 3, 4], "n": 9}, index=list("abcd")
)


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({"weight": [1, -2, 3, 4]}, {}, "'weight', row b holds -2, but nobody"),
        ({"weight": [1, None, 3, 4]}, {}, "'weight', row b is empty, where a number"),
        ({"weight": ["1", "2,5", "3", "4"]}, {}, "'weight', row b holds '2,5', where a number"),
        ({"weight": 0}, {}, "'weight' sums to zero over 4 rows"),
        ({"area": [1, 1, None, 2]}, {"strata": "area"}, "'area', row c is empty"),
        ({"area": [1, 1, 1, 2]}, {"strata": "area"}, "'area', row d holds 2, and there is one cluster"),
        ({}, {"strata": "area", "stratum_size": "area"}, "2 PSUs were drawn but its population is said to be 1"),
        ({}, {"strata": "area", "replicates": "jk9"}, "'jk9' must be jk1"),
        ({"area": 1}, {"cluster": "area"}, "the whole sample, and there is one cluster"),
    ],
)
def test_a_bad_frame_is_one_sentence_with_column_row_and_cure(change, arguments, message):
    with pytest.raises(DatasetError, match=message) as caught:
        survey_design(SMALL.assign(**change), weight="weight", **arguments)
    assert "\n" not in str(caught.value)


def test_an_unknown_column_and_one_that_occurs_twice_are_named():
    with pytest.raises(UnknownNameError, match=r"weight='wieght' is no column.*sex, area, weight"):
        survey_design(SMALL, weight="wieght")
    with pytest.raises(DatasetError, match="'sex' occurs twice"):
        survey_design(pd.concat([SMALL, SMALL[["sex"]]], axis=1), weight="weight")


def test_margins_that_do_not_fit_are_named():
    design = survey_design(SMALL, weight="weight")
    with pytest.raises(UnknownGroupError, match=r"'sex', row c holds 'w', which the margin does not have \('m'\)"):
        design.rake({"sex": {"m": 10}})
    with pytest.raises(
        DatasetError, match=r"rake to sex, area: area adds up to 12, sex to 10\. Give margins of the same persons"
    ):
        design.rake({"sex": {"m": 5, "w": 5}, "area": {1: 6, 2: 6}})
    with pytest.raises(UnknownNameError, match="'age' is no column"):
        design.rake({"age": {"a": 1}})
    with pytest.raises(DatasetError, match="calibrated already"):
        design.rake({"sex": {"m": 5, "w": 5}}).rake({"area": {1: 5, 2: 5}})


def test_values_that_do_not_fit_are_named():
    design = survey_design(SMALL, weight="weight")
    with pytest.raises(DatasetError, match="'sex', row b holds 'no', where a number"):
        estimate_domains(design, SMALL["sex"].where(SMALL.index != "b", "no").replace({"m": 1, "w": 0}))
    with pytest.raises(DatasetError, match="values has 3 rows but the survey 4"):
        estimate_domains(design, [1, 2, 3])
    with pytest.raises(ValueError, match="denominator"):
        estimate_domains(design, [1, 2, 3, 4], measure="ratio")
    with pytest.raises(ValueError, match="whole numbers"):
        estimate_domains(design, [1, 2, 3, 4], [0, 1, np.nan, 0])


def test_a_sample_without_strata_or_clusters_by_hand():
    design = survey_design(SMALL.assign(weight=2.0, n=8), weight="weight", stratum_size="n")
    result = estimate_domains(design, pd.array([0, 1, 1, pd.NA], dtype="Int64"))
    # half the population drawn: (1 - 4/8)·4/3·Σ(score - mean)², scores (y - 2/3)/3 and 0 for no answer
    scores = np.array([-2, 1, 1, 0]) / 9
    assert result.estimate[0] == pytest.approx(2 / 3)
    assert result.covariance[0, 0] == pytest.approx(0.5 * 4 / 3 * ((scores - scores.mean()) ** 2).sum())
    assert (result.n[0], result.df[0]) == (3, 2)


def test_the_public_name_makes_the_same_design():
    if not hasattr(mr, "survey_design"):
        pytest.skip("mr.survey_design is not public yet")
    assert mr.survey_design.__wrapped__ is survey_design
