from __future__ import annotations

import pytest

from sql.base_rows import built
from sql.comparison import BuiltHistory
from sql.histories import random_history


@pytest.fixture(scope="session")
def random_warehouse(tmp_path_factory: pytest.TempPathFactory) -> BuiltHistory:
    """A random history with every model built on it."""
    history = random_history()
    database = tmp_path_factory.mktemp("random") / "warehouse.duckdb"
    return BuiltHistory(history, built(database, history.nodes, history.fetches))
