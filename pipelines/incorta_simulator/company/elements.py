"""Elements of a story, one class for each kind of behavior of a table, a schema or a plan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from incorta_simulator.company.tree import FAILED, INTERRUPTED, RUNNING, SKIPPED, SUCCESS
from incorta_simulator.draws import draw

if TYPE_CHECKING:
    from incorta_simulator.company.execution import Execution
    from incorta_simulator.company.tree import Path


@dataclass(frozen=True, kw_only=True)
class Element(ABC):
    """A behavior of a plan, of a schema in it, or of a table of that schema."""

    load_plan: str
    schema_name: str | None = None
    table_name: str | None = None

    @abstractmethod
    def tell(self, execution: Execution) -> None:
        """Changes the statuses of an execution of the plan."""

    def truth(self) -> dict[str, Any]:
        """Returns this element as plain data: its kind and its fields."""
        return {"kind": type(self).__name__, **asdict(self)}

    def tables(self, execution: Execution) -> list[Path]:
        """Returns the paths of the affected tables of an execution."""
        return [
            path
            for path in execution.tables()
            if self.schema_name in {None, path[1]} and self.table_name in {None, path[2]}
        ]


@dataclass(frozen=True, kw_only=True)
class AlwaysHealthy(Element):
    """Never fails."""

    def tell(self, execution: Execution) -> None:
        execution.statuses.update(dict.fromkeys(self.tables(execution), SUCCESS))


@dataclass(frozen=True, kw_only=True)
class AlwaysFailing(Element):
    """Fails in every execution."""

    def tell(self, execution: Execution) -> None:
        execution.statuses.update(dict.fromkeys(self.tables(execution), FAILED))


@dataclass(frozen=True, kw_only=True)
class BrokenSince(Element):
    """Fails in every execution from a given one on (inclusive)."""

    first_execution_id: int

    def tell(self, execution: Execution) -> None:
        if execution.execution_id >= self.first_execution_id:
            execution.statuses.update(dict.fromkeys(self.tables(execution), FAILED))


@dataclass(frozen=True, kw_only=True)
class Outage(Element):
    """Fails from one execution to another (inclusive), all tables together."""

    first_execution_id: int
    last_execution_id: int

    def tell(self, execution: Execution) -> None:
        if self.first_execution_id <= execution.execution_id <= self.last_execution_id:
            execution.statuses.update(dict.fromkeys(self.tables(execution), FAILED))


@dataclass(frozen=True, kw_only=True)
class Flaky(Element):
    """Fails at random, each table independently."""

    rate: float
    job_status: str = FAILED

    def tell(self, execution: Execution) -> None:
        for path in self.tables(execution):
            if draw(execution.seed, "flaky", execution.execution_id, *path) < self.rate:
                execution.statuses[path] = self.job_status


@dataclass(frozen=True, kw_only=True)
class FlakySource(Element):
    """Fails at random, all tables together."""

    rate: float

    def tell(self, execution: Execution) -> None:
        names = (self.load_plan, str(self.schema_name), str(self.table_name))
        if draw(execution.seed, "flaky source", execution.execution_id, *names) < self.rate:
            execution.statuses.update(dict.fromkeys(self.tables(execution), FAILED))


@dataclass(frozen=True, kw_only=True)
class Worsening(Element):
    """Fails at random with a rate that rises from 0 at one execution to `rate` at another."""

    first_execution_id: int
    last_execution_id: int
    last_rate: float

    def tell(self, execution: Execution) -> None:
        length = self.last_execution_id - self.first_execution_id
        done_share = min((execution.execution_id - self.first_execution_id) / length, 1)
        for path in self.tables(execution):
            chance = draw(execution.seed, "worsening", execution.execution_id, *path)
            if chance < self.last_rate * done_share:
                execution.statuses[path] = FAILED


@dataclass(frozen=True, kw_only=True)
class Interruptions(Element):
    """Is interrupted at random: from some table on, nothing is loaded."""

    rate: float

    def tell(self, execution: Execution) -> None:
        key = (execution.seed, "interrupted", execution.execution_id, self.load_plan)
        if draw(*key) < self.rate:
            tables = self.tables(execution)
            loaded = int(draw(*key, "after") * len(tables))
            execution.statuses.update(dict.fromkeys(tables[loaded:], INTERRUPTED))


@dataclass(frozen=True, kw_only=True)
class Added(Element):
    """Is part of the plan from a given execution on (inclusive)."""

    first_execution_id: int

    def tell(self, execution: Execution) -> None:
        if execution.execution_id < self.first_execution_id:
            execution.leave_out(self.tables(execution))


@dataclass(frozen=True, kw_only=True)
class Dropped(Element):
    """Is part of the plan up to a given execution (inclusive)."""

    last_execution_id: int

    def tell(self, execution: Execution) -> None:
        if execution.execution_id > self.last_execution_id:
            execution.leave_out(self.tables(execution))


@dataclass(frozen=True, kw_only=True)
class StopsWhenAGroupFails(Element):
    """If a table fails, later groups do not start: they fail, and their tables stay queued."""

    def tell(self, execution: Execution) -> None:
        tables = self.tables(execution)
        failed = [path[0] for path in tables if execution.statuses[path] == FAILED]
        if not failed:
            return
        groups = [group.name for group in execution.plan.groups]
        blocked = groups[groups.index(failed[0]) + 1 :]
        for path in tables:
            if path[0] in blocked:
                execution.statuses[path] = SKIPPED
                execution.statuses[path[:1]] = execution.statuses[path[:2]] = FAILED


@dataclass(frozen=True, kw_only=True)
class Denial(Element):
    """A schema reports success whatever the statuses of its tables."""

    schema_name: str

    def tell(self, execution: Execution) -> None:
        for group in {path[0] for path in self.tables(execution)}:
            execution.statuses[group, self.schema_name] = SUCCESS


@dataclass(frozen=True, kw_only=True)
class FalseAlarm(Element):
    """A schema reports failure at random, whatever the statuses of its tables."""

    schema_name: str
    rate: float

    def tell(self, execution: Execution) -> None:
        key = (execution.seed, "false alarm", execution.execution_id, self.schema_name)
        if draw(*key) < self.rate:
            for group in {path[0] for path in self.tables(execution)}:
                execution.statuses[group, self.schema_name] = FAILED


@dataclass(frozen=True, kw_only=True)
class Straggler(Element):
    """Still runs after all nodes above it ended, from one execution to another (inclusive)."""

    first_execution_id: int
    last_execution_id: int

    def tell(self, execution: Execution) -> None:
        if self.first_execution_id <= execution.execution_id <= self.last_execution_id:
            for path in self.tables(execution):
                execution.statuses[path] = RUNNING
                for length in range(len(path)):
                    execution.statuses[path[:length]] = SUCCESS
