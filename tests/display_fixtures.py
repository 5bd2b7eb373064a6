"""A city of five districts and thirty areas, made by hand, for the tests of tables, charts and maps."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

NAN = float("nan")
DISTRICTS = {"S1": "Kustvik", "S2": "Mittköping", "S3": "Norrgärde", "S4": "Österhed", "S5": "Söderlunda"}
NAMES = """
Sandnäs Hamnen Viken Brohuset Udden Torget Station Kvarnby Parken Almhaga
Hasselro Rågåker Norrskog Åkern Bergby Lunden Ljungbacken Enemarken Krikonlund Solvreten
Östermo Heden Gärdet Bokslätt Parkvången Söderby Ängarna Mossen Strandby Tallåsen
""".split()  # noqa: SIM905  (thirty names read best as they stand)


def both(sv: str, en: str) -> dict:
    return {"sv": sv, "en": en}


def factor(name, sv, en, groups):
    made = tuple(
        SimpleNamespace(code=code, label=both(text, code), among=both(among or text, f"people {code}"), order=place)
        for place, (code, text, among) in enumerate(groups, 1)
    )
    return SimpleNamespace(name=name, label=both(sv, en), groups=made, reference=made[0].code, ordered=False)


FACTORS = {
    "sex": factor("sex", "Kön", "Sex", [("women", "kvinnor", ""), ("men", "män", "")]),
    "age_group": factor(
        "age_group", "Ålder", "Age", [("20-39", "20–39 år", "20–39-åringar"), ("40-64", "40–64 år", "")]
    ),
    "country_of_birth": factor(
        "country_of_birth",
        "Födelseland",
        "Country of birth",
        [
            ("SE", "Sverige", "personer födda i Sverige"),
            ("nordic", "Norden utom Sverige", "personer födda i Norden"),
            ("africa", "Afrika", "personer födda i Afrika"),
            ("asia", "Asien", "personer födda i Asien"),
        ],
    ),
    "education": factor(
        "education",
        "Utbildning",
        "Education",
        [
            ("low", "förgymnasial", "personer med förgymnasial utbildning"),
            (
                "high",
                "eftergymnasial, tre år eller mer, eller forskarutbildning",
                "personer med lång utbildning",
            ),
        ],
    ),
}


def indicator(name, sv, en, *, measure="proportion", direction="favourable", unit=("procent", "per cent"), decimals=1):
    return SimpleNamespace(
        name=name,
        label=both(*(text.capitalize() for text in (sv[1], en[1]))),
        share=both(sv[0], en[0]),
        population=both("20–64 år", "aged 20–64"),
        denominator="true" if measure == "count" else "age >= 20 and age <= 64",
        measure=measure,
        direction=direction,
        unit=both(*unit),
        decimals=decimals,
        source=both("Exempelstads register", "Exempelstad's registers"),
        note=both("", ""),
        goal=8,
        sensitive=False,
    )


INDICATORS = {
    "employment": indicator(
        "employment", ("andelen sysselsatta", "sysselsatta"), ("the share in employment", "employment")
    ),
    "low_income": indicator(
        "low_income",
        ("andelen med låg ekonomisk standard", "låg ekonomisk standard"),
        ("the share with a low economic standard", "low economic standard"),
        direction="adverse",
    ),
    "income": indicator(
        "income",
        ("medelinkomsten", "medelinkomst"),
        ("mean income", "mean income"),
        measure="mean",
        unit=("kronor", "kronor"),
        decimals=0,
    ),
    "residents": indicator(
        "residents",
        ("antalet invånare", "invånare"),
        ("the number of residents", "residents"),
        measure="count",
        direction="",
        unit=("personer", "persons"),
        decimals=0,
    ),
}


def level(name, sv, en, parent):
    words = [sv, f"{sv}t", f"{sv}na"]
    return SimpleNamespace(
        name=name,
        label=both(words[0], en),
        definite=both(words[1], f"the {en}"),
        plural=both(f"{sv}n", f"{en}s"),
        definite_plural=both(words[2], f"the {en}s"),
        parent=parent,
        vintage=2018,
    )


def make_city(*, synthetic=True, polygons=True):
    """The made-up city; `polygons=False` is a dataset without boundaries."""
    geographies = {
        "district": level("district", "stadsområde", "district", "city"),
        "regso": level("regso", "delområde", "area", "district"),
    }
    areas, water = _polygons() if polygons else (None, None)
    regso = {f"R{place:02}": name for place, name in enumerate(NAMES, 1)}
    parents = dict(zip(areas["code"], areas["parent"], strict=True)) if polygons else dict.fromkeys(regso, "S1")

    def shapes(name):
        if areas is None or name == "regso":
            return areas
        merged = areas.dissolve("parent").reset_index()
        merged["code"], merged["name"], merged["parent"] = (
            merged["parent"],
            merged["parent"].map(DISTRICTS),
            "9980",
        )
        return merged[["code", "name", "parent", "geometry"]]

    return SimpleNamespace(
        name="exempelstad",
        label="Exempelstad",
        language="sv",
        municipality="9980",
        synthetic=synthetic,
        indicators=INDICATORS,
        factors=FACTORS,
        geographies=geographies,
        area_names=lambda name: DISTRICTS if name == "district" else regso,
        parent_codes=lambda name: parents if name == "regso" else dict.fromkeys(DISTRICTS, "9980"),
        polygons=shapes,
        water=lambda: water,
    )


def _polygons():
    import geopandas
    import shapely

    random = np.random.default_rng(4)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = 5200 + random.normal(0, 260, 60) + 900 * np.cos(2 * angles)
    outline = shapely.Polygon(np.column_stack([radius * np.cos(angles) * 1.15, radius * np.sin(angles) * 0.9]))
    points = random.uniform((-5600, -4200), (5600, 4200), (400, 2))
    inside = shapely.MultiPoint([point for point in points if outline.contains(shapely.Point(point))][:30])
    cells = shapely.voronoi_polygons(inside, extend_to=outline)
    shapes = sorted((cell.intersection(outline) for cell in cells.geoms), key=lambda cell: cell.centroid.y)
    parent = [_district(cell.centroid) for cell in shapes]
    areas = geopandas.GeoDataFrame(
        {"code": [f"R{place:02}" for place in range(1, 31)], "name": NAMES, "parent": parent}, geometry=shapes
    ).set_crs(3006)
    box = shapely.box(-9500, -7000, -3000, 4000).difference(outline)
    sea = geopandas.GeoDataFrame({"name": ["Havet"]}, geometry=[box], crs=3006)
    return areas, sea


def _district(point) -> str:
    if abs(point.x) < 2000 and abs(point.y) < 1600:
        return "S2"
    return ("S4" if point.x > 0 else "S1") if abs(point.x) > abs(point.y) else ("S3" if point.y > 0 else "S5")


def row(value, low, high, n, *, status="", indicator="employment", year=2024, area=("city", "9980"), **factors):
    """One row of a breakdown; a factor that is not named is a total."""
    codes = {"sex": "_T", "country_of_birth": "_T", "age_group": "_T", **factors}
    return {
        "indicator": indicator,
        "year": year,
        "geography_level": area[0],
        "geography": area[1],
        "vintage": 2018,
        **codes,
        "value": value,
        "lower": low,
        "upper": high,
        "se": NAN,
        "df": NAN,
        "n": n,
        "population": n,
        "count": NAN,
        "affected": NAN,
        "measure": "proportion",
        "method": "register wilson",
        "confidence": 0.95,
        "unit": "per cent",
        "estimate_id": "",
        "status": status,
    }


def frame(*rows) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def gap(compared, *, factor, difference, low, high, reference_value=71.4, favourable=True):
    """The same row with the columns that gaps adds."""
    return compared | {
        "factor": factor,
        "reference": "total",
        "reference_value": reference_value,
        "difference": difference,
        "difference_lower": low,
        "difference_upper": high,
        "disadvantage": -difference if favourable else difference,
        "to_lift": NAN,
    }


def by_district_and_sex() -> pd.DataFrame:
    """Five districts, those without an area and the city, by sex: the table of the design."""
    figures = {
        "S1": ((72.8, 69.6, 75.8, 840, ""), (77.1, 73.8, 80.1, 710, ""), (74.8, 72.6, 76.9, 1550)),
        "S2": ((70.3, 67.2, 73.2, 890, ""), (74.9, 71.8, 77.8, 790, ""), (72.5, 70.3, 74.6, 1680)),
        "S3": ((69.9, 66.5, 73.1, 780, ""), (74.0, 70.5, 77.3, 640, ""), (71.7, 69.3, 74.0, 1420)),
        "S4": ((61.5, 57.9, 65.0, 740, "b"), (66.8, 63.0, 70.4, 660, ""), (64.0, 61.4, 66.5, 1400)),
        "S5": ((72.6, 69.6, 75.4, 920, ""), (76.2, 73.1, 79.0, 840, ""), (74.3, 72.2, 76.3, 1760)),
        "_U": ((NAN, NAN, NAN, NAN, "C"), (58.3, 41.9, 73.0, 40, "u"), (60.1, 46.0, 72.8, 60)),
    }
    rows = []
    for code, (women, men, both_sexes) in figures.items():
        area = ("district", code)
        rows += [
            row(*women[:4], status=women[4], area=area, sex="women"),
            row(*men[:4], status=men[4], area=area, sex="men"),
        ]
        rows.append(row(*both_sexes, area=area))
    rows += [
        row(69.2, 67.6, 70.7, 4210, sex="women"),
        row(73.9, 72.3, 75.5, 3690, sex="men"),
        row(71.4, 70.3, 72.5, 7900),
    ]
    return frame(*rows).drop(columns=["country_of_birth", "age_group"])


def gaps_one_way() -> pd.DataFrame:
    """Groups of three factors against the city: sure, unsure, unreliable and hidden ones."""
    figures = (
        ("sex", "women", (69.2, 67.6, 70.7, 4210), "", (-2.2, -3.0, -1.4)),
        ("sex", "men", (73.9, 72.3, 75.5, 3690), "", (2.5, 1.6, 3.4)),
        ("age_group", "20-39", (78.6, 76.3, 80.8, 1320), "", (7.2, 4.9, 9.5)),
        ("age_group", "40-64", (70.1, 68.3, 71.9, 2540), "", (-1.3, -3.0, 0.4)),
        ("country_of_birth", "SE", (73.6, 72.4, 74.8, 5480), "", (2.2, 1.4, 3.0)),
        ("country_of_birth", "nordic", (66.1, 60.7, 71.1, 310), "", (-5.3, -10.7, 0.1)),
        ("country_of_birth", "africa", (58.9, 45.0, 71.4, 40), "u", (-12.5, -24.0, -1.0)),
        ("country_of_birth", "asia", (NAN, NAN, NAN, NAN), "C", (NAN, NAN, NAN)),
    )
    return frame(
        *(
            gap(row(*value, status=status, **{name: code}), factor=name, difference=gap_, low=low, high=high)
            for name, code, value, status, (gap_, low, high) in figures
        )
    )


def by_area() -> pd.DataFrame:
    """Thirty areas with values from 3.5 to 42.1: one hidden, one unreliable, the rest plain; and the city."""
    values = np.linspace(3.5, 42.1, 30)[np.random.default_rng(2).permutation(30)]
    rows = []
    for place, value in enumerate(values, 1):
        area, n = ("regso", f"R{place:02}"), 800 + 100 * place
        status = {7: "C", 8: "C", 21: "u"}.get(place, "")
        rows.append(row(value, value - 3, value + 3, n, status=status, indicator="low_income", area=area))
    rows.append(row(NAN, NAN, NAN, NAN, status="C", indicator="low_income", area=("regso", "_U")))
    rows.append(row(23.4, 22.9, 23.9, 75000, indicator="low_income"))
    return frame(*rows).drop(columns=["country_of_birth", "age_group"])


def moved(word="holdout") -> pd.DataFrame:
    """Five districts whose figures come from another division, one of them hidden, and the city's own."""
    values = {"S1": (20.0, "i"), "S2": (31.0, "i"), "S3": (25.0, "i u"), "S4": (41.0, "i"), "S5": (15.0, "C i")}
    rows = [
        row(value, value - 2, value + 2, 900, status=status, indicator="low_income", area=("district", code))
        | {"method": f"register wilson points {word}"}
        for code, (value, status) in values.items()
    ]
    made = frame(*rows, row(27.0, 26, 28, 4500, indicator="low_income"))
    return made.drop(columns=["sex", "country_of_birth", "age_group"])
