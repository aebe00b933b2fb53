"""Rules for writing: the tables, the effect of a batch, and what remains of a run."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml

from incorta_loads.analysis.project import project_directory
from incorta_loads.base_tables import (
    BASE_TABLES,
    GRAINS,
    Batch,
    descriptions,
)
from incorta_loads.errors import WarehouseError
from incorta_loads.tree.decoding import decode
from incorta_loads.tree.flattening import Execution, flatten
from incorta_loads.warehouse.opening import table_columns
from incorta_loads.warehouse.roots import roots
from incorta_loads.warehouse.writing import Warehouse, open_for_writing
from support.base_rows import at, batch_of

Rows = list[tuple[Any, ...]]

SMALL = b'{"name":"Small","type":"LOAD_PLAN"}'
LARGE = (
    b'{"name":"Large","type":"LOAD_PLAN","childStatusDetails":'
    b'[{"name":"a","type":"GROUP"},{"name":"b","type":"GROUP"}]}'
)


@pytest.fixture
def warehouse(empty_warehouse: Warehouse) -> Warehouse:
    return empty_warehouse


def nodes(warehouse: Warehouse) -> Rows:
    return warehouse.connection.execute(
        "SELECT tenant, execution_id, node_id, name, fetched_at FROM load_status.nodes ORDER BY ALL"
    ).fetchall()


def ledger(warehouse: Warehouse) -> Rows:
    return warehouse.connection.execute(
        "SELECT execution_id, run_id, fetched_at, outcome FROM load_status.fetches ORDER BY ALL"
    ).fetchall()


def invalid_payloads(warehouse: Warehouse) -> Rows:
    return warehouse.connection.execute(
        "SELECT execution_id, body, run_id, fetched_at FROM load_status.invalid_payloads "
        "ORDER BY ALL"
    ).fetchall()


# --- Tables ---------------------------------------------------------------------------------------


def test_the_base_tables_match_the_design(warehouse_path: Path) -> None:
    """BI tools rely on names, columns and types."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        tables = table_columns(warehouse.connection, "load_status")
    assert {name: tables[name] for name in tables if not name.startswith("_dlt")} == {
        "nodes": {
            "cluster": "VARCHAR",
            "tenant": "VARCHAR",
            "execution_id": "BIGINT",
            "node_id": "BIGINT",
            "parent_id": "BIGINT",
            "last_descendant_id": "BIGINT",
            "depth": "BIGINT",
            "position": "BIGINT",
            "type": "VARCHAR",
            "name": "VARCHAR",
            "state_type": "VARCHAR",
            "job_status": "VARCHAR",
            "path": "VARCHAR",
            "load_plan": "VARCHAR",
            "group_name": "VARCHAR",
            "schema_name": "VARCHAR",
            "table_name": "VARCHAR",
            "extra": "VARCHAR",
            "fetched_at": "TIMESTAMP WITH TIME ZONE",
        },
        "fetches": {
            "cluster": "VARCHAR",
            "tenant": "VARCHAR",
            "execution_id": "BIGINT",
            "run_id": "VARCHAR",
            "fetched_at": "TIMESTAMP WITH TIME ZONE",
            "outcome": "VARCHAR",
            "http_status": "BIGINT",
            "message": "VARCHAR",
            "attempts": "BIGINT",
            "duration_ms": "BIGINT",
            "bytes": "BIGINT",
            "is_final": "BOOLEAN",
        },
        "invalid_payloads": {
            "cluster": "VARCHAR",
            "tenant": "VARCHAR",
            "execution_id": "BIGINT",
            "body_sha256": "VARCHAR",
            "run_id": "VARCHAR",
            "fetched_at": "TIMESTAMP WITH TIME ZONE",
            "error": "VARCHAR",
            "body": "BLOB",
            "bytes": "BIGINT",
        },
        "status_changes": {
            "cluster": "VARCHAR",
            "tenant": "VARCHAR",
            "execution_id": "BIGINT",
            "type": "VARCHAR",
            "path": "VARCHAR",
            "occurrence": "BIGINT",
            "load_plan": "VARCHAR",
            "group_name": "VARCHAR",
            "schema_name": "VARCHAR",
            "table_name": "VARCHAR",
            "change": "VARCHAR",
            "previous_state_type": "VARCHAR",
            "previous_job_status": "VARCHAR",
            "state_type": "VARCHAR",
            "job_status": "VARCHAR",
            "seen_after": "TIMESTAMP WITH TIME ZONE",
            "seen_by": "TIMESTAMP WITH TIME ZONE",
            "run_id": "VARCHAR",
        },
        "alerts": {
            "cluster": "VARCHAR",
            "tenant": "VARCHAR",
            "schema_name": "VARCHAR",
            "table_name": "VARCHAR",
            "state": "VARCHAR",
            "since_execution_id": "BIGINT",
            "event_id": "VARCHAR",
            "run_id": "VARCHAR",
            "announced_at": "TIMESTAMP WITH TIME ZONE",
            "missed": "VARCHAR",
            "load_plan": "VARCHAR",
        },
    }


def comments(warehouse: Warehouse) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, column, comment in warehouse.connection.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() "
        "WHERE schema_name = 'load_status' AND NOT starts_with(table_name, '_dlt') "
        "ORDER BY table_name, column_index"
    ).fetchall():
        found.setdefault(table, {})[column] = comment
    return found


def test_each_column_has_a_comment(warehouse: Warehouse) -> None:
    """BI tools show these comments."""
    assert comments(warehouse) == {
        name: descriptions(schema) for name, schema in BASE_TABLES.items()
    }
    assert comments(warehouse)["nodes"]["parent_id"] == (
        "node_id of the parent; NULL for the root."
    )


def test_each_table_has_a_comment_about_its_rows(warehouse: Warehouse) -> None:
    """The comment equals the description in the SQL project, if there is one."""
    found = dict(
        warehouse.connection.execute(
            "SELECT table_name, comment FROM duckdb_tables() WHERE comment IS NOT NULL"
        ).fetchall()
    )
    assert found == GRAINS
    assert found.keys() == BASE_TABLES.keys()
    sources = project_directory() / "models/staging/load_status.yml"
    [source] = yaml.safe_load(sources.read_text())["sources"]
    for table in source["tables"]:
        assert table["description"] == GRAINS[table["name"]]


def test_missing_comments_are_added_by_the_next_run(warehouse_path: Path) -> None:
    """A kill may have left them out; comments of another version are replaced."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        warehouse.connection.execute("COMMENT ON COLUMN load_status.nodes.name IS 'something else'")
        warehouse.connection.execute("COMMENT ON COLUMN load_status.nodes.path IS NULL")
        warehouse.connection.execute("COMMENT ON COLUMN load_status.fetches.bytes IS NULL")
    with open_for_writing(warehouse_path, 5) as warehouse:
        expected = {name: descriptions(schema) for name, schema in BASE_TABLES.items()}
        assert comments(warehouse) == expected


def test_opening_again_changes_nothing(warehouse_path: Path) -> None:
    """Neither rows nor dlt's own tables change."""
    everything = (
        "SELECT (SELECT count(*) FROM load_status.nodes), "
        "(SELECT count(*) FROM load_status._dlt_loads)"
    )
    with open_for_writing(warehouse_path, 5) as warehouse:
        warehouse.load(batch_of("run-1", 1, trees={1: LARGE}))
        before = warehouse.connection.execute(everything).fetchall()
        assert before[0][0] == 3
    with open_for_writing(warehouse_path, 5) as warehouse:
        assert warehouse.connection.execute(everything).fetchall() == before


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE load_status.nodes (cluster VARCHAR)",
        "CREATE TABLE load_status.fetches (cluster INTEGER)",
        "CREATE VIEW load_status.invalid_payloads AS SELECT 1 AS cluster",
    ],
)
def test_tables_with_other_columns_are_not_modified(warehouse_path: Path, statement: str) -> None:
    """No table is added to them, even if the others are missing."""
    with duckdb.connect(warehouse_path) as connection:
        connection.execute("CREATE SCHEMA load_status")
        connection.execute(statement)
        before = table_columns(connection, "load_status")
    table = statement.split()[2]
    with (
        pytest.raises(WarehouseError, match=rf"The table {table} in .* has other columns than"),
        open_for_writing(warehouse_path, 5),
    ):
        pass
    with duckdb.connect(warehouse_path) as connection:
        assert table_columns(connection, "load_status") == before


# --- The effect of a batch ------------------------------------------------------------------------


def test_new_executions_are_added_and_known_ones_replaced(warehouse: Warehouse) -> None:
    """No row of a larger tree remains, and other executions are not modified."""
    warehouse.load(batch_of("run-1", 1, trees={1: LARGE, 2: LARGE}))
    warehouse.load(batch_of("run-1", 1, trees={1: LARGE}, tenant="other"))
    warehouse.load(batch_of("run-2", 2, trees={1: SMALL, 3: SMALL}))
    assert nodes(warehouse) == [
        ("other", 1, 0, "Large", at(1)),
        ("other", 1, 1, "a", at(1)),
        ("other", 1, 2, "b", at(1)),
        ("t", 1, 0, "Small", at(2)),
        ("t", 2, 0, "Large", at(1)),
        ("t", 2, 1, "a", at(1)),
        ("t", 2, 2, "b", at(1)),
        ("t", 3, 0, "Small", at(2)),
    ]


def test_every_cell_is_stored_unchanged(warehouse: Warehouse) -> None:
    """Nulls, empty texts, any script, JSON of undocumented fields and microseconds are kept."""
    body = (
        '{"name":"","type":null,"status":{"stateType":"Größe","jobStatus":"\'\\n\\\\"},'
        '"x":[1.50,null],"childStatusDetails":[{"name":"日本/~"}]}'
    ).encode()
    fetched_at = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
    table = flatten([Execution(2**63 - 1, fetched_at, decode(body))], cluster="c", tenant="Ä")
    warehouse.load(Batch(nodes=table))
    found = warehouse.connection.execute(
        "SELECT * FROM load_status.nodes ORDER BY node_id"
    ).to_arrow_table()
    assert found.to_pylist() == table.to_pylist()
    assert table["extra"].to_pylist() == ['{"x":[1.50,null]}', None]


def test_the_ledger_grows_by_one_row_per_id_and_run(warehouse: Warehouse) -> None:
    """Rows of previous runs do not change."""
    warehouse.load(batch_of("run-1", 1, trees={1: SMALL}, others={2: "not_found"}))
    warehouse.load(batch_of("run-2", 2, trees={1: SMALL}, others={2: "unavailable"}))
    assert ledger(warehouse) == [
        (1, "run-1", at(1), "loaded"),
        (1, "run-2", at(2), "loaded"),
        (2, "run-1", at(1), "not_found"),
        (2, "run-2", at(2), "unavailable"),
    ]


def test_an_invalid_payload_changes_no_nodes_and_is_kept_once(warehouse: Warehouse) -> None:
    """The first row of a body and an id is kept; another body is added."""
    warehouse.load(batch_of("run-1", 1, trees={1: LARGE}))
    before = nodes(warehouse)
    warehouse.load(batch_of("run-2", 2, bodies={1: b"<html>", 2: b"<html>"}))
    warehouse.load(batch_of("run-3", 3, bodies={1: b"<html>"}))
    warehouse.load(batch_of("run-4", 4, bodies={1: b""}))
    assert nodes(warehouse) == before
    assert invalid_payloads(warehouse) == [
        (1, b"", "run-4", at(4)),
        (1, b"<html>", "run-2", at(2)),
        (2, b"<html>", "run-2", at(2)),
    ]


def test_a_long_write_ahead_log_is_checkpointed(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint happens during the run, since the log is also held in memory."""
    log = Path(f"{warehouse.path}.wal")
    warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
    assert log.stat().st_size > 0
    monkeypatch.setattr("incorta_loads.warehouse.memory._MOST_LOG_BYTES", 0)
    warehouse.load(batch_of("run-2", 2, trees={2: SMALL}))
    assert not log.exists()


def test_an_unusable_working_directory_is_reported(warehouse_path: Path) -> None:
    """The error is one sentence of this program, as on a disk that is nearly full."""
    with open_for_writing(warehouse_path, 5):
        pass
    with open_for_writing(warehouse_path, 5) as warehouse:
        Path(f"{warehouse_path}.work").write_text("")
        with pytest.raises(
            WarehouseError, match=r"could not be written \(.*\); what was committed"
        ):
            warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
        Path(f"{warehouse_path}.work").unlink()


def test_files_of_a_load_are_never_below_a_name_with_an_equals_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB would take `cluster=evil` for a column, and its value for that of every row."""
    elsewhere = tmp_path / "cluster=evil"
    home = tmp_path / "50% done"
    for each in (elsewhere, home):
        each.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    with (
        pytest.raises(WarehouseError, match="set TMPDIR to another directory"),
        open_for_writing(home / "w.duckdb", 5),
    ):
        pass
    assert list(home.glob("*.duckdb")) == []


def test_an_empty_batch_changes_nothing(warehouse: Warehouse) -> None:
    """A batch without rows loads nothing."""
    warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
    before = nodes(warehouse), ledger(warehouse), invalid_payloads(warehouse)
    warehouse.load(Batch())
    assert (nodes(warehouse), ledger(warehouse), invalid_payloads(warehouse)) == before


def test_signal_handlers_stay_unchanged(warehouse: Warehouse) -> None:
    """A signal ends a run after its batch, so dlt must not handle it."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def with_wrong_type(table: pa.Table) -> pa.Table:
    texts = pc.cast(table["fetched_at"], pa.string())
    return table.set_column(table.schema.get_field_index("fetched_at"), "fetched_at", texts)


def with_another_column(table: pa.Table) -> pa.Table:
    return table.append_column("surprise", pa.array([1] * table.num_rows))


def without_a_column(table: pa.Table) -> pa.Table:
    return table.drop_columns(["fetched_at"])


@pytest.mark.parametrize("spoil", [with_wrong_type, with_another_column, without_a_column])
def test_a_batch_with_wrong_columns_is_not_loaded_at_all(
    warehouse: Warehouse, spoil: Callable[[pa.Table], pa.Table]
) -> None:
    """Neither its nodes, nor its invalid payloads, nor its ledger rows are loaded."""
    warehouse.load(batch_of("run-1", 1, trees={1: LARGE}))
    before = nodes(warehouse), ledger(warehouse)
    good = batch_of("run-2", 2, trees={1: SMALL, 2: SMALL}, bodies={3: b"<html>"})
    with pytest.raises(WarehouseError) as caught:
        warehouse.load(Batch(spoil(good.nodes), good.invalid_payloads, good.fetches))
    assert str(caught.value) == (
        f"The warehouse {warehouse.path} could not be written (the rows for nodes have other "
        "columns or types than the table); what was committed before is kept, and the next run "
        "requests the rest."
    )
    assert (nodes(warehouse), ledger(warehouse)) == before
    assert invalid_payloads(warehouse) == []


def test_a_failed_batch_does_not_affect_later_ones(warehouse: Warehouse) -> None:
    """Rows that DuckDB refused are not loaded again with the next batch."""
    warehouse.connection.execute("CREATE UNIQUE INDEX one_each ON load_status.nodes (name)")
    with pytest.raises(WarehouseError, match=r"could not be written \(Constraint Error: "):
        warehouse.load(batch_of("run-1", 1, trees={1: SMALL, 2: SMALL}))
    warehouse.connection.execute("DROP INDEX load_status.one_each")
    warehouse.load(batch_of("run-2", 2, trees={2: SMALL}))
    assert nodes(warehouse) == [("t", 2, 0, "Small", at(2))]
    assert ledger(warehouse) == [(2, "run-2", at(2), "loaded")]


def test_the_ledger_is_written_after_its_nodes(warehouse: Warehouse) -> None:
    """If the ledger cannot be written, the nodes are already committed."""
    good = batch_of("run-1", 1, trees={1: SMALL}, bodies={2: b"<html>"})
    with pytest.raises(WarehouseError):
        warehouse.load(Batch(good.nodes, good.invalid_payloads, with_wrong_type(good.fetches)))
    assert nodes(warehouse) == [("t", 1, 0, "Small", at(1))]
    assert invalid_payloads(warehouse) == [(2, b"<html>", "run-1", at(1))]
    assert ledger(warehouse) == []


# --- Ledger rows missing after a kill -------------------------------------------------------------


def restored(warehouse: Warehouse, run_id: str) -> int:
    """The number of missing ledger rows, which are written under this run id."""
    with roots(warehouse.connection):
        return warehouse.restore_ledger(run_id)


def test_missing_ledger_rows_are_restored(warehouse: Warehouse) -> None:
    """Each response whose nodes are loaded gets one row, and no other."""
    loaded = batch_of("run-1", 1, trees={1: SMALL, 2: SMALL, 3: LARGE})
    warehouse.load(batch_of("run-0", 0, others={2: "unavailable", 4: "unavailable"}))
    warehouse.load(Batch(loaded.nodes, fetches=loaded.fetches.slice(0, 1)))
    assert [row[0] for row in ledger(warehouse)] == [1, 2, 4]

    assert restored(warehouse, "run-2") == 2
    assert restored(warehouse, "run-3") == 0
    assert ledger(warehouse) == [
        (1, "run-1", at(1), "loaded"),
        (2, "run-0", at(0), "unavailable"),
        (2, "run-2", at(1), "loaded"),
        (3, "run-2", at(1), "loaded"),
        (4, "run-0", at(0), "unavailable"),
    ]


def test_a_restored_row_is_marked(warehouse: Warehouse) -> None:
    """Values that are no longer known are null."""
    warehouse.load(Batch(nodes=batch_of("run-1", 1, trees={7: LARGE}).nodes))
    restored(warehouse, "run-2")
    (row,) = warehouse.connection.execute(
        "SELECT * FROM load_status.fetches"
    ).to_arrow_table().to_pylist()  # fmt: skip
    assert row == {
        "cluster": "c",
        "tenant": "t",
        "execution_id": 7,
        "run_id": "run-2",
        "fetched_at": at(1),
        "outcome": "loaded",
        "http_status": 200,
        "message": "row restored: an earlier run ended before writing it",
        "attempts": None,
        "duration_ms": None,
        "bytes": None,
        "is_final": False,
    }


def test_a_restored_row_has_is_final_from_the_nodes(warehouse: Warehouse) -> None:
    """Per execution of each tenant, whatever the spelling of the states."""
    ended = b'{"status":{"stateType":" TERMINATOR state "},"childStatusDetails":[%s]}'
    running = b'{"status":{"stateType":"Load State"}}'
    trees = {1: ended % b"{}", 2: ended % running, 3: running}
    for tenant, of_tenant in {"a": trees, "b": {2: ended % b""}}.items():
        batch = batch_of("run-1", 1, trees=of_tenant, tenant=tenant)
        warehouse.load(Batch(nodes=batch.nodes))
    assert restored(warehouse, "run-2") == 4
    assert warehouse.connection.execute(
        "SELECT tenant, execution_id, is_final FROM load_status.fetches ORDER BY ALL"
    ).fetchall() == [("a", 1, True), ("a", 2, False), ("a", 3, False), ("b", 2, True)]


def test_a_response_that_replaced_another_gets_its_own_row(warehouse: Warehouse) -> None:
    """The row of the previous response does not count for it."""
    warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
    warehouse.load(batch_of("run-2", 2, trees={1: LARGE}))
    warehouse.connection.execute("DELETE FROM load_status.fetches WHERE run_id = 'run-2'")
    assert restored(warehouse, "run-3") == 1
    assert ledger(warehouse) == [(1, "run-1", at(1), "loaded"), (1, "run-3", at(2), "loaded")]


# --- Older versions -------------------------------------------------------------------------------


def test_a_ledger_without_is_final_gets_the_column(warehouse_path: Path) -> None:
    """Its rows have NULL there, and loading continues."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
        warehouse.connection.execute("ALTER TABLE load_status.fetches DROP COLUMN is_final")
    with open_for_writing(warehouse_path, 5) as warehouse:
        warehouse.load(batch_of("run-2", 2, trees={2: SMALL}, is_final=True))
        assert warehouse.connection.execute(
            "SELECT execution_id, is_final FROM load_status.fetches ORDER BY ALL"
        ).fetchall() == [(1, None), (2, True)]


def test_alerts_without_load_plan_get_the_column(warehouse_path: Path) -> None:
    """As warehouses of versions before durations have them."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        warehouse.connection.execute("ALTER TABLE load_status.alerts DROP COLUMN load_plan")
    with open_for_writing(warehouse_path, 5) as warehouse:
        assert "load_plan" in table_columns(warehouse.connection, "load_status")["alerts"]


def test_a_table_that_is_rejected_gets_no_column(warehouse_path: Path) -> None:
    """A warehouse of another program is not changed."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        warehouse.connection.execute("ALTER TABLE load_status.fetches DROP COLUMN is_final")
        warehouse.connection.execute("ALTER TABLE load_status.nodes ADD COLUMN theirs INTEGER")
    with (
        pytest.raises(WarehouseError, match="has other columns"),
        open_for_writing(warehouse_path, 5),
    ):
        pass
    with duckdb.connect(warehouse_path, read_only=True) as connection:
        assert "is_final" not in table_columns(connection, "load_status")["fetches"]


# --- Files ----------------------------------------------------------------------------------------


def test_only_the_warehouse_and_its_lock_remain(warehouse_path: Path) -> None:
    """The working directory is removed at the end, also after an error."""
    stale = Path(f"{warehouse_path}.work") / "incorta_loads" / "load" / "normalized" / "1.2"
    stale.mkdir(parents=True)
    (stale / "package_state.json").write_text("nonsense")
    with open_for_writing(warehouse_path, 5) as warehouse:
        assert not stale.exists()
        warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
        assert nodes(warehouse) == [("t", 1, 0, "Small", at(1))]

    def fail() -> None:
        with open_for_writing(warehouse_path, 5) as warehouse:
            warehouse.load(batch_of("run-2", 2, trees={2: SMALL}))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    names = sorted(each.name for each in warehouse_path.parent.iterdir())
    assert names == ["warehouse.duckdb", "warehouse.duckdb.lock"]
    with duckdb.connect(warehouse_path, read_only=True) as connection:
        ids = connection.execute("SELECT execution_id FROM load_status.nodes ORDER BY 1").fetchall()
    assert ids == [(1,), (2,)]


def test_a_path_with_quotes_works(tmp_path: Path) -> None:
    """dlt writes file names into SQL, which must not break it."""
    directory = tmp_path / 'o\'d d "q" ünï 日本'
    directory.mkdir()
    with open_for_writing(directory / "it's.duckdb", 1) as warehouse:
        warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
        found = warehouse.connection.execute("SELECT count(*) FROM load_status.fetches").fetchone()
    assert found == (1,)
    assert sorted(path.name for path in directory.iterdir()) == ["it's.duckdb", "it's.duckdb.lock"]
