"""How a map is drawn: shapes in millimetres, patterns, labels that fit, legend, locator. No class limits."""

from __future__ import annotations

from dataclasses import dataclass

from . import look

MAP_WIDTH, MAP_HEIGHT, LEGEND_LEFT = 112.0, 128.0, 121.0
_STRIP = 11.0
_TOLERANCE = 0.12
"""Millimetres: the strip under the map for the scale bar, and how far a simplified border may stray."""

_HATCH_STEP, _DOT_STEP, _DOT_RADIUS = 1.5, 1.5, 0.2
_CAP, _LINE, _CLEARANCE = 2.1, 3.6, 0.45
"""Millimetres: height of a capital letter and line step at nine points, and air around a label."""


@dataclass(frozen=True)
class Place:
    """An area as it is drawn: its shape, colour or pattern, and what is written in it.

    `pattern` is "" for a plain fill, else "hidden", "unreliable", "missing" or "none".
    """

    code: str
    name: str
    geometry: object
    fill: str
    text: str
    pattern: str
    district: str = ""


@dataclass(frozen=True)
class LegendRow:
    """A line of the legend: swatch, label and a bar of persons or areas."""

    label: str
    fill: str
    pattern: str
    amount: float
    text: str


@dataclass(frozen=True)
class Legend:
    """The words and rows beside the map."""

    heading: str
    bars: str
    rows: tuple[LegendRow, ...]
    border: str
    whole: str


class Drawing:
    """A map laid out on a sheet of the column's width.

    Parameters
    ----------
    places : sequence of Place
        Areas in the coordinates of their boundaries, in metres.
    letters : dict
        Letter of each district on the locator; empty when the areas are the districts themselves.
    water : GeoDataFrame or None
        Named water; it is not coloured.
    legend : Legend
        Words and rows beside the map.
    """

    def __init__(self, places, letters: dict[str, str], water, legend: Legend):
        import shapely

        self.letters, self.legend = letters, legend
        shapes = [place.geometry for place in places]
        left, bottom, right, top = shapely.total_bounds(shapes)
        self.scale = min(MAP_WIDTH / (right - left), MAP_HEIGHT / (top - bottom))  # millimetres in a metre
        self._origin = left, top
        drawn = [self._to_sheet(shape) for shape in _simplified(shapes, _TOLERANCE / self.scale)]
        self.places = list(zip(places, drawn, strict=True))
        self.districts = {
            code: shapely.union_all([shape for place, shape in self.places if place.district == code])
            for code in sorted({place.district for place in places})
        }
        self.city = shapely.union_all(list(self.districts.values()))
        self.map_height = (top - bottom) * self.scale
        frame = shapely.box(0, 0, MAP_WIDTH, self.map_height)
        waters = [] if water is None else list(zip(water["name"], water.geometry, strict=True))
        self.waters = [(name, self._to_sheet(shape).intersection(frame)) for name, shape in waters]
        self.water = shapely.union_all([shape for _, shape in self.waters])
        self.unnamed = self.unvalued = 0
        self.height = max(self.map_height + _STRIP, self._legend_height()) + look.UNDER_LAST_BASELINE
        self.sheet = look.Sheet(look.COLUMN_WIDTH, round(self.height, 2))

    def _to_sheet(self, geometry):
        import shapely

        left, top = self._origin
        flip = (1, -1)
        return shapely.transform(geometry, lambda points: (points - (left, top)) * flip * self.scale)

    def svg(self) -> str:
        """Draw everything, once; afterwards `unnamed` and `unvalued` count what did not fit."""
        self._draw_areas()
        self._draw_patterns()
        self._draw_borders()
        for place, shape in self.places:
            self._label(place, shape.difference(self.water))
        self._draw_water_names()
        self._draw_north()
        self._draw_scale_bar()
        self._draw_legend()
        return self.sheet.svg()

    # The map ------------------------------------------------------------------------------------------

    def _draw_areas(self) -> None:
        for place, shape in self.places:
            if not place.pattern:
                self.sheet.shape(shape, fill=place.fill, edge=look.WHITE, width=look.AREA_LINE)

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
        colour = look.text_on(place.fill)
        value_width = look.text_width(place.text, weight=look.SEMIBOLD)
        name_width = look.text_width(place.name) if place.name else 0.0
        spot = place.name and _spot(room, max(value_width, name_width), _CAP + _LINE + 0.6)
        if spot:
            x, y = spot
            self.sheet.middle(x, y - _LINE / 2, place.name, colour=colour, align="center")
            self.sheet.middle(x, y + _LINE / 2, place.text, colour=colour, align="center", weight=look.SEMIBOLD)
            return
        self.unnamed += 1
        spot = _spot(room, value_width, _CAP)
        self.unvalued += spot is None
        if spot:
            self.sheet.middle(*spot, place.text, colour=colour, align="center", weight=look.SEMIBOLD)

    def _write_plate(self, room, text: str, *, bold: bool) -> bool:
        """A sign on a white plate inside a pattern, if it fits."""
        weight = look.BOLD if bold else look.REGULAR
        width = look.text_width(text, weight=weight)
        spot = _spot(room, width + 1.2, _CAP + 1.2)
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
            spot = _spot(outside, width, _CAP + 1)
            if spot:
                self.sheet.middle(*spot, name, colour=look.TEXT_2, align="center", italic=True)

    # North, scale, locator ----------------------------------------------------------------------------

    def _north_box(self):
        """The first corner of the map that the city leaves free, else the strip below."""
        import shapely

        corners = [shapely.box(x, 0, x + 8, 16) for x in (0, MAP_WIDTH - 8)]
        below = shapely.box(40, self.map_height - 4, 48, self.map_height + 12)
        return next((corner for corner in corners if not corner.intersects(self.city)), below)

    def _draw_north(self) -> None:
        left, top, right, _ = self._north_box().bounds
        x = (left + right) / 2
        in_strip = top > 0
        start, end = (top + 6.6, top + 12.6) if in_strip else (top + 5, top + 12)
        if in_strip:
            self.sheet.middle(x + 3, (start + end) / 2, "N", weight=look.SEMIBOLD, align="center")
        else:
            self.sheet.text(x, top + 3.2, "N", weight=look.SEMIBOLD, align="center")
        self.sheet.line([x, x], [start + 0.6, end], colour=look.INK, width=1.0, layer=5)
        self.sheet.mark(x, start + 0.7, shape="^", size=5)

    def _draw_scale_bar(self) -> None:
        """A bar of a round number of kilometres, about a fifth of the map wide."""
        metres = max((length for length in (200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
                      if length * self.scale <= 28), default=200)  # fmt: skip
        y, width = self.map_height + 6, metres * self.scale
        left = 3.0
        self.sheet.line([left, left + width], [y, y], colour=look.INK, width=1.0)
        for x in (left, left + width / 2, left + width):
            self.sheet.line([x, x], [y - 0.8, y], colour=look.INK, width=1.0)
        text = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
        for x, label in ((left, "0"), (left + width, text)):
            self.sheet.text(x, y + 3.4, label, size=look.SMALL_SIZE, colour=look.TEXT_2, align="center")

    def _locator_height(self) -> float:
        return 35.0 * self.map_height / MAP_WIDTH + 4 if self.letters else 0.0

    def _draw_locator(self, top: float) -> None:
        import shapely

        size = 35.0 / MAP_WIDTH

        def shrink(shape):
            return shapely.transform(shape, lambda points: points * size + (LEGEND_LEFT, top))

        for code, shape in self.districts.items():
            small = shrink(shape)
            self.sheet.shape(small, fill=look.PANEL, edge=look.TEXT_2, width=0.6, layer=2)
            spot = _spot(small, 1.0, 1.0)
            x, y = spot or (small.representative_point().x, small.representative_point().y)
            self.sheet.middle(x, y, self.letters[code], weight=look.BOLD, colour=look.BETTER, align="center")

    # Legend -------------------------------------------------------------------------------------------

    def _border_lines(self) -> list[str]:
        return look.wrap(self.legend.border, look.COLUMN_WIDTH - LEGEND_LEFT - 6.2)

    def _legend_height(self) -> float:
        return 11.0 + 9.2 * len(self.legend.rows) + 4 * len(self._border_lines()) + 7 + self._locator_height()

    def _draw_legend(self) -> None:
        sheet, left, inset = self.sheet, LEGEND_LEFT, LEGEND_LEFT + 6.2
        sheet.text(left, 3.2, self.legend.heading, weight=look.SEMIBOLD)
        sheet.text(left, 7.2, self.legend.bars, size=look.SMALL_SIZE, colour=look.TEXT_2)
        longest = max(look.text_width(row.text, look.SMALL_SIZE) for row in self.legend.rows)
        unit = (look.COLUMN_WIDTH - inset - 1.6 - longest) / max(1.0, *(row.amount for row in self.legend.rows))
        y = 10.6
        for row in self.legend.rows:
            self._draw_swatch(left, y, row)
            sheet.middle(inset, y + 2.1, row.label)
            bar = row.amount * unit
            if bar:
                sheet.box(inset, y + 5.2, bar, 1.9, fill=look.HATCH)
            sheet.middle(
                inset + bar + (1.4 if bar else 0),
                y + 6.15,
                row.text,
                size=look.SMALL_SIZE,
                colour=look.TEXT_2,
            )
            y += 9.2
        y += 1.2
        sheet.line([left, left + 4.6], [y, y], colour=look.INK, width=look.DISTRICT_LINE)
        for line in self._border_lines():
            sheet.middle(inset, y, line)
            y += 4
        if self.legend.whole:
            sheet.middle(left, y + 1.6, self.legend.whole, weight=look.SEMIBOLD)
        if self.letters:
            self._draw_locator(y + 6)

    def _draw_swatch(self, x: float, y: float, row: LegendRow) -> None:
        import shapely

        if row.pattern:
            fill_pattern(self.sheet, shapely.box(x + 0.1, y, x + 4.7, y + 4.2), row.pattern)
        else:
            self.sheet.box(x + 0.1, y, 4.6, 4.2, fill=row.fill, edge=look.AXIS)


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


def _spot(room, width: float, height: float) -> tuple[float, float] | None:
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
