"""Which ids to ask for next.

A `Feed` hands out ids one by one and is told what became of them. `asked_for` walks the ids that a
user named; `due` decides by itself, in three phases: executions that may have changed, new ids
above the highest one, ids that were not loaded when they were last asked for. Those that were
unavailable then come after all others: a few of them in a row end a run, and would keep it from the
rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from incorta_loads.endpoint.execution_ids import HIGHEST_ID, ExecutionIds
from incorta_loads.ingest.known import Known

MOST_GAPS = 50
"""So many times `probe_gap` ids in a row without nodes end the looking for new executions."""


class Feed:
    """Hands out the ids to ask for, each once.

    New executions are looked for lowest first, until `probe_gap` ids in a row do not exist, or
    `MOST_GAPS` times as many have no nodes, whatever the reason.

    Args:
        first: ids to begin with.
        probe_from: where to look for new executions after that; None: nowhere.
        probe_gap: ids in a row that do not exist after which there are taken to be no more.
        last: ids to end with; those that were probed are left out.
        doubtful: which of all these are kept for the very end, in this order; they are there.
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
        self._last = (each for each in last if each not in self._doubtful)
        self._probe = self._begin = probe_from
        self._probe_gap = probe_gap
        self._probing: set[int] = set()
        self._ended_with: set[int] = set()  # of those above, which the probing must leave out
        self._last_there = self._last_loaded = (probe_from or 0) - 1
        # id → whether it has nodes, of those that exist, where the end has not come to yet
        self._there = {each: False for each in self._doubtful if self._is_above(each)}
        self._move_end()

    @property
    def ids_in_vain(self) -> int:
        """Ids in a row without nodes after which the looking was given up; 0: it was not."""
        is_over = self._probe is not None and self._probe >= self._end
        is_given_up = is_over and self._last_there + 1 + self._probe_gap > self._end <= HIGHEST_ID
        return self._end - 1 - self._last_loaded if is_given_up else 0

    @property
    def last_probed(self) -> int:
        """The highest id that was looked at for new executions."""
        return self._end - 1

    def take(self) -> int | None:
        """The next id to ask for; None when there is none, or none until `report` is called."""
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
        """Tells what became of an id, as the ledger says it: those there are move the end."""
        self._probing.discard(execution_id)
        if outcome != "not_found" and self._is_above(execution_id):
            self._there[execution_id] = outcome == "loaded"
            self._move_end()

    def _move_end(self) -> None:
        """Where the looking ends by what is known: it would be asked so far one by one, too."""
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
        """Whether it lies where new executions are looked for."""
        return self._is_above(execution_id) and execution_id < self._end

    def _is_above(self, execution_id: int) -> bool:
        """Whether new executions may be looked for so far up."""
        return self._begin is not None and self._begin <= execution_id


def asked_for(ids: ExecutionIds) -> Feed:
    """Exactly these ids."""
    return Feed(ids)


def due(known: Known, *, first_id: int, probe_gap: int) -> Feed:
    """What a scheduled run asks for, once it has asked for the highest execution there is."""
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
