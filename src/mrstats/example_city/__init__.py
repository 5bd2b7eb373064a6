"""The made-up city Exempelstad: a map, residents over six years, a survey, interviews, the boards' answers.

Everything is drawn from a stated model (`truth.toml`), so that an analysis can be held against what is true.
The package only makes files; reading them is the dataset's business.

Examples
--------
>>> import tempfile
>>> from pathlib import Path
>>> with tempfile.TemporaryDirectory() as folder:
...     city = build_example_city(Path(folder) / "exempelstad", persons=2000)
...     print(city.name, (city / "dataset.toml").exists(), len(list(city.glob("persons-*.parquet"))))
exempelstad True 6
"""

from mrstats.example_city.build import build_example_city

__all__ = ["build_example_city"]
