"""Each mart is what `analysis.md` says, cell by cell, as plain Python computes it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import duckdb
import pytest

from sql import expected
from sql.expected import Row
from sql.histories import BuiltHistory, History


def _rates(mart: str) -> Callable[[History], list[Row]]:
    return lambda history: expected.failure_rates(mart, *history)


COMPUTED: dict[str, Callable[[History], list[Row]]] = {
    "node_outcomes": lambda history: expected.node_outcomes(history.nodes),
    "executions": lambda history: expected.executions(*history),
    "status_ledger": lambda history: expected.status_ledger(history.nodes),
    "coverage": lambda history: expected.coverage(*history),
    **{mart: _rates(mart) for mart in expected.RATE_TYPES},
}


@pytest.mark.parametrize("mart", COMPUTED)
def test_a_mart_is_what_plain_python_computes(random_warehouse: BuiltHistory, mart: str) -> None:
    """Each column of each row equals the definition, taken literally."""
    names, found = _mart(random_warehouse, mart)
    wanted = COMPUTED[mart](random_warehouse.history)
    assert names == list(wanted[0])
    assert len(found) == len(wanted)
    rows_wanted = sorted((list(row.values()) for row in wanted), key=repr)
    for row, row_wanted in zip(sorted(found, key=repr), rows_wanted, strict=True):
        assert all(map(_same, row, row_wanted)), (row, row_wanted)


def _mart(built: BuiltHistory, mart: str) -> tuple[list[str], Sequence[list[object]]]:
    with duckdb.connect(str(built.database), read_only=True) as warehouse:
        answer = warehouse.execute(f"from load_analysis.{mart}")
        names = [column[0] for column in answer.description or []]
        return names, [list(row) for row in answer.fetchall()]


def _same(cell: object, wanted: object) -> bool:
    if isinstance(cell, float) and isinstance(wanted, float):
        return math.isclose(cell, wanted, rel_tol=1e-9, abs_tol=1e-15)
    return type(cell) is type(wanted) and cell == wanted
