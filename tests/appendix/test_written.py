"""A hidden figure planted in a notebook: no appendix, and a message that does not repeat it."""

from __future__ import annotations

import shutil

import appendix_material as material
import openpyxl
import pandas as pd
import pikepdf
import pytest
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty

import mrstats as mr
from mrstats.appendix import build_appendix
from mrstats.appendix.hidden import attack_written, hidden_rows
from mrstats.breakdown import check_request
from mrstats.disclosure import ProtectionRule, write_release
from mrstats.schema import EditionError

RULE = ProtectionRule(method="suppress", min_count=25, min_count_sensitive=25)
"""Strict enough to hide the 22 employed women and, with them, the men: the total is shown."""


FIGURE = material.figure("Andel sysselsatta")
TABLE = {
    "kind": "table",
    "language": "sv",
    "marks": [],
    "title": "Andel sysselsatta",
    "subtitle": "Andel sysselsatta efter kön, procent, 2024",
    "source": "Källa: registret.",
    "notes": [],
    "columns": [{"text": "Kön", "align": "left"}, {"text": "Andel sysselsatta", "align": "right"}],
    "spanners": [],
    "rows": [{"cells": ["Kvinnor", "55,0"], "total": False}, {"cells": ["Båda könen", "60,0"], "total": True}],
}
WHOLE_CITY = TABLE | {
    "columns": [{"text": "Område", "align": "left"}, {"text": "Kvinnor", "align": "right"}],
    "rows": [{"cells": ["Hela staden", "55,0"], "total": True}],
}
"""The name of the whole city beside a figure of the whole city does not make it another's."""


def protecting(edition, city, folder):
    tiny = mr.tiny_city()
    release = write_release(tiny, (check_request(tiny, "employment", by=["sex"]),), folder / "release", rule=RULE)
    (protected, _), *_ = release.withheld
    assert protected.loc[protected["sex"] != "_T", "value"].isna().all()
    return release


def build(folder, *cells):
    material.notebook(folder / "notebooks" / "10_work.ipynb", ["# Arbete", material.TEXT, *cells])
    lines: list[str] = []
    built = build_appendix(
        material.edition(folder, "10_work"),
        output=folder / "out",
        city=mr.tiny_city(),
        prepare=protecting,
        report=lines.append,
    )
    return built, lines


def test_an_appendix_that_tells_nothing_hidden_is_published(tmp_path):
    built, lines = build(tmp_path, "I hela staden är andelen sysselsatta 60,0 procent.")
    assert built.is_file()
    assert lines[-1].startswith("2 hidden figures looked for in all files: none found")


@pytest.mark.parametrize(
    "planted",
    [
        "Andelen sysselsatta är 55,0 procent bland kvinnor.",
        "Bland kvinnor ligger andelen sysselsatta −5 procentenheter från hela staden.",
        "Skillnaden mellan kvinnor och staden är -5,0 i andel sysselsatta.",
        "## Sysselsatta kvinnor\n\nAndelen sysselsatta kvinnor är 55 %.",
        "| Andel sysselsatta | procent |\n|---|---|\n| Kvinnor | 55,0 |",
        ("# andel sysselsatta kvinnor: 55.0\nrows = 3",),
        material.TEXT | {"paragraphs": ["Av kvinnorna är det 22 sysselsatta.", "Andelen sysselsatta kvinnor är 55,0."]},
        FIGURE | {"alt": "Andel sysselsatta: kvinnor 55,0 procent, hela staden 60,0."},
        FIGURE | {"svg": FIGURE["svg"].replace("Österhed", "Kvinnor 55,0")},
        TABLE,
        WHOLE_CITY,
    ],
)
def test_a_planted_figure_stops_the_appendix_and_is_not_repeated(tmp_path, planted):
    with pytest.raises(EditionError, match=r"hides; the first is in .*employment.*Nothing was published") as stopped:
        build(tmp_path, planted)
    assert "55" not in str(stopped.value)
    assert not (tmp_path / "out" / "receipt.json").exists()
    assert not list(tmp_path.rglob("*.pdf"))


def of_workbook(change):
    def plant(folder):
        (path,) = folder.glob("*.xlsx")
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)

    plant.__name__ = change.__name__
    return plant


def of_pdf(change):
    def plant(folder):
        (path,) = folder.glob("*.pdf")
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            change(pdf)
            pdf.save(path)

    plant.__name__ = change.__name__
    return plant


def in_a_sheet(book, *, state="visible"):
    sheet = book.create_sheet("Extra")
    sheet.append(["Kön", "Andel sysselsatta"])
    sheet.append(["Kvinnor", 55.0])
    sheet.sheet_state = state
    return sheet


def in_a_hidden_sheet(book):
    in_a_sheet(book, state="veryHidden")


def in_a_hidden_row(book):
    in_a_sheet(book).row_dimensions[2].hidden = True


def in_a_hidden_column(book):
    in_a_sheet(book).column_dimensions["B"].hidden = True


def in_a_signed_cell(book):
    sheet = book.create_sheet("Extra")
    sheet.append(["Kön", "Andel sysselsatta, skillnad"])
    sheet.append(["Kvinnor", "−5,0"])


def in_a_comment(book):
    sheet = book.create_sheet("Extra")
    sheet["A1"] = "Kvinnor"
    sheet["A1"].comment = Comment("Andelen sysselsatta kvinnor är 55,0", "anonym")


def in_the_title(book):
    book.properties.title = "Andel sysselsatta kvinnor 55,0"


def in_the_keywords(book):
    book.properties.keywords = "andel sysselsatta, kvinnor, 55,0"


def in_a_custom_property(book):
    book.custom_doc_props.append(StringProperty(name="Andel sysselsatta kvinnor", value="55,0"))


def in_the_pdf_title(pdf):
    pdf.docinfo["/Title"] = "Andel sysselsatta kvinnor: 55,0"


def in_the_pdf_keywords(pdf):
    with pdf.open_metadata() as metadata:
        metadata["pdf:Keywords"] = "andel sysselsatta, kvinnor, 55,0"


def in_a_key_of_the_pdf(pdf):
    pdf.docinfo["/Sysselsatta kvinnor"] = "55,0"


def in_an_attachment(pdf):
    pdf.attachments["extra.csv"] = "Kön;Andel sysselsatta\nKvinnor;55,0\n".encode()


def in_a_table_of_the_release(folder):
    (path,) = (folder / "release" / "tables").glob("*.csv")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[table["sex"] == "women", "n"] = "40"
    table.to_csv(path, index=False)


def in_an_open_table(folder):
    (path,) = (folder / "tables").glob("*.px")
    text = path.read_text(encoding="utf-8")
    before, data = text.split("DATA=\n")
    assert data.count('".."') == 8
    path.write_text(before + "DATA=\n" + data.replace('".."', "55", 1), encoding="utf-8")


def in_a_note_of_an_open_table(folder):
    (path,) = (folder / "tables").glob("*.px")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("DATA=", 'NOTE("Kön")="Andel sysselsatta kvinnor: 55,0.";\nDATA='), encoding="utf-8")


def in_a_keyword_nobody_shows(folder):
    (path,) = (folder / "tables").glob("*.px")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("DATA=", 'DATABASE="Andel sysselsatta kvinnor 55,0";\nDATA='), encoding="utf-8")


def in_the_workbook_of_the_open_tables(folder):
    path = folder / "tables" / "tables.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Tabell 1"]
    assert sheet["D5"].value == ".."
    sheet["D5"] = 55.0
    book.save(path)


OF_WORKBOOK = (
    in_a_sheet,
    in_a_hidden_sheet,
    in_a_hidden_row,
    in_a_hidden_column,
    in_a_signed_cell,
    in_a_comment,
    in_the_title,
    in_the_keywords,
    in_a_custom_property,
)
OF_OPEN_TABLES = (
    in_an_open_table,
    in_a_note_of_an_open_table,
    in_a_keyword_nobody_shows,
    in_the_workbook_of_the_open_tables,
)
OF_PDF = (in_an_attachment, in_the_pdf_title, in_the_pdf_keywords, in_a_key_of_the_pdf)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    built, _ = build(folder, TABLE | {"rows": TABLE["rows"][1:]})
    again = tmp_path_factory.mktemp("again")
    return built.parent, protecting(None, None, again)


@pytest.mark.parametrize(
    "plant", [*map(of_workbook, OF_WORKBOOK), *map(of_pdf, OF_PDF), *OF_OPEN_TABLES, in_a_table_of_the_release]
)
def test_a_figure_planted_in_a_finished_file_is_found(tmp_path, finished, plant):
    honest, release = finished
    folder = tmp_path / "copy"
    shutil.copytree(honest, folder)
    assert attack_written(mr.tiny_city(), release, folder).hidden == 2
    plant(folder)
    with pytest.raises(EditionError, match="figures that the release hides"):
        attack_written(mr.tiny_city(), release, folder)


def test_what_a_hidden_cell_shows_openly_in_other_years_goes_with_it():
    """A figure of 2024 that happens to be written as the hidden one of 2023 is no leak, and one that is hidden too excuses nothing."""
    tiny = mr.tiny_city()
    of_2024 = mr.break_down(tiny, "employment", by="sex")
    true = pd.concat([of_2024.assign(year=2023), of_2024], ignore_index=True)
    status = ["", "C", "", "", "", ""]
    one, both = (hidden_rows(tiny, true.assign(status=hides), true) for hides in (status, [*status[:4], "C", ""]))
    assert one["sex"].tolist() == ["women"]
    (shown,) = one["open"]
    assert {("2024", "value", 55.0), ("2024", "count", 22.0)} < {
        (year, name, round(figure, 9)) for year, name, figure in shown
    }
    assert {year for year, _, _ in shown} == {"2024"}
    assert both["open"].tolist() == [(), ()]
