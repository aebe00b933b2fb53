"""What fails in the company, and why: a list of elements, each told to every execution of its plan.

A new kind of trouble is one class here and one line in `STORY`. Elements are told in their order:
of two that speak about the same table, the later one wins.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from incorta_simulator.draws import draw
from incorta_simulator.tree import FAILED, FINISHED_WITH_ERRORS, INTERRUPTED, SUCCESS

if TYPE_CHECKING:
    from incorta_simulator.execution import Execution
    from incorta_simulator.tree import Path


@dataclass(frozen=True, kw_only=True)
class Element(ABC):
    """One thing that is true of a plan, of a schema in it, or of a table of that schema."""

    load_plan: str
    schema_name: str | None = None
    table_name: str | None = None

    @abstractmethod
    def tell(self, execution: Execution) -> None:
        """Change the statuses of an execution of the plan to what this element says."""

    def truth(self) -> dict[str, Any]:
        """This element as plain data: its kind and its fields."""
        return {"kind": type(self).__name__, **asdict(self)}

    def tables(self, execution: Execution) -> list[Path]:
        """The paths of the tables of an execution that this element is about."""
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
class BrokenSince(Element):
    """Fails in every execution from one on (included)."""

    first_execution_id: int

    def tell(self, execution: Execution) -> None:
        if execution.execution_id >= self.first_execution_id:
            execution.statuses.update(dict.fromkeys(self.tables(execution), FAILED))


@dataclass(frozen=True, kw_only=True)
class Outage(Element):
    """Fails from one execution to another (both included), all tables at once."""

    first_execution_id: int
    last_execution_id: int

    def tell(self, execution: Execution) -> None:
        if self.first_execution_id <= execution.execution_id <= self.last_execution_id:
            execution.statuses.update(dict.fromkeys(self.tables(execution), FAILED))


@dataclass(frozen=True, kw_only=True)
class Flaky(Element):
    """Fails by chance, each table by itself."""

    rate: float
    job_status: str = FAILED

    def tell(self, execution: Execution) -> None:
        for path in self.tables(execution):
            if draw(execution.seed, "flaky", execution.execution_id, *path) < self.rate:
                execution.statuses[path] = self.job_status


@dataclass(frozen=True, kw_only=True)
class Interruptions(Element):
    """Is stopped by somebody, by chance: from some table on, nothing was loaded."""

    rate: float

    def tell(self, execution: Execution) -> None:
        key = (execution.seed, "interrupted", execution.execution_id, self.load_plan)
        if draw(*key) < self.rate:
            tables = self.tables(execution)
            loaded = int(draw(*key, "after") * len(tables))
            execution.statuses.update(dict.fromkeys(tables[loaded:], INTERRUPTED))


_SALES = "Sales Daily"
_FINANCE = "Finance Close"
_SUPPLY = "Supply Chain Hourly"

STORY: tuple[Element, ...] = (
    Flaky(load_plan=_SALES, schema_name="Sales_OLTP", rate=0.002),
    Flaky(
        load_plan=_SALES, schema_name="Sales_CRM", table_name="Sales_CRM.case_comments", rate=0.15
    ),
    Outage(
        load_plan=_SALES, schema_name="Sales_CRM", first_execution_id=120, last_execution_id=150
    ),
    BrokenSince(
        load_plan=_SALES,
        schema_name="Sales_OLTP",
        table_name="Sales_OLTP.returns",
        first_execution_id=300,
    ),
    AlwaysHealthy(load_plan=_SALES, schema_name="Sales_OLTP", table_name="Sales_OLTP.orders"),
    Flaky(load_plan=_FINANCE, schema_name="GL", table_name="GL.journal_lines", rate=0.25),
    Flaky(
        load_plan=_FINANCE,
        schema_name="AP",
        table_name="AP.invoices",
        rate=0.1,
        job_status=FINISHED_WITH_ERRORS,
    ),
    Flaky(load_plan=_SUPPLY, schema_name="Inventory", rate=0.005),
    Interruptions(load_plan=_SUPPLY, rate=0.05),
    BrokenSince(
        load_plan="HR Weekly",
        schema_name="Payroll",
        table_name="Payroll.payslips",
        first_execution_id=350,
    ),
    AlwaysHealthy(load_plan="Marketing Daily"),
)
"""The story of the default company."""
