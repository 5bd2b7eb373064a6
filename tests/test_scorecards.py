"""Scorecards: what each cell says, its class, and what the title may count."""

import re

import pytest

from display_fixtures import NAN, frame, make_city
from finding_fixtures import scorecard_row, scorecard_table
from mrstats import look
from mrstats.captions import Captions
from mrstats.charts import chart
from mrstats.schema import MrstatsError
from mrstats.scorecarddrawing import ScorecardDrawing
from mrstats.scorecards import widest
from mrstats.selection import masked


@pytest.fixture(scope="module")
def city():
    return make_city(polygons=False)


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def drawing(data, city):
    return ScorecardDrawing(masked(data, ("indicator", "status")), Captions(city, "sv"))


def test_cells_hold_gap_direction_and_symbols(city):
    written = texts(chart(scorecard_table(), city=city))
    for text in ("6,1", "30,8", "ökar", "minskar", "osäker", "19\xa0200", "115\xa0037", "..", ".", "saknas", "298\xa0525",
                 "Sysselsatta", "Utbildning", "Område", "2020–", "2024"):  # fmt: skip
        assert text in written, text


def test_gaps_have_classes_cut_as_they_are_printed(city):
    cells = drawing(scorecard_table(), city)
    assert [cells.classes.of([gap])[0] for gap in (4.94, 4.96, 9.9, 10.0, 29.94, 29.96)] == [0, 1, 1, 2, 3, 4]
    assert [cells._class_label(place) for place in range(5)] == [
        "under 5", "5–9,9", "10–19,9", "20–29,9", "30 eller mer",
    ]  # fmt: skip
    small = drawing(frame(scorecard_row("employment", "sex", 2.4)), city)
    assert small._class_label(1) == "1–1,9"


def test_other_units_than_per_cent_have_no_colour(city):
    kronor = scorecard_table()[lambda data: data["indicator"] == "income"]
    display = chart(kronor, city=city)
    assert not [fill for fill in look.ORDERED if f"fill: {fill.lower()}" in display.svg]
    assert any(note.startswith("Rutor utan färg") for note in display.notes)
    assert "Skillnad, p.e." not in texts(display)


def test_title_counts_where_one_factor_certainly_differs_most(city):
    cells = drawing(scorecard_table(), city)
    # employment: education 29.8–31.8 over geography at most 19.3; low income: education 22.8 at least over 21.2
    assert widest(cells) == {"employment": "education", "low_income": "education"}
    assert chart(scorecard_table(), city=city).title == "Utbildning skiljer mest i två av tre indikatorer"
    wide = scorecard_table()
    wide.loc[wide["factor"] == "education", "gap_lower"] = 1.0
    assert widest(drawing(wide, city)) == {}
    assert chart(wide, city=city).title == "Två skillnader ökar säkert och en minskar"


def test_a_hidden_gap_may_be_the_widest_so_nothing_is_claimed(city):
    data = scorecard_table()
    data.loc[(data["indicator"] == "employment") & (data["factor"] == "sex"), "status"] = "C"
    assert "employment" not in widest(drawing(data, city))


def test_the_level_of_the_city_is_taken_from_a_row_that_shows_it(city):
    data = scorecard_table()[lambda table: table["indicator"] == "employment"].copy()
    data.loc[data["factor"] == "sex", "status"] = "C"
    assert "75,0" in texts(chart(data, city=city))
    data["status"] = "C"
    written = texts(chart(data, city=city))
    assert "75,0" not in written
    assert written.count("..") == 5, "four cells and the level"


def test_a_hidden_year_breaks_the_sparkline(city):
    def points(levels):
        data = frame(scorecard_row("employment", "sex", 6.1, levels=levels))
        paths = re.findall(r'<path d="([^"]*)"[^>]*style="([^"]*)"', chart(data, city=city).svg)
        line = f"stroke: {look.TEXT_2.lower()}"
        return [len(re.findall("[ML]", d)) for d, style in paths
                if "fill: none" in style and line in style and "stroke-width" not in style]  # fmt: skip

    assert points((73.0, 72.0, 75.0, 76.0, 75.0)) == [5]
    assert points((73.0, 72.0, NAN, 76.0, 75.0)) == [2, 2]


def test_reliability_is_three_dots(city):
    def filled(trust):
        data = frame(scorecard_row("employment", "sex", 2.0, trust=trust, levels=(), years=()))
        legend = {3: "hög", 2: "god", 1: "låg, tolka försiktigt"}
        written = texts(chart(data, city=city))
        return [word for word in legend.values() if word in written] == ([legend[trust]] if trust else [])

    assert all(filled(trust) for trust in (0, 1, 2, 3))


def test_long_heads_are_divided_and_too_many_factors_refused(city):
    assert look.hyphenated("Födelseland", 15.0, 8.5) == ["Födelse-", "land"]
    assert look.hyphenated("Kön", 15.0, 8.5) == ["Kön"]
    assert look.hyphenated("xxxxxxxxxxxxxxxx", 5.0, 8.5) == ["xxxxxxxxxxxxxxxx"]
    from display_fixtures import factor

    own = make_city(polygons=False)
    own.factors = {**own.factors, **{f"f{place}": factor(f"f{place}", "Upplåtelseform", "Tenure", [("a", "a", "")])
                                     for place in range(9)}}  # fmt: skip
    rows = [scorecard_row("employment", f"f{place}", 5.0) for place in range(9)]
    with pytest.raises(MrstatsError, match=r"9 factors is too wide.*\d fit"):
        chart(frame(*rows), city=own)
    assert "Upplåtelse-" in texts(chart(frame(*rows[:6]), city=own))


def test_more_indicators_than_a_page_and_double_cells_are_refused(city):
    own = make_city(polygons=False)
    own.indicators = {f"i{place}": own.indicators["employment"].__class__(
        **{**vars(own.indicators["employment"]), "name": f"i{place}"}) for place in range(30)}  # fmt: skip
    rows = [scorecard_row(f"i{place}", "sex", 5.0) for place in range(30)]
    with pytest.raises(MrstatsError, match=r"mm high; 205 fit"):
        chart(frame(*rows), city=own)
    with pytest.raises(MrstatsError, match="2 rows for 1 pairs"):
        chart(frame(rows[0], rows[0]), city=own)
    with pytest.raises(MrstatsError, match="0 rows for 0 pairs"):
        chart(scorecard_table().iloc[:0], city=own)


def test_one_cell_is_a_scorecard(city):
    display = chart(frame(scorecard_row("employment", "sex", 6.1, levels=(75.0,), years=(2024,))), city=city)
    assert display.title == "Skillnader i andelen sysselsatta"
    assert "Störst är skillnaden i andelen sysselsatta efter kön, 6,1" in display.alt
