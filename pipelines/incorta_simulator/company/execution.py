"""One execution: the tables of the plan that it includes, and how each of them ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incorta_simulator.company.tree import IN_QUEUE, RUNNING, SUCCESS, TABLE_PATH_LENGTH
from incorta_simulator.draws import draw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from incorta_simulator.company.plans import Plan
    from incorta_simulator.company.tree import Path

TABLES_AT_ONCE = 4

GROUP_RESTART_RATE = 0.5
"""Share of restarts that run a group instead of the failed tables."""


@dataclass(frozen=True)
class Execution:
    """One execution, with its final statuses, which the story changes.

    `statuses` initially has all included tables, in the order of the plan, as successful. A story
    may also give a parent a status that contradicts its children.
    """

    plan: Plan
    execution_id: int
    seed: int
    statuses: dict[Path, str]

    @classmethod
    def full(cls, plan: Plan, execution_id: int, seed: int) -> Execution:
        """Returns a run of the whole plan."""
        statuses: dict[Path, str] = {
            (group.name, schema.name, table): SUCCESS
            for group in plan.groups
            for schema in group.schemas
            for table in schema.tables
        }
        return cls(plan, execution_id, seed, statuses)

    def restart(self, execution_id: int) -> Execution:
        """Returns a restart of this one, with only the last group or only the failed tables."""
        parts: Iterable[Path] = self.not_successful()
        of_group = draw(self.seed, "restart a group", execution_id) < GROUP_RESTART_RATE
        if of_group and len(self.plan.groups) > 1:
            last_group = self.plan.groups[-1].name
            parts = (path for path in self.tables() if path[0] == last_group)
        return Execution(self.plan, execution_id, self.seed, dict.fromkeys(parts, SUCCESS))

    def tables(self) -> list[Path]:
        """The paths of the included tables, in the order of the plan."""
        return [path for path in self.statuses if len(path) == TABLE_PATH_LENGTH]

    def leave_out(self, tables: Iterable[Path]) -> None:
        """Excludes these tables."""
        for path in tables:
            del self.statuses[path]

    def not_successful(self) -> list[Path]:
        """Returns the paths of the tables that did not succeed."""
        return [path for path in self.tables() if self.statuses[path] != SUCCESS]

    def so_far(self, done_share: float) -> dict[Path, str]:
        """Returns the statuses while it runs, after this share of tables (0 ≤ share < 1) is done.

        The tables run in the order of the plan, a few at the same time. A group starts when the
        group before it is done.
        """
        tables = self.tables()
        done = int(len(tables) * done_share)
        at_once = [
            path for path in tables[done : done + TABLES_AT_ONCE] if path[0] == tables[done][0]
        ]
        return (
            dict.fromkeys(tables, IN_QUEUE)
            | {path: self.statuses[path] for path in tables[:done]}
            | dict.fromkeys(at_once, RUNNING)
        )
