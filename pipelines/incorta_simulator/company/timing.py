"""When the tables of an execution run: their true times, which follow from the seed."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING

from incorta_simulator.company.execution import TABLES_AT_ONCE
from incorta_simulator.company.tree import IN_QUEUE, RUNNING, SKIPPED
from incorta_simulator.draws import draw

if TYPE_CHECKING:
    from incorta_simulator.company.execution import Execution
    from incorta_simulator.company.tree import Path

QUEUE_SECONDS = 0.3
"""How long an execution exists before its first table runs."""

TABLE_SECONDS = 1.0
"""How long a table typically runs; a thousandth of a table of a large company."""

Span = tuple[float, float]
"""When something begins and ends, in seconds; infinite if it never does."""


def spans(execution: Execution) -> dict[Path, Span]:
    """Returns when each table runs and, as `()`, the execution; in seconds after it began.

    A group starts when the group before it ended. A skipped table ends without having run.
    """
    found: dict[Path, Span] = {}
    begin = QUEUE_SECONDS
    for _, tables in groupby(execution.tables(), key=lambda path: path[0]):
        free = [begin] * TABLES_AT_ONCE
        heapify(free)
        for path in tables:
            status = execution.statuses[path]
            if status == SKIPPED:
                continue
            table_begin = heappop(free)
            ended = table_begin + _seconds(execution, path)
            heappush(free, ended)
            begin = max(begin, ended)
            found[path] = (table_begin, inf if status == RUNNING else ended)
    skipped = dict.fromkeys(execution.tables(), (begin, begin))
    return {(): (0.0, begin)} | skipped | found


def statuses_at(execution: Execution, seconds: float) -> dict[Path, str]:
    """Returns the statuses at a time in seconds after the execution began."""
    times = spans(execution)
    if seconds >= times[()][1]:
        return execution.statuses
    return {
        path: _status_at(execution.statuses[path], times[path], seconds)
        for path in execution.tables()
    }


def _status_at(last: str, span: Span, seconds: float) -> str:
    begin, end = span
    if seconds < begin:
        return IN_QUEUE
    return RUNNING if seconds < end else last


def _seconds(execution: Execution, path: Path) -> float:
    """Returns how long a table runs: some tables always take long, some executions do."""
    seed = execution.seed
    size = 0.3 + 2 * draw(seed, "size", *path) ** 2
    load = 0.7 + 0.6 * draw(seed, "load", execution.execution_id)
    luck = 0.8 + 0.4 * draw(seed, "luck", execution.execution_id, *path)
    return TABLE_SECONDS * size * load * luck
