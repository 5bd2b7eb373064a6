"""Cronbach's alpha, held to R's psych through pingouin's documented example, to plain numpy and to simulation."""

import numpy as np
import pandas as pd
import pytest

from made_city import ROOT, reference
from mrstats.measures.scales import cronbach_alpha

CUTS = [-1.3, -0.5, 0.25, 1.1]


def complete():
    return pd.read_csv(ROOT / "tests" / "reference" / "13_scales" / "answers.csv").dropna().to_numpy(float)


def plain(x):
    """Alpha by its definition, from numpy's covariances."""
    made, k = np.cov(x.T), x.shape[1]
    return k / (k - 1) * (1 - np.trace(made) / made.sum())


def steps(random, n, k=4, own=0.8):
    """Answers from 1 to 5 with something in common."""
    view = 0.6 * random.normal(size=(n, 1)) + own * random.normal(size=(n, k))
    return 1.0 + np.searchsorted(CUTS, view)


def test_alpha_is_that_of_psych():
    assert cronbach_alpha(complete()).alpha == pytest.approx(reference("13_scales")["alpha_complete"], rel=1e-12)


def test_each_question_beside_the_others_is_what_numpy_finds():
    x = steps(np.random.default_rng(1), 60)
    made = cronbach_alpha(x)
    for place in range(4):
        others = np.delete(x, place, axis=1)
        assert made.item_rest[place] == pytest.approx(np.corrcoef(x[:, place], others.sum(axis=1))[0, 1], rel=1e-10)
        assert made.alpha_if_dropped[place] == pytest.approx(plain(others), rel=1e-10)


def test_a_weight_of_two_is_a_person_twice():
    x = steps(np.random.default_rng(2), 40)
    weights = np.where(np.arange(40) < 10, 2.0, 1.0)
    twice = np.vstack([x, x[:10]])
    assert cronbach_alpha(x, weights).alpha == pytest.approx(plain(twice), rel=1e-10)


def test_steps_and_signs_of_the_scale_do_not_matter():
    x = steps(np.random.default_rng(3), 50)
    one, other = cronbach_alpha(x), cronbach_alpha(100 - 25 * x)
    assert one.alpha == pytest.approx(other.alpha, rel=1e-12)
    assert (one.lower, one.upper) == pytest.approx((other.lower, other.upper), rel=1e-10)


def test_the_interval_covers_as_often_as_it_says_for_answers_in_steps():
    true = plain(steps(np.random.default_rng(4), 400_000))
    random, hits = np.random.default_rng(5), 0
    for _ in range(600):
        made = cronbach_alpha(steps(random, 150))
        hits += made.lower <= true <= made.upper
    assert 0.925 <= hits / 600 <= 0.975  # 95 ± 2.8 standard errors


def test_answers_all_alike_or_all_equal():
    same = np.repeat(np.arange(10.0)[:, None], 3, axis=1)
    made = cronbach_alpha(same)
    assert made.alpha == pytest.approx(1.0)
    assert made.lower == pytest.approx(1.0) == made.upper
    flat = cronbach_alpha(np.ones((5, 3)))
    assert np.isnan([flat.alpha, flat.lower, flat.upper, flat.standard_error]).all()
    assert np.isnan(cronbach_alpha(steps(np.random.default_rng(6), 20, k=2)).alpha_if_dropped).all()
    some = steps(np.random.default_rng(6), 20, k=3)
    some[:, 1] = 10 / 3  # with weights its variance is not quite 0
    found = cronbach_alpha(some, np.random.default_rng(7).gamma(2, size=20)).item_rest
    assert np.isnan(found).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([[1.0], [2.0]], "two questions or more"),
        ([[1.0, 2.0]], "two persons"),
        ([[1, 2], [1, np.nan]], "row 1, question 1"),
    ],
)
def test_what_cannot_be_an_index_is_said(answers, says):
    with pytest.raises(ValueError, match=says):
        cronbach_alpha(answers)
