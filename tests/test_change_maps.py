"""Two maps: colour only for what is certain, cut as it is printed, and no change of a hidden level."""

import re

import pytest

from display_fixtures import by_area, by_district_and_sex, frame, make_city
from finding_fixtures import change, changes_by_area
from mrstats import look
from mrstats.changemaps import Steps
from mrstats.maps import choropleth


@pytest.fixture(scope="module")
def city():
    return make_city()


@pytest.fixture(scope="module")
def all_shown():
    return by_area().assign(status="").dropna(subset=["value"])


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def fills(display) -> set[str]:
    return set(re.findall(r"fill: (#[0-9a-f]{6})", display.svg))


def test_title_counts_certain_rises_and_falls(city, all_shown):
    display = choropleth(all_shown, changes_by_area(), city=city)
    assert display.title == "Andelen ökade säkert i fem delområden och minskade i nio"
    assert "Säkra ökningar: 5, säkra minskningar: 9." in display.alt
    assert "Störst är minskningen i delområdet Udden, 5,8." in display.alt
    hidden = choropleth(all_shown, changes_by_area(hide=("R11",)), city=city)
    assert hidden.title == "Andelen ökade säkert i minst fem delområden och minskade i minst nio"
    one = choropleth(all_shown, changes_by_area({4: 5.2}), city=city)
    assert one.title == "Andelen med låg ekonomisk standard ökade säkert i ett delområde"


def test_without_certain_changes_there_is_one_grey_and_no_arrow(city, all_shown):
    display = choropleth(all_shown, changes_by_area({99: 1.0}), city=city)
    assert display.title == "Ingen säker förändring av andelen med låg ekonomisk standard i delområdena"
    assert look.WORSE_TO_BETTER[2].lower() in fills(display)
    assert not {look.WORSE_TO_BETTER[place].lower() for place in (0, 1, 3, 4)} & fills(display)
    assert not {"ökat", "minskat"} & set(texts(display))


def test_colours_are_worse_and_better_for_people(city):
    rows = [
        change(70.0, 74.0, 3.0, 5.0, sure=True, area=("district", f"S{place}"), since=2019) for place in range(1, 6)
    ]
    good = choropleth(by_district_and_sex(), frame(*rows), city=city)
    assert "4,0" in texts(good)
    legend = good.svg.lower().index(look.WORSE_TO_BETTER[0].lower())
    assert good.svg.lower().count(look.WORSE_TO_BETTER[0].lower(), legend) == 1, "brick only in the legend"
    adverse = changes_by_area({4: 5.2})
    assert choropleth(by_area(), adverse, city=city).svg.lower().count(look.WORSE_TO_BETTER[0].lower()) > 1


def test_steps_are_cut_as_the_change_is_printed():
    steps = Steps(2.0, 1, tuple("abcde"))
    cut = [steps.of({"sure": True, "change": value}) for value in (-2.0, -1.96, -1.94, 1.94, 1.96)]
    assert cut == [0, 0, 1, 3, 4]
    assert steps.of({"sure": False, "change": 9.0}) == 2


def test_a_change_that_would_give_a_hidden_level_away_is_hidden(city, all_shown):
    data = all_shown.copy()
    data.loc[data["geography"] == "R04", "status"] = "C"
    display = choropleth(data, changes_by_area({4: 5.2}), city=city)
    assert "5,2" not in texts(display)
    assert "5,2" not in display.alt
    earlier = frame(*all_shown.to_dict("records"), *(all_shown.assign(year=2020).to_dict("records")))
    earlier.loc[(earlier["geography"] == "R04") & (earlier["year"] == 2020), "status"] = "C"
    display = choropleth(earlier, changes_by_area({4: 5.2}), city=city)
    assert "5,2" not in texts(display)
    assert "5,2" not in display.alt
    assert "5,2" in choropleth(all_shown, changes_by_area({4: 5.2}), city=city).alt


def test_a_change_across_a_break_is_not_compared(city, all_shown):
    data = all_shown.copy()
    data.loc[data["geography"] == "R04", "status"] = "b"
    display = choropleth(data, changes_by_area({4: 5.2, 13: 9.9}), city=city)
    assert "5,2" not in display.alt
    assert any(note.startswith(". = kan inte förekomma") for note in display.notes)
    assert "Säkra ökningar: 1" in display.alt


def test_without_boundaries_the_sentence_stands_as_for_one_map(city):
    display = choropleth(by_area(), changes_by_area(), city=make_city(polygons=False))
    assert display.kind == "text"
    assert "gränser" in display.paragraphs[0]


def test_headings_say_year_since_and_unit(city, all_shown):
    written = texts(choropleth(all_shown, changes_by_area(), city=city))
    assert "Nivå 2024, procent" in written
    assert "Förändring sedan 2020, procentenheter" in written
    assert "2020–2024" in choropleth(all_shown, changes_by_area(), city=city).source
