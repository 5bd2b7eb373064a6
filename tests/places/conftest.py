"""A smaller Exempelstad for the verbs that need a map, and its persons with the place they live at."""

import pandas as pd
import pytest

import mrstats as mr
from mrstats.example_city import build_example_city


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "exempelstad"
    return build_example_city(folder, persons=30_000)


@pytest.fixture(scope="session")
def small(small_folder):
    return mr.open_dataset(small_folder)


@pytest.fixture(scope="session")
def points(small_folder):
    import geopandas as gpd

    frame = gpd.read_file(small_folder / "areas.gpkg", layer="points")
    return frame.assign(x=frame.geometry.x, y=frame.geometry.y)


@pytest.fixture(scope="session")
def residents(small_folder, points):
    rows = pd.read_parquet(small_folder / "persons-2024.parquet")
    return rows.merge(points[["point_id", "x", "y"]], on="point_id", how="left")
