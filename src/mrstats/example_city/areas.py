"""The divisions of Exempelstad as layers: nested areas, a second division, a later vintage, water, points.

Borders follow the same small cells at every level, so levels nest exactly. No persons here, and no files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mrstats.example_city.tiling import Tiling, drawing, grow, pieces, tile_land

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

MUNICIPALITY = "9980"
CRS = "EPSG:3006"
DESO_COUNT = 180
POINT_COUNT = 3200
SPLIT_COUNT = 8
MOVED_PAIRS = 3
TOLERANCE = 22.0  # metres: corners finer than this are smoothed away, in all divisions at once


@dataclass(frozen=True)
class Map:
    """Everything geographic, as frames ready to be written.

    `layers` maps a layer's name to its GeoDataFrame; `points` holds a row per population point: its areas,
    its place and its share of the people; `changes` says which area of 2018 became which of 2025.
    """

    layers: dict[str, gpd.GeoDataFrame]
    points: pd.DataFrame
    changes: pd.DataFrame


def build_map(rng: np.random.Generator) -> Map:
    """Grow the divisions of Exempelstad.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all irregularity; the same generator gives the same map, corner by corner.

    Returns
    -------
    Map
        Layers district (5), regso (30), deso (180), deso_2025 (188), service_area (14) and water.
    """
    tiling = tile_land(rng)
    regso = grow(tiling, [place["at"] for place in regso_places()], rng, roughness=0.22)
    tiling.weight *= np.array([place["density"] for place in regso_places()])[regso]
    deso, parents = _subdivide(tiling, regso, rng)
    service = grow(tiling, [place["at"] for place in drawing()["service_areas"]], rng, roughness=0.30)
    codes = _deso_codes(tiling, deso)
    later, later_codes, changes = _revise(tiling, deso, codes, parents, rng)
    keys, atom, atoms = _atoms(tiling, deso, later, service)
    layers = _layers(keys, atoms, codes, parents, later_codes)
    points = _points(tiling, codes[deso], later_codes[later], parents[deso], service, atoms[atom], rng)
    return Map(layers, points, changes)


def regso_places() -> list[dict]:
    """The 30 drawn RegSO in the order of their codes: name, seed, density and index of their district."""
    return [place | {"district": i} for i, d in enumerate(drawing()["districts"]) for place in d["regso"]]


def regso_codes() -> list[str]:
    """Codes of the RegSO, in the order of `regso_places`."""
    return [f"{MUNICIPALITY}R{i + 1:03d}" for i in range(len(regso_places()))]


def district_codes() -> list[str]:
    """Codes of the districts, in drawn order."""
    return [f"{MUNICIPALITY}S{i + 1}" for i in range(len(drawing()["districts"]))]


def _subdivide(tiling: Tiling, regso: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """DeSO within each RegSO, about equally many people in each: label per cell, RegSO per DeSO."""
    people = np.bincount(regso, tiling.weight)
    share = people / people.sum() * DESO_COUNT
    number = np.maximum(np.floor(share).astype(int), 3)
    while number.sum() < DESO_COUNT:
        number[np.argmax(share / number)] += 1
    while number.sum() > DESO_COUNT:
        number[np.argmin(np.where(number > 3, share / number, np.inf))] -= 1
    deso = np.full(len(regso), -1)
    parents: list[int] = []
    for area, k in enumerate(number):
        inside = regso == area
        seeds = _spread_seeds(tiling.centre[inside], tiling.weight[inside], k, rng)
        for _ in range(6):
            label = grow(tiling, seeds, rng, roughness=0.18, within=inside)
            seeds = _centres(label[inside], tiling.centre[inside], tiling.weight[inside], k)
        # Codes run from north to south inside a RegSO.
        rank = np.argsort(np.argsort(-seeds[:, 1]))
        deso[inside] = len(parents) + rank[label[inside]]
        parents += [area] * k
    return deso, np.array(parents)


def _spread_seeds(centre: np.ndarray, weight: np.ndarray, k: int, rng) -> np.ndarray:
    """k places that share the people evenly (k-means, weighted by people)."""
    seeds = centre[rng.choice(len(centre), k, replace=False, p=weight / weight.sum())]
    for _ in range(12):
        nearest = ((centre[:, None, :] - seeds[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
        seeds = _centres(nearest, centre, weight, k)
    return seeds


def _centres(label: np.ndarray, centre: np.ndarray, weight: np.ndarray, k: int) -> np.ndarray:
    """Where the people of each label live on average, shape (k, 2)."""
    people = np.maximum(np.bincount(label, weight, minlength=k), 1e-9)
    return np.column_stack([np.bincount(label, weight * axis, minlength=k) / people for axis in centre.T])


def _deso_codes(tiling: Tiling, deso: np.ndarray) -> np.ndarray:
    """SCB's form of code: A outside the city, B at its edge, C in it; then digits in steps of ten."""
    import shapely

    hectares = np.bincount(deso, shapely.area(tiling.polygon)) / 1e4
    thinly = np.argsort(np.argsort(np.bincount(deso, tiling.weight) / hectares))
    letter = np.where(thinly < 7, "A", np.where(thinly < 22, "B", "C"))
    running, codes = {"A": 0, "B": 200, "C": 100}, []
    for a in letter:
        running[a] += 1
        codes.append(f"{MUNICIPALITY}{a}{running[a]:03d}0")
    return np.array(codes)


def _revise(tiling: Tiling, deso: np.ndarray, codes: np.ndarray, parents: np.ndarray, rng):
    """The division of 2025: the most populous areas split, a few borders moved, the rest kept."""
    import pandas as pd

    people = np.bincount(deso, tiling.weight)
    later, later_codes = deso.copy(), list(codes)
    split = np.argsort(-people)[:SPLIT_COUNT]
    for area in split:
        inside = deso == area
        seeds = _spread_seeds(tiling.centre[inside], tiling.weight[inside], 2, rng)
        half = grow(tiling, seeds, rng, roughness=0.18, within=inside)
        later[half == 1] = len(later_codes)
        later_codes[area] = codes[area][:-1] + "1"
        later_codes.append(codes[area][:-1] + "2")
    touched = set(split)
    for giver, taker in _neighbours(tiling, deso):
        if len(touched) == SPLIT_COUNT + 2 * MOVED_PAIRS:
            break
        if parents[giver] != parents[taker] or {giver, taker} & touched:
            continue
        moved = _border_strip(tiling, deso, giver, taker)
        rest = (deso == giver) & ~moved
        left_whole = pieces_within(tiling, rest) == 1 and pieces_within(tiling, (deso == taker) | moved) == 1
        if left_whole and 0.08 < tiling.weight[moved].sum() / people[giver] < 0.35:
            later[moved] = taker
            touched |= {giver, taker}
    new_codes = np.array(later_codes)
    changes = pd.DataFrame({"old": codes[deso], "new": new_codes[later], "area": deso}).drop_duplicates()
    changes["change"] = np.where(
        changes["area"].isin(split), "split", np.where(changes["area"].isin(touched), "moved", "unchanged")
    )
    changes = changes.sort_values(["old", "new"], ignore_index=True)
    return later, new_codes, changes[["old", "new", "change"]]


def _neighbours(tiling: Tiling, area: np.ndarray) -> np.ndarray:
    """Pairs of neighbouring areas, every pair once, in an order that scatters them over the city."""
    pairs = np.column_stack([area[tiling.left], area[tiling.right]])
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    return pairs[np.argsort(pairs @ [7919, 104729] % 1009, kind="stable")]


def _border_strip(tiling: Tiling, area: np.ndarray, giver: int, taker: int) -> np.ndarray:
    """Cells of `giver` that touch `taker`, and the cells of `giver` that touch those."""
    strip = area == taker
    for _ in range(2):
        touching = np.zeros_like(strip)
        touching[tiling.left[strip[tiling.right]]] = True
        touching[tiling.right[strip[tiling.left]]] = True
        strip = strip | (touching & (area == giver))
    return strip & (area == giver)


def pieces_within(tiling: Tiling, chosen: np.ndarray) -> int:
    """In how many pieces the chosen cells lie."""
    used = chosen[tiling.left] & chosen[tiling.right]
    return len(np.unique(pieces(tiling.left[used], tiling.right[used], len(chosen))[chosen]))


def _atoms(tiling: Tiling, deso: np.ndarray, later: np.ndarray, service: np.ndarray):
    """What all divisions are made of: parts in one DeSO of each vintage and one service area, smoothed.

    Returns the three labels of each atom, the atom of each cell, and the polygons in EPSG:3006.
    """
    import shapely

    keys, atom = np.unique(np.column_stack([deso, later, service]), axis=0, return_inverse=True)
    atoms = shapely.coverage_simplify(_dissolve(tiling.polygon, atom, len(keys)), TOLERANCE)
    return keys, atom, shapely.transform(atoms, lambda corner: np.round(corner + drawing()["origin"], 1))


def _layers(keys: np.ndarray, atoms: np.ndarray, codes, parents: np.ndarray, later_codes) -> dict:
    """Polygons of every division, dissolved from the same atoms."""
    import geopandas as gpd
    import shapely

    in_deso, in_later, in_service = keys.T
    in_regso = parents[in_deso]
    in_district = np.array([place["district"] for place in regso_places()])[in_regso]
    regso, districts = np.array(regso_codes()), np.array(district_codes())
    parent_of_later = np.zeros(len(later_codes), dtype=int)
    parent_of_later[in_later] = in_regso
    names = {
        "district": [d["name"] for d in drawing()["districts"]],
        "regso": [place["name"] for place in regso_places()],
        "service_area": [place["name"] for place in drawing()["service_areas"]],
    }

    def layer(label, code, name, parent=None):
        columns = {"code": code, "name": name} | ({} if parent is None else {"parent": parent})
        frame = gpd.GeoDataFrame(columns, geometry=_dissolve(atoms, label, len(code)), crs=CRS)
        return frame.sort_values("code", ignore_index=True)

    layers = {
        "district": layer(in_district, districts, names["district"]),
        "regso": layer(in_regso, regso, names["regso"], districts[[p["district"] for p in regso_places()]]),
        "deso": layer(in_deso, codes, codes, regso[parents]),
        "deso_2025": layer(in_later, later_codes, later_codes, regso[parent_of_later]),
        "service_area": layer(
            in_service,
            [f"{MUNICIPALITY}V{i + 1:02d}" for i in range(len(names["service_area"]))],
            names["service_area"],
        ),
    }
    layers["water"] = _water(shapely.coverage_union_all(layers["district"].geometry.values))
    return layers


def _dissolve(polygons: np.ndarray, label: np.ndarray, count: int) -> np.ndarray:
    import shapely

    return np.array([shapely.coverage_union_all(polygons[label == i]) for i in range(count)])


def _water(city):
    """Sea, harbour basin and a lake at the city's border; they touch the land and never cover it."""
    import geopandas as gpd
    import shapely

    drawn, origin = drawing(), np.array(drawing()["origin"])
    sea, basin, lake = (
        shapely.Polygon(np.array(corners) + origin)
        for corners in (drawn["sea"]["points"], drawn["harbour"], drawn["lake"]["points"])
    )
    east_of_the_piers = shapely.box(origin[0] + 950, origin[1], *(origin + 9000))
    basin = _main_part(basin.buffer(150).intersection(east_of_the_piers).difference(city))
    sea = _main_part(sea.difference(city).difference(basin))
    lake = _main_part(lake.buffer(250).buffer(-100).difference(city))
    names = [drawn["sea"]["name"], drawn["basin"], drawn["lake"]["name"]]
    return gpd.GeoDataFrame({"name": names}, geometry=shapely.set_precision([sea, basin, lake], 0.1), crs=CRS)


def _main_part(shape):
    import shapely

    return max(shapely.get_parts(shape), key=lambda part: part.area)


def _points(tiling: Tiling, deso, deso_2025, regso, service, around, rng):
    """Population points: cells drawn by how many live there, with the weights of their DeSO kept.

    `around` is the smoothed atom of each cell; a point that the smoothing left outside is moved in.
    """
    import pandas as pd
    import shapely

    chance = tiling.weight / tiling.weight.sum()
    drawn = np.sort(rng.choice(len(chance), POINT_COUNT, replace=False, p=chance))
    place = np.round(tiling.centre[drawn] + rng.normal(0, 12, (POINT_COUNT, 2)) + drawing()["origin"], 1)
    outside = ~shapely.contains_xy(around[drawn], *place.T)
    inside = shapely.point_on_surface(around[drawn][outside])
    nearer = shapely.intersection(around[drawn][outside], shapely.buffer(shapely.points(place[outside]), 60))
    inside = np.where(shapely.area(nearer) > 100, shapely.point_on_surface(nearer), inside)
    place[outside] = np.round(shapely.get_coordinates(inside), 1)
    points = pd.DataFrame(
        {
            "point_id": np.arange(1, POINT_COUNT + 1, dtype=np.int32),
            "deso": deso[drawn],
            "deso_2025": deso_2025[drawn],
            "service_area": [f"{MUNICIPALITY}V{i + 1:02d}" for i in service[drawn]],
            "regso": regso[drawn],
            "x": place[:, 0],
            "y": place[:, 1],
            "weight": chance[drawn],
        }
    )
    whole = pd.Series(chance).groupby(deso).sum()
    points["weight"] *= points["deso"].map(whole) / points.groupby("deso")["weight"].transform("sum")
    return points
