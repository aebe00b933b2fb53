"""The expected contents of a warehouse after any sequence of runs: the design in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from histories.world import Response, Tree

FIRST_ID = 1
PROBE_GAP = 3
MOST_GAPS = 50
AGED = timedelta(days=30)

ResponseTo = Callable[[int], Response]


@dataclass(frozen=True)
class LedgerRow:
    """One row of the ledger: the run's number, the time, the outcome, and whether it was final."""

    run: int
    at: datetime
    outcome: str
    status: int
    is_final: bool | None


@dataclass(frozen=True)
class Answer:
    """A tree that the cluster returned, once or several times in a row.

    Attributes:
        tree: the tree.
        first_at, last_at: when it was first and last received.
    """

    tree: Tree
    first_at: datetime
    last_at: datetime


@dataclass
class Expected:
    """The expected contents of the warehouse.

    Attributes:
        ledger: id → its ledger rows.
        trees: id → the tree whose nodes are loaded, and when it was received.
        answers: id → all its trees so far.
        invalid: ids and bodies of invalid payloads.
        runs: the number of runs so far.
    """

    ledger: dict[int, list[LedgerRow]] = field(default_factory=dict)
    trees: dict[int, tuple[Tree, datetime]] = field(default_factory=dict)
    answers: dict[int, list[Answer]] = field(default_factory=dict)
    invalid: set[tuple[int, bytes]] = field(default_factory=set)
    runs: int = 0

    # --- Events -----------------------------------------------------------------------------------

    def take(self, execution_id: int, response: Response, at: datetime) -> None:
        """Commits a response body: it replaces the tree, or is kept as an invalid payload."""
        if response.tree is not None:
            self.trees[execution_id] = (response.tree, at)
            self.answers.setdefault(execution_id, []).append(Answer(response.tree, at, at))
        elif response.status == 200:
            self.invalid.add((execution_id, response.body))

    def enter(self, execution_id: int, row: LedgerRow) -> None:
        """Commits a ledger row."""
        self.ledger.setdefault(execution_id, []).append(row)

    def see_again(self, execution_id: int, at: datetime) -> None:
        """Commits the ledger row of an execution whose tree is still the same."""
        answers = self.answers[execution_id]
        answers[-1] = replace(answers[-1], last_at=at)

    def lose_ledger(self) -> None:
        """Only the times of the nodes are known."""
        self.ledger.clear()
        for execution_id, (_, at) in self.trees.items():
            self.see_again(execution_id, at)

    def without_row(self) -> list[int]:
        """Ids with nodes whose response has no ledger row."""
        return [
            execution_id
            for execution_id, (_, at) in sorted(self.trees.items())
            if all(row.at != at for row in self.ledger.get(execution_id, []))
        ]

    def restore(self) -> list[int]:
        """Begins a run, which first restores missing ledger rows under a run number of their
        own."""
        missing = self.without_row()
        self.runs += 1
        for execution_id in missing:
            tree, at = self.trees[execution_id]
            self.enter(execution_id, LedgerRow(self.runs, at, "loaded", 200, is_final(tree)))
        self.runs += 1
        return missing

    def shift(self, by: timedelta) -> None:
        """Moves every time back by `by`."""
        for rows in self.ledger.values():
            rows[:] = [replace(row, at=row.at - by) for row in rows]
        self.trees = {i: (tree, at - by) for i, (tree, at) in self.trees.items()}
        for answers in self.answers.values():
            answers[:] = [
                Answer(each.tree, each.first_at - by, each.last_at - by) for each in answers
            ]

    # --- The requests of a scheduled run ----------------------------------------------------------

    def due(self, now: datetime, response_to: ResponseTo) -> list[int]:
        """The ids that a run starting now requests, in order.

        Args:
            now: the time at which the run plans its requests.
            response_to: the cluster's response for an id.
        """
        highest = max(self.trees, default=None)
        if highest is not None and self.is_gone(highest, response_to(highest)):
            return [highest]
        not_final = [i for i in sorted(self.trees) if not is_final(self.trees[i][0])]
        later = [i for i in sorted(self.ledger) if i not in not_final]
        probed = self._probed(FIRST_ID if highest is None else highest + 1, response_to)
        last = [i for i in later if not self._is_loaded(i) and not self._is_settled(i)]
        first = [i for i in not_final if self._is_old_enough(i, now)] + self._repaired(now)
        requested = [] if highest is None else [highest]
        requested += [i for i in sorted({*first}) if i != highest] + probed
        requested += [i for i in last if i not in requested and self._is_old_enough(i, now)]
        return requested + [i for i in self._never_requested(highest) if i not in requested]

    def is_gone(self, execution_id: int, response: Response) -> bool:
        """Whether the response for the highest execution shows that it no longer exists."""
        if response.outcome != "loaded" or response.tree is None:
            return response.outcome == "not_found"
        tree, _ = self.trees[execution_id]
        was_gone = self.ledger.get(execution_id) and self._last(execution_id).outcome == "not_found"
        if was_gone and is_final(tree) and not is_same(response.tree, tree):
            return True
        before, after = tables(tree), tables(response.tree)
        is_renamed = plan(tree) != plan(response.tree)
        return is_renamed and not (before and 2 * len(before & after) >= len(before))

    def stays(self, execution_id: int, response: Response, highest: int | None) -> bool:
        """Whether a scheduled run keeps the nodes of an execution that it requested again."""
        if execution_id not in self.trees or response.tree is None:
            return False
        tree, _ = self.trees[execution_id]
        is_requested_again = execution_id in (highest, *self._in_error())
        return is_requested_again and is_final(tree) and is_same(response.tree, tree)

    def _repaired(self, now: datetime) -> list[int]:
        """The latest execution of each plan, if it is final, in error and old enough."""
        return [i for i in self._in_error() if self._is_old_enough(i, now, self.trees[i][1])]

    def _in_error(self) -> list[int]:
        newest = {plan(self.trees[i][0]): i for i in sorted(self.trees)}
        return [
            i
            for i in newest.values()
            if is_final(self.trees[i][0])
            and str(_status(self.trees[i][0]).get("jobStatus") or "").strip().lower() != "success"
        ]

    def _probed(self, begin: int, response_to: ResponseTo) -> list[int]:
        probed: list[int] = []
        missing = empty = 0
        while missing < PROBE_GAP and empty < PROBE_GAP * MOST_GAPS:
            probed.append(begin + len(probed))
            outcome = response_to(probed[-1]).outcome
            is_missing = outcome == "not_found" and not self._was_unavailable(probed[-1])
            missing = missing + 1 if is_missing else 0
            empty = 0 if outcome == "loaded" else empty + 1
        return probed

    def _was_unavailable(self, execution_id: int) -> bool:
        """Whether the last request was unavailable; the id counts as existing until the next."""
        return execution_id in self.ledger and self._last(execution_id).outcome == "unavailable"

    def _last(self, execution_id: int) -> LedgerRow:
        return max(self.ledger[execution_id], key=lambda row: (row.at, row.run))

    def _is_loaded(self, execution_id: int) -> bool:
        return execution_id in self.trees and self._last(execution_id).outcome == "loaded"

    def _is_settled(self, execution_id: int) -> bool:
        since = [
            min(row.run for row in self.ledger[i] if row.outcome == "loaded")
            for i in self.trees
            if i > execution_id
        ]
        last = self._last(execution_id)
        return last.outcome == "not_found" and bool(since) and min(since) < last.run

    def _is_old_enough(
        self, execution_id: int, now: datetime, since: datetime | None = None
    ) -> bool:
        times = [row.at for row in self.ledger[execution_id]]
        span = max(times) - (since or min(times))
        return span < AGED and (now - max(times)) * 10 >= span

    def _never_requested(self, highest: int | None) -> list[int]:
        if highest is None:
            return []
        lowest = min(*self.ledger, highest)
        begin = FIRST_ID if lowest - PROBE_GAP <= FIRST_ID < lowest else lowest
        return [i for i in range(begin, highest) if i not in self.ledger and i not in self.trees]


def is_final(tree: Tree) -> bool:
    """Whether the root is in terminator state and no node is in load state."""
    states = [_state(node) for node in _walk(tree)]
    return states[0] == "terminator state" and "load state" not in states


def is_same(tree: Tree, other: Tree) -> bool:
    """Whether two trees give the same rows; empty and null fields count as absent."""
    return _bare(tree) == _bare(other)


def plan(tree: Tree) -> str | None:
    """The name of the execution's plan."""
    return tree.get("name") if _type(tree) == "load_plan" else None


def tables(tree: Tree) -> set[tuple[str | None, str | None]]:
    """Schema and name of each table; any leaf below a schema is one."""
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
