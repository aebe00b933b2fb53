"""The warehouses of report pages, by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import duckdb

from benches.analysis import load
from incorta_loads.analysis.build import build_models
from incorta_loads.base_tables import ALERTS, duckdb_types
from incorta_simulator.company.company import Company
from incorta_simulator.faults.bodies import NAMES
from sql.base_rows import (
    NOON,
    Fetch,
    History,
    Node,
    Tree,
    create_base_tables,
    rows,
    write_base_tables,
)
from sql.empty_marts import create_empty_marts
from sql.looked_at import CLUSTER, EXECUTIONS, PAUSE, TENANT, looked_at
from sql.story_history import story_history


def _story(database: Path) -> None:
    _write(database, story_history(Company()))


def _odd(database: Path) -> None:
    """Each odd name is a plan, a group, a schema and a table, in several clusters."""
    nodes: list[Node] = []
    for execution_id, name in enumerate(NAMES.values(), 1):
        tables = tuple(
            Tree("TABLE", each, "Failed" if number % 2 else each[:20])
            for number, each in enumerate(NAMES.values())
        )
        group = Tree("GROUP", name, "Failed", (Tree("SCHEMA", name, "Failed", tables),))
        tree = Tree("LOAD_PLAN", name, "Failed", (group,))
        cluster = name if len(name) < 100 else "cluster"
        nodes += rows(tree, execution_id, cluster=cluster, tenant=cluster)
    _write(database, History(nodes, []))


def _one(database: Path) -> None:
    """One successful execution."""
    tree = Tree("LOAD_PLAN", "Nightly", "Success", (Tree("TABLE", "orders", "Success"),))
    _write(database, History(rows(tree, 7), []))


def _looked_at(database: Path) -> None:
    """Executions that were looked at while they ran; the last one still runs."""
    nodes, fetches, changes = looked_at().history
    place = {"cluster": CLUSTER, "tenant": TENANT}
    running = Tree("LOAD_PLAN", "Slow", "In Progress", (), "Load State")
    looks = [Fetch(CLUSTER, TENANT, EXECUTIONS + 1, "run 9998", LATER - PAUSE, "loaded", False)]
    looks += [Fetch(CLUSTER, TENANT, EXECUTIONS + 1, "run 9999", LATER, "loaded", False)]
    last = rows(running, EXECUTIONS + 1, fetched_at=LATER, **place)
    _write(database, History([*nodes, *last], [*fetches, *looks], changes))


def _empty(database: Path) -> None:
    """Two ids: one does not exist, and one was unavailable."""
    _nothing(database)
    with duckdb.connect(database) as warehouse:
        counts = (
            "forbidden",
            "rejected",
            "unavailable",
            "invalid_payload",
            "ids_missing",
            "loaded",
        )
        zeros = ", ".join(f"0 AS {each}" for each in (*counts, "aged", "executions_not_final"))
        warehouse.execute(
            "INSERT INTO load_analysis.coverage BY NAME SELECT 'cluster' AS cluster, "
            f"'tenant' AS tenant, 2 AS ids_asked, 1 AS not_found, ? AS last_fetched_at, {zeros}",
            [NOON],
        )


def _nothing(database: Path) -> None:
    """No id was requested."""
    with duckdb.connect(database) as warehouse:
        create_base_tables(warehouse)
        create_empty_marts(warehouse)
    _add_alerts(database)


def sized(database: Path, executions: int, tables: int) -> None:
    """Creates this number of executions of this number of tables."""
    load(database, 1, executions, tables)
    _build(database)


def _write(database: Path, history: History) -> None:
    write_base_tables(database, *history)
    _build(database)


def _build(database: Path) -> None:
    _add_alerts(database)
    build_models(database, run_tests=False)


def _add_alerts(database: Path) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in duckdb_types(ALERTS).items())
    with duckdb.connect(database) as warehouse:
        warehouse.execute(f"CREATE TABLE load_status.alerts ({columns})")


LATER = NOON + timedelta(days=9)
"""The last look at the execution that still runs."""

WAREHOUSES: dict[str, Callable[[Path], None]] = {
    "story": _story,
    "odd": _odd,
    "looked at": _looked_at,
    "one": _one,
    "empty": _empty,
    "nothing": _nothing,
    "large": partial(sized, executions=200, tables=1_000),
}
