"""A dataset.toml read into frozen descriptions, with every mistake named. It opens no data file."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mrstats.definitions import (
    BackgroundFactor,
    Indicator,
    Level,
    Text,
    bilingual,
    nearest,
    read_factor,
    read_indicator,
    standard_factor,
    standard_level,
)
from mrstats.language import LANGUAGES, word
from mrstats.schema import CITY, PUBLISHED, TOTAL, DatasetError

GRAINS = ("person", "cell")
FORMATS = ("parquet", "csv", "scb_excel", "statistical", "sql")
ENDINGS = {
    ".parquet": "parquet",
    ".xlsx": "scb_excel",
    **dict.fromkeys((".sav", ".zsav", ".por", ".dta", ".sas7bdat", ".xpt"), "statistical"),
}
"""What a file is read as by its ending; any other is delimited text."""
BESIDE = ("points", "services", "interviews", "board_answers")
SECTIONS = {
    "dataset",
    "tables",
    "factors",
    "geographies",
    "indicators",
    "missing",
    "water",
    "distances",
    "questions",
    *BESIDE,
}
LEVEL_WORDS = ("label", "definite", "plural", "definite_plural")


@dataclass(frozen=True)
class TableSource:
    """One table of the dataset: its files and what their columns are for."""

    name: str
    files: str
    grain: str
    year: str | int
    format: str = ""
    person: str = ""
    household: str = ""
    protected: str = ""
    count: str = ""
    pivot: str = ""
    area_prefix: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    numeric: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    weight: str = ""
    strata: str = ""
    cluster: str = ""
    stratum_size: str = ""
    lonely: str = ""
    responded: str = ""
    design_weight: str = ""
    eligible: str = ""
    sample_of: str = ""
    sql: str = ""
    database: str = ""


@dataclass(frozen=True)
class FactorSource:
    """A background factor and where the dataset keeps it: tables, column, and code -> group."""

    factor: BackgroundFactor
    tables: tuple[str, ...]
    column: str
    codes: dict[str, str]
    ranges: bool


@dataclass(frozen=True)
class LevelSource:
    """A geography level and where its areas come from."""

    level: Level
    column: str = ""
    file: str = ""
    layer: str | None = None
    code: str = "code"
    name: str = ""
    parent_code: str = ""
    encoding: str = ""
    prefix: str = ""
    strip: str = ""
    of: str = ""
    match: str = ""
    names: dict[str, Text] | None = None
    changes: str = ""
    polygons: str = ""


@dataclass(frozen=True)
class Description:
    """Everything a dataset.toml says."""

    name: str
    label: Text
    municipality: str
    synthetic: bool
    public: bool
    years: tuple[int, ...]
    publisher: Text
    tables: dict[str, TableSource]
    factors: dict[str, FactorSource]
    levels: dict[str, LevelSource]
    indicators: dict[str, Indicator]
    missing: tuple[dict[str, Any], ...]
    water: dict[str, str] | None
    beside: dict[str, dict[str, Any]]
    distances: dict[str, dict[str, Any]] = field(default_factory=dict)
    questions: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def points(self) -> dict[str, Any] | None:
        """Where people live."""
        return self.beside.get("points")


def read_description(path: Path) -> Description:
    """The description of a dataset folder.

    Raises
    ------
    DatasetError
        The file is missing, no TOML, or a section has an unknown, missing or misspelt key.
    """
    if not path.exists():
        raise DatasetError(f"{path.parent} holds no dataset.toml. `mrstats example` makes one to look at.")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path.parent.name}/dataset.toml cannot be read as TOML: {error}.") from None
    return describe(raw, path.parent)


def describe(raw: dict[str, Any], folder: Path | None = None) -> Description:
    """The description of a dataset from its TOML, already read; `folder` holds the files of questions."""
    _only(raw, SECTIONS, "dataset.toml")
    head = raw.get("dataset", {})
    _only(head, {"name", "label", "municipality", "synthetic", "public", "years", "publisher"}, "[dataset]")
    for key in ("name", "label", "municipality"):
        if key not in head:
            raise DatasetError(f"[dataset] lacks {key!r}.")
    tables = {name: _table(name, spec) for name, spec in raw.get("tables", {}).items()}
    indicators = {name: read_indicator(name, spec) for name, spec in raw.get("indicators", {}).items()}
    questions = {}
    for name, spec in raw.get("questions", {}).items():
        asked = _question_indicators(name, spec, folder)
        indicators |= asked
        questions[name] = {**spec, "names": list(asked)}
    for name in [name for name, table in tables.items() if table.responded and table.design_weight]:
        source = raw.get("questions", {}).get(name, {}).get("source", head["label"])
        tables[f"{name}_sample"], indicators[f"{name}_response"] = _sample(tables[name], source)
    for indicator in indicators.values():
        if indicator.table not in tables:
            raise DatasetError(
                f"[indicators.{indicator.name}] table={indicator.table!r} is not described ({nearest(indicator.table, tables)})."
            )
        if indicator.measure == PUBLISHED and not (head.get("public") and tables[indicator.table].grain == "cell"):
            raise DatasetError(
                f"[indicators.{indicator.name}] measure = {PUBLISHED!r} is shown as it stands, unprotected: it needs a table of "
                f"grain 'cell' in a dataset that says public = true, and {indicator.table!r} is not one. Count persons instead."
            )
    return Description(
        name=head["name"],
        label=bilingual(head["label"], "[dataset] label"),
        municipality=str(head["municipality"]),
        synthetic=head.get("synthetic", False),
        public=head.get("public", False),
        years=_years(head.get("years", ()), "[dataset]"),
        publisher=bilingual(head.get("publisher", head["label"]), "[dataset] publisher"),
        tables=tables,
        factors={
            name: _of_samples(_factor(name, spec, tables), tables) for name, spec in raw.get("factors", {}).items()
        },
        levels={name: _level(name, spec) for name, spec in raw.get("geographies", {}).items()},
        indicators=indicators,
        missing=tuple(raw.get("missing", ())),
        water=raw.get("water"),
        beside={name: _beside(name, raw[name]) for name in BESIDE if name in raw},
        distances=_distances(raw),
        questions=questions,
    )


def _of_samples(factor: FactorSource, tables: dict[str, TableSource]) -> FactorSource:
    """A factor of those who answered is one of everybody who was asked."""
    samples = tuple(name for name, table in tables.items() if table.sample_of in factor.tables)
    return replace(factor, tables=(*factor.tables, *samples))


def _sample(source: TableSource, said: Any) -> tuple[TableSource, Indicator]:
    """Everybody who was asked, as a table of its own, and the share of them who answered.

    Who answers is left to chance again another time, so a sample that is a large part of its stratum tells no more.
    """
    name = f"{source.name}_sample"
    sample = replace(
        source, name=name, weight=source.design_weight, responded="", stratum_size="", sample_of=source.name
    )
    words = {key: {language: word(f"response_{key}", language) for language in LANGUAGES}
             for key in ("label", "share", "population", "unit")}  # fmt: skip
    asked = {"numerator": source.responded, "denominator": source.eligible or "true", "source": said}
    return sample, read_indicator(f"{source.name}_response", {"table": name, "measure": "proportion", **asked, **words})


def _question_indicators(table: str, spec: dict[str, Any], folder: Path | None) -> dict[str, Indicator]:
    """An indicator for each question of a survey: the share of those who answered that agree with the statement."""
    where = f"[questions.{table}]"
    _only(spec, {"file", "agree", "scale", "answers", "population", "source"}, where)
    scale = spec.get("scale", [0, 1])
    if not (
        isinstance(scale, list) and len(scale) == 2 and all(type(end) is int for end in scale) and scale[0] < scale[1]
    ):
        raise DatasetError(f"{where} scale = {scale!r} must be the lowest and the highest answer, such as [1, 5].")
    count = scale[1] - scale[0] + 1
    answers = spec.get("answers", {})
    if not isinstance(answers, dict):
        raise DatasetError(f"{where} answers = {answers!r} must be lists of words, answers.sv and answers.en.")
    for language, words in answers.items():
        if language not in LANGUAGES or not isinstance(words, list) or len(words) != count:
            raise DatasetError(
                f"{where} answers.{language} = {words!r} must be a list of {count} words in sv or en, one for each answer of "
                f"scale = {scale}."
            )
    for key in ("file", "agree", "population", "source"):
        if key not in spec:
            raise DatasetError(f"{where} lacks {key!r}.")
    path = (folder or Path()) / spec["file"]
    if not path.exists():
        raise DatasetError(f"{where} file = {spec['file']!r} is not in the dataset's folder. Put it there.")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = {"question", "sv", "en", "direction"}
    if not rows or not wanted <= set(rows[0]):
        raise DatasetError(f"{spec['file']} must have the columns {', '.join(sorted(wanted))}, one row a question.")
    made = {}
    for row in rows:
        name, said = row["question"], {"sv": row["sv"].strip().rstrip("."), "en": row["en"].strip().rstrip(".")}
        made[name] = read_indicator(
            name,
            {
                "table": table,
                "measure": "proportion",
                "numerator": " or ".join(f"{name} == {answer}" for answer in spec["agree"]),
                "direction": row["direction"],
                "label": said,
                "share": {
                    "sv": f"andelen som instämmer i ”{said['sv']}”",
                    "en": f"the share who agree with ‘{said['en']}’",
                },
                "unit": {"sv": "procent", "en": "per cent"},
                "population": spec["population"],
                "source": spec["source"],
            },
        )
    return made


def _beside(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    if "file" not in spec:
        raise DatasetError(f"[{name}] lacks 'file'.")
    return spec


def _distances(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Columns of distance: the file of places and which of its rows, for persons that [points] locates."""
    found = raw.get("distances", {})
    for name, spec in found.items():
        _only(spec, {"file", "where"}, f"[distances.{name}]")
        if "file" not in spec:
            raise DatasetError(f"[distances.{name}] lacks 'file'.")
        if not {"table", "column"} <= set(raw.get("points", {})) or not name.isidentifier():
            raise DatasetError(
                f"[distances.{name}] needs [points] with table and column, and a name of letters, digits and _."
            )
    return found


def _years(years: Any, where: str) -> tuple[int, ...]:
    if not isinstance(years, (list, tuple)) or not all(type(year) is int for year in years):
        raise DatasetError(f"{where} years = {years!r} must be a list of whole numbers, such as [2023, 2024].")
    return tuple(sorted(years))


def _only(spec: dict[str, Any], known: set[str], where: str) -> None:
    for key in spec:
        if key not in known:
            raise DatasetError(f"{where} has an unknown key {key!r} ({nearest(key, known)}).")


def _table(name: str, spec: dict[str, Any]) -> TableSource:
    where = f"[tables.{name}]"
    _only(spec, {f.name for f in fields(TableSource)} - {"name", "sample_of"}, where)
    for key in ("sql" if "database" in spec else "database" if "sql" in spec else "files", "grain", "year"):
        if key not in spec:
            raise DatasetError(f"{where} lacks {key!r}.")
    if "sql" in spec and "files" in spec:
        raise DatasetError(f"{where} has both files and sql. Keep the one that holds the rows.")
    if spec["grain"] not in GRAINS:
        raise DatasetError(f"{where} grain={spec['grain']!r} must be person or cell.")
    kind = spec.get("format") or ("sql" if "sql" in spec else ENDINGS.get(Path(spec["files"]).suffix.lower(), "csv"))
    if spec.get("decimal", "") not in ("", ".", ","):
        raise DatasetError(f'{where} decimal = {spec["decimal"]!r} must be "." or ",".')
    if isinstance(spec.get("numeric", []), str):
        raise DatasetError(f"{where} numeric = {spec['numeric']!r} must be a list of column names.")
    if kind not in FORMATS:
        raise DatasetError(f"{where} format={kind!r} must be one of {', '.join(FORMATS)}.")
    return TableSource(
        name=name,
        **{
            "files": "",
            **spec,
            "format": kind,
            "numeric": tuple(spec.get("numeric", ())),
            "years": _years(spec.get("years", ()), where),
        },
    )


def _factor(name: str, spec: dict[str, Any], tables: dict[str, TableSource]) -> FactorSource:
    where = f"[factors.{name}]"
    _only(spec, {"table", "column", "codes", "ranges", "label", "ordered", "reference", "groups"}, where)
    for key in ("table", "column"):
        if key not in spec:
            raise DatasetError(f"{where} lacks {key!r}.")
    named = (spec["table"],) if isinstance(spec["table"], str) else tuple(spec["table"])
    for table in named:
        if table not in tables:
            raise DatasetError(f"{where} table={table!r} is not described ({nearest(table, tables)}).")
    codes = {str(k): str(v) for k, v in spec.get("codes", {}).items()}
    ranges = spec.get("ranges", False)
    if not codes and not ranges:
        raise DatasetError(f"{where} needs codes = {{ … }}, or ranges = true for an age in years.")
    used = sorted(set(codes.values()) - {TOTAL}) if codes else None
    factor = read_factor(name, spec, codes=used) if "groups" in spec else standard_factor(name, codes=used)
    return FactorSource(factor, named, spec["column"], codes, ranges)


def _level(name: str, spec: dict[str, Any]) -> LevelSource:
    where = f"[geographies.{name}]"
    own = {f.name for f in fields(LevelSource)} - {"level"}
    _only(spec, own | {"parent", "vintage", "table", *LEVEL_WORDS}, where)
    words = {key: bilingual(spec[key], f"{where} {key}") for key in LEVEL_WORDS if key in spec}
    level = standard_level(
        name,
        parent=spec.get("parent", CITY),
        vintage=str(spec.get("vintage", "")),
        words=words if len(words) == 4 else None,
    )
    return LevelSource(level, **{key: value for key, value in spec.items() if key in own})
