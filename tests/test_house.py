"""The house keeps its shape: imports point down, notebooks are bare, one list of dependencies, light start."""

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib

import pytest

import mrstats as mr
from made_city import ROOT

SOURCE = ROOT / "src" / "mrstats"
FLOORS = {
    "cli": 8,
    "appendix": 7,
    **dict.fromkeys(["tables", "charts", "maps", "sentences", "display", "captions", "selection", "look"], 6),
    **dict.fromkeys(["axes", "tablelayout", "chartdrawing", "mapdrawing", "mapclasses", "crossings", "pyramids"], 6),
    **dict.fromkeys(
        ["methods_text", "timelines", "timelinedrawing", "funnels", "scorecards", "scorecarddrawing", "trees"], 6
    ),
    **dict.fromkeys(
        [
            "modelviews",
            "placeviews",
            "surveyviews",
            "views",
            "changemaps",
            "findings",
            "labels",
            "treedrawing",
            "mappanel",
            "mapplaces",
            "phrases",
            "datanotes",
            "viewparts",
            "rowchart",
        ],
        6,
    ),
    **dict.fromkeys(["comparisons", "changes", "summaries", "rankings", "overview", "models", "places"], 5),
    **dict.fromkeys(["access", "harmonising", "surveying"], 5),
    "disclosure": 4,
    **dict.fromkeys(
        [
            "badrows",
            "breakdown",
            "door",
            "engine",
            "estimates",
            "onebyone",
            "outcomes",
            "passes",
            "queries",
            "rollup",
            "personwise",
            "samplerows",
            "standardise",
        ],
        3,
    ),
    **dict.fromkeys(["request", "covariances", "domains", "sampled", "figures", "survey"], 3),
    **dict.fromkeys(["dataset", "sources", "fetching", "example_city", "tiny"], 2),
    **dict.fromkeys(["definitions", "geography", "measures"], 1),
    **dict.fromkeys(["crosswalk", "moving", "polygons", "vintages"], 1),
    **dict.fromkeys(["schema", "language"], 0),
}
MODULES = sorted(SOURCE.rglob("*.py"))
NAMES = [path.relative_to(SOURCE).as_posix() for path in MODULES]
NOTEBOOKS = [path for path in sorted((ROOT / "notebooks").rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
OURS_ONLY = {"papermill", "typst", "pypandoc", "pikepdf", "pdfplumber"}


def room_of(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return parts[0]


def imports(path, tree=None):
    """Dotted names a module imports anywhere in it, relative ones made absolute."""
    package = ["mrstats", *path.relative_to(SOURCE).with_suffix("").parts]
    package = package[:-1]
    for node in ast.walk(tree or ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def test_the_reader_of_imports_understands_relative_ones():
    tree = ast.parse(
        "from . import checks\nfrom .. import schema\nfrom ..schema import TOTAL\nimport mrstats.look as look"
    )
    found = set(imports(SOURCE / "dataset" / "release.py", tree))
    assert {"mrstats.dataset.checks", "mrstats.schema", "mrstats.schema.TOTAL", "mrstats.look"} <= found


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_imports_point_down_only(path):
    room = room_of(path)
    if room == "__init__":
        assert not [name for name in imports(path) if name.startswith("mrstats")]
        return
    assert room in FLOORS, f"{path.name}: the room {room!r} has no floor; give it one in architecture and here"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "mrstats" or len(parts) < 2 or parts[1] == room:
            continue
        target = parts[1] if (SOURCE / parts[1]).is_dir() or (SOURCE / f"{parts[1]}.py").exists() else None
        if target is None:
            continue
        assert target in FLOORS, f"{path.name} imports {target!r}, which has no floor"
        assert FLOORS[target] <= FLOORS[room], (
            f"{path.name} (floor {FLOORS[room]}) imports {name} (floor {FLOORS[target]})"
        )


def test_measures_know_neither_tables_nor_files():
    for path in (SOURCE / "measures").glob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & {"pandas", "narwhals", "duckdb", "pathlib"}, (
            path.name
        )


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_only_the_appendix_imports_the_makers_of_pdfs(path):
    if room_of(path) != "appendix":
        assert not {name.split(".")[0] for name in imports(path)} & OURS_ONLY


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_says_what_it_holds_and_is_short_enough(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{path.name} has no docstring"
    assert len(text.splitlines()) <= 400, f"{path.name} has {len(text.splitlines())} lines; it asks to be two rooms"


def test_no_machine_path_stands_in_the_project():
    places = re.compile(r"/(?:work|tmp|root|home)/")
    files = [
        *MODULES,
        *SOURCE.rglob("*.toml"),
        *SOURCE.rglob("*.typ"),
        *NOTEBOOKS,
        ROOT / "pyproject.toml",
        ROOT / "Makefile",
    ]
    found = [path.name for path in files if places.search(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])
def test_a_notebook_is_bare(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    for cell in code:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert not {"papermill", "execution"} & set(cell["metadata"])
    assert not {"papermill", "widgets"} & set(notebook["metadata"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.name for path in NOTEBOOKS])
def test_a_notebook_has_one_cell_of_parameters_and_no_program(path):
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in cells) == 1
    for cell in cells:
        text = "".join(cell["source"])
        assert len(text.splitlines()) <= 10, text
        nodes = [type(node) for node in ast.walk(ast.parse(text))]
        assert not {ast.FunctionDef, ast.ClassDef, ast.For, ast.While} & set(nodes), text


def package(requirement):
    return re.split(r"[\s<>=!~\[;]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-")


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_two_lists_of_dependencies_hold_the_same_names():
    # conda fetches some packages by name; `-e .` brings the rest, so both lists come to the same only if every
    # name that stands in both has the same bound and none stands in conda's alone.
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    listed = [
        m[1].strip() for line in lines[lines.index("dependencies:") + 1 :] if (m := re.match(r"\s*-\s+([^#]+)", line))
    ]
    ours = {package(requirement): requirement for requirement in project()["project"]["dependencies"]}
    named = {package(text): text for text in listed if package(text) not in {"python", "pip", "pip:", "-e"}}
    assert len(named) >= 6
    assert named == {name: ours.get(name) for name in named}
    by_pip = set(ours) if any(re.fullmatch(r"-e \.(\[dev\])?", text) for text in listed) else set()
    assert set(named) | by_pip == set(ours)
    assert f"python{project()['project']['requires-python']}" in listed


def test_every_dependency_is_imported_or_named_as_data():
    # Fonts are found as files and jupyterlab, ipywidgets and rich are started, not imported.
    tools = {"jupyterlab", "ipywidgets", "font-source-sans-pro", "font-source-serif-pro", "pyarrow", "rich", "tqdm"}
    module = {"pypandoc-binary": "pypandoc", "python-calamine": "python_calamine", "pyyaml": "yaml"}
    used = {name.split(".")[0] for path in MODULES for name in imports(path)}
    listed = {package(requirement) for requirement in project()["project"]["dependencies"]}
    assert {name for name in listed - tools if module.get(name, name) not in used} == set()


def test_every_dependency_is_pinned_by_a_constraint():
    pinned = {package(line) for line in project()["tool"]["uv"]["constraint-dependencies"] if not line.startswith("#")}
    for requirement in [*project()["project"]["dependencies"], *project()["project"]["optional-dependencies"]["dev"]]:
        assert package(requirement) in pinned, requirement


def test_constraints_are_requirements_and_nothing_else():
    lines = project()["tool"]["uv"]["constraint-dependencies"]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


def test_there_is_no_lock_file():
    assert [
        path.name for pattern in ("*.lock", "*lock*.y*ml", "requirements*.txt") for path in ROOT.glob(pattern)
    ] == []


def test_importing_mrstats_is_light():
    heavy = ["geopandas", "matplotlib", "scipy.stats", "papermill", "typst", "pikepdf", "duckdb", "pandas"]
    code = f"import sys, mrstats; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_breaking_down_needs_no_map_and_no_chart():
    heavy = ["geopandas", "matplotlib", "papermill", "typst", "pikepdf"]
    code = f"import sys, mrstats as mr; mr.break_down(mr.tiny_city(), 'employment'); print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PUBLIC = [name for name in dir(mr) if inspect.isfunction(getattr(mr, name, None))]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_function_explains_itself(name):
    docstring = inspect.getdoc(getattr(mr, name)) or ""
    for section in ("Parameters", "Returns", "Examples"):
        assert re.search(rf"^{section}\n-+$", docstring, re.MULTILINE), f"{name} has no section {section}"
    for parameter in inspect.signature(getattr(mr, name)).parameters.values():
        assert re.search(rf"\b{parameter.name}\b", docstring.split("Returns")[0]), (
            f"{name} does not explain {parameter.name}"
        )


def test_the_public_names_are_those_a_notebook_needs():
    assert {
        "open_dataset",
        "break_down",
        "gaps",
        "table",
        "chart",
        "map",
        "sentence",
        "build_appendix",
        "measures",
    } <= set(dir(mr))
    for name in dir(mr):
        assert getattr(mr, name) is not None
    assert importlib.import_module("mrstats.measures") is mr.measures
