"""Defines a company with load plans: all past and future executions follow from one seed."""

from __future__ import annotations

import json
import time
from bisect import bisect_right
from itertools import accumulate, count, islice
from typing import TYPE_CHECKING, Any

from incorta_simulator.company import timing, tree
from incorta_simulator.company.execution import Execution
from incorta_simulator.company.plans import PLANS
from incorta_simulator.company.progress import Progress
from incorta_simulator.company.story import STORY
from incorta_simulator.company.timetable import Timetable
from incorta_simulator.draws import draw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path as FilePath

    from incorta_simulator.company.elements import Element
    from incorta_simulator.company.plans import Plan
    from incorta_simulator.company.timing import Span
    from incorta_simulator.company.tree import Path, Tree

RESTART_RATE = 0.25
"""Share of failed executions that are restarted by the next execution."""

GAP_RATE = 0.04
"""Share of single ids that never exist."""

LONG_GAP_RATE = 0.02
"""Share of blocks of ten ids of which only the first exists."""


class Company:
    """Load plans, their story, and the executions that exist at present.

    The content of an execution follows from the seed and its id. Nothing is stored, so the cost
    per tree does not depend on the number of executions. Ids start at 1; some never exist, at most
    nine in a row. The last `running` executions are still running, and advance by requests; the
    same holds for those that `release` adds later. Those that `play` adds follow the clock.

    Args:
        plans: The load plans.
        story: What fails. Without it, the default plans use the default story, and other plans
            never fail.
        seed: Changes the executions, with the same plans and story.
        executions: Number of executions at the start.
        running: Number of those that are still running.
        hidden_plan: Name of a plan that the token must not view.
        clock: Returns the time in seconds since the epoch, for executions that are played.
    """

    def __init__(
        self,
        plans: tuple[Plan, ...] = PLANS,
        story: tuple[Element, ...] | None = None,
        *,
        seed: int = 1,
        executions: int = 400,
        running: int = 3,
        hidden_plan: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.plans = plans
        self.seed = seed
        self.hidden_plan = hidden_plan
        self.progress = Progress()
        self._timetable = Timetable(clock)
        if story is None:
            story = STORY if plans is PLANS else ()
        self.story = story
        self._running = running
        self._ids: list[int] = []
        self._last_id = 0
        self.release(executions)

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the executions that exist at present, ascending."""
        return tuple(id_ for id_ in self._ids if self._has_begun(id_))

    @property
    def running_ids(self) -> tuple[int, ...]:
        """Ids of the executions that are not final yet, ascending."""
        played = (id_ for id_ in self._timetable.begins if self._is_played_now(id_))
        return (*self.progress.running(), *played)

    def release(self, executions: int) -> tuple[int, ...]:
        """Adds this many executions and returns their ids."""
        new_ids = self._next_ids(executions)
        # They must run before a request can see them; otherwise one might find them final.
        self.progress.begin(new_ids[max(0, executions - self._running) :])
        self._add(new_ids)
        return tuple(new_ids)

    def play(self, executions: int, *, every: float) -> tuple[int, ...]:
        """Lets executions begin and end by the clock, and returns the ids that they will have.

        Args:
            executions: How many.
            every: Seconds between the begins of two executions, and until the first.
        """
        new_ids = self._next_ids(executions)
        self._timetable.add(new_ids, every)
        self._add(new_ids)
        return tuple(new_ids)

    def finish_all(self) -> None:
        """Makes all running executions final."""
        self.progress.finish_all()

    def exists(self, execution_id: int) -> bool:
        """Returns whether the execution exists at present."""
        is_there = 1 <= execution_id <= self._last_id and not self._is_gap(execution_id)
        return is_there and self._has_begun(execution_id)

    def is_hidden(self, execution_id: int) -> bool:
        """Returns whether the execution belongs to the hidden plan."""
        if self.hidden_plan is None:
            return False
        return self._execution(execution_id).plan.name == self.hidden_plan

    def restart_of(self, execution_id: int) -> int | None:
        """Returns the id of the execution that this one restarts in part; None for a full run."""
        origin = self._restarted(execution_id)
        return origin.execution_id if origin else None

    def tree(self, execution_id: int) -> Tree:
        """Returns the tree that the execution has once it is final."""
        execution = self._execution(execution_id)
        return tree.build(execution.plan, execution.statuses)

    def next_tree(self, execution_id: int) -> Tree:
        """Returns the current tree; each call advances a running execution that is not played."""
        execution = self._execution(execution_id)
        elapsed = self._timetable.elapsed(execution_id)
        if elapsed is not None:
            return tree.build(execution.plan, timing.statuses_at(execution, elapsed))
        done_share = self.progress.move_on(execution_id)
        if done_share is None:
            return tree.build(execution.plan, execution.statuses)
        return tree.build(execution.plan, execution.so_far(done_share))

    def times(self, execution_id: int) -> dict[Path, Span]:
        """Returns the true times of the tables of a played execution and, as `()`, of itself.

        Seconds since the epoch; the end of what never ends is infinite.
        """
        begin = self._timetable.begins[execution_id]
        spans = timing.spans(self._execution(execution_id))
        return {path: (begin + since, begin + until) for path, (since, until) in spans.items()}

    def truth(self) -> list[dict[str, Any]]:
        """Returns the story as plain data: what an analysis of the executions should find."""
        return [element.truth() for element in self.story]

    def save(self, file: FilePath) -> None:
        """Writes how far running executions are, replacing the file by a rename."""
        state = {"answers": self.progress.answers(), "begins": self._timetable.begins}
        partial = file.with_name(f"{file.name}.partial")
        partial.write_text(json.dumps(state, indent=2), encoding="utf-8")
        partial.replace(file)

    def load(self, file: FilePath) -> None:
        """Continues from what `save` wrote; without a file, this is the first start."""
        if not file.exists():
            return
        state = json.loads(file.read_text(encoding="utf-8"))
        self.progress.restore(_by_id(state["answers"]))
        begins = _by_id(state.get("begins", {}))
        self._add([id_ for id_ in begins if id_ > self._last_id])
        self._timetable.begins.update(begins)

    def _next_ids(self, executions: int) -> list[int]:
        to_come = (id_ for id_ in count(self._last_id + 1) if not self._is_gap(id_))
        return list(islice(to_come, executions))

    def _add(self, new_ids: list[int]) -> None:
        self._ids += new_ids
        self._last_id = self._ids[-1] if self._ids else 0

    def _has_begun(self, execution_id: int) -> bool:
        elapsed = self._timetable.elapsed(execution_id)
        return elapsed is None or elapsed >= 0

    def _is_played_now(self, execution_id: int) -> bool:
        elapsed = self._timetable.elapsed(execution_id)
        end = timing.spans(self._execution(execution_id))[()][1]
        return elapsed is not None and 0 <= elapsed < end

    def _is_gap(self, execution_id: int) -> bool:
        if execution_id % 10 == 1:
            return False
        ten = (execution_id - 1) // 10
        return (
            draw(self.seed, "gap", execution_id) < GAP_RATE
            or draw(self.seed, "long gap", ten) < LONG_GAP_RATE
        )

    def _execution(self, execution_id: int) -> Execution:
        origin = self._restarted(execution_id)
        return self._told(origin.restart(execution_id)) if origin else self._full(execution_id)

    def _full(self, execution_id: int) -> Execution:
        ends = list(accumulate(plan.frequency for plan in self.plans))
        place = bisect_right(ends, draw(self.seed, "plan", execution_id) * ends[-1])
        return self._told(Execution.full(self.plans[place], execution_id, self.seed))

    def _told(self, execution: Execution) -> Execution:
        for element in self.story:
            if element.load_plan == execution.plan.name:
                element.tell(execution)
        return execution

    def _restarted(self, execution_id: int) -> Execution | None:
        """Returns the execution that this one restarts: the previous one, if its plan failed."""
        if not self._may_restart(execution_id):
            return None
        earlier = range(execution_id - 1, 0, -1)
        origin_id = next((id_ for id_ in earlier if not self._is_gap(id_)), None)
        # Restarts are not restarted, so that a tree does not depend on a chain of others.
        if origin_id is None or self._may_restart(origin_id):
            return None
        origin = self._full(origin_id)
        failed = tree.build(origin.plan, origin.statuses)["status"]["jobStatus"] != tree.SUCCESS
        return origin if failed and origin.not_successful() else None

    def _may_restart(self, execution_id: int) -> bool:
        return draw(self.seed, "restart", execution_id) < RESTART_RATE


def _by_id(values: dict[str, float]) -> dict[int, Any]:
    """Returns values under ids, which JSON has as text."""
    return {int(execution_id): value for execution_id, value in values.items()}
