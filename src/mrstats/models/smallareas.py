"""Small areas: raw and modelled figures side by side, and how the model does on a year it has not seen. Tables in and out."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from mrstats.dataset import City, dataset_of
from mrstats.measures.checks import normal_quantile
from mrstats.measures.regression import dependent_columns
from mrstats.measures.smallarea import METHODS, SmallAreas, benchmarked, fay_herriot
from mrstats.schema import CITY, PER_CENT, UNPLACED, MrstatsError, UnknownNameError, factor_columns

FEWEST_AREAS = 10
MODELLED = ["modelled_value", "modelled_lower", "modelled_upper", "modelled_se", "reliability", "model"]


def small_areas(
    table: pd.DataFrame,
    covariates: pd.DataFrame | None = None,
    *,
    method: str = "reml",
    city: City | None = None,
) -> pd.DataFrame:
    """Draw each area's figure towards those of areas like it, as far as it is uncertain; raw and modelled side by side.

    Parameters
    ----------
    table : DataFrame
        From `break_down` of a proportion or mean by areas, ten of them or more. Each year, and each group of a factor, is a
        model of its own.
    covariates : DataFrame, optional
        ``geography`` and columns of numbers known of every area, such as shares in the register; with ``year`` where they
        differ by year. Without it areas are drawn towards their mean.
    method : {"reml", "ml"}
        How the variance between areas is estimated.
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        The table's rows of areas with ``modelled_value, modelled_lower, modelled_upper, modelled_se`` (the root of Prasad
        and Rao's mean squared error), ``reliability`` (how much of it is the area's own figure) and ``model``. A figure that
        is hidden stays hidden, and residents without an area are not modelled: both have no modelled value.

    Raises
    ------
    MrstatsError, UnknownNameError
        Fewer than ten areas, covariates that lack an area or do not vary: one sentence with the cure.

    Notes
    -----
    How to read it: raw figures of small areas are partly luck, and the extremes are mostly the small ones; modelled ones err
    less on average, but an area that truly differs from those like it is drawn in too. So show both, marked. The modelled
    values are moved, those least sure most, so that their mean over residents is the raw one. The error of a proportion is
    that of a share like the model's, as the raw share's own is wrong where it is near 0 or 1.

    References
    ----------
    Fay & Herriot (1979), JASA 74:269-277; Rao & Molina (2015), Small Area Estimation, 2nd ed.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "employment", geography="area")
    >>> small_areas(table)
    Traceback (most recent call last):
    mrstats.schema.MrstatsError: 4 areas of 'area' have a figure of 'employment' in 2024, and a model needs 10...
    """
    if method not in METHODS:
        raise UnknownNameError(f"method={method!r} must be one of {', '.join(METHODS)}.")
    absent = [name for name in ("geography_level", "geography", "value", "se", "n", "population") if name not in table]
    if absent:
        raise MrstatsError(f"the table lacks {', '.join(absent)}. Pass what mr.break_down returned.")
    home = dataset_of(table, city)
    areas = table[table["geography_level"] != CITY]
    if not len(areas):
        raise MrstatsError('the table has no areas. Ask for them: mr.break_down(…, geography="…").')
    keys = ["indicator", "year", "geography_level", *factor_columns(table)]
    pieces = [
        _modelled(rows, home.indicator(str(rows["indicator"].iloc[0])).measure, covariates, method)
        for _, rows in areas.groupby(keys, sort=False, observed=True)
    ]
    result = pd.concat(pieces).sort_index().reset_index(drop=True)
    result.attrs["dataset"] = home.key
    return result


def small_areas_check(
    table: pd.DataFrame, covariates: pd.DataFrame | None = None, *, method: str = "reml", city: City | None = None
) -> pd.DataFrame:
    """How far raw and modelled figures of each year lie from the next year's raw ones, which the model has not seen.

    Parameters
    ----------
    table, covariates, method, city
        As `small_areas`; the table has two years or more.

    Returns
    -------
    DataFrame
        One row a pair of years: ``raw_error`` and ``modelled_error``, root mean squares of what differs from the next year's
        figure less that year's own chance and the city's change; ``covered``, the share of next year's figures within the
        modelled interval widened by their chance, in per cent; ``areas``.

    Notes
    -----
    How to read it: where modelled_error is below raw_error the model tells more of an area than its own figure. True change
    between the years is in both.

    Examples
    --------
    >>> import mrstats as mr
    >>> small_areas_check(mr.break_down(mr.tiny_city(), "employment", geography="area"))
    Traceback (most recent call last):
    mrstats.schema.MrstatsError: the table has only the year 2024; to check a model on a year it has not seen, give two.
    """
    if table["year"].nunique() < 2:
        raise MrstatsError(
            f"the table has only the year {table['year'].iloc[0]}; to check a model on a year it has not seen, give two."
        )
    made = small_areas(table, covariates, method=method, city=city)
    keys = ["indicator", "geography_level", *factor_columns(table)]
    rows = []
    for names, part in made.groupby(keys, sort=False, observed=True):
        years = sorted(part["year"].unique())
        for year, following in itertools.pairwise(years):
            now, then = (part[part["year"] == y].set_index("geography") for y in (year, following))
            both = now.join(then[["value", "se"]].add_suffix("_next"), how="inner")
            both = both.dropna(subset=["modelled_value", "value_next", "se_next"])
            change = np.average(both["value_next"] - both["value"], weights=both["population"])
            noise = (both["se_next"] ** 2).mean()
            apart = {name: both["value_next"] - change - both[name] for name in ("value", "modelled_value")}
            raw, modelled = (np.sqrt(max((each**2).mean() - noise, 0.0)) for each in apart.values())
            z = normal_quantile(float(both["confidence"].iloc[0]))
            within = apart["modelled_value"].abs() <= z * np.hypot(both["modelled_se"], both["se_next"])
            told = {
                "year": year,
                "next_year": following,
                "areas": len(both),
                "raw_error": raw,
                "modelled_error": modelled,
            }
            rows.append({**dict(zip(keys, names, strict=True)), **told, "covered": 100 * within.mean()})
    return pd.DataFrame(rows)


def _modelled(rows: pd.DataFrame, measure: str, covariates: pd.DataFrame | None, method: str) -> pd.DataFrame:
    """One model: rows of one indicator, year, level and group."""
    first = rows.iloc[0]
    if measure not in ("proportion", "mean"):
        raise MrstatsError(f"{first['indicator']!r} is a {measure}; small_areas models proportions and means.")
    usable = rows["value"].notna() & (rows["geography"] != UNPLACED) & (rows["n"] > 0)
    usable &= (measure == "proportion") | (rows["se"] > 0)
    held = rows[usable]
    if len(held) < FEWEST_AREAS:
        raise MrstatsError(
            f"{len(held)} areas of {first['geography_level']!r} have a figure of {first['indicator']!r} in {first['year']}, and a "
            f"model needs {FEWEST_AREAS}. Take a finer division, or show the raw figures."
        )
    x = None if covariates is None else _covariates(held, covariates)
    scale = 100.0 if measure in PER_CENT else 1.0
    value, se = held["value"].to_numpy(float) / scale, held["se"].to_numpy(float) / scale
    made = (
        _of_shares(value, se, held["n"].to_numpy(float), x, method)
        if scale > 1
        else fay_herriot(value, se, x, method=method)
    )
    weights = held["population"].to_numpy(float)
    moved = benchmarked(made.value, made.mse, weights, float(np.average(value, weights=weights)))
    error = np.sqrt(made.mse)
    half = normal_quantile(float(first["confidence"])) * error
    limits = np.array([moved - half, moved + half])
    limits = np.clip(limits, 0, 1) if scale > 1 else limits
    figures = np.column_stack([scale * moved, *(scale * limits), scale * error, made.reliability])
    result = rows.assign(**dict.fromkeys(MODELLED[:-1], np.nan), model="")
    result.loc[usable, MODELLED[:-1]] = figures
    result.loc[usable, "model"] = f"fay-herriot {method}"
    return result


def _of_shares(p: np.ndarray, se: np.ndarray, n: np.ndarray, x, method: str) -> SmallAreas:
    """A share's variance is that of a share like the model's, times what the design adds; two rounds are enough."""
    inner = (p > 0) & (p < 1) & (se > 0)
    if not inner.any():
        raise MrstatsError("in every area nobody or everybody has the outcome, so there is nothing to model.")
    effect = np.average((n * se**2)[inner] / (p * (1 - p))[inner], weights=n[inner])
    like = np.full(len(p), np.average(p, weights=n))
    for _ in range(3):
        made = fay_herriot(p, np.sqrt(effect * like * (1 - like) / n), x, method=method)
        like = np.clip(made.value, 0.5 / n.max(), 1 - 0.5 / n.max())
    return made


def _covariates(held: pd.DataFrame, covariates: pd.DataFrame) -> np.ndarray:
    """Numbers of the areas in their order, in standard units."""
    keys = ["geography", "year"] if "year" in covariates else ["geography"]
    names = [str(name) for name in covariates if name not in ("geography", "year")]
    if "geography" not in covariates or not names:
        raise MrstatsError("covariates needs a column geography and one or more columns of numbers.")
    words = [name for name in names if not pd.api.types.is_numeric_dtype(covariates[name])]
    if words:
        raise MrstatsError(f"covariates: column {words[0]!r} holds no numbers. Leave it out, or give numbers.")
    if (twice := covariates.duplicated(keys)).any():
        raise MrstatsError(f"covariates has area {covariates.loc[twice, 'geography'].iloc[0]!r} twice. Give each once.")
    joined = held[keys].merge(covariates, on=keys, how="left", validate="many_to_one")
    for name in names:
        if (missing := joined[name].isna()).any():
            raise MrstatsError(
                f"covariates: {name!r} is not known for {missing.sum()} of {len(joined)} areas, the first "
                f"{joined.loc[missing, 'geography'].iloc[0]!r}. Give it, or leave the column out."
            )
        if joined[name].nunique() < 2:
            raise MrstatsError(f"covariates: {name!r} is the same in every area, so it tells nothing. Leave it out.")
    x = joined[names].to_numpy(float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    for at, others in dependent_columns(x).items():
        said = ", ".join(names[other] for other in others)
        raise MrstatsError(f"covariates: {names[at]!r} says what {said} say already. Leave one out.")
    if len(held) - len(names) - 1 < FEWEST_AREAS:
        raise MrstatsError(f"covariates: {len(held)} areas are too few for {len(names)} columns. Leave some out.")
    return x
