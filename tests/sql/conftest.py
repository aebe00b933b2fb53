from __future__ import annotations

import pytest

from sql.base_rows import History, built, write_base_tables
from sql.comparison import BuiltHistory
from sql.compiled import Model, compiled_models
from sql.eventful import eventful_history
from sql.histories import random_history


@pytest.fixture(scope="session")
def random_warehouse(tmp_path_factory: pytest.TempPathFactory) -> BuiltHistory:
    """Trees of any shape and tables of any fate, with every model built on them."""
    by_tree, by_table = random_history(), eventful_history()
    history = History(by_tree.nodes + by_table.nodes, by_tree.fetches + by_table.fetches)
    database = tmp_path_factory.mktemp("random") / "warehouse.duckdb"
    return BuiltHistory(history, built(database, *history))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    """The models, for warehouses in memory."""
    database = tmp_path_factory.mktemp("compiled") / "warehouse.duckdb"
    write_base_tables(database)
    return compiled_models(database, {})
