"""The keys for joins, and `table_runs`, the fact table that has them first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sql.reference.keys import EXECUTION, TENANT, Row, by, key

KEYS = {
    "execution_key": ("execution_id",),
    "table_key": ("schema_name", "table_name"),
    "schema_key": ("schema_name",),
    "plan_key": ("load_plan",),
}
"""Key → its parts after cluster and tenant."""

WITHOUT = {"incidents": {"schema_key", "plan_key"}, "fix_first": set(KEYS)}
"""Marts in which a name that is NULL means none or several."""


def with_keys(mart: str, found: Sequence[Row]) -> list[Row]:
    """The rows, each followed by the keys of the names that it has."""
    if mart == "co_failures":
        return [row | _keys(row, "_a") | _keys(row, "_b") for row in found]
    if mart == "table_runs":
        return list(found)
    return [
        row | {name: text for name, text in _keys(row).items() if name not in WITHOUT.get(mart, ())}
        for row in found
    ]


def table_runs(named_nodes: Sequence[Row], executions: Sequence[Row]) -> list[Row]:
    of_id = {ids: rows[0] for ids, rows in by(executions, *EXECUTION).items()}
    return [
        _run(node, of_id[key(node, *EXECUTION)]) for node in named_nodes if node["role"] == "table"
    ]


def _run(node: Row, execution: Row) -> Row:
    names = {
        **{name: node[name] for name in (*EXECUTION, "node_id")},
        "load_plan": execution["load_plan"],
        "schema_name": node["schema_name"],
        "table_name": node["table_name"],
    }
    return {
        **_keys(names),
        **names,
        **{name: node[name] for name in ("outcome", "is_counted", "is_error", "failure_kind")},
        **{name: execution[name] for name in ("is_final", "is_recent", "is_partial")},
        "fetched_at": node["fetched_at"],
    }


def _keys(row: Row, suffix: str = "") -> Row:
    return {
        f"{name}{suffix}": _md5(*key(row, *TENANT), *(row[f"{part}{suffix}"] for part in parts))
        for name, parts in KEYS.items()
        if all(f"{part}{suffix}" in row for part in parts)
    }


def _md5(*parts: str | int | None) -> str:
    text = "\x1f".join("0" if part is None else f"1{part}" for part in parts)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
