"""Tables of change, ranking, scorecard and search, made by hand, for the tests of the pictures of findings."""

from __future__ import annotations

from display_fixtures import NAN, frame, row

YEARS = (2019, 2020, 2021, 2022, 2023, 2024)
LEVELS = {
    "SE": ((80.2, 79.6, 80.8, 81.6, 82.5, 83.4), 0.8),
    "nordic": ((70.4, 68.7, 69.9, 71.9, 72.3, 72.1), 1.2),
    "africa": ((47.1, 44.0, 45.2, 50.9, 51.6, 52.3), 2.5),
    "asia": ((60.0, 58.8, 59.5, 62.1, 62.4, 62.9), 1.4),
    "_T": ((73.0, 71.9, 72.8, 75.1, 75.6, 76.2), 0.5),
}
"""Values by year and half an interval, for four groups and the whole."""


def by_year(levels=None, *, hide=(), breaks=(2022,), weak=()):
    """A breakdown over the years; `hide` and `weak` hold (group, year), `breaks` years of a new way to measure."""
    rows = []
    for code, (values, half) in (levels or LEVELS).items():
        for year, value in zip(YEARS, values, strict=False):
            status = " ".join(
                ["C"] * ((code, year) in hide) + ["b"] * (year in breaks) + ["u"] * ((code, year) in weak)
            )
            rows.append(row(value, value - half, value + half, 1200, status=status, year=year, country_of_birth=code))
    return frame(*rows).drop(columns=["sex", "age_group"])


def change(value_since, value, low, high, *, sure, status="", kind="level", reference="", since=2022, year=2024,
           area=("city", "9980"), indicator="employment", favourable=True, trend=NAN, progress="", **factors):  # fmt: skip
    """One row of a table of changes; the change is the difference of the two values."""
    moved = value - value_since
    return {
        "indicator": indicator,
        "year": year,
        "geography_level": area[0],
        "geography": area[1],
        "vintage": 2018,
        **factors,
        "since": since,
        "kind": kind,
        "reference": reference,
        "value_since": value_since,
        "value": value,
        "change": moved,
        "change_lower": low,
        "change_upper": high,
        "p": 0.001 if sure else 0.4,
        "p_adjusted": 0.002 if sure else 0.6,
        "sure": sure,
        "disadvantage": -moved if favourable else moved,
        "trend": trend,
        "trend_lower": NAN,
        "trend_upper": NAN,
        "progress": progress,
        "method": "register independent",
        "status": status,
    }


def changes_by_birth():
    """The changes of `by_year` since 2022: one group and the city have certainly risen."""
    return frame(
        change(81.6, 83.4, 0.7, 2.9, sure=True, country_of_birth="SE"),
        change(71.9, 72.1, -1.5, 1.9, sure=False, country_of_birth="nordic"),
        change(50.9, 52.3, -2.2, 5.0, sure=False, country_of_birth="africa"),
        change(62.1, 62.9, -1.3, 2.9, sure=False, country_of_birth="asia"),
        change(75.1, 76.2, 0.4, 1.8, sure=True, country_of_birth="_T"),
    )
