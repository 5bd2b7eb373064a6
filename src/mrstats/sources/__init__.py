"""The only readers of files: Parquet, CSV, Excel as SCB serves it, GeoPackage. They hand over tables, never statistics."""

from mrstats.sources.areas import find_file, is_key_file, read_key_file, read_polygons, read_scb_areas
from mrstats.sources.delimited import read_delimited, read_text_table
from mrstats.sources.parquet import read_parquet, read_parquet_rows
from mrstats.sources.scb_excel import SourceTable, read_scb_excel

__all__ = [
    "SourceTable",
    "find_file",
    "is_key_file",
    "read_delimited",
    "read_key_file",
    "read_parquet",
    "read_parquet_rows",
    "read_polygons",
    "read_scb_areas",
    "read_scb_excel",
    "read_text_table",
]
