"""Labels: moved apart without leaving their order or room; names beside marks without meeting anything."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrstats.labels import Placer, spread


def test_boxes_that_would_meet_move_as_one_by_as_little_as_can_be():
    # two boxes of 4 wished at 10 and 11: 8.5 and 12.5 lie 1.5 from their wishes each
    assert spread([10.0, 11.0, 40.0], [4.0, 4.0, 4.0], 0.0, 60.0) == [8.5, 12.5, 40.0]
    assert spread([], [], 0.0, 10.0) == []
    assert spread([-5.0], [4.0], 0.0, 10.0) == [0.0]
    assert spread([9.0], [4.0], 0.0, 10.0) == [6.0]


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=6).map(sorted),
    st.lists(st.floats(1, 15), min_size=6, max_size=6),
)
def test_no_two_boxes_overlap_and_all_are_in_the_room(wanted, heights):
    heights = heights[: len(wanted)]
    places = spread(wanted, heights, 0.0, 100.0)
    for (first, second), height in zip(itertools.pairwise(places), heights, strict=False):
        assert second - first >= height - 1e-6
    assert places[0] >= -1e-6
    assert places[-1] + heights[-1] <= 100 + 1e-6


@given(st.lists(st.floats(0, 90), min_size=1, max_size=5, unique=True).map(sorted))
def test_boxes_that_do_not_meet_stay(wanted):
    apart = [place * 3 for place in wanted if not any(0 < other * 3 - place * 3 < 2 for other in wanted)]
    assert spread(apart, [2.0] * len(apart), 0.0, 300.0) == pytest.approx(apart)


def test_a_name_stands_to_the_right_then_to_the_left_then_nowhere():
    placer = Placer((0.0, 0.0, 40.0, 10.0), [])
    placer.block(20.0, 5.0, 1.0)
    assert placer.place(20.0, 5.0, 10.0, 3.0) == (22.2, 5.0, False)
    left, middle, _ = placer.place(20.0, 5.0, 10.0, 3.0)
    assert (round(left, 6), middle) == (7.8, 5.0)
    assert placer.place(20.0, 5.0, 30.0, 3.0) is None


def test_a_name_crosses_a_line_only_when_it_must():
    line = [(x / 2, 5.0) for x in range(100)]
    free = Placer((0.0, 0.0, 50.0, 20.0), line).place(20.0, 5.0, 10.0, 3.0)
    assert free is not None
    assert free[1] != 5.0
    assert not free[2]
    forced = Placer((0.0, 3.0, 50.0, 7.0), line).place(20.0, 5.0, 10.0, 3.0)
    assert forced == (22.2, 5.0, True)
