"""What stands together on a page and what may part, wherever on the page it begins."""

import re

import appendix_material as material
import pdfplumber
import pytest

from mrstats.appendix.edition import read_edition
from mrstats.appendix.typeset import typeset

STEPS = range(0, 36, 3)
"""Paragraphs before the display: from the top of a page to its foot and over it."""

TOP, FOOT = 28, 297 - 26  # of the text, in millimetres
THIRD = (FOOT - TOP) / 3
MILLIMETRE = 72 / 25.4


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Texts and free height of the pages of three displays, each at many places: a tall table, a low one and a figure."""
    folder = tmp_path_factory.mktemp("pages")
    displays = {
        "Hög": material.table("Hög tabell", rows=20),
        "Låg": material.table("Låg tabell", rows=5),
        "Bild": material.figure("Bilden", height=60),
    }
    blocks = []
    for name, display in displays.items():
        for step in STEPS:
            title = f"{name} {step:02}"
            blocks += [
                {"kind": "heading", "level": 1, "text": f"Kapitel {title}"},
                {"kind": "text", "paragraphs": ["Ett stycke som fyller sidan."] * step, "marks": []},
                {"kind": "markdown", "code": f"== Avsnitt {title}\nKort ingång till {title}."},
                display,
            ]
    edition = read_edition(material.edition(folder, "10_work"))
    path = typeset(folder / "a.pdf", edition, blocks, marks=[], plates=[], drawing=None, attachments=[])
    chapters = {}
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            text = page.extract_text()
            if begins := re.search(r"^\d+ Kapitel (\w+ \d\d)$", text, re.MULTILINE):
                chapter = chapters[begins[1]] = []
            if chapters:
                inside = [x["bottom"] for x in page.chars if x["bottom"] < FOOT * MILLIMETRE]
                chapter.append((text, FOOT - max(inside) / MILLIMETRE))
    return chapters


def of(pages, name):
    found = [chapter for title, chapter in pages.items() if title.startswith(name)]
    assert len(found) == len(STEPS)
    return found


def rows(text):
    return re.findall(
        r"^(?:Kustvik|Mittköping|Norrgärde|Österhed|Söderlunda|Utan känt|Hela staden)\b.*$", text, re.MULTILINE
    )


def test_a_tall_table_goes_on_with_its_head_and_at_least_three_rows_a_page(pages):
    parts = []
    for chapter in of(pages, "Hög"):
        holding = [text for text, _ in chapter if rows(text)]
        parts.append(len(holding))
        assert sum(len(rows(text)) for text in holding) == 22
        assert all(len(rows(text)) >= 3 and "Stadsområde Andel 95 %-intervall" in text for text in holding)
        assert "Tabell" in holding[0]
        assert "Källa:" in holding[-1]
        assert not any("Källa:" in text for text in holding[:-1])
    assert set(parts) == {1, 2}


def test_a_low_table_is_never_cut_and_keeps_its_introduction(pages):
    moved = 0
    for chapter in of(pages, "Låg"):
        holding = [text for text, _ in chapter if rows(text)]
        assert len(holding) == 1
        assert all(part in holding[0] for part in ("Avsnitt Låg", "Kort ingång", "Låg tabell", "Källa:"))
        moved += chapter[0][0] != holding[0]
    assert moved


def test_title_drawing_and_source_of_a_figure_never_part_and_no_heading_is_alone(pages):
    apart = 0
    for chapter in of(pages, "Bild"):
        holding = [text for text, _ in chapter if "Bilden" in text]
        assert len(holding) == 1
        assert "Österhed" in holding[0]
        assert "Källa:" in holding[0]
        text = next(text for text, _ in chapter if "Avsnitt Bild" in text)
        assert "Kort ingång" in text
        apart += text != holding[0]
    assert apart  # its text may end the page before


@pytest.mark.parametrize("name", ["Hög", "Låg"])
def test_white_before_a_table_goes_on_or_begins_anew_is_at_most_a_third_of_a_page(pages, name):
    assert 0 < max(white for chapter in of(pages, name) for _, white in chapter[:-1]) <= THIRD


def test_rows_of_half_a_page_run_on_from_page_to_page_and_never_off_it(tmp_path):
    long = material.table("Långa svar", spanners=False)
    long["columns"] = [{"text": text, "align": "left"} for text in ("Fråga", "Svar")]
    long["rows"] = [{"cells": [f"Fråga {n}", "ord " * 600], "total": False} for n in range(6)]
    edition = read_edition(material.edition(tmp_path, "10_work"))
    blocks = [{"kind": "heading", "level": 1, "text": "Svar"}, long]
    path = typeset(tmp_path / "a.pdf", edition, blocks, marks=[], plates=[], drawing=None, attachments=[])
    with pdfplumber.open(path) as pdf:
        inside = [page.crop((0, 0, page.width, FOOT * MILLIMETRE)).extract_text() for page in pdf.pages]
    assert sum(text.count("ord") for text in inside) == 6 * 600
