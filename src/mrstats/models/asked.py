"""Asking for a result that needs persons: made now, noted in the plan, or read from the release. No statistic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any

import pandas as pd

from mrstats.breakdown import mode, record
from mrstats.dataset import City
from mrstats.dataset.release import Release
from mrstats.request import ResultRequest
from mrstats.schema import UnknownNameError


def answered(city: City, request: ResultRequest, make: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A result made now, or (publishing) the one of the release; recording, it is noted in the plan."""
    if mode() == "publish":
        table = Release.from_environment().result(request)
    else:
        table = make(city, **request.arguments)
        if mode() == "record":
            record(request)
    table.attrs["dataset"] = city.key
    return table


def whole(name: str, number: Any) -> int:
    """A number as a plan holds it, numpy's too."""
    try:
        return index(number)
    except TypeError:
        raise UnknownNameError(f"{name}={number!r} must be a whole number, without quotes or decimals.") from None


def asked_year(city: City, year: int | None) -> int:
    """The year itself, or the dataset's last."""
    return whole("year", (city.description.years or (0,))[-1] if year is None else year)


def names(given: str | Sequence[str]) -> list[str]:
    """One name or several as a list."""
    return [given] if isinstance(given, str) else list(given)
