"""The publication plan: every table an edition asks for, recorded once and kept beside the edition. No figures."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from mrstats.request import Request, ResultRequest
from mrstats.schema import EditionError

HEADER = """# Every table this edition publishes. Written by `mrstats plan`; do not edit by hand.
# `made_from` are checksums of what it was recorded from: when a notebook or the edition changes, record it again.
"""


@dataclass(frozen=True)
class Plan:
    """The tables and results an edition asks for and the checksums of the files they were recorded from."""

    requests: tuple[Request, ...]
    made_from: dict[str, str]
    results: tuple[ResultRequest, ...] = ()

    def check_fresh(self, sources: dict[str, str], *, name: str) -> None:
        """Stop a stale plan before anything runs: an EditionError names what has changed since."""
        changed = sorted(k for k in {*sources, *self.made_from} if sources.get(k) != self.made_from.get(k))
        if changed:
            raise EditionError(
                f"the plan {name} is older than {', '.join(changed)}. Run `mrstats plan` on the edition and look at what it adds."
            )


def checksum(path: Path) -> str:
    """SHA-256 of a file; of a notebook only its code, since its words and its kernel's name ask for nothing."""
    data = path.read_bytes()
    if path.suffix == ".ipynb":
        code = [cell for cell in json.loads(data)["cells"] if cell["cell_type"] == "code"]
        cells = [["".join(cell["source"]), cell["metadata"].get("tags", [])] for cell in code]
        data = json.dumps(cells, ensure_ascii=False).encode()
    return hashlib.sha256(data).hexdigest()


def read_plan(path: Path) -> Plan:
    """The plan of an edition.

    Raises
    ------
    EditionError
        There is none yet, or it cannot be read.
    """
    if not path.exists():
        raise EditionError(
            f"the edition has no plan ({path.name}). Run `mrstats plan {path.name.removesuffix('.plan.toml')}` once."
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EditionError(
            f"the plan {path.name} cannot be read ({error}). Run `mrstats plan` on the edition."
        ) from None
    results = tuple(ResultRequest(**spec) for spec in raw.get("result", []))
    return Plan(tuple(map(Request.from_mapping, raw.get("request", []))), raw.get("made_from", {}), results)


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan as TOML, requests in a fixed order."""
    lines = [HEADER, "[made_from]"]
    lines += [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in sorted(plan.made_from.items())]
    for request in sorted(set(plan.requests), key=lambda r: r.key):
        lines += ["", "[[request]]"]
        for key, value in asdict(request).items():
            lines.append(
                f"{key} = {json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)}"
            )
    for result in sorted(set(plan.results), key=lambda r: r.key):
        given = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in result.arguments.items())
        lines += [
            "",
            "[[result]]",
            f'dataset = "{result.dataset}"',
            f'kind = "{result.kind}"',
            f"arguments = {{ {given} }}",
        ]
    beside = path.with_suffix(".part")
    beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    beside.replace(path)
