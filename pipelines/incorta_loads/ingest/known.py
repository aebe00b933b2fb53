"""Reads the state of each execution id from the warehouse: final, loaded, due or missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.tree.statuses import OutcomeOf
from incorta_loads.warehouse.states import finality, state_spellings

AGED_AFTER = timedelta(days=30)
"""An id whose first and last requests are this far apart is requested only if named."""

PAUSES_IN_SPAN = 10
"""After a request, an id waits for the time since its first request, divided by this number."""


@dataclass(frozen=True)
class Known:
    """The state of the executions of one cluster and tenant in the warehouse.

    Attributes:
        not_final: ids with nodes that may still change and are due.
        not_loaded: other ids that are due: ids without nodes, and ids whose last request failed
            although an earlier one loaded nodes.
        highest: the highest id with nodes; None if there is none.
        doubtful: due ids, and ids above the highest, that were unavailable at their last request.
            The oldest request comes first.
        not_successful: the newest execution of each plan if it is final, not a success, and due. A
            restart may repair it under the same id.
        highest_is_gone: whether the highest id did not exist when it was last requested.
    """

    not_final: ExecutionIds = field(default_factory=ExecutionIds)
    not_loaded: ExecutionIds = field(default_factory=ExecutionIds)
    highest: int | None = None
    doubtful: tuple[int, ...] = ()
    not_successful: ExecutionIds = field(default_factory=ExecutionIds)
    highest_is_gone: bool = False


def read_known(
    connection: duckdb.DuckDBPyConnection,
    *,
    cluster: str,
    tenant: str,
    first_id: int,
    probe_gap: int,
    now: datetime,
    outcome_of: OutcomeOf,
) -> Known:
    """Reads the state of one cluster and tenant, in the context of `roots`.

    Ids that were never requested are due too; a run that ended early leaves such gaps. They count
    from the lowest known id, or from `first_id` if that is at most `probe_gap` below it.
    """
    place = {"cluster": cluster, "tenant": tenant}
    try:
        connection.execute(_CREATE_LOADED, place)
        _complete_loaded(connection)
        connection.execute(
            _CREATE_IDS, place | {"now": now, "aged": AGED_AFTER, "pauses": PAUSES_IN_SPAN}
        )
        lowest, highest, highest_is_gone = connection.execute(_BOUNDS).fetchone() or (None,) * 3
        not_final = _ids(connection, "has_nodes AND NOT is_final AND is_due")
        not_loaded = _ids(
            connection,
            "NOT is_loaded AND NOT is_settled AND is_due AND (is_final OR NOT has_nodes)",
        )
        doubtful = connection.execute(_DOUBTFUL, {"highest": highest}).fetchall()
        newest = connection.execute(_NEWEST, place).fetchall()
        never_asked: list[tuple[int, int]] = []
        if highest is not None:
            begin = first_id if lowest - probe_gap <= first_id < lowest else lowest
            never_asked = _holes(connection, begin)
    finally:
        connection.execute("DROP TABLE IF EXISTS temp.asked_ids; DROP TABLE IF EXISTS temp.loaded")
    return Known(
        not_final=ExecutionIds.of_ranges(not_final),
        not_successful=ExecutionIds.of(
            execution_id for execution_id, *status in newest if outcome_of(*status) != "success"
        ),
        not_loaded=ExecutionIds.of_ranges([*not_loaded, *never_asked]),
        highest=highest,
        highest_is_gone=bool(highest_is_gone),
        doubtful=tuple(execution_id for (execution_id,) in doubtful),
    )


def _complete_loaded(connection: duckdb.DuckDBPyConnection) -> None:
    """Sets `is_final` from the nodes where the ledger does not have it.

    These are rows of older versions. No other query reads more nodes than the roots.
    """
    if connection.execute("FROM loaded WHERE is_final IS NULL LIMIT 1").fetchone() is not None:
        connection.execute(_COMPLETE_LOADED, state_spellings(connection))


def _ids(connection: duckdb.DuckDBPyConnection, condition: str) -> list[tuple[int, int]]:
    query = f"SELECT execution_id, execution_id FROM asked_ids WHERE {condition}"  # noqa: S608
    return connection.execute(query).fetchall()


def _holes(connection: duckdb.DuckDBPyConnection, begin: int) -> list[tuple[int, int]]:
    """Returns the never requested ranges between `begin` and the highest id with nodes."""
    return connection.execute(
        """
        SELECT before + 1, execution_id - 1
        FROM (
            SELECT
                execution_id,
                lag(execution_id, 1, $begin - 1) OVER (ORDER BY execution_id) AS before
            FROM asked_ids
            WHERE execution_id <= (SELECT max(execution_id) FROM asked_ids WHERE has_nodes)
        )
        WHERE execution_id > before + 1
        """,
        {"begin": begin},
    ).fetchall()


_BOUNDS = """
SELECT
    min(execution_id),
    max(execution_id) FILTER (WHERE has_nodes),
    arg_max(coalesce(last_outcome = 'not_found', false), execution_id) FILTER (WHERE has_nodes)
FROM asked_ids
"""

_DOUBTFUL = """
SELECT execution_id
FROM asked_ids
WHERE is_doubtful AND (is_due OR execution_id > coalesce($highest, -1))
ORDER BY last_asked_at NULLS FIRST, execution_id
"""

# The newest execution of each plan with its status, if it is final and due by the rule for final
# executions (`is_due_when_final`).
_NEWEST = """
SELECT execution_id, state_type, job_status
FROM load_status.nodes
SEMI JOIN (
    SELECT execution_id
    FROM (SELECT max(execution_id) AS execution_id FROM loaded GROUP BY load_plan)
    INNER JOIN asked_ids USING (execution_id)
    WHERE is_final AND is_due_when_final
) USING (execution_id)
WHERE cluster = $cluster AND tenant = $tenant AND node_id = 0
ORDER BY execution_id
"""

# The executions with nodes. The ledger has whether the response that was loaded last was final.
_CREATE_LOADED = """
CREATE TEMP TABLE loaded AS
SELECT cluster, tenant, execution_id, fetched_at, load_plan, ledger.is_final
FROM roots
LEFT JOIN (
    SELECT execution_id, fetched_at, bool_or(is_final) AS is_final
    FROM load_status.fetches
    WHERE cluster = $cluster AND tenant = $tenant AND outcome = 'loaded'
    GROUP BY execution_id, fetched_at
) AS ledger USING (execution_id, fetched_at)
WHERE cluster = $cluster AND tenant = $tenant
"""

_COMPLETE_LOADED = f"""
UPDATE loaded
SET is_final = computed.is_final
FROM ({finality("(FROM loaded WHERE is_final IS NULL)")}) AS computed
WHERE loaded.execution_id = computed.execution_id AND loaded.is_final IS NULL
"""  # noqa: S608 (constants)

# One row for each id that was requested or has nodes. A `not_found` is settled if its run came
# after a run that loaded some higher id. Run ids decide the order because they sort by time. A row
# from the future, left by a wrong clock, does not keep an id from being requested again.
_CREATE_IDS = """
CREATE TEMP TABLE asked_ids AS
WITH asked AS (
    SELECT
        execution_id,
        min(fetched_at) FILTER (WHERE fetched_at <= $now) AS first_asked_at,
        max(fetched_at) FILTER (WHERE fetched_at <= $now) AS last_asked_at,
        max(fetched_at) > $now AS is_of_future,
        arg_max(outcome, (fetched_at, run_id)) AS last_outcome,
        arg_max(run_id, (fetched_at, run_id)) AS last_run_id,
        min(run_id) FILTER (WHERE outcome = 'loaded') AS loaded_run_id
    FROM load_status.fetches
    WHERE cluster = $cluster AND tenant = $tenant
    GROUP BY execution_id
),
ids AS (
    SELECT
        execution_id,
        loaded.execution_id IS NOT NULL AS has_nodes,
        coalesce(is_final, false) AS is_final,
        loaded.fetched_at AS loaded_at,
        coalesce(last_asked_at, loaded.fetched_at) AS last_asked_at,
        coalesce(first_asked_at, loaded.fetched_at) AS first_asked_at,
        coalesce(is_of_future, false) AS is_of_future,
        last_outcome,
        last_run_id,
        min(loaded_run_id) FILTER (WHERE loaded.execution_id IS NOT NULL) OVER (
            ORDER BY execution_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS loaded_above_since
    FROM loaded
    FULL JOIN asked USING (execution_id)
),
spans AS (
    SELECT
        *,
        epoch_us($now) - epoch_us(last_asked_at) AS pause_us,
        epoch_us(last_asked_at) - epoch_us(first_asked_at) AS span_us,
        epoch_us(last_asked_at) - epoch_us(loaded_at) AS span_when_final_us
    FROM ids
)
SELECT
    execution_id,
    has_nodes,
    is_final,
    has_nodes AND coalesce(last_outcome, 'loaded') = 'loaded' AS is_loaded,
    coalesce(last_outcome = 'unavailable', false) AS is_doubtful,
    last_outcome,
    last_asked_at,
    last_outcome = 'not_found' AND NOT is_of_future
        AND coalesce(loaded_above_since < last_run_id, false) AS is_settled,
    coalesce(
        pause_us < 0 OR (span_us < epoch_us($aged) AND pause_us * $pauses >= span_us), true
    ) AS is_due,
    coalesce(
        pause_us < 0
        OR (span_when_final_us < epoch_us($aged) AND pause_us * $pauses >= span_when_final_us),
        false
    ) AS is_due_when_final
FROM spans
"""
