"""Rows may be loaded in any order."""

from __future__ import annotations

import random

import duckdb
import pytest

from sql.base_rows import History
from sql.comparison import BuiltHistory
from sql.compiled import Model, built_in_memory
from sql.reference.reading import MARTS


@pytest.fixture(scope="module")
def shuffled(compiled: list[Model], random_warehouse: BuiltHistory) -> duckdb.DuckDBPyConnection:
    """The same history, loaded in another order."""
    draw = random.Random(20261103)
    loaded = random_warehouse.history
    history = History(
        draw.sample(loaded.nodes, len(loaded.nodes)),
        draw.sample(loaded.fetches, len(loaded.fetches)),
        draw.sample(loaded.changes, len(loaded.changes)),
    )
    return built_in_memory(compiled, history, threads=4)


@pytest.mark.parametrize("mart", MARTS)
def test_the_order_of_loading_does_not_matter(
    shuffled: duckdb.DuckDBPyConnection, random_warehouse: BuiltHistory, mart: str
) -> None:
    """All rows are equal to the last digit."""
    query = f"from load_analysis.{mart}"
    with duckdb.connect(str(random_warehouse.database), read_only=True) as warehouse:
        in_order = warehouse.execute(query).fetchall()
    assert sorted(shuffled.execute(query).fetchall(), key=repr) == sorted(in_order, key=repr)
