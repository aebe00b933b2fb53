"""`table_regressions`: tables that got worse, by more than chance."""

from __future__ import annotations

from collections.abc import Sequence

from sql.reference.chance import both_at_least, ratio
from sql.reference.keys import SERIES, Row, key, named
from sql.reference.limits import Limits
from sql.reference.series import AllSeries, counted_of
from sql.reference.trials import Window, change_point, trials, twelve_digits, windows

SHOWN = ("recent_trials", "recent_starts", "baseline_trials", "baseline_starts")


def table_regressions(series: AllSeries, table_health: Sequence[Row], limits: Limits) -> list[Row]:
    behaviours = {key(row, *SERIES): row["behaviour"] for row in table_health}
    return [
        named(SERIES, names)
        | _regression(counted_of(runs), limits)
        | {"behaviour": behaviours[names]}
        for names, runs in series.items()
    ]


def _regression(counted: Sequence[Row], limits: Limits) -> Row:
    of_runs = _windows_of_runs(counted, limits)
    in_order = trials(counted, limits.regression_gap_runs)
    tested = windows(
        in_order,
        limits.regression_windows,
        limits.regression_baseline_trials,
        limits.regression_min_trials,
    )
    tests = {
        "p_value": min(1.0, len(tested) * min(w.p_worse for w in tested)) if tested else None,
        "p_improved": min(1.0, len(tested) * min(w.p_better for w in tested)) if tested else None,
    }
    verdict = _verdict(of_runs | tests, limits)
    return (
        of_runs
        | _shown(tested, verdict)
        | tests
        | _since(in_order, tested, verdict)
        | {"verdict": verdict}
    )


def _windows_of_runs(counted: Sequence[Row], limits: Limits) -> Row:
    recent = counted[-limits.recent_runs :]
    baseline = counted[: -limits.recent_runs][-limits.baseline_runs :]
    recent_errors = sum(run["is_error"] for run in recent)
    baseline_errors = sum(run["is_error"] for run in baseline)
    recent_rate = ratio(recent_errors, len(recent))
    baseline_rate = ratio(baseline_errors, len(baseline))
    in_both = recent_rate is not None and baseline_rate is not None
    is_tested = min(len(recent), len(baseline)) >= limits.regression_min_runs
    return {
        "recent_runs": len(recent),
        "recent_errors": recent_errors,
        "baseline_runs": len(baseline),
        "baseline_errors": baseline_errors,
        "recent_error_rate": recent_rate,
        "baseline_error_rate": baseline_rate,
        "error_rate_difference": recent_rate - baseline_rate if in_both else None,  # type: ignore[operator]
        "p_runs": both_at_least(
            recent_errors,
            len(recent) + len(baseline),
            recent_errors + baseline_errors,
            len(recent),
        )
        if is_tested
        else None,
    }


def _verdict(row: Row, limits: Limits) -> str:
    if row["p_value"] is None:
        return "insufficient_data"
    if row["p_value"] <= limits.regression_level:
        return "regressed"
    if row["p_runs"] is not None and row["p_runs"] <= limits.verdict_level:
        return "outage"
    if row["p_improved"] <= limits.verdict_level:
        return "improved"
    return "unchanged"


def _shown(tested: Sequence[Window], verdict: str) -> Row:
    if not tested:
        return dict.fromkeys(SHOWN)
    shown = min(
        tested,
        key=lambda w: (
            twelve_digits(w.p_better if verdict == "improved" else w.p_worse),
            w.recent_trials,
        ),
    )
    return {name: getattr(shown, name) for name in SHOWN}


def _since(in_order: Sequence[Row], tested: Sequence[Window], verdict: str) -> Row:
    found = None
    if verdict == "regressed":
        widest = max(w.recent_trials + w.baseline_trials for w in tested)
        found = change_point(in_order[-widest:])
    return {
        "since_execution_id": found and found.since["execution_id"],
        "changed_after_execution_id": found
        and found.changed_after
        and found.changed_after["execution_id"],
        "changed_by_execution_id": found and found.changed_by["execution_id"],
    }
