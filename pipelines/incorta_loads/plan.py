"""What the warehouse knows → which ids to ask for next.

A `Feed` hands out ids one by one and is told what became of them. `asked_for` walks the ids that a
user named; `due` decides by itself, in three phases: executions that are not final, new ids above
the highest one, ids that were not loaded when they were last asked for. Those that were unavailable
then come after all others: a few of them in a row end a run, and would keep it from the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

from incorta_loads.execution_ids import HIGHEST_ID, ExecutionIds
from incorta_loads.statuses import compared

AGED_AFTER = timedelta(days=30)
"""An id whose first and last asking lie this far apart is asked again only on request."""

PAUSES_IN_SPAN = 10
"""An id is left alone for the time between its first and last asking, divided by this."""


@dataclass(frozen=True)
class Known:
    """What the warehouse says about the executions of one cluster and tenant.

    Attributes:
        not_final: ids with nodes that may still change and are due.
        not_loaded: other ids that are due: without nodes, or with nodes of an earlier asking than
            the last.
        highest: the highest id with nodes; None when there is none.
        doubtful: ids of all these, and above the highest, that were unavailable when they were last
            asked for, the longest ago first.
    """

    not_final: ExecutionIds = field(default_factory=ExecutionIds)
    not_loaded: ExecutionIds = field(default_factory=ExecutionIds)
    highest: int | None = None
    doubtful: tuple[int, ...] = ()


class Feed:
    """Hands out the ids to ask for, each once.

    Args:
        first: ids to begin with.
        probe_from: where to look for new executions after that; None: nowhere.
        probe_gap: ids in a row without nodes after which there are taken to be no more.
        last: ids to end with; those that were probed are left out.
        doubtful: which of all these are kept for the very end, in this order.
    """

    def __init__(
        self,
        first: ExecutionIds,
        *,
        probe_from: int | None = None,
        probe_gap: int = 0,
        last: ExecutionIds | None = None,
        doubtful: Sequence[int] = (),
    ) -> None:
        last = last or ExecutionIds()
        self._doubtful = dict.fromkeys(doubtful)  # an ordered set
        self._named = {each for each in doubtful if each in first or each in last}
        self._first = (each for each in first if each not in self._doubtful)
        self._probe = probe_from
        self._begin = probe_from
        self._end = min((probe_from or 0) + probe_gap, HIGHEST_ID + 1)
        self._probe_gap = probe_gap
        self._probing: set[int] = set()
        self._last = (each for each in last if each not in self._doubtful)
        self._ended_with: set[int] = set()  # of those above, which the probing must leave out
        self._found: set[int] = set()  # with nodes, where the end has not come to yet

    def take(self) -> int | None:
        """The next id to ask for; None when there is none, or none until `report` is called."""
        if (execution_id := next(self._first, None)) is not None:
            return execution_id
        while self._probe is not None and self._probe < self._end:
            execution_id, self._probe = self._probe, self._probe + 1
            if execution_id not in self._doubtful and execution_id not in self._ended_with:
                self._probing.add(execution_id)
                return execution_id
        if self._probing:
            return None
        if (execution_id := next(self._last_ones(), None)) is None:
            execution_id = next(filter(self._is_wanted, self._doubtful), None)
        if execution_id is not None:
            self._doubtful.pop(execution_id, None)
            if self._is_above(execution_id):
                self._ended_with.add(execution_id)
        return execution_id

    def report(self, execution_id: int, *, has_nodes: bool) -> None:
        """Tells what became of an id: found ones move the end of the probing."""
        self._probing.discard(execution_id)
        if has_nodes and self._is_above(execution_id):
            self._found.add(execution_id)
            while reached := {each for each in self._found if each < self._end}:
                self._found -= reached
                end = max(reached) + 1 + self._probe_gap
                self._end = min(max(self._end, end), HIGHEST_ID + 1)

    def _last_ones(self) -> Iterator[int]:
        return (each for each in self._last if not self._is_new(each))

    def _is_wanted(self, doubtful: int) -> bool:
        return doubtful in self._named or self._is_new(doubtful)

    def _is_new(self, execution_id: int) -> bool:
        """Whether it lies where new executions are looked for."""
        return self._is_above(execution_id) and execution_id < self._end

    def _is_above(self, execution_id: int) -> bool:
        """Whether new executions may be looked for so far up."""
        return self._begin is not None and self._begin <= execution_id


def asked_for(ids: ExecutionIds) -> Feed:
    """Exactly these ids."""
    return Feed(ids)


def due(known: Known, *, first_id: int, probe_gap: int) -> Feed:
    """What a scheduled run asks for."""
    begin = first_id if known.highest is None else known.highest + 1
    return Feed(
        known.not_final,
        probe_from=begin,
        probe_gap=probe_gap,
        last=known.not_loaded,
        doubtful=known.doubtful,
    )


def read_known(
    connection: duckdb.DuckDBPyConnection,
    *,
    cluster: str,
    tenant: str,
    first_id: int,
    probe_gap: int,
    now: datetime,
) -> Known:
    """Reads the state of one cluster and tenant; the base tables must exist.

    Ids that were never asked for are due too, from the lowest known one on (a run that ended early
    leaves such), or from `first_id` when that is at most `probe_gap` below it.
    """
    states = connection.execute("SELECT DISTINCT state_type FROM load_status.nodes").fetchall()
    parameters = {
        "cluster": cluster,
        "tenant": tenant,
        "now": now,
        "aged": AGED_AFTER,
        "pauses": PAUSES_IN_SPAN,
        "ended": [state for (state,) in states if compared(state) == "terminator state"],
        "running": [state for (state,) in states if compared(state) == "load state"],
    }
    connection.execute(_CREATE_IDS, parameters)
    try:
        lowest, highest = connection.execute(
            "SELECT min(execution_id), max(execution_id) FILTER (WHERE has_nodes) FROM asked_ids"
        ).fetchone() or (None, None)
        not_final = _ids(connection, "has_nodes AND NOT is_final AND is_due")
        not_loaded = _ids(
            connection,
            "NOT is_loaded AND NOT is_settled AND is_due AND (is_final OR NOT has_nodes)",
        )
        doubtful = connection.execute(_DOUBTFUL, {"highest": highest}).fetchall()
        never_asked: list[tuple[int, int]] = []
        if highest is not None:
            begin = first_id if lowest - probe_gap <= first_id < lowest else lowest
            never_asked = _holes(connection, begin)
    finally:
        connection.execute("DROP TABLE temp.asked_ids")
    missing = ExecutionIds.of_ranges([*not_loaded, *never_asked])
    doubted = tuple(execution_id for (execution_id,) in doubtful)
    return Known(ExecutionIds.of_ranges(not_final), missing, highest, doubted)


def _ids(connection: duckdb.DuckDBPyConnection, condition: str) -> list[tuple[int, int]]:
    query = f"SELECT execution_id, execution_id FROM asked_ids WHERE {condition}"  # noqa: S608
    return connection.execute(query).fetchall()


def _holes(connection: duckdb.DuckDBPyConnection, begin: int) -> list[tuple[int, int]]:
    """Ranges between `begin` and the highest id with nodes that nobody asked for."""
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


_DOUBTFUL = """
SELECT execution_id
FROM asked_ids
WHERE is_doubtful AND (is_due OR execution_id > coalesce($highest, -1))
ORDER BY last_asked_us, execution_id
"""

# One row an id that was asked for or has nodes. A `not_found` is settled when it came from a run
# after one that loaded some higher id: that is decided by run ids, which sort by time.
_CREATE_IDS = """
CREATE TEMP TABLE asked_ids AS
WITH loaded AS (
    SELECT
        execution_id,
        bool_or(node_id = 0 AND list_contains($ended, state_type))
            AND NOT bool_or(list_contains($running, state_type)) AS is_final,
        min(fetched_at) AS fetched_at
    FROM load_status.nodes
    WHERE cluster = $cluster AND tenant = $tenant
    GROUP BY execution_id
),
asked AS (
    SELECT
        execution_id,
        min(fetched_at) AS first_asked_at,
        max(fetched_at) AS last_asked_at,
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
        epoch_us(coalesce(last_asked_at, loaded.fetched_at)) AS last_asked_us,
        coalesce(epoch_us(last_asked_at) - epoch_us(first_asked_at), 0) AS span_us,
        last_outcome,
        last_run_id,
        min(loaded_run_id) FILTER (WHERE loaded.execution_id IS NOT NULL) OVER (
            ORDER BY execution_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS loaded_above_since
    FROM loaded
    FULL JOIN asked USING (execution_id)
)
SELECT
    execution_id,
    has_nodes,
    is_final,
    has_nodes AND coalesce(last_outcome, 'loaded') = 'loaded' AS is_loaded,
    coalesce(last_outcome = 'unavailable', false) AS is_doubtful,
    last_asked_us,
    last_outcome = 'not_found' AND coalesce(loaded_above_since < last_run_id, false) AS is_settled,
    span_us < epoch_us($aged) AND (epoch_us($now) - last_asked_us) * $pauses >= span_us AS is_due
FROM ids
"""
