"""What the tests of the example city share beside the city itself."""

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def region_of_deso(built) -> pd.DataFrame:
    """DeSO code -> names of its RegSO and district."""
    deso, regso, district = (built.layer(name) for name in ("deso", "regso", "district"))
    parents = deso[["code", "parent"]].merge(
        regso[["code", "name", "parent"]], left_on="parent", right_on="code", suffixes=("", "_regso")
    )
    parents["district"] = parents["parent_regso"].map(district.set_index("code")["name"])
    return parents.set_index("code")[["name", "district"]].rename(columns={"name": "regso"})
