"""Results about places, made by hand, for the tests of their pictures, tables and sentences."""

from __future__ import annotations

import pandas as pd

from display_fixtures import NAN, frame, row

BORN = ("SE", "nordic", "africa", "asia")


def index(group, corrected, *, year=2024, half=0.01, expected=0.03, status="", against="rest"):
    """One index of dissimilarity, as a fraction."""
    return {
        "indicator": "residents", "year": year, "since": year, "geography_level": "regso", "geography": "9980",
        "factor": "country_of_birth", "group": group, "against": against, "measure": "dissimilarity", "value": corrected + 0.02,
        "expected": expected, "corrected": corrected, "lower": corrected - half, "upper": corrected + half, "p": 0.002,
        "share": NAN, "population": 5000.0, "areas": 30, "unplaced": 0.0, "confidence": 0.95, "status": status,
    }  # fmt: skip


def divided(*, hide=()):
    """Indices of four groups in 2019 and 2024, all of them certainly lower, and the change of M in parts that add up."""
    before, after = (0.30, 0.12, 0.25, 0.20), (0.22, 0.08, 0.20, 0.16)
    rows = [index(g, v, year=2019) for g, v in zip(BORN, before, strict=True)]
    rows += [index(g, v, status="C" if g in hide else "") for g, v in zip(BORN, after, strict=True)]
    parts = {"mutual_information": -0.0135, "structure": -0.0124, "groups": 0.0011, "areas": -0.0022, "new_areas": 0.0}
    for name, value in parts.items():
        change = {"group": "_T", "against": "_T", "measure": f"change_{name}", "value": value, "since": 2019}
        rows.append(index("SE", 0.0) | change | dict.fromkeys(("corrected", "lower", "upper", "expected"), NAN))
    return frame(*rows)


def shared(*, hide=(), inequity=0.04):
    """Costs over two groups of education: the first has half of the need and gets 40 per cent."""
    rows = []
    figures = (("low", 400.0, 40.0, 50.0, 40.0), ("high", 600.0, 60.0, 50.0, 60.0))
    for place, (group, population, population_share, need, amount) in enumerate(figures, 1):
        ends = (population_share, amount, need) if place == 1 else (100.0, 100.0, 100.0)
        rows.append(
            {"indicator": "income", "need_indicator": "employment", "year": 2024, "over": "education", "group": group,
             "place": float(place), "population": population, "amount": amount * 1000, "need": need,
             "per_person": amount * 1000 / population, "per_person_lower": 90.0, "per_person_upper": 110.0,
             "per_need": amount * 1000 / need, "population_share": population_share, "amount_share": amount,
             "need_share": need, "amount_to_need": amount / need,
             **dict(zip(("cumulative_population", "cumulative_amount", "cumulative_need"), ends, strict=True)),
             **_ends("concentration", 0.0), **_ends("need_concentration", -0.1), **_ends("inequity", inequity),
             "confidence": 0.95, "unit": "kronor", "status": "C" if group in hide else ""}
        )  # fmt: skip
    table = frame(*rows)
    if hide:  # as mr.allocation: no curve where a group is hidden
        table.loc[:, [name for name in table if name.startswith(("cumulative", "concentration", "inequity"))]] = NAN
    return table


def _ends(name, value, half=0.02):
    return {name: value, f"{name}_lower": value - half, f"{name}_upper": value + half}


def profiled(*, hide=()):
    """A drawn area beside district S4 and the city: worse off in employment, perhaps in low income; a library near."""
    figures = {
        "employment": ((60.0, -10.0, 1.0), (65.0, -5.0, 1.0), 70.0),
        "low_income": ((22.0, 2.0, 3.0), (25.0, 5.0, 1.0), 20.0),
        "library_within_1000_m": ((12.0, -23.0, 1.0), (30.0, -5.0, 1.0), 35.0),
    }
    rows = []
    for name, (drawn, beside, city) in figures.items():
        places = (("plan_area", "plan_area", *drawn), ("district", "S4", *beside), ("city", "9980", city, NAN, NAN))
        for level, code, value, difference, half in places:
            rows.append(
                {"indicator": name, "year": 2024, "geography_level": level, "geography": code, "factor": "", "group": "_T",
                 "value": value, "lower": value - 1, "upper": value + 1, "n": 900.0, "population": 900.0,
                 "difference": difference, "difference_lower": difference - half, "difference_upper": difference + half,
                 "measure": "proportion", "method": "register", "confidence": 0.95, "unit": "per cent",
                 "status": "C" if level == "plan_area" and name in hide else ""}
            )  # fmt: skip
    return frame(*rows)


def touched(*, hide=(), who="all", how="close", affected=1240.0):
    """A library closes: the city, women and men, and two districts of which one is not touched."""
    rows = []
    places = (("_T", "city", "9980", ""), ("women", "city", "9980", "sex"), ("men", "city", "9980", "sex"),
              ("_T", "district", "S1", ""), ("_T", "district", "S2", ""))  # fmt: skip
    for group, level, code, factor in places:
        none = code == "S2" or not affected
        rows.append(
            {"indicator": "residents", "year": 2024, "kind": "library", "geography_level": level, "geography": code,
             "factor": factor, "group": group, "n": 5000.0, "affected": 0.0 if none else affected, "lost": 0.0 if none else 300.0,
             "gained": 0.0, "within_before": 40.0, "within_after": 40.0 if none else 34.0,
             "metres_before_median": 800.0, "metres_before_p90": 1500.0,
             "metres_after_median": 800.0 if none else 1200.0, "metres_after_p90": 1500.0 if none else 2500.0,
             "further": NAN if none else 900.0, "reach": "1000", "who": who, "how": how, "confidence": 0.95,
             "status": "C" if group in hide or code in hide else ""}
        )  # fmt: skip
    return frame(*rows)


def came_of(*, effect=2.0, half=1.0, trend_p=0.6):
    """What came of a change in 2022: the whole effect, and a row a year; 2021 is the year that is counted from."""
    about = {"indicator": "employment", "geography_level": "regso", "since": 2022, "areas": 4, "others": 26, "left_out": 0,
             "df": 29, "confidence": 0.95, "unit": "per cent"}  # fmt: skip
    whole = about | {"year": 0, "effect": effect, "lower": effect - half, "upper": effect + half, "se": half / 2, "p": 0.01,
                     "trend_p": trend_p}  # fmt: skip
    steps = ((2020, 0.1), (2021, NAN), (2022, effect), (2023, effect + 0.5))
    years = [about | {"year": year, "effect": step, "lower": step - half, "upper": step + half} for year, step in steps]
    return pd.DataFrame([whole, *years])


def quotients(*, group="africa", hide=()):
    """Quotients of one group in the thirty areas, 0.4 to 1.7."""
    rows = []
    for place in range(1, 31):
        code, quotient = f"R{place:02}", 0.4 + place * 1.3 / 30
        status = "C" if code in hide else ""
        made = row(
            50.0, 50.0, 50.0, 50, indicator="residents", area=("regso", code), country_of_birth=group, status=status
        )
        rows.append(made | {"quotient": quotient, "quotient_lower": quotient - 0.1, "quotient_upper": quotient + 0.1})
    return frame(*rows)
