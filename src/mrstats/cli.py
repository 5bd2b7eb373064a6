"""The command line: `mrstats example · fetch · check · plan · appendix · audit · publish · clean`. It computes no number."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mrstats.schema import MrstatsError

EDITIONS = Path("notebooks/editions")
EXAMPLE = Path("data/raw/exempelstad")

app = typer.Typer(
    help="Disaggregated inequality statistics for cities, and their yearly accessible appendix.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Edition = Annotated[
    str | None,
    typer.Argument(
        help="The edition: a file, or a name in notebooks/editions. Default: the latest year.",
        show_default=False,
    ),
]


def _plainly(command):
    """A mistake the user can mend becomes one clear line and exit code 2; Ctrl-C leaves quietly."""

    @functools.wraps(command)
    def wrapped(*args, **kwargs):
        try:
            return command(*args, **kwargs)
        except MrstatsError as error:
            print(f"mrstats: {error}", file=sys.stderr)
            raise typer.Exit(2) from None
        except OSError as error:
            place = f" ({error.filename})" if error.filename else ""
            print(
                f"mrstats: the system refused{place}: {error.strerror or error}. Nothing was changed.", file=sys.stderr
            )
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            print("mrstats: stopped; nothing was changed.", file=sys.stderr)
            raise typer.Exit(130) from None

    return wrapped


@app.command()
@_plainly
def example(
    folder: Annotated[Path, typer.Argument(help="Where the city is written.")] = EXAMPLE,
    seed: Annotated[int, typer.Option(help="Another seed gives another city of the same kind.")] = 9980,
) -> None:
    """Make Exempelstad, the made-up city (about 10 s)."""
    from mrstats.example_city import build_example_city

    if (
        folder.exists()
        and not (folder / "truth.toml").exists()
        and any(folder.iterdir() if folder.is_dir() else [folder])
    ):
        raise MrstatsError(
            f"{folder} holds files that are not Exempelstad's; it would be replaced as a whole. Name another folder."
        )
    print(build_example_city(folder, seed=seed, report=print))


@app.command()
@_plainly
def fetch(
    what: Annotated[
        str,
        typer.Argument(
            help="areas: polygons of DeSO and RegSO, their keys and changes. scb: SCB's tables by them. public: both. "
            "kolada: figures of the municipality, named with --kpi."
        ),
    ],
    municipality: Annotated[str, typer.Option(help="Four digits, such as 1280.")],
    years: Annotated[str, typer.Option(help="One year, or the first and last, such as 2015-2024.")],
    output: Annotated[
        Path | None,
        typer.Option(help="The dataset's folder. Default: data/raw/scb-<municipality>.", show_default=False),
    ] = None,
    kpi: Annotated[
        list[str] | None, typer.Option(help="An indicator of Kolada, such as N00945; may be repeated.")
    ] = None,
    units: Annotated[
        bool, typer.Option("--units", help="Kolada's figures of the municipality's schools and homes too.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Only what an earlier call has brought.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask anew for what an earlier call has brought.")] = False,
    scb: Annotated[str | None, typer.Option(help="Another PxWeb than SCB's.", show_default=False)] = None,
    areas: Annotated[str | None, typer.Option(help="Another map service than SCB's.", show_default=False)] = None,
    keys: Annotated[
        str | None, typer.Option(help="Another page than SCB's that links the key files.", show_default=False)
    ] = None,
    kolada: Annotated[str | None, typer.Option(help="Another Kolada.", show_default=False)] = None,
) -> None:
    """Fetch a municipality's public statistics, and write the dataset.toml that reads them.

    A table that does not come stops none of the others: the list at the end says what came, what did not, and why. Then the
    exit code is 1, and the same call again asks for what is missing; what has come is answered from the cache.

    Example: mrstats fetch public --municipality 1280 --years 2015-2024 --output data/raw/malmo-scb
    """
    from mrstats.fetching import KEYS_PAGE, SCB, WFS, fetch_dataset, years_of

    folder = output or Path("data/raw") / f"scb-{municipality}"
    with _Bars() as bars:
        made = fetch_dataset(
            ["areas", "scb"] if what == "public" else [what],
            municipality=municipality,
            years=years_of(years),
            folder=folder,
            kpis=kpi or [],
            units=units,
            scb=scb or SCB,
            areas=areas or WFS,
            keys=keys or KEYS_PAGE,
            kolada=kolada,
            offline=offline,
            refresh=refresh,
            report=bars.tell,
            progress=bars.show,
        )
    print(made)
    print(f"{made.description}\nNext: mrstats check {folder.name}")
    if made.missing:
        names = ", ".join(outcome.name for outcome in made.missing)
        print(f"mrstats: {names} did not come. The same call again asks for what is missing.", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
@_plainly
def check(dataset: Annotated[str, typer.Argument(help="A dataset folder, or its name in data/raw.")]) -> None:
    """Tell how each text file is read, and list every problem with file, row and what to do; exit code 2 if there is one."""
    from mrstats.dataset.checks import check_dataset

    problems = check_dataset(dataset, report=print)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in {dataset}.", file=sys.stderr)
        raise typer.Exit(2)
    print(f"{dataset}: no problems found.")


@app.command()
@_plainly
def plan(edition: Edition = None) -> None:
    """Record every table an edition publishes, by running its notebooks once."""
    from mrstats.appendix.planning import record_plan

    path = _edition(edition)
    _ensure_example(path)
    print(record_plan(path))


@app.command()
@_plainly
def appendix(
    edition: Edition = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the results. Default: data/processed/<edition>.", show_default=False),
    ] = None,
) -> None:
    """Build an edition's appendix: protected tables, accessible PDF, Excel and receipt."""
    from mrstats.appendix import build_appendix

    path = _edition(edition)
    _ensure_example(path)
    print(build_appendix(path, output=output))


@app.command()
@_plainly
def publish(
    edition: Edition = None,
    correction: Annotated[
        bool, typer.Option("--correction", help="The edition is published already and some figures were wrong.")
    ] = False,
) -> None:
    """Enter a built appendix's figures in the ledger of what is public, if they give nothing away together."""
    from mrstats.appendix.publishing import publish_edition

    print(publish_edition(_edition(edition), correction=correction, report=_progress))


@app.command()
@_plainly
def audit(
    files: Annotated[list[Path], typer.Argument(help="Count files, a folder of them, or a release.")],
    hierarchy: Annotated[
        Path | None,
        typer.Option(help="Which code is a sum of which. Default: hierarchy.csv beside.", show_default=False),
    ] = None,
    ledger: Annotated[Path | None, typer.Option(help="What is public already.", show_default=False)] = None,
    width: Annotated[
        int | None,
        typer.Option(
            help="Highest less lowest value that a hidden cell must leave open. Default: as certificate.json says, else 4.",
            show_default=False,
        ),
    ] = None,
    floor: Annotated[int, typer.Option(help="The least a hidden cell can be: 1 where zeros are printed, else 0.")] = 1,
    base: Annotated[
        int | None,
        typer.Option(help="All files are rounded to 0 or this. Default: as certificate.json says.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict as JSON.")] = False,
) -> None:
    """Attack published counts: exit code 0 if every hidden cell is wide, 1 if one is not, 2 on bad input."""
    from mrstats.disclosure.countfiles import audit_pieces, beside, count_files, pieces, weak_cells
    from mrstats.disclosure.ledger import read_ledger, standing
    from mrstats.disclosure.verdicts import verdict_json, verdict_text

    for given in filter(None, (hierarchy, ledger)):
        if not given.is_file():
            raise MrstatsError(f"{given} is not there. Check its name.")
    paths = count_files(files)
    facts = standing(read_ledger(ledger)) if ledger else None
    structure = hierarchy or beside(paths, "hierarchy.csv")
    found = audit_pieces(pieces(paths, base=base, width=width), structure, facts=facts, floor=floor, report=_progress)
    print(verdict_json(found) if as_json else verdict_text(found))
    if len(weak_cells(found)):
        raise typer.Exit(1)


@app.command()
@_plainly
def clean(
    unprotected: Annotated[
        bool, typer.Option("--unprotected", help="Only what is not protected: cells, stopped runs, halves of builds.")
    ] = False,
) -> None:
    """Empty data/processed: everything in it is made again by code."""
    folder = Path("data/processed")
    halves = [place for place in folder.glob(".*") if place.is_dir()]
    leftovers = [*folder.glob("cells"), *halves, *folder.glob("*/notebooks/*.failed.ipynb")]
    for place in sorted(leftovers if unprotected else folder.glob("*")):
        if place.name == ".gitkeep":
            continue
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        print(f"removed {place}")


class _Bars:
    """One progress bar a table, of its cells, on stderr; a line a table where that is no terminal."""

    def __init__(self):
        self.bar: Any = None
        self.name = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.bar is not None:
            self.bar.render_finish()
        self.bar, self.name = None, ""

    def show(self, name: str, done: int, total: int) -> None:
        """`done` of a table's `total` cells have come."""
        if not sys.stderr.isatty():
            if done >= total:
                print(f"{name}: {done} of {total}", file=sys.stderr)
            return
        if self.name != name:
            self.__exit__()
            self.name = name
            self.bar = typer.progressbar(length=total, label=f"{name:<22}", show_pos=True, file=sys.stderr)
            self.bar.render_progress()
        self.bar.update(done - self.bar.pos)
        if done >= total:
            self.__exit__()

    def tell(self, line: str) -> None:
        """A line of its own."""
        self.__exit__()
        print(line, file=sys.stderr)


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


def _edition(name: str | None) -> Path:
    """The edition's file: as given, by its name, or the latest year's; the project is looked for upwards."""
    here = Path.cwd()
    project = next((base for base in (here, *here.parents) if (base / EDITIONS).is_dir()), here)
    editions = Path(os.path.relpath(project / EDITIONS))
    if name is None:
        years = sorted(path for path in editions.glob("*.toml") if path.stem.isdigit())
        if not years:
            raise MrstatsError(
                f"there is no edition in {EDITIONS}/. Work in the project's top folder, or name the file."
            )
        return years[-1]
    path = Path(name)
    return path if path.suffix == ".toml" else editions / f"{path.name}.toml"


def _ensure_example(path: Path) -> None:
    """Exempelstad is made, not delivered: build it when an edition needs it and it is not there."""
    from mrstats.appendix import read_edition

    edition = read_edition(path)
    place = edition.output.parent.parent / "raw" / EXAMPLE.name
    if edition.dataset == EXAMPLE.name and not place.exists():
        from mrstats.example_city import build_example_city

        print("Exempelstad is not there yet; making it.")
        build_example_city(place, report=print)


def main() -> None:
    """Entry point of the `mrstats` command."""
    app()


if __name__ == "__main__":
    main()
