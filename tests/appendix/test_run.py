"""Strict runs: parameters are checked before anything runs, and a failed run is kept but never published."""

import os

import appendix_material as material
import nbformat
import pytest

from mrstats.appendix import build_appendix, chapter_parameters, read_edition, run_notebooks
from mrstats.schema import EditionError


def parameters(folder, given="", declared="year: int = 2023\nindicator = 'employment'"):
    material.notebook(folder / "notebooks" / "10_work.ipynb", ["# Arbete"], parameters=declared)
    edition = read_edition(material.edition(folder, ("10_work", given)))
    return chapter_parameters(edition, edition.chapters[0])


def test_year_dataset_and_language_come_from_the_edition_where_they_are_declared(tmp_path):
    assert parameters(tmp_path, 'indicator = "housing"') == {"indicator": "housing", "year": 2024}
    assert parameters(tmp_path, declared="language = 'en'\ndataset = ''") == {
        "language": "sv",
        "dataset": "exempelstad",
    }
    assert parameters(tmp_path, "year = 2020")["year"] == 2020


@pytest.mark.parametrize(
    ("given", "declared", "told"),
    [
        (
            "yeer = 2024",
            "year = 2023",
            "'yeer' is not declared by .*10_work.ipynb. Did you mean 'year'.*year",
        ),
        ('year = "2024"', "year = 2023", "year = '2024' is str, but .*10_work.ipynb declares year as int"),
        ("year = true", "year = 2023", "year = True is bool"),
        ('by = "sex"', "by: list[str] = ['sex']", "declares by as list"),
        ("share = '1'", "share = 0.5", "declares share as float"),
        ("", "indicator: str = None", "requires the parameter 'indicator'"),
        ("", "indicator = None", "requires the parameter 'indicator'"),
        ("", "year = '2023'", "year = 2024 is int, but .* declares year as str"),
        ("", "year = = 2", "the parameter cell is not Python"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(tmp_path, given, declared, told):
    with pytest.raises(EditionError, match=told):
        parameters(tmp_path, given, declared)


def test_parameters_that_fit_are_let_through(tmp_path):
    assert parameters(tmp_path, "share = 1", "share = 0.5") == {"share": 1}
    assert parameters(tmp_path, "", "area: str | None = None") == {}
    assert parameters(tmp_path, "since = 2019", "year = 2020\nsince = year - 5")["since"] == 2019


def test_all_notebooks_are_checked_before_the_first_one_runs(project, city):
    ran = project / "ran"
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete", (f"open({str(ran)!r}, 'w')",)])
    material.notebook(project / "notebooks" / "20_areas.ipynb", ["# Områden"])
    path = material.edition(project, "10_work", ("20_areas", "yeer = 2024"))
    with pytest.raises(EditionError, match="'yeer'"):
        build_appendix(path, city=city, prepare=material.no_release)
    assert not ran.exists()
    assert not (project / "data" / "processed").exists()


def test_a_missing_notebook_is_named_with_the_nearest_one(project, city):
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete"])
    with pytest.raises(EditionError, match=r"There is no notebook .*10_wrok\.ipynb\. Did you mean '10_work'"):
        build_appendix(material.edition(project, "10_wrok"), city=city, prepare=material.no_release)


def test_the_mode_reaches_the_kernel_and_leaves_this_process_alone(project, monkeypatch):
    monkeypatch.delenv("MRSTATS_MODE", raising=False)
    code = "import os, sys\n(os.environ['MRSTATS_MODE'], year, dataset, sys.executable)"
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete", (code,)])
    edition = read_edition(material.edition(project, "10_work", "10_work"))
    lines = []
    first, second = run_notebooks(edition, project / "out", environment={"MRSTATS_MODE": "record"}, report=lines.append)
    assert (first.name, second.name) == ("10_work.ipynb", "10_work-2.ipynb")
    shown = nbformat.read(first, as_version=4).cells[-1].outputs[0]["data"]["text/plain"]
    assert shown.startswith("('record', 2024, 'exempelstad', ")  # the notebook names another kernel: this one ran
    assert "MRSTATS_MODE" not in os.environ
    assert [line.split(" … ")[0] for line in lines] == ["[1/2] 10_work", "[2/2] 10_work-2"]
    assert lines[0].endswith(" s")


def test_a_failed_notebook_leaves_its_marked_copy_and_no_pdf(project, city):
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete", ("rows = 0\nshare = 1 / rows",)])
    path = material.edition(project, "10_work")
    with pytest.raises(EditionError) as error:
        build_appendix(path, city=city, prepare=material.no_release)
    assert "cell 4 at 'share = 1 / rows': ZeroDivisionError: division by zero" in str(error.value)
    output = project / "data" / "processed" / "2024"
    kept = output / "notebooks" / "10_work.failed.ipynb"
    assert str(kept.relative_to(project)) in str(error.value)
    assert nbformat.read(kept, as_version=4).metadata.papermill.exception is True
    assert [file.name for file in output.rglob("*") if file.is_file()] == ["10_work.failed.ipynb"]
    assert [folder.name for folder in output.parent.iterdir()] == ["2024"]


def test_a_failed_build_leaves_the_appendix_before_it_as_it_was(project, city):
    path = material.edition(project, "10_work")
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete"])
    pdf = build_appendix(path, city=city, prepare=material.no_release, report=lambda line: None)
    before = pdf.read_bytes()
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete", ("1 / 0",)])
    with pytest.raises(EditionError, match="ZeroDivisionError"):
        build_appendix(path, city=city, prepare=material.no_release)
    assert pdf.read_bytes() == before
    assert {file.name for file in pdf.parent.iterdir()} == {
        "appendix-2024.pdf",
        "tables-2024.xlsx",
        "receipt.json",
        "notebooks",
    }


def test_a_folder_that_no_appendix_made_is_left_alone(project, city):
    path = material.edition(project, "10_work")
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete"])
    folder = project / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(EditionError, match=r"thesis\.txt"):
        build_appendix(path, output=folder, city=city, prepare=material.no_release, report=lambda line: None)
    assert (folder / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_executed_notebooks_hold_no_times_and_no_places(project, city):
    path = material.edition(project, "10_work")
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete"])
    kept = build_appendix(path, city=city, prepare=material.no_release, report=lambda line: None).parent
    text = (kept / "notebooks" / "10_work.ipynb").read_text(encoding="utf-8")
    assert str(project) not in text
    assert "start_time" not in text


def test_a_recording_that_fails_keeps_its_error_and_nothing_it_showed(project, city):
    path = material.edition(project, "10_work")
    material.notebook(project / "notebooks" / "10_work.ipynb", ["# Arbete", ("print('86 683 kronor')",), ("1 / 0",)])
    with pytest.raises(EditionError, match="ZeroDivisionError"):
        run_notebooks(read_edition(path), project / "run", environment={}, report=lambda line: None, keep_outputs=False)
    kept = nbformat.read(project / "run" / "10_work.failed.ipynb", as_version=4)
    shown = [output.output_type for cell in kept.cells for output in cell.get("outputs", [])]
    assert shown == ["error"]


def test_a_run_stays_in_its_own_folder_whatever_ran_before_it(tmp_path, monkeypatch):
    """papermill keeps one folder for the whole process, and two runs at once give each other's back."""
    entered: list[str] = []
    enter = os.chdir
    for name in ("first", "second"):
        here = tmp_path / name
        material.notebook(here / "notebooks" / "10_work.ipynb", ["# Arbete"])
        material.notebook(here / "notebooks" / "20_areas.ipynb", ["# Områden", ("import time\ntime.sleep(1.5)",)])
        monkeypatch.chdir(here)
        edition = read_edition(material.edition(here, "10_work", "20_areas", "10_work"))
        with monkeypatch.context() as patch:
            patch.setattr(os, "chdir", lambda path: (entered.append(str(path)), enter(path)))
            run_notebooks(edition, here / "out", environment={}, report=lambda line: None)
    assert str(tmp_path / "first") not in entered[entered.index(str(tmp_path / "second")) :]
