"""The look of every drawing: colours, sizes, fonts and a sheet measured in millimetres. No data, no words."""

from __future__ import annotations

import io
import re
from functools import cache
from html import unescape

BETTER, WORSE = "#123A5E", "#B04A26"
GROUPS = (("#822A82", "o"), ("#0F8372", "s"), ("#966D00", "^"), ("#363D42", "D"))
"""Colour and shape of a factor's groups, in their order; more than four groups are rows instead."""
WORSE_TO_BETTER = ("#B5562A", "#E9B893", "#F1F1EE", "#A9CDDF", "#3878A0")
FEWER_TO_MORE = ("#5F6B76", "#C9D1D7", "#F1F1EE", "#A9CDDF", "#3878A0")
"""Two-sided scales around what is not certain: for an indicator with a better way, and for one without."""
ORDERED = ("#E4EEF4", "#B4D2E2", "#76A9C7", "#36749C", "#123A5E")
INK, TEXT_2, HATCH, AXIS = "#1B2733", "#44515D", "#5F6B76", "#7F8A94"
RULE, GRID, PANEL, WHITE = "#C9D1D7", "#E3E8EC", "#F3F6F8", "#FFFFFF"

FAMILY = "Source Sans Pro"
REGULAR, SEMIBOLD, BOLD = 400, 600, 700
LABEL_SIZE, SMALL_SIZE, LEAST_SIZE = 9.0, 8.5, 8.0
"""Points: row labels and values, axis and legend, and the smallest size anything is printed in."""

COLUMN_WIDTH = 156.0
ROW, HEADING_ROW = 4.7, 5.2
UNDER_LAST_BASELINE, EDGE = 2.5, 0.4
"""Millimetres; an SVG clips at its edge, so text and lines keep away from it."""

GRID_LINE, RULE_LINE, INTERVAL_LINE, MEAN_LINE = 0.6, 0.5, 1.6, 0.9
AREA_LINE, DISTRICT_LINE, PATTERN_LINE = 0.5, 1.1, 0.6
DOT = 5.6
"""Points: line widths and the diameter of a dot."""

POINT = 25.4 / 72
"""One typographic point in millimetres."""

LAB_SCALE = 1.25
"""Drawings are shown this much larger on a screen than on paper."""


def luminance(colour: str) -> float:
    """Relative luminance of a colour (WCAG 2.1), from 0 for black to 1 for white.

    Examples
    --------
    >>> luminance("#FFFFFF"), luminance("#000000")
    (1.0, 0.0)
    """
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast between two colours (WCAG 2.1), from 1 to 21; text needs at least 4.5.

    Examples
    --------
    >>> round(contrast("#123A5E", "#FFFFFF"), 1)
    11.7
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def text_on(fill: str) -> str:
    """The better of white and ink for text on a fill.

    Examples
    --------
    >>> text_on("#123A5E"), text_on("#B4D2E2")
    ('#FFFFFF', '#1B2733')
    """
    return max((WHITE, INK), key=lambda colour: contrast(colour, fill))


@cache
def _register_fonts() -> None:
    """Give matplotlib the same TTF files that the page template uses, so that widths agree."""
    import font_source_sans_pro
    from matplotlib import font_manager

    for path in sorted(font_source_sans_pro.font_files_ttf.values()):
        font_manager.fontManager.addfont(path)


def font(size: float, weight: int = REGULAR, *, italic: bool = False):
    """Font properties of the house face at a size in points."""
    from matplotlib.font_manager import FontProperties

    _register_fonts()
    return FontProperties(family=FAMILY, size=size, weight=weight, style="italic" if italic else "normal")


def text_width(text: str, size: float = LABEL_SIZE, weight: int = REGULAR) -> float:
    """Width of a line of text in millimetres, measured in the font itself."""
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(text, font(size, weight), ismath=False)
    return width * POINT


def wrap(text: str, width: float, size: float = LABEL_SIZE, weight: int = REGULAR) -> list[str]:
    """Lines of at most `width` millimetres, broken at spaces but not after a number; a longer word stays whole."""
    lines: list[str] = []
    for word in re.split(r"(?<!\d) ", text):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def hyphenated(word: str, width: float, size: float = LABEL_SIZE, weight: int = REGULAR) -> list[str]:
    """A word in parts of at most `width` millimetres, cut before a consonant that a vowel follows.

    Examples
    --------
    >>> hyphenated("Födelseland", 15.0, 8.5)
    ['Födelse-', 'land']
    """
    if text_width(word, size, weight) <= width:
        return [word]
    cuts = [m.start() for m in re.finditer(r"(?<=\w{3})[^\W\daeiouyåäö](?=[aeiouyåäö]\w)", word, re.IGNORECASE)]
    fitting = [cut for cut in cuts if text_width(f"{word[:cut]}-", size, weight) <= width]
    if not fitting:
        return [word]
    return [f"{word[: fitting[-1]]}-", *hyphenated(word[fitting[-1] :], width, size, weight)]


class Sheet:
    """An empty drawing in millimetres, x to the right and y down, that becomes deterministic SVG.

    Parameters
    ----------
    width, height : float
        Natural size in millimetres; the drawing is never scaled, so sizes in points are true.
    """

    def __init__(self, width: float, height: float):
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 25.4, height / 25.4))
        self.figure.patch.set_visible(False)
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self.axes.set_axis_off()

    def text(self, x, y, text, *, size=LABEL_SIZE, weight=REGULAR, colour=INK, align="left", italic=False):
        """Write one line with its baseline at `y`; `align` is left, center or right of `x`."""
        self.axes.text(
            x, y, text, color=colour, ha=align, va="baseline", zorder=9,
            fontproperties=font(size, weight, italic=italic), parse_math=False,
        )  # fmt: skip

    def middle(self, x, y, text, *, size=LABEL_SIZE, **options):
        """Write one line whose capital letters are centred on `y` (the cap height is 0.66 of the size)."""
        self.text(x, y + 0.33 * size * POINT, text, size=size, **options)

    def line(self, xs, ys, *, colour=RULE, width=RULE_LINE, dash=None, layer=2):
        """Draw a line through points; `dash` is a tuple of lengths in points."""
        style = (0, tuple(length / width for length in dash)) if dash else "-"
        self.axes.plot(
            xs, ys, color=colour, linewidth=width, linestyle=style, zorder=layer,
            clip_on=False, solid_capstyle="butt", dash_capstyle="butt", solid_joinstyle="round",
        )  # fmt: skip

    def mark(self, x, y, *, shape="o", size=DOT, fill=INK, edge=None, layer=5):
        """Draw a dot, square or triangle of `size` points."""
        self.axes.plot(
            [x], [y], marker=shape, markersize=size - (1 if edge else 0), markerfacecolor=fill,
            markeredgecolor=edge or fill, markeredgewidth=1.3 if edge else 0, linestyle="none", zorder=layer,
            clip_on=False,
        )  # fmt: skip

    def box(self, x, y, width, height, *, fill=WHITE, edge=None, line=RULE_LINE, layer=1):
        """Draw a rectangle whose upper left corner is (x, y)."""
        from matplotlib.patches import Rectangle

        self.axes.add_patch(
            Rectangle((x, y), width, height, facecolor=fill, edgecolor=edge or "none", linewidth=line,
                      zorder=layer, clip_on=False)
        )  # fmt: skip

    def band(self, xs, lower, upper, *, fill, opacity, layer=1):
        """Fill between two lines, so that what lies behind is seen."""
        self.axes.fill_between(
            xs, lower, upper, facecolor=fill, alpha=opacity, linewidth=0, zorder=layer, clip_on=False
        )

    def shape(self, geometry, *, fill=None, edge=None, width=AREA_LINE, layer=1):
        """Draw a shapely geometry given in sheet coordinates; polygons are filled, lines are not."""
        from matplotlib.patches import PathPatch

        if not geometry.is_empty:
            self.axes.add_patch(
                PathPatch(_path(geometry), facecolor=fill or "none", edgecolor=edge or "none",
                          linewidth=width, zorder=layer, joinstyle="round", capstyle="butt",
                          clip_on=False)
            )  # fmt: skip

    def svg(self) -> str:
        """The drawing as SVG text without header, date or bitmap."""
        return svg_of(self.figure)


def svg_of(figure) -> str:
    """A matplotlib figure as SVG: text stays text, the same drawing always gives the same bytes."""
    import matplotlib

    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mrstats", "path.simplify": False}):
        figure.savefig(buffer, format="svg", metadata=nothing)
    drawing = buffer.getvalue()
    drawing = re.sub(r"<!--.*?-->\s*", "", drawing[drawing.index("<svg") :], flags=re.DOTALL)
    return re.sub(r"<[^>]*>", _two_decimals, drawing).strip()  # tags only: what is written stays as it is


def _two_decimals(tag: re.Match) -> str:
    """A hundredth of a point is finer than any printer; more digits only swell the file."""
    return re.sub(r"(\.\d\d)\d+", r"\1", tag[0])


def on_screen(svg: str, width_mm: float, height_mm: float) -> str:
    """The same SVG for the notebook: 125 per cent, with fallback fonts where the house face is absent.

    Every line of text is told its width in the house face: a wider face (Arial, DejaVu) is drawn narrower, and never
    leaves its box or meets its neighbour.
    """
    size = f'width="{width_mm * LAB_SCALE:g}mm" height="{height_mm * LAB_SCALE:g}mm"'
    head, _, body = svg.partition(">")
    head = re.sub(r'\swidth="[^"]*"', "", re.sub(r'\sheight="[^"]*"', "", head))
    body = re.sub(r"<text( [^>]*>)([^<]+)</text>", _of_its_width, body)
    return f'{head} {size} aria-hidden="true">{body}'.replace(
        f"'{FAMILY}'", f"'{FAMILY}', 'Source Sans 3', Arial, sans-serif"
    )


def _of_its_width(line: re.Match) -> str:
    size, weight = (re.search(rf"font-{name}: ([\d.]+)", line[1]) for name in ("size", "weight"))
    width = text_width(unescape(line[2]), float(size[1]), int(weight[1]) if weight else REGULAR) / POINT if size else 0
    told = f' textLength="{width:.2f}" lengthAdjust="spacingAndGlyphs"' if width else ""
    return f"<text{told}{line[1]}{line[2]}</text>"


def _path(geometry):
    """A matplotlib path of polygons (holes included) or lines."""
    import numpy
    import shapely
    from matplotlib.path import Path

    rings = []
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            rings += [part.exterior, *part.interiors]
        elif part.geom_type == "LineString":
            rings.append(part)
    paths = [Path(numpy.round(numpy.asarray(ring.coords)[:, :2], 2)) for ring in rings]
    return Path.make_compound_path(*paths)
