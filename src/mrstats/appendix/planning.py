"""What an edition publishes: its plan recorded by running its notebooks once, and its release made from the plan."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mrstats.appendix.edition import Edition, read_edition
from mrstats.appendix.run import run_notebooks
from mrstats.dataset import City, open_dataset
from mrstats.dataset.checks import check_dataset
from mrstats.disclosure import Plan, read_plan, write_plan, write_release
from mrstats.disclosure.plan import checksum
from mrstats.disclosure.rules import read_rule
from mrstats.models import compute_result
from mrstats.request import Request, ResultRequest, request_from_mapping
from mrstats.schema import DatasetError


def plan_path(edition: Edition) -> Path:
    """Where an edition's plan lies: beside it, ``2024.plan.toml``."""
    return edition.path.with_name(f"{edition.stem}.plan.toml")


def record_plan(edition_path, *, report: Callable[[str], object] = print) -> Path:
    """Run an edition's notebooks once, write down every table they ask for, and throw the executed copies away.

    Parameters
    ----------
    edition_path : str or Path
    report : callable
        Receives one line per notebook.

    Returns
    -------
    Path
        The plan, to be looked at and committed with the edition.

    Raises
    ------
    EditionError
        A notebook stopped or its parameters do not fit; the old plan stays.
    """
    edition = read_edition(edition_path)
    city = open_dataset(edition.dataset, language=edition.language)
    check_before(city)
    with tempfile.TemporaryDirectory(prefix="mrstats-plan-") as folder:
        recording = Path(folder) / "requests.jsonl"
        recording.touch()
        run_notebooks(
            edition,
            Path(folder) / "notebooks",
            environment={"MRSTATS_MODE": "record", "MRSTATS_PLAN": str(recording)},
            report=report,
            failed=edition.output / "notebooks",
            keep_outputs=False,
        )
        lines = recording.read_text(encoding="utf-8").splitlines()
    path = plan_path(edition)
    asked = [request_from_mapping(json.loads(line)) for line in lines]
    tables = tuple(request for request in asked if isinstance(request, Request))
    results = tuple(request for request in asked if isinstance(request, ResultRequest))
    write_plan(Plan(tables, made_from(edition, city), results), path)
    return path


def prepare_release(edition: Edition, city: City, folder: Path) -> None:
    """Protect everything in the edition's plan and write it to ``release/`` in `folder`.

    Raises
    ------
    EditionError
        There is no plan, or it is older than a notebook, the edition or the dataset's description.
    """
    path = plan_path(edition)
    plan = read_plan(path)
    plan.check_fresh(made_from(edition, city), name=path.name)
    check_before(city)
    rule_file = edition.rule_path()
    rule = read_rule(rule_file) if rule_file else None
    results = {request.key: partial(compute_result, city, request) for request in plan.results}
    write_release(
        city, plan.requests, folder / "release", rule=rule, results=results, covariances_to=covariances_beside(folder)
    )


def covariances_beside(folder: Path) -> Path:
    """Where a build keeps how its figures vary together: beside its new folder, so that it vanishes with the build."""
    return folder.parent / "covariances"


def check_before(city: City) -> None:
    """Stop before anything runs on data that `mrstats check` finds fault with.

    Raises
    ------
    DatasetError
        Names the first problem and counts the others.
    """
    problems = check_dataset(city)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise DatasetError(f"{problems[0]}{more} `mrstats check {city.name}` lists them all.")


def made_from(edition: Edition, city: City) -> dict[str, str]:
    """Checksums of all that decides what is asked for: notebooks, chapters and parameters, the dataset's description."""
    chapters = [[chapter.notebook, dict(chapter.parameters)] for chapter in edition.chapters]
    asked = json.dumps([edition.dataset, edition.year, edition.language, chapters], ensure_ascii=False, sort_keys=True)
    sums = {f"{edition.path.name} (chapters)": hashlib.sha256(asked.encode()).hexdigest()}
    for chapter in edition.chapters:
        notebook = edition.notebook_path(chapter)
        sums[notebook.name] = checksum(notebook)
    if city.folder is not None:
        sums["dataset.toml"] = checksum(city.folder / "dataset.toml")
    return sums
