"""Every public verb says in one sentence what an argument that cannot be meant must be; what can be meant is understood."""

import inspect

import pandas as pd
import pytest

import mrstats as mr
from made_city import random_people, toml, write_dataset
from mrstats.door import TABLES
from mrstats.schema import UnknownNameError

VERBS = {name: inspect.signature(getattr(mr, name)) for name in dir(mr) if inspect.isfunction(getattr(mr, name))}
NEEDED = {"indicator": "employment", "factors": ["sex"], "changed": ["A1"]}


def given(signature, **bad):
    """Something for every parameter that must be given, and the bad one."""
    filled = {
        name: 2020 if parameter.annotation == "int" else NEEDED.get(name, "sex")
        for name, parameter in signature.parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
    }
    return filled | {name: mr.tiny_city() for name in filled if name == "city"} | bad


def ask(name, **bad):
    """The sentence a verb refuses a call with."""
    with pytest.raises(UnknownNameError) as caught:
        getattr(mr, name)(**given(VERBS[name], **bad))
    return str(caught.value)


@pytest.mark.parametrize("name", [name for name, s in VERBS.items() if next(iter(s.parameters)) == "city"])
@pytest.mark.parametrize("bad", ["malmo", pd.DataFrame({"a": [1]})], ids=["name", "frame"])
def test_a_verb_of_a_city_says_that_it_must_be_opened(name, bad):
    said = "'malmo'" if isinstance(bad, str) else "a DataFrame"
    assert (
        ask(name, city=bad) == f"{name} works on an opened dataset, not on {said}. Open it: city = mr.open_dataset(…)."
    )


@pytest.mark.parametrize("name", [name for name, s in VERBS.items() if next(iter(s.parameters)) in TABLES])
@pytest.mark.parametrize("bad", [None, "employment", [pd.DataFrame()]], ids=["none", "name", "list"])
def test_a_verb_of_a_table_says_that_it_takes_the_frame(name, bad):
    first = next(iter(VERBS[name].parameters))
    assert ask(name, **{first: bad}).startswith(f"{name} takes a table for {first}, not ")


@pytest.mark.parametrize("name", [name for name, s in VERBS.items() if "confidence" in s.parameters])
def test_a_level_of_confidence_is_a_fraction_everywhere(name):
    kind = {"city": mr.tiny_city()} | dict.fromkeys(TABLES & set(VERBS[name].parameters), pd.DataFrame())
    kind = {key: value for key, value in kind.items() if key in VERBS[name].parameters}
    if name == "harmonise":
        kind |= {"source": None, "target": None}
    assert ask(name, confidence=95, **kind) == "confidence=95 must be a fraction between 0 and 1, such as 0.95."
    assert ask(name, confidence="0.95", **kind) == "confidence='0.95' must be a number, without quotes or a unit."


def test_numbers_languages_and_levels_are_looked_at():
    table = mr.break_down(mr.tiny_city(), "employment", by="sex")
    assert ask("answers", alike="2") == "alike='2' must be a number, without quotes or a unit."
    assert ask("impact", reach="1 km") == "reach='1 km' must be a number, without quotes or a unit."
    assert ask("answers", since="2023") == "since='2023' must be a whole number, without quotes or decimals."
    assert ask("table", data=table, language="se") == "language='se' is not one of sv, en."
    assert ask("answers", questions=[4]) == "questions=[4] must be a name or a list of names."
    assert ask("answers", questions=None) == "questions=None must be a name or a list of names."
    assert ask("break_down", by=3) == "by=3 must be a name or a list of names."
    assert ask("break_down", geography=["district"]) == "geography=['district'] must be one name."
    assert ask("protect", plan="2024").endswith("pass what it names: mr.publication_plan('2024').")
    assert ask("change", table=table, target=80) == "target=80 must be a level and its year, such as (80, 2030)."
    assert ask("harmonise", counts=table, source="deso", target=None).endswith(
        "pass what it names: city.division('deso')."
    )


def test_one_name_stands_for_a_list_of_one():
    city = mr.tiny_city()
    pd.testing.assert_frame_equal(mr.knowledge_gaps(city, "employment"), mr.knowledge_gaps(city, ["employment"]))
    with pytest.raises(mr.MrstatsError, match="'employmnt'"):  # whole, not letter by letter
        mr.knowledge_gaps(city, "employmnt")


def test_a_call_that_python_refuses_is_refused_by_python():
    with pytest.raises(TypeError, match=r"allocation\(\) missing 1 required keyword-only argument: 'need'"):
        mr.allocation(mr.tiny_city(), "cost", "sex")
    with pytest.raises(TypeError, match="unexpected keyword argument 'factro'"):
        mr.gaps(pd.DataFrame(), factro="sex")


def test_help_shows_the_verb_itself():
    from mrstats.comparisons import gaps

    assert (mr.gaps.__doc__, inspect.signature(mr.gaps)) == (gaps.__doc__, inspect.signature(gaps))
    assert mr.gaps is mr.gaps


def test_a_dataset_is_opened_by_its_folder_or_by_its_description(tmp_path):
    folder = write_dataset(tmp_path / "made", random_people(4, 100), toml())
    by_file, by_folder = (mr.open_dataset(path) for path in (folder / "dataset.toml", folder))
    assert by_file.folder == by_folder.folder
    with pytest.raises(UnknownNameError, match="dataset=None must be a name or the path of a folder"):
        mr.open_dataset(None)
