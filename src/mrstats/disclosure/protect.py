"""The protection of one family of tables: which method, what it did, and how much it cost. It writes no file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mrstats.disclosure.joint import Problem
from mrstats.disclosure.primary import DENOMINATOR, GROUP, LEDGER, OUTCOME, SECONDARY, groups_at_risk, reasons, slivers
from mrstats.disclosure.rounding import round_counts
from mrstats.disclosure.rules import ProtectionRule
from mrstats.disclosure.search import LARGEST_CROSS, cross_size
from mrstats.disclosure.suppression import suppress
from mrstats.disclosure.witnesses import Witnesses, certify, no_witnesses
from mrstats.schema import TOTAL, DatasetError

LONG_SEED = 100
"""A shorter seed could be found from its hash by trying."""


@dataclass(frozen=True)
class Protected:
    """A family of tables as they may be printed.

    Parameters
    ----------
    problem : Problem
    method : str
        suppress or round.
    values : ndarray of int, shape (m,)
        Counts; rounded ones where the method is round. Those of hidden cells are still true: print `frame` only.
    hidden : ndarray of bool, shape (m,)
    reason : ndarray of str, shape (m,)
        For the city's own eyes: the rule, or that a cell stands beside a hidden one.
    witnesses : Witnesses
        Proof; never leaves the building.
    weak : list of dict
        Cells that a person alone in another cell could narrow down.
    certificate : dict
        What may be told: method, rule, the width asked for, how many cells, least width, hash of the seed.
    """

    problem: Problem
    method: str
    values: np.ndarray
    hidden: np.ndarray
    reason: np.ndarray
    witnesses: Witnesses
    weak: list[dict[str, str]] = field(default_factory=list)
    certificate: dict[str, Any] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """Codes and ``value`` of every published cell, hidden ones missing: what may leave."""
        return self.problem.frame(self.values, hidden=self.hidden)

    def why(self, **codes: str) -> str:
        """Why a cell is hidden, in the city's own words; empty where it is printed. Dimensions not named are totals."""
        return str(self.reason[self.problem.position(**codes)])

    def info_loss(self) -> dict[str, float]:
        """How much was lost: shares of cells hidden and changed, mean and largest change in persons."""
        truth, shown = self.problem.truth, ~self.hidden
        change = np.abs(self.values - truth)[shown]
        return {
            "cells": len(truth),
            "hidden": int(self.hidden.sum()),
            "hidden_share": float(self.hidden.mean()),
            "changed_share": float((change > 0).mean()) if shown.any() else 0.0,
            "mean_change": float(change.mean()) if shown.any() else 0.0,
            "largest_change": int(change.max(initial=0)),
        }


def protect_counts(
    problem: Problem,
    rule: ProtectionRule | None = None,
    *,
    sensitive: bool = False,
    rates: bool = False,
    observed: np.ndarray | None = None,
    public: np.ndarray | None = None,
    keep: np.ndarray | None = None,
    hasty: bool = False,
    forced: np.ndarray | None = None,
    rounded: np.ndarray | None = None,
    alike: Sequence[str] = (),
    seed: int = 0,
) -> Protected:
    """Protect one family of tables.

    Parameters
    ----------
    problem : Problem
    rule : ProtectionRule, optional
        Its method decides. ``auto`` suppresses where few cells would be hidden and no table is too deep, and rounds else.
    sensitive, rates, observed
        See `primary.reasons`.
    public : ndarray of bool, shape (m,), optional
        Cells whose exact counts are public already; they stay open.
    keep : ndarray of bool, shape (m,), optional
        Cells that stay open as far as no rule hides them, since other tables tell of them.
    hasty : bool
        Give up early where hiding looks impossible; see `suppression.suppress`.
    forced : ndarray of bool, shape (m,), optional
        Cells to hide as well, since they would tell something hidden elsewhere.
    rounded : ndarray of int, shape (m,), optional
        How cells were printed before; see `rounding.round_counts`.
    alike : list of str
        Codes of ``outcome`` that no group may (nearly) all have, such as ``income_support:yes``.
    seed : int
        Kept secret, such as ``secrets.randbits(128)``; the certificate holds the hash of a long one.

    Returns
    -------
    Protected

    Raises
    ------
    DatasetError
        The rule asks for suppression and a cell cannot be hidden safely, or two divisions leave slivers of few
        persons; the message says what to merge or drop.

    Notes
    -----
    Rounded tables are safe as long as nothing exact of them is known; `audit` attacks them with the ledger.

    Examples
    --------
    >>> from mrstats.disclosure.dimension import Dimension
    >>> from mrstats.disclosure.joint import joint_problem
    >>> cells = pd.DataFrame({"sex": ["men", "women"], "value": [3, 17]})
    >>> problem = joint_problem(cells, [Dimension.flat("sex", ["men", "women"])], [{"sex": ["sex"]}])
    >>> protected = protect_counts(problem)
    >>> protected.method, sorted(set(protected.frame()["value"]) & {1, 2, 3, 4})
    ('round', [])
    """
    rule = rule or ProtectionRule()
    why = reasons(problem, rule, sensitive=sensitive, rates=rates, observed=observed)
    given = np.zeros(len(why), bool) if public is None else np.asarray(public, bool)
    why = np.where((why == "") & _all_alike(problem, rule, alike), GROUP, why)
    primary = ((why != "") | (forced if forced is not None else False)) & ~given
    least, width = rule.least(sensitive=sensitive), rule.width(sensitive=sensitive)
    open_cells = given if keep is None else given | (keep & ~primary)
    settings: dict[str, Any] = {"width": width, "seed": seed, "public": open_cells, "singletons": rule.singletons}
    settings["hasty"] = hasty
    method = _method(problem, primary, rule, settings, sensitive)
    if method == "suppress" and len(few := slivers(problem, rule, sensitive=sensitive)):
        raise DatasetError(
            f"two divisions that cross leave {len(few)} small areas, the first {few.iloc[0].drop('value').to_dict()}. "
            "Drop one of the divisions, or let the rule's method be round."
        )
    told = {
        "method": method,
        "rule": asdict(rule),
        "width": least - 1 if method == "round" else width,
        "cells": len(why),
        "primary": int(primary.sum()),
        "seed_sha256": hashlib.sha256(str(seed).encode()).hexdigest() if seed.bit_length() >= LONG_SEED else None,
    }
    if method == "round":
        inner = round_counts(problem, base=least, seed=seed, printed=rounded)
        values = problem.add_up(inner)
        nobody = np.zeros(len(why), bool)
        told |= {"hidden": 0, "base": least, "least_width": least - 1}
        no_rate = np.where(why == DENOMINATOR, DENOMINATOR, "")  # its count may be printed, the share may not
        return Protected(problem, method, values, nobody, no_rate, no_witnesses(problem), certificate=told)
    result = suppress(problem, primary, **settings)
    if result.failed:
        raise DatasetError(
            f"{len(result.failed)} cells cannot be hidden safely, the first {result.failed[0]}. "
            "Merge these groups, or let the rule's method be round."
        )
    proven = certify(problem, result.hidden, result.witnesses)[result.hidden]
    if (proven < width).any():
        raise DatasetError(
            f"{int((proven < width).sum())} hidden cells are not proven to be {width} wide. Publish nothing and report it."
        )
    reason = np.where(
        primary & (why != ""), why, np.where(result.hidden, SECONDARY, np.where(given & (why != ""), LEDGER, ""))
    )
    told |= {"hidden": int(result.hidden.sum()), "least_width": int(proven.min()) if len(proven) else None}
    return Protected(problem, method, problem.truth, result.hidden, reason, result.witnesses, result.weak, told)


def _all_alike(problem: Problem, rule: ProtectionRule, alike: Sequence[str]) -> np.ndarray:
    """Counts that tell of everybody in a group: (nearly) all of it has the outcome. Both its parts go.

    Raises
    ------
    DatasetError
        The whole group has it: the zero beside it is public, so hiding does not help.
    """
    result = np.zeros(len(problem.keys), bool)
    if not alike:
        return result
    found = groups_at_risk(problem, rule)
    for row in found[found[OUTCOME].isin(alike)].to_dict("records"):
        codes = {d.name: row[d.name] for d in problem.dimensions}
        if row["count"] >= row["n"]:
            group = {name: code for name, code in codes.items() if code != TOTAL}
            raise DatasetError(
                f"everybody in the group {group} has the outcome; a zero beside it is public, so hiding does not help. "
                "Merge the group with another, or leave it out."
            )
        result[problem.position(**codes)] = True
    return result


def chosen_method(
    problem: Problem, rule: ProtectionRule, *, sensitive: bool, rates: bool, seed: int, alike: Sequence[str] = ()
) -> str:
    """The method that `protect_counts` would take for a family by itself."""
    primary = (reasons(problem, rule, sensitive=sensitive, rates=rates) != "") | _all_alike(problem, rule, alike)
    settings = {"width": rule.width(sensitive=sensitive), "seed": seed, "public": None, "singletons": rule.singletons}
    return _method(problem, primary, rule, settings, sensitive)


def _method(
    problem: Problem, primary: np.ndarray, rule: ProtectionRule, settings: dict[str, Any], sensitive: bool
) -> str:
    """The rule's method, or what `auto` comes to."""
    if rule.method == "cellkey":
        raise DatasetError("noise by cell keys needs every person's record key; call `cell_key_noise` for it.")
    if rule.method != "auto":
        return rule.method
    if len(slivers(problem, rule, sensitive=sensitive)):
        return "round"
    if not primary.any():
        return "suppress"
    widest = max(sum(bool(levels) for levels in shape.values()) for shape in problem.shapes)
    if widest > rule.max_dimensions or primary.mean() > rule.max_hidden_share or cross_size(problem) > LARGEST_CROSS:
        return "round"
    first = suppress(problem, primary, **settings, passes=(0, 0))
    return "round" if first.failed or first.hidden.mean() > rule.max_hidden_share else "suppress"
