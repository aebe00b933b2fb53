"""Rules for comparing statuses and types."""

from __future__ import annotations

import pytest

from incorta_loads.tree.statuses import compared


@pytest.mark.parametrize(
    ("status", "expected"),
    [(None, ""), ("\t\n\v\f\r Load State ", "load state"), ("\u00a0İK", "\u00a0İk"), ("ÄB", "Äb")],
)
def test_statuses_are_compared_without_blanks_and_case(status: str | None, expected: str) -> None:
    """Only ASCII blanks and letters are normalized, since database engines disagree about
    others."""
    assert compared(status) == expected
