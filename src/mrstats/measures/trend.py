"""Trends over years and over ordered groups, many tests at once, and the pace towards a target. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence, check_counts, normal_quantile

ADJUSTMENTS = ("holm", "benjamini_hochberg")
REACHED, ON_TRACK, TOO_SLOW, AWAY = "reached", "on track", "too slow", "away"


class TrendTest(NamedTuple):
    """Trend of a proportion over ordered groups, each of shape (...): see `cochran_armitage`."""

    z: Any
    p: Any
    departure: Any
    departure_df: Any
    departure_p: Any


def cochran_armitage(count: ArrayLike, n: ArrayLike, *, scores: ArrayLike | None = None) -> TrendTest:
    """Cochran–Armitage test that a proportion rises or falls over ordered groups.

    Parameters
    ----------
    count, n : array_like, shape (..., J)
        Persons with the outcome and persons observed, groups in order.
    scores : array_like, shape (J,), optional
        Places of the groups; default 1, 2, …

    Returns
    -------
    TrendTest
        ``z``, positive where the proportion rises with the score, and its two-sided ``p``; ``departure`` from a straight
        line as chi-square with ``departure_df`` = J − 2 and ``departure_p``. NaN where all or none have the outcome.

    Raises
    ------
    ValueError
        Counts that are not between 0 and n.

    Notes
    -----
    How to read it: a small p says that there is a trend, a small p of the departure that a line is not all of it. The
    variance divides by N, as R's ``prop.trend.test``; coin and statsmodels divide by N − 1.

    References
    ----------
    Armitage (1955), Biometrics 11:375-386.

    Examples
    --------
    >>> round(float(cochran_armitage([22, 31, 29, 44, 47], [140, 151, 133, 160, 142]).z), 4)
    3.7068
    """
    from scipy.special import chdtrc, ndtr

    x, size = check_counts(count, n)
    place = np.arange(1.0, x.shape[-1] + 1) if scores is None else np.asarray(scores, float)
    total = size.sum(axis=-1)
    share = x.sum(axis=-1) / total
    apart = place - ((size * place).sum(axis=-1) / total)[..., None]
    spread = share * (1 - share)
    spread = np.where(spread > 0, spread, np.nan)
    z = (x * apart).sum(axis=-1) / np.sqrt(spread * (size * apart**2).sum(axis=-1))
    between = ((x - size * share[..., None]) ** 2 / size).sum(axis=-1) / spread
    df = x.shape[-1] - 2
    departure = np.maximum(between - z**2, 0.0)
    missing = np.where(np.isnan(departure), np.nan, 1.0)
    departure_p = chdtrc(df, departure) if df > 0 else np.full(np.shape(z), np.nan)
    return TrendTest(z, 2 * ndtr(-np.abs(z)), departure, df * missing, departure_p)


class Slope(NamedTuple):
    """A straight line through values with their errors: see `weighted_slope`."""

    slope: float
    standard_error: float
    lower: float
    upper: float
    p: float
    level: float
    level_standard_error: float
    covariance: float
    df: float
    q: float
    q_df: int
    q_p: float


NO_SLOPE = Slope(
    slope=np.nan, standard_error=np.nan, lower=np.nan, upper=np.nan, p=np.nan, level=np.nan, level_standard_error=np.nan,
    covariance=np.nan, df=np.nan, q=np.nan, q_df=0, q_p=np.nan,
)  # fmt: skip


def weighted_slope(
    x: ArrayLike,
    y: ArrayLike,
    se: ArrayLike | None = None,
    *,
    spread: str = "known",
    breaks: Sequence[float] = (),
    at: float | None = None,
    confidence: float = 0.95,
) -> Slope:
    """Slope of a line through values, each weighted by 1/se², with a step allowed at breaks in the series.

    Parameters
    ----------
    x, y, se : array_like, shape (k,)
        Such as years, values or gaps, and their standard errors; a value that is missing is left out. Without `se` all
        weigh the same.
    spread : {"known", "residual"}
        Whether the errors are the whole uncertainty (normal interval), or the points' distance from the line tells it
        and `se` only weighs (t interval, needs three points more than steps).
    breaks : sequence of float
        First year of each new way of counting: the level may step there, the slope is common to all pieces.
    at : float, optional
        Where the level is wanted; default: the last x. It is that of the last piece.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    Slope
        ``slope`` per unit of x with its error, interval and two-sided ``p``; ``level`` of the line at `at` with error and
        ``covariance`` with the slope; ``df``; ``q`` = Σ((y − line)/se)², ``q_df`` and ``q_p``: whether a line with the known
        errors fits. NaN where no piece has two points.

    Raises
    ------
    ValueError
        An unknown `spread`, errors that are not above 0, or known errors that are not given.

    Notes
    -----
    How to read it: so many units a year. Without the step a change of definition would be read as a development; with
    it only changes within each piece count. A small ``q_p`` says that years differ more than their errors: use "residual".

    Examples
    --------
    >>> made = weighted_slope([2020, 2021, 2022, 2023], [10.0, 11.0, 22.0, 23.0], [1, 1, 1, 1], breaks=[2022])
    >>> round(made.slope, 6), round(made.standard_error, 6)
    (1.0, 1.0)
    """
    from scipy.special import chdtrc, ndtr, stdtr, stdtrit

    if spread not in ("known", "residual"):
        raise ValueError(f"spread={spread!r} is not known; choose known or residual.")
    if spread == "known" and se is None:
        raise ValueError("spread='known' needs the standard errors se; without them use spread='residual'.")
    points = np.broadcast_arrays(*(np.asarray(a, float) for a in (x, y, 1.0 if se is None else se)))
    known = np.isfinite(sum(points))
    place, value, s = (a[known] for a in points)
    if (s <= 0).any():
        raise ValueError(f"point {int(np.argmax(s <= 0))}: a standard error must be above 0.")
    tail = (1 + check_confidence(confidence)) / 2
    here = float(place.max() if at is None else at) if len(place) else np.nan
    piece = np.searchsorted(np.sort(np.asarray(breaks, float)), place, side="right")
    pieces = np.unique(piece)
    design = np.column_stack([place - here, *(piece == number for number in pieces)]).astype(float)
    q_df = len(place) - design.shape[1]
    if len(place) < 2 or np.linalg.matrix_rank(design) < design.shape[1]:
        return NO_SLOPE._replace(q_df=max(q_df, 0))
    weighted = design / s[:, None]
    covariance = np.linalg.inv(weighted.T @ weighted)
    beta = covariance @ weighted.T @ (value / s)
    q = float((((value - design @ beta) / s) ** 2).sum())
    df = np.inf
    if spread == "residual":
        df = float(q_df)
        covariance = covariance * (q / q_df if q_df > 0 else np.nan)
    slope, error = float(beta[0]), float(np.sqrt(covariance[0, 0]))
    quantile = normal_quantile(confidence) if np.isinf(df) else float(stdtrit(df, tail)) if df > 0 else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(slope / error)
    p = float(2 * ndtr(-t) if np.isinf(df) else 2 * stdtr(df, -t) if df > 0 else np.nan)
    fit = float(chdtrc(q_df, q)) if q_df > 0 and se is not None else np.nan
    return Slope(
        slope, error, slope - quantile * error, slope + quantile * error, p,
        float(beta[-1]), float(np.sqrt(covariance[-1, -1])), float(covariance[0, -1]), df, q, q_df, fit,
    )  # fmt: skip


def adjust_p_values(p: ArrayLike, *, method: str = "holm") -> np.ndarray:
    """P values when many questions are asked at once.

    Parameters
    ----------
    p : array_like, shape (k,)
        Probabilities; NaN is no test and does not count among them.
    method : {"holm", "benjamini_hochberg"}
        Holm's: the chance of even one false finding is kept. Benjamini and Hochberg's: the expected share of false ones
        among the findings is kept.

    Returns
    -------
    ndarray, shape (k,)

    Raises
    ------
    ValueError
        An unknown method, or a p outside [0, 1].

    Notes
    -----
    How to read it: compare with 0.05 as a single p. Holm where each finding is acted on, Benjamini–Hochberg where the
    list is a first sift.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65-70. Benjamini & Hochberg (1995), JRSS B 57:289-300.

    Examples
    --------
    >>> adjust_p_values([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    if method not in ADJUSTMENTS:
        raise ValueError(f"method={method!r} is not known; choose one of {', '.join(ADJUSTMENTS)}.")
    given = np.asarray(p, float)
    if ((given < 0) | (given > 1)).any():
        row = int(np.argmax((given < 0) | (given > 1)))
        raise ValueError(f"row {row}: p={given.flat[row]:g} must be between 0 and 1.")
    known = np.flatnonzero(~np.isnan(given))
    ordered = known[np.argsort(given[known], kind="stable")]
    m, result = len(ordered), np.full(given.shape, np.nan)
    place = np.arange(1, m + 1)
    if method == "holm":
        made = np.maximum.accumulate((m - place + 1) * given[ordered])
    else:
        made = np.minimum.accumulate((m / place * given[ordered])[::-1])[::-1]
    result[ordered] = np.minimum(made, 1.0)
    return result


class Pace(NamedTuple):
    """How fast a value moves towards a target: see `pace`."""

    verdict: str
    sure: bool
    slope: float
    lower: float
    upper: float
    needed: float
    expected: float
    expected_lower: float
    expected_upper: float
    reason: str


def pace(
    year: ArrayLike,
    value: ArrayLike,
    se: ArrayLike | None,
    *,
    target: float,
    target_year: float,
    favourable: bool = True,
    breaks: Sequence[float] = (),
    spread: str = "known",
    confidence: float = 0.95,
) -> Pace:
    """Is the development so far enough to reach a target in time?

    Parameters
    ----------
    year, value, se, breaks, spread, confidence
        See `weighted_slope`.
    target, target_year : float
        What is to be reached, in the unit of `value`, and when; the year must lie after the last one.
    favourable : bool
        Whether high is good: the target is then at least, else at most. For a gap to close give the gap as a positive
        value, ``favourable=False`` and target 0.

    Returns
    -------
    Pace
        ``verdict``: reached · on track · too slow · away; ``sure`` where its interval allows no other verdict; ``slope`` a
        year with its interval; ``needed``, the slope from the line's last level to the target; ``expected`` value of the line
        in the target year with its interval; ``reason`` why there is none.

    Raises
    ------
    ValueError
        A target year that is not after the last year; see `weighted_slope` for others.

    Notes
    -----
    How to read it: a projection, not a forecast: what happens if the years to come are like the years seen. Away: the
    value moves from the target. The interval of `expected` holds the errors of level and slope, not new events.

    Examples
    --------
    One a year for five years, from 14: 19 and not 20.

    >>> made = pace([2020, 2021, 2022, 2023, 2024], [10, 11, 12, 13, 14], [0.1] * 5, target=20, target_year=2029)
    >>> made.verdict, made.sure, round(made.needed, 6), round(made.expected, 6)
    ('too slow', True, 1.2, 19.0)
    """
    years = np.asarray(year, float)
    seen = years[np.isfinite(years) & np.isfinite(np.asarray(value, float))]
    last = float(seen.max()) if len(seen) else np.nan
    if target_year <= last:
        raise ValueError(f"target_year={target_year:g} must lie after the last year with a value, {last:g}.")
    line = weighted_slope(year, value, se, spread=spread, breaks=breaks, at=last, confidence=confidence)
    if np.isnan(line.standard_error):
        return Pace("", False, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, "too few years")
    sign, ahead = (1.0 if favourable else -1.0), target_year - last
    needed = (target - line.level) / ahead
    expected = line.level + ahead * line.slope
    error = np.sqrt(line.level_standard_error**2 + 2 * ahead * line.covariance + (ahead * line.standard_error) ** 2)
    quantile = (line.upper - line.slope) / line.standard_error if line.standard_error > 0 else 0.0
    half, level_half = quantile * error, quantile * line.level_standard_error
    short = sign * (target - line.level)
    if short <= 0:
        return _paced(REACHED, short + level_half <= 0, line, needed, expected, half)
    ends = sorted([sign * line.lower, sign * line.upper])
    if sign * (target - expected) <= 0:
        return _paced(ON_TRACK, sign * (target - expected) + half <= 0, line, needed, expected, half)
    if sign * line.slope > 0:
        return _paced(TOO_SLOW, sign * (target - expected) > half and ends[0] > 0, line, needed, expected, half)
    return _paced(AWAY, ends[1] < 0, line, needed, expected, half)


def _paced(verdict: str, sure: bool, line: Slope, needed: float, expected: float, half: float) -> Pace:
    low, high = float(expected - half), float(expected + half)
    return Pace(verdict, bool(sure), line.slope, line.lower, line.upper, float(needed), float(expected), low, high, "")


__all__ = ["Pace", "Slope", "TrendTest", "adjust_p_values", "cochran_armitage", "pace", "weighted_slope"]
