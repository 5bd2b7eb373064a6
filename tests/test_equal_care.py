"""Adjusted gaps and decompositions in table and words: beside the gap as it is, hidden together, and never a cause."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from mrstats.schema import MrstatsError


@pytest.fixture(scope="module")
def city():
    return mr.tiny_city()


@pytest.fixture(scope="module")
def adjusted(city):
    return mr.adjusted_gaps(city, "employment", factor="sex", adjust_for="country_of_birth_five")


def set_to(table, **figures):
    """The second group's figures, the first being what it is compared with."""
    made = table.copy()
    for name, value in figures.items():
        made.loc[made["sex"] != made["reference"], name] = value
    return made


def test_the_table_shows_both_differences_with_their_intervals(city, adjusted):
    made = set_to(adjusted, difference=-10.0, difference_lower=-12.0, difference_upper=-8.0,
                  adjusted_difference=-4.0, adjusted_difference_lower=-6.0, adjusted_difference_upper=-2.0)  # fmt: skip
    shown = mr.table(made, city=city)
    heads = [column["text"] for column in shown.columns]
    assert heads[2] == "Skillnad, p.e."
    assert heads[4] == "Justerad skillnad, p.e."
    (row,) = (row["cells"] for row in shown.rows if row["cells"][2] == "−10,0")
    assert row[2:6] == ["−10,0", "−12,0 till −8,0", "−4,0", "−6,0 till −2,0"]
    assert any("personer med samma födelseland" in note and "Orsaken" in note for note in shown.notes)
    english = mr.table(made, city=city, language="en")
    assert english.columns[4]["text"] == "Adjusted difference, pp"


def test_a_hidden_group_loses_both_differences(city, adjusted):
    made = set_to(adjusted, status="C", difference=-10.0, adjusted_difference=-4.0)
    (row,) = (row["cells"] for row in mr.table(made, city=city).rows if ".." in row["cells"])
    assert set(row[1:6]) == {".."}
    assert "4" not in " ".join(mr.sentence(made, city=city).paragraphs)


@pytest.mark.parametrize(
    ("left", "ends", "says", "not_"),
    [
        (-4.0, (-6.0, -2.0), "är skillnaden 4 procentenheter. En del av skillnaden finns alltså kvar.", "beror"),
        (-12.0, (-14.0, -10.0), "är skillnaden 12 procentenheter.", "finns alltså kvar"),
        (-1.0, (-3.0, 1.0), "är skillnaden inte statistiskt säkerställd.", "finns alltså kvar"),
    ],
)
def test_the_sentence_says_what_is_left_and_nothing_of_causes(city, adjusted, left, ends, says, not_):
    made = set_to(adjusted, difference=-10.0, difference_lower=-12.0, difference_upper=-8.0, disadvantage=10.0,
                  adjusted_difference=left, adjusted_difference_lower=ends[0], adjusted_difference_upper=ends[1])  # fmt: skip
    (text,) = mr.sentence(made, city=city).paragraphs
    assert f"När vi jämför personer med samma födelseland {says}" in text
    assert not_ not in text


def test_a_difference_that_is_asked_for_and_not_there_is_said(city):
    gaps = mr.gaps(mr.break_down(city, "employment", by="sex"))
    with pytest.raises(MrstatsError, match=r"mr\.adjusted_gaps"):
        mr.table(gaps, show=["value", "adjusted_difference"])


def of(gap, explained, sure=True):
    """What `mr.decompose_gap` returns of men and women, with three figures of our own."""
    values = {"difference": gap, "explained": explained, "unexplained": gap - explained}
    width = 1.0 if sure else 2 * abs(gap)
    rows = [
        {"indicator": "employment", "year": 2024, "geography_level": "city", "geography": "9990", "vintage": "",
         "sex": "women", "part": part, "by": "", "value": value, "lower": value - width, "upper": value + width}
        for part, value in values.items()
    ]  # fmt: skip
    told = {
        "factor": "sex",
        "reference": "men",
        "adjusted_for": "country_of_birth_five",
        "measure": "proportion",
        "status": "",
    }
    return pd.DataFrame(rows).assign(**told, method="register oaxaca", confidence=0.95, unit="per cent", n=50.0)


@pytest.mark.parametrize(
    ("gap", "explained", "sure", "says"),
    [
        (-27.5, -4.2, True, "Av skillnaden hänger 4,2 av 27,5 procentenheter samman med att grupperna har olika födelseland. "
                            "Resten, 23,3 procentenheter, förklaras inte av uppgifterna."),
        (-3.2, 1.2, True, "Att grupperna har olika födelseland förklarar inte skillnaden, som är 3,2 procentenheter."),
        (-3.2, -1.2, False, "är inte statistiskt säkerställd"),
    ],
)  # fmt: skip
def test_how_much_of_a_gap_goes_with_what_the_groups_differ_in(city, gap, explained, sure, says):
    (text,) = mr.sentence(of(gap, explained, sure), city=city).paragraphs
    assert says in text


def test_a_hidden_decomposition_says_no_figure(city):
    made = of(-27.5, -4.2).assign(status="C")
    made[["value", "lower", "upper"]] = np.nan
    text = " ".join(mr.sentence(made, city=city).paragraphs)
    assert "27" not in text
    assert mr.table(made, city=city).paragraphs == mr.chart(made, city=city).paragraphs == [text]
