"""The models as dbt compiles them, built without dbt into any number of warehouses.

dbt takes seconds where DuckDB takes tenths. `test_order.py` checks that both build the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from incorta_loads.analysis.dbt import run_dbt
from sql.base_rows import History, create_base_tables, insert_rows, write_base_tables


class Model(NamedTuple):
    """A relation of the analysis, and its query."""

    schema: str
    name: str
    is_view: bool
    query: str


def compiled_models(database: Path, variables: Mapping[str, object]) -> list[Model]:
    """All models, each after its dependencies; the database provides the base tables."""
    results = run_dbt(["compile"], variables, database=str(database)).results
    return [
        Model(node.schema, node.name, node.config.materialized == "view", node.compiled_code)
        for node in (result.node for result in results)
        if node.resource_type == "model"
    ]


def built_in_memory(
    compiled: list[Model], history: History, *, threads: int = 1
) -> duckdb.DuckDBPyConnection:
    """An in-memory warehouse with every model; for few rows, more threads are slower."""
    warehouse = duckdb.connect(config={"threads": threads})
    create_base_tables(warehouse)
    insert_rows(warehouse, history)
    build(warehouse, compiled)
    return warehouse


def built_in_file(compiled: list[Model], database: Path, history: History) -> Path:
    """A file with every model on this history."""
    write_base_tables(database, *history)
    with duckdb.connect(str(database)) as warehouse:
        build(warehouse, compiled)
    return database


def build(warehouse: duckdb.DuckDBPyConnection, compiled: list[Model]) -> None:
    """Builds every model on the existing base tables."""
    for schema in ("load_analysis", "load_analysis_steps"):
        warehouse.execute(f"create schema if not exists {schema}")
    for schema, name, is_view, query in compiled:
        kind = "view" if is_view else "table"
        warehouse.execute(f'create {kind} {schema}."{name}" as {query}')
