"""Probing finds both ends of the ids that a cluster has."""

from __future__ import annotations

import random

import pytest

from incorta_loads.endpoint.probing import FoundIds, find_ids

MOST_REQUESTS = 200


def probed(there: range | set[int]) -> FoundIds:
    found = find_ids(lambda execution_id: execution_id in there)
    assert found.requests <= MOST_REQUESTS
    return found


@pytest.mark.parametrize(
    ("lowest", "highest"),
    [(1, 1), (1, 448), (2, 3), (100, 1000), (5_000, 12_345), (1, 30_000_000), (9, 16)],
)
def test_both_ends_are_found(lowest: int, highest: int) -> None:
    """A cluster may have deleted its first executions."""
    found = probed(range(lowest, highest + 1))
    assert (found.lowest, found.highest) == (lowest, highest)


def test_gaps_of_two_ids_do_not_matter() -> None:
    """Some ids belong to nothing that the user may see."""
    draw = random.Random(20261130)
    for _ in range(50):
        highest = draw.randrange(10, 100_000)
        there = {each for each in range(1, highest + 1) if each % 3 == 1} | {highest}
        found = probed(there)
        assert (found.lowest, found.highest) == (1, highest)


def test_no_execution_is_no_ids() -> None:
    """Probing ends, even if nothing is there."""
    found = probed(set())
    assert (found.lowest, found.highest) == (None, None)
