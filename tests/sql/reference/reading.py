"""Every mart of a history in plain Python, following each definition of `analysis.md` literally.

The code is slow and independent of the models: each function reads like its definition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from sql.base_rows import History, compared
from sql.reference.backtest import alert_backtest, alert_backtest_summary
from sql.reference.clustering import Usual, usual_streaks
from sql.reference.co_failures import co_failures
from sql.reference.conflicts import status_conflicts
from sql.reference.executions import executions
from sql.reference.health import table_health
from sql.reference.incidents import incident_tables, incidents
from sql.reference.join_keys import table_runs, with_keys
from sql.reference.keys import Row
from sql.reference.ledger import coverage, gaps, status_ledger
from sql.reference.limits import Limits
from sql.reference.origins import failure_origins, fix_first
from sql.reference.outcomes import node_outcomes
from sql.reference.rates import RATE_TYPES, failure_rates
from sql.reference.regressions import table_regressions
from sql.reference.roles import with_own_name
from sql.reference.series import AllSeries, all_series, failure_episodes
from sql.reference.times import (
    Looks,
    execution_times,
    failures_by_day,
    looks_of,
    plan_durations,
    table_durations,
    table_times,
)


class Reading:
    """The marts of one history; intermediate results are computed once."""

    def __init__(
        self,
        history: History,
        limits: Limits | None = None,
        type_roles: Sequence[Sequence[str]] = (),
    ) -> None:
        self.nodes, self.fetches, self.changes = history
        self.limits = limits or Limits()
        self.users = {compared(type_): role for type_, role in reversed(type_roles)}

    def mart(self, name: str) -> list[Row]:
        return with_keys(name, MARTS[name](self))

    @cached_property
    def node_outcomes(self) -> list[Row]:
        return node_outcomes(self.nodes, self.users)

    @cached_property
    def named_nodes(self) -> list[Row]:
        return [with_own_name(node) for node in self.node_outcomes]

    @cached_property
    def executions(self) -> list[Row]:
        return executions(self.named_nodes, self.fetches, self.limits)

    @cached_property
    def series(self) -> AllSeries:
        return all_series(self.named_nodes)

    @cached_property
    def table_health(self) -> list[Row]:
        return table_health(self.series, self.executions, self.limits)

    @cached_property
    def usual_streaks(self) -> Usual:
        return usual_streaks(self.series)

    @cached_property
    def alert_backtest(self) -> list[Row]:
        return alert_backtest(self.series, self.limits)

    @cached_property
    def failure_episodes(self) -> list[Row]:
        return failure_episodes(self.series)

    @cached_property
    def incident_tables(self) -> list[Row]:
        return incident_tables(self.series, self.failure_episodes, self.executions, self.limits)

    @cached_property
    def looks(self) -> Looks:
        return looks_of(self.executions, self.fetches, self.changes)

    @cached_property
    def execution_times(self) -> list[Row]:
        return execution_times(self.executions, self.fetches, self.changes)

    @cached_property
    def table_times(self) -> list[Row]:
        return table_times(self.named_nodes, self.execution_times, self.looks, self.node_outcomes)

    @cached_property
    def failure_origins(self) -> list[Row]:
        return failure_origins(self.named_nodes)


def _rates(mart: str) -> Callable[[Reading], list[Row]]:
    return lambda read: failure_rates(
        mart, read.named_nodes, read.executions, read.usual_streaks, read.limits
    )


MARTS: dict[str, Callable[[Reading], list[Row]]] = {
    "executions": lambda read: read.executions,
    "node_outcomes": lambda read: read.node_outcomes,
    **{mart: _rates(mart) for mart in RATE_TYPES},
    "table_runs": lambda read: table_runs(read.named_nodes, read.executions),
    "table_health": lambda read: read.table_health,
    "table_regressions": lambda read: table_regressions(
        read.series, read.table_health, read.limits
    ),
    "alert_backtest": lambda read: read.alert_backtest,
    "alert_backtest_summary": lambda read: alert_backtest_summary(
        read.series, read.alert_backtest, read.limits
    ),
    "failure_episodes": lambda read: read.failure_episodes,
    "incidents": lambda read: incidents(
        read.incident_tables, read.failure_episodes, read.executions
    ),
    "incident_tables": lambda read: read.incident_tables,
    "failure_origins": lambda read: read.failure_origins,
    "fix_first": lambda read: fix_first(
        read.failure_origins, read.executions, read.table_health, read.incident_tables
    ),
    "co_failures": lambda read: co_failures(
        read.series, read.failure_episodes, read.executions, read.limits
    ),
    "execution_times": lambda read: read.execution_times,
    "table_times": lambda read: read.table_times,
    "plan_durations": lambda read: plan_durations(
        read.execution_times, read.executions, read.limits
    ),
    "table_durations": lambda read: table_durations(
        read.table_times, read.execution_times, read.executions, read.limits
    ),
    "failures_by_day": lambda read: failures_by_day(
        read.execution_times, read.executions, read.named_nodes, read.limits
    ),
    "status_conflicts": lambda read: status_conflicts(read.named_nodes, read.users),
    "status_ledger": lambda read: status_ledger(read.node_outcomes),
    "coverage": lambda read: coverage(read.nodes, read.fetches, read.executions),
    "gaps": lambda read: gaps(read.fetches, read.executions),
}
