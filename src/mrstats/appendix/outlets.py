"""Written files read back as an attacker reads them: workbooks, notebooks, CSV and text. PDFs are read beside. No figure is made."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..disclosure.leaks import CELL, ROW, TEXT, Block, Outlet, cell_blocks
from ..display import MIME_TYPE, Display
from ..schema import EditionError

NEAR = 3.0
"""Labels of a drawing whose heights differ by less stand on one line (CSS pixels or points)."""

BELOW = 30.0
"""Labels above one another, and no further apart, are read together."""

READ_AS_CELLS = re.compile(r"xl/(worksheets/sheet\d+|sharedStrings|styles|theme/.*|comments.*|workbook)\.xml|.*\.rels")


def read_csv(path: Path | str) -> Outlet:
    """A CSV file: its bytes, which `find_leaks` compares and reads.

    Parameters
    ----------
    path : path

    Returns
    -------
    Outlet
    """
    path = Path(path)
    return Outlet(path.name, "csv", files=((path.name, path.read_bytes()),))


def read_workbook(path: Path | str) -> Outlet:
    """An Excel file: every cell with a digit, hidden or not, as number, formula and kept result; comments, names, properties.

    Parameters
    ----------
    path : path
        ``.xlsx``. Every other part of the file (drawings, caches, custom data) is read as text.

    Returns
    -------
    Outlet

    Raises
    ------
    EditionError
        The file is no workbook.
    """
    import openpyxl

    path = Path(path)
    try:
        books = [openpyxl.load_workbook(path, data_only=kept) for kept in (False, True)]
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise EditionError(f"{path.name} cannot be read as a workbook ({error}). Build it again.") from None
    blocks: list[Block] = []
    for book in books:
        for sheet in book.worksheets:
            blocks += _sheet_blocks(sheet)
        if book.defined_names:
            context = _words_of(book)
            blocks += [Block(TEXT, f"defined name {name}", f"{name}: {defined.value}", context=context)
                       for name, defined in book.defined_names.items()]  # fmt: skip
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            if name.endswith(".xml") and not READ_AS_CELLS.fullmatch(name):
                texts = _xml_texts(parts.read(name))
                blocks += [Block(ROW, f"part {name}", text, context=" · ".join(texts)) for text in texts]
    return Outlet(path.name, "workbook", tuple(dict.fromkeys(blocks)))


def _words_of(book) -> str:
    return " · ".join(
        str(value)
        for sheet in book.worksheets
        for line in sheet.iter_rows(values_only=True)
        for value in line
        if isinstance(value, str)
    )


def _sheet_blocks(sheet) -> Iterator[Block]:
    """Cells of a sheet: those with digits beside the words of their row, under the words of their column."""
    lines = [[_written(cell.value) for cell in line] for line in sheet.iter_rows()]
    words = [text for line in lines for text in line if re.search(r"[^\W\d]", text)]
    context = f"{sheet.title} · {' · '.join(words)}"
    hidden = "" if sheet.sheet_state == "visible" else " (hidden sheet)"
    heads: dict[int, list[str]] = {}
    caption = [sheet.title]
    for number, (line, cells) in enumerate(zip(lines, sheet.iter_rows(), strict=True)):
        first = next((place for place, text in enumerate(line) if text), 0)
        is_head = sum(bool(text) for text in line) > 1 and not any(
            isinstance(cell.value, int | float) for cell in cells
        )
        names = [text for place, text in enumerate(line) if text and (place == first or not re.search(r"\d", text))]
        for place, (text, cell) in enumerate(zip(line, cells, strict=True)):
            where = f"sheet {sheet.title}, cell {cell.coordinate}{hidden}"
            labels = " · ".join([*names, *heads.get(place, [])])
            if place == first and text and isinstance(cell.value, str):
                yield Block(TEXT, where, text, context=context)
            elif re.search(r"\d", text):
                yield Block(CELL, where, text, labels, context, " · ".join(caption))
            if cell.comment is not None:
                yield Block(CELL, f"{where}, comment", cell.comment.text, f"{labels} · {cell.comment.text}", context)
        if not heads and not any(isinstance(cell.value, int | float) for cell in cells):
            caption.append(line[first] if line else "")
        if is_head and number < len(lines) - 1:
            heads = {p: [*heads.get(p, [])[-1:], text] for p, text in enumerate(line) if _is_word(text)} or heads


def _is_word(text: str) -> bool:
    return bool(re.search(r"[^\W\d]", text)) or bool(re.fullmatch(r"(19|20)\d\d", text))


def _written(value: Any) -> str:
    """A cell's value as a reader of numbers takes it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _xml_texts(data: bytes) -> list[str]:
    """What each element below the root says; the name of a property stands in an attribute."""
    said = [
        [text.strip() for part in child.iter() for text in (part.get("name", ""), part.text or "", part.tail or "")]
        for child in ElementTree.fromstring(data)
    ]
    return [" · ".join(filter(None, texts)) for texts in said if any(texts)]


def read_notebook(path: Path | str) -> Outlet:
    """A notebook: its cells as text, every output in every form it has, and the labels, titles and texts of its drawings.

    Parameters
    ----------
    path : path

    Returns
    -------
    Outlet
        A form that says exactly what the display object says of itself is not read a second time.
    """
    path = Path(path)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    blocks: list[Block] = []
    for number, cell in enumerate(notebook["cells"], start=1):
        where = f"cell {number}"
        source = "".join(cell["source"])
        blocks += _paragraphs(source, where, context=source)
        for output in cell.get("outputs", []):
            streamed = [output["text"]] if "text" in output else output.get("traceback", [])
            for text in streamed:
                blocks += _paragraphs("".join(text), f"{where}, {output.get('name', 'error')}", kind=ROW)
            blocks += _output_blocks(output.get("data", {}), where)
        blocks += _strings(cell.get("metadata", {}), f"{where}, metadata")
    return Outlet(path.name, "notebook", tuple(blocks + _strings(notebook.get("metadata", {}), "metadata")))


def _output_blocks(data: dict[str, Any], where: str) -> Iterator[Block]:
    display = data.get(MIME_TYPE)
    said = _bundle(display) if isinstance(display, dict) else {}
    for kind, content in data.items():
        text = "".join(content) if isinstance(content, list | str) else content
        if kind == MIME_TYPE and isinstance(display, dict):
            yield from display_blocks(display, where)
        elif text == said.get(kind):
            continue
        elif isinstance(text, str) and "svg" in kind:
            yield from drawing_blocks(text, f"{where}, {kind}")
        elif isinstance(text, str) and "html" in kind:
            yield from _html_blocks(text, f"{where}, {kind}")
        elif isinstance(text, str):
            yield from _paragraphs(text, f"{where}, {kind}", kind=ROW, context=text)
        else:
            yield from _strings(text, f"{where}, {kind}")


def _bundle(display: dict[str, Any]) -> dict[str, Any]:
    """What a display object says of itself, by MIME type; nothing if it is not one of ours."""
    try:
        made = Display(**display)
        return {"text/html": made.as_html(), "text/plain": made.as_text()}
    except Exception:  # whatever is wrong with it, its other forms are then read for themselves
        return {}


def display_blocks(display: dict[str, Any], where: str) -> Iterator[Block]:
    """The blocks of a display object's JSON: cells of a table, labels of a drawing, and every text of either.

    Parameters
    ----------
    display : dict
    where : str

    Yields
    ------
    Block
    """
    drawn = ("columns", "spanners", "rows", "svg")
    texts = [text for key, value in display.items() if key not in drawn for text in _all_strings(value)]
    context = " · ".join(texts)
    for text in texts:
        yield Block(TEXT, where, text, context=context)
    if display.get("rows"):
        heads = [column["text"] for column in display["columns"]]
        above = ["" for _ in heads]
        for spanner in display.get("spanners", []):
            for place in range(spanner["first"], spanner["last"] + 1):
                above[place] = spanner["text"]
        body = [row["cells"] for row in display["rows"]]
        caption = f"{display.get('title', '')} · {display.get('subtitle', '')}"
        yield from cell_blocks([above, heads], body, f"{where}, table", context=context, caption=caption)
    if display.get("svg"):
        yield from drawing_blocks(display["svg"], f"{where}, drawing", context=context)


def drawing_blocks(svg: str, where: str, *, context: str = "") -> Iterator[Block]:
    """Labels of an SVG that stand together, and its titles, descriptions, accessible names and comments.

    Parameters
    ----------
    svg : str
    where, context : str

    Yields
    ------
    Block
    """
    builder = ElementTree.TreeBuilder(insert_comments=True)
    root = ElementTree.fromstring(svg, ElementTree.XMLParser(target=builder))
    labels: list[tuple[float, float, str]] = []
    spoken: list[str] = []
    for element in root.iter():
        tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else "comment"
        text = " ".join("".join(element.itertext()).split()) if tag in ("text", "title", "desc") else element.text or ""
        if tag == "text":
            labels.append((*_position(element), text))
        elif tag in ("title", "desc", "comment", "metadata"):
            spoken.append(text)
        spoken += [value for key, value in element.attrib.items() if re.search(r"label|title|desc|alt|data-|^id$", key)]
    around = " · ".join([context, *spoken, *(text for _, _, text in labels)])
    yield from (Block(ROW, where, text, context=around) for text in spoken if re.search(r"\d", text))
    yield from (Block(ROW, where, text, context=around) for text in together(labels))


def _position(element) -> tuple[float, float]:
    moved = re.findall(r"-?\d+(?:\.\d+)?", element.get("transform", "").partition("translate")[2])[:2]
    shift = [float(part) for part in moved] if len(moved) == 2 else [0.0, 0.0]
    at = [float((element.get(name) or "0").split()[0].removesuffix("px")) for name in ("x", "y")]
    return at[0] + shift[0], at[1] + shift[1]


def together(labels: Sequence[tuple[float, float, str]]) -> Iterator[str]:
    """Texts of labels at (x, y) that a reader takes together: those on one line, and two above one another.

    Examples
    --------
    >>> list(together([(0, 10, "Ask"), (80, 10.5, "61,2"), (0, 40.5, "Ek"), (80, 70, "4")]))
    ['Ask  61,2', 'Ek', '4']
    """
    lines: list[list[tuple[float, float, str]]] = []
    for label in sorted(labels, key=lambda label: (label[1], label[0])):
        if lines and label[1] - lines[-1][0][1] < NEAR:
            lines[-1].append(label)
        else:
            lines.append([label])
    yield from ("  ".join(text for _, _, text in sorted(line)) for line in lines)
    columns = sorted(labels)
    for place, (x, y, text) in enumerate(columns):
        for other_x, other_y, other in columns[place + 1 :]:
            if other_x - x >= NEAR:
                break
            if NEAR <= abs(other_y - y) < BELOW:
                yield f"{text}  {other}" if y < other_y else f"{other}  {text}"


class _Html(HTMLParser):
    """Rows of tables, other text, and the attributes that are read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[str]] = [[]]
        self.spoken: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in ("tr", "p", "li", "div", "br", "caption", "figcaption", "text", "h1", "h2", "h3"):
            self.lines.append([])
        self.spoken += [value for key, value in attrs if value and re.search(r"label|title|alt|data-|summary", key)]

    def handle_data(self, data):
        if data.strip():
            self.lines[-1].append(data.strip())

    def handle_comment(self, data):
        self.spoken.append(data)


def _html_blocks(html: str, where: str) -> Iterator[Block]:
    parser = _Html()
    parser.feed(html)
    texts = [*("  ".join(line) for line in parser.lines if line), *parser.spoken]
    context = " · ".join(texts)
    yield from (Block(ROW, where, text, context=context) for text in texts)


def _paragraphs(text: str, where: str, *, kind: str = TEXT, context: str = "") -> list[Block]:
    parts = text.splitlines() if kind == ROW else re.split(r"\n\s*\n", text)
    return [Block(kind, where, " ".join(part.split("\n")), context=context or text) for part in parts if part.strip()]


def _strings(value: Any, where: str) -> list[Block]:
    texts = list(_all_strings(value))
    return [Block(ROW, where, text, context=" · ".join(texts)) for text in texts]


def _all_strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            held = list(_all_strings(part))
            yield from ([f"{key}: {held[0]}"] if len(held) == 1 and not isinstance(part, dict | list) else held)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _all_strings(part)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def attached(name: str, data: bytes) -> tuple[str, bytes]:
    """A file within a file; a workbook or other archive is refused, since nothing here is meant to hold one."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise EditionError(
            f"the attachment {name} is an archive, which cannot be looked into here. Attach plain tables only."
        )
    return name, data
