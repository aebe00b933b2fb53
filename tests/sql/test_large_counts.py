"""Ten thousand runs are counted as precisely as ten."""

from __future__ import annotations

import random

import duckdb
import pytest
from scipy.stats import hypergeom

from sql.base_rows import History
from sql.comparison import differing
from sql.compiled import Model, built_in_memory
from sql.reference.reading import MARTS, Reading
from sql.sketches import sketch

RUNS = 10_000


def _letters() -> dict[str, str]:
    """Two tables that often start failing together, one that does not, and one that always
    fails."""
    draw = random.Random(20261104)
    both = [draw.random() < 0.01 for _ in range(RUNS)]
    rates = {"a": 0.01, "b": 0.01, "c": 0.004}
    letters = {
        name: "".join(
            "X" if draw.random() < rate or (common and name != "c") else "." for common in both
        )
        for name, rate in rates.items()
    }
    return letters | {"always": "X" * RUNS}


@pytest.fixture(scope="module")
def history() -> History:
    """A tenant with final executions, and one with none, so that all of them are recent."""
    letters = _letters()
    never = sketch("never final", letters, unfinished="R" * RUNS)
    return History(sketch("final", letters) + never, [])


@pytest.fixture(scope="module")
def reading(history: History) -> Reading:
    return Reading(history)


@pytest.fixture(scope="module")
def warehouse(compiled: list[Model], history: History) -> duckdb.DuckDBPyConnection:
    return built_in_memory(compiled, history)


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_matches_plain_python(
    warehouse: duckdb.DuckDBPyConnection, reading: Reading, mart: str
) -> None:
    """No count overflows, and all figures have nine correct digits."""
    assert differing(warehouse, mart, reading.mart(mart)) == []


def test_a_p_value_over_ten_thousand_executions_matches_scipy(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """In the far tail, log factorials of 10,000 differ in their last digits only."""
    ((total, starts_a, starts_b, both, p_value),) = warehouse.execute(
        """
        select executions, starts_a, starts_b, starts_both, p_value
        from load_analysis.co_failures where tenant = 'never final'
        """
    ).fetchall()
    assert total == RUNS
    assert p_value < 1e-50
    assert p_value == pytest.approx(hypergeom.sf(both - 1, total, starts_a, starts_b), rel=1e-9)
