"""Rules for what the commands read from the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from incorta_loads.analysis.queries import (
    coverage,
    execution_nodes,
    failure_rates,
    unknown_statuses,
    unknown_types,
)
from incorta_loads.analysis.rows import Rows
from incorta_loads.base_tables import FETCHES, NODES
from incorta_loads.choices import By, Names, Sort, Wanted
from incorta_loads.errors import UnknownExecutionError, WarehouseError
from incorta_loads.warehouse.opening import open_for_reading

AT = datetime(2026, 11, 23, 21, 43, 45, 123456, tzinfo=UTC)

Connection = duckdb.DuckDBPyConnection


# --- Failure rates -------------------------------------------------------------------------------

FIGURES = (
    "errors BIGINT, error_rate_low DOUBLE, "
    "recent_counted BIGINT, recent_errors BIGINT, recent_error_rate_low DOUBLE"
)
FIGURE_NAMES = "errors error_rate_low recent_counted recent_errors recent_error_rate_low"
MARTS = {
    "failure_rates_by_plan": "load_plan",
    "failure_rates_by_group": "load_plan group_name",
    "failure_rates_by_schema": "schema_name",
    "failure_rates_by_table": "schema_name table_name",
    "failure_rates_by_plan_and_schema": "load_plan schema_name",
    "failure_rates_by_plan_and_table": "load_plan schema_name table_name",
}


@pytest.fixture
def marts() -> Iterator[Connection]:
    """The marts of failure rates, without rows."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA load_analysis")
        connection.execute("CREATE TABLE load_analysis.coverage (cluster VARCHAR, tenant VARCHAR)")
        for mart, names in MARTS.items():
            columns = ", ".join(f"{name} VARCHAR" for name in ["cluster", "tenant", *names.split()])
            connection.execute(f"CREATE TABLE load_analysis.{mart} ({columns}, {FIGURES})")
        yield connection


def fill(connection: Connection, mart: str, *rows: tuple[object, ...]) -> None:
    """Inserts rows of one cluster and tenant, unless they name their own."""
    width = 7 + len(MARTS[mart].split())
    whole = [row if len(row) == width else ("c", "t", *row) for row in rows]
    marks = ", ".join("?" * width)
    connection.executemany(f"INSERT INTO load_analysis.{mart} VALUES ({marks})", whole)


def names_of(
    connection: Connection,
    by: By,
    *,
    plan: str | None = None,
    recent: bool = False,
    sort: Sort = Sort.RATE,
    limit: int | None = None,
) -> list[tuple[Any, ...]]:
    """The names of the rows found, in order."""
    found, names, _ = failure_rates(
        connection, by, Wanted(Names(plan=plan), limit), recent=recent, sort=sort
    )
    return [tuple(row[name] for name in names) for row in found.rows]


TABLES = [
    # schema, table, errors, error_rate_low, recent: counted, errors, error_rate_low
    ("S", "once of one", 1, 0.21, 1, 1, 0.9),
    ("S", "often", 90, 0.83, 10, 0, 0.0),
    ("S", "never", 0, 0.0, 10, 0, 0.0),
    ("S", "not counted", 0, None, 0, 0, None),
    ("S", "b", 30, 0.4, 9, 3, 0.1),
    ("S", "a", 30, 0.4, 9, 4, 0.1),
    ("R", "z", 30, 0.4, 0, 0, None),
    ("S", None, 30, 0.4, 9, 3, 0.1),
    (None, "a", 30, 0.4, 9, 3, 0.1),
    ("S", "many", 31, 0.4, 9, 3, 0.1),
    ("S", "B", 30, 0.4, 9, 3, 0.1),
]


def test_rates_are_sorted_by_the_lower_end_of_the_interval(marts: Connection) -> None:
    """Ties are sorted by errors, then names in code-point order; NULL is always last."""
    fill(marts, "failure_rates_by_table", *TABLES)
    assert names_of(marts, By.TABLE) == [
        ("S", "often"),
        ("S", "many"),
        ("R", "z"),
        ("S", "B"),
        ("S", "a"),
        ("S", "b"),
        ("S", None),
        (None, "a"),
        ("S", "once of one"),
        ("S", "never"),
        ("S", "not counted"),
    ]


def test_rates_may_be_sorted_by_errors(marts: Connection) -> None:
    """Ties are sorted by the lower end of the interval, then names."""
    fill(marts, "failure_rates_by_table", *TABLES, ("S", "30 of more", 30, 0.1, 0, 0, None))
    assert names_of(marts, By.TABLE, sort=Sort.ERRORS) == [
        ("S", "often"),
        ("S", "many"),
        ("R", "z"),
        ("S", "B"),
        ("S", "a"),
        ("S", "b"),
        ("S", None),
        (None, "a"),
        ("S", "30 of more"),
        ("S", "once of one"),
        ("S", "never"),
        ("S", "not counted"),
    ]


def test_recent_rates_use_recent_executions_only(marts: Connection) -> None:
    """They are sorted by recent figures, and rows with nothing counted recently are left out."""
    fill(marts, "failure_rates_by_table", *TABLES)
    by_rate = [
        ("S", "once of one"),
        ("S", "a"),
        ("S", "B"),
        ("S", "b"),
        ("S", "many"),
        ("S", None),
        (None, "a"),
        ("S", "never"),
        ("S", "often"),
    ]
    assert names_of(marts, By.TABLE, recent=True) == by_rate
    by_errors = [*by_rate[1:7], by_rate[0], *by_rate[7:]]
    assert names_of(marts, By.TABLE, recent=True, sort=Sort.ERRORS) == by_errors


def test_a_limit_keeps_the_first_rows(marts: Connection) -> None:
    """The limit applies to the whole sorted result."""
    fill(marts, "failure_rates_by_table", *TABLES)
    assert names_of(marts, By.TABLE, limit=2) == [("S", "often"), ("S", "many")]
    assert names_of(marts, By.TABLE, limit=1, recent=True) == [("S", "once of one")]
    assert len(names_of(marts, By.TABLE, limit=100)) == 11


def test_equal_names_are_sorted_by_cluster_and_tenant(marts: Connection) -> None:
    """The order is the same on every call."""
    rows = [(cluster, tenant, "P", 1, 0.1, 1, 1, 0.1) for tenant in "ba" for cluster in "dc"]
    fill(marts, "failure_rates_by_plan", *rows)
    found, *_ = failure_rates(marts, By.PLAN, Wanted(), recent=False, sort=Sort.RATE)
    assert [(row["cluster"], row["tenant"]) for row in found.rows] == [
        ("c", "a"),
        ("c", "b"),
        ("d", "a"),
        ("d", "b"),
    ]


@pytest.mark.parametrize(
    ("by", "mart", "expected"),
    [
        (By.PLAN, "failure_rates_by_plan", [("P",), ("Q",)]),
        (By.GROUP, "failure_rates_by_group", [("P", "x"), ("Q", "x")]),
        (By.SCHEMA, "failure_rates_by_schema", [("x",), ("y",)]),
        (By.TABLE, "failure_rates_by_table", [("x", "x"), ("y", "x")]),
    ],
)
def test_each_kind_has_its_mart(
    marts: Connection, by: By, mart: str, expected: list[tuple[str, ...]]
) -> None:
    """All columns of the mart are returned, including the names."""
    figures = (1, 0.1, 1, 1, 0.1)
    fill(marts, mart, *((*names, *figures) for names in expected))
    assert names_of(marts, by) == expected
    found, names, _ = failure_rates(marts, by, Wanted(limit=1), recent=False, sort=Sort.RATE)
    assert " ".join(names) == MARTS[mart]
    assert found == Rows(
        ["cluster", "tenant", *MARTS[mart].split(), *FIGURE_NAMES.split()],
        [
            {"cluster": "c", "tenant": "t"}
            | dict(zip(names, expected[0], strict=True))
            | dict(zip(FIGURE_NAMES.split(), figures, strict=True))
        ],
    )


@pytest.mark.parametrize(
    ("by", "mart", "names"),
    [
        (By.PLAN, "failure_rates_by_plan", ()),
        (By.GROUP, "failure_rates_by_group", ("x",)),
        (By.SCHEMA, "failure_rates_by_plan_and_schema", ("x",)),
        (By.TABLE, "failure_rates_by_plan_and_table", ("x", "y")),
    ],
)
def test_rates_of_a_plan_are_counted_within_it(
    marts: Connection, by: By, mart: str, names: tuple[str, ...]
) -> None:
    """Schemas and tables come from the marts by plan; the plan's name must match exactly."""
    plans = ["P", "p", "P ", None, "P' OR '1'='1"]
    marts.execute(
        "CREATE TABLE load_analysis.executions AS SELECT unnest($1) AS load_plan", [plans]
    )
    fill(marts, mart, *((plan, *names, 1, 0.1, 1, 1, 0.1) for plan in plans))
    assert names_of(marts, by, plan="P") == [("P", *names)]
    assert names_of(marts, by, plan="P' OR '1'='1", recent=True) == [("P' OR '1'='1", *names)]


# --- Coverage and statuses -----------------------------------------------------------------------


def test_coverage_has_one_row_per_cluster_and_tenant(marts: Connection) -> None:
    """Rows are sorted by name and have all columns of the mart."""
    marts.execute(
        "CREATE OR REPLACE TABLE load_analysis.coverage AS "
        "SELECT * FROM (VALUES ('d', 't', true), ('c', 'u', false), ('c', 't', false)) "
        "AS rows(cluster, tenant, ids_restarted)"
    )
    assert coverage(marts) == Rows(
        ["cluster", "tenant", "ids_restarted"],
        [
            {"cluster": "c", "tenant": "t", "ids_restarted": False},
            {"cluster": "c", "tenant": "u", "ids_restarted": False},
            {"cluster": "d", "tenant": "t", "ids_restarted": True},
        ],
        places=("cluster", "tenant"),
    )


def test_coverage_of_an_older_version_is_reported(marts: Connection) -> None:
    """A version without support for ids that start over is reported."""
    marts.execute(
        "CREATE OR REPLACE TABLE load_analysis.coverage AS SELECT 'c' AS cluster, 't' AS tenant"
    )
    with pytest.raises(WarehouseError, match="by another version; run incorta-loads analyze"):
        coverage(marts)


def test_unknown_statuses_are_sorted_by_frequency(marts: Connection) -> None:
    """Only statuses whose outcome is unknown are returned."""
    marts.execute(
        "CREATE TABLE load_analysis.status_ledger AS SELECT * FROM (VALUES "
        "('c', 't', 'TABLE', 'Load State', 'Running', 'running', 90), "
        "('c', 't', 'TABLE', 'Odd', 'b', 'unknown', 5), "
        "('c', 't', 'TABLE', 'Odd', 'a', 'unknown', 5), "
        "('c', 't', NULL, NULL, NULL, 'unknown', 7)) "
        "AS rows(cluster, tenant, type, state_type, job_status, outcome, nodes)"
    )
    found = unknown_statuses(marts)
    assert found.names == ["cluster", "tenant", "type", "state_type", "job_status", "nodes"]
    assert [tuple(row.values()) for row in found.rows] == [
        ("c", "t", None, None, None, 7),
        ("c", "t", "TABLE", "Odd", "a", 5),
        ("c", "t", "TABLE", "Odd", "b", 5),
    ]


def test_unknown_types_have_their_assumed_role(marts: Connection) -> None:
    """Types are sorted by frequency; leaves of a type may have another role than its other
    nodes."""
    marts.execute(
        "CREATE TABLE load_analysis.status_conflicts AS SELECT * FROM (VALUES "
        "('c', 't', 'unknown_type', 'VIEW', 'none'), "
        "('c', 't', 'unknown_type', NULL, 'table'), "
        "('c', 't', 'unknown_status', 'VIEW', 'table'), "
        "('c', 't', 'unknown_type', 'VIEW', 'table'), "
        "('c', 't', 'unknown_type', 'VIEW', 'table')) "
        "AS rows(cluster, tenant, rule, type, role)"
    )
    found = unknown_types(marts)
    assert found.names == ["cluster", "tenant", "type", "role_taken", "nodes"]
    assert [tuple(row.values()) for row in found.rows] == [
        ("c", "t", "VIEW", "table", 2),
        ("c", "t", "VIEW", "none", 1),
        ("c", "t", None, "table", 1),
    ]


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Connection]:
    """A DuckDB file that this program did not create."""
    duckdb.connect(tmp_path / "foreign.duckdb").close()
    with open_for_reading(tmp_path / "foreign.duckdb", 0) as connection:
        yield connection


@pytest.mark.parametrize(
    "ask",
    [coverage, unknown_statuses, unknown_types, lambda connection: names_of(connection, By.TABLE)],
)
def test_without_an_analysis_the_error_names_the_command_to_run(
    foreign: Connection, ask: Callable[[Connection], object]
) -> None:
    """Every query for a missing mart names the command to run."""
    with pytest.raises(WarehouseError) as raised:
        ask(foreign)
    assert str(raised.value) == (
        "The warehouse has no analysis yet; run incorta-loads analyze first."
    )


def test_an_analysis_of_another_version_names_the_command_to_run(marts: Connection) -> None:
    """A missing column is an error message, not a traceback."""
    marts.execute("CREATE TABLE load_analysis.status_conflicts (cluster VARCHAR, rule VARCHAR)")
    with pytest.raises(WarehouseError) as raised:
        unknown_types(marts)
    assert str(raised.value) == (
        "The analysis in the warehouse was made by another version; run incorta-loads analyze "
        "first."
    )


# --- One execution -------------------------------------------------------------------------------


@pytest.fixture
def base_tables() -> Iterator[Connection]:
    """Base tables without rows."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA load_status")
        for name, schema in {"nodes": NODES, "fetches": FETCHES}.items():
            connection.register("empty", schema.empty_table())
            connection.execute(f"CREATE TABLE load_status.{name} AS FROM empty")
        yield connection


def add_tree(connection: Connection, *last_descendants: int, cluster: str = "c") -> None:
    """Adds execution 7, with one node for each last descendant's id."""
    connection.executemany(
        "INSERT INTO load_status.nodes BY NAME SELECT ? AS cluster, 't' AS tenant, "
        "7 AS execution_id, ? AS node_id, ? AS last_descendant_id, ?::TIMESTAMPTZ AS fetched_at",
        [(cluster, node_id, last, AT) for node_id, last in enumerate(last_descendants)],
    )


def add_outcomes(
    connection: Connection, *outcomes: str, cluster: str = "c", at: datetime = AT
) -> None:
    """Adds the rows of execution 7 to the mart `node_outcomes`."""
    connection.execute(
        "CREATE SCHEMA IF NOT EXISTS load_analysis; "
        "CREATE TABLE IF NOT EXISTS load_analysis.node_outcomes "
        "(cluster VARCHAR, tenant VARCHAR, execution_id BIGINT, node_id BIGINT, "
        "fetched_at TIMESTAMPTZ, outcome VARCHAR)"
    )
    connection.executemany(
        "INSERT INTO load_analysis.node_outcomes VALUES (?, 't', 7, ?, ?, ?)",
        [(cluster, node_id, at, outcome) for node_id, outcome in enumerate(outcomes)],
    )


def nodes_of(connection: Connection, *, failed: bool) -> Rows:
    """The nodes of execution 7; outcomes that were not analyzed are looked up as `queued`."""
    return execution_nodes(connection, 7, failed=failed, outcome_of=lambda *_: "queued")


def outcomes_of(found: Rows) -> list[tuple[str, int, str | None]]:
    return [(row["cluster"], row["node_id"], row["outcome"]) for row in found.rows]


def test_an_execution_is_returned_in_preorder_with_its_outcomes(base_tables: Connection) -> None:
    """All columns of the nodes and their outcome are returned, cluster by cluster."""
    add_tree(base_tables, 1, 1, cluster="d")
    add_tree(base_tables, 2, 1, 2)
    base_tables.execute(
        "INSERT INTO load_status.nodes BY NAME SELECT 'c' AS cluster, 't' AS tenant, "
        "8 AS execution_id, 0 AS node_id"
    )
    add_outcomes(base_tables, "partial", "failure", "success")
    add_outcomes(base_tables, "success", "success", cluster="d")
    found = nodes_of(base_tables, failed=False)
    assert found.names == [*NODES.names, "outcome"]
    assert outcomes_of(found) == [
        ("c", 0, "partial"),
        ("c", 1, "failure"),
        ("c", 2, "success"),
        ("d", 0, "success"),
        ("d", 1, "success"),
    ]


def test_outcomes_of_an_older_response_are_ignored(base_tables: Connection) -> None:
    """If the analysis is older than the nodes, or missing, the outcome is derived from the
    status."""
    add_tree(base_tables, 1, 1)
    without = [("c", 0, "queued"), ("c", 1, "queued")]
    assert outcomes_of(nodes_of(base_tables, failed=False)) == without
    add_outcomes(base_tables, "running", "running", at=AT.replace(year=2025))
    assert outcomes_of(nodes_of(base_tables, failed=False)) == without
    assert outcomes_of(nodes_of(base_tables, failed=True)) == []


def test_failed_nodes_are_returned_with_their_ancestors(base_tables: Connection) -> None:
    """Ancestors are included whatever their own status, and no other nodes."""
    #   0 ─┬─ 1 ─┬─ 2 error
    #      │     └─ 3
    #      ├─ 4 ─── 5
    #      ├─ 6 error ─── 7
    #      └─ 8 ─── 9 ─── 10 error
    add_tree(base_tables, 10, 3, 2, 3, 5, 5, 7, 7, 10, 10, 10)
    good, bad = "success", "failure"
    add_outcomes(
        base_tables, good, good, "partial", good, good, good, bad, "skipped", good, "unknown", bad
    )
    add_tree(base_tables, 1, 1, cluster="b")
    add_outcomes(base_tables, good, "interrupted", cluster="b")
    assert outcomes_of(nodes_of(base_tables, failed=True)) == [
        ("c", 0, good),
        ("c", 1, good),
        ("c", 2, "partial"),
        ("c", 6, bad),
        ("c", 8, good),
        ("c", 9, "unknown"),
        ("c", 10, bad),
    ]


def test_an_execution_without_failures_gives_no_rows(base_tables: Connection) -> None:
    """A successful execution is not an error."""
    add_tree(base_tables, 1, 1)
    add_outcomes(base_tables, "success", "success")
    found = nodes_of(base_tables, failed=True)
    assert found == Rows([*NODES.names, "outcome"], [])


@pytest.mark.parametrize("failed", [False, True])
def test_a_missing_execution_is_an_error_with_the_reason(
    base_tables: Connection, failed: bool
) -> None:
    """Either the id was never requested, or the error gives the outcome of its latest request."""
    with pytest.raises(UnknownExecutionError) as raised:
        nodes_of(base_tables, failed=failed)
    assert str(raised.value) == (
        "Execution 7 is not in the warehouse: it was never requested; run "
        "incorta-loads ingest --ids 7."
    )
    for run_id, hour, outcome in (("1", 9, "unavailable"), ("3", 10, "forbidden"), ("2", 10, "x")):
        base_tables.execute(
            "INSERT INTO load_status.fetches BY NAME SELECT 7 AS execution_id, ? AS run_id, "
            "?::TIMESTAMPTZ AS fetched_at, ? AS outcome, 'No, no.' AS message",
            (run_id, AT.replace(hour=hour), outcome),
        )
    with pytest.raises(UnknownExecutionError) as raised:
        nodes_of(base_tables, failed=failed)
    assert str(raised.value) == (
        "Execution 7 is not in the warehouse: its last request did not load it "
        "(forbidden at 2026-11-23 10:43:45 UTC: No, no); run incorta-loads ingest --ids 7."
    )


def test_a_file_without_base_tables_names_the_command_to_run(foreign: Connection) -> None:
    """No run has loaded anything into the file yet."""
    with pytest.raises(WarehouseError) as raised:
        nodes_of(foreign, failed=False)
    assert str(raised.value) == (
        "The warehouse has no executions yet; run incorta-loads ingest first."
    )
