"""Each mart matches the definitions of `analysis.md` in plain Python, cell by cell."""

from __future__ import annotations

import pytest

from sql.comparison import BuiltHistory, differences
from sql.reference.reading import MARTS


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_matches_plain_python(random_warehouse: BuiltHistory, mart: str) -> None:
    """All columns of all rows match."""
    assert differences(random_warehouse, mart) == []
