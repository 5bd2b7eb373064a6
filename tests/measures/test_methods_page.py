"""docs/methods.md has a section for each measure, and its numbers of others are those that come out today."""

import importlib.util

import pytest

from made_city import ROOT
from mrstats.measures import funnels, inequality, reliability, trend

PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
NAMES = [
    *inequality.FORMULAS,
    "logit_indices",
    "between_group_noise",
    "shrunken_values",
    "rank_intervals",
    "funnel_limits",
    *("cochran_armitage", "weighted_slope", "adjust_p_values", "pace"),
]


@pytest.mark.parametrize("name", NAMES)
def test_every_measure_has_a_section_that_says_what_it_is_not_for(name):
    assert any(hasattr(room, name) for room in (inequality, reliability, funnels, trend))
    section = PAGE.split(f"### `{name}`\n")[1].split("\n#")[0]
    for part in ("Question", "Formula", "Interval", "Not for", "Read"):
        assert f"**{part}:** " in section


def test_where_others_differ_stands_as_it_comes_out():
    spec = importlib.util.spec_from_file_location("peers", ROOT / "benchmarks" / "peers.py")
    peers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peers)
    for row in peers.rows():
        assert f"| {' | '.join(row)} |" in PAGE
    # Found in the peer's own output: population squared gives 66.36 where 63.49 is right.
    assert peers.squared_population()[1:] == ("66.36", "63.49")
