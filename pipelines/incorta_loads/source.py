"""The dlt source.

In a dlt project of your own:

    import dlt
    from incorta_loads.source import incorta_load_status

    destination = dlt.destinations.duckdb("incorta.duckdb", supports_transactions=True)
    pipeline = dlt.pipeline("incorta", destination=destination, dataset_name="load_status")
    pipeline.run(incorta_load_status(ids="1-500"))

It is configured like any source of dlt, in `[sources.incorta]` of `.dlt/config.toml` and
`.dlt/secrets.toml` or with `SOURCES__INCORTA__…` in the environment: `cluster_url`, `tenant` and
`token` are required.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import dlt
import pyarrow as pa
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.data_types import TDataType
from dlt.common.schema.typing import (
    TColumnSchema,
    TSchemaContract,
    TWriteDispositionConfig,
)
from dlt.extract import DltResource

from incorta_loads.base_tables import EXECUTION_KEY, FETCHES, INVALID_PAYLOADS, NODES
from incorta_loads.batches import Batch, fetch_batches
from incorta_loads.config.settings import load_settings
from incorta_loads.endpoint.execution_ids import ExecutionIds
from incorta_loads.plan import asked_for
from incorta_loads.redaction import Redactor
from incorta_loads.run_ids import new_run_id

REPLACE_EXECUTIONS: Final[TWriteDispositionConfig] = {
    "disposition": "merge",
    "strategy": "delete-insert",
    # Whole executions go, so that no row of a longer tree stays; a key alone would leave them.
    "destination_scope": "(cluster, tenant, execution_id) IN "
    "(SELECT cluster, tenant, execution_id FROM {staging_table})",
}
KEEP_FIRST: Final[TWriteDispositionConfig] = {"disposition": "merge", "strategy": "insert-only"}

_FREEZE: Final[TSchemaContract] = {
    "tables": "evolve",
    "columns": "freeze",
    "data_type": "freeze",
}


@dlt.source(name="incorta", section="incorta", spec=BaseConfiguration, max_table_nesting=0)
def incorta_load_status(
    ids: str | int | Iterable[int],
    *,
    cluster_url: str | None = None,
    tenant: str | None = None,
    token: str | None = None,
    **settings: Any,
) -> tuple[DltResource, ...]:
    """Status trees of load-plan executions as the tables `nodes`, `invalid_payloads`, `fetches`.

    Loading the same ids again replaces whole executions; an answer that is no tree changes none.
    Within one package each table commits by itself: whole executions are promised (on DuckDB where
    the destination has `supports_transactions`, without which dlt commits each statement of a merge
    by itself), but that the ledger `fetches` follows its nodes is not. The command `incorta-loads`
    promises both.

    Args:
        ids: such as `1-500,720`, or one id, or several.
        cluster_url: scheme, host and base path, when not in the configuration.
        tenant: when not in the configuration.
        token: when not in the configuration; better left there.
        settings: any other of `incorta_loads.config.settings.Settings`.

    Raises:
        ConfigurationError: a wrong or missing setting, ids that cannot be read; while the pipeline
            runs a refused token or an unknown tenant.
        ClusterDownError: while the pipeline runs, too many ids in a row were unavailable.
    """
    named = {"cluster_url": cluster_url, "tenant": tenant, "token": token}
    known = load_settings(named | settings)
    if isinstance(ids, str):
        wanted = ExecutionIds.parse(ids)
    else:
        wanted = ExecutionIds.of([ids] if isinstance(ids, int) else ids)

    def answers() -> Iterator[Batch]:
        redactor = Redactor([known.token])
        yield from fetch_batches(asked_for(wanted), known, run_id=new_run_id(), redactor=redactor)

    return _resources(answers(), REPLACE_EXECUTIONS)


@dlt.source(name="incorta", section="incorta", spec=BaseConfiguration, max_table_nesting=0)
def loaded_batch(batch: Batch, *, replace: bool) -> tuple[DltResource, ...]:
    """The same resources over answers that are already here.

    Args:
        batch: the rows.
        replace: whether the warehouse may have nodes of these executions. Where it has none they
            are appended, in one file and so in one transaction, which costs half.
    """
    return _resources(iter([batch]), REPLACE_EXECUTIONS if replace else "append")


def _resources(batches: Iterator[Batch], nodes: TWriteDispositionConfig) -> tuple[DltResource, ...]:
    """Three tables out of one stream of batches, which is read once."""
    answers = dlt.resource(batches, name="answers", selected=False)
    return (
        answers | _table("nodes", NODES, (*EXECUTION_KEY, "node_id"), nodes),
        answers
        | _table("invalid_payloads", INVALID_PAYLOADS, (*EXECUTION_KEY, "body_sha256"), KEEP_FIRST),
        answers | _table("fetches", FETCHES, (*EXECUTION_KEY, "run_id"), "append"),
    )


def _table(name: str, schema: pa.Schema, key: tuple[str, ...], disposition: Any) -> DltResource:
    def rows(batch: Batch) -> Iterator[pa.Table]:
        table: pa.Table = getattr(batch, name)
        if table.schema != schema:  # dlt leaves the types of Arrow columns to the destination
            text = f"the rows for {name} have other columns or types than the table"
            raise TypeError(text) from None
        yield table

    made: DltResource = dlt.transformer(
        rows,
        name=name,
        primary_key=key,
        columns=_columns(schema),
        write_disposition=disposition,
        schema_contract=_FREEZE,
    )
    return made


def _columns(schema: pa.Schema) -> dict[str, TColumnSchema]:
    kinds: dict[pa.DataType, TDataType] = {
        pa.string(): "text",
        pa.int64(): "bigint",
        pa.binary(): "binary",
        pa.timestamp("us", tz="UTC"): "timestamp",
    }
    return {
        column.name: {
            "name": column.name,
            "data_type": kinds[column.type],
            "nullable": column.nullable,
            "description": column.metadata[b"description"].decode(),
        }
        for column in schema
    }
