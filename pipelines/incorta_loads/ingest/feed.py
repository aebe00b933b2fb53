"""Selects the ids to request next.

A `Feed` hands out ids one by one and receives the outcome of each. `asked_for` covers exactly the
ids that a user named. `due` selects ids in three phases:

1. executions that may have changed,
2. new ids above the highest known one,
3. ids that were not loaded at their last request.

Ids that were unavailable at their last request are retried last. A few consecutive unavailable ids
end a run and would keep it from reaching the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from incorta_loads.endpoint.execution_ids import HIGHEST_ID, ExecutionIds
from incorta_loads.ingest.known import Known

MOST_GAPS = 50
"""Probing stops after this many times `probe_gap` consecutive ids without nodes."""


class Feed:
    """Hands out the ids to request, each once.

    New executions are probed in ascending order. Probing stops after `probe_gap` consecutive ids
    that do not exist. It also stops after `MOST_GAPS` times as many consecutive ids without nodes,
    for whatever reason.

    Args:
        first: ids to request first.
        probe_from: first id to probe for new executions afterwards, or None to probe none.
        probe_gap: consecutive missing ids after which probing stops.
        last: ids to request last, except those in `first` and those that were already probed.
        doubtful: ids to keep for the very end, in this order. They count as existing. A
            doubtful id that is in none of `first`, `last` and the probed range is not requested.
    """

    def __init__(
        self,
        first: ExecutionIds,
        *,
        probe_from: int | None = None,
        probe_gap: int = 0,
        last: ExecutionIds | None = None,
        doubtful: Sequence[int] = (),
    ) -> None:
        last = last or ExecutionIds()
        self._doubtful = dict.fromkeys(doubtful)  # an ordered set
        self._named = {each for each in doubtful if each in first or each in last}
        self._first = (each for each in first if each not in self._doubtful)
        self._last = (each for each in last if each not in self._doubtful and each not in first)
        self._probe = self._begin = probe_from
        self._probe_gap = probe_gap
        self._probing: set[int] = set()
        self._ended_with: set[int] = set()  # handed out at the end; probing must skip them
        self._last_there = self._last_loaded = (probe_from or 0) - 1
        # id → whether it has nodes, for existing ids at or beyond the current end of probing
        self._there = {each: False for each in self._doubtful if self._is_above(each)}
        self._move_end()

    @property
    def ids_in_vain(self) -> int:
        """Consecutive ids without nodes after which probing was given up; 0 if it was not."""
        is_over = self._probe is not None and self._probe >= self._end
        is_given_up = is_over and self._last_there + 1 + self._probe_gap > self._end <= HIGHEST_ID
        return self._end - 1 - self._last_loaded if is_given_up else 0

    @property
    def last_probed(self) -> int:
        """The highest id that was probed for new executions."""
        return self._end - 1

    def take(self) -> int | None:
        """Returns the next id to request.

        Returns:
            None if no id is left, or if none is available until `report` is called.
        """
        if (execution_id := next(self._first, None)) is not None:
            return execution_id
        while self._probe is not None and self._probe < self._end:
            execution_id, self._probe = self._probe, self._probe + 1
            if execution_id not in self._doubtful and execution_id not in self._ended_with:
                self._probing.add(execution_id)
                return execution_id
        if self._probing:
            return None
        if (execution_id := next(self._last_ones(), None)) is None:
            execution_id = next(filter(self._is_wanted, self._doubtful), None)
        if execution_id is not None:
            self._doubtful.pop(execution_id, None)
            if self._is_above(execution_id):
                self._ended_with.add(execution_id)
        return execution_id

    def report(self, execution_id: int, outcome: str) -> None:
        """Records the ledger outcome of an id. Existing ids extend the range to probe."""
        self._probing.discard(execution_id)
        if outcome != "not_found" and self._is_above(execution_id):
            self._there[execution_id] = outcome == "loaded"
            self._move_end()

    def _move_end(self) -> None:
        """Moves the end of probing as far as the known ids allow.

        Requesting ids one by one would reach the same end.
        """
        while True:
            self._end = min(
                self._last_there + 1 + self._probe_gap,
                self._last_loaded + 1 + self._probe_gap * MOST_GAPS,
                HIGHEST_ID + 1,
            )
            reached = [each for each in self._there if each < self._end]
            if not reached:
                return
            self._last_there = max(self._last_there, *reached)
            loaded = [each for each in reached if self._there[each]]
            self._last_loaded = max(self._last_loaded, *loaded, -1)
            for each in reached:
                del self._there[each]

    def _last_ones(self) -> Iterator[int]:
        return (each for each in self._last if not self._is_new(each))

    def _is_wanted(self, doubtful: int) -> bool:
        return doubtful in self._named or self._is_new(doubtful)

    def _is_new(self, execution_id: int) -> bool:
        """Whether the id is in the range that is probed for new executions."""
        return self._is_above(execution_id) and execution_id < self._end

    def _is_above(self, execution_id: int) -> bool:
        """Whether the id is at or above the first id to probe."""
        return self._begin is not None and self._begin <= execution_id


def asked_for(ids: ExecutionIds) -> Feed:
    """Returns a feed of exactly these ids."""
    return Feed(ids)


def due(known: Known, *, first_id: int, probe_gap: int) -> Feed:
    """Returns the feed of a scheduled run, without the highest known execution.

    The run requests that execution before it uses this feed.
    """
    if known.highest is None:
        begin = first_id
        first, last = known.not_final, known.not_loaded
    else:
        begin = known.highest + 1
        again = [*known.not_final.ranges, *known.not_successful.ranges]
        first = ExecutionIds.of_ranges(again).without(known.highest)
        last = known.not_loaded.without(known.highest)
    return Feed(
        first,
        probe_from=begin,
        probe_gap=probe_gap,
        last=last,
        doubtful=[each for each in known.doubtful if each != known.highest],
    )
