"""The DuckDB file of the warehouse: its lock, opening it, reading and nothing else."""

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
from incorta_loads.warehouse.snapshots import Snapshot, last_snapshot

logger = logging.getLogger(__name__)

_HELD = "Could not set lock on file"
_NEWER = "created with a newer version of DuckDB"
_HOLDER = re.compile(r"held in (.* \(PID \d+\))")
_MAGIC = b"DUCK"
_MAGIC_OFFSET_BYTES = 8
_LOCKED_DOWN = (
    "autoload_known_extensions = false",
    "autoinstall_known_extensions = false",
    "enable_external_access = false",
    "lock_configuration = true",  # the last: it forbids all further ones
)


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
    """Whose the lock is where it is somebody else's, who may remove it while nothing runs."""
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
    """A connection to the file; waits while another program has it open.

    Args:
        path: the file.
        timeout_seconds: how long to wait, altogether.
        read_only: others may then read at the same time.
        waited_seconds: how much of that is over.

    Raises:
        BusyError: another program went on having it open.
        WarehouseError: the file is missing (when reading), damaged, foreign or of a newer DuckDB.
    """
    if not read_only and path.is_file() and not path.stat().st_size:
        path.unlink()  # a run was killed while DuckDB made it, which DuckDB would not forgive
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
            f"The warehouse {path} cannot be opened and was left alone: {first_line(error)}{newer}."
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
    """Locked and connected, within one time for both."""
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
    """A connection that reads the warehouse and can do nothing else: no files, no extensions.

    Raises:
        BusyError: another process went on holding the warehouse.
        WarehouseError: it is not there, or cannot be opened.
    """
    require_file(path)
    with opened(path, timeout_seconds, read_only=True) as connection:
        _lock_down(connection)
        yield connection


@contextmanager
def reading() -> Iterator[duckdb.DuckDBPyConnection]:
    """`open_for_reading` on the configured warehouse; while it is in use, on its last snapshot."""
    path = database_path()
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(open_for_reading(path, lock_timeout_seconds()))
        except BusyError as busy:
            snapshot = last_snapshot(path)
            if snapshot is None:
                raise
            logger.warning(
                "%s Read instead: the snapshot %s, published at %s.",
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
    for setting in _LOCKED_DOWN:
        connection.execute(f"SET {setting}")


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


def require_file(path: Path) -> None:
    """Raises WarehouseError, with what to do, where there is no warehouse."""
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


def _busy(path: Path, who: str, timeout_seconds: float) -> str:
    return (
        f"The warehouse {path} is in use ({who}) and was still so after "
        f"{round(timeout_seconds, 1):g} s; nothing was changed: try again when that has ended."
    )
