"""Gaps against a chosen level in tables, charts and sentences; measures of persons have their words."""

import pytest

import mrstats as mr
from mrstats.language import word
from mrstats.schema import MEASURES


@pytest.fixture
def gaps():
    # Women 22 of 40, men 26 of 40: 55 and 65 per cent, five points and none of them on either side of 60.
    return mr.gaps(mr.break_down(mr.tiny_city(), "employment", by="sex"), reference=90)


def test_a_table_of_gaps_to_a_level_names_the_level(gaps):
    shown = mr.table(gaps)
    assert [row["cells"][2] for row in shown.rows] == ["−35,0", "−25,0"]
    assert "Skillnaden är mot den valda nivån, 90,0." in shown.notes


def test_a_chart_of_gaps_to_a_level_draws_it(gaps):
    assert "Den valda nivån 90,0" in mr.chart(gaps).svg


def test_a_sentence_of_gaps_to_a_level_says_the_level(gaps):
    said = mr.sentence(gaps).paragraphs[0]
    assert said.startswith(
        "Bland kvinnor är andelen sysselsatta 35 procentenheter lägre än den valda nivån 90 procent."
    )


def test_a_crossed_chart_of_gaps_to_a_level_names_it():
    table = mr.break_down(mr.tiny_city(), "employment", by=["sex", "country_of_birth_five"])
    assert "den valda nivån" in mr.chart(mr.gaps(table, "sex", reference=90)).svg.lower()


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_measure_has_a_head_for_its_column(measure, language):
    assert word(f"figure_{measure}", language)
