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


def ranking(values, *, whole=19.7, indicator="low_income", level="regso", hide=(), half=(1.96, 3.09), method="survey"):
    """A ranking of areas from (code, value, n); the limits are those of a normal share, worked out from n."""
    rows = []
    for code, value, n in values:
        spread = (whole * (100 - whole) / n) ** 0.5
        limits = {f"funnel_{end}_{name}": whole + sign * times * spread
                  for name, times in zip(("95", "998"), half, strict=True)
                  for end, sign in (("lower", -1), ("upper", 1))}  # fmt: skip
        far = abs(value - whole) / spread
        rows.append(
            row(value, value - 3, value + 3, n, status="C" if code in hide else "", indicator=indicator,
                area=(level, code))
            | {"shrunken": value, "shrunken_lower": value - 3, "shrunken_upper": value + 3, "rank": 1.0,
               "rank_lower": 1.0, "rank_upper": 9.0, **limits,
               "outside": "99.8" if far > half[1] else "95" if far > half[0] else "", "city_value": whole,
               "reliability": 0.8, "chance_share": 0.2, "q": 90.0, "q_df": 29.0, "q_p": 0.001, "method": method}
        )  # fmt: skip
    return frame(*rows).drop(columns=["sex", "age_group", "country_of_birth"])


def thirty_areas():
    """Values and respondents of thirty areas: four certainly above the city, four below, two hidden."""
    values = [
        (120, 32.0), (116, 17.6), (134, 16.8), (155, 26.6), (210, 20.4), (238, 20.3), (240, 19.7), (238, 17.0),
        (248, 26.6), (260, 28.7), (266, 31.5), (268, 15.1), (272, 16.1), (278, 11.3), (296, 19.5), (345, 24.1),
        (385, 17.5), (390, 23.4), (391, 22.0), (408, 20.9), (409, 19.8), (416, 14.9), (470, 26.9), (486, 21.8),
        (490, 15.2), (547, 27.6), (552, 14.2), (572, 14.0), (578, 11.0), (670, 19.5),
    ]  # fmt: skip
    return [(f"R{place:02}", value, n) for place, (n, value) in enumerate(values, 1)]


def scorecard_row(indicator, factor, gap, *, direction="unsure", trust=3, half=1.0, status="", level=75.0,
                  levels=(73.0, 72.6, 75.4, 76.2, 75.0), years=(2020, 2021, 2022, 2023, 2024)):  # fmt: skip
    """One cell of a scorecard; the interval is `half` on either side of the gap."""
    return {
        "indicator": indicator, "factor": factor, "year": 2024, "since": 2020, "level": level,
        "level_lower": level - 0.5, "level_upper": level + 0.5, "years": years, "levels": levels,
        "gap": gap, "gap_lower": gap - half, "gap_upper": gap + half, "gap_worst": "a", "gap_best": "b",
        "gap_change": 1.0, "gap_change_lower": -1.0, "gap_change_upper": 3.0, "gap_direction": direction,
        "reliability": trust, "unit": "per cent", "status": status,
    }  # fmt: skip


def scorecard_table():
    """Three indicators by four divisions: one in kronor, one cell hidden, one not meaningful, one not collected."""
    return frame(
        scorecard_row("employment", "sex", 6.1),
        scorecard_row("employment", "age_group", 11.4),
        scorecard_row("employment", "education", 30.8, direction="grows"),
        scorecard_row("employment", "geography", 18.3, direction="shrinks", trust=2),
        scorecard_row("low_income", "sex", 0.4, level=19.7),
        scorecard_row("low_income", "age_group", NAN, status="m", direction="", trust=0, level=19.7),
        scorecard_row("low_income", "education", 24.8, trust=1, half=2.0, level=19.7),
        scorecard_row("low_income", "geography", 20.2, trust=1, level=19.7, levels=(18.0, 19.0, NAN, 19.5, 19.7)),
        scorecard_row("income", "sex", 19_200.0, direction="grows", half=900.0, level=298_525.0),
        scorecard_row("income", "age_group", 7.7, status="C", level=298_525.0),
        scorecard_row("income", "education", 115_037.0, half=4_000.0, level=298_525.0),
        scorecard_row("income", "geography", NAN, status="x", direction="", trust=0, level=298_525.0),
    )  # fmt: skip


def node(name, parent, depth, factor, group, value, n, *, path="", expected=NAN, confirmed=False, status="", half=2.0):
    """One group of a search."""
    return {
        "indicator": "employment", "year": 2024, "node": name, "parent": parent, "depth": depth, "factor": factor,
        "group": group, "value": value, "lower": value - half, "upper": value + half, "n": n, "population": n,
        "affected": n * (1 - value / 100), "path": path, "expected": expected, "p_adjusted": 0.001,
        "confirmed": confirmed, "searched": 240, "status": status,
    }  # fmt: skip


def tree_table(*, confirmed=True, hide=()):
    """A search in three steps: country of birth, sex, age."""
    rows = [
        ("0", "", 0, "", "", 71.4, 7900, {"half": 0.8}),
        ("a", "0", 1, "country_of_birth", "africa asia", 62.3, 2730, {"path": "worst"}),
        ("b", "0", 1, "country_of_birth", "SE nordic", 76.9, 5170, {"path": "best"}),
        ("aw", "a", 2, "sex", "women", 49.5, 610, {"path": "worst"}),
        ("am", "a", 2, "sex", "men", 66.0, 2120, {}),
        ("bw", "b", 2, "sex", "women", 72.8, 2240, {}),
        ("bm", "b", 2, "sex", "men", 80.0, 2930, {"path": "best"}),
        ("aw1", "aw", 3, "age_group", "20-39", 41.2, 330,
         {"path": "worst", "expected": 47.0, "confirmed": confirmed, "half": 5.0}),
        ("aw2", "aw", 3, "age_group", "40-64", 59.3, 280, {"half": 5.5}),
        ("bm1", "bm", 3, "age_group", "20-39", 74.7, 1570, {}),
        ("bm2", "bm", 3, "age_group", "40-64", 86.1, 1360, {"path": "best", "confirmed": confirmed}),
    ]  # fmt: skip
    return frame(*(node(*row[:-1], **row[-1], status="C" if row[0] in hide else "") for row in rows))


def changes_by_area(moves=None, *, hide=()):
    """Changes of the thirty areas of `by_area` since 2020: five have certainly risen, nine certainly fallen."""
    moves = moves or {1: 3.9, 4: 5.2, 9: 4.4, 12: 1.1, 21: 2.2, 2: -2.3, 3: -1.8, 5: -5.8, 6: -4.3, 10: -1.0,
                      14: -1.4, 17: -1.1, 22: -2.9, 30: -3.3}  # fmt: skip
    rows = []
    for place in range(1, 31):
        moved, sure = moves.get(place, 0.4), place in moves
        half = abs(moved) / 2 if sure else 1.5
        rows.append(
            change(20.0, 20.0 + moved, moved - half, moved + half, sure=sure, since=2020, area=("regso", f"R{place:02}"),
                   indicator="low_income", favourable=False, status="C" if f"R{place:02}" in hide else "", sex="_T")
        )  # fmt: skip
    return frame(*rows)
