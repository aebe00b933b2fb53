"""The base tables as Parquet files, partitioned by bucket."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from incorta_loads.publication.lake import lake_files
from incorta_loads.publication.publish import publish
from incorta_loads.warehouse.writing import Warehouse
from sql.empty_marts import create_empty_marts

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 13, tzinfo=UTC)


def add_execution(
    warehouse: Warehouse,
    execution_id: int,
    *,
    cluster: str = "c",
    tenant: str = "t",
    at: datetime = AT,
) -> None:
    """Adds a tree of two nodes and its ledger row."""
    connection = warehouse.connection
    for node_id in (0, 1):
        connection.execute(
            "INSERT INTO load_status.nodes BY NAME SELECT ? AS cluster, ? AS tenant, "
            "? AS execution_id, ? AS node_id, 1 AS last_descendant_id, ? AS depth, 0 AS position, "
            "'/p' AS path, ? AS fetched_at",
            [cluster, tenant, execution_id, node_id, node_id, at],
        )
    connection.execute(
        "INSERT INTO load_status.fetches BY NAME SELECT ? AS cluster, ? AS tenant, "
        "? AS execution_id, 'r' AS run_id, ? AS fetched_at, 'loaded' AS outcome",
        [cluster, tenant, execution_id, at],
    )


def files(warehouse: Warehouse) -> dict[str, str]:
    """Path → source."""
    return {file.path: file.source for file in lake_files(warehouse.connection)}


def test_a_bucket_has_ten_thousand_ids(empty_warehouse: Warehouse) -> None:
    """Bucket b has the ids from b × 10,000 to b × 10,000 + 9,999."""
    for execution_id in (0, 9_999, 10_000, 25_000):
        add_execution(empty_warehouse, execution_id)
    assert list(files(empty_warehouse)) == [
        "lake/nodes/cluster=c/tenant=t/bucket=0/nodes.parquet",
        "lake/nodes/cluster=c/tenant=t/bucket=1/nodes.parquet",
        "lake/nodes/cluster=c/tenant=t/bucket=2/nodes.parquet",
        "lake/fetches/cluster=c/tenant=t/fetches.parquet",
    ]


def test_only_the_bucket_of_a_new_response_changes(empty_warehouse: Warehouse) -> None:
    """This includes new responses for known executions."""
    for execution_id in (1, 10_001, 20_001):
        add_execution(empty_warehouse, execution_id)
    before = files(empty_warehouse)
    add_execution(empty_warehouse, 10_002)
    empty_warehouse.connection.execute(
        "UPDATE load_status.nodes SET fetched_at = $at WHERE execution_id = 20001", {"at": LATER}
    )
    after = files(empty_warehouse)
    changed = [path for path in after if after[path] != before[path]]
    assert changed == [
        "lake/nodes/cluster=c/tenant=t/bucket=1/nodes.parquet",
        "lake/nodes/cluster=c/tenant=t/bucket=2/nodes.parquet",
        "lake/fetches/cluster=c/tenant=t/fetches.parquet",
    ]


def test_changes_have_files_of_their_own(empty_warehouse: Warehouse) -> None:
    """A bucket is rewritten only if one of its executions was seen to change."""

    def change(execution_id: int, at: datetime) -> None:
        empty_warehouse.connection.execute(
            "INSERT INTO load_status.status_changes BY NAME SELECT 'c' AS cluster, 't' AS tenant, "
            "? AS execution_id, '/p' AS path, 0 AS occurrence, 'changed' AS change, "
            "? - INTERVAL 1 MINUTE AS seen_after, ? AS seen_by, 'r' AS run_id",
            [execution_id, at, at],
        )

    for execution_id in (1, 10_001):
        add_execution(empty_warehouse, execution_id, at=LATER)
        change(execution_id, AT)
    before = files(empty_warehouse)
    change(10_001, LATER)
    after = files(empty_warehouse)
    path = "lake/status_changes/cluster=c/tenant=t/bucket={}/status_changes.parquet"
    assert [each for each in after if after[each] != before[each]] == [path.format(1)]
    assert path.format(0) in after


def test_a_source_does_not_depend_on_the_order_of_loading(
    empty_warehouse: Warehouse, tmp_path: Path
) -> None:
    """Otherwise a reloaded warehouse would rewrite all files."""
    for execution_id in (1, 2, 3):
        add_execution(empty_warehouse, execution_id)
    before = files(empty_warehouse)
    empty_warehouse.connection.execute("DELETE FROM load_status.nodes WHERE execution_id = 1")
    empty_warehouse.connection.execute("DELETE FROM load_status.fetches WHERE execution_id = 1")
    add_execution(empty_warehouse, 1)
    assert files(empty_warehouse) == before


@pytest.fixture
def lake(empty_warehouse: Warehouse, tmp_path: Path) -> Path:
    """A published directory with two clusters that have odd names."""
    for cluster, tenant in (("h:8443/x y", "Größe/1"), ("a=b%41", "007")):
        add_execution(empty_warehouse, 10_001, cluster=cluster, tenant=tenant)
    connection = empty_warehouse.connection
    create_empty_marts(connection)  # no test here reads them
    publish(connection, empty_warehouse.path, tmp_path / "it's")
    return tmp_path / "it's" / "lake"


CLUSTERS = [
    ("a=b%41", "007", 10_001, 0),
    ("a=b%41", "007", 10_001, 1),
    ("h:8443/x y", "Größe/1", 10_001, 0),
    ("h:8443/x y", "Größe/1", 10_001, 1),
]


def test_duckdb_reads_clusters_and_tenants_from_the_paths(lake: Path) -> None:
    """They are text if type detection is off."""
    pattern = f"{lake}/nodes/*/*/*/nodes.parquet".replace("'", "''")
    found = duckdb.execute(
        f"SELECT cluster, tenant, execution_id, node_id FROM read_parquet('{pattern}', "
        "hive_partitioning = true, hive_types_autocast = false) ORDER BY ALL"
    ).fetchall()
    assert found == CLUSTERS


def test_pyarrow_reads_clusters_and_tenants_from_the_paths(lake: Path) -> None:
    """They have the types of the given schema."""
    names = pa.schema([("cluster", pa.string()), ("tenant", pa.string()), ("bucket", pa.int64())])
    table = ds.dataset(
        lake / "nodes", partitioning=ds.partitioning(names, flavor="hive")
    ).to_table()
    rows: list[dict[str, Any]] = table.to_pylist()
    keys = ("cluster", "tenant", "execution_id", "node_id")
    assert sorted(tuple(row[key] for key in keys) for row in rows) == CLUSTERS
