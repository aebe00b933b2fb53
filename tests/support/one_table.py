"""A table whose state changes from run to run, for tests of notifications."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import duckdb

from incorta_loads.alerts.events import Change, unsent
from incorta_loads.alerts.sent import record_sent
from incorta_loads.warehouse.tables import create_alerts

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

MARTS = """
CREATE SCHEMA load_status;
CREATE SCHEMA load_analysis;
CREATE TABLE load_analysis.int_table_states (
    cluster TEXT, tenant TEXT, schema_name TEXT, table_name TEXT, behaviour TEXT,
    is_broken BOOLEAN, is_worse BOOLEAN, is_well BOOLEAN, is_loading BOOLEAN, counted BIGINT,
    errors BIGINT, current_streak BIGINT, failing_since_execution_id BIGINT, recent_runs BIGINT,
    recent_errors BIGINT, baseline_runs BIGINT, baseline_errors BIGINT, p_adjusted DOUBLE,
    last_error_execution_id BIGINT, first_recent_error_execution_id BIGINT,
    last_recovery_execution_id BIGINT, errors_ended_by_execution_id BIGINT
);
CREATE TABLE load_analysis.coverage (
    cluster TEXT, tenant TEXT, highest_loaded_id BIGINT, ids_restarted BOOLEAN
);
"""


@dataclass
class ObservedTable:
    """A table, and the changes reported over successive runs."""

    connection: duckdb.DuckDBPyConnection
    runs: int = 0
    reported: list[str] = field(default_factory=list)

    def run(
        self,
        behaviour: str,
        verdict: str = "unchanged",
        p_adjusted: float | None = None,
        *,
        last_error: int = 90,
        schema: str | None = "s",
        missed: tuple[str, ...] = (),
    ) -> list[Change]:
        """Makes a run after which the table has this behaviour; returns and records its changes."""
        self.runs += 1
        self.connection.execute("DELETE FROM load_analysis.int_table_states")
        is_broken = behaviour in ("broken_since", "always_failing")
        is_well = behaviour in ("healthy", "recovered")
        state = {
            "cluster": "c",
            "tenant": "t",
            "schema_name": schema,
            "table_name": "s.a",
            "behaviour": behaviour,
            "is_broken": is_broken,
            "is_worse": verdict == "regressed" and not is_broken,
            "is_well": is_well,
            "is_loading": is_well,
            "counted": 40,
            "errors": 7,
            "current_streak": 3,
            "failing_since_execution_id": 88 if is_broken else None,
            "recent_runs": 20,
            "recent_errors": 6,
            "baseline_runs": 100,
            "baseline_errors": 2,
            "p_adjusted": p_adjusted,
            "last_error_execution_id": last_error,
            "first_recent_error_execution_id": 70,
            "last_recovery_execution_id": None,
            "errors_ended_by_execution_id": last_error + 3,
        }
        marks = ", ".join("?" * len(state))
        self.connection.execute(
            f"INSERT INTO load_analysis.int_table_states ({', '.join(state)}) VALUES ({marks})",
            list(state.values()),
        )
        found = unsent(self.connection)
        at = NOON + timedelta(hours=self.runs)
        run_id = f"run {self.runs}"
        if found:
            record_sent(self.connection, found, run_id=run_id, announced_at=at, missed=missed)
        self.reported += [each.state for each in found]
        return found


@contextmanager
def unreported_table() -> Iterator[ObservedTable]:
    """A table of which no change has been reported yet."""
    with duckdb.connect() as connection:
        connection.execute(MARTS)
        create_alerts(connection)
        yield ObservedTable(connection)
