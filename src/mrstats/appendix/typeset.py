"""Blocks become one PDF: Typst lays out the pages, and the last touch tags row headers. Computes nothing."""

from __future__ import annotations

import datetime
import json
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from ..language import TAGS, word
from ..schema import EditionError
from .accessible import add_row_headers
from .edition import Edition

FACES = ("Regular", "It", "Semibold", "SemiboldIt", "Bold", "BoldIt")
WORDS = ("contents", "figures", "tables", "table", "figure")


def typeset(
    path,
    edition: Edition,
    blocks: list[dict],
    *,
    marks: list[str],
    plates: list[str],
    drawing: str | None,
    attachments: list[Path],
) -> Path:
    """Typeset an appendix as a PDF that meets PDF/UA-1 and PDF/A-3a.

    Parameters
    ----------
    path : str or Path
        The PDF to write.
    edition : Edition
        Title, language and the words of the cover.
    blocks : list of dict
        From `blocks.read_chapters` and `chapters`.
    marks : list of str
        Printed in the head of every page, for example *Syntetiska exempeldata*.
    plates : list of str
        The same for the cover, in full words.
    drawing : str or None
        SVG for the cover.
    attachments : list of Path
        CSV files to attach.

    Returns
    -------
    Path
        The PDF; the same input gives the same bytes.

    Raises
    ------
    EditionError
        If the pages cannot be set to the standards; the message is the typesetter's.
    """
    import typst

    tag, region = TAGS[edition.language].split("-")
    document = {
        "language": tag,
        "region": region,
        "title": edition.title,
        "subtitle": edition.subtitle,
        "year": edition.year,
        "date": [edition.date.year, edition.date.month, edition.date.day],
        "publisher": edition.publisher,
        "series": edition.series,
        "summary": edition.summary,
        "footer": " · ".join(filter(None, (edition.publisher, edition.series[:1].lower() + edition.series[1:]))),
        "marks": marks,
        "plates": plates,
        "drawing": drawing,
        "words": {name: word(name, edition.language) for name in WORDS},
        "blocks": blocks,
        "attachments": [_attachment(file, edition.language) for file in attachments],
    }
    with tempfile.TemporaryDirectory(prefix="mrstats-") as name:
        folder = Path(name)
        template = files("mrstats.appendix").joinpath("template.typ").read_text(encoding="utf-8")
        (folder / "appendix.typ").write_text(template, encoding="utf-8")
        (folder / "document.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        try:
            _, warnings = typst.compile_with_warnings(
                folder / "appendix.typ",
                output=Path(path),
                root=folder,
                font_paths=[_fonts(folder / "fonts")],
                ignore_system_fonts=True,
                pdf_standards=["ua-1", "a-3a"],
                timestamp=datetime.datetime.combine(edition.date, datetime.time(), datetime.UTC),
            )
        except typst.TypstError as error:
            hints = " ".join(error.hints)
            raise EditionError(f"The pages of {edition.path.name} cannot be set: {error.message}. {hints}") from error
    if warnings:
        raise EditionError(
            f"The pages of {edition.path.name} were set with warnings: "
            f"{'; '.join(warning.message for warning in warnings)}."
        )
    add_row_headers(path)
    return Path(path)


def _attachment(file: Path, language: str) -> dict[str, str]:
    description = word("attached_table", language, name=file.stem)
    return {"name": file.name, "text": file.read_text(encoding="utf-8"), "description": description}


def _fonts(folder: Path) -> Path:
    """A folder with just the faces of the page: the packages hold each twice, and the choice must be ours."""
    import font_source_sans_pro
    import font_source_serif_pro

    folder.mkdir()
    for package in (font_source_sans_pro, font_source_serif_pro):
        for face in package.font_files_ttf.values():
            if Path(face).stem.partition("-")[2] in FACES:
                shutil.copy(face, folder)
    return folder
