"""Which figures the rules themselves forbid, and which rule it is. What must be hidden beside them comes after."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.joint import Problem
from mrstats.disclosure.rules import ProtectionRule

OUTCOME = "outcome"
SMALL, DENOMINATOR, SURVEY, LEDGER = "small count", "small denominator", "few respondents", "given by the ledger"
FEW, DOMINANCE, PRIOR = "few contributors", "dominance", "p per cent"
GROUP = "all of a group alike"
SECONDARY = "beside a hidden one"


def reasons(
    problem: Problem,
    rule: ProtectionRule | None = None,
    *,
    sensitive: bool = False,
    rates: bool = False,
    observed: ArrayLike | None = None,
) -> np.ndarray:
    """The rule that forbids each published cell, for the city's own eyes.

    Parameters
    ----------
    problem : Problem
    rule : ProtectionRule, optional
    sensitive : bool
        Use the smallest count for sensitive indicators.
    rates : bool
        Shares of the ``outcome`` dimension are printed: they need the smallest denominator too.
    observed : array_like, shape (m,), optional
        In a survey: how many persons answered, unweighted; the rule for small counts is about them.

    Returns
    -------
    ndarray of str, shape (m,)
        Empty where a cell may be printed. Zeros may.

    Examples
    --------
    >>> from mrstats.disclosure.dimension import Dimension
    >>> from mrstats.disclosure.joint import joint_problem
    >>> cells = pd.DataFrame({"sex": ["men", "women"], "value": [3, 17]})
    >>> reasons(joint_problem(cells, [Dimension.flat("sex", ["men", "women"])], [{"sex": ["sex"]}])).tolist()
    ['', 'small count', '']
    """
    rule = rule or ProtectionRule()
    least = rule.least(sensitive=sensitive)
    found = np.full(len(problem.keys), "", object)
    if rates:
        outcome, base = _bases(problem)
        found[outcome & (base > 0) & (base < rule.min_denominator)] = DENOMINATOR
    if observed is not None:
        answered = np.asarray(observed)
        found[(answered > 0) & (answered < least)] = SURVEY
    found[(problem.truth > 0) & (problem.truth < least)] = SMALL
    found[problem.truth == 0] = ""
    return found.astype(str)


def _bases(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Which cells are a part with or without an outcome, and how many persons each cell's share would be of."""
    names = [dimension.name for dimension in problem.dimensions]
    if OUTCOME not in names:
        return np.zeros(len(problem.keys), bool), problem.truth
    at = names.index(OUTCOME)
    everyone = problem.codes.copy()
    everyone[:, at] = 0
    return problem.codes[:, at] > 0, problem.counts_at(everyone)


def groups_at_risk(problem: Problem, rule: ProtectionRule | None = None, *, sensitive: bool = True) -> pd.DataFrame:
    """Groups of which (nearly) everybody has the same outcome: to know someone is in it is to know their outcome.

    Hiding does not help, since the share itself gives it away, and a zero is never hidden: merge the group with
    another, or withdraw its row.

    Parameters
    ----------
    problem : Problem
        With a dimension ``outcome``.
    rule : ProtectionRule, optional
    sensitive : bool
        Only sensitive outcomes are a danger; False gives an empty table.

    Returns
    -------
    DataFrame
        Codes of the group, ``outcome`` it has in common, ``n``, ``count`` with it, and ``share``.
    """
    rule = rule or ProtectionRule()
    outcome, base = _bases(problem)
    count = problem.truth
    alike = (count >= rule.group_share * base) | (count >= base - 1)
    risky = outcome & alike & (base >= rule.least(sensitive=sensitive)) & sensitive
    share = np.divide(count, base, out=np.zeros(len(count)), where=base > 0)
    rows = problem.frame().drop(columns="value").assign(n=base, count=count, share=share)
    return rows[risky].reset_index(drop=True)


def slivers(problem: Problem, rule: ProtectionRule | None = None, *, sensitive: bool = False) -> pd.DataFrame:
    """Small counts that follow from two divisions whose borders cross: an area less the areas of another inside it.

    Only what no published code stands for: a small count that is a cell itself is hidden as one. Rounding makes slivers
    harmless, since they too are sums of the rounded counts; hiding cells does not, so drop one of the divisions.

    Parameters
    ----------
    problem : Problem
    rule : ProtectionRule, optional
    sensitive : bool

    Returns
    -------
    DataFrame
        Codes of the larger area's cell, ``less`` (what is taken from it) and ``value``, the few persons left.
    """
    least = (rule or ProtectionRule()).least(sensitive=sensitive)
    found = [pd.DataFrame(columns=[*(d.name for d in problem.dimensions), "less", "value"])]
    for i, dimension in enumerate(problem.dimensions):
        for whole, parts in _crossings(dimension):
            at = np.flatnonzero(problem.codes[:, i] == whole)
            left, there = problem.truth[at].copy(), np.ones(len(at), bool)
            for part in parts:
                beside = problem.codes[at].copy()
                beside[:, i] = part
                left -= problem.counts_at(beside)
                there &= np.isin(np.ravel_multi_index(tuple(beside.T), problem.size), problem.keys)
            few = there & (left > 0) & (left < least)
            less = " + ".join(dimension.codes[part] for part in parts)
            found.append(problem.frame().iloc[at[few]].assign(less=less, value=left[few]))
    return pd.concat([frame for frame in found if len(frame)] or found, ignore_index=True)


def _crossings(dimension: Dimension) -> list[tuple[int, list[int]]]:
    """Codes with codes of another level inside them that leave something over, which no code stands for."""
    inside = dimension.membership
    own = inside[inside.sum(axis=1) == 1].any(axis=0)
    sets = {row.tobytes() for row in inside}
    found = []
    levels = {level: np.unique(dimension.code_of(level)) for level in dimension.levels}
    for level, wholes in levels.items():
        for whole in wholes:
            for parts_of in (codes for other, codes in levels.items() if other != level):
                parts = [
                    c for c in parts_of if not (inside[c] & ~inside[whole]).any() and (inside[c] != inside[whole]).any()
                ]
                left = inside[whole] & ~inside[parts].any(axis=0)
                if parts and left.any() and not own[left].all() and left.tobytes() not in sets:
                    found.append((int(whole), [int(part) for part in parts]))
    return found


def forbidden_sums(
    total: ArrayLike,
    contributors: ArrayLike,
    largest: ArrayLike,
    second: ArrayLike,
    *,
    rule: ProtectionRule | None = None,
) -> np.ndarray:
    """Sums and means that would tell of the one or two persons who make up most of them.

    Parameters
    ----------
    total, contributors, largest, second : array_like, shape (k,)
        The sum, how many persons are in it, and the two largest amounts. Amounts are not negative.
    rule : ProtectionRule, optional

    Returns
    -------
    ndarray of str, shape (k,)
        The rule that forbids each, empty where it may be printed.

    Raises
    ------
    ValueError
        Amounts that cannot be: largest below second, or both together above the total.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, ch. 4: (n, k) dominance and p % rule.

    Examples
    --------
    >>> forbidden_sums([100, 100, 100], [3, 20, 20], [20, 88, 30], [20, 4, 20]).tolist()
    ['few contributors', 'dominance', '']
    """
    rule = rule or ProtectionRule()
    whole, persons, first, next_one = np.broadcast_arrays(
        *(np.asarray(a, float) for a in (total, contributors, largest, second))
    )
    wrong = (next_one < 0) | (first < next_one) | (first + next_one > whole * (1 + 1e-9) + 1e-9)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"row {row}: largest={first.flat[row]:g} and second={next_one.flat[row]:g} cannot be parts of total={whole.flat[row]:g}."
        )
    top = first + (next_one if rule.dominance_persons == 2 else 0)
    rest = whole - first - next_one
    tests = [
        persons == 0,
        persons < rule.min_contributors,
        top > rule.dominance_share * whole,
        rest < rule.prior_percent / 100 * first,
    ]
    return np.select(tests, ["", FEW, DOMINANCE, PRIOR], "")


def quantile_is_safe(n: ArrayLike, probability: ArrayLike, *, rule: ProtectionRule | None = None) -> np.ndarray:
    """Whether enough persons lie on each side of a quantile.

    Parameters
    ----------
    n : array_like
        Persons, unweighted.
    probability : array_like
        The quantile's, in (0, 1).
    rule : ProtectionRule, optional

    Returns
    -------
    ndarray of bool

    Examples
    --------
    >>> quantile_is_safe([99, 100, 20], [0.1, 0.1, 0.5]).tolist()
    [False, True, True]
    """
    rule = rule or ProtectionRule()
    probability = np.asarray(probability, float)
    if not ((probability > 0) & (probability < 1)).all():
        raise ValueError(f"probability={probability} must lie between 0 and 1, such as 0.5 for the median.")
    return np.asarray(n) * np.minimum(probability, 1 - probability) >= rule.quantile_side - 1e-9
