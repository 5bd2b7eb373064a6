"""The only readers of files: Parquet, CSV, Excel as SCB serves it, PX, GeoPackage. They hand over tables, never statistics."""

from mrstats.sources.areas import read_polygons
from mrstats.sources.delimited import read_delimited, read_text_table
from mrstats.sources.parquet import read_parquet, read_parquet_rows
from mrstats.sources.px import read_px
from mrstats.sources.px_writer import write_px
from mrstats.sources.scb_excel import SourceTable, read_scb_excel

__all__ = [
    "SourceTable",
    "read_delimited",
    "read_parquet",
    "read_parquet_rows",
    "read_polygons",
    "read_px",
    "read_scb_excel",
    "read_text_table",
    "write_px",
]
