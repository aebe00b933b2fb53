"""The cost of a scheduled run on a long history depends on the changes only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.ingest.known import Known, read_known
from incorta_loads.warehouse.roots import roots
from incorta_loads.warehouse.writing import open_for_writing
from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from journeys.shell import TOKEN, configured

EXECUTIONS = 100_000
PROBE_GAP = 20

# The result of previous runs: all executions are final with ten nodes, and all gaps are settled.
_NODES = """
INSERT INTO load_status.nodes BY NAME
SELECT
    'journey' AS cluster, 'demo' AS tenant, ids.id AS execution_id, node_id,
    CASE WHEN node_id > 0 THEN 0 END AS parent_id,
    CASE WHEN node_id = 0 THEN 9 ELSE node_id END AS last_descendant_id,
    least(node_id, 1) AS depth, greatest(node_id - 1, 0) AS position,
    CASE WHEN node_id = 0 THEN 'LOAD_PLAN' ELSE 'TABLE' END AS type, 'n' AS name,
    'Terminator State' AS state_type, 'Success' AS job_status, '/n' AS path,
    TIMESTAMPTZ '2026-01-01 00:00:00+00' AS fetched_at
FROM range(10) AS nodes(node_id), ids WHERE ids.id IS NOT NULL
"""
_LEDGER = """
INSERT INTO load_status.fetches BY NAME
SELECT
    'journey' AS cluster, 'demo' AS tenant, every.id AS execution_id,
    CASE WHEN ids.id IS NULL THEN '2026-01-02' ELSE '2026-01-01' END AS run_id,
    TIMESTAMPTZ '2026-01-02 00:00:00+00' AS fetched_at,
    CASE WHEN ids.id IS NULL THEN 'not_found' ELSE 'loaded' END AS outcome
FROM range(1, $last + 1) AS every(id) LEFT JOIN ids ON ids.id = every.id
"""


def test_ten_new_executions_take_ten_requests_and_the_probe_gap(tmp_path: Path) -> None:
    """Of 100,000 known executions, only the highest is requested again."""
    company = Company(executions=EXECUTIONS, running=0)
    company.finish_all()
    last = company.ids[-1]
    with Simulator(company, token=TOKEN) as simulator:
        user = configured(tmp_path, simulator)
        with open_for_writing(user.warehouse, 5) as warehouse:
            fill(warehouse.connection, company.ids)
            warehouse.connection.execute(
                "UPDATE load_status.nodes SET load_plan = $plan WHERE execution_id = $id",
                {"plan": company.tree(last)["name"], "id": last},
            )
            with roots(warehouse.connection):
                known = read_known(
                    warehouse.connection,
                    cluster="journey",
                    tenant="demo",
                    first_id=1,
                    probe_gap=PROBE_GAP,
                    now=datetime.now(UTC),
                    outcome_of=StatusOutcomes().of,
                )
        assert known == Known(highest=last)
        new = company.release(10)
        company.finish_all()
        user.runs("ingest")
        requested = [request.execution_id or 0 for request in simulator.requests]
    assert sorted(requested) == list(range(last, new[-1] + PROBE_GAP + 1))
    (row,) = user.queries(
        "SELECT count(DISTINCT execution_id) AS executions FROM load_status.nodes"
    )
    assert row["executions"] == EXECUTIONS + 10


def fill(connection: duckdb.DuckDBPyConnection, ids: Sequence[int]) -> None:
    """Inserts the rows of previous runs."""
    connection.execute("CREATE TEMP TABLE ids AS SELECT unnest($ids) AS id", {"ids": list(ids)})
    connection.execute(_NODES)
    connection.execute(_LEDGER, {"last": ids[-1]})
    connection.execute("CHECKPOINT")
