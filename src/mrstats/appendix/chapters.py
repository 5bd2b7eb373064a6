"""The last chapters, which no notebook writes: how the figures are made, and the receipt. Holds no words."""

from __future__ import annotations

from functools import partial

from ..language import date as written_date
from ..language import number, word
from .edition import Edition
from .receipt import printed_checksum

SYMBOLS = {
    "..": "hidden",
    ".": "cannot_exist",
    "–": "zero",
    "missing": "not_collected",
    "u": "unreliable",
    "b": "break",
    "p": "provisional",
    "i": "interpolated",
}


METHODS_NOTEBOOK = "90_methods"
"""An edition that has it says there how uncertainty and comparisons are made."""


def method_chapter(edition: Edition, *, public: bool) -> list[dict]:
    """Blocks of the chapter on method: uncertainty, comparisons, protection and the legend of symbols.

    Parameters
    ----------
    edition : Edition
    public : bool
        The figures are public at source, so that nothing is hidden here.
    """
    say = partial(word, language=edition.language)
    rows = [
        [
            say("legend_missing") if sign == "missing" else sign,
            say(f"legend_{key}_drawn"),
            say(f"legend_{key}"),
        ]
        for sign, key in SYMBOLS.items()
    ]
    told = any(chapter.notebook == METHODS_NOTEBOOK for chapter in edition.chapters)
    intervals = [
        _heading(2, say("method_uncertainty_title")),
        _text(say("method_uncertainty"), say("method_sure")),
        _heading(2, say("method_comparison_title")),
        _text(say("method_comparison")),
    ]
    protection = ["method_protection_public"] if public else ["method_protection", "method_protection_limits"]
    return [
        _heading(1, say("method_title")),
        *([] if told else intervals),
        _heading(2, say("method_protection_title")),
        _text(*map(say, protection), *([say("method_sure")] if told else [])),
        _heading(2, say("method_symbols_title")),
        _table(
            say("method_symbols"),
            say("method_symbols_where"),
            [say("legend_sign"), say("legend_drawn"), say("legend_meaning")],
            rows,
            source=say("method_symbols_source"),
            language=edition.language,
        ),
    ]


def receipt_chapter(edition: Edition, receipt: dict, counted: dict[str, int], *, public: bool) -> list[dict]:
    """Blocks of the receipt: edition and build, data with checksums, protection.

    Parameters
    ----------
    edition : Edition
        The edition that is built.
    receipt : dict
        From `receipt.make_receipt`.
    counted : dict
        How many displays of each kind the chapters hold.
    public : bool
        See `method_chapter`.
    """
    say = partial(word, language=edition.language)
    table = partial(_table, language=edition.language)
    pairs = {
        say("receipt_edition"): f"{edition.title} ({edition.path.name})",
        say("receipt_date"): written_date(edition.date, edition.language),
        say("receipt_case_number"): edition.case_number,
        say("receipt_approved_by"): edition.approved_by,
        say("receipt_program"): ", ".join(
            f"{name} {receipt['versions'][name]}" for name in ("mrstats", "typst") if receipt["versions"][name]
        ),
        say("receipt_commit"): _commit(receipt["commit"], edition.language),
        say("receipt_holds"): say("receipt_counts", tables=counted.get("table", 0), figures=counted.get("figure", 0)),
    }
    files = [
        [
            file["file"],
            printed_checksum(file["sha256"]),
            number(file["bytes"] / 1000, edition.language, decimals=1),
        ]
        for file in receipt["dataset"]["files"]
    ]
    release = receipt["release"]
    certificate = printed_checksum(release["certificate_sha256"]) if release else say("receipt_no_certificate")
    protection = [
        [say("receipt_certificate"), certificate],
        [say("receipt_release_tables"), number(release["tables"] if release else 0, edition.language)],
        [say("receipt_accessibility"), say("receipt_standards")],
    ]
    blocks = [
        _heading(1, say("receipt_title")),
        _text(say("receipt_purpose")),
        _heading(2, say("receipt_edition")),
        table(
            say("receipt_build"),
            say("receipt_whole"),
            [say("receipt_item"), say("receipt_value")],
            [[item, value] for item, value in pairs.items() if value],
            source=say("receipt_made_by_build"),
        ),
        _heading(2, say("receipt_data")),
        table(
            say("receipt_checksums", dataset=edition.dataset),
            say("receipt_sixteen"),
            [say("receipt_file"), say("receipt_checksum"), say("receipt_size")],
            files,
            source=say("receipt_json"),
            aligns=["left", "left", "right"],
        ),
        _heading(2, say("receipt_protection")),
        table(
            say("receipt_protection_table"),
            say("receipt_whole"),
            [say("receipt_item"), say("receipt_value")],
            protection,
            source=say("method_protection_public" if public else "method_protection_limits")
            if release
            else say("working_material") + ".",
        ),
    ]
    return blocks


def _commit(commit: str | None, language: str) -> str:
    """The source code's version in words: git marks changes beside the commit with ``-dirty``."""
    if commit is None:
        return word("receipt_no_commit", language)
    name = commit.removesuffix("-dirty")
    return f"{name}, {word('receipt_changed', language)}" if commit != name else name


def _heading(level: int, text: str) -> dict:
    return {"kind": "heading", "level": level, "text": text}


def _text(*paragraphs: str) -> dict:
    return {"kind": "text", "paragraphs": list(paragraphs), "marks": []}


def _table(
    title: str,
    subtitle: str,
    headers: list[str],
    rows: list[list[str]],
    *,
    source: str,
    language: str,
    aligns=None,
) -> dict:
    return {
        "kind": "table",
        "language": language,
        "marks": [],
        "title": title,
        "subtitle": subtitle,
        "source": source,
        "notes": [],
        "columns": [
            {"text": text, "align": align}
            for text, align in zip(headers, aligns or ["left"] * len(headers), strict=True)
        ],
        "spanners": [],
        "rows": [{"cells": cells, "total": False} for cells in rows],
    }
