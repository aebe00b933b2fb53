"""Records sent notifications in `alerts`, and which receivers missed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import duckdb

from incorta_loads.alerts.events import RESTARTED, Change, Restart, event_id
from incorta_loads.alerts.slower import PlanPace, event_of


def record_sent(
    connection: duckdb.DuckDBPyConnection,
    changes: Sequence[Change],
    *,
    run_id: str,
    announced_at: datetime,
    missed: Sequence[str],
) -> None:
    """Records one notification.

    Args:
        connection: to the warehouse, open for writing.
        changes: what it reports.
        run_id: the run that sent it.
        announced_at: when it was sent.
        missed: names of the receivers that missed it.
    """
    name = event_id(changes)
    rows = [
        [
            *(*each.series, each.state, each.since_execution_id, name, run_id, announced_at),
            ",".join(missed) or None,
        ]
        for each in changes
    ]
    _write(connection, _SENT, rows)


def record_restart(
    connection: duckdb.DuckDBPyConnection,
    restart: Restart,
    *,
    run_id: str,
    announced_at: datetime,
    missed: Sequence[str],
) -> None:
    """Records that the ids of a cluster start over, in place of an earlier record."""
    ids = restart.ids
    key = [ids.cluster, ids.tenant, RESTARTED, ids.execution_id]
    with _transaction(connection):
        connection.execute(_FORGET_RESTART, key)
        connection.execute(
            _RESTART, [*key, restart.event_id, run_id, announced_at, ",".join(missed) or None]
        )


def record_paces(
    connection: duckdb.DuckDBPyConnection,
    paces: Sequence[PlanPace],
    *,
    run_id: str,
    announced_at: datetime,
    missed: Sequence[str],
) -> None:
    """Records whether load plans are slower, in place of what was recorded before."""
    event = event_of(paces)
    with _transaction(connection):
        for each in paces:
            plan = [each.cluster, each.tenant, each.load_plan]
            sent = [each.state, each.last_execution_id, event, run_id, announced_at]
            connection.execute(_FORGET_PACE, plan)
            connection.execute(_PACE, [*plan, *sent, ",".join(missed) or None])


def record_delivery(
    connection: duckdb.DuckDBPyConnection, changes: Iterable[Change], *, missed: Sequence[str]
) -> None:
    """Records who still misses the last notification about these tables."""
    _write(connection, _DELIVERED, [[",".join(missed) or None, *each.series] for each in changes])


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


_SENT = """
INSERT INTO load_status.alerts
    (cluster, tenant, schema_name, table_name, state, since_execution_id, event_id, run_id,
     announced_at, missed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_DELIVERED = """
UPDATE load_status.alerts SET missed = ?
WHERE
    missed IS NOT NULL AND state NOT IN ('ids_restarted', 'slower') AND cluster = ? AND tenant = ?
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

_FORGET_PACE = """
DELETE FROM load_status.alerts
WHERE
    cluster = ? AND tenant = ? AND load_plan IS NOT DISTINCT FROM ?
    AND state IN ('slower', 'as_before')
"""

_PACE = """
INSERT INTO load_status.alerts
    (cluster, tenant, load_plan, state, since_execution_id, event_id, run_id, announced_at, missed)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
