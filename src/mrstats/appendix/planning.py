"""What an edition publishes: its plan recorded by running its notebooks once, and its release made from the plan."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from mrstats.appendix.edition import Edition, read_edition
from mrstats.appendix.publishing import ledger_path
from mrstats.appendix.run import run_notebooks
from mrstats.dataset import City, open_dataset
from mrstats.dataset.checks import check_dataset
from mrstats.dataset.release import Release
from mrstats.disclosure import Plan, ProtectionRule, read_plan, write_plan, write_release
from mrstats.disclosure.audit import audit as attack
from mrstats.disclosure.countfiles import pieces
from mrstats.disclosure.ledger import read_ledger, standing
from mrstats.disclosure.plan import checksum
from mrstats.disclosure.release import ProtectedRelease
from mrstats.disclosure.rules import read_rule
from mrstats.models import compute_result
from mrstats.request import Request, ResultRequest, request_from_mapping
from mrstats.schema import DatasetError, MrstatsError


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


@dataclass(frozen=True)
class PublicationPlan:
    """Everything an edition publishes: its tables, its results, and the city's rules of protection."""

    edition: Edition | None
    city: City
    plan: Plan
    rule: ProtectionRule

    def __repr__(self) -> str:
        tables, results = len(self.plan.requests), len(self.plan.results)
        name = self.edition.title if self.edition else self.city.label
        return f"<{name}: {tables} tables, {results} results, method {self.rule.method}>"


def publication_plan(edition_path, *, city: City | None = None) -> PublicationPlan:
    """The recorded plan of an edition, checked to be fresh.

    Parameters
    ----------
    edition_path : str or Path
        Such as ``notebooks/editions/2024.toml``.
    city : City, optional
        The opened dataset; else the edition's own is opened.

    Returns
    -------
    PublicationPlan

    Raises
    ------
    EditionError
        There is no plan, or it is older than a notebook, the edition or the dataset's description.

    Examples
    --------
    >>> from mrstats.schema import EditionError
    >>> try:
    ...     publication_plan("notebooks/editions/1066.toml")
    ... except EditionError as error:
    ...     print(error)
    There is no edition file notebooks/editions/1066.toml. Editions lie in notebooks/editions/.
    """
    edition = edition_path if isinstance(edition_path, Edition) else read_edition(edition_path)
    city = city or open_dataset(edition.dataset, language=edition.language)
    path = plan_path(edition)
    plan = read_plan(path)
    plan.check_fresh(made_from(edition, city), name=path.name)
    rule_file = edition.rule_path()
    return PublicationPlan(edition, city, plan, read_rule(rule_file) if rule_file else ProtectionRule())


def protect(
    plan: PublicationPlan, folder: Path | str | None = None, *, covariances_to: Path | None = None
) -> ProtectedRelease:
    """Protect everything in a plan as one publication, audit what was written, and return the release.

    Parameters
    ----------
    plan : PublicationPlan
    folder : path, optional
        An empty or new folder; default: a temporary one, to look at.
    covariances_to : Path, optional
        See `mrstats.disclosure.write_release`.

    Returns
    -------
    Release
        With ``info_loss()`` (what protection cost) and ``why(geography, *groups, indicator=…, year=…)``, for the city's
        own eyes: which rule hid a figure.

    Raises
    ------
    DatasetError, EditionError
        The data have faults, a cell cannot be hidden safely, or the audit failed; nothing may be published.

    Examples
    --------
    >>> from mrstats import tiny_city
    >>> from mrstats.breakdown import check_request
    >>> city = tiny_city()
    >>> requests = (check_request(city, "employment", "sex", "area"),)
    >>> release = protect(PublicationPlan(None, city, Plan(requests, {}), ProtectionRule(method="suppress")))
    >>> release.why("A1", "women", indicator="employment", year=2024)
    'small count'
    """
    if plan.city.folder is not None:
        check_before(plan.city)
    where = Path(tempfile.mkdtemp(prefix="mrstats-release-")) if folder is None else Path(folder)
    results = {request.key: partial(compute_result, plan.city, request) for request in plan.plan.results}
    facts = None
    if plan.edition is not None:
        facts = standing(read_ledger(ledger_path(plan.edition, plan.city.municipality)))
    return write_release(
        plan.city,
        plan.plan.requests,
        where,
        rule=plan.rule,
        results=results,
        covariances_to=covariances_to,
        facts=facts,
    )


def audit(
    release: Release | Path | str, *, ledger: pd.DataFrame | None = None, width: int | None = None
) -> pd.DataFrame:
    """Attack a release as an outsider would, from its files and what is public already.

    Parameters
    ----------
    release : Release or path
        A release, or a folder with ``counts/`` and ``hierarchy.csv``.
    ledger : DataFrame, optional
        Counts that are public already: dimensions and ``value``.
    width : int, optional
        Highest less lowest value that a hidden count must leave open; as the release's certificate says if not given.

    Returns
    -------
    DataFrame
        One row a file of counts: how many hidden, and how many of them are exact, narrow or undecided; 0 of all three is
        what must be.

    Examples
    --------
    >>> from mrstats import tiny_city
    >>> from mrstats.breakdown import check_request
    >>> city = tiny_city()
    >>> plan = Plan((check_request(city, "employment", "sex", "area"),), {})
    >>> release = protect(PublicationPlan(None, city, plan, ProtectionRule(method="suppress")))
    >>> audit(release)[["exact", "narrow", "undecided"]].sum().tolist()
    [0, 0, 0]
    """
    folder = release.folder if isinstance(release, Release) else Path(release)
    files = sorted((folder / "counts").glob("*.csv"))
    if not files:
        raise MrstatsError(
            f"there are no counts to attack in {folder / 'counts'}. Name the folder that mr.protect wrote."
        )
    rows = []
    for path in files:
        for piece in pieces([path], width=width):
            verdict = attack(piece.counts, hierarchy=folder / "hierarchy.csv", ledger=ledger, width=piece.width)
            rows.append({"file": path.name, **verdict.counts})
    return pd.DataFrame(rows, columns=["file", "hidden", "exact", "narrow", "undecided"])


def prepare_release(edition: Edition, city: City, folder: Path) -> ProtectedRelease:
    """Protect everything in the edition's plan and write it to ``release/`` in `folder`.

    Raises
    ------
    EditionError
        There is no plan, it is stale, or the audit failed.
    """
    plan = publication_plan(edition, city=city)
    return protect(plan, folder / "release", covariances_to=covariances_beside(folder))


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
