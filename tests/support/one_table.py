"""A table whose state changes from run to run, for tests of notifications."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import duckdb

from incorta_loads.alerts.events import Change, unsent
from incorta_loads.alerts.sent import record_sent
from incorta_loads.warehouse.tables import create_added

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

MARTS = """
CREATE SCHEMA load_status;
CREATE SCHEMA load_analysis;
CREATE SCHEMA load_analysis_steps;
CREATE TABLE load_analysis_steps.int_table_states (
    cluster TEXT, tenant TEXT, schema_name TEXT, table_name TEXT, behaviour TEXT,
    is_broken BOOLEAN, is_regressed BOOLEAN, is_worse BOOLEAN, is_no_worse BOOLEAN,
    is_well BOOLEAN, is_loading BOOLEAN, counted BIGINT, errors BIGINT, current_streak BIGINT,
    failing_since_execution_id BIGINT,
    recent_trials BIGINT, recent_starts BIGINT, baseline_trials BIGINT, baseline_starts BIGINT,
    since_execution_id BIGINT, last_recovery_execution_id BIGINT,
    errors_ended_by_execution_id BIGINT, table_key TEXT
);
CREATE TABLE load_analysis.incidents (
    execution_id BIGINT, broke_after_execution_id BIGINT, broke_by_execution_id BIGINT,
    execution_key TEXT
);
CREATE TABLE load_analysis.incident_tables (
    first_execution_id BIGINT, is_open BOOLEAN, execution_key TEXT, table_key TEXT
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
        p_value: float | None = None,
        *,
        schema: str | None = "s",
        missed: tuple[str, ...] = (),
    ) -> list[Change]:
        """Makes a run after which the table has this behaviour; returns and records its changes."""
        self.runs += 1
        self.connection.execute("DELETE FROM load_analysis_steps.int_table_states")
        is_broken = behaviour in ("broken_since", "always_failing")
        is_well = behaviour in ("healthy", "recovered")
        state = {
            "cluster": "c",
            "tenant": "t",
            "schema_name": schema,
            "table_name": "s.a",
            "behaviour": behaviour,
            "is_broken": is_broken,
            "is_regressed": p_value is not None and p_value <= 0.001,
            "is_worse": p_value is not None and p_value <= 0.0001,
            "is_no_worse": p_value is None or p_value > 0.1,
            "is_well": is_well,
            "is_loading": is_well,
            "counted": 40,
            "errors": 7,
            "current_streak": 3,
            "failing_since_execution_id": 88 if is_broken else None,
            "recent_trials": 20,
            "recent_starts": 6,
            "baseline_trials": 100,
            "baseline_starts": 2,
            "since_execution_id": 70,
            "last_recovery_execution_id": None,
            "errors_ended_by_execution_id": 93,
            "table_key": "s.a",
        }
        marks = ", ".join("?" * len(state))
        self.connection.execute(
            "INSERT INTO load_analysis_steps.int_table_states "
            f"({', '.join(state)}) VALUES ({marks})",
            list(state.values()),
        )
        found = unsent(self.connection)
        at = NOON + timedelta(hours=self.runs)
        run_id = f"run {self.runs}"
        if found:
            record_sent(self.connection, found, run_id=run_id, announced_at=at, missed=missed)
        reported = [each for each in found if each.kind != "unchanged"]
        self.reported += [each.state for each in reported]
        return reported


@contextmanager
def unreported_table() -> Iterator[ObservedTable]:
    """A table of which no change has been reported yet."""
    with duckdb.connect() as connection:
        connection.execute(MARTS)
        create_added(connection)
        yield ObservedTable(connection)
