"""How a quantity is spread: means and totals from sums; quantiles, Gini and their kin from persons. Arrays in and out.

Their standard errors come from `mrstats.measures.influence`. Every measure of persons takes ``values`` and ``weights``,
shape (n,): the quantity of each person, never missing, and how many persons each stands for (1 if not given, never
negative, in any unit). Among nobody, and where it is not defined, a measure is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence


def mean_interval(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, *, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean with its t interval, from n, sum and sum of squares.

    Parameters
    ----------
    n, total, squares : array_like, shape (k,)
        Persons, sum of the quantity, sum of its squares.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    mean, lower, upper, standard_error : ndarray, shape (k,)
        In the quantity's unit; with one person there is a mean and no interval (NaN).

    Examples
    --------
    >>> mean, lower, upper, se = mean_interval([4], [10.0], [30.0])    # 1, 2, 3, 4
    >>> float(mean[0]), round(float(lower[0]), 4), round(float(upper[0]), 4)
    (2.5, 0.4457, 4.5543)
    """
    n, total, squares = (np.asarray(a, float) for a in (n, total, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        variance = np.maximum(squares - n * mean**2, 0.0) / (n - 1)
        standard_error = np.where(n > 1, np.sqrt(variance / n), np.nan)
    half = t_quantile(n - 1, confidence) * standard_error
    return mean, mean - half, mean + half, standard_error


def total_interval(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, *, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interval of a register total seen as one year of a compound Poisson process.

    Both the number of persons and what each takes could have come out otherwise, so the variance is the sum of
    squares; for a quantity of 1 a person it is the Poisson variance of a count.

    Parameters
    ----------
    n, total, squares, confidence
        See `mean_interval`.

    Returns
    -------
    lower, upper, standard_error : ndarray, shape (k,)

    Examples
    --------
    >>> lower, upper, se = total_interval([100], [100.0], [100.0])
    >>> float(se[0])
    10.0
    """
    n, total, squares = (np.asarray(a, float) for a in (n, total, squares))
    standard_error = np.sqrt(squares)
    half = t_quantile(n - 1, confidence) * standard_error
    return total - half, total + half, standard_error


def ratio_of_totals_interval(
    n: ArrayLike,
    y: ArrayLike,
    x: ArrayLike,
    y2: ArrayLike,
    x2: ArrayLike,
    xy: ArrayLike,
    *,
    confidence: float = 0.95,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One total over another, Σy ÷ Σx, with the t interval of its linearised error.

    Parameters
    ----------
    n, y, x, y2, x2, xy : array_like, shape (k,)
        Persons, Σy, Σx, Σy², Σx² and Σxy.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    ratio, lower, upper, standard_error : ndarray, shape (k,)
        NaN where Σx is not above 0; with one person there is a ratio and no interval.

    Notes
    -----
    How to read it: as the mean of y where x is 1 for everybody. The error is that of the mean of y − Rx, over the mean
    of x (Cochran 1977, 6.4); with few persons or very unequal x it is too small, which n < 50 marks.

    Examples
    --------
    Costs 2, 4, 9 for 1, 2, 3 hours: R = 15/6; y − Rx are -0.5, -1, 1.5, whose squares add up to 3.5.

    >>> ratio, lower, upper, se = ratio_of_totals_interval([3], [15.0], [6.0], [101.0], [14.0], [37.0])
    >>> float(ratio[0]), bool(np.isclose(se[0], (3 / 2 * 3.5) ** 0.5 / 6))
    (2.5, True)
    """
    n, y, x, y2, x2, xy = (np.asarray(a, float) for a in (n, y, x, y2, x2, xy))
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(x > 0, x, np.nan)
        ratio = y / below
        left = np.maximum(y2 - 2 * ratio * xy + ratio**2 * x2, 0.0)
        standard_error = np.where(n > 1, np.sqrt(n / (n - 1) * left) / below, np.nan)
    half = t_quantile(n - 1, confidence) * standard_error
    return ratio, ratio - half, ratio + half, standard_error


def weighted_quantile(values: ArrayLike, p: ArrayLike, weights: ArrayLike | None = None) -> np.ndarray:
    """Quantiles by the rule "math": the smallest value with F(value) >= p, averaged with the next at an exact step.

    Parameters
    ----------
    values, weights
        See the module.
    p : array_like
        Fractions in [0, 1]; 0.5 is the median.

    Returns
    -------
    ndarray, shape of `p`
        In the unit of `values`.

    Raises
    ------
    ValueError
        A missing value or an impossible weight (the message names the first row), or p outside [0, 1].

    Notes
    -----
    As laeken's ``weightedQuantile`` and survey's ``qrule="math"``. Other rules differ in the third digit.

    Examples
    --------
    >>> weighted_quantile([1, 2, 3, 10], [0.5, 0.6]).tolist()
    [2.5, 3.0]
    >>> float(weighted_quantile([1, 2, 10], 0.5, weights=[1, 1, 3]))
    10.0
    """
    x, w = check_persons(values, weights)
    p = np.asarray(p, float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p={p.tolist()} must be fractions between 0 and 1, such as 0.5 for the median.")
    x, w = x[w > 0], w[w > 0]
    if not len(x):
        return np.full(p.shape, np.nan)
    order = np.argsort(x, kind="stable")
    x, below = x[order], np.cumsum(w[order])
    target, rounding = p * below[-1], 1e-10 * below[-1]  # far less than a person in any city
    first = np.minimum(np.searchsorted(below, target - rounding), len(x) - 1)
    step = np.abs(below[first] - target) <= rounding
    return (x[first] + x[np.where(step, np.minimum(first + 1, len(x) - 1), first)]) / 2


def gini(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Gini coefficient: 0 where all have the same, 1 where one has everything.

    Parameters
    ----------
    values, weights
        See the module; zeros and negative incomes count as they are.

    Returns
    -------
    float
        As a fraction, without the correction n/(n−1); NaN unless the mean is above 0.

    Notes
    -----
    How to read it: two persons drawn at random differ by twice the Gini times the mean. It does not change with the
    unit of incomes or weights (laeken's formula; convey's does change with the weights).

    Examples
    --------
    >>> round(gini([1, 2, 3, 4, 10]), 12)
    0.4
    """
    x, w = check_persons(values, weights)
    size, mean = size_and_mean(x, w)
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    return float(np.sum(w * x * (2 * np.cumsum(w) - w)) / (size**2 * mean) - 1)


def quintile_share_ratio(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """S80/S20: what those above the upper quintile have together, over what those up to the lower quintile have.

    Parameters
    ----------
    values, weights
        See the module.

    Returns
    -------
    float
        NaN where nobody is above the upper quintile (all alike) or the lowest fifth has nothing.

    Examples
    --------
    >>> quintile_share_ratio([1, 2, 3, 4, 10])
    10.0
    """
    x, w = check_persons(values, weights)
    low, high = weighted_quantile(x, [0.2, 0.8], w)
    bottom, top = np.sum((w * x)[x <= low]), np.sum((w * x)[x > high])
    return float(top / bottom) if bottom > 0 and (w[x > high] > 0).any() else float("nan")


def at_risk_of_poverty(
    values: ArrayLike, weights: ArrayLike | None = None, *, line: float | None = None, share: float = 0.6
) -> float:
    """Share of persons whose income is strictly below a poverty line (EU's rule; at the line is not poor).

    Parameters
    ----------
    values, weights
        See the module.
    line : float, optional
        The line, such as the country's; else it is `share` of these persons' own median. A rate of a group against
        its own median is another statistic than against the country's.
    share : float
        Of the median, as a fraction.

    Returns
    -------
    float
        As a fraction.

    Examples
    --------
    >>> at_risk_of_poverty([6, 10, 10, 10, 14])
    0.0
    >>> at_risk_of_poverty([6, 10, 10, 10, 14], line=8)
    0.2
    """
    x, w = check_persons(values, weights)
    if line is not None and not np.isfinite(line):
        raise ValueError(f"line={line} must be an amount in the unit of the values.")
    line = share * float(weighted_quantile(x, 0.5, w)) if line is None else line
    return float(np.sum(w[x < line]) / size_and_mean(x, w)[0])


def generalised_entropy(values: ArrayLike, weights: ArrayLike | None = None, *, alpha: float = 1.0) -> float:
    """Generalised entropy GE(alpha): 0 is the mean logarithmic deviation, 1 Theil's T, 2 half the squared CV.

    Parameters
    ----------
    values, weights
        See the module. Zeros are allowed for alpha above 0, negative incomes never.
    alpha : float
        The larger, the more the top of the distribution counts.

    Returns
    -------
    float
        0 where all have the same; NaN where all have nothing.

    Raises
    ------
    ValueError
        An income for which it is not defined; the message names the first row.

    Examples
    --------
    >>> round(generalised_entropy([1, 5, 9], [1, 2, 1], alpha=2), 12)
    0.16
    """
    x, w = check_persons(values, weights)
    check_incomes(x, f"GE({alpha:g})", zeros=alpha > 0)
    size, mean = size_and_mean(x, w)
    average = float(np.sum(w * entropy_term(x / mean, alpha)) / size)
    return average if alpha in (0, 1) else (average - 1) / (alpha * (alpha - 1))


def atkinson(values: ArrayLike, weights: ArrayLike | None = None, *, epsilon: float = 1.0) -> float:
    """Atkinson's index: the share of all income that could be given up, had the rest been shared alike.

    Parameters
    ----------
    values, weights
        See the module. Zeros are allowed for epsilon below 1, negative incomes never.
    epsilon : float
        Aversion to inequality, above 0; the larger, the more the bottom of the distribution counts.

    Returns
    -------
    float
        As a fraction; 0 where all have the same.

    Raises
    ------
    ValueError
        An income for which it is not defined (the message names the first row), or epsilon not above 0.

    Examples
    --------
    >>> round(atkinson([1, 4], epsilon=0.5), 12)
    0.1
    """
    if not epsilon > 0:
        raise ValueError(f"epsilon={epsilon} must be above 0, such as 1.")
    x, w = check_persons(values, weights)
    check_incomes(x, f"Atkinson({epsilon:g})", zeros=epsilon < 1)
    size, mean = size_and_mean(x, w)
    average = np.sum(w * entropy_term(x / mean, 1 - epsilon)) / size
    return float(1 - (np.exp(-average) if epsilon == 1 else average ** (1 / (1 - epsilon))))


def check_persons(values: ArrayLike, weights: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """Values and weights as float arrays of one length; a ValueError names the first that is wrong."""
    x = np.asarray(values, float)
    w = np.ones(x.shape) if weights is None else np.asarray(weights, float)
    if x.ndim != 1 or x.shape != w.shape:
        raise ValueError(f"values {x.shape} and weights {w.shape} must be two lists of the same length.")
    for wrong, what, found in (
        (~np.isfinite(x), "the value is missing or not finite; leave such persons out", x),
        (~np.isfinite(w), "the weight is missing or not finite", w),
        (w < 0, "the weight is negative", w),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(f"row {row}: {what} ({found[row]:g}).")
    return x, w


def check_incomes(x: np.ndarray, measure: str, *, zeros: bool) -> None:
    """A ValueError for the first income of which the measure takes no logarithm or power."""
    wrong = (x < 0) if zeros else (x <= 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        kind = "not negative" if zeros else "above 0"
        raise ValueError(
            f"row {row}: {measure} needs incomes {kind}, found {x[row]:g}; leave such persons out and say so."
        )


def size_and_mean(x: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """Sum of weights and mean; NaN where nobody is, and the mean NaN unless above 0: nothing has no shares."""
    size = float(np.sum(w)) or float("nan")
    mean = float(np.sum(w * x)) / size
    return size, mean if mean > 0 else float("nan")


def entropy_term(y: np.ndarray, alpha: float) -> np.ndarray:
    """What each relative income y = x/mean adds: y^alpha, or its limits −ln y (alpha 0) and y ln y (alpha 1)."""
    if alpha not in (0, 1):
        return y**alpha
    logarithm = np.log(np.where(y > 0, y, 1.0))
    return y * logarithm if alpha == 1 else -logarithm


def t_quantile(df: ArrayLike, confidence: float) -> np.ndarray:
    """Two-sided quantile of Student's t; NaN where there are no degrees of freedom.

    Examples
    --------
    >>> t_quantile([9, 0], 0.95).round(3).tolist()
    [2.262, nan]
    """
    df = np.asarray(df, float)
    from scipy.special import stdtrit

    tail = 1 - (1 - check_confidence(confidence)) / 2
    values, at = np.unique(df, return_inverse=True)  # a million cells have a few hundred sizes
    return np.where(df > 0, stdtrit(np.maximum(values, 1), tail)[at], np.nan)
