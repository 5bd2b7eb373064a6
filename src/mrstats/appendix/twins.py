"""A Markdown cell and its twin in another language, which stands beneath it in a comment that JupyterLab does not show.

::

    ## Var bor grupperna?

    <!-- en
    ## Where do the groups live?
    -->
"""

from __future__ import annotations

import re

from ..language import LANGUAGES
from ..schema import EditionError
from .edition import Edition

OWN = LANGUAGES[0]
"""What a cell is written in outside its comments."""

COMMENT = "<!--"
TWIN = re.compile(r"^<!-- ([a-z]+)\n(.*?)\n-->[ \t]*$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+(?= )", re.MULTILINE)


def in_language(source: str, language: str) -> str:
    """The words of a Markdown cell in one language, without the others; empty where it has none.

    Examples
    --------
    >>> cell = "## Var bor grupperna?\\n\\n<!-- en\\n## Where do the groups live?\\n-->"
    >>> in_language(cell, "sv"), in_language(cell, "en")
    ('## Var bor grupperna?', '## Where do the groups live?')
    """
    if language == OWN:
        return TWIN.sub("", source).rstrip()
    return dict(TWIN.findall(source)).get(language, "").strip()


def check_twins(edition: Edition) -> None:
    """Every Markdown cell of an edition's notebooks speaks its language, and has the same headings in it.

    Raises
    ------
    EditionError
        Names the notebook and the cell, and what to write there.
    """
    import nbformat

    for path in dict.fromkeys(map(edition.notebook_path, edition.chapters)):
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells, start=1):
            if cell.cell_type == "markdown" and cell.source.strip():
                _check_cell(cell.source, edition.language, f"{path}, cell {number}")


def _check_cell(source: str, language: str, where: str) -> None:
    own, said = in_language(source, OWN), in_language(source, language)
    if COMMENT in own:
        raise EditionError(
            f"{where} holds a comment that is not a twin. Write {COMMENT} en, the English text, and --> each on lines of their own."
        )
    if not said:
        raise EditionError(
            f"{where} is not written in {language!r}. Write beneath its text {COMMENT} {language}, the same in that language, "
            "and --> each on lines of their own."
        )
    if HEADING.findall(own) != HEADING.findall(said):
        raise EditionError(
            f"{where} has other headings in {language!r} than in {OWN!r}. Write the same ones, with as many #."
        )
