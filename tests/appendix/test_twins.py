"""An English edition is English to the last word, and a Swedish one shows nothing of it."""

import ast
import dataclasses
import re
from pathlib import Path

import appendix_material as material
import nbformat
import pdfplumber
import pikepdf
import pytest

from mrstats.appendix import build_appendix, read_edition
from mrstats.appendix.twins import check_twins, in_language
from mrstats.language import LANGUAGES
from mrstats.schema import EditionError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SWEDISH = re.compile(
    r"[åäöÅÄÖ]|\b(?:och|att|det|som|inte|av|den|har|till|med|ett|efter|mellan|eller|hela|var|vad|inga|talen|staden)\b"
)
CELL = "# Arbete\n\nKartan visar två saker.\n\n<!-- en\n# Work\n\nThe map shows\n\n- two things.\n-->"


def test_a_cell_says_each_of_its_languages_alone():
    assert in_language(CELL, "sv") == "# Arbete\n\nKartan visar två saker."
    assert in_language(CELL, "en") == "# Work\n\nThe map shows\n\n- two things."
    assert in_language("# Arbete", "sv") == "# Arbete"
    assert in_language("# Arbete", "en") == ""
    assert in_language("Före.\n<!-- en\nBefore.\n-->\n\nEfter.", "sv") == "Före.\n\n\nEfter."


@pytest.mark.parametrize(
    ("language", "cell", "told"),
    [
        ("en", "Bara svenska.", r"10_work\.ipynb, cell 4 is not written in 'en'\. Write beneath its text <!-- en"),
        ("en", "Tom.\n\n<!-- en\n\n-->", r"cell 4 is not written in 'en'"),
        ("en", "## Var?\n\n<!-- en\nWhere?\n-->", r"cell 4 has other headings in 'en' than in 'sv'"),
        ("en", "## Var?\n\n<!-- en\n### Where?\n-->", r"cell 4 has other headings"),
        ("sv", "Text.\n\n<!-- en\nNever closed.", r"cell 4 holds a comment that is not a twin"),
        ("sv", "Text.\n\n<!--en\nToo tight.\n-->", r"cell 4 holds a comment that is not a twin"),
        ("sv", "Text. <!-- en in the line -->", r"cell 4 holds a comment that is not a twin"),
    ],
)
def test_a_cell_without_its_twin_stops_the_build_before_anything_runs(project, city, language, cell, told):
    ran = project / "ran"
    material.notebook(project / "notebooks" / "10_work.ipynb", [CELL, cell, (f"open({str(ran)!r}, 'w')",)])
    path = material.edition(project, "10_work", text=material.EDITION.replace('"sv"', f'"{language}"'))
    with pytest.raises(EditionError, match=told):
        build_appendix(path, city=city, prepare=material.no_release)
    assert not ran.exists()
    assert not (project / "data" / "processed").exists()


@pytest.fixture(scope="module")
def texts(tmp_path_factory, city):
    """Title, language, pages and executed words of one notebook in both languages."""
    folder = tmp_path_factory.mktemp("twins")
    parameters = "language: str = 'sv'"
    shown = (
        "show({**DISPLAY, 'language': language, 'title': {'sv': 'Rad och tal', 'en': 'Rows and figures'}[language]})"
    )
    table = material.table("", marks=()) | {"subtitle": "", "source": "", "notes": [], "spanners": []}
    table |= {"columns": [{"text": "A", "align": "left"}], "rows": [{"cells": ["B"], "total": False}]}
    cells = [CELL, (f"DISPLAY = {table!r}",), "## Var?\n\n<!-- en\n## Where?\n-->", (shown,)]
    material.notebook(folder / "notebooks" / "10_work.ipynb", cells, parameters=parameters)
    told = {}
    for language, title in (("sv", "Ojämlikhet"), ("en", "Inequality")):
        text = f'title = "{title}"\nyear = 2024\ndataset = "exempelstad"\nlanguage = "{language}"\npublisher = "Exempelstad"\n'
        path = material.edition(folder, "10_work", text=text, stem=f"2024-{language}")
        pdf = build_appendix(path, output=folder / language, report=str, prepare=material.release, city=city)
        executed = nbformat.read(pdf.parent / "notebooks" / "10_work.ipynb", as_version=4)
        with pdfplumber.open(pdf) as pages, pikepdf.open(pdf) as tagged:
            told[language] = {
                "tag": str(tagged.Root.Lang),
                "pages": "\n".join(page.extract_text() for page in pages.pages),
                "words": "\n".join(cell.source for cell in executed.cells if cell.cell_type == "markdown"),
            }
    return told


def test_an_english_edition_holds_no_swedish_word(texts):
    english = texts["en"]
    assert english["tag"] == "en-GB"
    for said in ("Contents", "1 Work", "1.1 Where?", "Table 1. Rows and figures", "two things", "31 December 2024"):
        assert said in english["pages"], said
    assert SWEDISH.findall(english["pages"]) == []
    assert english["words"] == "# Work\n\nThe map shows\n\n- two things.\n## Where?"


def test_a_swedish_edition_shows_no_twin(texts):
    swedish = texts["sv"]
    assert swedish["tag"] == "sv-SE"
    for said in ("Innehåll", "1 Arbete", "1.1 Var?", "Tabell 1. Rad och tal", "31 december 2024"):
        assert said in swedish["pages"], said
    assert not re.search(r"Work|Where|map|<!--|-->", swedish["pages"] + swedish["words"])


def test_every_notebook_of_the_project_speaks_english():
    edition = read_edition(ROOT / "notebooks" / "editions" / "2024.toml")
    assert {edition.notebook_path(chapter).name for chapter in edition.chapters} == {path.name for path in NOTEBOOKS}
    check_twins(dataclasses.replace(edition, language="en"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])
def test_a_twin_holds_no_swedish_word(path):
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert SWEDISH.findall("\n".join(in_language(cell, "en") for cell in cells)) == []
    assert all(SWEDISH.search(in_language(cell, "sv")) for cell in cells if len(cell) > 300)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])
def test_a_title_in_code_is_written_in_every_language(path):
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    given = [
        node.value
        for cell in cells
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, ast.keyword) and node.arg in ("title", "alt")
    ]
    assert [ast.unparse(value) for value in given if not isinstance(value, ast.Subscript)] == []
    assert all({ast.literal_eval(key) for key in value.value.keys} == set(LANGUAGES) for value in given)
