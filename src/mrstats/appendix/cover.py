"""The drawing on the cover: the city's areas as an ornament. It shows boundaries only, never a figure."""

from __future__ import annotations

TONES = ("#5A8DB3", "#477DA5", "#366C96", "#2A5F8A", "#22577F")
"""Fills from the smallest areas to the largest, so that the dense centre is the lightest."""

INNER_BORDER = "#123A5E"
OUTER_BORDER = "#B4D2E2"
WIDTH = 1000.0


def cover_drawing(city) -> str | None:
    """SVG of the city's areas, or None when the dataset has no boundaries.

    Parameters
    ----------
    city : City
        Its levels with polygons that nest are drawn: the finest but one within the coarsest.

    Returns
    -------
    str or None
        The same bytes for the same boundaries.
    """
    pair = _nested_levels(city)
    if pair is None:
        return None
    outer, inner = (city.polygons(level).sort_values("code") for level in pair)
    left, lower, right, upper = outer.total_bounds
    scale = WIDTH / (right - left)
    height = (upper - lower) * scale

    def path(geometry) -> str:
        rings = []
        for polygon in getattr(geometry.simplify(1.0 / scale), "geoms", [geometry.simplify(1.0 / scale)]):
            for ring in (polygon.exterior, *polygon.interiors):
                points = (f"{(x - left) * scale:.1f} {(upper - y) * scale:.1f}" for x, y, *_ in ring.coords)
                rings.append("M" + "L".join(points) + "Z")
        return "".join(rings)

    ranks = inner.geometry.area.rank(method="first")
    tones = [TONES[int((rank - 1) * len(TONES) // len(inner))] for rank in ranks]
    shapes = [
        f'<path d="{path(shape)}" fill="{tone}" stroke="{INNER_BORDER}" stroke-width="2"/>'
        for shape, tone in zip(inner.geometry, tones, strict=True)
    ]
    edges = [f'<path d="{path(s)}" fill="none" stroke="{OUTER_BORDER}" stroke-width="3"/>' for s in outer.geometry]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {WIDTH + 8:.0f} {height + 8:.0f}" '
        f'width="{WIDTH + 8:.0f}" height="{height + 8:.0f}" stroke-linejoin="round">'
        f"{''.join(shapes + edges)}</svg>"
    )


def _nested_levels(city) -> tuple[str, str] | None:
    """The coarsest level and the one right below it, both with polygons; one level alone is drawn twice."""
    drawn = [name for name in city.geographies if city.polygons(name) is not None]
    below = {city.geographies[name].parent: name for name in drawn}
    coarse = [name for name in drawn if city.geographies[name].parent not in drawn]
    coarse.sort(key=lambda name: name not in below)  # a level with another inside it comes first
    return (coarse[0], below.get(coarse[0], coarse[0])) if coarse else None
