"""Layout of the base tables as Parquet files, for engines that read many clusters.

    lake/nodes/cluster=…/tenant=…/bucket=…/nodes.parquet     10,000 execution ids per bucket
    lake/status_changes/cluster=…/tenant=…/bucket=…/status_changes.parquet
    lake/fetches/cluster=…/tenant=…/fetches.parquet

The files use Hive partitioning: the partition columns are in the path only, percent-encoded. Each
file has a fingerprint of its responses, so that only files with changed responses are rewritten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import duckdb

from incorta_loads.sql_parameters import Parameter

BUCKET_IDS = 10_000
"""Bucket b contains the execution ids from b × 10,000 to b × 10,000 + 9,999."""

_FORMATS = {"nodes": "1", "status_changes": "1", "fetches": "2"}
"""Table → version of its file format; change it with the format, so that files are rewritten."""


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One file of the lake.

    Attributes:
        path: path relative to the published directory.
        source: fingerprint of the responses in the file.
        query: query for its rows; nodes in the order in which they were loaded, the others by id.
        parameters: parameters of the query.
    """

    path: str
    source: str
    query: str
    parameters: dict[str, Parameter]


def lake_files(connection: duckdb.DuckDBPyConnection) -> Iterator[LakeFile]:
    """Yields every file that the lake must contain."""
    for table, (answers, query) in _BUCKETED.items():
        for cluster, tenant, bucket, source in connection.execute(
            _BUCKETS.format(answers)
        ).fetchall():
            yield LakeFile(
                f"lake/{table}/{_partition(cluster, tenant)}/bucket={bucket}/{table}.parquet",
                f"{_FORMATS[table]} {source}",
                query,
                {
                    "cluster": cluster,
                    "tenant": tenant,
                    "first": bucket * BUCKET_IDS,
                    "last": (bucket + 1) * BUCKET_IDS - 1,
                },
            )
    for cluster, tenant, source in connection.execute(_LEDGERS).fetchall():
        yield LakeFile(
            f"lake/fetches/{_partition(cluster, tenant)}/fetches.parquet",
            f"{_FORMATS['fetches']} {source}",
            _FETCHES,
            {"cluster": cluster, "tenant": tenant},
        )


def _partition(cluster: str, tenant: str) -> str:
    return f"cluster={quote(cluster, safe='')}/tenant={quote(tenant, safe='')}"


_BUCKETS = f"""
SELECT
    cluster,
    tenant,
    execution_id // {BUCKET_IDS} AS bucket,
    sha256(string_agg(execution_id || ' ' || epoch_us(seen_at), ',' ORDER BY execution_id, seen_at))
FROM ({{}})
GROUP BY cluster, tenant, bucket
ORDER BY cluster, tenant, bucket
"""  # noqa: S608 (a constant)

_LEDGERS = """
SELECT
    cluster,
    tenant,
    sha256(string_agg(
        execution_id || ' ' || run_id || ' ' || epoch_us(fetched_at), ','
        ORDER BY execution_id, run_id
    ))
FROM load_status.fetches
GROUP BY cluster, tenant
ORDER BY cluster, tenant
"""

_NODES = """
SELECT * EXCLUDE (cluster, tenant)
FROM load_status.nodes
WHERE cluster = $cluster AND tenant = $tenant AND execution_id BETWEEN $first AND $last
"""

_STATUS_CHANGES = """
SELECT * EXCLUDE (cluster, tenant)
FROM load_status.status_changes
WHERE cluster = $cluster AND tenant = $tenant AND execution_id BETWEEN $first AND $last
ORDER BY execution_id, seen_after, path, type, occurrence
"""

# The root node identifies its response, so no other nodes need to be read.
_ANSWERS = """
SELECT cluster, tenant, execution_id, fetched_at AS seen_at FROM load_status.nodes WHERE node_id = 0
"""

_SEEN_CHANGES = """
SELECT DISTINCT cluster, tenant, execution_id, seen_by AS seen_at FROM load_status.status_changes
"""

_BUCKETED = {"nodes": (_ANSWERS, _NODES), "status_changes": (_SEEN_CHANGES, _STATUS_CHANGES)}
"""Table with a file for each bucket of ids → the responses in it, and the query for its rows."""

_FETCHES = """
SELECT * EXCLUDE (cluster, tenant)
FROM load_status.fetches
WHERE cluster = $cluster AND tenant = $tenant
ORDER BY execution_id, run_id
"""
