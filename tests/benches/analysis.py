"""The cost of `incorta-loads analyze` and `publish`: whole processes, on warehouses made by SQL.

    PYTHONPATH=tests python tests/benches/analysis.py 1000x1000 20000x1000

A size is executions x tables in each. Each size has two lines: a full build, and a build after 10
new executions. Each table has its own failure rate. In outages, which begin in about 1 of 50
executions and also in the last ones, 400 tables fail together.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from sql.base_rows import create_base_tables
from support.peaks import peak_mib

COMMAND = Path(sys.executable).with_name("incorta-loads")
NEW_EXECUTIONS = 10

# One plan of two groups, whose schemas have 50 tables each; nodes are numbered in preorder.
_NODES = """
INSERT INTO load_status.nodes BY NAME
WITH tables AS (
    SELECT
        table_id,
        table_id // 50 AS schema_id,
        schema_id // ($tables // 100) AS group_id,
        1 + group_id * (1 + $tables // 100 * 51) AS group_node,
        group_node + 1 + schema_id % ($tables // 100) * 51 AS schema_node,
        schema_node + 1 + table_id % 50 AS table_node
    FROM range($tables) AS ids(table_id)
),
places AS (
    SELECT
        0 AS node_id, NULL AS parent_id, 2 + 2 * ($tables // 100) * 51 AS last_descendant_id,
        0 AS depth, 0 AS position, 'LOAD_PLAN' AS type,
        NULL AS group_id, NULL AS schema_id, NULL AS table_id
    UNION ALL
    SELECT DISTINCT group_node, 0, group_node + ($tables // 100) * 51, 1, group_id, 'GROUP',
        group_id, NULL, NULL
    FROM tables
    UNION ALL
    SELECT DISTINCT schema_node, group_node, schema_node + 50, 2, schema_id % ($tables // 100),
        'SCHEMA', group_id, schema_id, NULL
    FROM tables
    UNION ALL
    SELECT table_node, schema_node, table_node, 3, table_id % 50, 'TABLE', group_id, schema_id,
        table_id
    FROM tables
),
nodes AS (
    SELECT
        execution_id,
        places.*,
        -- of 10 of 50 executions, and of the last 5
        table_id < 400 AND (hash(execution_id // 10) % 50 < 10 AND execution_id % 10 < 5
            OR execution_id > $last - 5) AS is_out,
        hash(execution_id, table_id) % 1000 < hash(table_id) % 60 AS is_unlucky,
        table_id IS NOT NULL AND (is_out OR is_unlucky) AS is_error
    FROM range($first, $last + 1) AS executions(execution_id), places
)
SELECT
    'bench' AS cluster, 'demo' AS tenant, execution_id, node_id, parent_id, last_descendant_id,
    depth, position, type,
    coalesce('Schema_' || schema_id || coalesce('.table_' || table_id, ''),
        'Group ' || group_id, 'Nightly') AS name,
    'Terminator State' AS state_type,
    if(is_error, 'Failed', if(type = 'TABLE', 'Success', 'Finished with Errors')) AS job_status,
    '/Nightly' || coalesce('/Group ' || group_id, '') || coalesce('/Schema_' || schema_id, '')
        || coalesce('/Schema_' || schema_id || '.table_' || table_id, '') AS path,
    'Nightly' AS load_plan,
    'Group ' || group_id AS group_name,
    'Schema_' || schema_id AS schema_name,
    'Schema_' || schema_id || '.table_' || table_id AS table_name,
    TIMESTAMPTZ '2026-11-01 12:00:00+00' + to_seconds(execution_id) AS fetched_at
FROM nodes
ORDER BY execution_id, node_id
"""
_FETCHES = """
INSERT INTO load_status.fetches BY NAME
SELECT
    'bench' AS cluster, 'demo' AS tenant, execution_id, 'run ' || $first AS run_id,
    TIMESTAMPTZ '2026-11-01 12:00:00+00' + to_seconds(execution_id) AS fetched_at,
    'loaded' AS outcome, true AS is_final
FROM range($first, $last + 1) AS executions(execution_id)
"""


def load(database: Path, first: int, last: int, tables: int) -> None:
    """Adds executions, as `ingest` would."""
    with duckdb.connect(database) as warehouse:
        if first == 1:
            create_base_tables(warehouse)
        warehouse.execute(_NODES, {"first": first, "last": last, "tables": tables})
        warehouse.execute(_FETCHES, {"first": first, "last": last})


def cost(database: Path, command: str) -> tuple[str, str]:
    """Runs the command; returns seconds and peak memory as two columns, and its output."""
    begin = time.monotonic()
    process = subprocess.Popen(
        [COMMAND, command],
        env={"PATH": "", "DESTINATION__DUCKDB__CREDENTIALS": str(database)},
        cwd=database.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak = peak_mib(process)
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    return f"{time.monotonic() - begin:>8.1f} {peak:>9.0f}", output


def publish(database: Path) -> str:
    """Seconds, peak memory, and the number and size of rewritten files."""
    columns, output = cost(database, "publish")
    found = re.search(r"\((\d+ of \d+) files rewritten, ([\d.]+) MiB", output)
    assert found, output
    return f"{columns} {found[1]:>9} {found[2]:>9}"


def main() -> None:
    """Prints the table."""
    print(f"{'':>41} {'analyze':>18}  {'publish':>18}")
    print(
        "executions  tables        nodes   built   seconds  peak MiB   seconds  peak MiB"
        "     files       MiB  file MiB"
    )
    for size in sys.argv[1:] or ["1000x1000"]:
        executions, tables = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as home:
            database = Path(home) / "bench.duckdb"
            load(database, 1, executions, tables)
            for built, first in (("whole", 0), ("+10", executions + 1)):
                if first:
                    load(database, first, executions + NEW_EXECUTIONS, tables)
                analyzed, _ = cost(database, "analyze")
                published = publish(database)
                with duckdb.connect(database, read_only=True) as warehouse:
                    (nodes,) = warehouse.execute(
                        "SELECT sum(nodes)::BIGINT FROM load_analysis.status_ledger"
                    ).fetchone() or (0,)
                size_mib = database.stat().st_size / 2**20
                columns = f"{tables:>7,} {nodes:>12,} {built:>7} {analyzed} {published}"
                print(f"{executions:>10,} {columns} {size_mib:>9.0f}", flush=True)


if __name__ == "__main__":
    main()
