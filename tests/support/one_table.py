"""One table whose state changes from run to run, for tests of what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import duckdb

from incorta_loads.alerts.events import Event, unsaid, write_said
from incorta_loads.warehouse.tables import create_alerts

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

# The columns of the marts that are looked at.
MARTS = """
CREATE SCHEMA load_status;
CREATE SCHEMA load_analysis;
CREATE TABLE load_analysis.table_health (
    cluster TEXT, tenant TEXT, schema_name TEXT, table_name TEXT, behaviour TEXT,
    failing_since_execution_id BIGINT, current_streak BIGINT, current_streak_is_error BOOLEAN,
    errors BIGINT, counted BIGINT
);
CREATE TABLE load_analysis.int_table_series (
    series_id BIGINT, cluster TEXT, tenant TEXT, schema_name TEXT, table_name TEXT
);
CREATE TABLE load_analysis.int_table_streaks (
    series_id BIGINT, is_error BOOLEAN, runs BIGINT, first_execution_id BIGINT
);
CREATE TABLE load_analysis.table_regressions (
    cluster TEXT, tenant TEXT, schema_name TEXT, table_name TEXT, verdict TEXT, behaviour TEXT,
    p_adjusted DOUBLE, recent_errors BIGINT, recent_runs BIGINT, baseline_errors BIGINT,
    baseline_runs BIGINT, recent_episodes BIGINT
);
CREATE TABLE load_analysis.failure_episodes (
    cluster TEXT, tenant TEXT, schema_name TEXT, table_name TEXT, first_execution_id BIGINT,
    first_node_id BIGINT, last_execution_id BIGINT, ended_by_execution_id BIGINT
);
CREATE TABLE load_analysis.coverage (
    cluster TEXT, tenant TEXT, highest_loaded_id BIGINT, ids_restarted BOOLEAN
);
"""


@dataclass
class Told:
    """Who is told of one table, run after run."""

    connection: duckdb.DuckDBPyConnection
    runs: int = 0
    said: list[str] = field(default_factory=list)

    def run(
        self,
        behaviour: str,
        verdict: str = "unchanged",
        p_adjusted: float | None = None,
        *,
        last_error: int = 90,
        schema: str | None = "s",
        missed: tuple[str, ...] = (),
    ) -> list[Event]:
        """One run after which the table behaves so; says what is to be said, and notes it."""
        self.runs += 1
        tables = ("table_health", "table_regressions", "failure_episodes")
        for name in tables:
            self.connection.execute(f"DELETE FROM load_analysis.{name}")
        key = ["c", "t", schema, "s.a"]
        since = 88 if behaviour in ("broken_since", "always_failing") else None
        is_error = behaviour not in ("healthy", "recovered")
        health = [*key, behaviour, since, 3, is_error, 7, 40]
        regression = [*key, verdict, behaviour, p_adjusted, 6, 20, 2, 100, 2]
        self._insert("table_health", health)
        self._insert("table_regressions", regression)
        for first in (10, 70, last_error - 2):
            self._insert("failure_episodes", [*key, first, 1, first + 2, first + 5])
        found = unsaid(self.connection)
        at = NOON + timedelta(hours=self.runs)
        run_id = f"run {self.runs}"
        if found:
            write_said(self.connection, found, run_id=run_id, announced_at=at, missed=missed)
        self.said += [each.state for each in found]
        return found

    def _insert(self, name: str, row: Sequence[object]) -> None:
        marks = ", ".join("?" * len(row))
        self.connection.execute(f"INSERT INTO load_analysis.{name} VALUES ({marks})", row)


@contextmanager
def nothing_told() -> Iterator[Told]:
    """Nothing was said yet."""
    with duckdb.connect() as connection:
        connection.execute(MARTS)
        create_alerts(connection)
        yield Told(connection)
