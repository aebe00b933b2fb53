"""Defines a company with load plans: all past and future executions follow from one seed."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, count, islice
from typing import TYPE_CHECKING, Any

from incorta_simulator.company import tree
from incorta_simulator.company.execution import Execution
from incorta_simulator.company.plans import PLANS
from incorta_simulator.company.progress import Progress
from incorta_simulator.company.story import STORY
from incorta_simulator.draws import draw

if TYPE_CHECKING:
    from incorta_simulator.company.elements import Element
    from incorta_simulator.company.plans import Plan
    from incorta_simulator.company.tree import Tree

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
    nine in a row. The last `running` executions are still running; the same
    holds for those that `release` adds later.

    Args:
        plans: The load plans.
        story: What fails. Without it, the default plans use the default story, and other plans
            never fail.
        seed: Changes the executions, with the same plans and story.
        executions: Number of executions at the start.
        running: Number of those that are still running.
        hidden_plan: Name of a plan that the token must not view.
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
    ) -> None:
        self.plans = plans
        self.seed = seed
        self.hidden_plan = hidden_plan
        self.progress = Progress()
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
        return tuple(self._ids)

    @property
    def running_ids(self) -> tuple[int, ...]:
        """Ids of the executions that are not final yet, ascending."""
        return self.progress.running()

    def release(self, executions: int) -> tuple[int, ...]:
        """Adds this many executions and returns their ids."""
        to_come = (id_ for id_ in count(self._last_id + 1) if not self._is_gap(id_))
        new_ids = list(islice(to_come, executions))
        # They must run before a request can see them; otherwise one might find them final.
        self.progress.begin(new_ids[max(0, executions - self._running) :])
        self._ids += new_ids
        self._last_id = self._ids[-1] if self._ids else 0
        return tuple(new_ids)

    def finish_all(self) -> None:
        """Makes all running executions final."""
        self.progress.finish_all()

    def exists(self, execution_id: int) -> bool:
        """Returns whether the execution exists at present."""
        return 1 <= execution_id <= self._last_id and not self._is_gap(execution_id)

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
        """Returns the current tree; each call advances a running execution."""
        execution = self._execution(execution_id)
        done_share = self.progress.move_on(execution_id)
        if done_share is None:
            return tree.build(execution.plan, execution.statuses)
        return tree.build(execution.plan, execution.so_far(done_share))

    def truth(self) -> list[dict[str, Any]]:
        """Returns the story as plain data: what an analysis of the executions should find."""
        return [element.truth() for element in self.story]

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
