"""One whole example city for all tests of this room, built once."""

import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from mrstats.example_city import build_example_city


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
def region_of_deso(built) -> pd.DataFrame:
    """DeSO code -> names of its RegSO and district."""
    deso, regso, district = (built.layer(name) for name in ("deso", "regso", "district"))
    parents = deso[["code", "parent"]].merge(
        regso[["code", "name", "parent"]], left_on="parent", right_on="code", suffixes=("", "_regso")
    )
    parents["district"] = parents["parent_regso"].map(district.set_index("code")["name"])
    return parents.set_index("code")[["name", "district"]].rename(columns={"name": "regso"})
