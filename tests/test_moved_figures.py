"""Figures from another division: table, chart, map and sentence say so, and whether the error of that is known."""

import re

import pytest

import mrstats as mr
from display_fixtures import make_city, moved
from mrstats import sentences
from mrstats.charts import chart
from mrstats.maps import choropleth
from mrstats.tables import table

LETTER = "i = omräknad från en annan områdesindelning"
MEASURED = "Omräknat efter var invånarna bor. Intervallet rymmer även felet i omräkningen"
UNMEASURED = (
    "Omräknat efter var invånarna bor. Felet i omräkningen är inte mätt. Därför visas inget osäkerhetsintervall."
)


@pytest.fixture
def city():
    return make_city()


def texts(display):
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def test_a_table_has_the_letter_in_its_last_column_and_says_how(city):
    made = table(moved(), city=city)
    letters = {line["cells"][0]: line["cells"][-1] for line in made.rows}
    assert letters["Kustvik"] == "i"
    assert letters["Norrgärde"] == "u i"
    assert letters["Hela staden"] == letters["Söderlunda"] == ""  # not moved, and hidden
    assert LETTER in made.notes
    assert MEASURED in made.source


@pytest.mark.parametrize("draw", [chart, choropleth])
def test_a_picture_marks_each_value_and_its_text_says_it(city, draw):
    made = draw(moved(), city=city)
    assert LETTER in made.notes
    assert MEASURED in made.source
    assert "Värdena är omräknade från en annan områdesindelning." in made.alt
    assert "recomputed from another division" in draw(moved(), city=city, language="en").alt
    plain = moved()
    plain["status"] = plain["status"].str.replace(" ?i", "", regex=True)
    plain["method"] = "register wilson"
    made = draw(plain, city=city)
    assert LETTER not in made.notes
    assert "mräkna" not in made.source + made.alt


def test_on_a_map_the_letter_follows_the_value(city):
    found = texts(choropleth(moved(), city=city))
    assert {"20 i", "31 i", "25 u i", "41 i"} <= set(found)
    assert not [text for text in found if text.startswith("15")]


def test_in_a_chart_the_letter_stands_by_the_value(city):
    assert texts(chart(moved(), city=city)).count("i") == 3  # and once "u i"


def test_an_error_that_nobody_measured_is_told(city):
    assert UNMEASURED in table(moved("unmeasured"), city=city).source
    assert "measured on figures known in both divisions" in table(moved(), city=city, language="en").source


def test_a_sentence_says_where_the_figures_come_from():
    city = mr.tiny_city()
    made = mr.break_down(city, "employment", geography="district")
    own = made["geography_level"] == "district"
    made.loc[own, "status"] = "i"
    for word, told in (("holdout", "rymmer även felet"), ("unmeasured", "är inte mätt")):
        made.loc[own, "method"] = f"register wilson area {word}"
        text = sentences.sentence(made, "areas").paragraphs[0]
        assert "Talen för stadsområdena är omräknade från en annan områdesindelning." in text
        assert told in text
    assert "omräknade" not in sentences.sentence(made[~own]).paragraphs[0]
