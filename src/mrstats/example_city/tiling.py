"""Small cells that tile the land of Exempelstad, and areas grown over them. No names, no codes, no persons.

Several thousand cells tile the land (a relaxed Voronoi tiling, finer where people live close). An area is
grown over neighbouring cells from a seed along the cheapest way: it is in one piece, follows barriers as real
borders follow railways and main streets, and shares every corner with its neighbours.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np

CELLS = 13000


@cache
def drawing() -> dict:
    """The hand-drawn map: outline, barriers, names and seeds of the areas."""
    return tomllib.loads(files("mrstats.example_city").joinpath("map.toml").read_text(encoding="utf-8"))


@dataclass
class Tiling:
    """Small cells of land: centres (k, 2) in metres, polygons, people (relative), and which of them touch."""

    centre: np.ndarray
    polygon: np.ndarray
    weight: np.ndarray
    left: np.ndarray  # neighbouring pairs: left[i] and right[i] share an edge
    right: np.ndarray
    cost: np.ndarray  # how hard it is to grow across that edge


def crowding(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How closely people live, 1 in the centre and falling outwards."""
    cx, cy = drawing()["centre"]
    distance = np.hypot((x - cx) / 1.15, y - cy) / 1000
    return 1 / (1 + (distance / 2.6) ** 2.2) + 0.02


def tile_land(rng: np.random.Generator) -> Tiling:
    """Seeds in land and near water, thicker towards the centre; relaxed twice; the cells on land are kept."""
    import shapely
    from scipy.spatial import Voronoi

    land, basin = _land(rng)
    west, south, east, north = land.buffer(900).bounds
    proposal = rng.uniform([west, south], [east, north], size=(CELLS * 14, 2))
    keep = rng.random(len(proposal)) < (0.25 + 0.75 * crowding(*proposal.T)) / 1.02
    inner = proposal[keep][:CELLS]
    quay = _quay_seeds(basin)
    inner = inner[shapely.distance(shapely.points(inner), basin.exterior) > 80]
    fence = np.array(
        [
            [west - 9e4, south - 9e4],
            [east + 9e4, south - 9e4],
            [west - 9e4, north + 9e4],
            [east + 9e4, north + 9e4],
        ]
    )
    for _ in range(2):
        polygons = _polygons(Voronoi(np.vstack([inner, quay, fence])), len(inner))
        centroid = shapely.get_coordinates(shapely.centroid(polygons))
        moved = np.abs(centroid - inner).max(axis=1) < 2000  # cells at the fence have run away: leave them
        inner = np.where(moved[:, None], centroid, inner)
        inner = inner[shapely.distance(shapely.points(inner), basin.exterior) > 60]
    seeds = np.vstack([inner, quay])
    voronoi = Voronoi(np.vstack([seeds, fence]))
    polygons = _polygons(voronoi, len(seeds))
    shapely.prepare(land)
    on_land = shapely.contains_xy(land, *seeds.T) & ~shapely.contains_xy(basin, *seeds.T)
    pairs = voronoi.ridge_points[(voronoi.ridge_points < len(seeds)).all(axis=1)]
    on_land = _largest_piece(on_land, pairs)
    number = np.cumsum(on_land) - 1
    pairs = number[pairs[on_land[pairs].all(axis=1)]]
    centre, polygon = seeds[on_land], polygons[on_land]
    left, right = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].T
    weight = crowding(*centre.T) * shapely.area(polygon) / 1e4 * rng.gamma(2.2, 1 / 2.2, len(centre))
    return Tiling(centre, polygon, weight, left, right, _crossing_cost(centre, left, right))


def _land(rng: np.random.Generator):
    """The drawn outline with a ragged edge (midpoints pushed sideways four times over); the harbour basin."""
    import shapely

    line = np.array(drawing()["outline"], dtype=float)
    for _ in range(4):
        after = np.roll(line, -1, axis=0)
        step = after - line
        sideways = np.column_stack([-step[:, 1], step[:, 0]]) * rng.normal(0, 0.085, (len(line), 1))
        line = np.stack([line, (line + after) / 2 + sideways], axis=1).reshape(-1, 2)
    return shapely.make_valid(shapely.Polygon(line)), shapely.Polygon(drawing()["harbour"])


def _quay_seeds(basin) -> np.ndarray:
    """Pairs of seeds mirrored in the quays: the border between their cells is the quay, a straight line."""
    corners = np.array(basin.exterior.coords)
    seeds = []
    for start, end in pairwise(corners):
        step = end - start
        length = np.hypot(*step)
        along = start + step * ((np.arange(int(length // 110)) + 0.5) / (length // 110))[:, None]
        normal = np.array([-step[1], step[0]]) / length * 50
        seeds += [along + normal, along - normal]
    return np.vstack(seeds)


def _polygons(voronoi, count: int) -> np.ndarray:
    """Cells of the first `count` seeds as polygons, corners in whole decimetres so that they are shared."""
    import shapely

    regions = [voronoi.regions[i] for i in voronoi.point_region[:count]]
    sizes = np.array([len(region) for region in regions])
    corners = np.round(voronoi.vertices, 1)[np.concatenate(regions)]
    rings = shapely.linearrings(
        np.insert(corners, np.cumsum(sizes), corners[np.cumsum(sizes) - sizes], axis=0),
        indices=np.repeat(np.arange(count), sizes + 1),
    )
    return shapely.polygons(rings)


def _largest_piece(chosen: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Of the chosen cells, those that hang together with most others: no stray islets."""
    inside = pairs[chosen[pairs].all(axis=1)]
    piece = pieces(inside[:, 0], inside[:, 1], len(chosen))
    return chosen & (piece == np.bincount(piece[chosen]).argmax())


def pieces(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left)), (left, right)), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _crossing_cost(centre: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Distance between neighbours, in units that count the centre as wider, times four across a barrier."""
    import shapely

    lines = shapely.linestrings(np.stack([centre[left], centre[right]], axis=1))
    barriers = shapely.MultiLineString([np.array(line) for line in drawing()["barriers"]])
    shapely.prepare(barriers)
    length = shapely.length(lines) * np.sqrt(crowding(*((centre[left] + centre[right]) / 2).T) + 0.05)
    return length * np.where(shapely.intersects(barriers, lines), 4.0, 1.0)


def grow(tiling: Tiling, seeds, rng, *, roughness: float, within: np.ndarray | None = None) -> np.ndarray:
    """Label each cell with the seed it is cheapest to reach from; every label is one connected piece.

    `within` restricts growth to some cells; the others get the label -1.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    count = len(tiling.centre)
    inside = np.ones(count, dtype=bool) if within is None else within
    cells = np.flatnonzero(inside)
    used = inside[tiling.left] & inside[tiling.right]
    cost = tiling.cost[used] * np.exp(rng.normal(0, roughness, used.sum()))
    graph = coo_array((cost, (tiling.left[used], tiling.right[used])), shape=(count, count)).tocsr()
    offset = np.asarray(seeds, dtype=float)[:, None, :] - tiling.centre[cells][None, :, :]
    start = cells[(offset**2).sum(axis=2).argmin(axis=1)]
    _, _, source = dijkstra(graph, directed=False, indices=start, min_only=True, return_predecessors=True)
    label = np.full(count, -1)
    label[start] = np.arange(len(start))
    reached = source >= 0
    return np.where(reached, label[np.where(reached, source, start[0])], -1)
