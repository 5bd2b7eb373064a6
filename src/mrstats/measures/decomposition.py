"""What a gap between two groups is made of: parts that add up to it, with their derivatives. Arrays in, arrays out.

Group A is compared with group B, always A − B. Each part comes with how it moves with every estimate it is made of, so
that the estimates' deviations (`measures.design.design_deviations`) give its error under any design.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Side(NamedTuple):
    """Of one group: means (k,) of the columns, coefficients (k,), and weight × influence (n, k) on both."""

    means: np.ndarray
    coefficients: np.ndarray
    means_influence: np.ndarray
    coefficients_influence: np.ndarray


class Part(NamedTuple):
    """A part of the gap by column (k,), and its derivatives (5, k) by the column's `ESTIMATES`."""

    by_column: np.ndarray
    slopes: np.ndarray


ESTIMATES = ("means of A", "means of B", "coefficients of A", "coefficients of B", "reference coefficients")


def least_squares(y: ArrayLike, columns: ArrayLike, weights: ArrayLike | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (k,) of a weighted regression, and each person's weight × influence (n, k) on them.

    Examples
    --------
    >>> least_squares([1.0, 3.0, 5.0], [[1, 0], [1, 1], [1, 2]])[0].round(10).tolist()
    [1.0, 2.0]
    """
    y, x = np.asarray(y, float), np.asarray(columns, float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    inverse = np.linalg.pinv(x.T @ (x * w[:, None]), hermitian=True)
    beta = inverse @ (x.T @ (w * y))
    return beta, (x * (w * (y - x @ beta))[:, None]) @ inverse


def side(y: ArrayLike, columns: ArrayLike, weights: ArrayLike, inside: ArrayLike) -> Side:
    """Means and coefficients of the persons inside; the others have no influence.

    Examples
    --------
    >>> made = side([1.0, 3.0, 9.0], [[1, 0], [1, 1], [1, 5]], [1, 1, 1], [True, True, False])
    >>> made.means.tolist(), made.coefficients.round(10).tolist(), made.means_influence[2].tolist()
    ([1.0, 0.5], [1.0, 2.0], [0.0, 0.0])
    """
    y, x, mine = np.asarray(y, float), np.asarray(columns, float), np.asarray(inside, bool)
    w = np.where(mine, np.asarray(weights, float), 0.0)
    means = w @ x / w.sum()
    beta, influence = least_squares(y, x, w)
    return Side(means, beta, (x - means) * (w / w.sum())[:, None], influence)


def oaxaca(a: Side, b: Side, reference: ArrayLike) -> dict[str, Part]:
    """Oaxaca's and Blinder's decompositions of the difference of two means.

    Parameters
    ----------
    a, b : Side
        The constant is among the columns.
    reference : array_like, shape (k,)
        Coefficients that differences in composition are valued at: those of both groups pooled, with a column for the
        group (Jann) or without (Neumark), or those of one group.

    Returns
    -------
    dict of str to Part
        ``difference``; ``explained`` and ``unexplained`` at the reference; ``endowments`` (at B's coefficients),
        ``coefficients`` and ``interaction``. Either way they add up to the difference.

    Notes
    -----
    How to read it: *explained* would go if A had B's composition and each thing were worth what the reference says;
    *unexplained* would remain. The unexplained part by column depends on which groups the columns leave out: show its sum.

    References
    ----------
    Oaxaca (1973), IER 14:693-709; Blinder (1973), JHR 8:436-455; Jann (2008), Stata Journal 8:453-479.

    Examples
    --------
    >>> nobody = np.zeros((0, 2))
    >>> a, b = Side(np.array([1, 3.0]), np.array([2, 5.0]), nobody, nobody), Side(np.array([1, 2.0]), np.array([1, 4.0]), nobody, nobody)
    >>> {name: float(part.by_column.sum()) for name, part in oaxaca(a, b, [1, 4.0]).items()}
    {'difference': 8.0, 'explained': 4.0, 'unexplained': 4.0, 'endowments': 4.0, 'coefficients': 3.0, 'interaction': 1.0}
    """
    xa, xb, ba, bb, pooled = a.means, b.means, a.coefficients, b.coefficients, np.asarray(reference, float)
    nil, x, beta = np.zeros(len(xa)), xa - xb, ba - bb
    made = {
        "difference": (xa * ba - xb * bb, (ba, -bb, xa, -xb, nil)),
        "explained": (x * pooled, (pooled, -pooled, nil, nil, x)),
        "unexplained": (xa * (ba - pooled) + xb * (pooled - bb), (ba - pooled, pooled - bb, xa, -xb, -x)),
        "endowments": (x * bb, (bb, -bb, nil, x, nil)),
        "coefficients": (xb * beta, (nil, beta, xb, -xb, nil)),
        "interaction": (x * beta, (beta, -beta, x, -x, nil)),
    }
    return {name: Part(value, np.array(slopes)) for name, (value, slopes) in made.items()}


class Kitagawa(NamedTuple):
    """Parts of a difference of rates by cell (c,): ``rate`` and ``composition``."""

    rate: np.ndarray
    composition: np.ndarray


def kitagawa(rate_a: ArrayLike, share_a: ArrayLike, rate_b: ArrayLike, share_b: ArrayLike) -> Kitagawa:
    """Kitagawa's two parts: other rates in the same cells, and other shares of the cells.

    Parameters
    ----------
    rate_a, share_a, rate_b, share_b : array_like, shape (c,)
        Rate in each cell and the cell's share of the group; the shares of a group add up to 1.

    References
    ----------
    Kitagawa (1955), JASA 50:1168-1194.

    Examples
    --------
    >>> made = kitagawa([0.2, 0.6], [0.5, 0.5], [0.2, 0.4], [0.5, 0.5])
    >>> made.rate.round(10).tolist(), made.composition.tolist()
    ([0.0, 0.1], [0.0, 0.0])
    """
    ra, sa, rb, sb = (np.asarray(each, float) for each in (rate_a, share_a, rate_b, share_b))
    return Kitagawa((sa + sb) / 2 * (ra - rb), (ra + rb) / 2 * (sa - sb))


def das_gupta(figure: Callable[..., float], of_a: Sequence[ArrayLike], of_b: Sequence[ArrayLike]) -> np.ndarray:
    """Part (f,) of each factor in the difference of a figure of several factors, averaged over all orders of exchange.

    Parameters
    ----------
    figure : callable
        Of f factors, each a number or an array, the figure: a product, or a sum over cells.
    of_a, of_b : sequence of array_like, length f
        Each group's factors.

    Notes
    -----
    The parts add up to the difference; no factor comes first.

    References
    ----------
    Das Gupta (1993), Standardization and Decomposition of Rates, US Bureau of the Census P23-186.

    Examples
    --------
    Of 6·10 − 4·5 = 40 one half of each way: (6 − 4)·(10 + 5)/2 and (10 − 5)·(6 + 4)/2.

    >>> das_gupta(lambda hours, wage: hours * wage, [6, 10], [4, 5]).tolist()
    [15.0, 25.0]
    """
    f = len(of_a)
    sides = [[np.asarray(each, float) for each in of] for of in (of_b, of_a)]
    found = {
        chosen: float(figure(*(sides[from_a][at] for at, from_a in enumerate(chosen))))
        for chosen in itertools.product((0, 1), repeat=f)
    }
    parts = np.zeros(f)
    for chosen, value in found.items():
        size = sum(chosen)
        for at in range(f):
            before = size - chosen[at]  # others exchanged already
            share = math.factorial(before) * math.factorial(f - 1 - before) / math.factorial(f)
            parts[at] += value * share if chosen[at] else -value * share
    return parts


def composition_factors(shares: ArrayLike) -> list[np.ndarray]:
    """The share of each cell of a cross as a product of one factor for each way it is crossed (Das Gupta).

    Parameters
    ----------
    shares : array_like, shape (g_1, …, g_f)
        Shares of the cells; they add up to 1.

    Returns
    -------
    list of ndarray
        f arrays of that shape whose product is `shares`: over all orders of the factors, the geometric mean of the
        factor's distribution within groups of those before it. 0 where the cell is empty.

    Examples
    --------
    Where two factors are independent each is its own distribution.

    >>> [made[:, 0].round(4).tolist() for made in composition_factors(np.outer([0.25, 0.75], [1.0]))]
    [[0.25, 0.75], [1.0, 1.0]]
    """
    cells = np.asarray(shares, float)
    f, some = cells.ndim, cells > 0
    margins = {
        kept: cells.sum(axis=tuple(set(range(f)) - set(kept)), keepdims=True)
        for size in range(f + 1)
        for kept in itertools.combinations(range(f), size)
    }
    made = []
    for at in range(f):
        log = np.zeros(cells.shape)
        others = [axis for axis in range(f) if axis != at]
        for size in range(f):
            share = math.factorial(size) * math.factorial(f - 1 - size) / math.factorial(f)
            for kept in itertools.combinations(others, size):
                above, below = margins[tuple(sorted((*kept, at)))], margins[kept]
                with np.errstate(divide="ignore", invalid="ignore"):
                    log += share * np.where(some, np.log(above / below), 0.0)
        made.append(np.where(some, np.exp(log), 0.0))
    return made


def das_gupta_cells(rate_a: ArrayLike, share_a: ArrayLike, rate_b: ArrayLike, share_b: ArrayLike) -> np.ndarray:
    """Parts (f + 1,) in a difference of rates of the composition by each of f crossed factors, and of the rates last.

    Parameters
    ----------
    rate_a, share_a, rate_b, share_b : array_like, shape (g_1, …, g_f)
        As `kitagawa`, with which it agrees for one factor; a rate counts nothing where the group has nobody.

    Examples
    --------
    >>> das_gupta_cells([0.2, 0.6], [0.5, 0.5], [0.2, 0.4], [0.5, 0.5]).round(10).tolist()
    [0.0, 0.1]
    """
    sides = [
        [*composition_factors(share), np.where(np.asarray(share) > 0, rate, 0.0)]
        for rate, share in ((rate_a, share_a), (rate_b, share_b))
    ]
    return das_gupta(lambda *factors: np.prod(factors, axis=0).sum(), *sides)


class Paired(NamedTuple):
    """Parts of the explained difference by block of columns (f,), and their derivatives (f, k) by the coefficients."""

    by_block: np.ndarray
    slopes: np.ndarray


def fairlie(
    columns: ArrayLike,
    coefficients: ArrayLike,
    in_a: ArrayLike,
    blocks: Sequence[Sequence[int]],
    weights: ArrayLike,
    *,
    draws: int = 50,
    most: int = 2000,
    seed: int = 1,
) -> Paired:
    """Fairlie's parts of the difference of predicted probabilities: pairs of the same rank exchange a block at a time.

    Parameters
    ----------
    columns : array_like, shape (n, k)
    coefficients : array_like, shape (k,)
        Log odds.
    in_a : array_like of bool, shape (n,)
        Group A; the others are B.
    blocks : sequence of sequences of int
        Columns that belong together: the groups of a factor.
    weights : array_like, shape (n,)
    draws, most, seed : int
        So often, at most so many persons of each group are drawn by weight, ranked by predicted probability and paired,
        and the blocks exchanged in an order drawn anew.

    References
    ----------
    Fairlie (2005), Journal of Economic and Social Measurement 30:305-316.

    Examples
    --------
    Only the second column differs between the groups, so all of the difference is its.

    >>> x = np.array([[1, 0, 1], [1, 0, 1], [1, 1, 1], [1, 1, 1.0]])
    >>> fairlie(x, [0, 1.0, 2.0], [False, False, True, True], [[1], [2]], np.ones(4)).by_block.round(4).tolist()
    [0.0718, 0.0]
    """
    from scipy.special import expit

    x, beta, mine = np.asarray(columns, float), np.asarray(coefficients, float), np.asarray(in_a, bool)
    w, predicted = np.asarray(weights, float), np.asarray(columns, float) @ np.asarray(coefficients, float)
    random = np.random.default_rng(seed)
    size = min(int(mine.sum()), int((~mine).sum()), most)
    parts, slopes = np.zeros(len(blocks)), np.zeros((len(blocks), len(beta)))
    for _ in range(draws):
        ranked = []
        for inside in (np.flatnonzero(mine), np.flatnonzero(~mine)):
            drawn = random.choice(inside, size, p=w[inside] / w[inside].sum())
            ranked.append(drawn[np.argsort(predicted[drawn], kind="stable")])
        now, other = x[ranked[0]], x[ranked[1]]
        before = expit(now @ beta)
        for block in random.permutation(len(blocks)):
            after_x = now.copy()
            after_x[:, list(blocks[block])] = other[:, list(blocks[block])]
            after = expit(after_x @ beta)
            parts[block] += (before - after).mean()
            slopes[block] += ((before * (1 - before)) @ now - (after * (1 - after)) @ after_x) / size
            now, before = after_x, after
    return Paired(parts / draws, slopes / draws)
