"""Notes in `alerts` what was sent, and who still misses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import duckdb

from incorta_loads.alerts.events import RESTARTED, Event, Restart, event_id


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

_FORGET_RESTART = """
DELETE FROM load_status.alerts
WHERE cluster = ? AND tenant = ? AND state = ? AND since_execution_id = ?
"""

_RESTART = """
INSERT INTO load_status.alerts
    (cluster, tenant, state, since_execution_id, event_id, run_id, announced_at, missed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
