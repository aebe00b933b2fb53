from __future__ import annotations

import pytest

from sql.base_rows import History, built, write_base_tables
from sql.comparison import BuiltHistory
from sql.compiled import Model, compiled_models
from sql.eventful import eventful_history
from sql.histories import random_history
from sql.looked_at import looked_at
from sql.odd_names import odd_names


@pytest.fixture(scope="session")
def random_warehouse(tmp_path_factory: pytest.TempPathFactory) -> BuiltHistory:
    """Trees of any shape, tables of any character and names of any kind, with every model."""
    parts = (random_history(), eventful_history(), odd_names(), looked_at().history)
    history = History(
        [node for part in parts for node in part.nodes],
        [fetch for part in parts for fetch in part.fetches],
        [change for part in parts for change in part.changes],
    )
    database = tmp_path_factory.mktemp("random") / "warehouse.duckdb"
    return BuiltHistory(history, built(database, *history))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    """The compiled models, for warehouses in memory."""
    database = tmp_path_factory.mktemp("compiled") / "warehouse.duckdb"
    write_base_tables(database)
    return compiled_models(database, {})
