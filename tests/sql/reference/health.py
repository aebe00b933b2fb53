"""`table_health`: the state of each table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sql.reference.behaviour import Calendars, behaviour
from sql.reference.chance import ratio
from sql.reference.clustering import design_effect, lengths_of_errors, usual_streaks
from sql.reference.keys import SERIES, TENANT, Row, by, in_order, key, named
from sql.reference.limits import Limits
from sql.reference.series import AllSeries, counted_of, streaks


def table_health(series: AllSeries, executions: Sequence[Row], limits: Limits) -> list[Row]:
    calendars = Calendars(executions, limits)
    effects = _design_effects(series, limits)
    rates = _error_rates(series)
    shrunken = _shrunken_error_rates(series, rates, effects, limits.prior_runs)
    found = []
    for names, runs in series.items():
        counted = counted_of(runs)
        errors = sum(run["is_error"] for run in counted)
        behaves = behaviour(runs, calendars, rates.get(names[:2]))
        found.append(
            named(SERIES, names)
            | {
                "counted": len(counted),
                "errors": errors,
                "error_rate": ratio(errors, len(counted)),
                "shrunken_error_rate": shrunken[names],
                "design_effect": effects[names],
                "worst_rank": None,
                "behaviour": behaves,
                "is_broken": behaves in ("always_failing", "broken_since"),
            }
            | _current_streak(counted)
            | _since_success(counted)
            | _flips(counted)
            | {
                "first_execution_id": runs[0]["execution_id"],
                "last_execution_id": runs[-1]["execution_id"],
            }
        )
    for of_tenant in by(found, *TENANT).values():
        _rank(of_tenant)
    return found


def _current_streak(counted: Sequence[Row]) -> Row:
    current = streaks(counted)[-1] if counted else []
    is_error = current[0]["is_error"] if current else None
    return {
        "current_streak": len(current),
        "current_streak_is_error": is_error,
        "failing_since_execution_id": current[0]["execution_id"] if is_error else None,
    }


def _since_success(counted: Sequence[Row]) -> Row:
    successes = [place for place, run in enumerate(counted) if run["outcome"] == "success"]
    if not successes:
        return {"last_success_execution_id": None, "runs_since_success": None}
    return {
        "last_success_execution_id": counted[successes[-1]]["execution_id"],
        "runs_since_success": len(counted) - 1 - successes[-1],
    }


def _flips(counted: Sequence[Row]) -> Row:
    flips = sum(one["is_error"] != other["is_error"] for one, other in pairwise(counted))
    return {"flips": flips, "flip_rate": flips / (len(counted) - 1) if len(counted) > 1 else None}


def _design_effects(
    series: AllSeries, limits: Limits
) -> dict[tuple[str | None, ...], float | None]:
    usual = usual_streaks(series)
    found: dict[tuple[str | None, ...], float | None] = {}
    for names, runs in series.items():
        counted = counted_of(runs)
        errors = sum(run["is_error"] for run in counted)
        found[names] = design_effect(
            lengths_of_errors(counted),
            errors,
            len(counted),
            usual.get(names[:2], 1.0),
            limits.prior_errors,
        )
    return found


def _error_rates(series: AllSeries) -> dict[tuple[str | None, ...], float]:
    """The error rate of all tables of a tenant, if a run is counted."""
    tables = [run for runs in series.values() for run in counted_of(runs)]
    found = {}
    for tenant, runs in by(tables, *TENANT).items():
        errors, counted = _errors_and_counted(runs)
        found[tenant] = errors / counted
    return found


def _shrunken_error_rates(
    series: AllSeries,
    rates: dict[tuple[str | None, ...], float],
    effects: dict[tuple[str | None, ...], float | None],
    prior_runs: int,
) -> dict[tuple[str | None, ...], float | None]:
    """Each table's rate is shrunken towards its schema's, and that towards its tenant's."""
    of_schema = by(
        [run for runs in series.values() for run in counted_of(runs)], *TENANT, "schema_name"
    )
    found: dict[tuple[str | None, ...], float | None] = {}
    for names, runs in series.items():
        if names[:2] not in rates:
            found[names] = None
            continue
        errors, counted = _errors_and_counted(of_schema.get(names[:3], []))
        schema = (errors + prior_runs * rates[names[:2]]) / (counted + prior_runs)
        errors, counted = _errors_and_counted(counted_of(runs))
        effect = effects[names]
        found[names] = (
            schema
            if effect is None
            else (errors / effect + prior_runs * schema) / (counted / effect + prior_runs)
        )
    return found


def _errors_and_counted(runs: Sequence[Row]) -> tuple[int, int]:
    return sum(run["is_error"] for run in runs), len(runs)


def _rank(of_tenant: Sequence[Row]) -> None:
    """The worst table comes first; dropped tables have no rank."""
    staying = [row for row in of_tenant if row["behaviour"] != "gone"]
    staying.sort(
        key=lambda row: (
            -(row["shrunken_error_rate"] or 0.0),
            in_order(*key(row, "schema_name", "table_name")),
        )
    )
    for place, row in enumerate(staying, 1):
        row["worst_rank"] = place
