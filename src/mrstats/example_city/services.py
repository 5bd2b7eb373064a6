"""Service points of Exempelstad: libraries, preschools, health centres and the like, at made-up addresses."""

from __future__ import annotations

import numpy as np

from mrstats.example_city.areas import regso_places
from mrstats.example_city.tiling import drawing
from mrstats.measures.nearest import is_near, nearest_distance

KINDS = {
    # kind: how many, the word of its name, least metres between two of a kind
    "library": (9, "Biblioteket", 1300),
    "elderly_centre": (8, "Mötesplatsen", 1300),
    "youth_centre": (8, "Fritidsgården", 1300),
    "preschool": (60, "Förskolan", 300),
    "health_centre": (14, "Vårdcentralen", 800),
    "citizen_office": (4, "Medborgarkontoret", 2500),
}


def service_points(rng: np.random.Generator, points):
    """Place the services where people live, apart from others of their kind.

    Parameters
    ----------
    rng : numpy.random.Generator
    points : DataFrame
        Population points with x, y, weight and index of their RegSO.

    Returns
    -------
    DataFrame
        id, kind, name, address, postal_code, x, y (EPSG:3006, metres).
    """
    import pandas as pd

    rows, names = [], drawing()["preschools"]
    used: set[str] = set()
    place = points[["x", "y"]].to_numpy()
    chance = np.sqrt(points["weight"].to_numpy())
    for kind, (count, word, apart) in KINDS.items():
        free = np.ones(len(points), dtype=bool)
        for number in range(count):
            here = rng.choice(len(points), p=(chance * free) / (chance * free).sum())
            regso = points["regso"].iloc[here]
            free &= np.hypot(*(place - place[here]).T) > apart
            if kind != "preschool":  # one in each RegSO at most, so that its name tells which it is
                free &= points["regso"].to_numpy() != regso
            proper = regso_places()[regso]["name"]
            if kind == "preschool":
                proper = names[number % len(names)] + ("", " i " + proper)[number >= len(names)]
            address = _address(rng, used)
            x, y = np.round(place[here] + rng.normal(0, 18, 2), 1)
            rows.append((f"{kind}-{number + 1:02d}", kind, f"{word} {proper}", address, f"980 {10 + regso}", x, y))
    return pd.DataFrame(rows, columns=["id", "kind", "name", "address", "postal_code", "x", "y"])


def near(points, services, *, kind: str, metres: float) -> np.ndarray:
    """Whether a service of the kind lies within so many metres of each population point, shape (points,)."""
    places = services.loc[services["kind"] == kind, ["x", "y"]].to_numpy()
    return is_near(nearest_distance(points[["x", "y"]], places), metres)


def _address(rng, used: set[str]) -> str:
    """A made-up street and a number, never the same twice."""
    while True:
        first, last = (rng.choice(drawing()[part]) for part in ("street_first", "street_last"))
        address = f"{first}{last} {rng.integers(1, 80)}"
        if address not in used:
            used.add(address)
            return address
