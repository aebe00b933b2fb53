"""The base tables match the design."""

from __future__ import annotations

import pyarrow as pa
import pytest

from incorta_loads.base_tables import (
    EXECUTION_KEY,
    FETCHES,
    INVALID_PAYLOADS,
    NODES,
    TABLES,
    descriptions,
)

TIME = "timestamp[us, tz=UTC]"


def columns(schema: pa.Schema) -> list[tuple[str, str, str]]:
    return [
        (column.name, str(column.type), "NULL" if column.nullable else "NOT NULL")
        for column in schema
    ]


def test_the_columns_of_nodes() -> None:
    """Their names, types and nullability are those of the design."""
    assert columns(NODES) == [
        ("cluster", "string", "NOT NULL"),
        ("tenant", "string", "NOT NULL"),
        ("execution_id", "int64", "NOT NULL"),
        ("node_id", "int64", "NOT NULL"),
        ("parent_id", "int64", "NULL"),
        ("last_descendant_id", "int64", "NOT NULL"),
        ("depth", "int64", "NOT NULL"),
        ("position", "int64", "NOT NULL"),
        ("type", "string", "NULL"),
        ("name", "string", "NULL"),
        ("state_type", "string", "NULL"),
        ("job_status", "string", "NULL"),
        ("path", "string", "NOT NULL"),
        ("load_plan", "string", "NULL"),
        ("group_name", "string", "NULL"),
        ("schema_name", "string", "NULL"),
        ("table_name", "string", "NULL"),
        ("extra", "string", "NULL"),
        ("fetched_at", TIME, "NOT NULL"),
    ]


def test_the_columns_of_fetches() -> None:
    """Their names, types and nullability are those of the design."""
    assert columns(FETCHES) == [
        ("cluster", "string", "NOT NULL"),
        ("tenant", "string", "NOT NULL"),
        ("execution_id", "int64", "NOT NULL"),
        ("run_id", "string", "NOT NULL"),
        ("fetched_at", TIME, "NOT NULL"),
        ("outcome", "string", "NOT NULL"),
        ("http_status", "int64", "NULL"),
        ("message", "string", "NULL"),
        ("attempts", "int64", "NULL"),
        ("duration_ms", "int64", "NULL"),
        ("bytes", "int64", "NULL"),
        ("is_final", "bool", "NULL"),
    ]


def test_the_columns_of_invalid_payloads() -> None:
    """Their names, types and nullability are those of the design."""
    assert columns(INVALID_PAYLOADS) == [
        ("cluster", "string", "NOT NULL"),
        ("tenant", "string", "NOT NULL"),
        ("execution_id", "int64", "NOT NULL"),
        ("body_sha256", "string", "NOT NULL"),
        ("run_id", "string", "NOT NULL"),
        ("fetched_at", TIME, "NOT NULL"),
        ("error", "string", "NOT NULL"),
        ("body", "binary", "NOT NULL"),
        ("bytes", "int64", "NOT NULL"),
    ]


def test_nodes_are_committed_before_the_ledger() -> None:
    """The tables are in the order of their commits, each with its key columns first."""
    assert list(TABLES) == ["nodes", "invalid_payloads", "fetches"]
    assert EXECUTION_KEY == ("cluster", "tenant", "execution_id")
    assert {tuple(schema.names[:3]) for schema in TABLES.values()} == {EXECUTION_KEY}


@pytest.mark.parametrize("name", ["nodes", "invalid_payloads", "fetches"])
def test_every_column_has_a_description(name: str) -> None:
    """The descriptions are sentences, in the order of the columns."""
    meanings = descriptions(TABLES[name])
    assert list(meanings) == TABLES[name].names
    assert [text for text in meanings.values() if len(text) < 10 or not text.endswith(".")] == []
