"""Which cells to hide, so that no hidden count can be narrowed down: cube swaps with whole-number witnesses.

Every hidden cell that needs it stands in a move (see `moves`) whose two ends, so many persons down and so many up,
are possible tables too. `witnesses.certify` checks that from the start again and takes nothing from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mrstats.disclosure.joint import Problem
from mrstats.disclosure.search import Search
from mrstats.disclosure.witnesses import Witnesses, no_witnesses
from mrstats.schema import DatasetError


@dataclass(frozen=True)
class Suppression:
    """Which published cells are hidden, the proof, and what could not be hidden safely.

    Parameters
    ----------
    hidden, primary : ndarray of bool, shape (m,)
        All hidden cells, and those hidden for their own sake.
    witnesses : Witnesses
    failed : list of dict
        Cells for which there is no safe pattern: their codes, and ``merge``, the groups to put together.
        While there is one, nothing may be published.
    weak : list of dict
        With `singletons`: cells that hold against outsiders, but not against a person who is alone in another cell.
    """

    hidden: np.ndarray
    primary: np.ndarray
    witnesses: Witnesses
    failed: list[dict[str, str]] = field(default_factory=list)
    weak: list[dict[str, str]] = field(default_factory=list)


def suppress(
    problem: Problem,
    primary: np.ndarray,
    *,
    width: int = 4,
    seed: int = 0,
    public: np.ndarray | None = None,
    singletons: bool = False,
    hasty: bool = False,
    passes: tuple[int, int] = (2, 1),
) -> Suppression:
    """Hide cells so that each hidden one could be at least `width` + 1 different whole numbers.

    Parameters
    ----------
    problem : Problem
    primary : ndarray of bool, shape (m,)
        Cells that must be hidden; a zero among them is an error, since zeros are public.
    width : int
        Highest less lowest possible value of a hidden cell.
    seed : int
        Same problem and seed, same pattern. Never published.
    public : ndarray of bool, shape (m,), optional
        Cells already printed elsewhere; they are never hidden and no move passes through them.
    singletons : bool
        A person alone in a cell knows it: a primary cell's proofs do not all move the same person's cell of one.
    hasty : bool
        Give up at the first cell that no move was found for, to try otherwise.
    passes : (int, int)
        How often every move, and every secondary cell, is tried anew to hide fewer cells.

    Returns
    -------
    Suppression

    Raises
    ------
    DatasetError
        A zero or a public cell is to be hidden, or the tables share no cross small enough.
    """
    for bad, what in (
        (primary & (problem.truth == 0), "a zero"),
        (primary & (public if public is not None else False), "a public cell"),
    ):
        if bad.any():
            cell = problem.frame()[bad].iloc[0].to_dict()
            raise DatasetError(f"{what} cannot be hidden: {cell}. Merge its groups or withdraw the row.")
    if not primary.any() or not problem.dimensions:
        failed = [{"merge": "withdraw the figure"}] if primary.any() else []
        return Suppression(primary.copy(), primary.copy(), no_witnesses(problem), failed)
    search = Search(problem, primary, width=width, seed=seed, public=public, singletons=singletons, hasty=hasty)
    if hasty and (stuck := [cell for cell, (moves, _) in search.options.items() if not len(moves)]):
        failed = [_advice(problem, place) for place in search.places(stuck)]
        return Suppression(primary.copy(), primary.copy(), no_witnesses(problem), failed)
    search.cover_all()
    for _ in range(passes[0]):
        search.renew_moves()
    for _ in range(passes[1]):
        search.drop_secondaries()
    failed, weak = (
        [_advice(problem, place) for place in search.places(search.uncovered(cells))]
        for cells in (search.failed, search.weak)
    )
    return Suppression(search.pattern(), primary.copy(), search.witnesses(), failed, weak)


def _advice(problem: Problem, place: int) -> dict[str, str]:
    """A cell that cannot be hidden safely, and the groups whose merging would help most."""
    codes = problem.codes[place]
    names = {d.name: d.codes[c] for d, c in zip(problem.dimensions, codes, strict=True)}
    best, advice = 0, "withdraw the table, or show it at a coarser level"
    for i, dimension in enumerate(problem.dimensions):
        for level in dimension.levels:
            peers = np.unique(dimension.code_of(level))
            beside = np.tile(codes, (len(peers), 1))
            beside[:, i] = peers
            sizes = problem.counts_at(beside)
            sizes[peers == codes[i]] = 0
            if codes[i] in peers and sizes.max() > best:
                best = int(sizes.max())
                advice = f"{dimension.name}: {dimension.codes[codes[i]]} + {dimension.codes[peers[sizes.argmax()]]}"
    return {**names, "merge": advice}
