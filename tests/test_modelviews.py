"""Tables, pictures and sentences of results of models and of what is known: what is written, said, and hidden."""

import math
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from care_fixtures import DESCRIPTION, care_people
from made_city import made_city
from mrstats import look
from mrstats.modelviews.knowledge import NEVER
from mrstats.modelviews.matrix import MOST_ROWS, Matrix, MatrixRow, State
from mrstats.schema import MrstatsError

BESIDE = """
[[missing]]
ground = "religion"
label = { sv = "religion", en = "religion" }
reason = "not_collected"
[[missing]]
ground = "undocumented"
label = { sv = "att sakna tillstånd", en = "having no permit" }
reason = "not_collectable"
note = { sv = "Den som inte är folkbokförd finns inte med.", en = "Not registered." }
"""


@cache
def city():
    return made_city(care_people(seed=2, size=3000), DESCRIPTION + BESIDE)


@cache
def crossed():
    return mr.intersections(city(), "care", ["sex", "education", "disability"], replicates=5)


@cache
def parts():
    return mr.decompose_gap(city(), "care", "sex", by=["age_group", "education"])


@cache
def known():
    return mr.knowledge_gaps(city(), ["care", "pay"], ["city", "area"])


def estimated():
    """Twelve areas with raw and modelled figures."""
    value = np.linspace(20.0, 75.0, 12)
    rows = pd.DataFrame(
        {"geography": [f"A{n}" for n in range(12)], "value": value, "modelled_value": 40 + 0.3 * (value - 40)}
    )
    for prefix, half in (("", 12.0), ("modelled_", 5.0)):
        rows[f"{prefix}lower"], rows[f"{prefix}upper"] = (rows[f"{prefix}value"] + side * half for side in (-1, 1))
    same = {
        "indicator": "care",
        "year": 2024,
        "geography_level": "area",
        "vintage": "",
        "reliability": 0.3,
        "status": "",
    }
    return with_key(rows.assign(**same, confidence=0.95))


def answers():
    rows = [("skolnämnden", "person_centre", "done", "Klart."), ("skolnämnden", "transparent", "none", ""),
            ("parknämnden", "person_centre", "planned", "Sedan."), ("parknämnden", "transparent", "under_way", "Nu.")]  # fmt: skip
    return with_key(pd.DataFrame(rows, columns=["board", "principle", "status", "text"]))


def heard():
    rows = [("I1", "work", "care", "sex", "women", "Det går bra.", 20.0, 30.0, ""),
            ("I2", "work", "care", "sex", "men", "", 40.0, 30.0, ""),
            ("I3", "housing", "", "sex", "men", "Vi bor trångt.", np.nan, np.nan, "")]  # fmt: skip
    columns = ["id", "theme", "indicator", "factor", "group", "quotation", "value", "city_value", "status"]
    return with_key(pd.DataFrame(rows, columns=columns).assign(year=2024))


def with_key(frame):
    frame.attrs["dataset"] = city().key
    return frame


RESULTS = {
    "intersections": crossed,
    "parts": parts,
    "known": known,
    "small": estimated,
    "answers": answers,
    "heard": heard,
}


def texts(display):
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def said(data, language="sv"):
    return " ".join(mr.sentence(data, city=city(), language=language).paragraphs)


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", RESULTS)
def test_every_result_has_a_table_and_a_sentence_in_both_languages(name, language):
    data = RESULTS[name]()
    display = mr.table(data, city=city(), language=language)
    assert {len(row["cells"]) for row in display.rows} == {len(display.columns)}
    assert all(row["cells"][0] for row in display.rows)
    text = said(data, language)
    assert text[0].isupper()
    assert text.endswith(".")
    assert not re.search(r"\bnan\b|_T|[{}]", text + display.as_text())


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", [name for name in RESULTS if name != "heard"])
def test_every_result_but_voices_has_a_picture_with_a_full_text_alternative(name, language):
    display = mr.chart(RESULTS[name](), city=city(), language=language)
    assert display.kind == "figure"
    assert 100 < len(display.alt) <= 400
    assert not re.search(r"\bnan\b|[{}]", " ".join([*texts(display), display.alt, display.title]))


def test_voices_are_read_and_not_drawn():
    with pytest.raises(MrstatsError, match="read, not drawn"):
        mr.chart(heard(), city=city())


@pytest.mark.parametrize("name", ["intersections", "parts", "small"])
def test_hidden_rows_change_nothing_that_is_written_drawn_or_said(name):
    data = RESULTS[name]().copy()
    rows = data.index[-1:] if name == "parts" else data.index[:1]
    data.loc[rows, "status"] = "C"
    other = data.copy()
    figures = [name for name in data.select_dtypes("float") if name not in ("confidence", "year")]
    other.loc[rows, figures] = 77.77
    if name != "parts":  # of a decomposition a part is shown by its row alone
        data.loc[rows, figures] = np.nan
    for verb in (mr.table, mr.chart):
        assert verb(data, city=city()).as_json() == verb(other, city=city()).as_json()
    assert said(data) == said(other)


@pytest.mark.parametrize("name", ["intersections", "parts", "small"])
def test_a_result_that_is_hidden_as_a_whole_says_so(name):
    data = RESULTS[name]().assign(status="C")
    for display in (mr.chart(data, city=city()), mr.sentence(data, city=city())):
        assert display.paragraphs == ["Uppgifterna visas inte, för att skydda enskilda personer."]


def test_strata_are_drawn_with_the_sure_ones_first_and_filled():
    data = crossed().copy()
    data["sure"] = False
    low = data["difference"].idxmin()
    data.loc[low, "sure"] = True
    data.loc[low, ["difference", "difference_lower", "difference_upper", "disadvantage"]] = [-5.0, -8.0, -2.0, 5.0]
    text = said(data)
    assert "En av" in text
    assert "lägre än så" in text
    assert mr.table(data, city=city()).rows[0]["cells"][4].startswith("−")
    assert "Inga" not in text
    assert "Ingen av" in said(data.assign(sure=False))
    for row in mr.table(data, city=city()).rows:
        assert " född" not in row["cells"][0].split()[0]


def test_parts_add_up_and_what_they_are_made_of_is_said():
    rows = {row["cells"][0]: row["cells"][1] for row in mr.table(parts(), city=city()).rows}
    assert {
        "Hela skillnaden",
        "Hänger samman med det som jämförs",
        "Förklaras inte av uppgifterna",
        "Därav ålder",
    } <= set(rows)
    number = {name: float(text.replace("−", "-").replace(",", ".")) for name, text in rows.items()}
    whole = number["Hänger samman med det som jämförs"] + number["Förklaras inte av uppgifterna"]
    assert number["Hela skillnaden"] == pytest.approx(whole, abs=0.11)


def test_a_kitagawa_decomposition_is_put_in_words_too():
    data = mr.decompose_gap(city(), "care", "sex", method="kitagawa", by=["education"])
    assert "utbildning" in said(data)
    assert mr.table(data, city=city()).rows[1]["cells"][0] == "Olika sammansättning"


def test_grounds_that_are_never_collected_are_counted_and_named():
    text = said(known())
    never = known()[known()["protected"]].groupby("ground")["knowledge"].agg(lambda states: states.isin(NEVER).all())
    assert never.sum() == 4  # gender identity, ethnicity, religion, orientation
    assert text.startswith("Av diskrimineringslagens sju grunder kan fyra inte visas alls: könsöverskridande identitet")
    assert "religion" in text
    assert mr.chart(known(), city=city()).title == "Fyra av sju diskrimineringsgrunder kan inte visas alls"


def test_the_matrix_has_a_box_of_words_for_each_indicator_ground_and_level():
    shown = texts(mr.chart(known(), city=city()))
    drawn = known()[known()["protected"]] if known()["ground"].nunique() > 9 else known()
    assert shown.count("saknas") == (drawn["knowledge"] == "not_collected").sum()
    assert shown.count("visas") == (drawn["knowledge"] == "published").sum()
    assert {"Hela staden", "Religion"} <= set(shown)


def test_a_table_of_grounds_says_why_there_is_no_figure():
    rows = {row["cells"][0]: row["cells"] for row in mr.table(known(), city=city()).rows}
    assert rows["Att sakna tillstånd"][-1] == "Den som inte är folkbokförd finns inte med."
    assert rows["Religion"][1:] == ["0 av 2", "0 av 2", "Uppgiften samlas inte in."]
    assert rows["Kön"][-1] == ""


def test_answers_are_counted_and_a_missing_one_is_an_empty_box():
    assert said(answers()).startswith("Av 4 svar som nämnderna kunde lämna gäller 1 sådant som är klart, 1")
    assert "Färst svar, ett av två, gäller principen Öppen och inkluderande kommunikation." in said(answers())
    assert len(mr.table(answers(), city=city()).rows) == 3
    assert texts(mr.chart(answers(), city=city())).count("klart") == 2  # the box, and the legend


def test_only_those_who_agreed_are_quoted_and_a_theme_without_a_figure_is_last():
    rows = [row["cells"] for row in mr.table(heard(), city=city()).rows]
    assert [row[0] for row in rows] == ["Arbete", "Boende"]
    assert rows[0][1] == "”Det går bra.” – Kvinnor"
    assert rows[0][3:] == ["20,0", "30,0"]
    assert rows[1][2:] == ["ingen indikator", "", ""]
    alone = mr.table(heard().assign(value=math.nan, city_value=math.nan, status=""), city=city())
    assert [len(row["cells"]) for row in alone.rows] == [3, 3]  # no figures were asked for
    assert said(heard()) == "I 3 intervjusvar talar invånare om två teman. Om boende finns inget tal att jämföra med."
    hidden = heard().assign(status="C")
    assert mr.table(hidden, city=city()).rows[0]["cells"][3] == ".."


def test_modelled_figures_stand_beside_raw_ones_and_both_are_marked():
    data = estimated()
    display = mr.table(data, city=city())
    assert [column["text"] for column in display.columns][1::2] == ["Som det är", "Modell"]
    assert display.rows[0]["cells"][1:4:2] == ["20,0", "34,0"]  # 40 + 0.3 × (20 − 40)
    assert "omkring 24" in said(data)
    assert "10 för modellens" in said(data)


def test_a_matrix_of_too_many_rows_or_columns_is_refused():
    state = {"a": State("visas", "visas", fill=look.ORDERED[3])}
    rows = [MatrixRow("rad", ("a",), "1")] * (MOST_ROWS + 1)
    with pytest.raises(MrstatsError, match=f"{MOST_ROWS + 1} rows; at least one"):
        Matrix([("", rows)], ["Kön"], state, ("", "", [""]))
    state = {"a": State("saknas", "saknas", pattern="missing")}
    with pytest.raises(MrstatsError, match="14 columns leave no room"):
        Matrix([("", [MatrixRow("rad", ("a",) * 14, "1")])], ["Kön"] * 14, state, ("", "", [""] * 14))
