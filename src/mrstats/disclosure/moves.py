"""Moves: whole-number changes of a table that leave its sums as they are. They know which cells change, not how many.

A move is a product of one vector per dimension: one atom (and all codes above it), or one atom against another, whose
common codes stand still. Each cell of the product changes by +1 or −1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mrstats.disclosure.dimension import Dimension
from mrstats.schema import DatasetError

PAD = -1
FAR = 4
"""So many atoms of other groups are tried as partners of each atom of a large dimension."""

NEAR = 20
"""And so many that share a code with it, if there are more."""

MOST = 100_000
"""Vectors of one dimension: of twenty questions that some leave open there would be millions."""


@dataclass(frozen=True)
class Vectors:
    """Signed vectors over the codes of one dimension, or of a product of several.

    `codes` and `signs` have shape (k, s), `atoms` and `atom_signs` (k, t); a place not used holds −1 with sign 0.
    """

    codes: np.ndarray
    signs: np.ndarray
    atoms: np.ndarray
    atom_signs: np.ndarray

    def by_code(self, size: int) -> list[np.ndarray]:
        """For each code, the vectors that change it."""
        row, column = np.nonzero(self.signs)
        code = self.codes[row, column]
        order = np.argsort(code, kind="stable")
        return np.split(row[order], np.searchsorted(code[order], np.arange(1, size)))


def dimension_vectors(dimension: Dimension, rng: np.random.Generator, *, every_pair: int = 16) -> Vectors:
    """The vectors of one dimension, each once (its opposite is the same move).

    Every atom alone; every pair of atoms in a small dimension; in a large one pairs that share a code, a few far
    pairs, and where two levels do not nest circles of four that leave both levels as they are.
    """
    count = len(dimension.atoms)
    pairs: set[tuple[int, ...]] = set()
    if count <= every_pair:
        pairs = {(i, j) for i in range(count) for j in range(i)}
    else:
        shared = [np.array([hash_of[level[a]] for a in dimension.atoms]) for level, hash_of in _coarse(dimension)]
        for i in range(count):
            near = [j for codes in shared for j in rng.permutation(np.flatnonzero(codes == codes[i]))[:NEAR]]
            far = rng.permutation(count)[:FAR]
            pairs |= {(max(i, int(j)), min(i, int(j))) for j in [*near, *far] if j != i}
        for one, other in ((a, b) for k, a in enumerate(shared) for b in shared[k + 1 :]):
            pairs |= _circles(one, other, rng)
            if len(pairs) > MOST:
                raise DatasetError(
                    f"{dimension.name!r} has {len(dimension.levels)} levels that do not nest, too many to hide cells of together. "
                    "Show fewer of these indicators by groups, or let the rules' method be round."
                )
    supports = [(i,) for i in range(count)] + sorted(pairs)
    longest = max(map(len, supports))
    atoms = np.full((len(supports), longest), PAD)
    for row, support in zip(atoms, supports, strict=True):
        row[: len(support)] = support
    atom_signs = np.where(atoms == PAD, 0, np.where(np.arange(longest) % 2, -1, 1)).astype(np.int8)
    inside = np.vstack([dimension.membership.T.astype(np.int8), np.zeros((1, len(dimension.codes)), np.int8)])
    change = (inside[atoms] * atom_signs[:, :, None]).sum(axis=1)
    fits = (np.abs(change) <= 1).all(axis=1) & change.any(axis=1)
    change, atoms, atom_signs = change[fits], atoms[fits], atom_signs[fits]
    width = int(np.count_nonzero(change, axis=1).max())
    order = np.argsort(change == 0, axis=1, kind="stable")[:, :width]
    signs = np.take_along_axis(change, order, axis=1)
    return Vectors(np.where(signs, order, PAD), signs, atoms, atom_signs)


def _coarse(dimension: Dimension) -> list[tuple[Mapping[str, str], dict[str, int]]]:
    """Levels that hold more than one atom in some code, with a number for each code."""
    return [
        (level, {code: i for i, code in enumerate(dict.fromkeys(level.values()))})
        for level in dimension.levels.values()
        if len(set(level.values())) < len(dimension.atoms)
    ]


def _circles(one: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> set[tuple[int, ...]]:
    """Four atoms x − a + b − c: x, a share a code of one division, as b, c do; a, b and c, x one of the other."""
    found: set[tuple[int, ...]] = set()
    for x in range(len(one)):
        for a in rng.permutation(np.flatnonzero((one == one[x]) & (other != other[x])))[:FAR]:
            for b in rng.permutation(np.flatnonzero((other == other[a]) & (one != one[x])))[:FAR]:
                last = np.flatnonzero((one == one[b]) & (other == other[x]))
                if len(last):
                    found.add((x, int(a), int(b), int(rng.choice(last))))
    return found


def product(parts: list[tuple[Vectors, int, int]], picks: np.ndarray) -> Vectors:
    """Products of one vector of each dimension.

    Parameters
    ----------
    parts : list of (Vectors, int, int)
        Each dimension's vectors, how many codes and how many atoms it has.
    picks : ndarray of int, shape (k, dimensions)
        Which vector of each.

    Returns
    -------
    Vectors
        Over codes and atoms of the full cross, last dimension fastest.
    """
    start, one = np.zeros((len(picks), 1), int), np.ones((len(picks), 1), np.int8)
    result = Vectors(start, one, start, one)
    for (vectors, codes, atoms), pick in zip(parts, picks.T, strict=True):
        result = Vectors(
            *_cross(result.codes, result.signs, vectors.codes[pick], vectors.signs[pick], codes),
            *_cross(result.atoms, result.atom_signs, vectors.atoms[pick], vectors.atom_signs[pick], atoms),
        )
    return result


def _cross(place, sign, other_place, other_sign, size):
    """Places and signs of the products of vectors, row by row, padding kept apart."""
    signs = (sign[:, :, None] * other_sign[:, None, :]).reshape(len(place), -1)
    places = (place[:, :, None] * size + other_place[:, None, :]).reshape(len(place), -1)
    return np.where(signs, places, PAD), signs
