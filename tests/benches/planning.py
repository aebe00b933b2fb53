"""The time that a scheduled run needs to plan on a long history, before its first request.

    PYTHONPATH=tests python tests/benches/planning.py 100000x10 1000000x10

Each size (executions x nodes in each) has a line: the median and the maximum of five times, and the
number of due ids. Every tenth id is a gap, every thousandth execution is running, and each id was
requested three times.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from incorta_loads.analysis.outcomes import StatusOutcomes
from incorta_loads.ingest.known import read_known
from sql.base_rows import create_base_tables

TIMES = 5

_NODES = """
INSERT INTO load_status.nodes BY NAME
SELECT
    'bench' AS cluster, 'demo' AS tenant, id AS execution_id, node AS node_id,
    if(id % 1000 = 1, 'Load State', 'Terminator State') AS state_type,
    TIMESTAMPTZ '2026-11-01 12:00:00+00' AS fetched_at
FROM range(1, $last + 1) AS ids(id), range($nodes) AS nodes(node)
WHERE id % 10 > 0
"""
_FETCHES = """
INSERT INTO load_status.fetches BY NAME
SELECT
    'bench' AS cluster, 'demo' AS tenant, id AS execution_id, 'run ' || run AS run_id,
    if(id % 10 > 0, 'loaded', 'not_found') AS outcome,
    TIMESTAMPTZ '2026-11-01 12:00:00+00' AS fetched_at
FROM range(1, $last + 1) AS ids(id), range(3) AS runs(run)
"""


def measure(executions: int, nodes: int) -> str:
    """Measures one history in a file; returns a line of the table."""
    last = executions * 10 // 9
    with (
        tempfile.TemporaryDirectory() as home,
        duckdb.connect(Path(home) / "bench.duckdb") as warehouse,
    ):
        create_base_tables(warehouse)
        warehouse.execute(_NODES, {"last": last, "nodes": nodes})
        warehouse.execute(_FETCHES, {"last": last})
        warehouse.execute("CHECKPOINT")
        seconds = []
        for _ in range(TIMES):
            begin = time.perf_counter()
            known = read_known(
                warehouse,
                cluster="bench",
                tenant="demo",
                first_id=1,
                probe_gap=20,
                now=datetime.now(UTC),
                outcome_of=StatusOutcomes().of,
            )
            seconds.append(time.perf_counter() - begin)
    due = sum(1 for _ in known.not_final) + sum(1 for _ in known.not_loaded)
    return (
        f"{executions:>10,} {executions * nodes:>12,} {statistics.median(seconds):>9.2f} "
        f"{max(seconds):>9.2f} {due:>9,}"
    )


def main() -> None:
    """Prints the table."""
    print("executions        nodes    median     worst       due")
    for size in sys.argv[1:] or ["100000x10"]:
        executions, nodes = map(int, size.split("x"))
        print(measure(executions, nodes), flush=True)


if __name__ == "__main__":
    main()
