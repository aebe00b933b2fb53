from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from sql.base_rows import History, built, write_base_tables
from sql.comparison import BuiltHistory
from sql.compiled import Model, compiled_models
from sql.eventful import eventful_history
from sql.histories import random_history
from sql.reference.limits import Limits


@pytest.fixture(scope="session")
def random_warehouse(tmp_path_factory: pytest.TempPathFactory) -> BuiltHistory:
    """A random history with every model built on it."""
    return _built(tmp_path_factory.mktemp("random"), random_history())


@pytest.fixture(scope="session")
def eventful_warehouse(tmp_path_factory: pytest.TempPathFactory) -> BuiltHistory:
    """A history in which everything happens, with every model built on it."""
    return _built(tmp_path_factory.mktemp("eventful"), eventful_history())


def _built(directory: Path, history: History) -> BuiltHistory:
    return BuiltHistory(history, built(directory / "warehouse.duckdb", *history))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    """The models, for warehouses in memory."""
    database = tmp_path_factory.mktemp("compiled") / "warehouse.duckdb"
    write_base_tables(database)
    return compiled_models(database, asdict(Limits()))
