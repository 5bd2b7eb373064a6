"""Files of SPSS, Stata and SAS, written here and read back as a dataset takes them."""

from __future__ import annotations

import datetime

import pandas as pd
import pyreadstat
import pytest

from mrstats.schema import DatasetError
from mrstats.sources import read_statistical

SEX = {1.0: "man", 2.0: "kvinna", 9.0: "vill inte svara"}
AGREE = {0.0: "inte alls", 10.0: "helt", 99.0: "vet inte"}
LABELS = ["Juridiskt kön", "Hur trygg är du?", "Inkomst, tkr", "Stadsdel", "Besvarad"]


def answers():
    return pd.DataFrame(
        {
            "sex": [1.0, 2.0, 9.0, 2.0],
            "safe": [0.0, 7.0, 99.0, 10.0],
            "income": [210.5, None, 180.0, 305.25],
            "district": ["Öster", "Ask", "", "Ask"],
            "date": pd.to_datetime(["2024-03-01", "2024-03-02", None, "2024-04-30"]).date,
        }
    )


def spss(path):
    pyreadstat.write_sav(
        answers(),
        path,
        column_labels=LABELS,
        variable_value_labels={"sex": SEX, "safe": AGREE},
        missing_ranges={"sex": [9], "safe": [{"lo": 90, "hi": 99}]},
    )
    return path


def test_spss_labels_become_groups_and_missing_values_keep_their_names(tmp_path):
    table = read_statistical(spss(tmp_path / "answers.sav"))
    frame = table.frame
    assert list(frame.index) == [1, 2, 3, 4]
    assert frame["sex"].tolist() == ["man", "kvinna", "vill inte svara", "kvinna"]
    assert frame["safe"].dtype == "Int64"  # only its ends have labels: a scale, and 99 is no place on it
    assert frame["safe"].fillna(-1).tolist() == [0, 7, -1, 10]
    assert frame["income"].fillna(-1).tolist() == [210.5, -1, 180.0, 305.25]
    assert frame["district"].tolist() == ["Öster", "Ask", "", "Ask"]
    assert frame.loc[1, "date"] == datetime.date(2024, 3, 1)
    assert table.missing == {"sex": {"vill inte svara": 1}, "safe": {"vet inte": 1}}
    assert table.labels["safe"] == "Hur trygg är du?"


def test_statas_letters_for_missing_values_are_named_too(tmp_path):
    frame = pd.DataFrame({"sex": [1, 2, "a", 2], "income": [210.5, None, 3.0, "b"]}, dtype=object)
    path = tmp_path / "answers.dta"
    pyreadstat.write_dta(
        frame,
        path,
        variable_value_labels={"sex": {1: "man", 2: "kvinna", "a": "vill inte svara"}, "income": {"b": "vet inte"}},
        missing_user_values={"sex": ["a"], "income": ["b"]},
    )
    table = read_statistical(path)
    assert table.frame["sex"].tolist() == ["man", "kvinna", "vill inte svara", "kvinna"]
    assert table.frame["income"].fillna(-1).tolist() == [210.5, -1, 3.0, -1]
    assert table.missing == {"sex": {"vill inte svara": 1}, "income": {"vet inte": 1}}


def test_sas_transport_files_and_codes_that_are_whole_numbers(tmp_path):
    path = tmp_path / "areas.xpt"
    pyreadstat.write_xport(pd.DataFrame({"AREA": [1280.0, 1281.0], "NAME": ["Ö", "A"]}), path)
    frame = read_statistical(path).frame
    assert frame["AREA"].astype(str).tolist() == ["1280", "1281"]
    assert frame["NAME"].tolist() == ["Ö", "A"]


def test_what_cannot_be_read_is_a_sentence(tmp_path):
    broken = tmp_path / "broken.sav"
    broken.write_bytes(b"not SPSS at all")
    with pytest.raises(DatasetError, match=r"broken\.sav: cannot be read .*Export it again"):
        read_statistical(broken)
    with pytest.raises(DatasetError, match="the file is missing"):
        read_statistical(tmp_path / "nowhere.dta")
    pyreadstat.write_sav(
        pd.DataFrame({"birth": [1.0, 2.0]}),
        tmp_path / "twice.sav",
        variable_value_labels={"birth": {1.0: "Övriga", 2.0: "Övriga"}},
    )
    with pytest.raises(DatasetError, match="column 'birth' have the same label 'Övriga'"):
        read_statistical(tmp_path / "twice.sav")
    pyreadstat.write_sav(pd.DataFrame({"a": pd.Series([], dtype=float)}), tmp_path / "empty.sav")
    with pytest.raises(DatasetError, match="holds no rows"):
        read_statistical(tmp_path / "empty.sav")
