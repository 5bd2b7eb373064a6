"""Small counts rounded in the inner table: every published number is a sum of the same rounded counts."""

from __future__ import annotations

import numpy as np

from mrstats.disclosure.joint import Problem

ROUNDS = 60


def round_counts(
    problem: Problem, *, base: int = 5, seed: int = 0, rounds: int = ROUNDS, printed: np.ndarray | None = None
) -> np.ndarray:
    """Inner counts of 1 to `base` − 1 become 0 or `base`, so that published margins move as little as possible.

    Zeros and counts of `base` and more stay as they are. Adding the result up (`Problem.add_up`) gives every table;
    they agree with each other, and none holds a number from 1 to `base` − 1.

    Parameters
    ----------
    problem : Problem
    base : int
        The rule's smallest count. An inner 0 that is printed could be 0 to base − 1, a `base` 1 to `base`.
    seed : int
        Same problem and seed, same result. Never published: who knows it can narrow the counts down.
    rounds : int
        How long the search goes on.
    printed : ndarray of int, shape (m,), optional
        How published cells were printed before: 0, 1 (as `base`), −1 if they were not. An inner count that is alone in one goes
        the same way again: printed both ways it would be known to be neither 0 nor `base`.

    Returns
    -------
    ndarray of int, shape (k,)
        Rounded inner counts, in the order of ``problem.inner``.

    References
    ----------
    Langsrud & Heldal (2018), An algorithm for small count rounding of tabular data, Privacy in Statistical Databases.

    Examples
    --------
    >>> import pandas as pd
    >>> from mrstats.disclosure.dimension import Dimension
    >>> from mrstats.disclosure.joint import joint_problem
    >>> cells = pd.DataFrame({"area": ["A1", "A2", "A3"], "value": [3, 2, 40]})
    >>> problem = joint_problem(cells, [Dimension.flat("area", ["A1", "A2", "A3"])], [{"area": ["area"]}])
    >>> sorted(round_counts(problem).tolist())
    [0, 5, 40]
    """
    if base < 2:
        raise ValueError(f"base={base} must be at least 2; counts of 1 to base − 1 are rounded.")
    small = np.flatnonzero((problem.values > 0) & (problem.values < base))
    if not len(small):
        return problem.values.copy()
    search = _Rounding(problem, small, base, np.random.default_rng(seed), printed)
    for _ in range(rounds):
        if not search.improve():
            break
    rounded = problem.values.copy()
    rounded[small] = base * search.up
    return rounded


class _Rounding:
    """Which small counts go up, and the error of every published cell that follows."""

    def __init__(
        self, problem: Problem, small: np.ndarray, base: int, rng: np.random.Generator, printed: np.ndarray | None
    ):
        self.base, self.rng = base, rng
        self.within = problem.upward[small] + 1  # place 0 stands for no cell, and never counts
        self.many = (self.within > 0).sum(axis=1)
        self.groups = self._groups(problem.inner[small])
        self.cells = len(problem.keys) + 1
        values = problem.values[small]
        running = np.cumsum(values) + rng.integers(base)  # neighbours make up for each other; no count is favoured
        self.up = np.diff(running // base, prepend=(running[0] - values[0]) // base).astype(np.int64)
        self.free = np.ones(len(small), bool)
        if printed is not None:
            alone = np.append(np.bincount(problem.upward[problem.upward >= 0], minlength=len(problem.keys)) == 1, False)
            before = np.where(alone, np.append(printed, -1), -1)[problem.upward[small]].max(
                axis=1
            )  # place −1: never alone
            self.free = before < 0
            self.up = np.where(self.free, self.up, before)
        self.error = self._shift(np.arange(len(small)), base * self.up - values)

    @staticmethod
    def _groups(inner: np.ndarray) -> list[np.ndarray]:
        """Numbers for cells that differ in one dimension only, one array per dimension."""
        found = []
        for i in range(inner.shape[1]):
            _, group = np.unique(np.delete(inner, i, axis=1), axis=0, return_inverse=True)
            found.append(group.ravel().astype(np.min_scalar_type(len(group))))  # short numbers sort in one pass
        return found

    def _shift(self, which: np.ndarray, change: np.ndarray) -> np.ndarray:
        """What some changes do to the published cells."""
        shift = np.zeros(self.cells, np.int64)
        np.add.at(shift, self.within[which], change[:, None])
        shift[0] = 0
        return shift

    def improve(self) -> bool:
        """One round of single changes and of exchanges between cells that differ in one dimension."""
        better = self._apply(np.flatnonzero(self.free)[:, None])
        for group in [*self.groups, np.zeros(len(self.up), np.uint8)]:
            better |= self._apply(self._pairs(group))
        return better

    def _pairs(self, group: np.ndarray) -> np.ndarray:
        """Random pairs inside groups, one going up and one going down; each cell in one pair at most."""
        order = self.rng.permutation(np.flatnonzero(self.free))
        order = order[np.argsort(group[order], kind="stable")]
        start = self.rng.integers(2)
        pairs = order[start : start + (len(order) - start) // 2 * 2].reshape(-1, 2)
        one, other = pairs.T
        return pairs[(group[one] == group[other]) & (self.up[one] != self.up[other])]

    def _apply(self, sets: np.ndarray) -> bool:
        """Make the changes that bring margins closer; all that help, or fewer where they spoil each other's gain."""
        if not len(sets):
            return False
        change = self.base * (1 - 2 * self.up[sets])
        gain = 2 * (change * self.error[self.within[sets]].sum(axis=2)).sum(axis=1)
        gain += self.base**2 * self.many[sets].sum(axis=1)
        if sets.shape[1] == 2:
            one, other = self.within[sets[:, 0]], self.within[sets[:, 1]]
            together = ((one == other) & (one > 0)).sum(axis=1)
            gain += 2 * change[:, 0] * change[:, 1] * together
        good = np.flatnonzero(gain < 0)
        good = good[np.argsort(gain[good] * self.rng.uniform(0.5, 1, len(good)), kind="stable")]
        while len(good):
            which, by = sets[good].ravel(), change[good].ravel()
            shift = self._shift(which, by)
            if (shift * (2 * self.error + shift)).sum() < 0:
                self.error += shift
                self.up[which] = 1 - self.up[which]
                return True
            good = good[: len(good) // 2]
        return False
