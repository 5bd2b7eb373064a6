"""Executed notebooks become blocks of a document: Markdown as Typst code, and display objects as they are.

Inputs are never shown, and an output that is not a display object stops the build: only a display carries its
source, its marks and its text for screen readers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..display import MIME_TYPE
from ..language import word
from ..schema import EditionError

KINDS = ("table", "figure", "text", "brief")
MARKDOWN = "markdown-auto_identifiers-citations-implicit_figures+raw_html"
CUT = "mrstats-cut-{}"
CUT_LINE = re.compile(r"^mrstats-cut-\d+\n?", re.MULTILINE)
FOOTNOTE = re.compile(r"\[\^([^\]\s]+)\]")
REFUSED = {
    "RawInline": "raw HTML or LaTeX; write it as plain Markdown",
    "RawBlock": "raw HTML or LaTeX; write it as plain Markdown",
    "Image": "an image; show a figure with mr.chart or mr.map, which carries its text for screen readers",
    "Math": "a formula, which a screen reader cannot read; write it in words",
}


def read_chapters(executed: list[Path], language: str, *, protected: bool, titles: Sequence[str] = ()) -> list[dict]:
    """Blocks of all executed notebooks, in order.

    Parameters
    ----------
    executed : list of Path
        Executed notebooks, one chapter each; the first block of each is its heading ``# Title``.
    language : str
        The edition's language; displays in another one are refused.
    protected : bool
        There is a protected release, so that a display marked as working material is refused.
    titles : sequence of str
        What the chapters are called instead of their own headings, where not empty.

    Returns
    -------
    list of dict
        ``{"kind": "markdown", "code": ...}`` (Typst) or the JSON of a display object.

    Raises
    ------
    EditionError
        Names the notebook and the cell, what was found there and what to write instead.
    """
    blocks: list[dict] = []
    for position, path in enumerate(executed):
        chapter = _read_notebook(path, language, protected)
        if titles and titles[position]:
            chapter[0]["source"] = chapter[0]["source"].replace(_heading(chapter), f"# {titles[position]}", 1)
        blocks += chapter
    written = [block for block in blocks if block["kind"] == "markdown"]
    for block, code in zip(written, _as_typst(written), strict=True):
        block["code"] = code
        del block["source"], block["where"]
    return blocks


def _read_notebook(path: Path, language: str, protected: bool) -> list[dict]:
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    if notebook.metadata.get("papermill", {}).get("exception"):
        raise EditionError(f"{path} stopped before its end; a failed run cannot be published. Build it again.")
    blocks = []
    for number, cell in _told(notebook.cells):
        where = f"{path.name}, cell {number}"
        if cell.cell_type == "markdown":
            blocks.append({"kind": "markdown", "source": cell.source, "where": where})
        blocks.extend(_display(output, where, language, protected) for output in cell.get("outputs", []))
    if not _heading(blocks).startswith("# "):
        raise EditionError(
            f"{path.name} does not begin with a heading. Write '# Title of the chapter' in its first cell."
        )
    return blocks


def _told(cells) -> Iterator[tuple[int, Any]]:
    """Cells and their numbers without the sections (from ``##`` on) whose code shows nothing: this edition leaves them out."""
    sections: list[list[tuple[int, Any]]] = [[]]
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type == "markdown" and cell.source.lstrip().startswith("## "):
            sections.append([])
        sections[-1].append((number, cell))
    for place, section in enumerate(sections):
        code = [cell for _, cell in section if cell.cell_type == "code"]
        if not place or not code or any(cell.outputs for cell in code):
            yield from section


def _heading(blocks: list[dict]) -> str:
    """The first line of a notebook that is not empty."""
    return next((line for block in blocks[:1] for line in block.get("source", "").splitlines() if line), "")


def _display(output: dict, where: str, language: str, protected: bool) -> dict:
    display = output.get("data", {}).get(MIME_TYPE)
    if not isinstance(display, dict) or display.get("kind") not in KINDS:
        raise EditionError(
            f"{where} puts out {_described(output)}, which is not a display object and cannot be published. "
            f"Show it with mr.table, mr.chart, mr.map or mr.sentence, or end the line with a semicolon."
        )
    if display["language"] != language:
        raise EditionError(
            f"{where} shows a display in {display['language']!r}, but the edition is in {language!r}. "
            f"Open the dataset with language={language!r}."
        )
    if protected and word("working_material", language) in display["marks"]:
        raise EditionError(
            f"{where} shows figures that are not from the protected release. Make them with mr.break_down."
        )
    if display["kind"] == "figure":
        if not display["alt"].strip():
            raise EditionError(f"{where}: the figure {display['title']!r} has no alt text. Give it alt='...'.")
        if "<image" in display["svg"]:
            raise EditionError(f"{where}: the figure {display['title']!r} holds a bitmap. Draw it as vectors.")
    return display


def _described(output) -> str:
    """A foreign output in words: what it is, and how it begins."""
    if output.output_type == "stream":
        return f"the text {output.text.strip().splitlines()[0][:60]!r} on {output.name}"
    data = output.get("data", {})
    plain = str(data.get("text/plain", "")).strip().splitlines()
    return f"{', '.join(sorted(data)) or output.output_type}" + (f" ({plain[0][:60]!r})" if plain else "")


def _as_typst(written: list[dict]) -> list[str]:
    """Typst code of each Markdown cell; all cells share the calls of pandoc, which is slow to start."""
    if not written:
        return []
    import pypandoc

    # Two notebooks may both have a footnote [^1]: the cell's number keeps them apart.
    cells = (FOOTNOTE.sub(rf"[^{n}-\1]", block["source"]) for n, block in enumerate(written))
    text = "\n\n".join(f"{CUT.format(n)}\n\n{cell}" for n, cell in enumerate(cells))
    tree = json.loads(pypandoc.convert_text(text, "json", format=MARKDOWN))
    _check_tree(tree["blocks"], [block["where"] for block in written])
    code = pypandoc.convert_text(json.dumps(tree), "typst", format="json", extra_args=["--wrap=none"])
    return [part.strip() for part in CUT_LINE.split(code)[1:]]


def _check_tree(tree: list[dict], wheres: list[str]) -> None:
    where, position, level = "", -1, 0
    for block in tree:
        if block["t"] == "Para" and block["c"] == [{"t": "Str", "c": CUT.format(position + 1)}]:
            position += 1
            where = wheres[position]
            continue
        if kind := _refused(block):
            raise EditionError(f"{where} holds {REFUSED[kind]}.")
        if block["t"] == "Header":
            new = block["c"][0]
            if new > level + 1:
                raise EditionError(
                    f"{where}: a heading of level {new} follows one of level {level}. "
                    f"Write it with {'#' * (level + 1)}."
                )
            level = new


def _refused(node) -> str | None:
    """Name of the first element in a part of pandoc's tree that the page cannot hold."""
    if isinstance(node, dict):
        return node["t"] if node.get("t") in REFUSED else _refused(node.get("c"))
    if isinstance(node, list):
        return next((kind for part in node if (kind := _refused(part))), None)
    return None
