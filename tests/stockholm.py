"""Stockholm 2016 on two real divisions: 116 stadsdelar and 33 areas of whole basområden, the truth known on both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mrstats.definitions import standard_level
from mrstats.geography import Division, division_from_polygons
from mrstats.polygons import overlaps

GROUPS = {"total": ["tot"], "0-5": ["k_0_5", "m_0_5"], "80+": ["k_80w", "m_80w"]}


@dataclass(frozen=True)
class Stockholm:
    """The divisions and what is counted in the basområden; a stadsdel's counts are those of its basområden."""

    source: Division
    on_land: Division
    target: Division
    blocks: Division
    points: pd.DataFrame
    counts: pd.DataFrame

    def of(self, division: str, year: int) -> pd.DataFrame:
        """Counts of a year on ``stadsdel``, ``area`` or ``block``."""
        columns = {
            name: self.counts[[f"{part}_{year}" for part in parts]].sum(axis=1) for name, parts in GROUPS.items()
        }
        frame = pd.DataFrame(columns).groupby(self.counts[division]).sum().reset_index()
        return frame.rename(columns={division: "code"})


def read_stockholm(folder: Path) -> Stockholm:
    """Both divisions; a basområde belongs to the stadsdel that holds most of it, as in the table it is compared with."""
    import geopandas as gpd

    counts = gpd.read_file(folder / "stockholm_basomraden_befolkning_2014_2016_epsg3011.gpkg")
    whole = gpd.read_file(folder / "stockholm_stadsdelar_wgs84.geojson").rename(columns={"name": "code"})
    land = gpd.read_file(folder / "stockholm_stadsdelar_utan_vatten_epsg3011.gpkg").rename(columns={"name": "code"})
    blocks = counts.rename(columns={"nyckelkod": "code"})[["code", "geometry"]]
    shared = (
        overlaps(blocks, whole).dropna(subset="target").sort_values("amount").drop_duplicates("source", keep="last")
    )
    counts["stadsdel"] = counts["nyckelkod"].map(dict(zip(shared["source"], shared["target"], strict=True)))
    counts["area"], counts["block"] = counts["nyckelkod"].str[:4], counts["nyckelkod"]
    used = sorted(counts["stadsdel"].unique())
    level = standard_level("stadsdel", parent="city", vintage="2016")
    names = pd.DataFrame({"code": used, "name": used})
    areas = counts.dissolve("area").reset_index()[["area", "geometry"]]
    label = gpd.read_file(folder / "stockholm_basomraden_textpunkter_epsg3011.gpkg")
    points = label.merge(counts[["nyckelkod", "tot_2014", "stadsdel", "area"]], on="nyckelkod")
    return Stockholm(
        Division(level, names, polygons=whole[whole["code"].isin(used)]),
        Division(level, names, polygons=land[land["code"].isin(used)]),
        division_from_polygons(areas, level="area", code="area", label="område"),
        division_from_polygons(blocks, level="block", label="basområde"),
        points.rename(columns={"tot_2014": "weight"}),
        pd.DataFrame(counts.drop(columns="geometry")),
    )
