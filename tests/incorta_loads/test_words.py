"""Counts and times in sentences."""

from __future__ import annotations

import pytest

from incorta_loads.words import counted, duration


@pytest.mark.parametrize(("count", "expected"), [(0, "0 ids"), (1, "1 id"), (2, "2 ids")])
def test_only_one_is_singular(count: int, expected: str) -> None:
    """The noun follows its count."""
    assert counted(count, "id") == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7_500, "2 h 5 min")],
)
def test_durations_are_for_people(seconds: float, expected: str) -> None:
    """Two units at most."""
    assert duration(seconds) == expected
