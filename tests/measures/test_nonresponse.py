"""R-indicators: by hand for one factor, where the model is saturated, and by simulation for several."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrstats.measures.nonresponse import partial_representativity, representativity
from mrstats.measures.regression import regress


def two_groups(n, answered):
    """One column for the second group, and who answered."""
    x = np.column_stack([np.ones(sum(n)), np.repeat([0.0, 1.0], n)])
    return x, np.concatenate([np.arange(size) < yes for size, yes in zip(n, answered, strict=True)]).astype(float)


def made_of(x, y, weights=None, covariance=None):
    w = np.ones(len(y)) if weights is None else weights
    return representativity(regress(y, x, weights=weights), x, w, covariance)


def test_one_factor_by_hand():
    made = made_of(*two_groups([300, 100], [210, 40]))  # 0.7 and 0.4
    variance = 0.75 * 0.25 * 0.3**2
    assert made.uncorrected == pytest.approx(1 - 2 * variance**0.5, rel=1e-9)
    estimated = 0.75 * 0.25 * (0.7 * 0.3 / 300 + 0.4 * 0.6 / 100)
    drawn = variance / 400
    assert made.variance == pytest.approx(variance - estimated + drawn, rel=1e-7)
    # who answered: 2 f g (p − q) (dp − dq); who was drawn: the spread of (p − mean)²
    answered = (2 * 0.75 * 0.25 * 0.3) ** 2 * (0.7 * 0.3 / 300 + 0.4 * 0.6 / 100)
    second = 2 * estimated**2
    squares = 0.75 * (0.3 * 0.25) ** 4 + 0.25 * (0.3 * 0.75) ** 4 - variance**2
    assert made.standard_error == pytest.approx(((answered + second + squares / 400) / variance) ** 0.5, rel=1e-6)


def test_everybody_as_likely_is_one_and_half_and_half_is_zero():
    assert made_of(*two_groups([100, 100], [50, 50])).indicator == 1.0
    near_zero = made_of(*two_groups([1000, 1000], [1, 999]))
    assert near_zero.indicator == pytest.approx(0.0, abs=0.01)


def test_a_model_without_groups_has_no_spread():
    made = made_of(np.ones((50, 1)), (np.arange(50) < 20).astype(float))
    assert made.indicator == pytest.approx(1.0, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1000), st.integers(0, 10**6))
def test_scale_of_weights_and_order_of_persons_do_not_matter(scale, seed):
    random = np.random.default_rng(seed)
    x, y = two_groups([60, 40], [40, 15])
    w = random.uniform(0.5, 2, 100)
    shuffled = random.permutation(100)
    one, other = made_of(x, y, w), made_of(x[shuffled], y[shuffled], scale * w[shuffled])
    assert other.indicator == pytest.approx(one.indicator, abs=1e-7)
    assert other.standard_error == pytest.approx(one.standard_error, rel=1e-5)


def test_correction_and_interval_over_samples_drawn_anew():
    random, n, k = np.random.default_rng(7), 400, 3
    groups = random.integers(0, 3, (100_000, k))
    terms = np.array([[0.0, 0.5, -0.4], [0.0, -0.6, 0.3], [0.0, 0.2, 0.2]])
    chance = 1 / (1 + np.exp(-0.1 - sum(terms[j][groups[:, j]] for j in range(k))))
    variance, hits, corrected, plain = chance.var(), 0, [], []
    for _ in range(300):
        some = random.choice(100_000, n, replace=False)
        x = np.column_stack([np.ones(n), *(groups[some, j] == level for j in range(k) for level in (1, 2))]).astype(
            float
        )
        made = made_of(x, (random.random(n) < chance[some]).astype(float))
        corrected.append(made.variance)
        plain.append(((1 - made.uncorrected) / 2) ** 2)
        hits += abs(made.indicator - (1 - 2 * variance**0.5)) < 1.96 * made.standard_error
    assert np.mean(plain) > 1.15 * variance  # what the correction is for
    assert np.mean(corrected) == pytest.approx(variance, rel=0.05)
    assert 0.90 <= hits / 300 <= 0.985


def test_parts_of_two_factors_by_hand():
    # chances 0.8 0.6 / 0.4 0.2 in four equal cells: between rows 0.2, between columns 0.1
    p, row, column = [0.8, 0.6, 0.4, 0.2], [0, 0, 1, 1], [0, 1, 0, 1]
    assert partial_representativity(p, np.ones(4), row, [column]) == pytest.approx((0.2, 0.2))
    assert partial_representativity(p, np.ones(4), column, [row]) == pytest.approx((0.1, 0.1))
    assert partial_representativity(p, np.ones(4), row, [[0, 1, 2, 3]]) == pytest.approx((0.2, 0.0))
    assert partial_representativity(p, np.ones(4), row, [column], kept=0.25) == pytest.approx((0.1, 0.1))
