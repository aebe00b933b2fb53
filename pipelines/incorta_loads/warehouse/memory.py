"""Limits the memory that DuckDB uses while a run writes."""

from __future__ import annotations

import gc
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

logger = logging.getLogger(__name__)

_LEAST_BYTES = 64 * 2**20
_PER_BYTE_OF_BATCH = 2
_PER_REPLACED_BYTE = 3  # a merge holds the former nodes too
_MOST_BYTES = 8 * 2**30
_MOST_LOG_BYTES = 16 * 2**20

_OUT_OF_MEMORY = re.compile(r"Out of Memory|failed to (pin|allocate)", re.IGNORECASE)


class Memory:
    """Limits the memory of DuckDB, which otherwise keeps all loaded data while memory is available.

    Args:
        connection: connection to the database.
        path: file of the database.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._log = Path(f"{path}.wal")

    @contextmanager
    def little(self) -> Iterator[None]:
        """Sets the memory limit to the minimum for a run, and restores the usual limit on exit."""
        self._connection.execute("SET threads = 1")  # each additional thread takes as much again
        try:
            with self.at_most(_LEAST_BYTES):
                yield
        finally:
            self._connection.execute("RESET threads")

    @contextmanager
    def at_most(self, most_bytes: int) -> Iterator[None]:
        """Sets the memory limit, and restores the usual limit on exit."""
        query = "SELECT current_setting('memory_limit')"
        [(usual,)] = self._connection.execute(query).fetchall()
        self._limit(most_bytes)
        try:
            yield
        finally:
            # RESET would show the usual limit but leave the lower one in effect.
            self._connection.execute(f"SET memory_limit = '{usual}'")

    @contextmanager
    def enough_for(self, new_bytes: int, replaced_bytes: int) -> Iterator[Callable[[], None]]:
        """Sets the memory limit for a batch with so many bytes of new and of replaced executions.

        Yields a function that raises the limit far above that.
        """
        needed_bytes = _PER_BYTE_OF_BATCH * new_bytes + _PER_REPLACED_BYTE * replaced_bytes
        self._limit(_LEAST_BYTES + needed_bytes)
        try:
            yield self._allow_much
        finally:
            release_memory()
            self._limit(_LEAST_BYTES)  # releases the memory of the written data

    def checkpoint(self) -> None:
        """Moves committed data from the log into the file, which frees its memory.

        DuckDB does so by itself, but with the settings of dlt only after a gigabyte.

        Raises:
            duckdb.Error: the file could not be written; committed data is still in the log.
        """
        if not self._log.is_file() or self._log.stat().st_size <= _MOST_LOG_BYTES:
            return
        try:
            self._connection.execute("CHECKPOINT")
        except duckdb.OutOfMemoryException:
            self._allow_much()
            self._connection.execute("CHECKPOINT")

    def _allow_much(self) -> None:
        logger.warning("a batch with very long texts needs more memory than usual")
        self._limit(_MOST_BYTES)

    def _limit(self, most_bytes: int) -> None:
        try:
            self._connection.execute(f"SET memory_limit = '{most_bytes >> 10} KiB'")
        except duckdb.OutOfMemoryException:
            logger.debug("DuckDB holds more than %d KiB and cannot release it", most_bytes >> 10)


def release_memory() -> None:
    """Frees memory that dlt leaves in reference cycles and that Arrow keeps for reuse."""
    gc.collect()
    pa.default_memory_pool().release_unused()


def collect_without_imports() -> None:
    """Excludes everything that is alive now from later collections.

    These are the imported modules, which stay until the end. Collections after each package would
    spend a tenth of a run on them.
    """
    gc.collect()
    gc.freeze()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether DuckDB reached its memory limit, whatever class dlt raises for the error."""
    return bool(_OUT_OF_MEMORY.search(str(error)))
