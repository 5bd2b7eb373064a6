"""What the pictures of change, ranking, scorecard, search and places have in common: words, sizes, and hidden rows."""

import re
from functools import cache

import numpy as np
import pytest

from display_fixtures import by_area, make_city
from finding_fixtures import (
    by_year,
    changes_by_area,
    changes_by_birth,
    ranking,
    scorecard_table,
    thirty_areas,
    tree_table,
)
from mrstats import look
from mrstats.charts import chart
from mrstats.maps import choropleth
from mrstats.schema import MrstatsError
from mrstats.timelines import timeline
from places_fixtures import came_of, divided, profiled, quotients, shared, touched

NUMBER = r"-?[\d.]+"


@cache
def city():
    return make_city()


def hidden_timeline(data, **options):
    return timeline(data, changes_by_birth(), city=city(), **options)


def hidden_map(data, **options):
    return choropleth(by_area(), data, city=city(), **options)


def map_of_quotients(data, **options):
    return choropleth(data, city=city(), **options)


def drawn(data, **options):
    return chart(data, city=city(), **options)


PICTURES = {
    "timeline": (hidden_timeline, by_year(), "country_of_birth", "africa"),
    "map": (hidden_map, changes_by_area(), "geography", "R04"),
    "funnel": (drawn, ranking(thirty_areas()), "geography", "R11"),
    "scorecard": (drawn, scorecard_table(), "factor", "education"),
    "tree": (drawn, tree_table(), "node", "am"),
    "segregation": (drawn, divided(), "group", "nordic"),
    "allocation": (drawn, shared(), "group", "low"),
    "profile": (drawn, profiled(), "indicator", "employment"),
    "impact": (drawn, touched(), "group", "women"),
    "quotients": (map_of_quotients, quotients(), "geography", "R12"),
}
WITHOUT_HIDDEN = {
    "parts of a change": (drawn, divided().query("since < year")),
    "effect": (drawn, came_of()),
}
"""Results of which nothing is hidden row by row."""

NEVER_FIGURES = ("year", "since", "vintage", "depth", "searched", "city_value", "confidence")


@pytest.fixture(params=[*PICTURES, *WITHOUT_HIDDEN])
def picture(request):
    return {**PICTURES, **WITHOUT_HIDDEN}[request.param]


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_alt_text_keeps_its_length_and_title_its_words(picture, language):
    draw, data, *_ = picture
    display = draw(data, language=language)
    assert display.kind == "figure"
    assert 200 <= len(display.alt) <= 400
    assert 1 <= len(display.title.split()) <= 12
    assert display.title[0].isupper()
    everything = " ".join(
        [display.title, display.subtitle, display.source, *display.notes, display.alt, *texts(display)]
    )
    assert not re.search(r"\bnan\b|None|_T|[{}]|\binf\b", everything)
    assert display.width_mm == look.COLUMN_WIDTH
    assert display.height_mm <= 205


@pytest.mark.parametrize("language", ["sv", "en"])
def test_texts_stay_on_the_sheet(picture, language):
    draw, data, *_ = picture
    display = draw(data, language=language)
    pattern = rf'<text[^>]*style="([^"]*)"[^>]*(?: x="|translate\()({NUMBER})(?:" y="| )({NUMBER})[^>]*>([^<]*)<'
    found = re.findall(pattern, display.svg)
    assert len(found) > 5
    for style, x, y, text in found:
        size = float(re.search(r"([\d.]+)px", style)[1])
        assert size >= look.LEAST_SIZE, text
        left = float(x) * look.POINT
        width = look.text_width(text, size)  # regular weight: a little less than semibold
        start = {"middle": left - width / 2, "end": left - width}.get(
            (re.search(r"text-anchor: (\w+)", style) or ["", ""])[1], left
        )
        assert start > -0.5, text
        assert start + width < look.COLUMN_WIDTH + 0.5, text
        assert 0 < float(y) * look.POINT < display.height_mm, text


def test_drawing_is_the_same_every_time_and_without_bitmap(picture):
    draw, data, *_ = picture
    first, second = draw(data), draw(data.sample(frac=1, random_state=0)) if draw is not drawn else draw(data)
    assert first.svg == second.svg
    assert first.alt == second.alt
    assert "<image" not in first.svg
    assert "clip-path=" not in first.svg


@pytest.mark.parametrize("name", PICTURES)
def test_a_hidden_row_leaves_no_trace_of_what_it_held(name):
    draw, data, column, code = PICTURES[name]
    hide = data[column] == code
    emptied, filled = data.copy(), data.copy()
    figures = [name for name in data.select_dtypes("number") if name not in NEVER_FIGURES]
    emptied[figures] = emptied[figures].astype(float)
    filled[figures] = filled[figures].astype(float)
    emptied.loc[hide, figures] = np.nan
    filled.loc[hide, figures] = 87.654
    emptied["status"] = np.where(hide, "C", data["status"])
    filled["status"] = emptied["status"]
    for name, value in (
        ("sure", True),
        ("confirmed", True),
        ("outside", "99.8"),
        ("gap_direction", "grows"),
        ("path", ""),
    ):
        if name in filled:
            filled.loc[hide, name] = value
    one, other = draw(emptied), draw(filled)
    assert one.as_json() == other.as_json()
    assert ".." in " ".join(texts(one))
    assert any(note.startswith("..") for note in one.notes)
    assert "87,7" not in one.svg + one.alt
    assert one.svg != draw(data).svg, "the row was there before it was hidden"


def test_an_own_title_and_alt_win(picture):
    draw, data, *_ = picture
    display = draw(data, title="En egen rubrik", alt="En egen text.")
    assert (display.title, display.alt) == ("En egen rubrik", "En egen text.")
    with pytest.raises(MrstatsError, match="13 words"):
        draw(data, title="a b c d e f g h i j k l m")


def test_figures_of_made_up_data_are_marked(picture):
    draw, data, *_ = picture
    assert "Syntetiska exempeldata" in draw(data).marks


def test_changes_alone_are_no_chart():
    with pytest.raises(MrstatsError, match=r"what mr\.change returned.*mr\.timeline\(table, changes\)"):
        drawn(changes_by_birth())


def test_the_drawings_pass_the_standards_of_an_accessible_pdf(tmp_path):
    import datetime
    from pathlib import Path

    import font_source_sans_pro
    import typst

    lines = ['#set document(title: "t", date: datetime(year: 2024, month: 1, day: 1))', '#set text(lang: "sv")', "= T"]
    for name, (draw, data, *_) in PICTURES.items():
        (tmp_path / f"{name}.svg").write_text(draw(data).svg, encoding="utf-8")
        lines.append(f'#figure(image("{name}.svg", alt: "a"), caption: [c])')
    (tmp_path / "page.typ").write_text("\n".join(lines), encoding="utf-8")
    fonts = {str(Path(face).parent) for face in font_source_sans_pro.font_files_ttf.values()}
    _, warnings = typst.compile_with_warnings(
        tmp_path / "page.typ",
        output=tmp_path / "page.pdf",
        font_paths=sorted(fonts),
        ignore_system_fonts=True,
        pdf_standards=["ua-1", "a-3a"],
        timestamp=datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    )
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
    assert [warning.message for warning in warnings if "font" not in warning.message] == []
