"""Selection expressions: each row of PxWeb's description, worked by hand on eight codes."""

import pytest

from mrstats.schema import UnknownNameError
from mrstats.sources.code_selection import select_codes

AREAS = ["00", "12", "1280", "1281", "1280C1010", "1280C1020", "1280C1020_DeSO2025", "1282A0010"]
YEARS = ["2020", "2021", "2022", "2023", "2024"]


@pytest.mark.parametrize(
    ("expression", "codes"),
    [
        ("*", AREAS),
        ("128*", AREAS[2:]),
        ("*1020", ["1280C1020"]),
        ("*C10*", AREAS[4:7]),
        ("*_deso2025", ["1280C1020_DeSO2025"]),
        ("??", ["00", "12"]),
        ("128?", ["1280", "1281"]),
        ("1280C????", ["1280C1010", "1280C1020"]),
        ("1280", ["1280"]),
        ("1280c1010", ["1280C1010"]),
        ("TOP(2)", ["00", "12"]),
        ("top(2, 1)", ["12", "1280"]),
        ("BOTTOM(1)", ["1282A0010"]),
        ("BOTTOM(2,1)", ["1280C1020", "1280C1020_DeSO2025"]),
        ("RANGE(12,1281)", ["12", "1280", "1281"]),
        ("FROM(1280C1020)", AREAS[5:]),
        ("TO(12)", ["00", "12"]),
        (["1281", "00", "1281", "12"], ["00", "12", "1281"]),
        (1280, ["1280"]),
    ],
)
def test_expressions_of_codes(expression, codes):
    assert select_codes(expression, AREAS) == codes


@pytest.mark.parametrize(
    ("expression", "codes"),
    [
        ("TOP(2)", ["2023", "2024"]),
        ("TOP(2,1)", ["2022", "2023"]),
        ("BOTTOM(2)", ["2020", "2021"]),
        ("TOP(99)", YEARS),
        ("RANGE(2021,2023)", ["2021", "2022", "2023"]),
        ("FROM(2023)", ["2023", "2024"]),
        ([2020, "TOP(1)"], ["2020", "2024"]),
    ],
)
def test_expressions_of_years_count_from_the_newest(expression, codes):
    assert select_codes(expression, YEARS, time=True) == codes
    # a publisher may list the newest first; what is selected is the same, in the publisher's order
    assert select_codes(expression, YEARS[::-1], time=True) == codes[::-1]


def test_what_is_a_code_as_it_stands_is_that_code():
    assert select_codes("TOP(1)", ["A", "TOP(1)"]) == ["TOP(1)"]
    assert select_codes("a", ["A", "a"]) == ["a"]
    assert select_codes("1*", ["1*", "12"]) == ["1*"]


@pytest.mark.parametrize(
    "expression",
    ["9999", "", "12*80", "TOP()", "TOP(x)", "TOP(1,2,3)", "TOP(0)", "RANGE(1280)", "RANGE(1281,1280)", []],
)
def test_what_selects_nothing_is_an_error(expression):
    with pytest.raises(UnknownNameError, match="Region"):
        select_codes(expression, AREAS, what="Region")


def test_the_error_names_what_was_wrong_and_what_there_is():
    with pytest.raises(UnknownNameError, match="'1284' selects no code of Region; did you mean '128"):
        select_codes(["1280", "1284"], AREAS, what="Region")
    with pytest.raises(UnknownNameError, match=r"'2019' in FROM is no code of Tid; did you mean '20"):
        select_codes("FROM(2019)", YEARS, what="Tid")
    many = [f"{code:04d}" for code in range(300)]
    with pytest.raises(UnknownNameError, match="its 300 codes begin 0000, 0001, 0002, 0003, 0004"):
        select_codes("X*", many)
