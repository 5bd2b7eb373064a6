"""Funnels: which areas are marked, how curves run between them, and what is counted in words."""

import re

import numpy as np
import pytest

from display_fixtures import frame, make_city
from finding_fixtures import ranking, thirty_areas
from mrstats import look
from mrstats.captions import Captions
from mrstats.charts import chart
from mrstats.funnels import FunnelDrawing
from mrstats.schema import MrstatsError


@pytest.fixture(scope="module")
def city():
    return make_city(polygons=False)


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def test_areas_outside_are_named_in_the_colour_of_better_or_worse(city):
    display = chart(ranking(thirty_areas()), city=city)
    # sd at n = 670: sqrt(19.7·80.3/670) = 1.54; the nine beyond 3.09 sd of their own n, by hand:
    outside = {code for code, value, n in thirty_areas() if abs(value - 19.7) > 3.09 * (19.7 * 80.3 / n) ** 0.5}
    assert len(outside) == 9
    names = city.area_names("regso")
    assert {names[code] for code in outside} <= set(texts(display))
    assert not {name for code, name in names.items() if code not in outside} & set(texts(display))
    assert display.title == "Nio delområden avviker mer än slumpen kan ge"
    assert look.WORSE.lower() in display.svg, "more low income is worse"


@pytest.mark.parametrize(
    ("indicator", "above"), [("employment", look.BETTER), ("low_income", look.WORSE), ("residents", look.INK)]
)
def test_colour_follows_what_is_better_for_people(city, indicator, above):
    data = ranking([("R01", 60.0, 400), ("R02", 20.0, 900)], indicator=indicator)
    drawing = FunnelDrawing(data, "regso", city.indicators[indicator], Captions(city, "sv"))
    assert drawing.colour("^") == above


def test_a_limit_runs_as_one_over_the_root_of_n(city):
    # between n = 100 and n = 400 a limit of 19.7 + c/sqrt(n) is met at n = 225: c/15
    data = ranking([("R01", 20.0, 100), ("R02", 20.0, 400)])
    drawing = FunnelDrawing(data, "regso", city.indicators["low_income"], Captions(city, "sv"))
    xs, ys = drawing._curve("funnel_upper_95")
    expected = 19.7 + 1.96 * (19.7 * 80.3) ** 0.5 / 15
    at = np.interp(drawing.persons.x(225), xs, ys)
    assert at == pytest.approx(drawing.axis.x(expected), abs=0.15)  # sixteen straight steps between the two
    assert ys[0] == pytest.approx(drawing.axis.x(19.7 + 1.96 * (19.7 * 80.3) ** 0.5 / 10))


def test_hidden_areas_are_counted_and_nothing_is_claimed_of_none(city):
    display = chart(ranking(thirty_areas(), hide=("R11", "R05")), city=city)
    assert ".. 2 delområden visas inte" in texts(display)
    assert display.title == "Minst åtta delområden avviker mer än slumpen kan ge"
    assert "2 av 30 värden visas inte" in display.alt
    calm = [(code, 19.7, n) for code, _, n in thirty_areas()]
    assert chart(ranking(calm), city=city).title == "Inga delområden avviker mer än slumpen kan ge"
    assert chart(ranking(calm, hide=("R11",)), city=city).title == "Andel med låg ekonomisk standard efter delområde"


def test_one_area_is_one_in_swedish_and_english(city):
    rows = [(f"S{place}", 71.4, 900) for place in range(1, 5)] + [("S5", 60.0, 900)]
    data = ranking(rows, whole=71.4, indicator="employment", level="district")
    assert chart(data, city=city).title == "Ett stadsområde avviker mer än slumpen kan ge"
    assert chart(data, city=city, language="en").title == "One district differs more than chance can give"


def test_a_register_counts_persons_and_a_survey_respondents(city):
    assert "Antal svarande i delområdet" in texts(chart(ranking(thirty_areas()), city=city))
    assert "Antal personer i delområdet" in texts(chart(ranking(thirty_areas(), method="register"), city=city))


def test_one_area_and_equal_areas_can_be_drawn(city):
    for rows in ([("R01", 40.0, 100)], [(f"R{place:02}", 19.7, 500) for place in range(1, 13)]):
        display = chart(ranking(rows), city=city)
        assert display.kind == "figure"
        assert "nan" not in display.svg.replace("dominant", "")


def test_all_hidden_is_still_a_figure(city):
    data = ranking(thirty_areas(), hide=tuple(code for code, _, _ in thirty_areas()))
    display = chart(data, city=city)
    assert ".. 30 delområden visas inte" in texts(display)
    assert "nan" not in display.svg.replace("dominant", "")


def test_those_without_an_area_are_no_area(city):
    plain = ranking(thirty_areas())
    with_unplaced = frame(*plain.to_dict("records"), {**plain.iloc[0].to_dict(), "geography": "_U", "value": 80.0})
    assert chart(with_unplaced, city=city).svg == chart(plain, city=city).svg


def test_at_most_sixteen_names_and_the_rest_are_counted(city):
    far = [(f"R{place:02}", 40.0 + place, 900 + 50 * place) for place in range(1, 31)]
    display = chart(ranking(far), city=city)
    named = set(city.area_names("regso").values()) & set(texts(display))
    assert 0 < len(named) <= 16
    assert f"Namn som inte får plats ({30 - len(named)}) står i tabellen" in display.notes


def test_two_levels_are_refused(city):
    data = frame(
        *ranking(thirty_areas()).to_dict("records"), *ranking([("S1", 20.0, 500)], level="district").to_dict("records")
    )
    with pytest.raises(MrstatsError, match="one level"):
        chart(data, city=city)
