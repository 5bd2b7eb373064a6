"""Numbers and words as each language writes them."""

import datetime
import re

import pytest

from mrstats import language
from mrstats.schema import MrstatsError

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "decimals", "sv", "en"),
    [
        (0, 0, "0", "0"),
        (1234567, 0, f"1{NBSP}234{NBSP}567", "1,234,567"),
        (1234, 0, f"1{NBSP}234", "1,234"),
        (0.05, 1, "0,1", "0.1"),
        (2.5, 0, "3", "3"),
        (-2.5, 0, "−3", "−3"),
        (1.005, 2, "1,01", "1.01"),
        (-0.04, 1, "0,0", "0.0"),
        (61, 1, "61,0", "61.0"),
    ],
)
def test_numbers_by_the_rules_of_the_language(value, decimals, sv, en):
    assert language.number(value, "sv", decimals=decimals) == sv
    assert language.number(value, "en", decimals=decimals) == en


def test_differences_carry_their_sign():
    assert [language.signed(v, "sv") for v in (2.24, -2.26, 0, 0.04)] == ["+2,2", "−2,3", "0,0", "0,0"]


def test_intervals_use_a_dash_or_a_word_where_signs_would_meet():
    assert language.interval(59.2, 62.8, "sv") == "59,2–62,8"
    assert language.interval(59.2, 62.8, "en") == "59.2–62.8"
    assert language.interval(-1.5, 2, "sv", sign=True) == "−1,5 till +2,0"
    assert language.interval(-1.5, 2, "en", sign=True) == "−1.5 to +2.0"
    assert "till" in language.interval(-3, -1, "sv")


def test_per_cent_keeps_a_no_break_space_in_swedish_only():
    assert language.percent(8.25, "sv") == f"8,3{NBSP}%"
    assert language.percent(8.25, "en") == "8.3%"


def test_dates_in_words():
    assert language.date(datetime.date(2025, 3, 1), "sv") == "1 mars 2025"
    assert "March" in language.date(datetime.date(2025, 3, 1), "en")


def test_capital_touches_the_first_letter_only():
    assert [language.capital(text) for text in ("österhed", "LSS", "", "i SCB:s tabell")] == [
        "Österhed",
        "LSS",
        "",
        "I SCB:s tabell",
    ]


def test_words_in_both_languages_have_the_same_slots():
    words = language._words()
    assert len(words) > 50
    for key, texts in words.items():
        assert texts["sv"].strip(), key
        assert texts["en"].strip(), key
        assert set(re.findall(r"{(\w+)", texts["sv"])) == set(re.findall(r"{(\w+)", texts["en"])), key


def test_a_word_that_is_not_there_is_an_error():
    with pytest.raises((LookupError, ValueError, MrstatsError), match="no_such_word"):
        language.word("no_such_word", "sv")
