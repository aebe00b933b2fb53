"""The DuckDB file of the warehouse: locking, opening and read-only access."""

from __future__ import annotations

import errno
import logging
import os
import pwd
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import tenacity
from filelock import FileLock, Timeout

from incorta_loads.config.paths import database_path
from incorta_loads.config.settings import lock_timeout_seconds
from incorta_loads.errors import BusyError, WarehouseError, first_line
from incorta_loads.sql_parameters import execute, literal
from incorta_loads.warehouse.snapshots import Snapshot, last_snapshot

logger = logging.getLogger(__name__)

_HELD = "Could not set lock on file"
_NEWER = "created with a newer version of DuckDB"
_HOLDER = re.compile(r"held in (.* \(PID \d+\))")
_MAGIC = b"DUCK"
_MAGIC_OFFSET_BYTES = 8
_SEARCHED = ("load_analysis", "load_status", "main")
"""Schemas in which a name without a schema is looked up."""

_LOCKED_DOWN = (
    "autoload_known_extensions = false",
    "autoinstall_known_extensions = false",
    "enable_external_access = false",
    "lock_configuration = true",  # must be last: it forbids all further changes
)


@contextmanager
def locked(path: Path, timeout_seconds: float, *, is_needed: bool = True) -> Iterator[None]:
    """Holds the lock file beside the warehouse, which every command of this program takes.

    The lock is skipped if it is not needed and the user may not write there. DuckDB has its own
    lock.

    Raises:
        BusyError: another process held the lock until the timeout.
        WarehouseError: the directory does not exist or is not writable.
    """
    if not path.parent.is_dir():  # the lock would create it
        raise WarehouseError(
            f"The warehouse {path} cannot be created: {path.parent} is not a directory; create it, "
            "or set DESTINATION__DUCKDB__CREDENTIALS to another path."
        )
    lock_path = Path(f"{path}.lock")
    lock = FileLock(lock_path, timeout=timeout_seconds)
    try:
        lock.acquire()
        lock_path.write_text(str(os.getpid()))
    except Timeout:
        holder = lock_path.read_text().strip()
        who = f"process {holder}" if holder else "another process"
        raise BusyError(_busy(path, who, timeout_seconds)) from None
    except OSError as error:
        lock.release()
        if not is_needed and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            yield
            return
        raise WarehouseError(
            f"The warehouse {path} cannot be locked ({error.strerror}{_owner(lock_path)}); its "
            "directory must be writable, with room on its disk."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _owner(lock_path: Path) -> str:
    """Returns a note that names the owner of the lock file, or "" if the user owns it.

    The owner can safely delete the file when no command is running.
    """
    try:
        uid = lock_path.stat().st_uid
        if uid == os.geteuid():
            return ""
        name = pwd.getpwuid(uid).pw_name
    except OSError:
        return ""
    except KeyError:
        name = str(uid)
    return f": {lock_path} belongs to {name}"


@contextmanager
def connected(
    path: Path, timeout_seconds: float, *, read_only: bool, waited_seconds: float = 0.0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a connection to the file, and waits while another program has the file open.

    Args:
        path: the file.
        timeout_seconds: how long to wait in total.
        read_only: whether to open the file read-only, so that others can read at the same time.
        waited_seconds: the part of the timeout that has already passed.

    Raises:
        BusyError: another program had the file open until the timeout.
        WarehouseError: the file is missing (when reading), damaged, not a DuckDB file, or from a
            newer DuckDB.
    """
    if not read_only and path.is_file() and not path.stat().st_size:
        path.unlink()  # a run was killed while DuckDB created it; DuckDB cannot open such a file
    _refuse_foreign(path)
    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: _HELD in str(error)),
        wait=tenacity.wait_random(0.05, 0.5),
        stop=tenacity.stop_after_delay(max(0.0, timeout_seconds - waited_seconds)),
        reraise=True,
    )
    try:
        connection = waiting(duckdb.connect, path, read_only=read_only)
    except duckdb.Error as error:
        text = str(error)
        if _HELD in text:
            holder = _HOLDER.search(text)
            who = holder[1] if holder else "another program"
            raise BusyError(_busy(path, who, timeout_seconds)) from None
        newer = "; use the DuckDB that wrote it, or load into a new file" if _NEWER in text else ""
        raise WarehouseError(
            f"The warehouse {path} cannot be opened and was not changed: "
            f"{first_line(error)}{newer}."
        ) from None
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


@contextmanager
def opened(
    path: Path, timeout_seconds: float, *, read_only: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Locks and opens the file, with one timeout for both."""
    begin = time.monotonic()
    with (
        locked(path, timeout_seconds, is_needed=not read_only),
        connected(
            path,
            timeout_seconds,
            read_only=read_only,
            waited_seconds=time.monotonic() - begin,
        ) as connection,
    ):
        yield connection


@contextmanager
def open_for_reading(path: Path, timeout_seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a connection that can only read the warehouse: no other files, no extensions.

    Raises:
        BusyError: another process held the warehouse until the timeout.
        WarehouseError: the warehouse does not exist or cannot be opened.
    """
    require_file(path)
    with opened(path, timeout_seconds, read_only=True) as connection:
        _lock_down(connection)
        yield connection


@contextmanager
def reading() -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens the configured warehouse for reading, or its last snapshot while it is in use."""
    path = database_path()
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(open_for_reading(path, lock_timeout_seconds()))
        except BusyError as busy:
            snapshot = last_snapshot(path)
            if snapshot is None:
                raise
            logger.warning(
                "%s Reading the snapshot %s instead, published at %s.",
                str(busy).partition(";")[0] + ".",
                snapshot.path,
                snapshot.published_at,
            )
            connection = stack.enter_context(_open_snapshot(snapshot))
        yield connection


@contextmanager
def _open_snapshot(snapshot: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    with connected(snapshot.path, 0, read_only=True) as connection:
        _lock_down(connection)
        yield connection


def _lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    """Names need no schema from here on, and no setting can be changed."""
    found = connection.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()"
    ).fetchall()
    path = ",".join(schema for schema in _SEARCHED if (schema,) in found)
    # the only other files: the lakes on which the base tables may be views
    lakes = ", ".join(map(literal, lake_paths(connection)))
    allowed = f"allowed_directories = [{lakes}]"
    for setting in (f"search_path = '{path}'", allowed, *_LOCKED_DOWN):
        connection.execute(f"SET {setting}")


def lake_paths(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the directories of the lakes; none if the base tables are tables."""
    try:
        return [path for (path,) in connection.execute("FROM load_status.lakes").fetchall()]
    except duckdb.CatalogException:
        return []


def _refuse_foreign(path: Path) -> None:
    """Rejects files of other formats, before DuckDB downloads an extension to open SQLite files.

    Raises:
        WarehouseError: the file exists and is not a DuckDB file.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        file.seek(_MAGIC_OFFSET_BYTES)
        is_duckdb = file.read(len(_MAGIC)) == _MAGIC
    if not is_duckdb:
        raise WarehouseError(
            f"{path} is not a DuckDB file and was not changed; set "
            "DESTINATION__DUCKDB__CREDENTIALS to the path of the warehouse."
        )


def require_file(path: Path) -> None:
    """Checks that the warehouse exists.

    Raises:
        WarehouseError: there is no warehouse; the message says what to do.
    """
    if not path.exists():
        raise WarehouseError(
            f"There is no warehouse at {path}; run incorta-loads ingest first, or set "
            "DESTINATION__DUCKDB__CREDENTIALS to where it is."
        )


def table_columns(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, dict[str, str]]:
    """Returns table → column → type for one schema of the warehouse."""
    rows = execute(
        connection,
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = $schema AND database_name = current_database() "
        "ORDER BY table_name, column_index",
        {"schema": schema},
    ).fetchall()
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, {})[column] = kind
    return tables


def _busy(path: Path, who: str, timeout_seconds: float) -> str:
    return (
        f"The warehouse {path} is in use ({who}) and was not released within "
        f"{round(timeout_seconds, 1):g} s; nothing was changed. Try again when it is free."
    )
