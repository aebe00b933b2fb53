"""Rules for findings in the marts, and for the condition that decides the exit code."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from incorta_loads.analysis.findings import (
    Findings,
    conflicts,
    fix_first,
    health,
    regressions,
)
from incorta_loads.choices import Names, Wanted
from incorta_loads.errors import WarehouseError

Connection = duckdb.DuckDBPyConnection

KEY = "cluster VARCHAR, tenant VARCHAR"
TABLE = f"{KEY}, schema_name VARCHAR, table_name VARCHAR"
CAUSE = "type VARCHAR, load_plan VARCHAR, group_name VARCHAR, schema_name VARCHAR, "
CAUSE += "table_name VARCHAR, name VARCHAR"
MARTS = {
    "executions": f"{KEY}, execution_id BIGINT, load_plan VARCHAR, is_final BOOLEAN",
    "failure_rates_by_plan_and_table": f"{TABLE}, load_plan VARCHAR",
    "table_health": f"{TABLE}, behaviour VARCHAR, worst_rank BIGINT, "
    "is_broken BOOLEAN AS (behaviour IN ('always_failing', 'broken_since'))",
    "table_regressions": f"{TABLE}, verdict VARCHAR, p_value DOUBLE, p_improved DOUBLE, "
    "p_runs DOUBLE",
    "status_conflicts": f"{KEY}, execution_id BIGINT, node_id BIGINT, rule VARCHAR, "
    "load_plan VARCHAR",
    "failure_origins": f"{KEY}, {CAUSE}, execution_id BIGINT, role VARCHAR",
    "fix_first": f"{KEY}, {CAUSE}, fix_rank BIGINT",
    "coverage": KEY,
}


@pytest.fixture
def warehouse() -> Iterator[Connection]:
    """The marts with the columns that the commands read, without rows."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA load_analysis")
        for name, columns in MARTS.items():
            connection.execute(f"CREATE TABLE load_analysis.{name} ({columns})")
        yield connection


def fill(warehouse: Connection, mart: str, *rows: tuple[object, ...]) -> None:
    """Inserts rows of cluster c and tenant t."""
    for row in rows:
        values = ("c", "t", *row)
        marks = ", ".join("?" * len(values))
        warehouse.execute(f"INSERT INTO load_analysis.{mart} VALUES ({marks})", values)


def names(findings: Findings, name: str = "table_name") -> list[object]:
    return [row[name] for row in findings.found.rows]


@pytest.fixture
def tables(warehouse: Connection) -> Connection:
    """Tables of two plans: one table has no name, and one belongs to another tenant."""
    fill(warehouse, "executions", (1, "P", True), (2, "Q", True))
    fill(
        warehouse,
        "table_health",
        ("s", "a", "healthy", 5),
        ("s", "b", "intermittent", 1),
        ("s", "c", "broken_since", 4),
        ("s", None, "always_failing", 3),
        ("s", "e", "gone", None),
        ("s", "f", "recovered", 2),
    )
    fill(
        warehouse,
        "failure_rates_by_plan_and_table",
        ("s", "a", "P"),
        ("s", "b", "P"),
        ("s", "c", "Q"),
        ("s", None, "P"),
    )
    return warehouse


def test_broken_tables_come_first_then_tables_by_rank(tables: Connection) -> None:
    """Dropped tables have no rank and come last."""
    found = health(tables, Wanted())
    assert names(found) == [None, "c", "b", "f", "a", "e"]
    assert (found.now, found.what) == (2, "broken tables")


def test_a_plan_selects_the_tables_seen_in_it(tables: Connection) -> None:
    """NULL is compared like any other name; broken tables of other plans are not counted."""
    found = health(tables, Wanted(Names(plan="P")))
    assert (names(found), found.now) == ([None, "b", "a"], 1)
    assert names(regressions(tables, Wanted(Names(plan="P")))) == []


def test_the_count_includes_rows_beyond_the_limit(tables: Connection) -> None:
    """A scheduler needs the total, whatever number of rows is shown."""
    found = health(tables, Wanted(limit=1))
    assert (names(found), found.now) == ([None], 2)


def test_regressions_are_sorted_by_verdict_then_p_value(warehouse: Connection) -> None:
    """Each is sorted by the p-value behind its verdict."""
    fill(
        warehouse,
        "table_regressions",
        ("s", "a", "insufficient_data", None, None, None),
        ("s", "b", "unchanged", 0.9, 0.4, 0.1),
        ("s", "c", "insufficient_data", None, None, 0.1),
        ("s", "d", "improved", 1.0, 0.0009, 1.0),
        ("s", "e", "improved", 1.0, 0.0001, 1.0),
        ("s", "f", "outage", 0.01, 1.0, 1e-7),
        ("s", "g", "outage", 0.02, 1.0, 1e-9),
        ("s", "h", "regressed", 0.0009, 1.0, 0.1),
        ("s", "i", "regressed", 0.0001, 1.0, 0.2),
    )
    found = regressions(warehouse, Wanted())
    assert "".join(map(str, names(found))) == "ihgfedbac"
    assert found.now == 2


@pytest.fixture
def executions(warehouse: Connection) -> Connection:
    """Plans P (latest final execution: 5) and Q (latest final execution: 4)."""
    rows = [(1, "P", True), (2, "Q", True), (4, "Q", True), (5, "P", True), (6, "P", False)]
    fill(warehouse, "executions", *rows)
    return warehouse


def test_conflicts_of_the_latest_executions_come_first(executions: Connection) -> None:
    """Current conflicts are those of each plan's latest final execution, not of a running one."""
    rows = [
        (1, 1, "r", "P"),
        (4, 2, "r", "Q"),
        (5, 0, "r", "P"),
        (5, 0, "q", "P"),
        (6, 0, "r", "P"),
    ]
    fill(executions, "status_conflicts", *rows)
    found = conflicts(executions, Wanted())
    assert names(found, "execution_id") == [6, 5, 5, 4, 1]
    assert names(found, "rule") == ["r", "q", "r", "r", "r"]
    assert found.now == 3
    of_plan = conflicts(executions, Wanted(Names(plan="P"), limit=2))
    assert (names(of_plan, "execution_id"), of_plan.now) == ([6, 5], 2)


def test_a_cause_is_current_if_it_is_in_the_latest_final_execution_of_a_plan(
    executions: Connection,
) -> None:
    """It stays current if it came later in another plan; above schemas, plan and group identify
    it."""
    table, group = ("TABLE", "s", "a", "a"), ("GROUP", None, None, "g")
    fill(
        executions,
        "failure_origins",
        ("TABLE", "Q", "g", "s", "a", "a", 4, "table"),
        ("TABLE", "P", "h", "s", "a", "a", 6, "table"),
        ("GROUP", "P", "g", None, None, "g", 1, "group"),
        ("GROUP", "Q", "g", None, None, "g", 4, "group"),
    )
    for rank, (kind, schema, name, own), plan in [
        (1, table, None),
        (2, group, "P"),
        (3, group, "Q"),
    ]:
        in_plan = (plan, plan and "g")
        fill(executions, "fix_first", (kind, *in_plan, schema, name, own, rank))
    found = fix_first(executions, Wanted())
    assert (names(found, "fix_rank"), found.now) == ([1, 2, 3], 2)
    of_plan = fix_first(executions, Wanted(Names(plan="P")))
    assert (names(of_plan, "fix_rank"), of_plan.now) == ([1, 2], 0)


def test_a_cause_without_a_type_is_found(executions: Connection) -> None:
    """The role of a cause, not its type, decides whether its plan counts."""
    fill(
        executions,
        "failure_origins",
        (None, "P", "g", "s", "a", "a", 5, "table"),
        (None, "Q", "g", "s", "b", "b", 4, "none"),
    )
    fill(
        executions,
        "fix_first",
        (None, None, None, "s", "a", "a", 1),
        (None, "Q", "g", "s", "b", "b", 2),
        (None, None, None, "s", "b", "b", 3),
    )
    assert fix_first(executions, Wanted()).now == 2


@pytest.mark.parametrize("read", [health, regressions, conflicts, fix_first])
def test_without_an_analysis_the_error_names_the_command_to_run(read: object) -> None:
    """The error is the same sentence as for other commands."""
    assert callable(read)
    with duckdb.connect() as connection, pytest.raises(WarehouseError, match="analyze first"):
        read(connection, Wanted())


@pytest.mark.parametrize(
    ("names", "places"), [(Names(), ("tenant",)), (Names(tenant="t"), ())], ids=["any", "chosen"]
)
def test_a_row_says_which_tenant_it_is_of_unless_it_was_chosen(
    tables: Connection, names: Names, places: tuple[str, ...]
) -> None:
    """Even if all rows found are of one, because the same names may occur in another."""
    tables.execute("INSERT INTO load_analysis.coverage VALUES ('c', 't'), ('c', 'u')")
    assert health(tables, Wanted(names, limit=1)).found.places == places
