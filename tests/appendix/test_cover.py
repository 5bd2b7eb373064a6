"""The drawing on the cover: areas of two nested levels, the same bytes for the same boundaries, or none."""

import re
from types import SimpleNamespace

from mrstats.appendix.cover import TONES, cover_drawing


def test_every_area_is_filled_and_every_district_outlined_once(city):
    drawing = cover_drawing(city)
    assert len(re.findall(f'fill="({"|".join(TONES)})"', drawing)) == 10
    assert drawing.count('fill="none"') == 3
    assert 'viewBox="-4 -4 1008 319"' in drawing  # 4,500 m wide and 1,400 m high, on a width of 1,000
    assert drawing == cover_drawing(city)


def test_a_city_without_boundaries_has_no_drawing():
    levels = {"district": SimpleNamespace(parent="city")}
    assert cover_drawing(SimpleNamespace(geographies=levels, polygons=lambda level: None)) is None
