"""Small areas against R's sae (tests/reference/08), by simulation and by hand."""

import numpy as np
import pandas as pd
import pytest

from made_city import ROOT, reference
from mrstats.measures.smallarea import benchmarked, fay_herriot

AREAS = pd.read_csv(ROOT / "tests" / "reference" / "08_small_area" / "areas.csv")
SAE = reference("08_small_area")


@pytest.mark.parametrize("key", ["REML_x1_x2", "REML_intercept", "ML_x1_x2", "ML_intercept"])
def test_equals_sae(key):
    method, _, with_ = key.partition("_")
    x = AREAS[["x1", "x2"]] if with_ == "x1_x2" else None
    made, known = fay_herriot(AREAS["direct"], AREAS["se"], x, method=method.lower()), SAE[key]
    assert made.variance == pytest.approx(known["refvar"], rel=1e-8)
    assert made.coefficients == pytest.approx(known["coef"], rel=1e-8)
    assert made.coefficient_errors == pytest.approx(known["coef_se"], rel=1e-8)
    assert made.value == pytest.approx(known["eblup"], rel=1e-8)
    assert made.mse == pytest.approx(known["mse"], rel=1e-8)
    assert made.reliability == pytest.approx(known["gamma"], rel=1e-8)


def test_the_error_is_the_one_made_and_the_interval_covers():
    random = np.random.default_rng(4)
    x, se = random.normal(size=40), random.uniform(0.5, 2, 40)
    errors, said, hits = [], [], 0
    for _ in range(400):
        truth = 10 + 2 * x + random.normal(0, 1.2, 40)
        made = fay_herriot(truth + random.normal(0, se), se, x)
        errors.append((made.value - truth) ** 2)
        said.append(made.mse)
        hits += (np.abs(made.value - truth) < 1.96 * np.sqrt(made.mse)).mean()
    assert np.mean(said) == pytest.approx(np.mean(errors), rel=0.05)
    assert hits / 400 == pytest.approx(0.95, abs=0.015)
    assert np.mean(errors) < 0.75 * np.mean(se**2)  # better than the areas' own figures


def test_an_area_that_is_nearly_sure_keeps_its_own_figure_and_order_does_not_matter():
    se = AREAS["se"].to_numpy().copy()
    se[3] = 1e-6
    made = fay_herriot(AREAS["direct"], se, AREAS["x1"])
    assert made.value[3] == pytest.approx(AREAS["direct"][3], abs=1e-6)
    turned = fay_herriot(AREAS["direct"][::-1], se[::-1], AREAS["x1"][::-1])
    assert turned.value[::-1] == pytest.approx(made.value, rel=1e-9)


def test_no_spread_beyond_chance_gives_the_synthetic_value():
    made = fay_herriot([1, 2, 3, 4, 5.01], [3.0] * 5, [1, 2, 3, 4, 5])
    assert made.variance == 0
    assert made.value == pytest.approx(made.synthetic)
    assert (made.mse > 0).all()


def test_benchmarked_values_have_the_mean_and_the_sure_ones_stay():
    made = benchmarked([10, 20, 30], [0.0, 1.0, 3.0], [100, 100, 100], 22)
    assert made.mean() == pytest.approx(22)
    assert made.tolist() == pytest.approx([10, 21.5, 34.5])
    assert benchmarked([10, 20], [0.0, 0.0], [1, 3], 18.5).tolist() == pytest.approx([11, 21])


def test_what_cannot_be_fitted_is_said():
    with pytest.raises(ValueError, match="row 1: the standard error must be above 0"):
        fay_herriot([1, 2, 3, 4], [1, 0, 1, 1])
    with pytest.raises(ValueError, match="3 areas are too few for 2 columns"):
        fay_herriot([1, 2, 3], [1, 1, 1], [1, 2, 4])
    with pytest.raises(ValueError, match="one of reml, ml"):
        fay_herriot([1, 2, 3], [1, 1, 1], method="fh")
