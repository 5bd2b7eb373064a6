"""Moran's I against R's spdep (tests/reference/10_trend_space, 1e-9), and p against what can be counted by hand."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from made_city import ROOT, reference
from mrstats.measures.spatial import local_moran, morans_i, row_standardised

R = reference("10_trend_space")
GRID = pd.read_csv(ROOT / "tests" / "reference" / "10_trend_space" / "grid.csv")


def neighbours(kind):
    apart = abs(GRID[["row", "col"]].to_numpy()[:, None] - GRID[["row", "col"]].to_numpy()[None])
    return ((apart.sum(axis=2) == 1) if kind == "rook" else (apart.max(axis=2) == 1)).astype(float)


@pytest.mark.parametrize("kind", ["rook", "queen"])
@pytest.mark.parametrize("style", ["W", "B"])
def test_moran_is_as_in_r(kind, style):
    weights = neighbours(kind) if style == "B" else row_standardised(neighbours(kind))
    expected = R[f"moran_{kind}_{style}"]
    found = morans_i(GRID["value"], weights)
    assert found.value == pytest.approx(expected["I"], rel=1e-9)
    assert found.expected == pytest.approx(expected["EI"], rel=1e-9)
    assert (found.p < 0.01) == (expected["p_two_sided"] < 0.01)
    local = local_moran(GRID["value"], sparse.csr_array(weights))
    np.testing.assert_allclose(local.value, expected["local_I"], rtol=1e-9, atol=1e-12)
    assert local.value.sum() / weights.sum() == pytest.approx(found.value)


def test_p_is_that_of_all_orders_of_the_values():
    line = np.eye(5, k=1) + np.eye(5, k=-1)
    values = np.array([1.0, 2.0, 4.0, 7.0, 3.0])

    def moran(x):
        z = x - x.mean()
        return z @ line @ z

    every = np.array([moran(np.array(order)) for order in permutations(values)])
    exact = np.mean(abs(every - every.mean()) >= abs(moran(values) - every.mean()) - 1e-9)
    assert morans_i(values, line, permutations=9999).p == pytest.approx(exact, abs=0.02)
    local = local_moran(values, line, permutations=9999)
    around = np.array([a + b for a, b in permutations(np.delete(values, 1) - values.mean(), 2)])
    middle = 2 * (np.delete(values, 1) - values.mean()).mean()
    seen = values[0] + values[2] - 2 * values.mean()
    assert local.p[1] == pytest.approx(np.mean(abs(around - middle) >= abs(seen - middle) - 1e-9), abs=0.02)


def test_edges():
    line = np.eye(4, k=1) + np.eye(4, k=-1)
    assert np.isnan(morans_i([2, 2, 2, 2], line).value)
    assert np.isnan(local_moran([2, 2, 2, 2], line).p).all()
    island = np.pad(line, (0, 1))
    assert np.isnan(local_moran([1, 2, 3, 4, 9], island).value[4])
    with pytest.raises(ValueError, match="2 areas are too few"):
        morans_i([1, 2], np.ones((2, 2)))
    with pytest.raises(ValueError, match="area 1: no value"):
        morans_i([1, np.nan, 3], np.ones((3, 3)))
    with pytest.raises(ValueError, match="no area has a neighbour"):
        morans_i([1, 2, 3], np.zeros((3, 3)))
