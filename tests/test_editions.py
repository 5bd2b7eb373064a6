"""The project's own editions, built from nothing: what a reader gets is tagged, protected and the same twice."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pdfplumber
import pikepdf
import pytest

from mrstats.appendix import build_appendix
from mrstats.appendix.publishing import publish_edition
from mrstats.example_city import build_example_city

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.build


def project_in(folder: Path) -> Path:
    """A copy of the notebooks and editions; kernels look for data upwards from the working folder."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    (folder / "data" / "raw").mkdir(parents=True)
    return folder


def quietly(line: str) -> None:
    assert line.startswith("[") or re.search(
        "looked for in all files: none found; [1-9][0-9]* counts in tables attacked$", line
    )


@pytest.fixture(scope="module")
def exempelstad(tmp_path_factory):
    project = project_in(tmp_path_factory.mktemp("exempelstad"))
    build_example_city(project / "data" / "raw" / "exempelstad", persons=20_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        first = build_appendix("notebooks/editions/2024.toml", report=quietly).resolve()
        sums = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in first.parent.rglob("*.*")
            if path.is_file()
        }
        build_appendix("notebooks/editions/2024.toml", report=quietly)
        again = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in first.parent.rglob("*.*")
            if path.is_file()
        }
    return first, sums, again


def elements(node, seen):
    """Every structure element of a tagged PDF."""
    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from elements(child, seen)
    elif isinstance(node, pikepdf.Dictionary) and (node.objgen == (0, 0) or node.objgen not in seen):
        seen.add(node.objgen)
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from elements(node.K, seen)


def test_the_appendix_speaks_to_a_screen_reader(exempelstad):
    with pikepdf.open(exempelstad[0]) as pdf:
        root = pdf.Root
        found = list(elements(root.StructTreeRoot, set()))
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == "sv-SE"
        assert str(pdf.docinfo["/Title"]) == "Ojämlikhet i Exempelstad 2024"
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        figures = [element for element in found if str(element.S) == "/Figure"]
        assert len(figures) == 33  # 34 at full size: of 20 000 persons the intersections are hidden whole
        assert all(len(str(figure.Alt)) > 100 for figure in figures)
        scopes = [str(a.Scope) for e in found if str(e.S) == "/TH" for a in _attributes(e) if "/Scope" in a]
        assert {"/Column", "/Row"} == set(scopes)
        assert len(scopes) == sum(str(element.S) == "/TH" for element in found)
        images = [image for page in pdf.pages for image in page.get_images()]
        assert images == []


def _attributes(element):
    attributes = element.get("/A", [])
    return attributes if isinstance(attributes, pikepdf.Array) else [attributes]


def test_every_page_says_that_the_city_is_made_up(exempelstad):
    with pdfplumber.open(exempelstad[0]) as pdf:
        texts = [page.extract_text() for page in pdf.pages]
    assert all("Syntetiska exempeldata" in text for text in texts)
    assert not any("Arbetsmaterial" in text for text in texts)
    assert all(len(text) > 200 for text in texts)  # no empty page


def test_two_builds_are_the_same_bytes_to_the_last_file(exempelstad):
    _, first, again = exempelstad
    assert first == again
    assert {"appendix-2024.pdf", "tables-2024.xlsx", "receipt.json", "certificate.json", "hierarchy.csv"} <= set(first)


def test_publishing_enters_the_figures_once_and_building_never_does(exempelstad, monkeypatch):
    project = exempelstad[0].parents[3]
    monkeypatch.chdir(project)
    ledger = project / "notebooks" / "editions" / "ledger" / "9980.jsonl"
    assert not ledger.exists()
    said: list[str] = []
    assert publish_edition("notebooks/editions/2024.toml", report=said.append).resolve() == ledger
    assert said[-1].startswith(f"{len(ledger.read_bytes().splitlines())} lines added")
    publish_edition("notebooks/editions/2024.toml", report=said.append)
    assert said[-1].startswith("Nothing to add")


def test_what_the_release_hides_is_nowhere(exempelstad):
    folder = exempelstad[0].parent
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["release"]
    tables = [
        pd.read_csv(path, dtype=str, keep_default_na=False) for path in (folder / "release" / "tables").glob("*.csv")
    ]
    hidden = pd.concat([table[table["status"] == "C"] for table in tables])
    assert len(hidden) > 0  # 20 000 residents make small groups
    assert (hidden[["value", "lower", "upper", "se", "n", "population", "count", "affected", "method"]] == "").all(
        axis=None
    )
    for notebook in (folder / "notebooks").glob("*.ipynb"):
        assert "Arbetsmaterial" not in notebook.read_text(encoding="utf-8")


def test_malmos_appendix_is_built_from_scbs_own_files(shared, tmp_path, monkeypatch):
    project = project_in(tmp_path)
    raw = project / "data" / "raw" / "malmo"
    shutil.copytree(ROOT / "data" / "raw" / "malmo", raw, ignore=shutil.ignore_patterns("*.xlsx", "*.csv"))
    source = shared("data", "sverige")
    for file in [
        *source.glob("scb_deso_xlsx/*.xlsx"),
        source / "koppling_deso2018_regso2020.csv",
        source / "regso_omradestyp_2022.csv",
    ]:
        shutil.copyfile(file, raw / file.name)
    monkeypatch.chdir(project)
    pdf = build_appendix("notebooks/editions/2022-malmo.toml", report=quietly)
    with pdfplumber.open(pdf) as pages:
        text = "\n".join(page.extract_text() for page in pages.pages)
    assert "Syntetiska" not in text
    assert "Kartan kan inte visas" in text
    assert "Rosengård" in text or "Herrgården" in text
    table = next((pdf.parent / "release" / "tables").glob("employment-regso-*.csv"))
    rows = pd.read_csv(table, dtype={"geography": str})
    assert (rows["geography_level"] == "regso").sum() == 91
    assert rows.loc[rows["geography_level"] == "city", "count"].iloc[0] == 169_004
