"""A company that loads its data: all its executions, past and to come, from one seed."""

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
"""Share of the failed executions that somebody restarts next."""

GAP_RATE = 0.04
"""Share of the ids that never exist, each by itself."""

LONG_GAP_RATE = 0.02
"""Share of the tens of ids of which only the first exists."""


class Company:
    """Load plans, their story, and the executions that exist so far.

    Whatever an execution holds follows from the seed and its id, so nothing is stored and a
    company of any length costs the same per tree. Ids start at 1; some never exist, at most nine in
    a row. The last `running` of the executions, and of each release, are still running.

    Args:
        plans: What there is to load.
        story: What fails. Without one, the default plans have theirs and others never fail.
        seed: Another one makes another company with the same plans and story.
        executions: How many exist at first.
        running: How many of those are still running.
        hidden_plan: The name of a plan that the token may not view.
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
        """Ids of the executions that exist by now, ascending."""
        return tuple(self._ids)

    @property
    def running_ids(self) -> tuple[int, ...]:
        """Ids of the executions that are not final yet, ascending."""
        return self.progress.running()

    def release(self, executions: int) -> tuple[int, ...]:
        """Let this many more executions exist; their ids."""
        to_come = (id_ for id_ in count(self._last_id + 1) if not self._is_gap(id_))
        new_ids = list(islice(to_come, executions))
        # They run before anyone can ask for them, else a request in between finds them final.
        self.progress.begin(new_ids[max(0, executions - self._running) :])
        self._ids += new_ids
        self._last_id = self._ids[-1] if self._ids else 0
        return tuple(new_ids)

    def finish_all(self) -> None:
        """All executions that run are final from now on."""
        self.progress.finish_all()

    def exists(self, execution_id: int) -> bool:
        """Is there such an execution by now."""
        return 1 <= execution_id <= self._last_id and not self._is_gap(execution_id)

    def is_hidden(self, execution_id: int) -> bool:
        """Is it an execution of the plan that the token may not view."""
        if self.hidden_plan is None:
            return False
        return self._execution(execution_id).plan.name == self.hidden_plan

    def restart_of(self, execution_id: int) -> int | None:
        """The id of the execution that this one restarts a part of; None for a full run."""
        origin = self._restarted(execution_id)
        return origin.execution_id if origin else None

    def tree(self, execution_id: int) -> Tree:
        """The whole tree of an execution once it is final, whether or not it is by now."""
        execution = self._execution(execution_id)
        return tree.build(execution.plan, execution.statuses)

    def next_tree(self, execution_id: int) -> Tree:
        """The whole tree as it is now; asking moves an execution that still runs on."""
        execution = self._execution(execution_id)
        done_share = self.progress.move_on(execution_id)
        if done_share is None:
            return tree.build(execution.plan, execution.statuses)
        return tree.build(execution.plan, execution.so_far(done_share))

    def truth(self) -> list[dict[str, Any]]:
        """The story as plain data: what an analysis of the executions should find."""
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
        """The execution that this one restarts: the one right before it, if its plan failed."""
        if not self._may_restart(execution_id):
            return None
        earlier = range(execution_id - 1, 0, -1)
        origin_id = next((id_ for id_ in earlier if not self._is_gap(id_)), None)
        # A restart is not restarted: that keeps a tree from depending on a chain of others.
        if origin_id is None or self._may_restart(origin_id):
            return None
        origin = self._full(origin_id)
        failed = tree.build(origin.plan, origin.statuses)["status"]["jobStatus"] != tree.SUCCESS
        return origin if failed and origin.not_successful() else None

    def _may_restart(self, execution_id: int) -> bool:
        return draw(self.seed, "restart", execution_id) < RESTART_RATE
