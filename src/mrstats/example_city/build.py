"""Writing Exempelstad: beside the destination first, so that the folder is whole or absent."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np

from mrstats.example_city.areas import build_map, district_codes
from mrstats.example_city.outcomes import QUINTILES, year_of
from mrstats.example_city.people import BIRTH, EDUCATION, GROWTH, People, Places, next_year, settle
from mrstats.example_city.services import near, service_points
from mrstats.example_city.survey import draw_survey, questions
from mrstats.example_city.voices import board_answers, interviews
from mrstats.sources import write_layers

YEARS = (2019, 2020, 2021, 2022, 2023, 2024)
SURVEY_YEARS = (2023, 2024)
FILE_DATE = "2025-01-01T00:00:00.000Z"  # GeoPackage stamps a date; a fixed one keeps the bytes the same
README = """Exempelstad: syntetiska exempeldata. Staden, människorna, platserna och citaten är påhittade.
Exempelstad: synthetic example data. The city, its people, places and quotations are made up.

dataset.toml  what the files hold          truth.toml  the model that the data were drawn from
Skapas av / made by: mrstats example. Ändra inte här / do not edit here: the folder is made anew each time.
"""


def build_example_city(
    folder: Path,
    *,
    seed: int = 9980,
    persons: int = 351_000,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Make the example city's dataset folder.

    Parameters
    ----------
    folder : Path
        Where to put it, normally ``data/raw/exempelstad``; an earlier one is replaced as a whole at the end.
    seed : int
        The same seed and number of persons give the same bytes in every file.
    persons : int
        Residents in 2019; one per cent more each year after.
    report : callable, optional
        Called with a line of text as each part begins.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ValueError
        If `persons` is under 1 000: too few for every area to have residents.

    Examples
    --------
    >>> build_example_city(Path("nowhere"), persons=10)
    Traceback (most recent call last):
    ValueError: persons=10 is too few for 180 areas; ask for at least 1000.
    """
    if persons < 1000:
        raise ValueError(f"persons={persons} is too few for 180 areas; ask for at least 1000.")
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_all(beside, seed, persons, report or (lambda line: None))
        beside.chmod(0o755)
        _replace(folder, beside)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return folder


def _replace(folder: Path, beside: Path) -> None:
    """Put the finished folder in place; the old one is set aside until the new one stands."""
    old = beside.with_name(beside.name + "-old")
    if folder.exists():
        folder.rename(old)
    beside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _write_all(folder: Path, seed: int, persons: int, report: Callable[[str], None]) -> None:
    parts = ("map", "services", "people", "outcomes", "survey", "voices")
    streams = np.random.SeedSequence(seed).spawn(len(parts))
    rng = {part: np.random.Generator(np.random.PCG64(stream)) for part, stream in zip(parts, streams, strict=True)}
    report("map: areas, water, population points")
    city = build_map(rng["map"])
    points = city.points
    services = service_points(rng["services"], points)
    near_library = near(points, services, kind="library", metres=1000)
    places = Places.of(points, rng["people"])
    people = settle(rng["people"], places, persons=persons, year=YEARS[0])
    for year in YEARS:
        report(f"people and outcomes {year}")
        if year > YEARS[0]:
            target = round(persons * GROWTH ** (year - YEARS[0]))
            next_year(rng["people"], places, people, year=year, target=target)
        register = year_of(rng["outcomes"], people, places, near_library, year=year)
        _write_parquet(folder / f"persons-{year}.parquet", _person_columns(people, register, points, year))
        if year in SURVEY_YEARS:
            frame = (register["age"] >= 18) & ~people.at("unplaced") & ~people.at("protected")
            answers = draw_survey(rng["survey"], register, frame, district_codes(), year=year)
            _write_parquet(folder / f"survey-{year}.parquet", _survey_columns(people, register, points, answers, year))
    report("map: writing")
    population = np.bincount(people.at("point")[~_hidden(people)], minlength=len(points))
    _write_map(folder / "areas.gpkg", city.layers, points, population)
    report("services, interviews, boards, descriptions")
    tables = {
        "service_points": services,
        "deso_changes_2018_2025": city.changes,
        "questions": questions(),
        "interviews": interviews(rng["voices"]),
        "board_answers": board_answers(rng["voices"]),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
    for name in ("dataset.toml", "truth.toml"):
        text = files("mrstats.example_city").joinpath(name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    (folder / "README.txt").write_text(README, encoding="utf-8", newline="\n")


def _hidden(people: People) -> np.ndarray:
    """Who has no place in the register: the unplaced and those with protected identity."""
    return people.at("unplaced") | people.at("protected")


def _coded(places: np.ndarray, groups):
    """Places among groups as a dictionary-encoded text column; a negative place is null."""
    import pyarrow as pa

    index = pa.array(places.astype(np.int16), mask=places < 0)
    return pa.DictionaryArray.from_arrays(index, pa.array(list(groups), type=pa.string()))


def _person_columns(people: People, register: dict, points, year: int) -> dict:
    """The register's columns, in the order of the file."""
    import pyarrow as pa

    person, count, hidden = people.person, len(people), _hidden(people)
    point = people.at("point")
    columns: dict = {
        "year": np.full(count, year, dtype=np.int16),
        "person_id": person["id"],
        "household": person["household"].astype(np.int32),
    }
    for level in ("deso", "service_area"):
        groups, index = np.unique(points[level].to_numpy(dtype=str), return_inverse=True)
        columns[level] = _coded(np.where(hidden, -1, index[point]), groups)
    columns["point_id"] = pa.array(points["point_id"].to_numpy()[point].astype(np.int32), mask=hidden)
    columns |= _background(register)
    plain = (
        "disposable_income", "employed", "eligible_upper_secondary", "home_care", "home_care_services",
        "long_term_income_support", "library_visits", "crime_victim", "cost_home_care",
        "low_economic_standard",
    )  # fmt: skip
    columns |= {name: register[name] for name in plain}
    columns["income_quintile"] = _coded(register["income_quintile"], QUINTILES)
    columns["protected_identity"] = people.at("protected")
    return columns


def _background(register: dict, row=slice(None)) -> dict:
    return {
        "sex": _coded(register["sex"][row], ("1", "2")),
        "age": register["age"][row],
        "education": _coded(register["education"][row], EDUCATION),
        "country_of_birth": _coded(register["country_of_birth"][row], BIRTH),
        "disability": _coded(register["disability"][row].astype(np.int8), ("without", "with")),
    }


def _survey_columns(people: People, register: dict, points, answers: dict, year: int) -> dict:
    """The survey's columns: sample, weights, background, then the 21 answers."""
    import pyarrow as pa

    row = answers.pop("row")
    deso = points["deso"].to_numpy(dtype=str)[people.at("point")[row]]
    columns = {
        "year": np.full(len(row), year, dtype=np.int16),
        "person_id": people.person["id"][row],
        "responded": answers.pop("responded"),
        "stratum": pa.array(answers.pop("stratum").tolist()).dictionary_encode(),
        "stratum_size": answers.pop("stratum_size"),
        "design_weight": answers.pop("design_weight"),
        "weight": pa.array(answers.pop("weight"), from_pandas=True),
        "deso": pa.array(deso.tolist()).dictionary_encode(),
    }
    return columns | _background(register, row) | {q: pa.array(a, mask=a < 0) for q, a in answers.items()}


def _write_parquet(path: Path, columns: dict) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path, compression="zstd", compression_level=6)


def _write_map(path: Path, layers: dict, points, population: np.ndarray) -> None:
    """Every layer into one GeoPackage, with a fixed date inside."""
    import geopandas as gpd

    place = points[["point_id", "deso", "deso_2025", "service_area"]].assign(population=population)
    with_points = layers | {
        "points": gpd.GeoDataFrame(place, geometry=gpd.points_from_xy(points["x"], points["y"]), crs=layers["deso"].crs)
    }
    write_layers(path, with_points, date=FILE_DATE)
