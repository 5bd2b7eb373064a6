"""Location quotients and rankings as tables and sentences."""

import pytest

import mrstats as mr
from mrstats.schema import MrstatsError


@pytest.fixture
def quotients(tiny):
    """Women's and men's 1.2, 0.8; 0.8, 1.2; 1.2, 0.8; 0.8, 1.2 in four areas, with intervals of our own."""
    table = mr.location_quotients(mr.break_down(tiny, "population", by="sex", geography="area"), "sex")
    return table.assign(
        quotient_lower=[1.1, 0.6, 0.7, 1.1, 0.9, 0.6, 0.6, 0.9], quotient_upper=[1.4, 0.9, 0.9, 1.4, 1.4, 1.1, 0.9, 1.4]
    )


def test_quotients_have_a_table_and_a_sentence_that_counts_what_is_certain(quotients, tiny):
    rows = mr.table(quotients, city=tiny).rows
    assert [row["cells"][1:] for row in rows[:2]] == [["1,20", "1,10–1,40"], ["0,80", "0,60–0,90"]]
    assert len(rows) == 8
    said = mr.sentence(quotients, city=tiny).paragraphs
    assert [sum(word in text for text in said) for word in ("kvinnor", "män")] == [1, 1]
    assert "i 1 av 4 områden, och säkert mindre i 2." in said[0]
    women = mr.table(quotients[quotients["sex"] == "women"], city=tiny)
    assert "kvinnor" in women.title
    assert len(women.rows) == 4


def test_a_hidden_quotient_is_told_nowhere(quotients, tiny):
    hidden = quotients.assign(status=["C", *[""] * 7])
    assert mr.table(hidden, city=tiny).rows[0]["cells"][1:] == ["..", ".."]
    assert "i 0 av 3 områden" in mr.sentence(hidden, city=tiny).paragraphs[0]


def test_quotients_are_drawn_on_a_map(quotients, tiny):
    with pytest.raises(MrstatsError, match=r"mr\.map"):
        mr.chart(quotients, city=tiny)


def test_the_table_of_a_ranking_shows_places_and_between_which_they_may_lie(tiny):
    ranked = mr.ranking(mr.break_down(tiny, "employment", geography="area"))
    shown = mr.table(ranked)
    assert [column["text"] for column in shown.columns][1:3] == ["Plats", "95 %-intervall"]
    wanted = ranked.sort_values("rank")
    assert [row["cells"][1] for row in shown.rows] == [f"{rank:.0f}" for rank in wanted["rank"]]
    assert shown.rows[0]["cells"][2] == f"{wanted['rank_lower'].iloc[0]:.0f}–{wanted['rank_upper'].iloc[0]:.0f}"
    hidden = ranked.assign(status=["C", *[""] * (len(ranked) - 1)])
    assert mr.table(hidden).rows[-1]["cells"][1:] == [".."] * 4
