"""Strict runs: an edition's notebooks through papermill, each in a clean kernel of the running environment.

The mode (explore, record, publish) reaches a kernel through its environment only; this process keeps its own.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..language import number
from ..schema import EditionError
from .edition import Edition
from .parameters import chapter_parameters
from .twins import check_twins, in_language

ENGINE = "mrstats"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FAILED_LINE = re.compile(r"^-+> *\d+ +(.*)$", re.MULTILINE)


def run_notebooks(
    edition: Edition,
    folder,
    *,
    environment: Mapping[str, str],
    report: Callable[[str], object] = print,
    failed=None,
    keep_outputs: bool = True,
) -> list[Path]:
    """Run the notebooks of an edition, two at a time, and keep the executed copies, whose texts are in its language alone.

    Parameters
    ----------
    edition : Edition
        Every notebook of it is checked before the first one runs.
    folder : str or Path
        Where the executed notebooks are written; made if it is missing.
    environment : mapping of str to str
        Variables added to the kernels' environment, for example ``{"MRSTATS_MODE": "publish"}``.
    report : callable
        Receives one line of progress per notebook.
    failed : str or Path, optional
        Where the marked copy of a notebook that stopped is kept; `folder` if not given.
    keep_outputs : bool
        False: a marked copy keeps the error and no other output, since nothing in it was protected.

    Returns
    -------
    list of Path
        The executed notebooks, in the order of the chapters.

    Raises
    ------
    EditionError
        If parameters or languages do not fit, or a notebook stops; its marked copy is kept as ``<name>.failed.ipynb``.
    """
    jobs = [(chapter, chapter_parameters(edition, chapter)) for chapter in edition.chapters]
    check_twins(edition)
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    names = executed_names(edition)

    def run(position: int) -> tuple[Path, float]:
        chapter, parameters = jobs[position]
        target = folder / f"{names[position]}.ipynb"
        started = time.perf_counter()
        kept = Path(failed or folder) / f"{target.stem}.failed.ipynb"
        try:
            _run_notebook(edition.notebook_path(chapter), target, parameters, environment, kept)
        finally:
            for copy in filter(Path.exists, (target, kept)):
                _scrub(copy, edition.language, keep_outputs=keep_outputs or copy == target)
        return target, time.perf_counter() - started

    # papermill holds one folder for the whole process, and two threads would hand each other's back, even that of an
    # earlier run: it is set once around them all.
    from papermill.iorw import local_file_io_cwd

    # Threads, because the work is in the kernels: two halve the time, more would only compete for the cores.
    with local_file_io_cwd(), ThreadPoolExecutor(max_workers=min(2, len(jobs))) as pool:
        runs = [pool.submit(run, position) for position in range(len(jobs))]
        executed = []
        try:
            for position, future in enumerate(runs, start=1):
                target, seconds = future.result()
                executed.append(target)
                taken = number(seconds, edition.language, decimals=1)
                report(f"[{position}/{len(jobs)}] {target.stem} … {taken} s")
        except EditionError:
            for future in runs:
                future.cancel()
            raise
    return executed


def executed_names(edition: Edition) -> list[str]:
    """Names of the executed copies; a notebook used again gets the chapter's number after its name."""
    seen: set[str] = set()
    names = []
    for position, chapter in enumerate(edition.chapters, start=1):
        name = Path(chapter.notebook).name
        names.append(f"{name}-{position}" if name in seen else name)
        seen.add(name)
    return names


def _run_notebook(source: Path, target: Path, parameters: dict, environment: Mapping[str, str], kept: Path) -> None:
    import papermill
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError

    papermill_engines.register(ENGINE, _engine())
    # On Windows the kernel listens on a TCP port that another program may take first: then once more.
    attempts = 2 if os.name == "nt" else 1
    for attempt in range(1, attempts + 1):
        try:
            papermill.execute_notebook(
                source,
                target,
                parameters=parameters,
                engine_name=ENGINE,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                environment=dict(environment),
            )
            return
        except PapermillExecutionError as error:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(target, kept)
            raise EditionError(_stopped(error, source, kept)) from error
        except RuntimeError as error:
            if attempt == attempts:
                raise EditionError(f"The kernel of {source} died: {error}. Run the notebook in JupyterLab.") from error


def _scrub(path: Path, language: str, *, keep_outputs: bool) -> None:
    """Take out what differs from run to run (times, places on this machine, chance), other languages, and unprotected outputs."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    of_run = notebook.metadata.get("papermill", {})
    notebook.metadata["papermill"] = {key: of_run[key] for key in ("parameters", "exception") if of_run.get(key)}
    for place, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{place:02d}"  # papermill gives the cell it adds an id of chance
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "markdown":
            cell.source = in_language(cell.source, language)
        if not keep_outputs and "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.output_type == "error"]
    nbformat.write(notebook, path)


def _stopped(error, source: Path, kept: Path) -> str:
    line = FAILED_LINE.search(COLOURS.sub("", "\n".join(error.traceback)))
    first = line.group(1).strip() if line else error.source.strip().splitlines()[0]
    reason = f"{error.ename}: {error.evalue}".rstrip(".")
    return (
        f"{source} stopped in cell {error.cell_index} at {first!r}: {reason}. "
        f"The run so far is kept in {kept}; mend the cell and build again."
    )


def _engine():
    """papermill's own engine, with our kernel in place of the one the notebook names."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import ensure_event_loop
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine

    class RunningEnvironment(AsyncKernelManager):
        """The kernel of this very Python: a kernelspec on the machine may point to another environment."""

        kernel_spec = KernelSpec(
            # Without the log level, a kernel that is told to stop says so on the terminal.
            argv=[
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "--log-level=CRITICAL",
                "-f",
                "{connection_file}",
            ],
            display_name="mrstats",
            language="python",
        )

    class StrictEngine(Engine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, *, environment, start_timeout=60, **_):
            with tempfile.TemporaryDirectory(prefix="mrstats-") as private:
                manager = RunningEnvironment(connection_file=os.path.join(private, "kernel.json"))
                if os.name != "nt":
                    manager.transport = "ipc"
                    manager.ip = os.path.join(private, "kernel")
                client = PapermillNotebookClient(nb_man, km=manager, startup_timeout=start_timeout)
                # A private profile: nobody's startup files take part. A fixed hash seed: sets keep order.
                private_settings = {"IPYTHONDIR": os.path.join(private, "ipython"), "PYTHONHASHSEED": "0"}
                everything = os.environ | private_settings | environment
                try:
                    return client.execute(env=everything, cleanup_kc=True)
                finally:
                    ensure_event_loop().close()  # this thread's loop, which nobody else closes

    return StrictEngine
