"""How unevenly groups live over areas: counts in, indices out, fractions not per cent. No tables, no maps.

The last axis is areas, or areas and then groups; axes before them (years, permutations) are carried along. Areas where
nobody lives take no part. What chance does to an index is in `mrstats.measures.segregation_chance`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike


def dissimilarity(group: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Index of dissimilarity, D = ½ Σ |a/A − b/B|.

    Parameters
    ----------
    group, others : array_like, shape (..., areas)
        Persons of the group, and of those it is compared with, in each area.

    Returns
    -------
    ndarray, shape (...)
        0 to 1; NaN where either has nobody.

    Raises
    ------
    ValueError
        Shapes differ, or a count is negative or missing; the message names the first such area.

    Notes
    -----
    How to read it: so large a share of the group would have to live in another area for both to live spread alike.

    References
    ----------
    Duncan & Duncan (1955), American Sociological Review 20:210-217.

    Examples
    --------
    >>> round(float(dissimilarity([30, 10], [20, 40])), 4)                    # ½ (|¾ − ⅓| + |¼ − ⅔|)
    0.4167
    """
    return _dissimilarity(*_two(group, others))


def gini(group: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Gini index of segregation: twice the area between the segregation curve and the line of evenness.

    Parameters, returns and errors as `dissimilarity`; it counts every move that would even out, D only those across the mean.

    References
    ----------
    Duncan & Duncan (1955); James & Taeuber (1985), Sociological Methodology 15:1-32.

    Examples
    --------
    >>> round(float(gini([30, 10], [20, 40])), 4)                     # two areas: the same as D
    0.4167
    """
    return _gini(*_two(group, others))


def isolation(group: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Isolation, Σ (a/A)(a/t): the share of the own group in the area of its average member.

    Parameters, returns and errors as `dissimilarity`. It depends on how large the group is: held against its share of
    all residents it tells of segregation (`eta_squared`).

    References
    ----------
    Bell (1954), Social Forces 32:357-364.

    Examples
    --------
    >>> round(float(isolation([30, 10], [20, 40])), 4)                        # ¾ · 30/50 + ¼ · 10/50
    0.5
    """
    return _isolation(*_two(group, others))


def interaction(group: ArrayLike, other: ArrayLike, population: ArrayLike) -> np.ndarray:
    """Interaction, Σ (a/A)(b/t): the share of another group in the area of the group's average member.

    Parameters
    ----------
    group, other, population : array_like, shape (..., areas)
        Persons of the two groups, and of all groups together.

    Returns
    -------
    ndarray, shape (...)

    Examples
    --------
    >>> float(interaction([30, 10], [20, 40], [50, 50]))              # ¾ · 20/50 + ¼ · 40/50
    0.5
    """
    a, rest = _two(group, np.asarray(population, float) - np.asarray(group, float))
    b = np.asarray(other, float)
    return (_shares(a) * over(b, a + rest, 0.0)).sum(axis=-1)


def eta_squared(group: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Isolation above what evenness would give, (xPx − P)/(1 − P): the variance ratio.

    Parameters, returns and errors as `dissimilarity`. 0 where the group is the same share of every area.

    References
    ----------
    White (1986), Population Index 52:198-221.

    Examples
    --------
    >>> round(float(eta_squared([30, 10], [20, 40])), 4)              # (0.5 − 0.4) / 0.6
    0.1667
    """
    return _eta_squared(*_two(group, others))


def atkinson(group: ArrayLike, others: ArrayLike, *, shape: float = 0.5) -> np.ndarray:
    """Atkinson's index of segregation; shape above ½ weighs areas where the group is a large share.

    Parameters, returns and errors as `dissimilarity`; `shape` lies between 0 and 1.

    References
    ----------
    James & Taeuber (1985), Sociological Methodology 15:1-32.

    Examples
    --------
    >>> round(float(atkinson([30, 10], [20, 40])), 4)                 # 1 − (Σ √(a/A · b/B))²
    0.1751
    """
    if not 0 < shape < 1:
        raise ValueError(f"shape={shape} must lie between 0 and 1, such as 0.5.")
    return _atkinson(*_two(group, others), shape=shape)


def mutual_information(counts: ArrayLike) -> np.ndarray:
    """Mutual information of area and group, M = Σ p ln(p / p_area p_group), in nats.

    Parameters
    ----------
    counts : array_like, shape (..., areas, groups)

    Returns
    -------
    ndarray, shape (...)
        0 to the entropy of the groups; NaN without persons.

    Notes
    -----
    How to read it: how much knowing the area tells of the group. It adds up exactly over levels of areas
    and over years (`mrstats.measures.segregation_parts`).

    References
    ----------
    Theil & Finizza (1971); Mora & Ruiz-Castillo (2011), Sociological Methodology 41:159-194.

    Examples
    --------
    >>> round(float(mutual_information([[10, 0], [0, 10]])), 4)       # ln 2: the area tells everything
    0.6931
    """
    n = checked_table(counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = n.sum(axis=(-2, -1))
        both = _log_sum(n, (-2, -1)) - _log_sum(n.sum(axis=-1), -1) - _log_sum(n.sum(axis=-2), -1)
        return np.where(total > 0, np.maximum(both / total + np.log(total), 0.0), np.nan)


def entropy(counts: ArrayLike) -> np.ndarray:
    """Entropy of the groups, −Σ p ln p, in nats: the most that `mutual_information` can be; shape as there."""
    groups = checked_table(counts).sum(axis=-2)
    total = groups.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, np.log(total) - _log_sum(groups, -1) / total, np.nan)


def information_theory(counts: ArrayLike) -> np.ndarray:
    """Theil's information theory index, H = M / entropy of the groups.

    Parameters and returns as `mutual_information`, from 0 to 1. Its parts add up over levels of areas; between cities or
    years of different composition M and H may disagree.

    References
    ----------
    Theil (1972); Reardon & Firebaugh (2002), Sociological Methodology 32:33-67.

    Examples
    --------
    >>> float(information_theory([[10, 0], [0, 10]])), float(information_theory([[10, 5], [20, 10]]))
    (1.0, 0.0)
    """
    return over(mutual_information(counts), entropy(counts))


def multigroup_dissimilarity(counts: ArrayLike) -> np.ndarray:
    """Dissimilarity of many groups, Σ t |p − P| / 2TI with I = Σ P(1 − P); counts as in `mutual_information`.

    References
    ----------
    Morgan (1975); Reardon & Firebaugh (2002), Sociological Methodology 32:33-67.
    """
    n, total, share, _ = _many(counts)
    apart = abs(n - n.sum(axis=-1, keepdims=True) * share).sum(axis=(-2, -1))
    return over(apart, 2 * total * (share * (1 - share)).sum(axis=(-2, -1)))


def multigroup_gini(counts: ArrayLike) -> np.ndarray:
    """Gini of many groups: each group's Gini against the rest, weighted by P(1 − P) (Reardon & Firebaugh 2002)."""
    _, _, share, parts = _many(counts)
    weight = (share * (1 - share))[..., 0, :]
    return over((weight * np.nan_to_num(_gini(*parts))).sum(axis=-1), weight.sum(axis=-1))


def relative_diversity(counts: ArrayLike) -> np.ndarray:
    """Eta squared of many groups, weighted by P(1 − P): the relative diversity R of Reardon & Firebaugh (2002)."""
    _, _, share, parts = _many(counts)
    weight = (share * (1 - share))[..., 0, :]
    return over((weight * np.nan_to_num(_eta_squared(*parts))).sum(axis=-1), weight.sum(axis=-1))


def location_quotients(counts: ArrayLike) -> np.ndarray:
    """Each group's share of an area over its share of all, shape as counts (areas, groups); NaN where nobody lives.

    Examples
    --------
    >>> location_quotients([[30, 20], [10, 40]]).round(2).tolist()
    [[1.5, 0.67], [0.5, 1.33]]
    """
    n, _, share, _ = _many(counts)
    return over(over(n, n.sum(axis=-1, keepdims=True)), np.broadcast_to(share, n.shape))


def _dissimilarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return abs(_shares(a) - _shares(b)).sum(axis=-1) / 2


def _gini(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    order = np.argsort(over(a, a + b, 0.0), axis=-1)
    own, rest = (np.take_along_axis(_shares(part), order, axis=-1) for part in (a, b))
    return 1 - (rest * (2 * np.cumsum(own, axis=-1) - own)).sum(axis=-1)


def _isolation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (_shares(a) * over(a, a + b, 0.0)).sum(axis=-1) + 0 * _shares(b).sum(axis=-1)


def _eta_squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    share = over(a.sum(axis=-1), (a + b).sum(axis=-1))
    return over(_isolation(a, b) - share, 1 - share)


def _atkinson(a: np.ndarray, b: np.ndarray, *, shape: float = 0.5) -> np.ndarray:
    return 1 - (_shares(b) ** (1 - shape) * _shares(a) ** shape).sum(axis=-1) ** (1 / (1 - shape))


def _two_group_information(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return information_theory(np.stack([a, b], axis=-1))


def _shares(n: np.ndarray) -> np.ndarray:
    return over(n, n.sum(axis=-1, keepdims=True))


def over(top: np.ndarray, bottom: np.ndarray, empty: float = np.nan) -> np.ndarray:
    """A quotient, `empty` where nothing is below."""
    there = bottom > 0
    return np.where(there, top / np.where(there, bottom, 1), empty)


def _log_sum(n: np.ndarray, axis) -> np.ndarray:
    return (n * np.log(np.where(n > 0, n, 1))).sum(axis=axis)


def _checked(n: np.ndarray, what: str) -> np.ndarray:
    if (wrong := ~(n >= 0)).any():
        at = np.unravel_index(int(np.argmax(wrong)), n.shape)
        place = ", ".join(map(str, map(int, at)))
        raise ValueError(f"{what} ({place}): {n[at]:g} persons; a count is 0 or more and not missing.")
    return n


def _two(group: ArrayLike, others: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(group, float), np.asarray(others, float)
    if a.shape != b.shape or not a.ndim:
        raise ValueError(f"group {a.shape} and others {b.shape} must be counts of the same areas.")
    return _checked(a, "area"), _checked(b, "area")


def checked_table(counts: ArrayLike) -> np.ndarray:
    """Counts (..., areas, groups) as floats; a ValueError names the first that cannot be one."""
    n = np.asarray(counts, float)
    if n.ndim < 2:
        raise ValueError(f"counts {n.shape} must have areas and groups as its last two axes.")
    return _checked(n, "area and group")


def _many(counts: ArrayLike):
    """Counts, their sum, each group's share of all (..., 1, groups), and each group and the rest (..., groups, areas)."""
    n = checked_table(counts)
    total = n.sum(axis=(-2, -1))
    share = over(n.sum(axis=-2, keepdims=True), total[..., None, None])
    return n, total, share, against_the_rest(n)


def against_the_rest(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each group's counts and everybody else's, both (..., groups, areas)."""
    own = np.swapaxes(counts, -1, -2)
    return own, own.sum(axis=-2, keepdims=True) - own


ONE_GROUP: dict[str, Callable[..., np.ndarray]] = {
    "dissimilarity": _dissimilarity,
    "gini": _gini,
    "information_theory": _two_group_information,
    "atkinson": _atkinson,
    "isolation": _isolation,
    "eta_squared": _eta_squared,
}
"""Indices of one group against the rest, by name: counts already checked, (..., areas) each."""

ALL_GROUPS: dict[str, Callable[..., np.ndarray]] = {
    "dissimilarity": multigroup_dissimilarity,
    "gini": multigroup_gini,
    "information_theory": information_theory,
    "mutual_information": mutual_information,
    "eta_squared": relative_diversity,
}
"""Indices of all groups at once, by name: counts (..., areas, groups)."""
