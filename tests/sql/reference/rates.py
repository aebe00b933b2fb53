"""`failure_rates_*`: the failure rates of nodes by role."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from sql.reference.chance import rate, ratio
from sql.reference.clustering import Usual, design_effect, lengths_of_errors
from sql.reference.keys import EXECUTION, TENANT, Row, by, key, named
from sql.reference.limits import Limits
from sql.reference.outcomes import below
from sql.reference.series import counted_of, streaks

RATE_TYPES = {
    "failure_rates_by_plan": ("load_plan", ("load_plan",)),
    "failure_rates_by_group": ("group", ("load_plan", "group_name")),
    "failure_rates_by_schema": ("schema", ("schema_name",)),
    "failure_rates_by_table": ("table", ("schema_name", "table_name")),
    "failure_rates_by_plan_and_schema": ("schema", ("load_plan", "schema_name")),
    "failure_rates_by_plan_and_table": ("table", ("load_plan", "schema_name", "table_name")),
}


def failure_rates(
    mart: str,
    node_outcomes: Sequence[Row],
    executions: Sequence[Row],
    usual: Usual,
    limits: Limits,
) -> list[Row]:
    kind, names = RATE_TYPES[mart]
    keys = (*TENANT, *names)
    trees = by(node_outcomes, *EXECUTION)
    recent = {key(execution, *EXECUTION) for execution in executions if execution["is_recent"]}
    runs_by_key = by([node for node in node_outcomes if node["role"] == kind], *keys)
    found = []
    for values, runs in runs_by_key.items():
        runs.sort(key=lambda run: (run["execution_id"], run["node_id"]))
        usual_streak = usual.get(values[:2], 1.0)
        effect = _design_effect(runs, usual_streak, limits)
        found.append(
            named(keys, values)
            | _counts(runs, effect)
            | _bounds(runs)
            | {"design_effect": effect}
            | _recent(runs, recent, usual_streak, limits)
            | (_tables_below(runs, trees) if kind != "table" else {})
        )
    return found


def _design_effect(runs: Sequence[Row], usual_streak: float, limits: Limits) -> float | None:
    counted = counted_of(runs)
    errors = sum(run["is_error"] for run in counted)
    lengths = lengths_of_errors(counted)
    return design_effect(lengths, errors, len(counted), usual_streak, limits.prior_errors)


def _counts(runs: Sequence[Row], effect: float | None) -> Row:
    meanings = Counter(run["outcome"] for run in runs)
    counted = sum(run["is_counted"] for run in runs)
    errors = sum(run["is_error"] for run in runs)
    left_out = ("interrupted", "skipped", "running", "queued", "unknown")
    return (
        {
            "runs": len(runs),
            "executions": len({run["execution_id"] for run in runs}),
            "counted": counted,
            "successes": meanings["success"],
            "partials": meanings["partial"],
            "failures": meanings["failure"],
        }
        | {meaning: meanings[meaning] for meaning in left_out}
        | {"errors": errors}
        | rate("failure_rate", meanings["failure"], counted, effect)
        | rate("error_rate", errors, counted, effect)
    )


def _bounds(runs: Sequence[Row]) -> Row:
    ids = [run["execution_id"] for run in runs]
    return {
        "first_execution_id": min(ids),
        "last_execution_id": max(ids),
        "last_success_execution_id": _last(runs, lambda run: run["outcome"] == "success"),
        "last_error_execution_id": _last(runs, lambda run: run["is_error"]),
    }


def _last(runs: Iterable[Row], holds: Callable[[Row], bool]) -> int | None:
    return max((run["execution_id"] for run in runs if holds(run)), default=None)


def _recent(
    runs: Sequence[Row], recent: set[tuple[object, ...]], usual_streak: float, limits: Limits
) -> Row:
    """Streaks are those of all runs, with the recent ones in each."""
    lengths = [
        sum(key(run, *EXECUTION) in recent for run in streak)
        for streak in streaks(counted_of(runs))
        if streak[0]["is_error"]
    ]
    recent_runs = [run for run in counted_of(runs) if key(run, *EXECUTION) in recent]
    counted, errors = len(recent_runs), sum(run["is_error"] for run in recent_runs)
    effect = design_effect(lengths, errors, counted, usual_streak, limits.prior_errors)
    return (
        {"recent_counted": counted, "recent_errors": errors}
        | rate("recent_error_rate", errors, counted, effect)
        | {"recent_design_effect": effect}
    )


def _tables_below(runs: Sequence[Row], trees: dict[tuple[object, ...], list[Row]]) -> Row:
    tables_of_runs = [
        [node for node in below(run, trees[key(run, *EXECUTION)]) if node["role"] == "table"]
        for run in runs
    ]
    counted = sum(table["is_counted"] for tables in tables_of_runs for table in tables)
    errors = sum(table["is_error"] for tables in tables_of_runs for table in tables)
    return {
        "tables_counted": counted,
        "table_errors": errors,
        "table_error_rate": ratio(errors, counted),
        "runs_with_table_error": sum(
            any(table["is_error"] for table in tables) for tables in tables_of_runs
        ),
    }
