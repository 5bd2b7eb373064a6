"""Numbers told coarsely, by hand, and that what a reader can know from them always leaves enough open."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrstats.measures.coarse import between_shares, between_tens, coarse_share, share_step, to_nearest_ten

PERSONS = st.integers(10, 400_000)


def test_tens_and_what_they_leave_open_by_hand():
    assert to_nearest_ten([4, 5, 6, 14, 15, 25, 45, 55]).tolist() == [0, 0, 10, 10, 20, 20, 40, 60]
    for tens in (0, 10, 20, 50, 300):
        every = [n for n in range(400) if to_nearest_ten(n) == tens]
        assert [end.item() for end in between_tens(tens)] == [min(every), max(every)]


def test_shares_and_their_steps_by_hand():
    # Ten of 8 985 are 0.11 per cent, so steps of 0.2; ten of 366 445 far less than a tenth, which is the finest.
    assert share_step([366_450, 9999, 8990, 4300, 1400, 640, 260, 95, 33, 12]).tolist() == [
        0.1, 0.2, 0.2, 0.5, 1, 2, 5, 20, 50, 100,
    ]  # fmt: skip
    assert coarse_share([222, 176, 97, 3, 100], [8990, 1400, 110, 110, 100]).tolist() == [2.4, 13, 90, 0, 100]
    assert np.isnan(coarse_share(0, 0))


@pytest.mark.parametrize("n", [10, 11, 14, 15, 37, 99, 101, 996, 1004, 9994, 10_006, 123_456])
def test_one_to_five_are_never_told_apart_from_nobody(n):
    assert set(coarse_share(np.arange(6), n).tolist()) == {0.0}
    assert set(coarse_share(n - np.arange(5), n).tolist()) == {100.0}


@given(PERSONS, st.data())
def test_a_share_leaves_its_count_open_as_its_tens_would(n, data):
    count = data.draw(st.integers(0, n))
    share, tens = coarse_share(count, n), to_nearest_ten(n)
    least, most = between_shares(share, tens)
    assert least <= count <= most
    assert most - least >= 5  # six values or more, at the ends; in between ten
    if 0 < share < 100:
        assert most - least >= 9


@given(PERSONS)
def test_all_counts_that_are_told_alike_lie_within_the_ends(n):
    counts = np.arange(min(n, 2000) + 1)
    share = coarse_share(counts, n)
    least, most = between_shares(share, to_nearest_ten(n))
    assert ((least <= counts) & (counts <= most)).all()
    assert (np.diff(share) >= 0).all()
