"""The warehouse: one DuckDB file, written by dlt under one lock, read by everybody else.

A dlt package is not one transaction: each of its tables commits by itself. So the nodes of a batch
and its invalid payloads travel first, and the ledger rows that speak of them in a package after.
The working directory of dlt is a run's own, and what a killed run left in it is never used.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import stamina
from filelock import FileLock, Timeout

from incorta_loads.base_tables import FETCHES, TABLES, descriptions
from incorta_loads.batches import Batch
from incorta_loads.errors import BusyError, WarehouseError
from incorta_loads.settings import database_path, lock_timeout_seconds

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline

DATASET = "load_status"

_HELD = "Could not set lock on file"
_HOLDER = re.compile(r"held in (.* \(PID \d+\))")
_MAGIC = b"DUCK"
_MAGIC_OFFSET_BYTES = 8
_LOCKED_DOWN = (
    "autoload_known_extensions = false",
    "autoinstall_known_extensions = false",
    "enable_external_access = false",
    "lock_configuration = true",  # the last: it forbids all further ones
)
_DUCKDB_TYPES = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.binary(): "BLOB",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}


@contextmanager
def locked(path: Path, timeout_seconds: float, *, is_needed: bool = True) -> Iterator[None]:
    """Holds the lock beside the warehouse, which every command of this program takes.

    Where it is not needed, and the user may not write there, it is left out: DuckDB has its own.

    Raises:
        BusyError: another process went on holding it.
        WarehouseError: the directory is not there, or not writable.
    """
    if not path.parent.is_dir():  # the lock would create it
        raise WarehouseError(
            f"The warehouse {path} cannot be there: {path.parent} is no directory; create it, or "
            "set DESTINATION__DUCKDB__CREDENTIALS to another place."
        )
    lock_path = Path(f"{path}.lock")
    lock = FileLock(lock_path, timeout=timeout_seconds)
    try:
        lock.acquire()
    except Timeout:
        holder = lock_path.read_text().strip()
        who = f"process {holder}" if holder else "another process"
        raise BusyError(_busy(path, who, timeout_seconds)) from None
    except OSError as error:
        if not is_needed and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            yield
            return
        raise WarehouseError(
            f"The warehouse {path} cannot be locked ({error.strerror}); its directory must be "
            "writable."
        ) from None
    try:
        lock_path.write_text(str(os.getpid()))
        yield
    finally:
        lock.release()


@contextmanager
def connected(
    path: Path, timeout_seconds: float, *, read_only: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the file; waits while another program has it open.

    Raises:
        BusyError: another program went on having it open.
        WarehouseError: the file is missing (when reading), damaged, foreign or of a newer DuckDB.
    """
    if not read_only and path.is_file() and not path.stat().st_size:
        path.unlink()  # a run was killed while DuckDB made it, which DuckDB would not forgive
    _refuse_foreign(path)
    try:
        for attempt in stamina.retry_context(
            on=lambda error: _HELD in str(error),
            timeout=timeout_seconds or None,
            attempts=None if timeout_seconds else 1,
        ):
            with attempt:
                connection = duckdb.connect(path, read_only=read_only)
    except duckdb.Error as error:
        text = str(error)
        if _HELD in text:
            holder = _HOLDER.search(text)
            who = holder[1] if holder else "another program"
            raise BusyError(_busy(path, who, timeout_seconds)) from None
        raise WarehouseError(
            f"The warehouse {path} cannot be opened and was left alone: {one_line(error)}"
        ) from None
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


@contextmanager
def _opened(
    path: Path, timeout_seconds: float, *, read_only: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Locked and connected, within one time for both."""
    deadline = time.monotonic() + timeout_seconds
    with locked(path, timeout_seconds, is_needed=not read_only):
        left_seconds = max(0.0, deadline - time.monotonic())
        with connected(path, left_seconds, read_only=read_only) as connection:
            yield connection


class Warehouse:
    """The open warehouse of one writing run; see `open_for_writing`.

    Attributes:
        path: the DuckDB file.
        connection: for queries; DuckDB sees one database for it and for dlt.
    """

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, working: Path) -> None:
        self.path = path
        self.connection = connection
        self._working = working
        # dlt takes over the signal handlers in the main thread only; a signal must end a run after
        # its batch, not within it.
        self._thread = ThreadPoolExecutor(1, "load")
        self._create_tables()

    @cached_property
    def _pipeline(self) -> Pipeline:
        import dlt  # noqa: PLC0415 (0.5 s, which commands that do not load need not pay)

        return dlt.pipeline(
            "incorta_loads",
            destination=dlt.destinations.duckdb(self.connection),
            dataset_name=DATASET,
            pipelines_dir=str(self._working),
        )

    def close(self) -> None:
        """Ends the thread that loads."""
        self._thread.shutdown()

    def load(self, batch: Batch) -> None:
        """Commits a batch: its nodes and invalid payloads, then its ledger rows.

        Raises:
            WarehouseError: nothing of the failed table was changed.
        """
        is_known = self._is_known(batch.nodes)
        new, known = batch.nodes.filter(pc.invert(is_known)), batch.nodes.filter(is_known)
        self._run(Batch(nodes=new, invalid_payloads=batch.invalid_payloads))
        self._run(Batch(nodes=known), replace=True)
        self._run(Batch(fetches=batch.fetches))

    def restore_ledger(self, run_id: str) -> int:
        """Writes the ledger rows that a kill between a batch's nodes and its ledger left out.

        Returns:
            The number of rows written.
        """
        rows = self.connection.execute(_WITHOUT_LEDGER_ROW, {"run_id": run_id}).to_arrow_table()
        if rows.num_rows:
            self._run(Batch(fetches=rows.select(FETCHES.names).cast(FETCHES)))
        return int(rows.num_rows)

    def _is_known(self, nodes: pa.Table) -> pa.BooleanArray:
        """For each row whether the warehouse has nodes of its execution."""
        if not nodes.num_rows:
            return pa.array([], pa.bool_())
        ids = pc.unique(nodes["execution_id"]).to_pylist()
        known = self.connection.execute(
            "SELECT execution_id FROM load_status.nodes WHERE cluster = $cluster AND "
            "tenant = $tenant AND node_id = 0 AND list_contains($ids, execution_id)",
            {
                "cluster": nodes["cluster"][0].as_py(),
                "tenant": nodes["tenant"][0].as_py(),
                "ids": ids,
            },
        ).to_arrow_table()["execution_id"]
        return pc.is_in(nodes["execution_id"], value_set=known)

    def _run(self, batch: Batch, *, replace: bool = False, create: bool = False) -> None:
        """One dlt package with the tables that have rows, or with all, to create them."""
        tables = [name for name in TABLES if create or getattr(batch, name).num_rows]
        if tables:
            self._thread.submit(self._load_package, batch, tables, replace=replace).result()

    def _load_package(self, batch: Batch, tables: Sequence[str], *, replace: bool) -> None:
        from dlt.common.exceptions import DltException  # noqa: PLC0415

        from incorta_loads.source import loaded_batch  # noqa: PLC0415

        source = loaded_batch(batch, replace=replace).with_resources(*tables)
        try:
            self._pipeline.run(source).raise_on_failed_jobs()
        except (DltException, duckdb.Error, OSError) as error:
            # Left where it is, the package would be loaded in place of the next one.
            del self._pipeline
            shutil.rmtree(self._working, ignore_errors=True)
            raise WarehouseError(
                f"The warehouse {self.path} could not be written ({one_line(_root(error))}); "
                "what was committed before is kept, and the next run asks for the rest."
            ) from error

    def _create_tables(self) -> None:
        """Creates what is missing and refuses tables that another version made otherwise."""
        self._refuse_other_columns()
        if not all(name in table_columns(self.connection, DATASET) for name in TABLES):
            self._run(Batch(), create=True)
            self._refuse_other_columns()
        self._describe_columns()

    def _refuse_other_columns(self) -> None:
        found = table_columns(self.connection, DATASET)
        for name, schema in TABLES.items():
            expected = {column.name: _DUCKDB_TYPES[column.type] for column in schema}
            if found.get(name, expected) != expected:
                raise WarehouseError(
                    f"The table {DATASET}.{name} in {self.path} has other columns than this "
                    "version writes; it was left alone: use the version that made it, or load "
                    "into a new file."
                )

    def _describe_columns(self) -> None:
        """Comments on columns that have none: all of a new table, or what a kill left out."""
        silent = self.connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL "
            "AND schema_name = $schema AND database_name = current_database()",
            {"schema": DATASET},
        ).fetchall()
        for table, column in silent:
            if table in TABLES:
                text = descriptions(TABLES[table])[column].replace("'", "''")
                self.connection.execute(f"COMMENT ON COLUMN {DATASET}.{table}.{column} IS '{text}'")


@contextmanager
def open_for_writing(
    path: Path, timeout_seconds: float, *, must_exist: bool = False
) -> Iterator[Warehouse]:
    """The warehouse, locked, with its tables in place.

    Raises:
        BusyError: another process went on holding it.
        WarehouseError: it cannot be used, and was left alone.
    """
    if must_exist:
        _require_file(path)
    working = _working_directory(path)
    with _opened(path, timeout_seconds, read_only=False) as opened:
        shutil.rmtree(working, ignore_errors=True)  # of a run that was killed
        try:
            warehouse = Warehouse(path, opened, working)
            try:
                yield warehouse
            finally:
                warehouse.close()
        finally:
            shutil.rmtree(working, ignore_errors=True)


@contextmanager
def open_for_reading(path: Path, timeout_seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the warehouse and can do nothing else: no files, no extensions.

    Raises:
        BusyError: another process went on holding the warehouse.
        WarehouseError: it is not there, or cannot be opened.
    """
    _require_file(path)
    with _opened(path, timeout_seconds, read_only=True) as connection:
        for setting in _LOCKED_DOWN:
            connection.execute(f"SET {setting}")
        yield connection


@contextmanager
def reading() -> Iterator[duckdb.DuckDBPyConnection]:
    """`open_for_reading` on the configured warehouse."""
    with open_for_reading(database_path(), lock_timeout_seconds()) as connection:
        yield connection


def _working_directory(path: Path) -> Path:
    """Beside the warehouse, and always the same: what a killed run left is found again.

    dlt writes its name into SQL without escaping it, so a path with an apostrophe will not do.
    """
    if "'" not in str(path):
        return Path(f"{path}.work")
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"incorta-loads-{name}.work"


def _refuse_foreign(path: Path) -> None:
    """DuckDB itself would go and download what it takes to open a file of SQLite."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        file.seek(_MAGIC_OFFSET_BYTES)
        is_duckdb = file.read(len(_MAGIC)) == _MAGIC
    if not is_duckdb:
        raise WarehouseError(
            f"{path} is not a DuckDB file and was left alone; set DESTINATION__DUCKDB__CREDENTIALS "
            "to where the warehouse is, or is to be."
        )


def _require_file(path: Path) -> None:
    if not path.exists():
        raise WarehouseError(
            f"There is no warehouse at {path}; run incorta-loads ingest first, or set "
            "DESTINATION__DUCKDB__CREDENTIALS to where it is."
        )


def table_columns(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, dict[str, str]]:
    """Table → column → type of one schema of the warehouse."""
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = $schema AND database_name = current_database() "
        "ORDER BY table_name, column_index",
        {"schema": schema},
    ).fetchall()
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, {})[column] = kind
    return tables


def one_line(error: BaseException) -> str:
    """The first line of an error's text, without a full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _root(error: BaseException) -> BaseException:
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = inner
    return error


def _busy(path: Path, who: str, timeout_seconds: float) -> str:
    return (
        f"The warehouse {path} is in use ({who}) and was still so after "
        f"{round(timeout_seconds, 1):g} s; nothing was changed: try again when that has ended."
    )


# Nodes whose answer has no ledger row: the run that wrote them was killed before it could.
_WITHOUT_LEDGER_ROW = """
SELECT
    cluster,
    tenant,
    execution_id,
    $run_id AS run_id,
    fetched_at,
    'loaded' AS outcome,
    200::BIGINT AS http_status,
    'row restored: an earlier run was ended before it was written' AS message,
    NULL::BIGINT AS attempts,
    NULL::BIGINT AS duration_ms,
    NULL::BIGINT AS bytes
FROM load_status.nodes
ANTI JOIN load_status.fetches USING (cluster, tenant, execution_id, fetched_at)
WHERE node_id = 0
"""
