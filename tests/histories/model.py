"""What a warehouse must hold after any sequence of runs: the design, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from histories.world import ObservedTable, Tree

FIRST_ID = 1
PROBE_GAP = 3
MOST_GAPS = 50
AGED = timedelta(days=30)

Answer = Callable[[int], ObservedTable]


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

    def take(self, execution_id: int, told: ObservedTable, at: datetime) -> None:
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
        if highest is not None and self.is_gone(highest, answer(highest)):
            return [highest]
        not_final = [i for i in sorted(self.trees) if not is_final(self.trees[i][0])]
        later = [i for i in sorted(self.ledger) if i not in not_final]
        probed = self._probed(FIRST_ID if highest is None else highest + 1, answer)
        last = [i for i in later if not self._is_loaded(i) and not self._is_settled(i)]
        first = [i for i in not_final if self._is_old_enough(i, now)] + self._repaired(now)
        asked = [] if highest is None else [highest]
        asked += [i for i in sorted({*first}) if i != highest] + probed
        asked += [i for i in last if i not in asked and self._is_old_enough(i, now)]
        return asked + [i for i in self._never_asked(highest) if i not in asked]

    def is_gone(self, execution_id: int, told: ObservedTable) -> bool:
        """Whether the answer for the highest execution is none of the one that is here."""
        if told.outcome != "loaded" or told.tree is None:
            return told.outcome == "not_found"
        tree, _ = self.trees[execution_id]
        was_gone = self.ledger.get(execution_id) and self._last(execution_id).outcome == "not_found"
        if was_gone and not is_same(told.tree, tree):
            return True
        before, after = tables(tree), tables(told.tree)
        is_renamed = plan(tree) != plan(told.tree)
        return is_renamed and not (before and 2 * len(before & after) >= len(before))

    def stays(self, execution_id: int, told: ObservedTable, highest: int | None) -> bool:
        """Whether a scheduled run leaves the nodes of an execution that it asked again alone."""
        if execution_id not in self.trees or told.tree is None:
            return False
        tree, _ = self.trees[execution_id]
        is_asked_again = execution_id in (highest, *self._in_error())
        return is_asked_again and is_final(tree) and is_same(told.tree, tree)

    def _repaired(self, now: datetime) -> list[int]:
        """The newest execution of each plan, where it is final, in error, and old enough."""
        return [i for i in self._in_error() if self._is_old_enough(i, now, self.trees[i][1])]

    def _in_error(self) -> list[int]:
        newest = {plan(self.trees[i][0]): i for i in sorted(self.trees)}
        return [
            i
            for i in newest.values()
            if is_final(self.trees[i][0])
            and str(_status(self.trees[i][0]).get("jobStatus") or "").strip().lower() != "success"
        ]

    @staticmethod
    def _probed(begin: int, answer: Answer) -> list[int]:
        probed: list[int] = []
        missing = empty = 0
        while missing < PROBE_GAP and empty < PROBE_GAP * MOST_GAPS:
            probed.append(begin + len(probed))
            outcome = answer(probed[-1]).outcome
            missing = missing + 1 if outcome == "not_found" else 0
            empty = 0 if outcome == "loaded" else empty + 1
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

    def _is_old_enough(
        self, execution_id: int, now: datetime, since: datetime | None = None
    ) -> bool:
        times = [asked.at for asked in self.ledger[execution_id]]
        span = max(times) - (since or min(times))
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


def is_same(tree: Tree, other: Tree) -> bool:
    """Whether two trees become the same rows: empty and null fields are none."""
    return _bare(tree) == _bare(other)


def plan(tree: Tree) -> str | None:
    """The name of the plan that an execution is of."""
    return tree.get("name") if _type(tree) == "load_plan" else None


def tables(tree: Tree) -> set[tuple[str | None, str | None]]:
    """Schema and name of each table, which may be any leaf below a schema."""
    return set(_tables(tree, None))


def _tables(node: Tree, schema: str | None) -> Iterator[tuple[str | None, str | None]]:
    named = ("load_plan", "group", "schema", "table")
    schema = node.get("name") if _type(node) == "schema" else schema
    below = node.get("childStatusDetails") or []
    if _type(node) == "table" or (not below and schema is not None and _type(node) not in named):
        yield schema, node.get("name")
    for child in below:
        yield from _tables(child, schema)


def _bare(node: Tree) -> Tree:
    fields = {
        name: [*map(_bare, value)] if name == "childStatusDetails" else value
        for name, value in node.items()
    }
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def _type(node: Tree) -> str:
    return str(node.get("type") or "").strip().lower()


def _status(node: Tree) -> Tree:
    return node.get("status") or {}


def _state(node: Tree) -> str:
    return str(_status(node).get("stateType") or "").strip().lower()


def _walk(node: Tree) -> Iterator[Tree]:
    yield node
    for child in node.get("childStatusDetails", []):
        yield from _walk(child)
