"""Writes the batches of one run through dlt into the DuckDB file.

A dlt package is not one transaction: each of its tables commits separately. The nodes and invalid
payloads of a batch are therefore written first. Their ledger rows follow in one statement. The
working directory of dlt is emptied for each run; files left by a killed run are never used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from incorta_loads.base_tables import DATASET, FETCHES, TABLES, Batch, refuse_other_schema
from incorta_loads.errors import OutOfMemoryError, WarehouseError, first_line, root_cause
from incorta_loads.tree.changes import Look
from incorta_loads.warehouse.changes import drop_unfinished, record_changes
from incorta_loads.warehouse.executions import nodes_of
from incorta_loads.warehouse.lakes import is_of_lakes
from incorta_loads.warehouse.memory import (
    Memory,
    collect_without_imports,
    is_out_of_memory,
    release_memory,
)
from incorta_loads.warehouse.opening import opened, require_file, table_columns
from incorta_loads.warehouse.states import finality, state_spellings
from incorta_loads.warehouse.tables import (
    add_columns,
    create_added,
    describe,
    refuse_other_columns,
)

if TYPE_CHECKING:
    from dlt.pipeline.pipeline import Pipeline


class Warehouse:
    """The warehouse while a run has it open for writing; see `open_for_writing`.

    Attributes:
        path: the DuckDB file.
        connection: connection for queries, to the same database that dlt writes.
        memory: limits of the memory that DuckDB uses.
    """

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, working: Path) -> None:
        self.path = path
        self.connection = connection
        self.memory = Memory(connection, path)
        self._working = working
        # dlt replaces the signal handlers in the main thread only. A signal must end a run after
        # its batch, not within it.
        self._thread = ThreadPoolExecutor(1, "load")
        self._dlt = ExitStack()
        if not is_of_lakes(connection):
            self._create_tables()

    @cached_property
    def _pipeline(self) -> Pipeline:
        # dlt takes 0.5 s to import, which commands that do not load need not pay
        import dlt  # noqa: PLC0415

        from incorta_loads.config.run_context import nothing_configures_dlt  # noqa: PLC0415

        self._dlt.close()  # a load that failed leaves it open
        self._dlt.enter_context(nothing_configures_dlt())
        pipeline = dlt.pipeline(
            "incorta_loads",
            # Otherwise dlt sends each statement of a merge in its own transaction.
            destination=dlt.destinations.duckdb(self.connection, supports_transactions=True),
            dataset_name=DATASET,
            pipelines_dir=str(self._working),
        )
        collect_without_imports()
        return pipeline

    def close(self) -> None:
        """Stops the loading thread."""
        self._thread.shutdown()
        self._dlt.close()

    def load(self, batch: Batch, looks: Sequence[Look] = ()) -> None:
        """Commits a batch: what changed, its nodes and invalid payloads, then its ledger rows.

        Args:
            batch: the batch.
            looks: all looks at its only execution, if it was seen more often than once.

        Raises:
            WarehouseError: a table could not be written and is unchanged.
        """
        new, known = self._split(batch.nodes)
        with self.memory.enough_for(new.nbytes, known.nbytes) as more_memory:
            try:
                self._load(batch, new, known, looks)
            except OutOfMemoryError:
                more_memory()
                # some of it may have been committed
                self._load(batch, *self._split(batch.nodes), looks)

    def _load(self, batch: Batch, new: pa.Table, known: pa.Table, looks: Sequence[Look]) -> None:
        if known.num_rows or looks:
            self._commit(partial(record_changes, self.connection, batch, known, looks))
        self._run(Batch(nodes=new, invalid_payloads=batch.invalid_payloads))
        self._run(Batch(nodes=known), replace=True)
        self._enter(batch.fetches)
        try:
            self.memory.checkpoint()
        except duckdb.Error as error:
            raise self._not_written(error) from error

    def is_empty(self) -> bool:
        """Whether the warehouse has no execution."""
        return self.connection.table(f"{DATASET}.nodes").limit(1).fetchone() is None

    def nodes_of(self, cluster: str, tenant: str, execution_id: int) -> pa.Table:
        """Returns the rows of one execution in preorder, with the schema `NODES`."""
        return nodes_of(self.connection, cluster, tenant, execution_id)

    def restore_ledger(self, run_id: str) -> int:
        """Writes missing ledger rows of a run that was killed after it wrote a batch's nodes.

        Must be called in the context of `roots`.

        Returns:
            The number of rows written.
        """
        if self.connection.execute(f"{_WITHOUT_LEDGER_ROW} LIMIT 1").fetchone() is None:
            return 0
        parameters = {"run_id": run_id} | state_spellings(self.connection)
        rows = self.connection.execute(_LEDGER_ROWS, parameters).to_arrow_table()
        self._enter(rows.select(FETCHES.names).cast(FETCHES))
        return int(rows.num_rows)

    def _split(self, nodes: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Splits the rows into executions that are new to the warehouse and known executions."""
        if not nodes.num_rows:
            return nodes, nodes
        # The query itself has the ids, so that DuckDB skips the parts of the table without them.
        ids = ", ".join(map(str, pc.unique(nodes["execution_id"]).to_pylist()))
        known = self.connection.execute(
            "SELECT execution_id FROM load_status.nodes WHERE cluster = $cluster AND "  # noqa: S608
            f"tenant = $tenant AND node_id = 0 AND execution_id IN ({ids})",
            {"cluster": nodes["cluster"][0].as_py(), "tenant": nodes["tenant"][0].as_py()},
        ).to_arrow_table()["execution_id"]
        if not len(known):  # the usual case; a copy would take as much memory again
            return nodes, nodes.slice(0, 0)
        is_known = pc.is_in(nodes["execution_id"], value_set=known)
        return nodes.filter(pc.invert(is_known)), nodes.filter(is_known)

    def _enter(self, ledger_rows: pa.Table) -> None:
        """Commits rows of the ledger, without dlt, whose packages take twenty times as long."""
        self._commit(partial(self._insert, ledger_rows))

    def _insert(self, ledger_rows: pa.Table) -> None:
        refuse_other_schema("fetches", ledger_rows, FETCHES)
        self.connection.register("ledger_rows", ledger_rows)
        try:
            self.connection.execute(f'INSERT INTO "{DATASET}"."fetches" BY NAME FROM ledger_rows')
        finally:
            self.connection.unregister("ledger_rows")

    def _commit(self, write: Callable[[], None]) -> None:
        """Runs statements that commit rows without dlt, in the thread that loads."""
        try:
            self._thread.submit(write).result()
        except (TypeError, duckdb.Error) as error:
            raise self._not_written(error) from error

    def _run(self, batch: Batch, *, replace: bool = False, create: bool = False) -> None:
        """Loads a dlt package with the tables that have rows, or with all to create them."""
        tables = [name for name in TABLES if create or getattr(batch, name).num_rows]
        if tables:
            self._thread.submit(self._load_package, batch, tables, replace=replace).result()

    def _load_package(self, batch: Batch, tables: Sequence[str], *, replace: bool) -> None:
        from dlt.common.exceptions import DltException  # noqa: PLC0415

        from incorta_loads.warehouse.resources import loaded_batch  # noqa: PLC0415

        try:
            pipeline = self._pipeline  # first, because it hides other configuration from dlt
            pipeline.extract(loaded_batch(batch, replace=replace).with_resources(*tables))
            release_memory()
            pipeline.normalize()
            pipeline.load().raise_on_failed_jobs()
        except (DltException, duckdb.Error, OSError) as error:
            # If the package remained, it would be loaded instead of the next one.
            self.__dict__.pop("_pipeline", None)  # missing if its own creation failed
            shutil.rmtree(self._working, ignore_errors=True)
            raise self._not_written(error) from error

    def _not_written(self, error: Exception) -> WarehouseError:
        root = root_cause(error)
        kind = OutOfMemoryError if is_out_of_memory(root) else WarehouseError
        return kind(
            f"The warehouse {self.path} could not be written ({first_line(root)}); "
            "what was committed before is kept, and the next run requests the rest."
        )

    def _create_tables(self) -> None:
        """Creates missing tables, and rejects tables of another version with other columns."""
        refuse_other_columns(self.connection, self.path)
        add_columns(self.connection)
        if not TABLES.keys() <= table_columns(self.connection, DATASET).keys():
            self._run(Batch(), create=True)
            refuse_other_columns(self.connection, self.path)
        create_added(self.connection)
        drop_unfinished(self.connection)
        describe(self.connection)


@contextmanager
def open_for_writing(
    path: Path, timeout_seconds: float, *, must_exist: bool = False
) -> Iterator[Warehouse]:
    """Locks and opens the warehouse for writing, and creates missing tables.

    Args:
        path: the DuckDB file.
        timeout_seconds: how long to wait for another process that holds the warehouse.
        must_exist: whether the tables must already exist.

    Raises:
        BusyError: another process held the warehouse until the timeout.
        WarehouseError: the warehouse cannot be used and was not changed.
    """
    if must_exist:
        require_file(path)
    working = _working_directory(path)
    with opened(path, timeout_seconds, read_only=False) as connection:
        if must_exist and "nodes" not in table_columns(connection, DATASET):
            raise WarehouseError(
                f"{path} contains no executions and was not changed; run incorta-loads ingest "
                "first, or set DESTINATION__DUCKDB__CREDENTIALS to the path of the warehouse."
            )
        if not must_exist and is_of_lakes(connection):
            raise WarehouseError(
                f"{path} is an analysis of lakes, which nothing can be loaded into; set "
                "DESTINATION__DUCKDB__CREDENTIALS to another path."
            )
        shutil.rmtree(working, ignore_errors=True)  # left by a killed run
        try:
            warehouse = Warehouse(path, connection, working)
            try:
                yield warehouse
            finally:
                warehouse.close()
        finally:
            shutil.rmtree(working, ignore_errors=True)


def _working_directory(path: Path) -> Path:
    """Returns the working directory of dlt, which is the same for every run.

    Files left by a killed run are thus found again. The directory is beside the warehouse if
    possible. dlt writes its name into SQL unescaped and formats that SQL, so the path must not
    contain `'` or `%`. DuckDB takes a directory such as `tenant=prod` for a column.

    Raises:
        WarehouseError: neither that directory nor the one for temporary files can be used.
    """
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    elsewhere = Path(tempfile.gettempdir(), f"incorta-loads-{name}.work")
    for directory in (Path(f"{path}.work"), elsewhere):
        if set("'%=").isdisjoint(str(directory)):
            return directory
    raise WarehouseError(
        f"Neither {path.parent} nor {elsewhere.parent} can hold the files of a load, since dlt "
        "cannot use a path with ', % or =; set TMPDIR to another directory."
    )


# Roots whose response has no ledger row because the run was killed before it wrote that row.
_WITHOUT_LEDGER_ROW = """
SELECT cluster, tenant, execution_id, fetched_at
FROM roots
ANTI JOIN load_status.fetches USING (cluster, tenant, execution_id, fetched_at)
"""

_LEDGER_ROWS = f"""
WITH missing AS ({_WITHOUT_LEDGER_ROW})
SELECT
    cluster,
    tenant,
    execution_id,
    $run_id AS run_id,
    fetched_at,
    'loaded' AS outcome,
    200::BIGINT AS http_status,
    'row restored: an earlier run ended before writing it' AS message,
    NULL::BIGINT AS attempts,
    NULL::BIGINT AS duration_ms,
    NULL::BIGINT AS bytes,
    is_final
FROM missing
INNER JOIN ({finality("missing")}) USING (cluster, tenant, execution_id)
"""  # noqa: S608 (constants)
