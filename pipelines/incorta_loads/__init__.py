"""Load-plan executions of an Incorta cluster, pulled into DuckDB and answered in SQL."""

__version__ = "0.1.0"
