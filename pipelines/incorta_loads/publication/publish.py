"""Publishes files that BI tools and people can read while runs continue.

DIR/incorta_loads.duckdb        a snapshot of all tables; the only file consistent across them
DIR/parquet/<mart>.parquet      one file per mart, except node_outcomes
DIR/lake/…                      the base tables, for engines that read many clusters
DIR/report.html                 failures, when they began, and how complete the data is
DIR/manifest.json               the published files with their checksums; written last
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from incorta_loads import __version__
from incorta_loads.analysis.project import mart_names, on_demand_marts
from incorta_loads.analysis.queries import coverage
from incorta_loads.analysis.rows import built_tables
from incorta_loads.base_tables import BASE_TABLES
from incorta_loads.errors import ConfigurationError, WarehouseError
from incorta_loads.publication.files import PublishedFiles
from incorta_loads.publication.lake import lake_files
from incorta_loads.publication.report.news import LastReport
from incorta_loads.publication.report.page import REPORT, write_report
from incorta_loads.sql_parameters import Parameter, execute, literal
from incorta_loads.text import counted
from incorta_loads.warehouse.lakes import is_of_lakes
from incorta_loads.warehouse.opening import table_columns
from incorta_loads.warehouse.snapshots import SNAPSHOT, remember_snapshot, write_snapshot

logger = logging.getLogger(__name__)

_LARGE = frozenset({"node_outcomes"})
"""Marts that are in the snapshot only: they have one row per node, and the lake has the nodes."""


_OF_RUNS = frozenset({"table_runs"})
"""Marts with one row per run, which take long to sort: written only if the nodes have changed."""


@dataclass(frozen=True, slots=True)
class Published:
    """Result of a publication.

    Attributes:
        directory: the published directory.
        files: number of files, not counting the manifest.
        rewritten: number of files rewritten.
        rewritten_bytes: total size of the rewritten files in bytes.
        seconds: wall time.
    """

    directory: Path
    files: int
    rewritten: int
    rewritten_bytes: int
    seconds: float

    def __str__(self) -> str:
        """Returns the directory, with the number and size of rewritten files and the wall time."""
        return (
            f"{self.directory} ({self.rewritten} of {self.files} files rewritten, "
            f"{self.rewritten_bytes / 2**20:.1f} MiB, in {self.seconds:.1f} s)"
        )


def publish(connection: duckdb.DuckDBPyConnection, warehouse: Path, directory: Path) -> Published:
    """Brings the published files up to date with the warehouse.

    Args:
        connection: connection to the warehouse, open for writing, so that no other process writes
            in the meantime.
        warehouse: the DuckDB file of the warehouse.
        directory: the directory to publish into.

    Raises:
        ConfigurationError: the directory contains something that must not be replaced: the
            warehouse itself, a publication of another cluster or tenant, or a file that was not
            published by this program.
        PublishError: the directory cannot be written; the last publication stays.
        duckdb.OutOfMemoryException: DuckDB needs more memory; the last publication stays.
        WarehouseError: there is no analysis yet.
    """
    began = time.monotonic()
    _refuse_own_place(warehouse, directory)
    marts = _marts(connection)
    _warn_of_old_analysis(connection)
    published_at = datetime.now(UTC)
    covered = coverage(connection).rows
    with PublishedFiles(directory) as files:
        _refuse_others_publication(files, covered)
        _put_lake(connection, files)
        _put_marts(connection, files, marts)
        source = _source_of_all(connection, files)
        if not files.keep(SNAPSHOT, source):
            files.put(SNAPSHOT, partial(write_snapshot, connection, warehouse), source)
        before = LastReport(files.before.published_at, files.before.highest_ids)
        files.put(REPORT, partial(write_report, connection, published_at, before=before))
        files.commit(
            {
                "version": __version__,
                "published_at": published_at.isoformat(),
                "rows": _row_counts(connection, marts),
                "coverage": covered,
            }
        )
    remember_snapshot(warehouse, directory)
    return Published(
        directory=directory,
        files=len(files.files),
        rewritten=len(files.rewritten),
        rewritten_bytes=sum(files.files[path].bytes for path in files.rewritten),
        seconds=time.monotonic() - began,
    )


def _refuse_own_place(warehouse: Path, directory: Path) -> None:
    snapshot = directory / SNAPSHOT
    try:
        is_own_place = snapshot.exists() and snapshot.samefile(warehouse)
    except OSError as error:
        raise ConfigurationError(
            f"{directory} cannot be published into ({error.strerror}); name another directory."
        ) from None
    if is_own_place:
        raise ConfigurationError(
            f"The snapshot cannot be published into {directory}, where it would replace the "
            "warehouse itself; name another directory."
        )
    if directory.exists() and not directory.is_dir():
        raise ConfigurationError(f"{directory} is not a directory; name one to publish into.")


def _refuse_others_publication(files: PublishedFiles, covered: Sequence[Mapping[str, Any]]) -> None:
    """Rejects a directory with published clusters or tenants that this warehouse does not have."""
    here = {(row["cluster"], row["tenant"]) for row in covered}
    for cluster, tenant in files.before.highest_ids:
        if (cluster, tenant) not in here:
            raise ConfigurationError(
                f"{files.directory} holds the publication of another warehouse, with {cluster}, "
                f"tenant {tenant}, which this warehouse does not have; name another directory."
            )


def published_marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the marts that are published beside the snapshot.

    Raises:
        WarehouseError: there is no analysis yet.
    """
    return [name for name in _marts(connection) if name not in _LARGE]


def _marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    names = mart_names()
    if set(names) - table_columns(connection, "load_analysis").keys():
        raise WarehouseError(
            "The warehouse has no analysis of this version yet; run incorta-loads analyze first."
        )
    unbuilt = on_demand_marts() - built_tables(connection)  # computed when read
    return [name for name in names if name not in unbuilt]


def _warn_of_old_analysis(connection: duckdb.DuckDBPyConnection) -> None:
    row = connection.execute(_NOT_ANALYZED).fetchone()
    if row and row[0]:
        logger.warning(
            "%s loaded since the last analysis, so the marts are outdated; run incorta-loads "
            "analyze before publish, or use run, which does both",
            counted(row[0], "execution"),
        )


def _put_lake(connection: duckdb.DuckDBPyConnection, files: PublishedFiles) -> None:
    if is_of_lakes(connection):  # they are published already
        return
    for file in lake_files(connection):
        if not files.keep(file.path, file.source):
            write = partial(_copy, connection, file.query, file.parameters)
            files.put(file.path, write, file.source)


def _put_marts(
    connection: duckdb.DuckDBPyConnection, files: PublishedFiles, marts: Sequence[str]
) -> None:
    for mart in marts:
        if mart in _LARGE:
            continue
        path = f"parquet/{mart}.parquet"
        query = f"SELECT * FROM load_analysis.{mart}"  # noqa: S608
        if mart in _OF_RUNS:
            if not files.keep(path, source := _source_of_runs(connection)):
                files.put(path, partial(_copy, connection, query, {}), source)
            continue
        # a total order, so that equal rows produce equal files
        files.put(path, partial(_copy, connection, f"{query} ORDER BY ALL", {}))


def _copy(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Mapping[str, Parameter],
    target: Path,
) -> int:
    """Writes the rows of a query as Parquet and returns their number."""
    copy = f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    row = execute(connection, copy, parameters).fetchone()
    return int(row[0]) if row else 0


def _source_of_runs(connection: duckdb.DuckDBPyConnection) -> str:
    """Returns the fingerprint of the models and of the nodes, which decide on every run."""
    states = connection.execute(_INPUTS_OF_RUNS).fetchall()
    return hashlib.sha256(repr(states).encode()).hexdigest()


def _source_of_all(connection: duckdb.DuckDBPyConnection, files: PublishedFiles) -> str:
    """Returns the fingerprint of all other files, and of the tables that only the snapshot has."""
    beside = connection.execute(_BESIDE).fetchone()
    sums = {path: entry.sha256 for path, entry in sorted(files.files.items())}
    return hashlib.sha256(repr((sums, beside)).encode()).hexdigest()


def _row_counts(
    connection: duckdb.DuckDBPyConnection, marts: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Returns schema → table → number of rows, for the base tables and the marts."""
    tables = {"load_status": BASE_TABLES, "load_analysis": marts}
    return {
        schema: {
            name: connection.sql(f"FROM {schema}.{name}").count("*").fetchall()[0][0]
            for name in names
        }
        for schema, names in tables.items()
    }


_NOT_ANALYZED = """
SELECT count(*) FROM (
    SELECT cluster, tenant, execution_id, fetched_at FROM load_status.nodes WHERE node_id = 0
    EXCEPT
    SELECT cluster, tenant, execution_id, last_fetched_at FROM load_analysis.executions
)
"""

_INPUTS_OF_RUNS = """
SELECT * FROM load_analysis_steps.build_state WHERE input IN ('models', 'nodes') ORDER BY input
"""

_BESIDE = """
SELECT
    (SELECT sum(hash(each)) FROM load_analysis_steps.build_state AS each),
    (SELECT count(*) FROM load_status.invalid_payloads),
    (SELECT max(fetched_at) FROM load_status.invalid_payloads),
    (SELECT count(*) FROM load_status.alerts),
    (SELECT count(missed) FROM load_status.alerts),
    (SELECT max(announced_at) FROM load_status.alerts)
"""
