"""For any history, the models match plain Python."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given, settings

from sql.base_rows import History, write_base_tables
from sql.comparison import differing
from sql.compiled import Model, built_in_memory, compiled_models
from sql.drawn import SMALL, TYPE_ROLES, any_history
from sql.reference.reading import MARTS, Reading


@pytest.fixture(scope="module")
def compiled_small(tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    database = tmp_path_factory.mktemp("compiled") / "warehouse.duckdb"
    write_base_tables(database)
    return compiled_models(database, asdict(SMALL) | {"user_type_roles": TYPE_ROLES})


@pytest.mark.timeout(3_600)  # the full proof takes minutes, and more on a busy machine
@settings(max_examples=settings.default.max_examples // 4)  # type: ignore[union-attr]
@given(history=any_history())
def test_the_models_match_plain_python(compiled_small: list[Model], history: History) -> None:
    """All columns of all marts match, with windows that the history fills."""
    reading = Reading(history, SMALL, TYPE_ROLES)
    with built_in_memory(compiled_small, history) as warehouse:
        for mart in MARTS:
            assert differing(warehouse, mart, reading.mart(mart)) == []
