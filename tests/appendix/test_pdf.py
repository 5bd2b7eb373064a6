"""The finished appendix, read the way a screen reader, a printer and an archive do."""

import hashlib
import json
import zipfile

import appendix_material as material
import openpyxl
import pdfplumber
import pikepdf
import pytest

from mrstats.appendix import build_appendix
from mrstats.appendix.pdfoutlet import read_pdf
from mrstats.appendix.receipt import data_files
from mrstats.schema import EditionError

SILENT = {"report": lambda line: None}


@pytest.fixture(scope="module")
def pdf(built):
    with pikepdf.open(built.first / "appendix-2024.pdf") as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(built):
    with pdfplumber.open(built.first / "appendix-2024.pdf") as opened:
        yield [page.extract_text() for page in opened.pages]


def elements(pdf, kind):
    found = []

    def walk(node):
        for child in node if isinstance(node, pikepdf.Array) else [node]:
            if isinstance(child, pikepdf.Dictionary) and "/S" in child:
                if str(child.S) == kind:
                    found.append(child)
                walk(child.get("/K", pikepdf.Array()))

    walk(pdf.Root.StructTreeRoot.K)
    return found


def attribute(element, name):
    attributes = element.get("/A", pikepdf.Array())
    every = attributes if isinstance(attributes, pikepdf.Array) else [attributes]
    return next((part[name] for part in every if name in part), None)


def test_two_builds_are_the_same_bytes(built):
    for name in ("appendix-2024.pdf", "tables-2024.xlsx", "receipt.json"):
        assert (built.first / name).read_bytes() == (built.second / name).read_bytes(), name
    assert len(built.lines) == 4


def test_the_pdf_is_tagged_titled_and_in_swedish(pdf):
    assert pdf.Root.MarkInfo.Marked
    assert str(pdf.Root.Lang) == "sv-SE"
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert str(pdf.docinfo.Title) == "Ojämlikhet i Exempelstad 2024"
    assert str(pdf.docinfo.CreationDate).startswith("D:20250301")
    metadata = pdf.open_metadata()
    assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
    assert metadata["pdfuaid:part"] == "1"
    with pdf.open_outline() as outline:
        assert [item.title for item in outline.root] == [
            "Innehåll",
            "1 Arbete",
            "2 Områden",
            "3 Så är talen gjorda",
            "4 Kvitto",
        ]


def test_every_figure_has_its_text_and_no_page_a_bitmap(pdf):
    assert [str(figure.Alt) for figure in elements(pdf, "/Figure")] == [material.figure("", height=30)["alt"]]
    kinds = {str(o.get("/Subtype")) for o in pdf.objects if isinstance(o, pikepdf.Stream)}
    assert "/Image" not in kinds


def test_headers_of_columns_and_rows_have_their_scope_and_cells_name_them(pdf):
    table = elements(pdf, "/Table")[0]
    rows = list(elements_of_rows(table))
    scopes = [[str(attribute(cell, "/Scope")) for cell in row.K if str(cell.S) == "/TH"] for row in rows]
    # Two header rows: Stadsområde, Kvinnor, Män, Not; six below the spanners. Then a header each body row.
    assert scopes == [["/Column"] * 4, ["/Column"] * 6] + [["/Row"]] * 7
    last = rows[-1].K
    names = [str(name) for name in attribute(last[1], "/Headers")]
    assert names[-1] == str(last[0].ID)
    assert len(names) == 3  # Kvinnor, Andel, Hela staden
    ids = pikepdf.NameTree(pdf.Root.StructTreeRoot.IDTree)
    assert all(name in ids for name in names)
    for cell in elements(pdf, "/TH"):
        assert str(attribute(cell, "/Scope")) in ("/Row", "/Column")


def elements_of_rows(table):
    for part in table.K:
        if str(part.S) in ("/THead", "/TBody"):
            yield from part.K


def test_every_page_says_that_the_data_are_made_up(pages):
    assert all("Syntetiska exempeldata" in page for page in pages)
    assert "Syntetiska exempeldata: staden finns inte" in pages[0]
    assert "Arbetsmaterial" not in "".join(pages)


def test_cover_contents_and_lists_are_there(pages):
    assert "Skillnader i villkor mellan grupper och områden" in pages[0]
    assert "Bilaga till årsredovisningen 2024" in pages[0]
    assert "Innehåll" in pages[1]
    assert "Figur 1 Sysselsättningen skiljer mest mellan inkomstgrupper" in pages[1]
    assert "Tabell 2 Andel sysselsatta efter RegSO-område" in pages[1]


def test_a_long_table_repeats_its_header_on_each_page_and_loses_no_row(pages):
    long = [page for page in pages if "Söderlunda 7" in page or "Söderlunda 14" in page]
    assert len(long) == 2
    for page in long:
        assert "Stadsområde Andel 95 %-intervall Antal Andel 95 %-intervall Antal Not" in page
    text = "\n".join(long)
    assert all(f"\n{name} {n} " in text for name in ("Kustvik", "Söderlunda") for n in range(1, 15))


def test_the_last_rows_of_a_long_table_are_tagged_as_rows_of_its_body(pdf):
    assert not elements(pdf, "/TFoot")
    (long,) = [table for table in elements(pdf, "/Table") if len(list(elements_of_rows(table))) > 60]
    (body,) = [part for part in long.K if str(part.S) == "/TBody"]
    assert len(body.K) == 72  # seventy areas, those without one, and the city
    assert all(row.P.objgen == body.objgen and str(attribute(row.K[0], "/Scope")) == "/Row" for row in body.K)


def test_captions_footnotes_sources_and_words_of_the_notebook_are_printed(pages):
    text = "\n".join(pages)
    assert "Tabell 1. Österhed har lägst andel sysselsatta" in text
    assert "Källa: Exempelstads register 2024." in text
    assert ".. visas inte, risk för röjande · u = låg tillförlitlighet" in text
    assert "Foten i arbete." in text
    assert "Foten i områden." in text
    assert "**" not in text


def test_the_receipt_page_and_the_file_agree(built, pages):
    receipt = json.loads((built.first / "receipt.json").read_text(encoding="utf-8"))
    checksum = hashlib.sha256(b"person_id,sex\n1,2\n").hexdigest()
    assert receipt["dataset"]["files"] == [{"file": "persons-2024.csv", "bytes": 18, "sha256": checksum}]
    grouped = " ".join(checksum[i : i + 4] for i in (0, 4, 8, 12))
    assert f"persons-2024.csv {grouped} 0,0" in pages[-1]
    assert "Diarienummer KS-2025-00123" in pages[-1]
    outputs = {file["file"]: file["sha256"] for file in receipt["outputs"]}
    finished = (built.first / "appendix-2024.pdf").read_bytes()
    assert outputs["appendix-2024.pdf"] == hashlib.sha256(finished).hexdigest()
    assert receipt["release"]["tables"] == 1
    assert str(built.folder) not in (built.first / "receipt.json").read_text(encoding="utf-8")


def test_the_protected_tables_are_attached_with_a_description(built, pdf):
    attached = pdf.attachments["employment-district-sex.csv"]
    original = (built.first / "release" / "tables" / "employment-district-sex.csv").read_bytes()
    assert attached.get_file().read_bytes() == original
    assert attached.description == "Skyddade tabellvärden: employment-district-sex"


def test_the_workbook_has_a_sheet_a_table_and_nothing_merged(built):
    path = built.first / "tables-2024.xlsx"
    workbook = openpyxl.load_workbook(path)
    assert workbook.sheetnames == ["Innehåll", "Tabell 1", "Tabell 2", "Tabell 3"]
    assert all(not sheet.merged_cells.ranges for sheet in workbook)
    sheet = workbook["Tabell 1"]
    assert sheet["A1"].value == "Tabell 1. Österhed har lägst andel sysselsatta"
    assert sheet.freeze_panes == "B5"
    assert [cell.value for cell in sheet[4]][:3] == [
        "Stadsområde",
        "Kvinnor: Andel",
        "Kvinnor: 95 %-intervall",
    ]
    assert [cell.value for cell in sheet[10]] == [
        "Utan känt område",
        "..",
        "..",
        "..",
        58.3,
        "41,9–73,0",
        40,
        "u",
    ]
    assert (sheet["D11"].value, sheet["D11"].number_format) == (4210, "#,##0")
    assert workbook.properties.created.isoformat() == "2025-03-01T00:00:00"
    with zipfile.ZipFile(path) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(2025, 3, 1, 0, 0, 0)}


def test_without_a_release_every_page_is_marked_as_working_material(project, city):
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete", material.TEXT])
    built = build_appendix(material.edition(project, "10_work"), city=city, prepare=material.no_release, **SILENT)
    with pdfplumber.open(built) as opened:
        texts = [page.extract_text() for page in opened.pages]
    assert all("Arbetsmaterial – inte röjandeskyddat" in text for text in texts)


def test_an_english_edition_is_english_and_real_data_carry_no_mark(project, city):
    text = material.EDITION.replace('language = "sv"', 'language = "en"').replace(
        "Bilaga till årsredovisningen 2024", "Appendix to the annual report 2024"
    )
    english = {"language": "en", "marks": []}
    cells = ["# Arbete\n\n<!-- en\n# Work\n-->", material.table("Employment by district") | english]
    material.notebook(project / "notebooks" / "10_work.ipynb", cells)
    real = type(city)(**(vars(city) | {"synthetic": False, "polygons": lambda level: None}))
    built = build_appendix(
        material.edition(project, "10_work", text=text), city=real, prepare=material.release, **SILENT
    )
    with pikepdf.open(built) as pdf:
        assert str(pdf.Root.Lang) == "en-GB"
    with pdfplumber.open(built) as opened:
        pages = [page.extract_text() for page in opened.pages]
    assert "Contents" in pages[1]
    assert "Table 1. Employment by district" in pages[2]
    assert "How the figures are made" in pages[3]
    assert "1 March 2025" in pages[4]
    assert not any("Syntetiska" in page or "Synthetic" in page for page in pages)


def test_the_number_of_a_section_is_no_figure_but_a_number_in_its_heading_is(project, city):
    """Else the heading *1.1 Kvinnor* would tell a hidden 1.1 of women; link, contents and bookmark repeat it."""
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete", "## 61,2 procent av kvinnor"])
    built = build_appendix(material.edition(project, "10_work"), city=city, prepare=material.release, **SILENT)
    with pdfplumber.open(built) as opened:
        assert "1.1 61,2 procent av kvinnor" in opened.pages[2].extract_text()
    read = [(block.where, block.text) for block in read_pdf(built).blocks if "procent av kvinnor" in block.text]
    assert {where for where, _ in read} >= {"page 2", "page 2, annotation", "page 3", "bookmark"}
    assert {text.lstrip("“”").startswith("61,2 procent av kvinnor") for _, text in read} == {True}


def test_a_table_too_wide_for_the_page_is_refused_by_name(project, city):
    wide = material.table("Alltför bred")
    for row in wide["rows"]:
        row["cells"] = row["cells"][:1] + row["cells"][1:7] * 3
    wide["columns"] = wide["columns"][:1] + wide["columns"][1:7] * 3
    wide["spanners"] = []
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete", wide])
    with pytest.raises(EditionError, match=r"Alltför bred.* has 19 columns, too many for the page"):
        build_appendix(material.edition(project, "10_work"), city=city, prepare=material.no_release, **SILENT)


def test_the_receipt_lists_the_files_the_dataset_reads_and_no_others(built, city):
    assert [file.name for file in data_files(city)] == ["persons-2024.csv"]
    assert "notes.txt" not in (built.first / "receipt.json").read_text(encoding="utf-8")
