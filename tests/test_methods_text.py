"""The texts on method: every method has one, hidden rows bring none, and residents can read them."""

import json
import re
import tomllib

import pytest

import mrstats as mr
from made_city import ROOT
from mrstats.methods_text import method_notes, methods
from mrstats.schema import MrstatsError, UnknownNameError

TEXTS = tomllib.loads((ROOT / "src/mrstats/methods_text.toml").read_text(encoding="utf-8"))
CAUSES = re.compile(r"leder till|påverka|effekt av|tack vare|orsakas|därför att de|beror på (?!slumpen|att vissa inte)")


def readability(text):
    """Words, and LIX: words a sentence plus per cent of words over six letters."""
    text = re.sub(r"(\d)\s(?=\d{3})", r"\1", re.sub(r"[*#]", "", text))
    words = re.findall(r"[^\W_]+(?:[-–:.,][^\W_]+)*", text)
    sentences = max(1, len(re.findall(r"[.!?:](?=\s|$)", text)))
    long = sum(sum(letter.isalpha() for letter in word) > 6 for word in words)
    return len(words), len(words) / sentences + 100 * long / len(words)


def sections(notebook):
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    return [re.sub(r"^#.*$", "", "".join(c["source"]), flags=re.M) for c in cells if c["cell_type"] == "markdown"]


def test_readability_is_that_of_the_style_guide():
    assert readability("Katten sover. Hunden springer fortare.") == (5, pytest.approx(42.5))


def test_every_method_that_the_estimates_write_has_its_paragraph(tiny):
    tables = [mr.break_down(tiny, name, by="sex") for name in tiny.indicators]
    written = {method for table in tables for method in table["method"]}
    assert {"register wilson", "register t"} <= written
    paragraphs = method_notes(tiny, *tables).paragraphs
    explained = {"register", *(method.removeprefix("register ") for method in written)}
    assert paragraphs == [text["sv"] for name, text in TEXTS.items() if name in explained]
    assert len(paragraphs) == len(explained)


def test_a_table_of_gaps_brings_the_paragraph_on_differences(tiny):
    table = mr.break_down(tiny, "employment", by="sex")
    assert method_notes(tiny, table, mr.gaps(table)).paragraphs == [
        TEXTS[name]["sv"] for name in ("difference", "register", "wilson")
    ]


def test_joined_methods_are_explained_part_by_part(tiny):
    table = mr.break_down(tiny, "employment").assign(method="register dobson wilson")
    assert method_notes(tiny, table).paragraphs == [TEXTS[name]["sv"] for name in ("register", "wilson", "dobson")]


def test_a_method_without_a_text_is_an_error_that_says_where_to_write_it(tiny):
    for name in ("bayes", "wilson bayes"):
        table = mr.break_down(tiny, "employment").assign(method=name)
        with pytest.raises(MrstatsError, match=rf"'{name}'.*methods_text\.toml"):
            method_notes(tiny, table)


def test_hidden_rows_and_no_tables_explain_nothing(tiny):
    table = mr.break_down(tiny, "employment").assign(method="bayes", status="C")
    for tables in ((table,), ()):
        with pytest.raises(MrstatsError, match=r"mr\.break_down"):
            method_notes(tiny, *tables)


def test_the_indicators_of_the_tables_are_listed_as_they_are_defined(tiny, tiny_en):
    display = methods(tiny, mr.break_down(tiny, "employment"))
    (cells,) = (row["cells"] for row in display.rows)
    indicator = tiny.indicators["employment"]
    assert cells[0] == indicator.label["sv"]
    assert cells[1:3] == [indicator.population["sv"], "högre"]
    assert cells[3].startswith("Andelen sysselsatta, procent.")
    assert cells[3].endswith(f"Källa: {indicator.source['sv']}.")
    assert len(methods(tiny).rows) == len(tiny.indicators)
    english = methods(tiny_en, mr.break_down(tiny_en, "employment"))
    assert english.rows[0]["cells"][2] == "higher"
    assert english.language == "en"


def test_a_table_of_another_dataset_is_an_error(tiny):
    with pytest.raises(UnknownNameError, match="strange"):
        methods(tiny, mr.break_down(tiny, "employment").assign(indicator="strange"))


def test_every_text_has_both_languages_and_reads_easily():
    for name, text in TEXTS.items():
        assert set(text) == {"sv", "en"}, name
        for language in text.values():
            assert language.startswith("**"), name
            assert language.count("**") == 2, name
        assert not CAUSES.search(text["sv"]), name
    words, lix = readability(" ".join(text["sv"] for text in TEXTS.values()))
    assert words >= 100
    assert lix <= 45


@pytest.mark.parametrize("notebook", ["30_groups", "90_methods"])
def test_the_notebooks_read_easily_and_name_no_cause(notebook):
    found = sections(notebook)
    assert readability(" ".join(found))[1] <= 45
    for text in found:
        words, lix = readability(text)
        assert lix <= 45 or words < 100, text
        assert not CAUSES.search(text), text
