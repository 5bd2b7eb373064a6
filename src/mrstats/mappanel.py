"""One map on a sheet: shapes in millimetres, patterns, labels that fit, north and scale. No legend, no class limits."""

from __future__ import annotations

from dataclasses import dataclass

from . import look

_STRIP = 11.0
_TOLERANCE = 0.12
"""Millimetres: the strip under the map for the scale bar, and how far a simplified border may stray."""

_HATCH_STEP, _DOT_STEP, _DOT_RADIUS = 1.5, 1.5, 0.2
_CAP, _LINE, _CLEARANCE, _ARROW = 2.1, 3.6, 0.45, 2.6
"""Millimetres: height of a capital letter and line step at nine points, air around a label, and an arrow's room."""


@dataclass(frozen=True)
class Place:
    """An area as it is drawn: its shape, colour or pattern, and what is written in it.

    `pattern` is "" for a plain fill, else "hidden", "unreliable", "missing" or "none"; `arrow` is "^" or "v" before
    the text of a change.
    """

    code: str
    name: str
    geometry: object
    fill: str
    text: str
    pattern: str
    district: str = ""
    arrow: str = ""
    edge: str = look.WHITE


class Panel:
    """A map laid out in a box of the sheet, as large as the box allows.

    Parameters
    ----------
    places : sequence of Place
        Areas in the coordinates of their boundaries, in metres.
    water : GeoDataFrame or None
        Named water; it is not coloured.
    width, height : float
        Room in millimetres; under the map comes a strip for the scale bar.
    left, top : float
        Upper left corner of the room on the sheet.
    """

    def __init__(self, places, water, width: float, height: float, *, left: float = 0.0, top: float = 0.0):
        import shapely

        self.left, self.top, self.width = left, top, width
        shapes = [place.geometry for place in places]
        west, south, east, north = shapely.total_bounds(shapes)
        self.scale = min(width / (east - west), height / (north - south))  # millimetres in a metre
        self._origin = west, north
        drawn = [self._to_sheet(shape) for shape in _simplified(shapes, _TOLERANCE / self.scale)]
        self.places = list(zip(places, drawn, strict=True))
        self.districts = {
            code: shapely.union_all([shape for place, shape in self.places if place.district == code])
            for code in sorted({place.district for place in places})
        }
        self.city = shapely.union_all(list(self.districts.values()))
        self.bottom = top + (north - south) * self.scale
        self.end = self.bottom + _STRIP
        frame = shapely.box(left, top, left + width, self.bottom)
        waters = [] if water is None else list(zip(water["name"], water.geometry, strict=True))
        self.waters = [(name, self._to_sheet(shape).intersection(frame)) for name, shape in waters]
        self.water = shapely.union_all([shape for _, shape in self.waters])
        self.unnamed = self.unvalued = 0

    def _to_sheet(self, geometry):
        import shapely

        west, north = self._origin
        flip = (1, -1)
        return shapely.transform(
            geometry, lambda points: (points - (west, north)) * flip * self.scale + (self.left, self.top)
        )

    def draw(self, sheet: look.Sheet, *, with_scale: bool = True) -> None:
        """Draw everything, once; afterwards `unnamed` and `unvalued` count what did not fit."""
        self.sheet = sheet
        self._draw_areas()
        self._draw_patterns()
        self._draw_borders()
        for place, shape in self.places:
            self._label(place, shape.difference(self.water))
        if with_scale:
            self._draw_water_names()
            self._draw_north()
            self._draw_scale_bar()

    def _draw_areas(self) -> None:
        for place, shape in self.places:
            if not place.pattern:
                self.sheet.shape(shape, fill=place.fill, edge=place.edge, width=look.AREA_LINE)

    def _draw_patterns(self) -> None:
        """One shape and one pattern for each status, however many areas have it."""
        import shapely

        for pattern in dict.fromkeys(place.pattern for place, _ in self.places if place.pattern):
            union = shapely.union_all([shape for place, shape in self.places if place.pattern == pattern])
            fill_pattern(self.sheet, union, pattern)
            for part in shapely.get_parts(union) if pattern == "hidden" else ():
                self._write_plate(part.difference(self.water), "..", bold=True)

    def _draw_borders(self) -> None:
        import shapely

        self.sheet.shape(self.water.intersection(self.city), fill=look.WHITE, edge=look.INK, width=0.8, layer=3)
        edges = shapely.union_all([shape.boundary for shape in self.districts.values()])
        inner = edges.difference(self.city.boundary.buffer(0.05)).difference(self.water)
        self.sheet.shape(inner, edge=look.WHITE, width=look.DISTRICT_LINE + 1.0, layer=3)  # seen on dark areas
        self.sheet.shape(inner, edge=look.INK, width=look.DISTRICT_LINE, layer=4)
        self.sheet.shape(self.city.boundary, edge=look.INK, width=0.8, layer=4)

    def _label(self, place: Place, room) -> None:
        """Name and value if both fit, else the value alone, else nothing (the table has it)."""
        if place.pattern == "hidden":
            return
        if place.pattern:
            self.unvalued += not self._write_plate(room, place.text, bold=place.pattern == "unreliable")
            return
        if place.arrow or not place.text:
            self._write_change(place, room)
            return
        colour = look.text_on(place.fill)
        value_width = look.text_width(place.text, weight=look.SEMIBOLD)
        name_width = look.text_width(place.name) if place.name else 0.0
        spot = place.name and spot_in(room, max(value_width, name_width), _CAP + _LINE + 0.6)
        if spot:
            x, y = spot
            self.sheet.middle(x, y - _LINE / 2, place.name, colour=colour, align="center")
            self.sheet.middle(x, y + _LINE / 2, place.text, colour=colour, align="center", weight=look.SEMIBOLD)
            return
        self.unnamed += 1
        spot = spot_in(room, value_width, _CAP)
        self.unvalued += spot is None
        if spot:
            self.sheet.middle(*spot, place.text, colour=colour, align="center", weight=look.SEMIBOLD)

    def _write_change(self, place: Place, room) -> None:
        """An arrow and the figure if they fit, else the arrow alone, else nothing (the table has it)."""
        if not place.text:
            return
        colour = look.text_on(place.fill)
        width = look.text_width(place.text, weight=look.SEMIBOLD)
        spot = spot_in(room, _ARROW + width, _CAP)
        if spot:
            x, y = spot[0] - (_ARROW + width) / 2, spot[1]
            self.sheet.mark(x + 0.9, y, shape=place.arrow, size=4.6, fill=colour)
            self.sheet.middle(x + _ARROW, y, place.text, colour=colour, weight=look.SEMIBOLD)
            return
        self.unvalued += 1
        spot = spot_in(room, 1.4, 1.2)
        if spot:
            self.sheet.mark(*spot, shape=place.arrow, size=4.6, fill=colour)

    def _write_plate(self, room, text: str, *, bold: bool) -> bool:
        """A sign on a white plate inside a pattern, if it fits."""
        weight = look.BOLD if bold else look.REGULAR
        width = look.text_width(text, weight=weight)
        spot = spot_in(room, width + 1.2, _CAP + 1.2)
        if spot:
            x, y = spot
            self.sheet.box(x - width / 2 - 0.8, y - 1.8, width + 1.6, 3.6, layer=5)
            lift = 0.8 if text.strip(".") == "" else 0.0  # dots sit on the baseline; centre them by eye
            self.sheet.middle(x, y - lift, text, weight=weight, align="center")
        return spot is not None

    def _draw_water_names(self) -> None:
        for name, shape in self.waters:
            width = look.text_width(name) + 2
            outside = shape.difference(self.city.buffer(1.0)).difference(self._north_box())
            spot = spot_in(outside, width, _CAP + 1)
            if spot:
                self.sheet.middle(*spot, name, colour=look.TEXT_2, align="center", italic=True)

    def _north_box(self):
        """The first corner of the map that the city leaves free, else the strip below."""
        import shapely

        starts = (self.left, self.left + self.width - 8)
        corners = [shapely.box(x, self.top, x + 8, self.top + 16) for x in starts]
        below = shapely.box(self.left + 40, self.bottom - 4, self.left + 48, self.bottom + 12)
        return next((corner for corner in corners if not corner.intersects(self.city)), below)

    def _draw_north(self) -> None:
        left, top, right, _ = self._north_box().bounds
        x = (left + right) / 2
        in_strip = top > self.top
        start, end = (top + 6.6, top + 12.6) if in_strip else (top + 5, top + 12)
        if in_strip:
            self.sheet.middle(x + 3, (start + end) / 2, "N", weight=look.SEMIBOLD, align="center")
        else:
            self.sheet.text(x, top + 3.2, "N", weight=look.SEMIBOLD, align="center")
        self.sheet.line([x, x], [start + 0.6, end], colour=look.INK, width=1.0, layer=5)
        self.sheet.mark(x, start + 0.7, shape="^", size=5)

    def _draw_scale_bar(self) -> None:
        """A bar of a round number of kilometres, at most a quarter of the map wide."""
        metres = max((length for length in (200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
                      if length * self.scale <= 0.25 * self.width), default=200)  # fmt: skip
        y, width = self.bottom + 6, metres * self.scale
        left = self.left + 3.0
        self.sheet.line([left, left + width], [y, y], colour=look.INK, width=1.0)
        for x in (left, left + width / 2, left + width):
            self.sheet.line([x, x], [y - 0.8, y], colour=look.INK, width=1.0)
        text = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
        for x, label in ((left, "0"), (left + width, text)):
            self.sheet.text(x, y + 3.4, label, size=look.SMALL_SIZE, colour=look.TEXT_2, align="center")


def _simplified(shapes, tolerance: float):
    """Borders with fewer corners, still shared by neighbours when the areas fit each other without gaps."""
    import shapely

    if shapely.coverage_is_valid(shapes):
        return list(shapely.coverage_simplify(shapes, tolerance))
    return list(shapely.simplify(shapes, tolerance))


def fill_pattern(sheet: look.Sheet, shape, pattern: str) -> None:
    """Fill a shape in sheet coordinates as its status asks: hidden hatched, unreliable dotted, else white."""
    sheet.shape(shape, fill=look.WHITE, edge=look.HATCH, width=look.PATTERN_LINE, layer=2)
    if pattern == "hidden":
        sheet.shape(_hatched(shape), edge=look.HATCH, width=look.PATTERN_LINE, layer=2)
    elif pattern == "unreliable":
        sheet.shape(_dotted(shape), fill=look.HATCH, layer=2)


def _hatched(shape):
    """Diagonal lines inside a shape, as one geometry."""
    import shapely

    left, top, right, bottom = shape.bounds
    height = bottom - top
    first = int((left - height) // _HATCH_STEP)
    starts = [place * _HATCH_STEP for place in range(first, int(right // _HATCH_STEP) + 1)]
    lines = shapely.MultiLineString([[(x, bottom), (x + height, top)] for x in starts])
    return lines.intersection(shape)


def _dotted(shape):
    """Small dots in a staggered grid inside a shape, as one geometry."""
    import numpy
    import shapely

    left, top, right, bottom = shape.bounds
    rows = numpy.arange(top - top % _DOT_STEP, bottom, _DOT_STEP / 2)
    points = [
        (x + (_DOT_STEP / 2) * (place % 2), y)
        for place, y in enumerate(rows)
        for x in numpy.arange(left - left % _DOT_STEP, right, _DOT_STEP)
    ]
    inside = shapely.MultiPoint(points).intersection(shape.buffer(-_DOT_RADIUS))
    return inside.buffer(_DOT_RADIUS, quad_segs=2)


def spot_in(room, width: float, height: float) -> tuple[float, float] | None:
    """Where a box of text fits wholly inside a shape, as far from its border as can be; None if nowhere."""
    import numpy
    import shapely

    if room.is_empty:
        return None
    left, top, right, bottom = room.bounds
    half_width, half_height = width / 2 + _CLEARANCE, height / 2 + _CLEARANCE
    if right - left < 2 * half_width or bottom - top < 2 * half_height:
        return None
    xs, ys = numpy.meshgrid(
        numpy.linspace(left + half_width, right - half_width, 24),
        numpy.linspace(top + half_height, bottom - half_height, 24),
    )
    boxes = shapely.box(xs - half_width, ys - half_height, xs + half_width, ys + half_height).ravel()
    shapely.prepare(room)
    fitting = boxes[shapely.contains(room, boxes)]
    if not len(fitting):
        return None
    distances = shapely.distance(fitting, room.boundary)
    best = fitting[int(numpy.argmax(numpy.round(distances, 3)))].centroid
    return float(best.x), float(best.y)
