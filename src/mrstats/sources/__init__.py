"""The only readers of files, from Parquet and Excel to PX, SPSS and GeoPackage. They hand over tables, never statistics."""

from mrstats.sources.areas import read_polygons
from mrstats.sources.delimited import found_decimal, read_delimited, read_text_table
from mrstats.sources.interviews import read_interviews
from mrstats.sources.parquet import read_parquet, read_parquet_rows
from mrstats.sources.px import read_px
from mrstats.sources.px_writer import write_px
from mrstats.sources.scb_excel import SourceTable, read_scb_excel
from mrstats.sources.sql import read_sql_table
from mrstats.sources.statistical import StatisticalTable, read_statistical

__all__ = [
    "SourceTable",
    "StatisticalTable",
    "found_decimal",
    "read_delimited",
    "read_interviews",
    "read_parquet",
    "read_parquet_rows",
    "read_polygons",
    "read_px",
    "read_scb_excel",
    "read_sql_table",
    "read_statistical",
    "read_text_table",
    "write_px",
]
