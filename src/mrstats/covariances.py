"""How estimates vary together: deviations kept beside the cells, keyed by `estimate_id`. No tables, no figures.

A figure's deviations are one number per replicate of the residents, or per cluster of a sample, scaled so that the products
of two figures' deviations add up to their covariance. Figures of one *sample* (the same replicates, the same survey and
year) share columns; two surveys are independent of each other. A table that is cut, joined or sorted keeps its ids, and
with them its covariances; a table from a file has none, and independence is then assumed and said.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

MOST_NUMBERS = 200_000_000
"""So many numbers are kept in memory; the oldest tables' are let go first."""

FOLDER = "MRSTATS_COVARIANCES"
"""Environment: a folder that only the owner reads, where a publishing run finds what protection kept."""


@dataclass(frozen=True, eq=False)
class Block:
    """Deviations (columns, k) of k estimates of one sample."""

    sample: str
    ids: tuple[str, ...]
    deviations: np.ndarray


@dataclass
class _Kept:
    blocks: list[Block] = field(default_factory=list)
    place: dict[str, tuple[Block, int]] = field(default_factory=dict)


_kept = _Kept()


def keep(ids: Sequence[str], deviations: np.ndarray, sample: str) -> Block:
    """Remember the deviations (columns, k) of k estimates; later ones of the same id take their place.

    Examples
    --------
    >>> block = keep(["a", "b"], np.array([[1.0, 2.0], [-1.0, -2.0]]), "an example")
    >>> covariance_of(["a"], ["b"]).tolist(), variance_of(["b", "unknown"]).round(12).tolist()
    ([4.0], [8.0, nan])
    """
    block = Block(sample, tuple(ids), np.asarray(deviations, float))
    _remember(_kept, block)
    return block


def _remember(kept: _Kept, block: Block) -> None:
    kept.blocks.append(block)
    kept.place.update({key: (block, i) for i, key in enumerate(block.ids)})
    while len(kept.blocks) > 1 and sum(b.deviations.size for b in kept.blocks) > MOST_NUMBERS:
        oldest = kept.blocks.pop(0)
        for key in oldest.ids:
            if kept.place.get(key, (None,))[0] is oldest:
                del kept.place[key]


def standard_error_of(*terms: tuple[float, Sequence[str]]) -> np.ndarray:
    """Standard errors (k,) of Σ factor × estimate, each term a factor and k ids; NaN where one is not known.

    Parameters
    ----------
    *terms : (float or array_like of shape (k,), list of str)
        ``(1, groups), (-1, references)`` for differences; four terms for the change of a gap.

    Examples
    --------
    >>> block = keep(["c", "d"], np.array([[3.0, 3.0], [0.0, 4.0]]), "another example")
    >>> standard_error_of((1, ["c"]), (-1, ["d"])).tolist()              # their common part falls away
    [4.0]
    """
    k = len(terms[0][1])
    factors = [np.broadcast_to(np.asarray(factor, float), k) for factor, _ in terms]
    found = [[_find(key) for key in ids] for _, ids in terms]
    together: dict[tuple, list[int]] = {}
    for row in range(k):
        places = [places[row] for places in found]
        if all(place is not None for place in places):
            together.setdefault(tuple(id(place[0]) for place in places), []).append(row)  # type: ignore[index]
    result = np.full(k, np.nan)
    for rows in together.values():
        result[rows] = np.sqrt(_squares(rows, factors, found))
    return result


def _squares(rows: list[int], factors, found) -> np.ndarray:
    """Variance of the sums in rows whose terms lie in the same blocks; terms of one sample are added before squaring."""
    added: dict[str, np.ndarray] = {}
    for factor, places in zip(factors, found, strict=True):
        block = places[rows[0]][0]
        part = block.deviations[:, [places[row][1] for row in rows]] * factor[rows]
        added[block.sample] = added[block.sample] + part if block.sample in added else part
    return np.sum([np.einsum("ij,ij->j", part, part) for part in added.values()], axis=0)


def variance_of(ids: Sequence[str]) -> np.ndarray:
    """Variances (k,), NaN where not known."""
    return standard_error_of((1, ids)) ** 2


def covariance_of(first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """Covariances (k,) of pairs of estimates, NaN where one is not known; 0 between two samples."""
    result = np.full(len(first), np.nan)
    for row, (a, b) in enumerate(zip(map(_find, first), map(_find, second), strict=True)):
        if a is not None and b is not None:
            same = a[0].sample == b[0].sample
            result[row] = a[0].deviations[:, a[1]] @ b[0].deviations[:, b[1]] if same else 0.0
    return result


def joint_deviations(ids: Sequence[str]) -> np.ndarray | None:
    """Deviations (columns, k) of all the ids side by side; None where one is not known. Samples have columns of their own.

    Examples
    --------
    >>> block = keep(["e"], np.array([[1.0], [2.0]]), "a third example")
    >>> joint_deviations(["e", "nowhere"]) is None, joint_deviations(["e"]).ravel().tolist()
    (True, [1.0, 2.0])
    """
    places = [_find(key) for key in ids]
    if any(place is None for place in places):
        return None
    starts: dict[str, tuple[int, int]] = {}
    end = 0
    for block, _ in places:  # type: ignore[misc]
        if block.sample not in starts:
            starts[block.sample] = (end, end + len(block.deviations))
            end += len(block.deviations)
    result = np.zeros((end, len(ids)))
    for column, (block, at) in enumerate(places):  # type: ignore[misc]
        result[slice(*starts[block.sample]), column] = block.deviations[:, at]
    return result


def write_block(block: Block, path: Path) -> None:
    """A block as a file that only its owner can read: replicates of hidden cells would give them back."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    with path.open("wb") as file:
        np.savez_compressed(file, sample=block.sample, ids=np.array(block.ids), deviations=block.deviations)


def _find(key: str) -> tuple[Block, int] | None:
    folder = os.environ.get(FOLDER)
    return _kept.place.get(key) or (_of_folder(folder).place.get(key) if folder else None)


@cache
def _of_folder(folder: str) -> _Kept:
    kept = _Kept()
    for path in sorted(Path(folder).glob("*.npz")):
        with np.load(path) as file:
            _remember(kept, Block(str(file["sample"]), tuple(file["ids"].tolist()), file["deviations"]))
    return kept
