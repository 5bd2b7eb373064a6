"""What a folder of fetched files is, as dataset.toml and MANIFEST.toml: made anew from the files that are there."""

from __future__ import annotations

import hashlib
import itertools
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mrstats.fetching.kolada import TABLE, UNITS, kolada_indicators
from mrstats.fetching.levels import in_vintages, levels_of, words, write_area_types
from mrstats.fetching.run import MISSING, Outcome, Run
from mrstats.fetching.spec import CONTENTS, Resolved, column_of, factor_list, files_of, is_total, resolve, table_list
from mrstats.language import LANGUAGES
from mrstats.schema import TOTAL, SourceError

MANIFEST = "MANIFEST.toml"
HEAD = (
    "# Public statistics by area, as `mrstats fetch` wrote them; MANIFEST.toml says where each file came from.\n"
    "# Texts in [factors] and [indicators] are those of the publisher's tables: `mrstats check` names what it has changed.\n"
)
VALUES = ("year", "value", "symbol")


def write_manifest(run: Run) -> None:
    """The manifest of all files in the folder, those of earlier calls too; of dataset.toml, how it was written."""
    path = run.folder / MANIFEST
    held = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept = {name: told for name, told in {**held, **run.files}.items() if (run.folder / name).exists()}
    run.files = dict(sorted(kept.items()))
    text = "# Where each file came from. Written by `mrstats fetch`.\n" + _sections(run.files)
    path.write_text(text, encoding="utf-8")


def write_description(run: Run, name: str) -> None:
    """dataset.toml: every table that is there with its indicators and factors, and the divisions they stand on."""
    told: dict[str, Any] = {"tables": {}, "factors": {}, "geographies": {}, "indicators": {}}
    years: set[int] = set()
    codes: dict[tuple[str, str], set[str]] = {}
    for spec in table_list():
        files = files_of(run.folder, spec)
        if not files:
            continue
        rows = pd.concat([_read(path) for path in files], ignore_index=True)
        try:
            known = resolve(spec, _texts(rows, spec["level"]), f"{files[0].name}")
        except SourceError as error:
            run.outcomes.append(Outcome(spec["name"], files[0].name, MISSING, reason=str(error)))
            continue
        years |= _add_table(told, spec, rows, known, [run.files.get(path.name, {}) for path in files])
        if spec["name"] == "socioeconomic_index":
            write_area_types(run.folder, rows[rows[CONTENTS].map(column_of) == known.found["type"]])
        for vintage, own in in_vintages(rows, spec["level"]):
            codes.setdefault((spec["level"], vintage), set()).update(own[spec["level"]])
    for table in (TABLE, UNITS):
        if (run.folder / f"{table}.csv").exists():
            rows = _read(run.folder / f"{table}.csv")
            years |= _add_source(told, table, f"{table}.csv", rows, count="value")
            _add_factor(told, "sex", table, "kön", {text: _sex(text) for text in sorted(set(rows["kön"].astype(str)))})
            told["indicators"] |= dict(
                kolada_indicators(rows, table, run.files.get(f"{table}.csv", {}).get("notes", []))
            )
    told["geographies"] = dict(levels_of(run.folder, run.municipality, codes, units=UNITS in told["tables"]))
    both = dict.fromkeys(LANGUAGES, run.label or f"Kommun {run.municipality}")
    head = {
        "name": name, "label": both, "municipality": run.municipality, "synthetic": False, "public": True,
        "years": sorted(years), "publisher": both,
    }  # fmt: skip
    parts = [_sections({"dataset": head}), *(_sections(entries, kind) for kind, entries in told.items())]
    parts += ["".join(f"\n[[missing]]\n{_lines(entry)}" for entry in words()["missing"])]
    _replace(run, "dataset.toml", (HEAD + "".join(parts)).encode())


def _replace(run: Run, name: str, content: bytes) -> None:
    """Write a file anew; what somebody has changed in it since stays beside it under a name of its own."""
    path = run.folder / name
    held, told = path.read_bytes() if path.exists() else content, run.files.get(name, {})
    if held != content and told and hashlib.sha256(held).hexdigest() != told["sha256"]:
        kept = next(
            place
            for number in itertools.count(1)
            if not (place := path.with_suffix(f".edited-{number}{path.suffix}")).exists()
        )
        kept.write_bytes(held)
        run.report(f"{name} was changed by hand and is written anew; what it was lies in {kept.name}.")
    path.write_bytes(content)
    run.files[name] = {"sha256": hashlib.sha256(content).hexdigest()}


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _texts(rows: pd.DataFrame, level: str) -> dict[str, list[str]]:
    """Dimensions of a file and their texts, in the file's order."""
    return {str(name): list(rows[name].unique()) for name in rows if name not in (level, *VALUES)}


def _sex(text: str) -> str:
    return TOTAL if is_total(text) else {"kvinnor": "women", "män": "men"}[text]


def _add_source(told: dict[str, Any], name: str, files: str, rows: pd.DataFrame, **more) -> set[int]:
    years = sorted({int(year) for year in rows["year"]})
    told["tables"][name] = {
        "files": files,
        "grain": "cell",
        "year": "year",
        **more,
        "numeric": ["value"],
        "years": years,
    }
    return set(years)


def _add_factor(
    told: dict[str, Any],
    name: str,
    table: str,
    column: str,
    codes: Mapping[str, str],
    labels: Mapping[str, dict[str, str]] | None = None,
) -> None:
    """A factor is one for all tables that have it, each with its own texts; `labels` of groups that only a table has."""
    entry = told["factors"].setdefault(name, {"table": [], "column": column, "codes": {}})
    entry["table"].append(table)
    entry["codes"] |= codes
    spec = factor_list()[name]
    if "groups" in spec:
        entry |= {"label": spec["label"], "groups": spec["groups"]}
    elif "codes" not in spec:
        texts = {code: (labels or {}).get(text, text) for text, code in entry["codes"].items() if code != TOTAL}
        entry |= {"label": spec["label"], "groups": [{"code": c, "label": label} for c, label in texts.items()]}


def _add_table(told: dict, spec: Mapping, rows: pd.DataFrame, known: Resolved, noted: Sequence[dict]) -> set[int]:
    """A table of the list, its factors, and its indicators with the texts that the table really has.

    `noted` is what the manifest tells of its files: notes that must be shown, and how its own groups are written.
    """
    name = spec["name"]
    notes = list(dict.fromkeys(note for told_of in noted for note in told_of.get("notes", [])))
    labels = {text: label for told_of in noted for text, label in told_of.get("labels", {}).items()}
    files = f"{name}-*.csv" if "parts" in spec else f"{name}.csv"
    years = _add_source(told, name, files, rows, **({"pivot": CONTENTS} if "pivot" in spec else {"count": "value"}))
    for factor, codes in known.groups.items():
        if set(codes.values()) == {TOTAL}:
            continue  # the table is about everybody
        _add_factor(told, factor, name, known.columns[factor], codes, labels)
    for indicator, entry in spec["indicators"].items():
        entry = {"table": name, **entry}
        for part in ("numerator", "denominator"):
            if part in entry:
                entry[part] = entry[part].format_map(known.found)
        if notes:
            own = entry.get("note", {})
            entry["note"] = {language: " ".join([*filter(None, [own.get(language)]), *notes]) for language in LANGUAGES}
        told["indicators"][indicator] = entry
    return years


def _sections(entries: Mapping[str, Any], kind: str = "") -> str:
    """Tables of TOML, one a name."""
    named = ((f"{kind}.{name}" if kind else _key(name), entry) for name, entry in entries.items())
    return "".join(f"\n[{name}]\n{_lines(entry)}" for name, entry in named)


def _lines(entry: Mapping[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in entry.items())


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    """A value in one line; line breaks in a publisher's text become spaces."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(" ".join(value.split()) if isinstance(value, str) else value, ensure_ascii=False)
