"""Column names, status codes and errors."""

import pandas as pd
import pytest

import mrstats as mr
from mrstats import schema


def test_the_columns_of_a_table_are_those_of_the_architecture():
    assert schema.IDENTITY == ["indicator", "year", "geography_level", "geography", "vintage"]
    assert schema.FIGURES == ["value", "lower", "upper", "se", "df", "n", "population", "count", "affected"]
    assert schema.DESCRIPTION == ["measure", "method", "confidence", "unit", "estimate_id", "status"]


def test_status_codes_are_those_of_the_architecture():
    assert set(schema.STATUS_CODES) == set("Cmxbupirs")


def test_factor_columns_stand_between_vintage_and_value():
    columns = [*schema.IDENTITY, "sex", "education", *schema.FIGURES, *schema.DESCRIPTION, "difference"]
    assert schema.factor_columns(pd.DataFrame(columns=columns)) == ["sex", "education"]
    assert schema.factor_columns(pd.DataFrame(columns=[*schema.IDENTITY, *schema.FIGURES])) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [("u b", True), ("b", True), ("", False), ("C", False), (None, False), ("bb", False)],
)
def test_a_status_is_a_whole_code_not_a_letter(status, expected):
    found = schema.has_status(pd.Series([status, "x"]), "b")
    assert found.tolist() == [expected, False]
    assert found.dtype == bool


def test_every_error_is_one_the_user_can_mend():
    for name in (
        "DatasetError",
        "UnknownNameError",
        "UnknownGroupError",
        "NotPublishedError",
        "EditionError",
    ):
        assert issubclass(getattr(schema, name), schema.MrstatsError)


def test_a_misspelt_public_name_lists_those_there_are():
    with pytest.raises(AttributeError, match="break_down"):
        mr.brake_down  # noqa: B018
