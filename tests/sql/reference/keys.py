"""Rows as plain dictionaries, and their keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]

TENANT = ("cluster", "tenant")
EXECUTION = (*TENANT, "execution_id")
SERIES = (*TENANT, "schema_name", "table_name")


def key(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def by(found: Iterable[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """The rows with equal values in these columns, each group in the given order."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in found:
        groups.setdefault(key(row, *names), []).append(row)
    return groups


def named(names: Iterable[str], values: Iterable[Any]) -> Row:
    return dict(zip(names, values, strict=True))


def in_order(*names: str | None) -> tuple[tuple[bool, str], ...]:
    """The sort key of names: code points, with NULL last."""
    return tuple((name is None, name or "") for name in names)
