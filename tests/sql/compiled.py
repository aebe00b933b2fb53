"""The models as dbt compiles them, built in memory: as many small warehouses as a test wants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from incorta_loads import models
from sql.base_rows import History, create_base_tables, insert_rows


class Model(NamedTuple):
    """A relation of schema `load_analysis`, and the query behind it."""

    name: str
    is_view: bool
    query: str


def compiled_models(database: Path, variables: Mapping[str, object]) -> list[Model]:
    """Every model after those that it reads; the database lends its base tables."""
    results = models._run_dbt(database, ["compile"], variables)
    return [
        Model(node.name, node.config.materialized == "view", node.compiled_code)
        for node in (result.node for result in results)
        if node.resource_type == "model"
    ]


def built_in_memory(compiled: list[Model], history: History) -> duckdb.DuckDBPyConnection:
    """A warehouse with every model on this history."""
    warehouse = duckdb.connect()
    create_base_tables(warehouse)
    insert_rows(warehouse, history)
    warehouse.execute("create schema load_analysis")
    for name, is_view, query in compiled:
        kind = "view" if is_view else "table"
        warehouse.execute(f'create {kind} load_analysis."{name}" as {query}')
    return warehouse
