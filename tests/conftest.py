"""What every room's tests share: the folder beside the project, the tiny city, and a clean mode."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import mrstats as mr
from made_city import SHARED
from mrstats.example_city import build_example_city


@pytest.fixture(autouse=True)
def exploring(monkeypatch):
    """Each test starts in explore mode, whatever the shell says."""
    for name in ("MRSTATS_MODE", "MRSTATS_PLAN", "MRSTATS_RELEASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shared():
    """A place in the folder beside the project, or a skip that says what is absent."""

    def find(*parts: str) -> Path:
        path = SHARED.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"../shared/{'/'.join(parts)} is not beside the project")
        return path

    return find


@pytest.fixture(scope="session")
def tiny():
    """The hundred persons of `mr.tiny_city`; its docstring says who they are."""
    return mr.tiny_city()


@pytest.fixture(scope="session")
def tiny_en():
    return mr.tiny_city(language="en")


@dataclass
class Built:
    folder: Path
    seconds: float
    lines: list[str]

    def layer(self, name: str):
        import geopandas as gpd

        return gpd.read_file(self.folder / "areas.gpkg", layer=name)

    def persons(self, *years: int, columns: list[str] | None = None) -> pd.DataFrame:
        parts = [pd.read_parquet(self.folder / f"persons-{year}.parquet", columns=columns) for year in years]
        return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    folder, lines = tmp_path_factory.mktemp("raw") / "exempelstad", []
    start = time.perf_counter()
    build_example_city(folder, report=lines.append)
    return Built(folder, time.perf_counter() - start, lines)


@pytest.fixture(scope="session")
def example_folder(built):
    """The folder of a whole Exempelstad."""
    return built.folder


@pytest.fixture(scope="session")
def region_of_deso(built) -> pd.DataFrame:
    """DeSO code -> names of its RegSO and district."""
    deso, regso, district = (built.layer(name) for name in ("deso", "regso", "district"))
    parents = deso[["code", "parent"]].merge(
        regso[["code", "name", "parent"]], left_on="parent", right_on="code", suffixes=("", "_regso")
    )
    parents["district"] = parents["parent_regso"].map(district.set_index("code")["name"])
    return parents.set_index("code")[["name", "district"]].rename(columns={"name": "regso"})
