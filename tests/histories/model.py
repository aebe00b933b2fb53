"""What a warehouse must hold after any sequence of runs: the design, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from histories.world import Told, Tree

FIRST_ID = 1
PROBE_GAP = 3
AGED = timedelta(days=30)

Answer = Callable[[int], Told]


@dataclass(frozen=True)
class Asked:
    """One row of the ledger: in which run (they are numbered), when, and what came of it."""

    run: int
    at: datetime
    outcome: str
    status: int


@dataclass
class Expected:
    """What must be in the warehouse.

    Attributes:
        ledger: id → its rows.
        trees: id → the tree whose nodes are there, and when it was received.
        invalid: ids and bodies of what was no tree.
        runs: how many there were.
    """

    ledger: dict[int, list[Asked]] = field(default_factory=dict)
    trees: dict[int, tuple[Tree, datetime]] = field(default_factory=dict)
    invalid: set[tuple[int, bytes]] = field(default_factory=set)
    runs: int = 0

    # --- What happens -----------------------------------------------------------------------------

    def take(self, execution_id: int, told: Told, at: datetime) -> None:
        """The body of an answer is committed: it replaces a tree, or is kept if it is none."""
        if told.tree is not None:
            self.trees[execution_id] = (told.tree, at)
        elif told.status == 200:
            self.invalid.add((execution_id, told.body))

    def enter(self, execution_id: int, asked: Asked) -> None:
        """A ledger row is committed."""
        self.ledger.setdefault(execution_id, []).append(asked)

    def without_row(self) -> list[int]:
        """Ids with nodes whose answer has no ledger row."""
        return [
            execution_id
            for execution_id, (_, at) in sorted(self.trees.items())
            if all(asked.at != at for asked in self.ledger.get(execution_id, []))
        ]

    def restore(self) -> list[int]:
        """A run begins: under a number of its own the missing rows are written."""
        missing = self.without_row()
        self.runs += 1
        for execution_id in missing:
            self.enter(execution_id, Asked(self.runs, self.trees[execution_id][1], "loaded", 200))
        self.runs += 1
        return missing

    def shift(self, by: timedelta) -> None:
        """All of it happened so much earlier."""
        for rows in self.ledger.values():
            rows[:] = [Asked(row.run, row.at - by, row.outcome, row.status) for row in rows]
        self.trees = {i: (tree, at - by) for i, (tree, at) in self.trees.items()}

    # --- What a scheduled run asks ----------------------------------------------------------------

    def due(self, now: datetime, answer: Answer) -> list[int]:
        """The ids that a run asks for which begins now, in order.

        Args:
            now: when it plans.
            answer: what the cluster says to an id.
        """
        highest = max(self.trees, default=None)
        first = [i for i in sorted(self.trees) if not is_final(self.trees[i][0])]
        later = [i for i in sorted(self.ledger) if i not in first]
        probed = self._probed(FIRST_ID if highest is None else highest + 1, answer)
        last = [i for i in later if not self._is_loaded(i) and not self._is_settled(i)]
        asked = [i for i in first if self._is_old_enough(i, now)] + probed
        asked += [i for i in last if i not in probed and self._is_old_enough(i, now)]
        return asked + [i for i in self._never_asked(highest) if i not in probed]

    @staticmethod
    def _probed(begin: int, answer: Answer) -> list[int]:
        probed: list[int] = []
        empty = 0
        while empty < PROBE_GAP:
            probed.append(begin + len(probed))
            empty = 0 if answer(probed[-1]).outcome == "loaded" else empty + 1
        return probed

    def _last(self, execution_id: int) -> Asked:
        return max(self.ledger[execution_id], key=lambda asked: (asked.at, asked.run))

    def _is_loaded(self, execution_id: int) -> bool:
        return execution_id in self.trees and self._last(execution_id).outcome == "loaded"

    def _is_settled(self, execution_id: int) -> bool:
        since = [
            min(asked.run for asked in self.ledger[i] if asked.outcome == "loaded")
            for i in self.trees
            if i > execution_id
        ]
        last = self._last(execution_id)
        return last.outcome == "not_found" and bool(since) and min(since) < last.run

    def _is_old_enough(self, execution_id: int, now: datetime) -> bool:
        times = [asked.at for asked in self.ledger[execution_id]]
        span = max(times) - min(times)
        return span < AGED and (now - max(times)) * 10 >= span

    def _never_asked(self, highest: int | None) -> list[int]:
        if highest is None:
            return []
        lowest = min(*self.ledger, highest)
        begin = FIRST_ID if lowest - PROBE_GAP <= FIRST_ID < lowest else lowest
        return [i for i in range(begin, highest) if i not in self.ledger and i not in self.trees]


def is_final(tree: Tree) -> bool:
    """The root is in terminator state and no node is in load state."""
    states = [_state(node) for node in _walk(tree)]
    return states[0] == "terminator state" and "load state" not in states


def _state(node: Tree) -> str:
    return str((node.get("status") or {}).get("stateType") or "").strip().lower()


def _walk(node: Tree) -> Iterator[Tree]:
    yield node
    for child in node.get("childStatusDetails", []):
        yield from _walk(child)
