"""The behaviour of a table: gone, new, broken, recovered, …"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sql.reference.keys import EXECUTION, TENANT, Row, by, key
from sql.reference.limits import Limits
from sql.reference.series import counted_of, streaks

Plan = tuple[str | None, ...]
"""Cluster, tenant and name."""


@dataclass(frozen=True)
class Calendar:
    """The ids of a plan's executions, ascending.

    Attributes:
        latest: ids of the latest final executions that are not partial.
        before: ids of the earlier final executions that are not partial.
        is_live: whether one of the tenant's latest final executions is of this plan.
    """

    latest: list[int]
    before: list[int]
    is_live: bool


class Calendars:
    """The calendars of all plans, and the plan of each execution."""

    def __init__(self, executions: Sequence[Row], limits: Limits) -> None:
        self.limits = limits
        self._plan_of = {key(e, *EXECUTION): key(e, *TENANT, "load_plan") for e in executions}
        self._calendars: dict[Plan, Calendar] = {}
        for of_tenant in by(executions, *TENANT).values():
            of_tenant.sort(key=lambda execution: execution["execution_id"])
            final = [execution for execution in of_tenant if execution["is_final"]]
            live = {execution["load_plan"] for execution in final[-limits.live_executions :]}
            for plan, of_plan in by(of_tenant, *TENANT, "load_plan").items():
                self._calendars[plan] = self._calendar(of_plan, is_live=plan[-1] in live)

    def _calendar(self, of_plan: Sequence[Row], *, is_live: bool) -> Calendar:
        whole = [
            execution["execution_id"]
            for execution in of_plan
            if execution["is_final"] and not execution["is_partial"]
        ]
        length = self.limits.latest_executions
        return Calendar(whole[-length:], whole[:-length], is_live)

    def seen_in(self, runs: Sequence[Row]) -> Iterator[tuple[Calendar, list[int]]]:
        """Each plan in which the runs were seen, with the ids of its executions."""
        ids: dict[Plan, list[int]] = {}
        for run in runs:
            ids.setdefault(self._plan_of[key(run, *EXECUTION)], []).append(run["execution_id"])
        for plan, seen in ids.items():
            yield self._calendars[plan], seen


def behaviour(runs: Sequence[Row], calendars: Calendars, error_rate: float | None) -> str:
    """Of a table of a tenant with this error rate."""
    limits = calendars.limits
    counted = counted_of(runs)
    seen_in = list(calendars.seen_in(runs))
    if all(_has_left(calendar, seen, limits) for calendar, seen in seen_in if calendar.is_live):
        return "gone"
    if all(
        calendar.latest and min(seen) >= calendar.latest[0] for calendar, seen in seen_in
    ) and any(calendar.before for calendar, _ in seen_in):
        return "new"
    if len(counted) < limits.behaviour_min_runs:
        return "insufficient_data"
    if not any(run["outcome"] == "success" for run in counted):
        return "always_failing"
    return _by_streaks(counted, error_rate, limits)


def _has_left(calendar: Calendar, seen: Sequence[int], limits: Limits) -> bool:
    """Whether the table is missing from all of the latest executions, if there are enough."""
    return len(calendar.latest) == limits.latest_executions and max(seen) < calendar.latest[0]


def _by_streaks(counted: Sequence[Row], error_rate: float | None, limits: Limits) -> str:
    found = streaks(counted)
    current = found[-1]
    broken = _breaks(found, error_rate, limits)
    if current in broken:
        return "broken_since"
    if len(current) >= limits.behaviour_min_streak and not current[0]["is_error"]:
        lately = counted[-limits.recovered_runs :]
        if any(streak[-1] in lately for streak in broken):
            return "recovered"
    if any(run["is_error"] for run in counted[-limits.intermittent_runs :]):
        return "intermittent"
    return "healthy"


def _breaks(
    found: Sequence[list[Row]], error_rate: float | None, limits: Limits
) -> list[list[Row]]:
    """The streaks of errors that are no chance."""
    breaks = []
    before: list[Row] = []
    for streak in found:
        if streak[0]["is_error"] and len(streak) >= limits.behaviour_min_streak:
            window = before[-limits.broken_runs :]
            errors = sum(run["is_error"] for run in window)
            if is_no_chance(len(streak), errors, len(window), error_rate or 0.0, limits):
                breaks.append(streak)
        before += streak
    return breaks


def is_no_chance(s: int, e: int, n: int, t: float, limits: Limits) -> bool:
    """Whether s errors in a row are no chance after e errors in n runs."""
    r = (e + limits.prior_runs * t) / (n + limits.prior_runs)
    if r >= 1:
        return False
    return r == 0 or s * math.log(r) <= math.log(limits.broken_level) + 1e-9
