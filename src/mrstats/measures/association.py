"""Are two factors independent? Tests of a two-way table from a sample with a design. Arrays in, arrays out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

METHODS = ("rao_scott", "rao_scott_first_order", "wald", "adjusted_wald")


class Independence(NamedTuple):
    """Test statistic, its degrees of freedom (those of the error are infinite for chi-square), p and Pearson's X²."""

    statistic: float
    df: float
    df_error: float
    p: float
    pearson: float


def independence_test(
    totals: ArrayLike, covariance: ArrayLike, n: float, df: float, *, method: str = "rao_scott"
) -> Independence:
    """Test that rows and columns of a two-way table are independent, with the design's covariance of its cells.

    Parameters
    ----------
    totals : array_like, shape (r, c)
        Weighted totals of the cells. A row or column with nobody in it is left out.
    covariance : array_like, shape (r·c, r·c)
        Of the totals, cells row by row: `mrstats.survey.estimate_domains` with ``measure="total"`` gives both, from
        replicates and calibrated weights too.
    n : float
        Persons observed in the table; only `pearson` depends on it.
    df : float
        Degrees of freedom of the design.
    method : {"rao_scott", "rao_scott_first_order", "wald", "adjusted_wald"}
        Pearson's X² over the sum of its generalised design effects, against F with their (Σδ)²/Σδ² degrees of freedom
        and that times `df`; X² over their mean, against chi-square; Wald's quadratic form of observed less expected
        against F, and the same with degrees of freedom lost. Wald's rejects too often when `df` are few.

    Returns
    -------
    Independence
        All NaN with fewer than two rows or columns, no degrees of freedom, or a total or covariance that is missing. R
        prints X² itself as the statistic of the first-order test; here it is the X² that p belongs to.

    References
    ----------
    Rao & Scott (1984), Annals of Statistics 12:46-60; Thomas & Rao (1987), JASA 82:630-636.

    Examples
    --------
    Persons drawn singly have the covariance (diag(p) - pp')/n, design effect 1, and the common chi-square test: 7, 3,
    3 and 7 persons where 5 are expected, 4·2²/5 = 3.2.

    >>> p = np.array([0.35, 0.15, 0.15, 0.35])
    >>> test = independence_test(p.reshape(2, 2), (np.diag(p) - np.outer(p, p)) / 20, n=20, df=19)
    >>> round(test.statistic, 4), round(test.df, 4), round(test.pearson, 4)
    (3.2, 1.0, 3.2)
    """
    from scipy.stats import chi2, f

    if method not in METHODS:
        raise ValueError(f"method={method!r} is not known; choose one of {', '.join(METHODS)}.")
    table = np.asarray(totals, float)
    v = np.asarray(covariance, float)
    if table.ndim != 2 or v.shape != (table.size, table.size):
        raise ValueError(
            f"totals {table.shape} must be rows × columns, and covariance {v.shape} one row and column for each cell."
        )
    if (table < 0).any():
        raise ValueError(f"cell {int(np.argmax(table < 0))} (row by row, from 0) has a negative total.")
    nothing = Independence(np.nan, np.nan, np.nan, np.nan, np.nan)
    if np.isnan(table).any():
        return nothing
    rows, columns = table.sum(axis=1) > 0, table.sum(axis=0) > 0
    kept = np.outer(rows, columns).ravel()
    table, v = table[np.ix_(rows, columns)], v[np.ix_(kept, kept)]
    r, c = table.shape
    q = (r - 1) * (c - 1)
    if min(r, c) < 2 or not df > 0 or np.isnan(v).any():
        return nothing
    population, share = table.sum(), table / table.sum()
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    pearson = float(n * ((share - expected) ** 2 / expected).sum())
    if method.endswith("wald"):
        statistic = _wald(table, expected, v) / q
        error = df - q + 1 if method == "adjusted_wald" else df
        statistic *= error / df if error > 0 else np.nan
        return Independence(statistic, float(q), error, float(f.sf(statistic, q, error)), pearson)
    jacobian = (np.eye(r * c) - share.ravel()[:, None]) / population
    effects = _generalised_effects(share, jacobian @ v @ jacobian.T, n)
    total, squares = float(np.trace(effects)), float(np.trace(effects @ effects))
    if not total > 0:
        return nothing._replace(pearson=pearson)
    if method == "rao_scott_first_order":
        statistic = pearson / (total / q)
        return Independence(statistic, float(q), np.inf, float(chi2.sf(statistic, q)), pearson)
    statistic, effective = pearson / total, total**2 / squares
    return Independence(
        statistic, effective, effective * df, float(f.sf(statistic, effective, effective * df)), pearson
    )


def _wald(totals: np.ndarray, expected: np.ndarray, v: np.ndarray) -> float:
    """Quadratic form of observed less expected totals; one row and one column follow from the others."""
    r, c = totals.shape
    population = totals.sum()
    row, column = np.divmod(np.arange(r * c), c)
    slope = (
        np.eye(r * c)
        - (row[:, None] == row) * (totals.sum(axis=0) / population)[column][:, None]
        - (column[:, None] == column) * (totals.sum(axis=1) / population)[row][:, None]
        + expected.ravel()[:, None]
    )
    free = (row > 0) & (column > 0)
    residual, spread = (totals - population * expected).ravel()[free], (slope @ v @ slope.T)[np.ix_(free, free)]
    if np.linalg.matrix_rank(spread) < len(residual):
        return np.nan
    return float(residual @ np.linalg.solve(spread, residual))


def _generalised_effects(table: np.ndarray, v: np.ndarray, n: float) -> np.ndarray:
    """Variance of the interactions of log p (p are the shares) under the design, over that of persons drawn singly; its trace is Σδ."""
    r, c = table.shape
    row, column = np.eye(r) - 1 / r, np.eye(c) - 1 / c
    interactions = np.kron(row[:, 1:], column[:, 1:])
    inverse = np.divide(1.0, table.ravel(), out=np.zeros(table.size), where=table.ravel() > 0)
    weighted = interactions * inverse[:, None]
    return np.linalg.solve(interactions.T @ weighted / n, weighted.T @ v @ weighted)
