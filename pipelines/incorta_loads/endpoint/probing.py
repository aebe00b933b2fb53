"""Finds which execution ids a cluster has, with few requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_HIGHEST = 2**30
_MOST_MISSES = 4
"""Probing upwards stops after this many doublings without an execution above the last one found."""

_WIDTH = 3
"""So many consecutive ids are requested before a place counts as empty, because ids have gaps."""


@dataclass(frozen=True)
class FoundIds:
    """Executions found by probing; ids between them may be missing.

    Attributes:
        lowest, highest: about the lowest and the highest; None if none was found.
        requests: number of requested ids.
    """

    lowest: int | None
    highest: int | None
    requests: int


def find_ids(exists: Callable[[int], bool]) -> FoundIds:
    """Doubles the id until nothing is found, then halves the distance to both ends.

    Args:
        exists: id → whether the cluster has an execution with it; sends one request.
    """
    requested: dict[int, bool] = {}

    def is_taken(place: int) -> bool:
        for execution_id in range(place, place + _WIDTH):
            if execution_id not in requested:
                requested[execution_id] = exists(execution_id)
            if requested[execution_id]:
                return True
        return False

    place, empty_below, misses = 1, 0, 0
    while place <= _HIGHEST and misses < (_MOST_MISSES if _found(requested) else _HIGHEST):
        misses = 0 if is_taken(place) else misses + 1
        if not _found(requested):
            empty_below = place
        place *= 2
    if not _found(requested):
        return FoundIds(None, None, len(requested))
    low, high = empty_below, min(_found(requested))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_taken(middle) else (middle, high)
    low = max(_found(requested))
    high = min((each for each in requested if each > low), default=place)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_taken(middle) else (low, middle)
    found = _found(requested)
    return FoundIds(min(found), max(found), len(requested))


def _found(requested: dict[int, bool]) -> list[int]:
    return [execution_id for execution_id, is_there in requested.items() if is_there]
