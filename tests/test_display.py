"""The display object: three types of output, scopes, escaping, marks."""

import json
import re

import pytest

from display_fixtures import make_city
from mrstats import look
from mrstats.display import MIME_TYPE, Display, marks_for
from mrstats.schema import MrstatsError

SVG = '<svg width="10pt" height="20pt" viewBox="0 0 10 20"><text style="font: 9px \'Source Sans Pro\'">Å</text></svg>'


@pytest.fixture
def small_table():
    return Display(
        "table",
        "sv",
        marks=["Syntetiska exempeldata"],
        title="Titel <1>",
        subtitle="Under & över",
        source="Källa: register.",
        notes=["u = osäker"],
        columns=[
            {"text": "Område", "align": "left"},
            {"text": "Andel", "align": "right"},
            {"text": "Antal", "align": "right"},
            {"text": "Not", "align": "left"},
        ],
        spanners=[{"text": "Kvinnor", "first": 1, "last": 2}],
        rows=[
            {"cells": ["Kustvik", "72,8", "840", "u"], "total": False},
            {"cells": ["Hela staden", "69,2", "4 210", ""], "total": True},
        ],
    )


@pytest.fixture
def figure():
    return Display(
        "figure",
        "sv",
        title="T",
        alt='Alt "med" tecken',
        svg=SVG,
        width_mm=156.0,
        height_mm=20.0,
        source="Källa: x.",
    )


def test_bundle_has_html_text_and_the_dict_the_exporter_reads(small_table):
    bundle = small_table._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain", MIME_TYPE}
    assert json.loads(json.dumps(bundle[MIME_TYPE])) == bundle[MIME_TYPE]
    assert set(bundle[MIME_TYPE]) == {
        "kind", "language", "marks", "title", "subtitle", "source", "notes", "columns", "spanners", "rows"
    }  # fmt: skip


def test_bundle_can_be_asked_for_one_type(small_table):
    assert set(small_table._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}
    assert "text/html" not in small_table._repr_mimebundle_(exclude=["text/html"])


def test_html_table_has_caption_and_scopes(small_table):
    html = small_table.as_html()
    assert html.count('<th scope="col"') == 4
    assert html.count('<th scope="row"') == 2
    assert '<th scope="colgroup" colspan="2"' in html
    assert html.count("<caption") == 1
    assert html.count("<table") == 1
    assert 'lang="sv"' in html


def test_html_spanner_row_is_as_wide_as_the_table(small_table):
    head = small_table.as_html().split("<thead><tr>")[1].split("</tr>")[0]
    assert head.count('<td colspan="1">') == 2
    assert 'colspan="2"' in head


def test_html_is_escaped(small_table):
    html = small_table.as_html()
    assert "Titel &lt;1&gt;" in html
    assert "Under &amp; över" in html
    assert "<1>" not in html


def test_total_row_is_bold_with_a_rule(small_table):
    first, last = small_table.as_html().split("<tbody>")[1].split("</tbody>")[0].split("</tr><tr>")
    assert "font-weight:700" in last
    assert "border-top" in last
    assert "font-weight:700" not in first
    assert "border-top" not in first


def test_html_figure_is_a_group_with_an_image_that_has_its_text(figure):
    html = figure.as_html()
    assert '<figure role="group"' in html
    assert 'role="img" aria-label="Alt &quot;med&quot; tecken"' in html
    assert 'width="195mm" height="25mm"' in html, "125 per cent of 156 and 20 mm"
    assert 'width="10pt"' not in html
    assert "Arial, sans-serif" in html
    assert "Arial" not in figure.as_json()["svg"]


def test_text_marks_bold_and_nothing_else():
    text = Display("text", "sv", paragraphs=["**61 procent** <b>är</b> sysselsatta."])
    assert "<strong>61 procent</strong> &lt;b&gt;är&lt;/b&gt;" in text.as_html()
    assert repr(text) == "61 procent <b>är</b> sysselsatta."
    assert text.as_json() == {
        "kind": "text",
        "language": "sv",
        "marks": [],
        "paragraphs": ["**61 procent** <b>är</b> sysselsatta."],
    }


def test_brief_is_a_numbered_list():
    brief = Display("brief", "sv", heading="I korthet", points=["Ett.", "**Två**."])
    assert brief.as_html().count("<li>") == 2
    assert brief.as_text() == "I korthet\n1. Ett.\n2. Två."


def test_plain_text_aligns_numbers_to_the_right(small_table):
    lines = small_table.as_text().split("\n")
    assert lines[4] == "Kustvik       72,8    840    u"
    assert lines[5] == "Hela staden   69,2  4 210"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "picture"}, "no display"),
        ({"language": "de"}, "not spoken"),
        ({"alt": " "}, "no alt text"),
        ({"svg": '<svg><image href="x"/></svg>'}, "bitmap"),
    ],
)
def test_a_display_that_cannot_be_published_is_refused(changes, message):
    fields = {"kind": "figure", "language": "sv", "alt": "Alt", "svg": SVG} | changes
    with pytest.raises(MrstatsError, match=message):
        Display(**fields)


@pytest.mark.parametrize(
    ("mode", "synthetic", "marks"),
    [
        (None, True, ["Syntetiska exempeldata", "Arbetsmaterial – inte röjandeskyddat"]),
        ("explore", False, ["Arbetsmaterial – inte röjandeskyddat"]),
        ("record", False, ["Arbetsmaterial – inte röjandeskyddat"]),
        ("publish", True, ["Syntetiska exempeldata"]),
        ("publish", False, []),
    ],
)
def test_marks_follow_the_data_and_the_mode(monkeypatch, mode, synthetic, marks):
    monkeypatch.delenv("MRSTATS_MODE", raising=False)
    if mode:
        monkeypatch.setenv("MRSTATS_MODE", mode)
    assert marks_for(make_city(synthetic=synthetic, polygons=False)) == marks


def test_lines_of_text_on_screen_are_told_their_width_in_the_house_face(figure):
    # Source Sans Pro's A is 544, a full stop 249 of 1000 units wide: 4 points of each at 10 points are 5.44 and 2.49.
    words = '<text style="font-size: 10px">A</text><text style="font-weight: 400; font-size: 10px">.</text><text>utan</text>'
    shown = look.on_screen(f'<svg width="1pt" height="1pt">{words}</svg>', 1, 1)
    told = [float(width) for width in re.findall(r'textLength="([\d.]+)"', shown)]
    assert told == pytest.approx([5.44, 2.49], abs=0.02)
    assert "<text>utan</text>" in shown
    assert "textLength" not in figure.as_json()["svg"]
