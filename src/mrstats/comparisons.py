"""Gaps: every group or area against the total, the best-off, another group or a target. Tables in, tables out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrstats import covariances
from mrstats.dataset import City, dataset_of
from mrstats.definitions import Indicator
from mrstats.measures import distribution, proportions, rates
from mrstats.measures.contrasts import mover_difference, mover_ratio, p_value_of_interval
from mrstats.measures.trend import ADJUSTMENTS, adjust_p_values
from mrstats.schema import (
    CANNOT_EXIST,
    CITY,
    IDENTITY,
    SURVEY,
    TARGET,
    TOTAL,
    UNKNOWN,
    UNPLACED,
    UNRELIABLE,
    MrstatsError,
    UnknownGroupError,
    UnknownNameError,
    factor_columns,
    has_status,
    is_standardised,
)

GEOGRAPHY = "geography"
GAP_COLUMNS = [
    "factor", "reference", "reference_value", "difference", "difference_lower", "difference_upper", "ratio", "ratio_lower",
    "ratio_upper", "p", "p_adjusted", "disadvantage", "to_lift", "gap_method", "reference_id",
]  # fmt: skip
BESIDE = ["value", "lower", "upper", "se", "df", "n", "population", "count", "method", "estimate_id", "status"]
"""Columns of the reference that a gap is made from."""
NEEDED = (*IDENTITY, *BESIDE, "confidence")
"""Columns a table of levels must have."""

WITHOUT_REST = "covariance of the group and the total"
SIGN = {"favourable": -1.0, "adverse": 1.0, "": np.nan}
"""What a difference is multiplied by to be a disadvantage."""


def gaps(
    table: pd.DataFrame,
    factor: str | Sequence[str] | None = None,
    reference: str | float = "total",
    *,
    adjust: str = "holm",
    city: City | None = None,
) -> pd.DataFrame:
    """Difference and ratio of every group to a reference, with intervals that know what the two have in common.

    Parameters
    ----------
    table : DataFrame
        From `break_down`. Every other factor, area and year of it is held apart: with ``by=["sex", "education"]`` and a
        geography, gaps by sex are made within each education and each area.
    factor : str or list of str, optional
        Factors to compare within; ``"geography"`` compares areas. Default: all there are.
    reference : str or float
        ``"total"``; ``"best"``, the best-off group or area that is not marked unreliable; the code of a group or area;
        or a number, a target that is known without error, in the table's unit.
    adjust : {"holm", "benjamini_hochberg"}
        How `p_adjusted` allows for all the gaps of an indicator that this call returns.
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        One row per compared group that somebody could be in, the table's columns and `GAP_COLUMNS`: difference =
        group − reference in the indicator's unit (percentage points for proportions), ratio = group ÷ reference;
        `disadvantage` is positive where the group is worse off; `to_lift` is how many persons would have to change state
        for the gap to close, the reference staying where it is (0 where there is none to close); `gap_method` says what
        the interval knows.

    Raises
    ------
    UnknownGroupError, UnknownNameError, MrstatsError
        The reference or factor is missing, or the table cannot be compared that way; one sentence with the cure.

    Notes
    -----
    How to read it: an interval that excludes 0 is a sure difference, and `p` is then below 0.05. A group is part of the
    total, so it is compared with the rest of the residents and scaled back: y − μ = (1 − p)(y − rest), which makes the two
    independent (*rest*). Groups of a register are independent of each other (*independent*): Newcombe for proportions,
    Byar or t limits joined by MOVER for the others, ratios by Donner and Zou. Groups of a sample share strata and
    clusters: their interval has the design's covariance (*covariance*); so has a register's where `break_down` was asked
    for replicates. The best-off group is taken as fixed: that it is the best by chance is not in the interval.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "employment", by="sex")
    >>> mr.gaps(table, factor="sex", reference="men")[["sex", "difference", "ratio", "to_lift"]].round(2)
         sex  difference  ratio  to_lift
    0  women       -10.0   0.85      4.0
    """
    home = dataset_of(table, city)
    check_adjustment(adjust)
    absent = [name for name in NEEDED if name not in table]
    if absent:
        raise MrstatsError(
            f"gaps compares the rows of mr.break_down; this table lacks {', '.join(absent)}. Pass what mr.break_down returned."
        )
    twice = table.duplicated([*IDENTITY, *factor_columns(table), "confidence"])
    if twice.any():
        raise MrstatsError(
            f"{int(twice.sum())} rows of the table stand in it twice (the first: {table.index[twice][0]}), so a group has two "
            "figures. Leave them out: table.drop_duplicates()."
        )
    table = table.assign(estimate_id=covariances.ids_of(table))
    indicators = {name: home.indicator(name) for name in table["indicator"].unique()}
    _check_comparable(table, reference, indicators)
    factors = factor_columns(table)
    if len(table) and not factors and (table["geography_level"] == CITY).all() and reference == "total":
        raise MrstatsError(
            "the table holds only the whole city, so there is nothing to compare. Ask for groups or areas: "
            "mr.break_down(…, by=…) or geography=…"
        )
    parts = [
        _compared(table, factors, name, reference, indicators) for name in _wanted(table, factors, factor, reference)
    ]
    joined = (
        pd.concat(parts, ignore_index=True) if parts else table.iloc[:0].assign(**dict.fromkeys(GAP_COLUMNS, np.nan))
    )
    pieces = [_contrast(rows, indicators[str(name)]) for name, rows in joined.groupby("indicator", sort=False)]
    for piece in pieces:
        piece["p_adjusted"] = adjust_p_values(piece["p"].to_numpy(float), method=adjust)
    result = pd.concat(pieces).sort_index() if pieces else joined.assign(**dict.fromkeys(GAP_COLUMNS, np.nan))
    result = result[[*table.columns, *GAP_COLUMNS]].reset_index(drop=True)
    result.attrs["dataset"] = home.key
    return result


def check_adjustment(adjust: str) -> None:
    """How p-values are adjusted is one of the ways there are."""
    if adjust not in ADJUSTMENTS:
        raise UnknownNameError(f"adjust={adjust!r} is not known; choose one of {', '.join(ADJUSTMENTS)}.")


def _check_comparable(table: pd.DataFrame, reference, indicators: dict[str, Indicator]) -> None:
    for indicator in indicators.values():
        if indicator.measure in ("count", "total", "share"):
            raise MrstatsError(
                f"{indicator.name!r} is a {indicator.measure}: a difference of numbers says how large the groups are, "
                "not how their conditions differ. Compare a proportion, a rate or a mean."
            )
        if reference == "best" and not indicator.direction:
            raise MrstatsError(
                f"{indicator.name!r} has no direction, so no group is best off. Say direction in dataset.toml, or "
                "reference='…' with the code of a group."
            )
    if not is_standardised(table):
        return
    indirect = table["method"].astype(str).str.contains("indirect").any()
    if indirect and reference != "total":
        raise MrstatsError(
            "indirectly standardised groups rest on different mixes and are not compared with each other: "
            "reference='total', or standardisation='dobson'."
        )
    if not indirect and reference == "total" and np.isnan(covariances.variance_of(table["estimate_id"].tolist())).all():
        raise MrstatsError(
            "the total of a standardised table is not made of its groups, so their difference from it has no interval "
            "here. Compare two groups: reference='…' with the code of one; or break_down(…, replicates=500)."
        )


def _wanted(table: pd.DataFrame, factors: list[str], factor, reference) -> list[str]:
    areas = (table["geography_level"] != CITY).any()
    if factor is None:
        names = [*factors, *([GEOGRAPHY] if areas else [])]
        if reference in ("total", "best") or not isinstance(reference, str):
            return names
        holds = [name for name in names if (table[name] == reference).any()]  # a code belongs to its own factor
        return holds or names
    names = [factor] if isinstance(factor, str) else list(factor)
    for name in names:
        if name not in (*factors, GEOGRAPHY):
            raise UnknownNameError(
                f"factor={name!r} is not in the table, which has {', '.join([*factors, GEOGRAPHY])}."
            )
    return names


def _compared(table: pd.DataFrame, factors: list[str], name: str, reference, indicators) -> pd.DataFrame:
    """Rows of the compared groups beside the figures of their reference (suffix ``_r``)."""
    keys = ["indicator", "year", "confidence", *(f for f in factors if f != name)]
    areas = name == GEOGRAPHY
    whole = (table["geography_level"] == CITY) if areas else (table[name] == TOTAL)
    keys += [] if areas else ["geography_level", "geography"]
    is_group = ~whole if areas else ~whole & ~has_status(table["status"], CANNOT_EXIST)  # an area stays an area
    if not isinstance(reference, str):
        rows = table[is_group].assign(**{f"{c}_r": float(reference) for c in ("value", "lower", "upper")})
        rows = rows.assign(se_r=0.0, df_r=np.inf, method_r="", estimate_id_r="", status_r="")
        rows = rows.assign(**{f"{c}_r": np.nan for c in ("n", "population", "count")})
        return rows.assign(factor=name, reference=TARGET, reference_value=float(reference))
    is_reference = whole if reference == "total" else table[name] == reference
    if reference == "best":
        is_reference = _best(table, table[is_group], keys, name, indicators)
    elif reference != "total":
        is_group &= ~is_reference
    other = table.loc[is_reference, [*keys, *BESIDE, name]].rename(columns={c: f"{c}_r" for c in [*BESIDE, name]})
    rows = table[is_group].merge(other, on=keys, how="left", indicator=True, validate="many_to_one")
    lost = rows["_merge"] == "left_only"
    if reference == "best":
        rows = rows[lost | (rows[name] != rows[f"{name}_r"])]  # no reliable group: the gap is not known
    elif lost.any():
        first = rows[lost].iloc[0]
        known = ", ".join(sorted(set(table[name].astype(str)) - {TOTAL}))
        raise UnknownGroupError(
            f"reference={reference!r} is missing at geography {first['geography']!r}, year {first['year']}. "
            f"Groups there: {known}. Choose one of them, or reference='total'."
        )
    named = rows[f"{name}_r"] if reference == "best" else reference
    rows = rows.drop(columns=["_merge", f"{name}_r"]).assign(factor=name, reference=named)
    return rows.assign(reference_value=rows["value_r"])


def _best(table: pd.DataFrame, groups: pd.DataFrame, keys: list[str], name: str, indicators) -> pd.Series:
    """The row of the best-off group in each comparison; what is unreliable, unknown or unplaced is no reference."""
    able = groups[
        groups["value"].notna() & ~has_status(groups["status"], UNRELIABLE) & ~groups[name].isin([UNKNOWN, UNPLACED])
    ]
    signs = {key: -SIGN[indicator.direction] for key, indicator in indicators.items()}
    favour = able["indicator"].map(signs).astype(float)
    best = (able["value"] * favour).groupby([able[key] for key in keys], sort=False).idxmax()
    return pd.Series(table.index.isin(best.to_numpy()), index=table.index)


def _contrast(rows: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """Difference and ratio with their intervals, for rows of one indicator."""
    confidence = float(rows["confidence"].iloc[0])
    sampled = rows["method"].astype(str).str.startswith(SURVEY).to_numpy()
    # Weighted persons have no exact rest; a sample's covariance is kept, or independence is assumed and said.
    part_of_total = (rows["reference"] == "total").to_numpy() & ~sampled
    group = {c: rows[c].to_numpy(float) for c in ("value", "lower", "upper", "se", "df", "n", "count")}
    other = {c: rows[f"{c}_r"].to_numpy(float) for c in group}
    for figures, method in ((group, rows["method"]), (other, rows["method_r"])):
        figures["borrowed"] = method.astype(str).str.contains("borrowed").to_numpy()
    known = np.isfinite(group["value"]) & np.isfinite(other["value"])
    share = np.where(part_of_total, group["n"] / np.where(other["n"] > 0, other["n"], np.nan), 0.0)
    rest = _rest(group, other, part_of_total, indicator, confidence)
    limits = (group["value"], group["lower"], group["upper"])
    lower, upper = (end * (1 - share) for end in mover_difference(*limits, *rest))
    low, high = mover_ratio(*(np.maximum(end, 0.0) for end in (*limits, *rest)))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(other["value"] > 0, group["value"] / other["value"], np.nan)
        if part_of_total.any():  # y ÷ μ = 1 / (p + (1 − p) ÷ (y ÷ rest))
            low, high = (np.where(part_of_total, 1 / (share + (1 - share) / end), end) for end in (low, high))
    target = (rows["reference"] == TARGET).to_numpy()
    how = np.where(sampled, "independence assumed", np.where(part_of_total, "rest", "independent"))
    how = np.where(target, "known target", how)
    df = np.minimum(group["df"], other["df"])
    difference = np.where(known, group["value"] - other["value"], np.nan)
    joint = _joint(rows, group, other, df, sampled, confidence)
    if joint is not None:
        use = np.isfinite(joint[0])
        lower, upper, low, high = (
            np.where(use, new, old) for new, old in zip(joint, (lower, upper, low, high), strict=True)
        )
        how = np.where(use, "covariance", how)
    _check_rest(rows, indicator, known & part_of_total & np.isnan(lower), other)
    disadvantage = SIGN[indicator.direction] * difference
    per_person = {"proportion": 100.0, "rate": indicator.multiplier, "at_risk_of_poverty": 100.0}
    lifted = np.maximum(disadvantage, 0) / per_person.get(indicator.measure, np.nan)
    return rows.assign(
        difference=difference,
        difference_lower=np.where(known, lower, np.nan),
        difference_upper=np.where(known, upper, np.nan),
        ratio=np.where(known, ratio, np.nan),
        ratio_lower=np.where(known & np.isfinite(ratio), low, np.nan),
        ratio_upper=np.where(known & np.isfinite(ratio), high, np.nan),
        p=p_value_of_interval(difference, np.where(known, lower, np.nan), upper, df=df, confidence=confidence),
        disadvantage=disadvantage,
        to_lift=lifted * rows["population"].to_numpy(float),
        reference_id=rows["estimate_id_r"],
        gap_method=np.where(known & np.isfinite(lower), how, ""),
    )


def _joint(rows, group, other, df, sampled, confidence: float):
    """Intervals from what is kept of how the two vary together: always for a sample, else where nothing exact is known."""
    ids, others = rows["estimate_id"].tolist(), rows["estimate_id_r"].tolist()
    target = (rows["reference"] == TARGET).to_numpy()
    inexact = (rows["reference"] == "total").to_numpy() & (
        ~rows["measure"].isin(["proportion", "rate", "mean"]).to_numpy() | is_standardised(rows)
    )
    if not (sampled | inexact).any():
        return None
    error = covariances.standard_error_of((1, ids), (-1, others))
    use = (sampled | inexact) & ~target & (error > 0)
    half = distribution.t_quantile(np.where(df > 0, df, np.nan), confidence) * error
    difference = group["value"] - other["value"]
    with np.errstate(divide="ignore", invalid="ignore"):
        # d ln(y ÷ x) = dy ÷ y − dx ÷ x
        relative = covariances.standard_error_of((1 / group["value"], ids), (-1 / other["value"], others))
        steps = np.exp(distribution.t_quantile(np.where(df > 0, df, np.nan), confidence) * relative)
        ratio = group["value"] / other["value"]
    ends = difference - half, difference + half, ratio / steps, ratio * steps
    return tuple(np.where(use, end, np.nan) for end in ends)


def _check_rest(rows, indicator: Indicator, unknown: np.ndarray, other) -> None:
    """A part of the total whose covariance with it nobody kept has no honest interval."""
    makeable = indicator.measure in ("proportion", "mean") or (indicator.measure == "rate" and not indicator.per)
    if unknown.any() and not makeable:
        raise MrstatsError(
            f"{indicator.name!r} is a {indicator.measure}: its difference from the total needs the {WITHOUT_REST}. "
            "Ask for it with break_down(…, replicates=500), or compare two groups: reference='…'."
        )


def _rest(group, other, part_of_total, indicator: Indicator, confidence: float):
    """Value and interval of what the group is compared with: the reference itself, or the total less the group."""
    own = other["value"], other["lower"], other["upper"]
    n, events = other["n"] - group["n"], other["count"] - group["count"]
    usable = part_of_total & np.isfinite(n) & (n > 0)
    safe_n = np.where(usable, n, 1.0)
    if indicator.measure == "proportion":
        x = np.where(usable & np.isfinite(events), np.clip(events, 0, safe_n), 0.0)
        lower, upper = proportions.wilson_interval(x, safe_n, confidence=confidence)
        made = 100 * x / safe_n, 100 * lower, 100 * upper
    elif indicator.measure == "rate" and not indicator.per:
        x = np.where(usable & np.isfinite(events), np.maximum(events, 0), 0.0)
        per = indicator.multiplier / safe_n
        lower, upper = rates.poisson_interval(x, confidence=confidence)
        made = x * per, lower * per, upper * per
    elif indicator.measure == "mean":
        total = other["n"] * other["value"] - group["n"] * group["value"]
        squares = _squares(other) - _squares(group)
        made = distribution.mean_interval(safe_n, total, np.where(usable, squares, np.nan), confidence=confidence)[:3]
    else:
        made = (np.full(len(n), np.nan),) * 3
    return tuple(np.where(part_of_total, np.where(usable, m, np.nan), o) for m, o in zip(made, own, strict=True))


def _squares(figures) -> np.ndarray:
    """Sum of squares given back by mean, its standard error and n."""
    n, value, se = figures["n"], figures["value"], figures["se"]
    own = np.isfinite(se) & ~figures["borrowed"]
    return (n - 1) * n * np.where(own, se, 0.0) ** 2 + n * value**2
