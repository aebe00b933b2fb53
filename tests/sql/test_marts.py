"""Each mart is what `analysis.md` says, cell by cell, as plain Python computes it."""

from __future__ import annotations

import pytest

from sql.comparison import BuiltHistory, differences
from sql.reference.reading import MARTS


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_what_plain_python_computes(random_warehouse: BuiltHistory, mart: str) -> None:
    """Each column of each row equals the definition, taken literally."""
    assert differences(random_warehouse, mart) == []
