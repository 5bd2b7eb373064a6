"""Malmö's edition all the way from the service: fetched, checked, recorded, set. Polygons are constructed, figures SCB's."""

import shutil
from pathlib import Path

import pandas as pd
import pdfplumber
import pytest

import mrstats as mr
from fetching.service import addresses, malmo_routes
from made_city import ROOT
from mrstats.appendix import build_appendix
from mrstats.appendix.planning import record_plan
from mrstats.fetching import fetch_dataset
from sources.replay import ReplayServer


@pytest.mark.build
def test_the_appendix_is_built_from_the_fetched_tables(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    with ReplayServer(malmo_routes()) as server:
        made = fetch_dataset(
            ["areas", "scb"], municipality="1280", years=(2022, 2022), folder="data/raw/malmo-scb",
            report=lambda line: None, **addresses(server),
        )  # fmt: skip
    assert made.missing == ()
    assert mr.check_dataset("malmo-scb") == []
    record_plan(Path("notebooks/editions/2022-malmo-scb.toml"))
    pdf = build_appendix("notebooks/editions/2022-malmo-scb.toml", report=lambda line: None)
    with pdfplumber.open(pdf) as pages:
        text = "\n".join(page.extract_text() for page in pages.pages)
    assert "Syntetiska" not in text
    assert "Kartan kan inte visas" not in text
    for words in ("Herrgården", "Stora socioekonomiska utmaningar", "SCB, Befolkningens arbetsmarknadsstatus", "307,4"):
        assert words in text
    assert "i en annan indelning" not in text  # what the edition leaves out has no empty heading
    released = pdf.parent / "release" / "tables"
    rows = pd.read_csv(next(released.glob("employment-regso-*.csv")), dtype={"geography": str})
    assert (rows["geography_level"] == "regso").sum() == 91
    assert rows.loc[rows["geography_level"] == "city", "count"].iloc[0] == 169_004
