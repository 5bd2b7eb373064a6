"""The display object: one table, figure or text for JupyterLab and the appendix. It draws nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from . import look
from .language import LANGUAGES, word
from .schema import MrstatsError

MIME_TYPE = "application/vnd.mrstats.display+json"

_CAPTION = ("title", "subtitle", "source", "notes")
_FIELDS = {
    "table": (*_CAPTION, "columns", "spanners", "rows"),
    "figure": (*_CAPTION, "alt", "svg", "width_mm", "height_mm"),
    "text": ("paragraphs",),
    "brief": ("heading", "points"),
}


@dataclass(frozen=True)
class Display:
    """A table, figure, text or brief that shows itself in JupyterLab and that the appendix typesets.

    Parameters
    ----------
    kind : str
        "table", "figure", "text" or "brief"; decides which of the other fields are used.
    language : str
        "sv" or "en".
    marks : sequence of str
        Printed with the display: made-up data, working material.
    title, subtitle, source : str
        Caption, what-unit-population-year line, and source line (table and figure).
    notes : sequence of str
        Explanations of exactly the symbols that this display uses.
    alt, svg, width_mm, height_mm : str, str, float, float
        Text alternative, drawing and natural size (figure).
    columns, spanners, rows : sequence of dict
        Last header row, upper header row (may be empty) and body (table); first cells are row headers.
    paragraphs : sequence of str
        Plain sentences; only ``**bold**`` is marked up (text).
    heading, points : str, sequence of str
        Heading and one to four sentences (brief).

    Raises
    ------
    MrstatsError
        If the kind or language is unknown, a figure lacks its text alternative or holds a bitmap.

    Examples
    --------
    >>> Display("text", "sv", paragraphs=["**61 procent** är sysselsatta."])
    61 procent är sysselsatta.
    """

    kind: str
    language: str
    marks: Sequence[str] = ()
    title: str = ""
    subtitle: str = ""
    source: str = ""
    notes: Sequence[str] = ()
    alt: str = ""
    svg: str = ""
    width_mm: float = 0.0
    height_mm: float = 0.0
    columns: Sequence[dict] = ()
    spanners: Sequence[dict] = ()
    rows: Sequence[dict] = ()
    paragraphs: Sequence[str] = ()
    heading: str = ""
    points: Sequence[str] = ()

    def __post_init__(self):
        if self.kind not in _FIELDS:
            raise MrstatsError(f"kind={self.kind!r} is no display; choose one of {', '.join(_FIELDS)}.")
        if self.language not in LANGUAGES:
            raise MrstatsError(f"language={self.language!r} is not spoken; choose {' or '.join(LANGUAGES)}.")
        if self.kind == "figure" and not self.alt.strip():
            raise MrstatsError(f"The figure {self.title!r} has no alt text; describe its main finding in alt=.")
        if "<image" in self.svg:
            raise MrstatsError(f"The figure {self.title!r} holds a bitmap; draw it with vectors only.")

    def as_json(self) -> dict:
        """The dict that the appendix reads: plain text, numbers and lists, nothing that is not shown."""
        content: dict = {"kind": self.kind, "language": self.language, "marks": list(self.marks)}
        for field in _FIELDS[self.kind]:
            value = getattr(self, field)
            content[field] = value if isinstance(value, (str, float, int)) else list(value)
        return content

    def as_html(self) -> str:
        """HTML for JupyterLab, with caption, header scopes and text alternative."""
        return f'<div class="mrstats" lang="{self.language}">{_HTML[self.kind](self)}</div>'

    def as_text(self) -> str:
        """Plain text, for a terminal."""
        if self.kind == "text":
            return _plain("\n\n".join(self.paragraphs))
        if self.kind == "brief":
            points = (f"{number}. {point}" for number, point in enumerate(self.points, 1))
            return _plain("\n".join((self.heading, *points)))
        if self.kind == "figure":
            body = [self.alt]
        else:
            body = _aligned([[column["text"] for column in self.columns], *(row["cells"] for row in self.rows)])
            body[:0] = [" · ".join(spanner["text"] for spanner in self.spanners)] if self.spanners else []
        below = (self.source, " · ".join(self.notes), " · ".join(self.marks))
        return "\n".join(line for line in (self.title, self.subtitle, *body, *below) if line)

    def __repr__(self) -> str:
        return self.as_text()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/html": self.as_html(), "text/plain": self.as_text(), MIME_TYPE: self.as_json()}
        return {
            kind: content
            for kind, content in bundle.items()
            if (not include or kind in include) and kind not in (exclude or ())
        }


def marks_for(city, language: str | None = None) -> list[str]:
    """What every display of a dataset must carry: made-up data, and working material outside publishing.

    Parameters
    ----------
    city : City
        The opened dataset; only `synthetic` and `language` are read.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    list of str
        None to two marks. The environment variable MRSTATS_MODE decides: "publish" is free of the second.
    """
    language = language or city.language
    marks = [word("synthetic", language)] if city.synthetic else []
    if os.environ.get("MRSTATS_MODE", "explore") != "publish":
        marks.append(word("working_material", language))
    return marks


def figure(words, svg: str, height: float, **caption) -> Display:
    """A figure of the column's width: a drawing of a height in millimetres, with its caption and the marks it must carry."""
    return Display("figure", words.language, marks=marks_for(words.city, words.language), svg=svg,
                   width_mm=look.COLUMN_WIDTH, height_mm=round(height, 2), **caption)  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("**", "")


def _aligned(lines: list[list[str]]) -> list[str]:
    """Rows of cells in columns of equal width: the first to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _bold(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text))


_TEXT = f"color:{look.TEXT_2};font-size:0.93em"
_FONT = "font-family:'Source Sans Pro','Source Sans 3',Arial,sans-serif"


def _caption(display: Display) -> str:
    return (
        f'<strong style="color:{look.BETTER};font-size:1.1em">{escape(display.title)}</strong><br>'
        f'<span style="{_TEXT}">{escape(display.subtitle)}</span>'
    )


def _below(display: Display) -> str:
    lines = [escape(line) for line in (display.source, " · ".join(display.notes)) if line]
    marks = escape(" · ".join(display.marks))
    mark = f'<br><strong style="color:{look.WORSE}">{marks}</strong>' if marks else ""
    width = f"max-width:{look.COLUMN_WIDTH * look.LAB_SCALE:g}mm"
    return f'<div style="{_TEXT};{width}">{"<br>".join(lines)}{mark}</div>'


def _figure_html(display: Display) -> str:
    drawing = look.on_screen(display.svg, display.width_mm, display.height_mm)
    return (
        f'<figure role="group" aria-label="{escape(display.title)}" style="margin:0;background:#fff;{_FONT}">'
        f"<figcaption>{_caption(display)}</figcaption>"
        f'<div role="img" aria-label="{escape(display.alt)}" style="margin:0.8em 0 0.5em">{drawing}</div>'
        f"{_below(display)}</figure>"
    )


def _table_html(display: Display) -> str:
    head = ""
    if display.spanners:
        cells, place = [], 0
        for spanner in display.spanners:
            if spanner["first"] > place:
                cells.append(f'<td colspan="{spanner["first"] - place}"></td>')
            place = spanner["last"] + 1
            span = place - spanner["first"]
            style = f"text-align:left;border-bottom:1px solid {look.AXIS}"
            cells.append(f'<th scope="colgroup" colspan="{span}" style="{style}">{escape(spanner["text"])}</th>')
        if place < len(display.columns):
            cells.append(f'<td colspan="{len(display.columns) - place}"></td>')
        head = f"<tr>{''.join(cells)}</tr>"
    aligns = [column["align"] for column in display.columns]
    columns = (
        f'<th scope="col" style="text-align:{column["align"]};border-bottom:1.5px solid {look.BETTER}">'
        f"{escape(column['text'])}</th>"
        for column in display.columns
    )
    body = "".join(_row_html(row, aligns) for row in display.rows)
    return (
        f'<table style="background:#fff;color:{look.INK};{_FONT};border-collapse:collapse;'
        f'border-bottom:1.5px solid {look.BETTER};font-variant-numeric:tabular-nums">'
        f'<caption style="text-align:left;caption-side:top">{_caption(display)}</caption>'
        f"<thead>{head}<tr>{''.join(columns)}</tr></thead><tbody>{body}</tbody></table>{_below(display)}"
    )


def _row_html(row: dict, aligns: list[str]) -> str:
    rule = f";border-top:1px solid {look.AXIS};font-weight:700" if row["total"] else ""
    weight = "" if row["total"] else ";font-weight:400"
    first, *others = row["cells"]
    cells = "".join(
        f'<td style="text-align:{align}{rule}">{escape(cell)}</td>'
        for cell, align in zip(others, aligns[1:], strict=True)
    )
    return f'<tr><th scope="row" style="text-align:left{rule}{weight}">{escape(first)}</th>{cells}</tr>'


def _text_html(display: Display) -> str:
    return "".join(f"<p>{_bold(paragraph)}</p>" for paragraph in display.paragraphs) + _marks_html(display)


def _brief_html(display: Display) -> str:
    points = "".join(f"<li>{_bold(point)}</li>" for point in display.points)
    return f"<p><strong>{escape(display.heading)}</strong></p><ol>{points}</ol>{_marks_html(display)}"


def _marks_html(display: Display) -> str:
    marks = escape(" · ".join(display.marks))
    return f'<p><strong style="color:{look.WORSE}">{marks}</strong></p>' if marks else ""


_HTML = {"table": _table_html, "figure": _figure_html, "text": _text_html, "brief": _brief_html}
