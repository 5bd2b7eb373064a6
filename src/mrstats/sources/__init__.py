"""The only readers of files: Parquet, CSV, Excel as SCB serves it, GeoPackage. They hand over tables, never statistics."""

from mrstats.sources.areas import read_polygons
from mrstats.sources.cube import Cube, Dimension, Note, Unit
from mrstats.sources.delimited import read_delimited, read_text_table
from mrstats.sources.jsonstat import read_jsonstat, write_jsonstat
from mrstats.sources.parquet import read_parquet, read_parquet_rows
from mrstats.sources.scb_excel import SourceTable, read_scb_excel

__all__ = [
    "Cube",
    "Dimension",
    "Note",
    "SourceTable",
    "Unit",
    "read_delimited",
    "read_jsonstat",
    "read_parquet",
    "read_parquet_rows",
    "read_polygons",
    "read_scb_excel",
    "read_text_table",
    "write_jsonstat",
]
