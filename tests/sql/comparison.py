"""A mart of a warehouse compared with the same mart in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from sql.base_rows import History
from sql.reference.keys import Row
from sql.reference.reading import Reading

CANCELLING = ("_low", "_high", "_difference")
"""Differences of similar numbers: if one side is 0, the other may be a rounding error."""


@dataclass(frozen=True)
class BuiltHistory:
    """A history, and a warehouse with every model built on it."""

    history: History
    database: Path

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.history)


def differences(built: BuiltHistory, mart: str) -> list[str]:
    with duckdb.connect(str(built.database), read_only=True) as warehouse:
        return differing(warehouse, mart, built.reading.mart(mart))


def differing(warehouse: duckdb.DuckDBPyConnection, mart: str, wanted: Sequence[Row]) -> list[str]:
    """The differences as texts: columns, rows and cells."""
    names, found = _mart(warehouse, mart)
    if not wanted:
        return [f"{row} is one too many" for row in found]
    if names != list(wanted[0]):
        return [f"{names} are not {list(wanted[0])}"]
    if len(found) != len(wanted):
        return [f"{len(found)} rows are not {len(wanted)}", *_odd_ones(found, wanted)]
    # keys are the first columns, so sorting aligns rows of the same key
    values_wanted = sorted((list(row.values()) for row in wanted), key=repr)
    return [
        f"{name}: {cell!r} is not {cell_wanted!r} in {dict(zip(names, row_wanted, strict=True))}"
        for row, row_wanted in zip(sorted(found, key=repr), values_wanted, strict=True)
        for name, cell, cell_wanted in zip(names, row, row_wanted, strict=True)
        if not _same(name, cell, cell_wanted)
    ]


def _mart(
    warehouse: duckdb.DuckDBPyConnection, mart: str
) -> tuple[list[str], Sequence[list[object]]]:
    answer = warehouse.execute(f"from load_analysis.{mart}")
    names = [column[0] for column in answer.description or []]
    return names, [list(row) for row in answer.fetchall()]


def _odd_ones(found: Sequence[list[object]], wanted: Sequence[Row]) -> list[str]:
    """Rows that only one side has, compared by their first columns."""
    ours = {repr(list(row.values())[:6]) for row in wanted}
    theirs = {repr(row[:6]) for row in found}
    return [f"+ {row}" for row in theirs - ours] + [f"- {row}" for row in ours - theirs]


def _same(name: str, cell: object, wanted: object) -> bool:
    if isinstance(cell, float) and isinstance(wanted, float):
        smallest = 1e-15 if name.endswith(CANCELLING) else 0.0
        return math.isclose(cell, wanted, rel_tol=1e-9, abs_tol=smallest)
    return type(cell) is type(wanted) and cell == wanted
