"""Rules of the warehouse: its tables, what a batch changes, who may have it open."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from incorta_loads.base_tables import FETCHES, INVALID_PAYLOADS, TABLES, descriptions
from incorta_loads.batches import Batch
from incorta_loads.errors import BusyError, WarehouseError
from incorta_loads.status_json import decode
from incorta_loads.status_tree import Execution, flatten
from incorta_loads.warehouse import (
    Warehouse,
    open_for_reading,
    open_for_writing,
    reading,
    table_columns,
)

Rows = list[tuple[Any, ...]]

SMALL = b'{"name":"Small","type":"LOAD_PLAN"}'
LARGE = (
    b'{"name":"Large","type":"LOAD_PLAN","childStatusDetails":'
    b'[{"name":"a","type":"GROUP"},{"name":"b","type":"GROUP"}]}'
)


@pytest.fixture
def warehouse(empty_warehouse: Warehouse) -> Warehouse:
    return empty_warehouse


def at(minute: int) -> datetime:
    return datetime(2026, 11, 23, 12, minute, tzinfo=UTC)


def batch_of(
    run_id: str,
    minute: int,
    *,
    trees: Mapping[int, bytes] | None = None,
    bodies: Mapping[int, bytes] | None = None,
    others: Mapping[int, str] | None = None,
    tenant: str = "t",
) -> Batch:
    """What a run would make of trees, of bodies that are none and of other outcomes, by id."""
    trees, bodies, others = trees or {}, bodies or {}, others or {}
    executions = [Execution(each, at(minute), decode(body)) for each, body in trees.items()]
    outcomes = {
        **dict.fromkeys(trees, "loaded"),
        **dict.fromkeys(bodies, "invalid_payload"),
        **others,
    }
    shared = {"cluster": "c", "tenant": tenant, "run_id": run_id, "fetched_at": at(minute)}
    no_trees = [
        shared
        | {"execution_id": each, "body": body, "bytes": len(body), "error": "no tree"}
        | {"body_sha256": body.hex()}
        for each, body in bodies.items()
    ]
    ledger = [
        shared | {"execution_id": each, "outcome": outcome, "attempts": 1, "duration_ms": 5}
        for each, outcome in outcomes.items()
    ]
    return Batch(
        flatten(executions, cluster="c", tenant=tenant),
        pa.Table.from_pylist(no_trees, INVALID_PAYLOADS),
        pa.Table.from_pylist(ledger, FETCHES),
    )


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


def test_the_base_tables_are_as_designed(warehouse_path: Path) -> None:
    """Their names, columns and types in full: BI tools rely on them."""
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


def test_each_column_says_what_it_means(warehouse: Warehouse) -> None:
    """As a comment, which BI tools show."""
    assert comments(warehouse) == {name: descriptions(schema) for name, schema in TABLES.items()}
    assert comments(warehouse)["nodes"]["parent_id"] == (
        "node_id of the parent; NULL for the root."
    )


def test_comments_that_a_kill_left_out_come_with_the_next_run(warehouse_path: Path) -> None:
    """A run may end between making a table and describing it."""
    with open_for_writing(warehouse_path, 5) as warehouse:
        warehouse.connection.execute("COMMENT ON COLUMN load_status.nodes.path IS NULL")
        warehouse.connection.execute("COMMENT ON COLUMN load_status.fetches.bytes IS NULL")
    with open_for_writing(warehouse_path, 5) as warehouse:
        expected = {name: descriptions(schema) for name, schema in TABLES.items()}
        assert comments(warehouse) == expected


def test_opening_again_changes_nothing(warehouse_path: Path) -> None:
    """Neither rows nor dlt's own notes."""
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
def test_tables_with_other_columns_are_left_alone(warehouse_path: Path, statement: str) -> None:
    """Even where the others are missing: nothing is added to them."""
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


# --- What a batch changes -------------------------------------------------------------------------


def test_new_executions_are_added_and_known_ones_replaced(warehouse: Warehouse) -> None:
    """No row of a longer tree stays, and no other execution is touched."""
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


def test_every_cell_arrives_as_it_was(warehouse: Warehouse) -> None:
    """Nulls, empty texts, any script, the JSON of undocumented fields, microseconds."""
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


def test_the_ledger_grows_by_a_row_an_id_and_run(warehouse: Warehouse) -> None:
    """Nothing that was written about an earlier run changes."""
    warehouse.load(batch_of("run-1", 1, trees={1: SMALL}, others={2: "not_found"}))
    warehouse.load(batch_of("run-2", 2, trees={1: SMALL}, others={2: "unavailable"}))
    assert ledger(warehouse) == [
        (1, "run-1", at(1), "loaded"),
        (1, "run-2", at(2), "loaded"),
        (2, "run-1", at(1), "not_found"),
        (2, "run-2", at(2), "unavailable"),
    ]


def test_a_body_that_is_no_tree_changes_no_nodes_and_is_kept_once(warehouse: Warehouse) -> None:
    """The same body of the same id stays as it came first; another one comes beside it."""
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


def test_an_empty_batch_changes_nothing(warehouse: Warehouse) -> None:
    """There is nothing to load in it."""
    warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
    before = nodes(warehouse), ledger(warehouse), invalid_payloads(warehouse)
    warehouse.load(Batch())
    assert (nodes(warehouse), ledger(warehouse), invalid_payloads(warehouse)) == before


def test_the_handling_of_signals_stays_as_it_is(warehouse: Warehouse) -> None:
    """A signal ends a run after its batch: dlt must not take it over."""
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
def test_rows_that_do_not_fit_are_not_loaded_at_all(
    warehouse: Warehouse, spoil: Callable[[pa.Table], pa.Table]
) -> None:
    """Neither the nodes, nor what travels with them, nor the ledger that speaks of them."""
    warehouse.load(batch_of("run-1", 1, trees={1: LARGE}))
    before = nodes(warehouse), ledger(warehouse)
    good = batch_of("run-2", 2, trees={1: SMALL, 2: SMALL}, bodies={3: b"<html>"})
    with pytest.raises(WarehouseError) as caught:
        warehouse.load(Batch(spoil(good.nodes), good.invalid_payloads, good.fetches))
    assert str(caught.value) == (
        f"The warehouse {warehouse.path} could not be written (the rows for nodes have other "
        "columns or types than the table); what was committed before is kept, and the next run "
        "asks for the rest."
    )
    assert (nodes(warehouse), ledger(warehouse)) == before
    assert invalid_payloads(warehouse) == []


def test_a_failure_does_not_spoil_the_batches_after_it(warehouse: Warehouse) -> None:
    """What DuckDB refused is not tried again in place of what comes next."""
    warehouse.connection.execute("CREATE UNIQUE INDEX one_each ON load_status.nodes (name)")
    with pytest.raises(WarehouseError, match=r"could not be written \(Constraint Error: "):
        warehouse.load(batch_of("run-1", 1, trees={1: SMALL, 2: SMALL}))
    warehouse.connection.execute("DROP INDEX load_status.one_each")
    warehouse.load(batch_of("run-2", 2, trees={2: SMALL}))
    assert nodes(warehouse) == [("t", 2, 0, "Small", at(2))]
    assert ledger(warehouse) == [(2, "run-2", at(2), "loaded")]


def test_the_ledger_follows_its_nodes(warehouse: Warehouse) -> None:
    """Where the ledger cannot be written, the nodes are already there."""
    good = batch_of("run-1", 1, trees={1: SMALL}, bodies={2: b"<html>"})
    with pytest.raises(WarehouseError):
        warehouse.load(Batch(good.nodes, good.invalid_payloads, with_wrong_type(good.fetches)))
    assert nodes(warehouse) == [("t", 1, 0, "Small", at(1))]
    assert invalid_payloads(warehouse) == [(2, b"<html>", "run-1", at(1))]
    assert ledger(warehouse) == []


# --- Rows of the ledger that a kill left out ------------------------------------------------------


def test_ledger_rows_that_are_missing_are_written(warehouse: Warehouse) -> None:
    """For each answer that is in the nodes, and for no other; once."""
    loaded = batch_of("run-1", 1, trees={1: SMALL, 2: SMALL, 3: LARGE})
    warehouse.load(batch_of("run-0", 0, others={2: "unavailable", 4: "unavailable"}))
    warehouse.load(Batch(loaded.nodes, fetches=loaded.fetches.slice(0, 1)))
    assert [row[0] for row in ledger(warehouse)] == [1, 2, 4]

    assert warehouse.restore_ledger("run-2") == 2
    assert warehouse.restore_ledger("run-3") == 0
    assert ledger(warehouse) == [
        (1, "run-1", at(1), "loaded"),
        (2, "run-0", at(0), "unavailable"),
        (2, "run-2", at(1), "loaded"),
        (3, "run-2", at(1), "loaded"),
        (4, "run-0", at(0), "unavailable"),
    ]


def test_a_restored_row_says_that_it_is_one(warehouse: Warehouse) -> None:
    """What was not known any more is null."""
    warehouse.load(Batch(nodes=batch_of("run-1", 1, trees={7: LARGE}).nodes))
    warehouse.restore_ledger("run-2")
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
        "message": "row restored: an earlier run was ended before it was written",
        "attempts": None,
        "duration_ms": None,
        "bytes": None,
    }


def test_an_answer_that_replaced_another_gets_its_own_row(warehouse: Warehouse) -> None:
    """The row of the answer before it does not stand for it."""
    warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
    warehouse.load(Batch(nodes=batch_of("run-2", 2, trees={1: LARGE}).nodes))
    assert warehouse.restore_ledger("run-3") == 1
    assert ledger(warehouse) == [(1, "run-1", at(1), "loaded"), (1, "run-3", at(2), "loaded")]


# --- One at a time --------------------------------------------------------------------------------

_HOLD_WAREHOUSE = """
import pathlib, sys
from incorta_loads.warehouse import open_for_writing
with open_for_writing(pathlib.Path(sys.argv[1]), 5) as warehouse:
    warehouse.connection.execute("CREATE TABLE main.held AS SELECT 1 AS one")
    print("held", flush=True)
    sys.stdin.read()
"""
_HOLD_FILE = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read only"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(code: str, path: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the file until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process


def test_who_comes_second_is_told_who_is_first(made_warehouse: Path, warehouse_path: Path) -> None:
    """After the time to wait, with an exit code of its own; the first goes on undisturbed."""
    shutil.copyfile(made_warehouse, warehouse_path)
    with another_process(_HOLD_WAREHOUSE, warehouse_path) as first:
        for opened in (open_for_writing, open_for_reading):
            begin = monotonic()
            with pytest.raises(BusyError) as caught, opened(warehouse_path, 0.2):
                pass
            assert 0.2 <= monotonic() - begin < 5
            assert caught.value.exit_code == 8
            assert str(caught.value) == (
                f"The warehouse {warehouse_path} is in use (process {first.pid}) and was still so "
                "after 0.2 s; nothing was changed: try again when that has ended."
            )
        assert first.stdin
        first.stdin.close()
        assert first.wait(timeout=20) == 0
    with open_for_reading(warehouse_path, 5) as connection:
        assert connection.execute("SELECT one FROM main.held").fetchall() == [(1,)]


def test_who_waits_gets_in_when_the_first_is_done(
    made_warehouse: Path, warehouse_path: Path
) -> None:
    """Well before the time to wait is over."""
    shutil.copyfile(made_warehouse, warehouse_path)
    with another_process(_HOLD_WAREHOUSE, warehouse_path) as first:
        assert first.stdin
        first.stdin.close()
        with open_for_writing(warehouse_path, 60) as warehouse:
            assert warehouse.connection.execute("SELECT one FROM main.held").fetchall() == [(1,)]


def test_a_process_that_was_killed_holds_nothing(warehouse_path: Path) -> None:
    """Neither the lock nor the file, and its working directory is not used."""
    with another_process(_HOLD_WAREHOUSE, warehouse_path) as first:
        working = Path(f"{warehouse_path}.work")
        assert working.is_dir()
        first.kill()
        assert first.wait(timeout=20) == -signal.SIGKILL
        assert working.is_dir()
    with open_for_writing(warehouse_path, 0) as warehouse:
        warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
        assert nodes(warehouse) == [("t", 1, 0, "Small", at(1))]
    assert not working.exists()


@pytest.mark.parametrize("timeout_seconds", [0, 0.3])
@pytest.mark.parametrize("mode", ["read only", "writing"])
def test_a_file_that_another_program_has_open_is_busy(
    warehouse_path: Path, timeout_seconds: float, mode: str
) -> None:
    """A BI tool knows nothing of the lock; DuckDB tells its process."""
    with duckdb.connect(warehouse_path) as connection:
        connection.execute("CREATE TABLE other AS SELECT 1")
    with another_process(_HOLD_FILE, warehouse_path, mode) as other:
        begin = monotonic()
        with (
            pytest.raises(BusyError) as caught,
            open_for_writing(warehouse_path, timeout_seconds),
        ):
            pass
        assert timeout_seconds <= monotonic() - begin < 10
    assert f"(PID {other.pid})) and was still so after {timeout_seconds:g} s" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reading_beside_a_program_that_reads_is_possible(warehouse_path: Path) -> None:
    """Only a writer needs the file for itself."""
    with duckdb.connect(warehouse_path) as connection:
        connection.execute("CREATE TABLE other AS SELECT 1 AS one")
    with (
        another_process(_HOLD_FILE, warehouse_path, "read only"),
        open_for_reading(warehouse_path, 0) as connection,
    ):
        assert connection.execute("SELECT one FROM other").fetchall() == [(1,)]


# --- Files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"hi", b"a,b\n1,2\n" * 9999, b"SQLite format 3\0" + bytes(4080)],
    ids=["short", "text", "SQLite"],
)
def test_a_file_of_another_kind_is_left_alone(warehouse_path: Path, content: bytes) -> None:
    """Not a byte changes, and nothing is downloaded to read it."""
    warehouse_path.write_bytes(content)
    for opened in (open_for_writing, open_for_reading):
        with (
            pytest.raises(WarehouseError, match="is not a DuckDB file and was left alone"),
            opened(warehouse_path, 5),
        ):
            pass
    assert warehouse_path.read_bytes() == content
    assert not Path(f"{warehouse_path}.wal").exists()
    assert not Path(f"{warehouse_path}.work").exists()


def test_a_damaged_file_is_left_alone(warehouse_path: Path) -> None:
    """The message says what DuckDB has against it."""
    with duckdb.connect(warehouse_path) as connection:
        connection.execute("CREATE TABLE other AS SELECT 1")
    content = warehouse_path.read_bytes()
    content = content[:12] + bytes(100) + content[112:]
    warehouse_path.write_bytes(content)
    with (
        pytest.raises(WarehouseError, match="cannot be opened and was left alone: "),
        open_for_writing(warehouse_path, 5),
    ):
        pass
    assert warehouse_path.read_bytes() == content


@pytest.mark.parametrize("place", ["missing/warehouse.duckdb", "file/warehouse.duckdb"])
def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path, place: str) -> None:
    """It is more likely a typing error."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(WarehouseError, match="is no directory; create it, or set DESTINATION__"),
        open_for_writing(tmp_path / place, 5),
    ):
        pass
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("must_exist", [True, False])
def test_what_needs_a_warehouse_does_not_make_one(
    warehouse_path: Path, monkeypatch: pytest.MonkeyPatch, must_exist: bool
) -> None:
    """Reading one that is not there leaves no file behind."""
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(warehouse_path))
    opened = open_for_writing(warehouse_path, 5, must_exist=True) if must_exist else reading()
    with (
        pytest.raises(WarehouseError, match=r"There is no warehouse at .*; run incorta-loads"),
        opened,
    ):
        pass
    assert list(warehouse_path.parent.iterdir()) == []


def test_nothing_but_the_warehouse_and_its_lock_stays(warehouse_path: Path) -> None:
    """The working directory goes at the end, be it a good one or not."""
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


# --- Reading and nothing else ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded_path(made_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one execution."""
    path = tmp_path_factory.mktemp("loaded") / "warehouse.duckdb"
    shutil.copyfile(made_warehouse, path)
    with open_for_writing(path, 5) as warehouse:
        warehouse.load(batch_of("run-1", 1, trees={1: LARGE}))
    return path


@pytest.fixture
def reader(loaded_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_for_reading(loaded_path, 5) as connection:
        yield connection


def test_a_reader_can_ask_anything_of_the_warehouse(reader: duckdb.DuckDBPyConnection) -> None:
    """Windows, JSON, temporary tables: whatever needs nothing from outside. Times are UTC."""
    assert reader.execute(
        "SELECT name, row_number() OVER (ORDER BY node_id), fetched_at::VARCHAR "
        "FROM load_status.nodes ORDER BY node_id"
    ).fetchall() == [
        ("Large", 1, "2026-11-23 12:01:00+00"),
        ("a", 2, "2026-11-23 12:01:00+00"),
        ("b", 3, "2026-11-23 12:01:00+00"),
    ]
    reader.execute("CREATE TEMP TABLE mine AS SELECT json_extract('{\"a\":1}', 'a') AS a")
    assert reader.execute("SELECT a FROM mine").fetchall() == [("1",)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO load_status.fetches SELECT * FROM load_status.fetches",
        "DELETE FROM load_status.nodes",
        "DROP TABLE load_status.nodes",
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW load_status.v AS SELECT 1",
        "COMMENT ON TABLE load_status.nodes IS 'x'",
    ],
)
def test_a_reader_changes_nothing(reader: duckdb.DuckDBPyConnection, statement: str) -> None:
    """The database is attached for reading."""
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        reader.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM glob('{directory}/*')",
        "COPY (SELECT 1) TO '{directory}/out.csv'",
        "EXPORT DATABASE '{directory}/out'",
        "ATTACH '{directory}/out.duckdb'",
        "ATTACH '{secret}' AS secret (TYPE sqlite)",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TEMP TABLE t AS SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_text('https://127.0.0.1/')",
    ],
)
def test_a_reader_reaches_no_file(
    reader: duckdb.DuckDBPyConnection, tmp_path: Path, statement: str
) -> None:
    """Neither to read nor to write, nor an extension or the network."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(
        (duckdb.PermissionException, duckdb.CatalogException, duckdb.InvalidInputException)
    ) as caught:
        reader.execute(statement.format(secret=secret, directory=tmp_path)).fetchall()
    assert "disabled" in str(caught.value) or "does not exist" in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "statement",
    [
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET autoload_known_extensions = true",
        "SET TimeZone = 'Europe/Berlin'",
        "PRAGMA profile_output = 'out'",
    ],
)
def test_a_reader_changes_no_setting(reader: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Such as those that keep it from files."""
    with pytest.raises(duckdb.InvalidInputException, match="configuration has been locked"):
        reader.execute(statement)


def test_a_reader_works_after_a_kill(made_warehouse: Path, warehouse_path: Path) -> None:
    """What was committed and only stands in the write-ahead log is read from there."""
    shutil.copyfile(made_warehouse, warehouse_path)
    with another_process(_HOLD_WAREHOUSE, warehouse_path) as first:
        os.kill(first.pid, signal.SIGKILL)
        first.wait(timeout=20)
    assert Path(f"{warehouse_path}.wal").stat().st_size > 0
    with open_for_reading(warehouse_path, 0) as connection:
        assert connection.execute("SELECT one FROM main.held").fetchall() == [(1,)]


def test_an_empty_file_is_a_warehouse_to_be(warehouse_path: Path) -> None:
    """A kill while DuckDB made the file leaves one without a byte; the next run goes on."""
    warehouse_path.touch()
    with open_for_writing(warehouse_path, 1) as warehouse:
        tables = table_columns(warehouse.connection, "load_status")
    assert {"fetches", "invalid_payloads", "nodes"} <= set(tables)


def test_a_path_with_quotes_works(tmp_path: Path) -> None:
    """dlt writes the names of its files into SQL; ours must not break it."""
    directory = tmp_path / 'o\'d d "q" ünï 日本'
    directory.mkdir()
    with open_for_writing(directory / "it's.duckdb", 1) as warehouse:
        warehouse.load(batch_of("run-1", 1, trees={1: SMALL}))
        found = warehouse.connection.execute("SELECT count(*) FROM load_status.fetches").fetchone()
    assert found == (1,)
    assert sorted(path.name for path in directory.iterdir()) == ["it's.duckdb", "it's.duckdb.lock"]
