"""The parameters a notebook declares, compared both ways with those an edition gives. Runs nothing.

papermill only logs an unknown parameter, records it as if it had been applied, and runs a wrong type: so
names and types are checked here, for every notebook, before the first one starts. The cell is read as Python,
because papermill's own inspection overlooks `int | None` and defaults that take several lines.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from ..schema import EditionError
from .edition import Chapter, Edition, nearest

UNKNOWN = object()
"""Stands for a default that is an expression: its value is only known when the notebook runs."""

ACCEPTED = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's cell tagged `parameters`."""

    name: str
    annotation: str
    default: object

    @property
    def required(self) -> bool:
        """A parameter whose default is None has to be given, unless its annotation allows None."""
        return self.default is None and "None" not in self.annotation and "Optional" not in self.annotation


def declared_parameters(path: Path) -> dict[str, Parameter]:
    """Parameters of a notebook by name, read from its cell tagged `parameters`.

    Raises
    ------
    EditionError
        If the notebook is missing, is not a notebook, or its parameter cell is not Python.
    """
    import nbformat

    if not path.is_file():
        others = sorted(file.stem for file in path.parent.glob("*.ipynb"))
        raise EditionError(f"There is no notebook {path}. {nearest(path.stem, others)}")
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        raise EditionError(f"{path} cannot be read as a notebook: {error}. Save it again in JupyterLab.") from error
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if not cells:
        return {}
    try:
        lines = ast.parse(cells[0].source).body
    except SyntaxError as error:
        raise EditionError(f"{path}: the parameter cell is not Python: {error}. Mend the cell.") from error
    found = (_parameter(line) for line in lines)
    return {parameter.name: parameter for parameter in found if parameter}


def chapter_parameters(edition: Edition, chapter: Chapter) -> dict[str, object]:
    """The parameters a chapter's notebook is run with, once names and types are known to fit.

    Returns
    -------
    dict
        The chapter's own, and the edition's dataset, year and language where the notebook declares them.

    Raises
    ------
    EditionError
        For an unknown name (with the nearest spelling), a wrong type, or a required parameter not given.
    """
    path = edition.notebook_path(chapter)
    declared = declared_parameters(path)
    for name, value in chapter.parameters.items():
        if name not in declared:
            raise EditionError(
                f"{edition.path}: parameter {name!r} is not declared by {path}. {nearest(name, declared)}"
            )
        _check_type(declared[name], value, path, edition)
    given = dict(chapter.parameters)
    for name, value in edition.parameters_from_edition().items():
        if name in declared and name not in given:
            _check_type(declared[name], value, path, edition)
            given[name] = value
    for parameter in declared.values():
        if parameter.required and parameter.name not in given:
            raise EditionError(
                f"{path} requires the parameter {parameter.name!r}, and {edition.path} does not give it. "
                f"Add it to the parameters of that [[chapter]]."
            )
    return given


def _parameter(line: ast.stmt) -> Parameter | None:
    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
        return Parameter(line.target.id, ast.unparse(line.annotation), _literal(line.value))
    if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
        return Parameter(line.targets[0].id, "", _literal(line.value))
    return None


def _literal(value: ast.expr | None) -> object:
    if value is None:  # `year: int` without a default has to be given
        return None
    try:
        return ast.literal_eval(value)
    except ValueError:
        return UNKNOWN


def _check_type(parameter: Parameter, value: object, path: Path, edition: Edition) -> None:
    accepted = _accepted(parameter)
    if accepted and type(value) not in accepted:
        raise EditionError(
            f"{edition.path}: {parameter.name} = {value!r} is {type(value).__name__}, but {path} declares "
            f"{parameter.name} as {accepted[-1].__name__}. Write it as {accepted[-1].__name__}."
        )


def _accepted(parameter: Parameter) -> tuple[type, ...]:
    """Types that fit: those of the annotation, else that of the default; empty when neither says."""
    names = [part.split("[")[0].strip().strip("'\"") for part in parameter.annotation.split("|")]
    by_annotation = tuple(kind for name in names for kind in ACCEPTED.get(name, ()))
    if by_annotation:
        return by_annotation
    if parameter.default is None or parameter.default is UNKNOWN:
        return ()
    return ACCEPTED.get(type(parameter.default).__name__, ())
