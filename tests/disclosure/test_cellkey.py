"""Cell keys: consistent noise without bias, zeros kept, and keys that only the secret explains."""

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrstats.disclosure.cellkey import cell_key_noise, noise_distribution, record_keys

SECRET = b"a secret of more than sixteen bytes"


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 5), st.floats(0.05, 0.9))
def test_noise_has_no_bias_the_variance_asked_for_and_never_goes_below_zero(count, largest, share):
    variance = share * min(count, largest) * largest * 0.9
    change, probability = noise_distribution(count, largest=largest, variance=variance)
    assert change.min() == -min(count, largest)
    assert change.max() == largest
    assert probability.sum() == pytest.approx(1)
    assert probability @ change == pytest.approx(0, abs=1e-7)
    assert probability @ change**2 == pytest.approx(variance, rel=1e-6)


def test_the_distribution_of_three_values_is_worked_out_by_hand():
    # −1, 0, 1 with mean 0 and variance 0.5: a quarter, a half, a quarter
    change, probability = noise_distribution(7, largest=1, variance=0.5)
    assert change.tolist() == [-1, 0, 1]
    assert probability.tolist() == pytest.approx([0.25, 0.5, 0.25])


def test_a_record_key_is_the_start_of_a_keyed_hash():
    expected = int.from_bytes(hmac.new(SECRET, b"19121212", hashlib.sha256).digest()[:4], "big")
    assert record_keys(["19121212"], SECRET).tolist() == [expected]
    assert record_keys(["19121212"], SECRET + b"2").tolist() != [expected]
    with pytest.raises(ValueError, match="4 bytes"):
        record_keys(["a"], b"1234")


def test_the_same_persons_get_the_same_noise_in_every_table():
    keys = record_keys(map(str, range(9)), SECRET)
    together = cell_key_noise([9], [keys.sum()])
    assert (cell_key_noise([9, 9], [keys[::-1].sum(), keys.sum()]) == together[0]).all()


def test_noise_over_many_cells_is_as_the_distribution_says():
    keys = record_keys(map(str, range(40_000)), SECRET)
    noise = cell_key_noise(np.full(40_000, 12), keys) - 12
    assert set(noise.tolist()) == {-2, -1, 0, 1, 2}
    assert noise.mean() == pytest.approx(0, abs=4 / np.sqrt(40_000))
    assert noise.var() == pytest.approx(1, abs=0.05)


def test_zeros_stay_and_nothing_is_negative():
    keys = record_keys(map(str, range(3000)), SECRET)
    assert (cell_key_noise(np.zeros(3000, int), keys) == 0).all()
    assert cell_key_noise(np.ones(3000, int), keys).min() == 0
    with pytest.raises(ValueError, match="row 1"):
        cell_key_noise([3, -1], [1, 2])
    with pytest.raises(ValueError, match="below largest"):
        noise_distribution(3, largest=1, variance=1)
