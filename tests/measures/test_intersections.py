"""Random effects of strata against R's lme4 (tests/reference/11), and limits that one can see."""

import numpy as np
import pandas as pd
import pytest

from made_city import ROOT, reference
from mrstats.measures.intersections import LATENT, linear_strata, logit_strata

KNOWN = reference("11_maihda")
PERSONS = pd.read_csv(ROOT / "tests" / "reference" / "11_maihda" / "persons.csv")
STRATA = PERSONS.groupby(["sex", "cob", "edu", "age"])[["score", "ill"]].agg(["mean", "sum", "size"])
NAMES = ["|".join(key) for key in STRATA.index]
N = STRATA["score"]["size"].to_numpy(float)
SQUARES = ((PERSONS["score"] - PERSONS.groupby(["sex", "cob", "edu", "age"])["score"].transform("mean")) ** 2).sum()
KEYS = STRATA.index.to_frame()
MAIN = np.column_stack(
    [
        np.ones(len(N)),
        KEYS["sex"] == "woman",
        KEYS["cob"] == "europe",
        KEYS["cob"] == "other",
        KEYS["edu"] == "high",
        KEYS["age"] == "old",
    ]
).astype(float)
COLUMNS = {"null": np.ones((len(N), 1)), "main": MAIN}


def check(made, known, rel):
    assert made.coefficients == pytest.approx(list(known["fixef"].values()), rel=rel, abs=rel)
    assert made.variance == pytest.approx(known["var_stratum"], rel=rel)
    assert made.vpc == pytest.approx(known["vpc" if "vpc" in known else "vpc_latent"], rel=rel)
    assert made.effect == pytest.approx([known["ranef"][name]["u"] for name in NAMES], rel=10 * rel, abs=rel)
    assert made.effect_error == pytest.approx([known["ranef"][name]["sd"] for name in NAMES], rel=rel)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("model", ["null", "main"])
def test_the_linear_model_equals_lmer(method, model):
    made = linear_strata(N, STRATA["score"]["mean"], SQUARES, COLUMNS[model], method=method)
    known = KNOWN[f"lmer_{method.upper()}"][model]
    check(made, known, 1e-5)
    assert made.within == pytest.approx(known["var_resid"], rel=1e-5)


@pytest.mark.parametrize(("key", "points"), [("glmer_nAGQ25", 25), ("glmer_nAGQ7", 7), ("glmer_laplace", 1)])
@pytest.mark.parametrize("model", ["null", "main"])
def test_the_logistic_model_equals_glmer(key, points, model):
    made = logit_strata(N, STRATA["ill"]["sum"], COLUMNS[model], points=points)
    check(made, KNOWN[key][model], 3e-4)


def test_a_fit_begun_elsewhere_ends_at_the_same_place():
    first = logit_strata(N, STRATA["ill"]["sum"], MAIN)
    again = logit_strata(N, STRATA["ill"]["sum"], MAIN, start=logit_strata(N, STRATA["ill"]["sum"] // 2, MAIN))
    assert again.variance == pytest.approx(first.variance, rel=1e-4)


def test_strata_that_are_the_sum_of_their_parts_have_no_variance():
    eta = MAIN @ [-0.5, 0.3, 0.2, 0.6, -0.4, 0.1]
    made = logit_strata(1000 * N, 1000 * N / (1 + np.exp(-eta)), MAIN)
    assert made.vpc < 1e-4
    assert made.effect == pytest.approx(np.zeros(len(N)), abs=1e-3)
    line = linear_strata(N, eta, SQUARES, MAIN)
    assert line.variance == 0
    assert line.expected == pytest.approx(eta)


def test_order_does_not_matter_and_large_strata_keep_their_own_value():
    turned = linear_strata(N[::-1], STRATA["score"]["mean"][::-1], SQUARES, MAIN[::-1])
    plain = linear_strata(N, STRATA["score"]["mean"], SQUARES, MAIN)
    assert turned.effect[::-1] == pytest.approx(plain.effect, rel=1e-6)
    many = logit_strata(1e6 * N, 1e6 * STRATA["ill"]["sum"], COLUMNS["null"])
    share = STRATA["ill"]["sum"] / N
    assert many.expected + many.effect == pytest.approx(np.log(share / (1 - share)), abs=1e-3)
    assert pytest.approx(np.pi**2 / 3) == LATENT
