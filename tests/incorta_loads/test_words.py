"""Counts in sentences."""

from __future__ import annotations

import pytest

from incorta_loads.words import counted


@pytest.mark.parametrize(("count", "expected"), [(0, "0 ids"), (1, "1 id"), (2, "2 ids")])
def test_only_one_is_singular(count: int, expected: str) -> None:
    """The noun follows its count."""
    assert counted(count, "id") == expected
