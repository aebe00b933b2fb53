"""Defines the base tables: columns, types and meanings, for everything that reads or writes them.

`Batch` holds rows on their way from the answers to the warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

DATASET: Final = "load_status"
"""The schema of the base tables."""

TEXT: Final = pa.string()
INTEGER: Final = pa.int64()
BOOLEAN: Final = pa.bool_()
BINARY: Final = pa.binary()
TIMESTAMP: Final = pa.timestamp("us", tz="UTC")

EXECUTION_KEY: Final = ("cluster", "tenant", "execution_id")


def _column(name: str, kind: pa.DataType, description: str, *, nullable: bool = False) -> Any:
    return pa.field(name, kind, nullable=nullable, metadata={"description": description})


_KEY_COLUMNS: Final = (
    _column(
        "cluster",
        TEXT,
        "Configured name of the cluster, otherwise its host (and port, and base path).",
    ),
    _column("tenant", TEXT, "Tenant of the cluster; case-sensitive."),
    _column("execution_id", INTEGER, "Id of one execution of a load plan."),
)

_NAME_COLUMNS: Final = (
    _column("load_plan", TEXT, "Name of the nearest LOAD_PLAN on the path.", nullable=True),
    _column("group_name", TEXT, "Name of the nearest GROUP on the path.", nullable=True),
    _column("schema_name", TEXT, "Name of the nearest SCHEMA on the path.", nullable=True),
    _column("table_name", TEXT, "Name of the nearest TABLE on the path.", nullable=True),
)

NODES: Final = pa.schema(
    [
        *_KEY_COLUMNS,
        _column("node_id", INTEGER, "0 for the root, then 1, 2, … in depth-first order."),
        _column("parent_id", INTEGER, "node_id of the parent; NULL for the root.", nullable=True),
        _column(
            "last_descendant_id",
            INTEGER,
            "node_id of the last node below this one, or its own for a leaf. Descendants are "
            "BETWEEN node_id + 1 AND last_descendant_id.",
        ),
        _column("depth", INTEGER, "Levels below the root: 0 for the root itself."),
        _column("position", INTEGER, "Position among the siblings, from 0."),
        _column(
            "type",
            TEXT,
            "LOAD_PLAN, GROUP, SCHEMA, TABLE or another type, as received.",
            nullable=True,
        ),
        _column("name", TEXT, "Name, as received.", nullable=True),
        _column("state_type", TEXT, "status.stateType, as received.", nullable=True),
        _column("job_status", TEXT, "status.jobStatus, as received.", nullable=True),
        _column(
            "path",
            TEXT,
            "'/' and the names from the root down, joined by '/', with ~0 for '~' and ~1 for '/' "
            "in names (RFC 6901); a missing name counts as empty.",
        ),
        *_NAME_COLUMNS,
        _column(
            "extra",
            TEXT,
            "JSON object with the fields that the vendor does not document; those of the status "
            "are under `status`. NULL if there are none.",
            nullable=True,
        ),
        _column("fetched_at", TIMESTAMP, "When this response was received (UTC)."),
    ]
)

INVALID_PAYLOADS: Final = pa.schema(
    [
        *_KEY_COLUMNS,
        _column("body_sha256", TEXT, "SHA-256 of the body, in hexadecimal digits."),
        _column("run_id", TEXT, "The first run that received it."),
        _column("fetched_at", TIMESTAMP, "When it was first received (UTC)."),
        _column("error", TEXT, "Why it is not a status tree."),
        _column("body", BINARY, "The first MiB of the body, decompressed."),
        _column("bytes", INTEGER, "Size of the body in bytes, as far as it was read."),
    ]
)

FETCHES: Final = pa.schema(
    [
        *_KEY_COLUMNS,
        _column("run_id", TEXT, "The run that requested the id; sorts by time."),
        _column(
            "fetched_at",
            TIMESTAMP,
            "When the response was received, or the last attempt failed (UTC).",
        ),
        _column(
            "outcome",
            TEXT,
            "loaded, not_found, forbidden, rejected, unavailable or invalid_payload.",
        ),
        _column("http_status", INTEGER, "HTTP status of the last response, if any.", nullable=True),
        _column("message", TEXT, "Message of the cluster or the network.", nullable=True),
        _column(
            "attempts",
            INTEGER,
            "Requests for this id in this run. NULL if a later run wrote the row for a killed one.",
            nullable=True,
        ),
        _column(
            "duration_ms",
            INTEGER,
            "Milliseconds from the first request to the last response, including pauses.",
            nullable=True,
        ),
        _column("bytes", INTEGER, "Size of the body in bytes, decompressed.", nullable=True),
        _column(
            "is_final",
            BOOLEAN,
            "Whether the execution was final in this response. NULL if the outcome is not loaded, "
            "and in rows written by older versions.",
            nullable=True,
        ),
    ]
)

STATUS_CHANGES: Final = pa.schema(
    [
        *_KEY_COLUMNS,
        _column("type", TEXT, "Type of the node, as received.", nullable=True),
        _column("path", TEXT, "Path of the node, as in `nodes`."),
        _column(
            "occurrence",
            INTEGER,
            "Number of the node among those of its response with this type and path, from 0.",
        ),
        *_NAME_COLUMNS,
        _column(
            "change",
            TEXT,
            "changed, appeared (not in the earlier response) or vanished (not in the later one).",
        ),
        _column(
            "previous_state_type",
            TEXT,
            "State type in the earlier response; NULL if the node appeared.",
            nullable=True,
        ),
        _column(
            "previous_job_status",
            TEXT,
            "Job status in the earlier response; NULL if the node appeared.",
            nullable=True,
        ),
        _column(
            "state_type",
            TEXT,
            "State type in the later response; NULL if the node vanished.",
            nullable=True,
        ),
        _column(
            "job_status",
            TEXT,
            "Job status in the later response; NULL if the node vanished.",
            nullable=True,
        ),
        _column("seen_after", TIMESTAMP, "When the earlier response was received (UTC)."),
        _column("seen_by", TIMESTAMP, "When the later response was received (UTC)."),
        _column("run_id", TEXT, "The run that saw it; sorts by time."),
    ]
)

ALERTS: Final = pa.schema(
    [
        *_KEY_COLUMNS[:2],
        _column("schema_name", TEXT, "Schema of the reported table.", nullable=True),
        _column("table_name", TEXT, "The reported table.", nullable=True),
        _column(
            "state",
            TEXT,
            "Reported state: always_failing, broken_since, regressed, healthy or recovered. "
            "unchanged, which is not sent, means that a table that got worse no longer is. "
            "ids_restarted, in a row without a table, means that the cluster's ids start over.",
        ),
        _column(
            "since_execution_id", INTEGER, "Execution in which that state began.", nullable=True
        ),
        _column("event_id", TEXT, "Id of the notification, which may report many tables."),
        _column("run_id", TEXT, "The run that sent it; sorts by time."),
        _column("announced_at", TIMESTAMP, "When it was sent (UTC)."),
        _column(
            "missed",
            TEXT,
            "Receivers that missed it and get it from a later run, each named by the first "
            "characters of the hash of its URL. NULL if no receiver missed it.",
            nullable=True,
        ),
        _column("load_plan", TEXT, "Load plan that was slower; otherwise NULL.", nullable=True),
    ]
)

_DUCKDB_TYPES = {
    TEXT: "VARCHAR",
    INTEGER: "BIGINT",
    BOOLEAN: "BOOLEAN",
    BINARY: "BLOB",
    TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
}

TABLES: Final = {"nodes": NODES, "invalid_payloads": INVALID_PAYLOADS, "fetches": FETCHES}
"""The tables that dlt loads."""

ADDED_TABLES: Final = {"status_changes": STATUS_CHANGES, "alerts": ALERTS}
"""The tables that this program writes itself, so that their rows are committed together."""

BASE_TABLES: Final = {**TABLES, **ADDED_TABLES}
"""All tables of this program in schema `load_status`."""


GRAINS: Final = {
    "nodes": "One row per node of the status tree of an execution, in depth-first order.",
    "invalid_payloads": "One row per response body that is not a status tree.",
    "fetches": "The ledger, with one row per execution id and run that requested it.",
    "status_changes": "One row per node whose status differed between two consecutive responses "
    "for one execution. Together with `nodes` they give every response that was seen.",
    "alerts": "One row per notification of a table or load plan, so that each is sent once.",
}
"""Table name → what each of its rows represents."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows made from some answers, by table.

    Attributes:
        nodes: rows of complete executions.
        invalid_payloads: bodies that are not trees.
        fetches: ledger rows, one per answer.
    """

    nodes: pa.Table = field(default_factory=NODES.empty_table)
    invalid_payloads: pa.Table = field(default_factory=INVALID_PAYLOADS.empty_table)
    fetches: pa.Table = field(default_factory=FETCHES.empty_table)


def refuse_other_schema(name: str, rows: pa.Table, schema: pa.Schema) -> None:
    """Checks rows for a table, since neither dlt nor DuckDB rejects other types.

    Raises:
        TypeError: they have other columns or types than the table.
    """
    if rows.schema != schema:
        text = f"the rows for {name} have other columns or types than the table"
        raise TypeError(text) from None


def descriptions(schema: pa.Schema) -> dict[str, str]:
    """Returns column name → meaning."""
    return {column.name: column.metadata[b"description"].decode() for column in schema}


def duckdb_types(schema: pa.Schema) -> dict[str, str]:
    """Returns column name → type in DuckDB."""
    return {column.name: _DUCKDB_TYPES[column.type] for column in schema}
