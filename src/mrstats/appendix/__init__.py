"""The yearly appendix: an edition's notebooks run strictly, typeset as one accessible PDF. Never a statistic.

The only room that imports papermill and typst, and only when an appendix is built.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .. import covariances
from ..language import word
from ..schema import EditionError
from .edition import Chapter, Edition, read_edition
from .parameters import chapter_parameters
from .run import run_notebooks
from .twins import check_twins

if TYPE_CHECKING:
    from ..dataset import City

__all__ = ["Chapter", "Edition", "build_appendix", "chapter_parameters", "read_edition", "run_notebooks"]


def build_appendix(
    edition_path,
    *,
    output=None,
    report: Callable[[str], object] = print,
    city=None,
    prepare: Callable[[Edition, City, Path], object] | None = None,
) -> Path:
    """Build an edition's appendix: PDF, tables and receipt.

    Parameters
    ----------
    edition_path : str or Path
        The edition, for example ``notebooks/editions/2024.toml``.
    output : str or Path, optional
        Folder of the results; ``data/processed/<stem of the edition>`` under the working folder if not given.
        It is replaced as a whole, and only when everything has succeeded.
    report : callable
        Receives one line of progress per notebook.
    city : City, optional
        The edition's dataset, if it is open already.
    prepare : callable, optional
        Called with the edition, its city and the new folder before the notebooks run, to write the protected
        release to ``release/`` there; `planning.prepare_release` if not given. An appendix that is left
        without a release is marked as working material on every page.

    Returns
    -------
    Path
        ``appendix-<stem>.pdf``. Beside it ``tables-<stem>.xlsx``, ``receipt.json``, ``release/``, the
        released ``tables/`` as PX files and a workbook, and the executed ``notebooks/``. Two builds of the same input give the same bytes.

    Raises
    ------
    EditionError
        If the edition, a parameter, a notebook's run or an output is not as it must be, or a finished file tells a
        figure that the release hides. A notebook that
        stopped is kept, marked, as ``notebooks/<name>.failed.ipynb`` in the output folder; nothing else there
        is touched.

    Examples
    --------
    >>> from mrstats.schema import EditionError
    >>> try:
    ...     build_appendix("notebooks/editions/1066.toml")
    ... except EditionError as error:
    ...     print(error)
    There is no edition file notebooks/editions/1066.toml. Editions lie in notebooks/editions/.
    """
    from ..disclosure.release import ProtectedRelease
    from .blocks import read_chapters
    from .chapters import method_chapter, receipt_chapter
    from .cover import cover_drawing
    from .hidden import attack_written
    from .opentables import write_open_tables
    from .planning import covariances_beside, prepare_release
    from .receipt import data_files, make_receipt, write_receipt
    from .typeset import typeset
    from .workbook import write_workbook

    edition = read_edition(edition_path)
    for chapter in edition.chapters:
        chapter_parameters(edition, chapter)
    check_twins(edition)
    city = city or _open_city(edition)
    folder = Path(output) if output else edition.output
    _check_ours(folder)
    with _replacing(folder) as new:
        prepared = (prepare or prepare_release)(edition, city, new)
        release = new / "release"
        executed = run_notebooks(
            edition,
            new / "notebooks",
            environment={
                "MRSTATS_MODE": "publish",
                "MRSTATS_RELEASE": str(release.resolve()),
                covariances.FOLDER: str(covariances_beside(new).resolve()),
            },
            report=report,
            failed=folder / "notebooks",
        )
        receipt = make_receipt(edition, data_files=data_files(city), release=release)
        protected = receipt["release"] is not None
        titles = [chapter.title for chapter in edition.chapters]
        chapters = read_chapters(executed, edition.language, protected=protected, titles=titles) + method_chapter(
            edition, public=city.public
        )
        counted = Counter(block["kind"] for block in chapters)
        marks, plates = _marks(city, edition, protected=protected)
        pdf = typeset(
            new / f"appendix-{edition.stem}.pdf",
            edition,
            chapters + receipt_chapter(edition, receipt, counted, public=city.public),
            marks=marks,
            plates=plates,
            drawing=cover_drawing(city),
            attachments=sorted((release / "tables").glob("*.csv")),
        )
        tables = [block for block in chapters if block["kind"] == "table"]
        workbook = new / f"tables-{edition.stem}.xlsx"
        write_workbook(workbook, tables, language=edition.language, date=edition.date)
        outputs = [pdf, workbook]
        if isinstance(prepared, ProtectedRelease):
            outputs += write_open_tables(city, prepared, new / "tables", language=edition.language, date=edition.date)
        write_receipt(new / "receipt.json", receipt, outputs)
        if isinstance(prepared, ProtectedRelease) and not city.public:
            report(str(attack_written(city, prepared, new)))
    return folder / pdf.name


def _open_city(edition: Edition):
    from ..dataset import open_dataset

    return open_dataset(edition.dataset, language=edition.language)


def _marks(city, edition: Edition, *, protected: bool) -> tuple[list[str], list[str]]:
    """What the head of every page and the cover must say about the data."""
    keys = [("synthetic", "synthetic_plate")] if city.synthetic else []
    if not protected:
        keys.append(("working_material", "working_material"))
    short, full = ([word(pair[place], edition.language) for pair in keys] for place in (0, 1))
    return short, full


def _check_ours(folder: Path) -> None:
    """Refuse to take the place of anything but an earlier appendix."""
    if folder.exists() and not folder.is_dir():
        raise EditionError(f"{folder} is a file. Name a folder for the results.")
    if folder.exists() and not (folder / "receipt.json").exists():
        strangers = [path.name for path in folder.iterdir() if path.name != "notebooks"]
        if strangers:
            raise EditionError(
                f"{folder} holds files that no appendix left there ({', '.join(sorted(strangers)[:3])}). "
                "The folder would be replaced as a whole; name another."
            )


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder`, which takes its place if all goes well and vanishes otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    new, old = beside / "new", beside / "old"
    new.mkdir()
    try:
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        shutil.rmtree(beside)
