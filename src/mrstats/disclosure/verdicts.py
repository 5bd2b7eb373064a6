"""What an audit found, as text and as JSON. It decides nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from mrstats.disclosure.audit import Audit
from mrstats.disclosure.countfiles import Piece, weak_cells

FEW = 5
"""So many weak cells are named; the others are counted."""

COUNTS = ("hidden", "exact", "narrow", "undecided")


def verdict_text(found: Sequence[tuple[Piece, Audit]]) -> str:
    """A table of verdicts, one line a piece, and the first cells that are not safe.

    Parameters
    ----------
    found : sequence of (Piece, Audit)
        From `countfiles.audit_pieces`.

    Returns
    -------
    str

    Examples
    --------
    >>> import pandas as pd
    >>> from mrstats.disclosure.countfiles import audit_pieces
    >>> table = pd.DataFrame({"sex": ["_T", "men", "women"], "value": [20, None, 17], "file": "t"})
    >>> print(verdict_text(audit_pieces([Piece("adults", "2024", table, None)])))
    hidden  exact  narrow  undecided
         1      1       0          0  adults, 2024
         1      1       0          0  all
    exact: sex=men, about=adults, year=2024 is 3
    """
    lines = [[piece.name, *(verdict.counts[name] for name in COUNTS)] for piece, verdict in found]
    lines.append(["all", *(sum(verdict.counts[name] for _, verdict in found) for name in COUNTS)])
    text = ["  ".join(COUNTS)]
    for name, *numbers in lines:
        cells = (str(number).rjust(len(word)) for word, number in zip(COUNTS, numbers, strict=True))
        text.append(f"{'  '.join(cells)}  {name}")
    weak = weak_cells(found)
    for cell in weak.head(FEW).to_dict("records"):
        codes = ", ".join(f"{name}={code}" for name, code in _codes(cell).items())
        size = (
            f"is {cell['lower']:g}" if cell["verdict"] == "exact" else f"lies in {cell['lower']:g} to {cell['upper']:g}"
        )
        text.append(f"{cell['verdict']}: {codes} {size}")
    if len(weak) > FEW:
        text.append(f"and {len(weak) - FEW} more")
    return "\n".join(text)


def verdict_json(found: Sequence[tuple[Piece, Audit]]) -> str:
    """The same as JSON, with every cell that is not safe: ``passed``, the counts, ``pieces`` and ``cells``."""
    weak = weak_cells(found)
    told = {
        "passed": not len(weak),
        **{name: sum(verdict.counts[name] for _, verdict in found) for name in COUNTS},
        "pieces": [
            {"about": piece.about, "year": piece.year, "base": piece.base, "width": verdict.width, **verdict.counts}
            for piece, verdict in found
        ],
        "cells": [
            {**_codes(cell), "verdict": cell["verdict"], "lower": _end(cell["lower"]), "upper": _end(cell["upper"])}
            for cell in weak.to_dict("records")
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def _codes(cell: dict) -> dict[str, str]:
    names = [name for name in cell if name not in ("lower", "upper", "verdict", "proof")]
    return {str(name): cell[name] for name in names if isinstance(cell[name], str) and cell[name] not in ("", "_T")}


def _end(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
