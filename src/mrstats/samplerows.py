"""The columns of a sample's frame, read or refused in one sentence with column, row and cure. No design, no estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mrstats.schema import DatasetError, UnknownNameError


def find_column(frame: pd.DataFrame, name: str, use: str) -> pd.Series:
    """A column by name; an UnknownNameError lists those there are."""
    if name not in frame.columns:
        columns = ", ".join(map(str, frame.columns))
        raise UnknownNameError(f"{use}={name!r} is no column of the survey's frame. Its columns: {columns}.")
    return frame[name]


def first_wrong(column: pd.Series, name: str | None, wrong: np.ndarray) -> str:
    """``column 'age', row 12 holds '4,5'`` or ``is empty``: where the first wrong value stands."""
    row = int(np.argmax(wrong))
    value = column.iloc[row]
    plain = value.item() if isinstance(value, np.generic) else value
    shown = "is empty" if pd.isna(value) or value == "" else f"holds {plain!r}"
    return f"column {name!r}, row {column.index[row]} {shown}"


def read_numbers(column: pd.Series, name: str, *, missing: bool = False) -> np.ndarray:
    """Finite numbers; with `missing` an empty cell is NaN, no mistake."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
    wrong = ~np.isfinite(numbers) & ~(column.isna().to_numpy() & missing)
    if wrong.any():
        cure = "write a number (decimal point, not comma) or leave out those who did not answer"
        raise DatasetError(f"{first_wrong(column, name, wrong)}, where a number should stand: {cure}.")
    return numbers


def read_weights(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Weights, none missing or below 0, and not all 0."""
    weights = read_numbers(find_column(frame, name, "weight"), name)
    if (weights < 0).any():
        raise DatasetError(
            f"{first_wrong(frame[name], name, weights < 0)}, but nobody stands for fewer than 0 persons: "
            "correct it, or leave the person out."
        )
    if not weights.sum() > 0:
        raise DatasetError(
            f"column {name!r} sums to zero over {len(frame)} rows: give the weights persons were drawn with."
        )
    return weights


def read_labels(frame: pd.DataFrame, name: str, use: str) -> np.ndarray:
    """Codes of strata or clusters; everybody has one."""
    column = find_column(frame, name, use)
    empty = (column.isna() | column.eq("").fillna(False)).to_numpy(bool)
    if empty.any():
        raise DatasetError(
            f"{first_wrong(column, name, empty)}, but everybody was drawn in a {use}: fill it in, or leave the person out."
        )
    return pd.factorize(column, sort=True)[0]


def check_some_weight(column: pd.Series, name: str, weights: np.ndarray, members: Any) -> None:
    """Every domain with somebody in it (`members`, sparse, persons × domains) has a weight."""
    nothing = (members.sum(axis=0) > 0) & (members.T @ weights == 0)
    if nothing.any():
        domain = int(np.argmax(nothing))
        inside = members[:, [domain]].toarray()[:, 0] > 0
        raise DatasetError(
            f"{first_wrong(column, name, inside)}, and the weights of domain {domain} sum to zero over its {inside.sum()} "
            "persons: correct them, or leave these persons out."
        )
