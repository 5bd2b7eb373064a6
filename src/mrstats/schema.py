"""Column names, status codes and errors: the words every other room agrees on. No computation, no files."""

from __future__ import annotations

TOTAL = "_T"
"""Group code of a total (SDMX): all groups of that background factor together."""

UNKNOWN = "unknown"
"""Group code of residents for whom a background factor is not known: a group of its own, never dropped."""

UNPLACED = "_U"
"""Area code of residents who cannot be placed (restpost): part of the city's total, never on a map."""

TARGET = "target"
"""What stands for the reference where groups are compared with a number, such as a decided level."""

CITY = "city"
"""The top geography level: the whole municipality."""

TOTAL_WORDS = {"total", "totalt", "samtliga", "summa", "alla", "båda könen", "båda", "tot", "hela riket"}
"""What publishers call a total row, in lower case."""

IDENTITY = ["indicator", "year", "geography_level", "geography", "vintage"]
"""Columns that say what a row is about; the background factors follow them."""

FIGURES = ["value", "lower", "upper", "se", "df", "n", "population", "count", "affected"]
"""Columns that hold figures; when a cell is confidential they vanish together."""

DESCRIPTION = ["measure", "method", "confidence", "unit", "estimate_id", "status"]
"""Columns that say how a figure was made and how far it can be trusted."""

CONFIDENTIAL = "C"
CANNOT_EXIST = "m"
NOT_COLLECTED = "x"
BREAK_IN_SERIES = "b"
UNRELIABLE = "u"
PROVISIONAL = "p"
INTERPOLATED = "i"
ROUNDED = "r"
PUBLIC_AT_SOURCE = "s"

STATUS_CODES = {
    CONFIDENTIAL: "confidential",
    CANNOT_EXIST: "cannot exist (structural zero)",
    NOT_COLLECTED: "not collected",
    BREAK_IN_SERIES: "break in series",
    UNRELIABLE: "low reliability",
    PROVISIONAL: "provisional",
    INTERPOLATED: "interpolated from another division",
    ROUNDED: "from a rounded table",
    PUBLIC_AT_SOURCE: "small, but public at source",
}
"""Every code a `status` may hold; several are joined by a space."""

SUM_MEASURES = ("count", "proportion", "rate", "mean", "total", "ratio", "share")
"""Forms that sums of persons give, so that every margin is a sum of cells."""

PERSON_MEASURES = (
    "quantile", "gini", "quintile_share_ratio", "at_risk_of_poverty", "atkinson", "generalised_entropy",
)  # fmt: skip
"""Forms that need every person's own value."""

PUBLISHED = "published"
"""The form of a figure that its publisher has made, such as a median or an index: no sums are told, so it has no margins."""

PER_CENT = ("proportion", "share", "at_risk_of_poverty")
"""Forms that are written in per cent, their differences in percentage points."""

MEASURES = (*SUM_MEASURES, *PERSON_MEASURES, PUBLISHED)
"""The statistical forms an indicator can take."""

KINDS = REGISTER, SURVEY, CELLS = "register", "survey", "cells"
"""The first word of `method`, the kind of uncertainty: everybody is observed and the interval is year-to-year chance;
a sample was drawn and the interval is chance in who; published counts, taken as a register's."""

STANDARDISED = {"dobson", "gamma", "indirect"}
"""One of these is in the `method` of every standardised figure."""


def is_standardised(table) -> bool:
    """Whether any figure of a table is standardised.

    Examples
    --------
    >>> import pandas as pd
    >>> is_standardised(pd.DataFrame({"method": ["register wilson", "register dobson wilson"]}))
    True
    """
    return "method" in table and any(STANDARDISED & set(str(method).split()) for method in table["method"].unique())


def factor_columns(table) -> list[str]:
    """Background-factor columns of a table: those between `vintage` and `value`, in their order.

    Examples
    --------
    >>> import pandas as pd
    >>> factor_columns(pd.DataFrame(columns=["indicator", "year", "vintage", "sex", "value", "lower"]))
    ['sex']
    """
    columns = list(table.columns)
    return columns[columns.index("vintage") + 1 : columns.index("value")]


def has_status(status, code: str):
    """Which rows carry a status code, as a boolean Series.

    Examples
    --------
    >>> import pandas as pd
    >>> has_status(pd.Series(["", "u b", "C"]), "b").tolist()
    [False, True, False]
    """
    known = status.fillna("")
    return known.isin([codes for codes in known.unique() if code in codes.split()])  # few distinct ones, many rows


class MrstatsError(Exception):
    """A mistake the user can mend; the message says what was found, where, and what to do."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence, without the library's own lines above it (``%debug`` still has them)."""
        return [f"{type(self).__name__}: {self}"]


class DatasetError(MrstatsError):
    """A dataset folder or one of its files is not as its dataset.toml says."""


class SourceError(MrstatsError):
    """A statistics service does not answer, or answers with something else than it was asked for."""


class ServiceDownError(SourceError):
    """A statistics service that does not answer at all, or asks to be left alone: there is no use in asking on."""


class UnknownNameError(MrstatsError):
    """An indicator, factor, level or year that the dataset does not have."""


class UnknownGroupError(MrstatsError):
    """A group or reference that the table does not have."""


class NotPublishedError(MrstatsError):
    """A cross that the source does not publish, or a request that the edition's plan does not hold."""


class EditionError(MrstatsError):
    """An edition file, a notebook's parameters or a run that cannot become an appendix."""
