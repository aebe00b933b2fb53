"""What to tell people: which tables broke, got worse, or are well again, and what was said before.

The base table `alerts` has what was said. What is to be said is the difference between it and the
analysis, so a run that was killed before it could write what it said says it again, and nothing is
lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from incorta_loads.alerts.changes import STANDING, UNSAID
from incorta_loads.analysis.project import project_variables
from incorta_loads.analysis.rows import marts
from incorta_loads.restarted_ids import RestartedIds

Kind = Literal["broken", "regressed", "well"]

RESTARTED = "ids_restarted"
"""The state of a cluster, in a row of `alerts` without a table."""

KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Event:
    """A table whose state is another one than was said last.

    Attributes:
        cluster, tenant, schema_name, table_name: the series.
        kind: broken, regressed or well.
        state: as the marts call it: always_failing, broken_since, regressed, healthy, recovered.
        since_execution_id: where the state begins.
        errors, runs: counted runs it is about: of the streak, or of the recent window.
        errors_before, runs_before: those before them, to compare with.
        missed: receivers that did not take it when it was said; None: it was not said yet.
    """

    cluster: str
    tenant: str
    schema_name: str | None
    table_name: str | None
    kind: Kind
    state: str
    since_execution_id: int | None
    errors: int
    runs: int
    errors_before: int
    runs_before: int
    missed: str | None = None

    @property
    def series(self) -> tuple[str, str, str | None, str | None]:
        """Which table."""
        return self.cluster, self.tenant, self.schema_name, self.table_name


@dataclass(frozen=True, slots=True)
class Restart:
    """A cluster whose ids start over, to be said.

    Attributes:
        ids: which.
        missed: receivers that did not take it when it was said; None: it was not said yet.
    """

    ids: RestartedIds
    missed: str | None = None

    @property
    def event_id(self) -> str:
        """The name of the message."""
        return hashlib.sha256(str(self.ids).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Standing:
    """How many tables are broken, and how many regressed, said or not."""

    broken: int
    regressed: int


def unsaid(connection: duckdb.DuckDBPyConnection) -> list[Event]:
    """What is to be said, and what some receivers missed and is still so; by kind, then by name.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    return [Event(**row) for row in marts(connection, UNSAID, _parameters()).rows]


def unsaid_restarts(connection: duckdb.DuckDBPyConnection) -> list[Restart]:
    """Clusters whose ids start over and of which that was not said, or not to all.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    found = marts(connection, _UNSAID_RESTARTS).rows
    return [
        Restart(
            RestartedIds(row["cluster"], row["tenant"], row["highest_loaded_id"]), row["missed"]
        )
        for row in found
    ]


def standing(connection: duckdb.DuckDBPyConnection) -> Standing:
    """How it is now."""
    (row,) = marts(connection, STANDING, _parameters()).rows
    return Standing(**row)


def _parameters() -> dict[str, object]:
    return {"min_streak": project_variables()["behaviour_min_streak"]}


def event_id(events: Iterable[Event]) -> str:
    """The name of one message: the same as long as it says the same."""
    said = sorted(repr((each.series, each.state, each.since_execution_id)) for each in events)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def write_said(
    connection: duckdb.DuckDBPyConnection,
    events: Sequence[Event],
    *,
    run_id: str,
    announced_at: datetime,
    missed: Sequence[str],
) -> None:
    """Notes one message as said.

    Args:
        connection: to the warehouse, open for writing.
        events: what it said.
        run_id: of the run that said it.
        announced_at: when.
        missed: receivers, by their names in `notify`, that did not take it.
    """
    name = event_id(events)
    rows = [
        [
            *(*each.series, each.state, each.since_execution_id, name, run_id, announced_at),
            ",".join(missed) or None,
        ]
        for each in events
    ]
    _write(connection, _SAID, rows)


def write_restart(
    connection: duckdb.DuckDBPyConnection,
    restart: Restart,
    *,
    run_id: str,
    announced_at: datetime,
    missed: Sequence[str],
) -> None:
    """Notes as said that the ids of a cluster start over; what was noted before goes."""
    ids = restart.ids
    key = [ids.cluster, ids.tenant, RESTARTED, ids.execution_id]
    with _transaction(connection):
        connection.execute(_FORGET_RESTART, key)
        connection.execute(
            _RESTART, [*key, restart.event_id, run_id, announced_at, ",".join(missed) or None]
        )


def write_taken(
    connection: duckdb.DuckDBPyConnection, events: Iterable[Event], *, missed: Sequence[str]
) -> None:
    """Notes who still misses what was said of these tables last."""
    _write(connection, _TAKEN, [[",".join(missed) or None, *each.series] for each in events])


def _write(
    connection: duckdb.DuckDBPyConnection, statement: str, rows: Sequence[Sequence[object]]
) -> None:
    with _transaction(connection):
        connection.executemany(statement, rows)


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All statements or none: a connection left in a failed transaction could not be used again."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


_SAID = """
INSERT INTO load_status.alerts
    (cluster, tenant, schema_name, table_name, state, since_execution_id, event_id, run_id,
     announced_at, missed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_TAKEN = """
UPDATE load_status.alerts SET missed = ?
WHERE
    missed IS NOT NULL AND state <> 'ids_restarted' AND cluster = ? AND tenant = ?
    AND schema_name IS NOT DISTINCT FROM ? AND table_name IS NOT DISTINCT FROM ?
"""

_UNSAID_RESTARTS = """
SELECT coverage.cluster, coverage.tenant, coverage.highest_loaded_id, alerts.missed
FROM load_analysis.coverage
LEFT JOIN load_status.alerts
    ON coverage.cluster = alerts.cluster AND coverage.tenant = alerts.tenant
    AND alerts.state = 'ids_restarted'
    AND coverage.highest_loaded_id = alerts.since_execution_id
WHERE coverage.ids_restarted AND (alerts.state IS NULL OR alerts.missed IS NOT NULL)
ORDER BY ALL
"""

_FORGET_RESTART = """
DELETE FROM load_status.alerts
WHERE cluster = ? AND tenant = ? AND state = ? AND since_execution_id = ?
"""

_RESTART = """
INSERT INTO load_status.alerts
    (cluster, tenant, state, since_execution_id, event_id, run_id, announced_at, missed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
