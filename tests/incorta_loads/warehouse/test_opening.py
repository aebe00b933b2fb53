"""Rules for opening the file: locking, refused files, and limits of readers."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import duckdb
import pytest

from incorta_loads.base_tables import Batch
from incorta_loads.errors import BusyError, WarehouseError
from incorta_loads.tree.decoding import decode
from incorta_loads.tree.flattening import Execution, flatten
from incorta_loads.warehouse import opening
from incorta_loads.warehouse.opening import open_for_reading, reading, table_columns
from incorta_loads.warehouse.writing import open_for_writing
from support.patience import HANG_SECONDS

TREE = (
    b'{"name":"Large","type":"LOAD_PLAN","childStatusDetails":'
    b'[{"name":"a","type":"GROUP"},{"name":"b","type":"GROUP"}]}'
)

# --- Locking --------------------------------------------------------------------------------------

_HOLD_WAREHOUSE = """
import pathlib, sys
from incorta_loads.warehouse.writing import open_for_writing
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


def test_the_second_process_is_told_which_one_holds_the_lock(
    made_warehouse: Path, warehouse_path: Path
) -> None:
    """It ends after the timeout with its own exit code; the first process is not affected."""
    shutil.copyfile(made_warehouse, warehouse_path)
    with another_process(_HOLD_WAREHOUSE, warehouse_path) as first:
        for opened in (open_for_writing, open_for_reading):
            begin = monotonic()
            with pytest.raises(BusyError) as caught, opened(warehouse_path, 0.2):
                pass
            assert monotonic() - begin >= 0.2
            assert caught.value.exit_code == 8
            assert str(caught.value) == (
                f"The warehouse {warehouse_path} is in use (process {first.pid}) and was not "
                "released within 0.2 s; nothing was changed. Try again when it is free."
            )
        assert first.stdin
        first.stdin.close()
        assert first.wait(timeout=HANG_SECONDS) == 0
    with open_for_reading(warehouse_path, 5) as connection:
        assert connection.execute("SELECT one FROM main.held").fetchall() == [(1,)]


def test_a_waiting_process_continues_when_the_lock_is_released(
    made_warehouse: Path, warehouse_path: Path
) -> None:
    """The lock is released before the timeout."""
    shutil.copyfile(made_warehouse, warehouse_path)
    with another_process(_HOLD_WAREHOUSE, warehouse_path) as first:
        assert first.stdin
        first.stdin.close()
        with open_for_writing(warehouse_path, HANG_SECONDS) as warehouse:
            assert warehouse.connection.execute("SELECT one FROM main.held").fetchall() == [(1,)]


def test_a_killed_process_holds_no_lock(warehouse_path: Path) -> None:
    """Neither the lock nor the file is held, and the dead run's working directory is not reused."""
    with another_process(_HOLD_WAREHOUSE, warehouse_path) as first:
        working = Path(f"{warehouse_path}.work")
        assert working.is_dir()
        first.kill()
        assert first.wait(timeout=HANG_SECONDS) == -signal.SIGKILL
        assert working.is_dir()
    with open_for_writing(warehouse_path, 0) as warehouse:
        assert warehouse.connection.execute("SELECT one FROM main.held").fetchall() == [(1,)]
    assert not working.exists()


@pytest.mark.parametrize("timeout_seconds", [0, 0.3])
@pytest.mark.parametrize("mode", ["read only", "writing"])
def test_a_file_that_another_program_has_open_is_busy(
    warehouse_path: Path, timeout_seconds: float, mode: str
) -> None:
    """A BI tool does not use the lock, but DuckDB reports its process."""
    with duckdb.connect(warehouse_path) as connection:
        connection.execute("CREATE TABLE other AS SELECT 1")
    with another_process(_HOLD_FILE, warehouse_path, mode) as other:
        begin = monotonic()
        with (
            pytest.raises(BusyError) as caught,
            open_for_writing(warehouse_path, timeout_seconds),
        ):
            pass
        assert monotonic() - begin >= timeout_seconds
    assert f"(PID {other.pid})) and was not released within {timeout_seconds:g} s" in str(
        caught.value
    )
    assert "\n" not in str(caught.value)


def test_several_programs_may_read_at_the_same_time(warehouse_path: Path) -> None:
    """Only a writer needs exclusive access."""
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
def test_a_file_of_another_format_is_not_modified(warehouse_path: Path, content: bytes) -> None:
    """No byte changes, and no DuckDB extension is downloaded to read it."""
    warehouse_path.write_bytes(content)
    for opened in (open_for_writing, open_for_reading):
        with (
            pytest.raises(WarehouseError, match="is not a DuckDB file and was not changed"),
            opened(warehouse_path, 5),
        ):
            pass
    assert warehouse_path.read_bytes() == content
    assert not Path(f"{warehouse_path}.wal").exists()
    assert not Path(f"{warehouse_path}.work").exists()


def test_a_damaged_file_is_not_modified(warehouse_path: Path) -> None:
    """The error contains DuckDB's reason."""
    with duckdb.connect(warehouse_path) as connection:
        connection.execute("CREATE TABLE other AS SELECT 1")
    content = warehouse_path.read_bytes()
    content = content[:12] + bytes(100) + content[112:]
    warehouse_path.write_bytes(content)
    with (
        pytest.raises(WarehouseError, match="cannot be opened and was not changed: "),
        open_for_writing(warehouse_path, 5),
    ):
        pass
    assert warehouse_path.read_bytes() == content


@pytest.mark.parametrize("opened", [open_for_writing, open_for_reading])
def test_a_file_of_a_newer_duckdb_is_not_modified(
    warehouse_path: Path, opened: Callable[[Path, float], AbstractContextManager[object]]
) -> None:
    """No byte changes, and the error explains what to do."""
    packed = Path(__file__).parent / "files" / "of_duckdb_2.0.1.duckdb.gz"
    content = gzip.decompress(packed.read_bytes())
    warehouse_path.write_bytes(content)
    with (
        pytest.raises(WarehouseError, match=r"version number 69.*; use the DuckDB that wrote it"),
        opened(warehouse_path, 5),
    ):
        pass
    assert warehouse_path.read_bytes() == content


@pytest.mark.parametrize("place", ["missing/warehouse.duckdb", "file/warehouse.duckdb"])
def test_a_missing_directory_is_not_created(tmp_path: Path, place: str) -> None:
    """It is more likely a typing error."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(WarehouseError, match="is not a directory; create it, or set DESTINATION__"),
        open_for_writing(tmp_path / place, 5),
    ):
        pass
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("must_exist", [True, False])
def test_commands_that_need_a_warehouse_do_not_create_one(
    warehouse_path: Path, monkeypatch: pytest.MonkeyPatch, must_exist: bool
) -> None:
    """Reading a missing warehouse leaves no file behind."""
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(warehouse_path))
    opened = open_for_writing(warehouse_path, 5, must_exist=True) if must_exist else reading()
    with (
        pytest.raises(WarehouseError, match=r"There is no warehouse at .*; run incorta-loads"),
        opened,
    ):
        pass
    assert list(warehouse_path.parent.iterdir()) == []


def test_an_empty_file_becomes_a_warehouse(warehouse_path: Path) -> None:
    """A kill while DuckDB creates the file leaves it empty; the next run continues."""
    warehouse_path.touch()
    with open_for_writing(warehouse_path, 1) as warehouse:
        tables = table_columns(warehouse.connection, "load_status")
    assert {"fetches", "invalid_payloads", "nodes"} <= set(tables)


# --- Read-only connections ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded_path(made_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one execution."""
    path = tmp_path_factory.mktemp("loaded") / "warehouse.duckdb"
    shutil.copyfile(made_warehouse, path)
    with open_for_writing(path, 5) as warehouse:
        execution = Execution(1, datetime(2026, 11, 23, 12, 1, tzinfo=UTC), decode(TREE))
        warehouse.load(Batch(nodes=flatten([execution], cluster="c", tenant="t")))
    return path


@pytest.fixture
def reader(loaded_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_for_reading(loaded_path, 5) as connection:
        yield connection


def test_a_reader_can_run_any_query_within_the_warehouse(reader: duckdb.DuckDBPyConnection) -> None:
    """Windows, JSON and temporary tables work, and times are in UTC."""
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
    """The database is attached read-only."""
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
    """A reader can neither read nor write files, load extensions or use the network."""
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
    """Settings that block access to files are locked."""
    with pytest.raises(duckdb.InvalidInputException, match="configuration has been locked"):
        reader.execute(statement)


def test_a_reader_works_after_a_kill(made_warehouse: Path, warehouse_path: Path) -> None:
    """Rows that are only in the write-ahead log are read from there."""
    shutil.copyfile(made_warehouse, warehouse_path)
    with another_process(_HOLD_WAREHOUSE, warehouse_path) as first:
        os.kill(first.pid, signal.SIGKILL)
        first.wait(timeout=HANG_SECONDS)
    assert Path(f"{warehouse_path}.wal").stat().st_size > 0
    with open_for_reading(warehouse_path, 0) as connection:
        assert connection.execute("SELECT one FROM main.held").fetchall() == [(1,)]


def test_the_owner_of_a_lock_is_named(tmp_path: Path) -> None:
    """The name is shown for another user's lock; without an account it is the number."""
    lock = tmp_path / "w.duckdb.lock"
    assert opening._owner(lock) == ""
    lock.touch()
    assert opening._owner(lock) == ""
    if os.geteuid() == 0:
        os.chown(lock, 54_321, -1)
        assert opening._owner(lock) == f": {lock} belongs to 54321"
    else:
        assert opening._owner(Path("/")) == ": / belongs to root"
