"""Rows of the base tables, made from trees in a test, and warehouses with these rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd

from incorta_loads.analysis.build import build_models

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

EMPTY_BASE_TABLES = """
    create schema load_status;
    create table load_status.nodes (
        cluster varchar, tenant varchar, execution_id bigint, node_id bigint,
        parent_id bigint, last_descendant_id bigint, depth bigint, position bigint,
        type varchar, name varchar, state_type varchar, job_status varchar, path varchar,
        load_plan varchar, group_name varchar, schema_name varchar, table_name varchar,
        extra varchar, fetched_at timestamptz
    );
    create table load_status.fetches (
        cluster varchar, tenant varchar, execution_id bigint, run_id varchar,
        fetched_at timestamptz, outcome varchar, http_status bigint, message varchar,
        attempts bigint, duration_ms bigint, bytes bigint, is_final boolean
    );
    create table load_status.status_changes (
        cluster varchar, tenant varchar, execution_id bigint, type varchar, path varchar,
        occurrence bigint, load_plan varchar, group_name varchar, schema_name varchar,
        table_name varchar, change varchar, previous_state_type varchar,
        previous_job_status varchar, state_type varchar, job_status varchar,
        seen_after timestamptz, seen_by timestamptz, run_id varchar
    );
"""
"""SQL for DuckDB and PostgreSQL."""


class Tree(NamedTuple):
    """A node with its descendants."""

    type: str | None
    name: str | None
    job_status: str | None
    children: tuple[Tree, ...] = ()
    state_type: str | None = "Terminator State"


class Node(NamedTuple):
    """A row of `nodes`; by default a root without name or children."""

    cluster: str
    tenant: str
    execution_id: int
    node_id: int = 0
    parent_id: int | None = None
    last_descendant_id: int = 0
    depth: int = 0
    position: int = 0
    type: str | None = None
    name: str | None = None
    state_type: str | None = None
    job_status: str | None = None
    path: str = ""
    load_plan: str | None = None
    group_name: str | None = None
    schema_name: str | None = None
    table_name: str | None = None
    extra: str | None = None
    fetched_at: datetime = NOON


class Fetch(NamedTuple):
    """A row of `fetches`, with the columns that marts read."""

    cluster: str
    tenant: str
    execution_id: int
    run_id: str
    fetched_at: datetime
    outcome: str
    is_final: bool | None = None


class StatusChange(NamedTuple):
    """A row of `status_changes`."""

    cluster: str
    tenant: str
    execution_id: int
    type: str | None
    path: str
    occurrence: int
    load_plan: str | None
    group_name: str | None
    schema_name: str | None
    table_name: str | None
    change: str
    previous_state_type: str | None
    previous_job_status: str | None
    state_type: str | None
    job_status: str | None
    seen_after: datetime
    seen_by: datetime
    run_id: str = "run"


class History(NamedTuple):
    """All rows that the models read."""

    nodes: list[Node]
    fetches: list[Fetch]
    changes: list[StatusChange] = []  # noqa: RUF012 (never changed in place)


def rows(
    tree: Tree,
    execution_id: int,
    *,
    tenant: str = "tenant",
    cluster: str = "cluster",
    fetched_at: datetime = NOON,
) -> list[Node]:
    """The rows of one execution, in preorder."""
    return _walk(tree, Node(cluster, tenant, execution_id, fetched_at=fetched_at))


def compared(text: str | None) -> str:
    """A status or type, normalized for comparison."""
    return (text or "").strip("\t\n\v\f\r ").translate(_LOWER)


def _walk(tree: Tree, place: Node) -> list[Node]:
    """Completes a node, of which place and names above are given, and adds its descendants."""
    kind = compared(tree.type)
    here = place._replace(
        type=tree.type,
        name=tree.name,
        state_type=tree.state_type,
        job_status=tree.job_status,
        path=place.path + "/" + (tree.name or "").replace("~", "~0").replace("/", "~1"),
        load_plan=tree.name if kind == "load_plan" else place.load_plan,
        group_name=tree.name if kind == "group" else place.group_name,
        schema_name=tree.name if kind == "schema" else place.schema_name,
        table_name=tree.name if kind == "table" else place.table_name,
    )
    below: list[Node] = []
    for position, child in enumerate(tree.children):
        following = here._replace(
            node_id=here.node_id + 1 + len(below),
            parent_id=here.node_id,
            depth=here.depth + 1,
            position=position,
        )
        below += _walk(child, following)
    return [here._replace(last_descendant_id=here.node_id + len(below)), *below]


def write_base_tables(
    database: Path,
    nodes: Iterable[Node] = (),
    fetches: Iterable[Fetch] = (),
    changes: Iterable[StatusChange] = (),
) -> None:
    """Creates a warehouse as `ingest` does."""
    with duckdb.connect(str(database)) as warehouse:
        create_base_tables(warehouse)
        insert_rows(warehouse, History([*nodes], [*fetches], [*changes]))


def create_base_tables(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Creates the base tables without rows."""
    warehouse.execute(EMPTY_BASE_TABLES)


def insert_rows(warehouse: duckdb.DuckDBPyConnection, history: History) -> None:
    """Inserts the rows in the given order."""
    _insert(warehouse, "nodes", Node._fields, history.nodes)
    _insert(warehouse, "fetches", Fetch._fields, history.fetches)
    _insert(warehouse, "status_changes", StatusChange._fields, history.changes)


def _insert(
    warehouse: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    values: Sequence[tuple[object, ...]],
) -> None:
    if values:
        frame = pd.DataFrame(values, columns=list(columns), dtype=object)
        warehouse.register("new_rows", frame)
        names = ", ".join(columns)
        warehouse.execute(f"insert into load_status.{table} ({names}) from new_rows")
        warehouse.unregister("new_rows")


def built(
    database: Path,
    nodes: Iterable[Node] = (),
    fetches: Iterable[Fetch] = (),
    changes: Iterable[StatusChange] = (),
) -> Path:
    """Creates the base tables in the database and builds every model."""
    write_base_tables(database, nodes, fetches, changes)
    build_models(database, on_demand=True)
    return database


def select(database: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()
