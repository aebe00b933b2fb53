"""Rows as plain dictionaries, and the keys by which they belong together."""

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
    """The rows that have the same values under these names, each group in the order given."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in found:
        groups.setdefault(key(row, *names), []).append(row)
    return groups


def named(names: Iterable[str], values: Iterable[Any]) -> Row:
    return dict(zip(names, values, strict=True))


def in_order(*names: str | None) -> tuple[tuple[bool, str], ...]:
    """What names sort by: code points, NULL after every name."""
    return tuple((name is None, name or "") for name in names)
