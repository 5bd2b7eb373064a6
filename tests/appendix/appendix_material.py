"""Notebooks, displays and editions for the tests of the appendix: small, but of the real kind."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat

SHOW = """
from IPython.display import publish_display_data
def show(display):
    publish_display_data({"application/vnd.mrstats.display+json": display})
"""


def table(title, *, rows=5, spanners=True, marks=("Syntetiska exempeldata",), language="sv"):
    """A display of a table in two halves (women, men) whose figures are made from the row's number."""
    columns = ["Stadsområde", "Andel", "95 %-intervall", "Antal", "Andel", "95 %-intervall", "Antal", "Not"]
    names = ["Kustvik", "Mittköping", "Norrgärde", "Österhed", "Söderlunda"]
    body = [
        [
            names[i % 5] + (f" {i // 5 + 1}" if rows > 5 else ""),
            *(f"{60 + i % 20},8", f"{58 + i % 20},1–{63 + i % 20},4", f"{800 + i}"),
            *(f"{61 + i % 20},2", f"{59 + i % 20},0–{64 + i % 20},0", f"1\u00a0{200 + i}"),
            "b" if i == 3 else "",
        ]
        for i in range(rows)
    ]
    body.append(["Utan känt område", "..", "..", "..", "58,3", "41,9–73,0", "40", "u"])
    total = ["Hela staden", "69,2", "67,6–70,7", "4\u00a0210", "73,9", "72,3–75,5", "3\u00a0690", ""]
    return {
        "kind": "table",
        "language": language,
        "marks": list(marks),
        "title": title,
        "subtitle": "Andel sysselsatta, 20–64 år, efter stadsområde och kön, procent, 2024",
        "source": "Källa: Exempelstads register 2024. Antal är avrundat till närmaste tiotal.",
        "notes": [".. visas inte, risk för röjande", "u = låg tillförlitlighet", "b = tidsseriebrott"],
        "columns": [{"text": text, "align": "left" if text in ("Stadsområde", "Not") else "right"} for text in columns],
        "spanners": [{"text": "Kvinnor", "first": 1, "last": 3}, {"text": "Män", "first": 4, "last": 6}]
        if spanners
        else [],
        "rows": [{"cells": cells, "total": False} for cells in body] + [{"cells": total, "total": True}],
    }


def figure(title, *, height=110.0, marks=("Syntetiska exempeldata",), language="sv"):
    """A display of a dot-and-interval chart drawn by matplotlib, as the chart room draws."""
    return {
        "kind": "figure",
        "language": language,
        "marks": list(marks),
        "title": title,
        "subtitle": "Andel sysselsatta, 20–64 år, procent med 95 procents osäkerhetsintervall, 2024",
        "source": "Källa: Exempelstads register 2024.",
        "notes": ["Fylld punkt = säker skillnad mot hela staden"],
        "alt": "Punktdiagram med intervall. Andelen sysselsatta i fem stadsområden 2024.",
        "svg": _drawing(height),
        "width_mm": 156.0,
        "height_mm": height,
    }


def _drawing(height):
    import io

    import matplotlib

    matplotlib.use("svg")
    from matplotlib.figure import Figure

    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "mrstats",
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9,
    }
    with matplotlib.rc_context(settings):
        drawing = Figure(figsize=(156 / 25.4, height / 25.4))
        axes = drawing.add_axes((0.2, 0.12, 0.75, 0.85))
        axes.errorbar([61, 66, 70, 72, 77], range(5), xerr=2.5, fmt="o", color="#123A5E")
        axes.set_yticks(range(5), ["Österhed", "Norrgärde", "Mittköping", "Söderlunda", "Kustvik"])
        axes.spines[:].set_visible(False)
        svg = io.StringIO()
        drawing.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return svg.getvalue().replace("DejaVu Sans", "Source Sans Pro")


BRIEF = {
    "kind": "brief",
    "language": "sv",
    "marks": ["Syntetiska exempeldata"],
    "heading": "I korthet",
    "points": [
        "**71 procent** av de vuxna är sysselsatta. Förändringen sedan 2022 är osäker.",
        "Skillnaden mellan högsta och lägsta område är **16 procentenheter**, den största.",
        "För fyra av sju födelselandsgrupper är underlaget för litet för att säga om de avviker från staden.",
    ],
}
TEXT = {
    "kind": "text",
    "language": "sv",
    "marks": ["Syntetiska exempeldata"],
    "paragraphs": ["Högst är andelen i stadsområdet Kustvik (**77 procent**) och lägst i Österhed (61 procent)."],
}


def notebook(
    path: Path,
    cells,
    *,
    parameters="dataset: str = 'exempelstad'\nyear: int = 2023\nindicator = 'employment'",
):
    """Write a notebook: a str is a Markdown cell, a dict a cell that shows it, a tuple holds code."""
    made = [
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(SHOW),
    ]
    for cell in cells:
        if isinstance(cell, str):
            made.append(nbformat.v4.new_markdown_cell(cell))
        elif isinstance(cell, tuple):
            made.append(nbformat.v4.new_code_cell(cell[0]))
        else:
            made.append(nbformat.v4.new_code_cell(f"import json\nshow(json.loads({json.dumps(cell)!r}))"))
    document = nbformat.v4.new_notebook(cells=made)
    document.metadata["kernelspec"] = {
        "name": "some-other-environment",
        "display_name": "x",
        "language": "python",
    }
    for number, cell in enumerate(document.cells):
        cell["id"] = f"cell-{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(document, path)
    return path


EDITION = """
title = "Ojämlikhet i Exempelstad 2024"
subtitle = "Skillnader i villkor mellan grupper och områden"
year = 2024
dataset = "exempelstad"
language = "sv"
publisher = "Exempelstad"
series = "Bilaga till årsredovisningen 2024"
case_number = "KS-2025-00123"
approved_by = "Statistikchef"
date = 2025-03-01
summary = "Bilagan visar hur villkoren skiljer sig efter kön, ålder och bostadsområde."
"""
CHAPTERS = '[[chapter]]\nnotebook = "{name}"\nparameters = {{ {parameters} }}\n'


def edition(folder: Path, *chapters, text=EDITION, stem="2024"):
    """Write an edition file; a chapter is a notebook's name, or a pair of name and parameters as TOML."""
    path = folder / "notebooks" / "editions" / f"{stem}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs = [chapter if isinstance(chapter, tuple) else (chapter, "") for chapter in chapters]
    sections = (CHAPTERS.format(name=name, parameters=parameters) for name, parameters in pairs)
    path.write_text(text + "".join(sections), encoding="utf-8")
    return path


def no_release(edition, city, folder):
    """Leaves the appendix without a protected release."""


def release(edition, city, folder):
    """What the protected release looks like, for an appendix built without the room of protection."""
    tables = folder / "release" / "tables"
    tables.mkdir(parents=True)
    (tables / "employment-district-sex.csv").write_text(
        "indicator,year,geography,sex,value\nemployment,2024,9980S1,_T,72.8\n"
    )
    (folder / "release" / "certificate.json").write_text('{"requests": 1, "hidden": 2}\n')
