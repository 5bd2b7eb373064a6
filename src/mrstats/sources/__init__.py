"""The only readers of files and services, from Parquet, Excel, PX, SPSS and GeoPackage to JSON-stat, PxWeb and Kolada.

They hand over tables, never statistics.
"""

from mrstats.sources.areas import find_file, is_key_file, read_key_file, read_polygons, read_scb_areas, write_layers
from mrstats.sources.cube import Cube, Dimension, Note, Unit
from mrstats.sources.delimited import found_decimal, read_delimited, read_text_table
from mrstats.sources.interviews import read_interviews
from mrstats.sources.jsonstat import read_jsonstat, write_jsonstat
from mrstats.sources.kolada import Kolada
from mrstats.sources.parquet import read_parquet, read_parquet_rows
from mrstats.sources.px import read_px
from mrstats.sources.px_writer import write_px
from mrstats.sources.pxweb import CodeList, PxWeb, PxWebV1
from mrstats.sources.scb_excel import SourceTable, read_scb_excel
from mrstats.sources.sql import read_sql_table
from mrstats.sources.statistical import StatisticalTable, read_statistical
from mrstats.sources.web import Web

__all__ = [
    "CodeList",
    "Cube",
    "Dimension",
    "Kolada",
    "Note",
    "PxWeb",
    "PxWebV1",
    "SourceTable",
    "StatisticalTable",
    "Unit",
    "Web",
    "find_file",
    "found_decimal",
    "is_key_file",
    "read_delimited",
    "read_interviews",
    "read_jsonstat",
    "read_key_file",
    "read_parquet",
    "read_parquet_rows",
    "read_polygons",
    "read_px",
    "read_scb_areas",
    "read_scb_excel",
    "read_sql_table",
    "read_statistical",
    "read_text_table",
    "write_jsonstat",
    "write_layers",
    "write_px",
]
