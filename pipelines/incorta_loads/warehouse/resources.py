"""Batches as dlt resources, with the write disposition of each table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import dlt
import pyarrow as pa
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.data_types import TDataType
from dlt.common.schema.typing import TColumnSchema, TSchemaContract, TWriteDispositionConfig
from dlt.extract import DltResource

from incorta_loads.base_tables import (
    EXECUTION_KEY,
    FETCHES,
    INVALID_PAYLOADS,
    NODES,
    Batch,
    refuse_other_schema,
)

REPLACE_EXECUTIONS: Final[TWriteDispositionConfig] = {
    "disposition": "merge",
    "strategy": "delete-insert",
    # Delete whole executions: deletion by key would leave rows if the earlier tree was longer.
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
def loaded_batch(batch: Batch, *, replace: bool) -> tuple[DltResource, ...]:
    """Returns the resources for one batch that was already fetched.

    Args:
        batch: the rows.
        replace: whether the warehouse may have nodes of these executions. If it has none, they are
            appended in one file and therefore in one transaction, at half the cost.
    """
    return resources(iter([batch]), REPLACE_EXECUTIONS if replace else "append")


def resources(batches: Iterator[Batch], nodes: TWriteDispositionConfig) -> tuple[DltResource, ...]:
    """Returns resources for three tables from one stream of batches, which is read once."""
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
        refuse_other_schema(name, table, schema)
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
        pa.bool_(): "bool",
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
