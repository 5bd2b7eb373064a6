"""A project folder and a made-up city for the tests of the appendix."""

from __future__ import annotations

from types import SimpleNamespace

import appendix_material as material
import pytest

from mrstats.appendix import build_appendix


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project folder that is also the working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    """A made-up city with ten areas in a coarse map; only what the appendix asks a city for."""
    from geopandas import GeoDataFrame
    from shapely.geometry import box

    areas = [
        (f"A{x}{y}", f"Område {x}{y}", f"D{x // 2}", box(x * 900, y * 700, x * 900 + 900, y * 700 + 700))
        for x in range(5)
        for y in range(2)
    ]
    regso = GeoDataFrame(areas, columns=["code", "name", "parent", "geometry"], crs="EPSG:3006")
    district = regso.dissolve("parent").reset_index().assign(code=lambda d: d["parent"])
    polygons = {"regso": regso, "district": district}
    folder = tmp_path_factory.mktemp("exempelstad")
    (folder / "persons-2024.csv").write_text("person_id,sex\n1,2\n")
    (folder / "notes.txt").write_text("not a part of the dataset")
    persons = SimpleNamespace(files="persons-*.csv")
    return SimpleNamespace(
        folder=folder,
        public=False,
        description=SimpleNamespace(tables={"persons": persons}, levels={}, water=None),
        name="exempelstad",
        label="Exempelstad",
        language="sv",
        synthetic=True,
        geographies={"district": SimpleNamespace(parent="city"), "regso": SimpleNamespace(parent="district")},
        polygons=polygons.get,
        water=lambda: None,
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory, city):
    """Two builds of one edition with two chapters, one table longer than a page."""
    folder = tmp_path_factory.mktemp("appendix")
    chapter = [
        "# Arbete",
        material.BRIEF,
        material.figure("Sysselsättningen skiljer mest mellan inkomstgrupper"),
        "## Områden\n\nText med fotnot.[^1]\n\n[^1]: Foten i arbete.",
        material.TEXT,
        material.table("Österhed har lägst andel sysselsatta"),
    ]
    areas = [
        "# Områden\n\nKort ingång.[^1]\n\n[^1]: Foten i områden.\n\n| ord | betyder |\n|---|---|\n| a | b |",
        material.table("Andel sysselsatta efter RegSO-område", rows=70),
    ]
    material.notebook(folder / "notebooks" / "10_work.ipynb", chapter)
    material.notebook(folder / "notebooks" / "20_areas.ipynb", areas)
    path = material.edition(folder, "10_work", ("20_areas", 'indicator = "employment"'))
    lines: list[str] = []
    for name in ("first", "second"):
        build_appendix(path, output=folder / name, report=lines.append, prepare=material.release, city=city)
    return SimpleNamespace(folder=folder, first=folder / "first", second=folder / "second", lines=lines)
