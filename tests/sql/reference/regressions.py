"""`table_regressions`: tables that got worse, by more than chance."""

from __future__ import annotations

from collections.abc import Sequence

from sql.reference.chance import adjusted, fisher, ratio
from sql.reference.keys import SERIES, TENANT, Row, by, key, named
from sql.reference.limits import Limits
from sql.reference.series import AllSeries, counted_of, streaks


def table_regressions(series: AllSeries, table_health: Sequence[Row], limits: Limits) -> list[Row]:
    behaviours = {key(row, *SERIES): row["behaviour"] for row in table_health}
    found = [
        named(SERIES, names)
        | _windows(counted_of(runs), limits)
        | dict.fromkeys(("p_value", "p_adjusted", "p_improved", "p_improved_adjusted"))
        | {"verdict": None, "behaviour": behaviours[names]}
        for names, runs in series.items()
    ]
    for of_tenant in by(found, *TENANT).values():
        _test([row for row in of_tenant if _is_tested(row, limits)])
    for row in found:
        row["verdict"] = _verdict(row, limits)
    return found


def _windows(counted: Sequence[Row], limits: Limits) -> Row:
    recent = counted[-limits.recent_runs :]
    baseline = counted[: -limits.recent_runs][-limits.baseline_runs :]
    recent_errors = sum(run["is_error"] for run in recent)
    baseline_errors = sum(run["is_error"] for run in baseline)
    recent_rate = ratio(recent_errors, len(recent))
    baseline_rate = ratio(baseline_errors, len(baseline))
    in_both = recent_rate is not None and baseline_rate is not None
    return {
        "recent_runs": len(recent),
        "recent_errors": recent_errors,
        "baseline_runs": len(baseline),
        "baseline_errors": baseline_errors,
        "recent_error_rate": recent_rate,
        "baseline_error_rate": baseline_rate,
        "error_rate_difference": recent_rate - baseline_rate if in_both else None,  # type: ignore[operator]
        "recent_episodes": sum(
            streak[0]["is_error"] and streak[-1] in recent for streak in streaks(counted)
        ),
    }


def _is_sufficient(row: Row, limits: Limits) -> bool:
    return bool(min(row["recent_runs"], row["baseline_runs"]) >= limits.regression_min_runs)


def _is_tested(row: Row, limits: Limits) -> bool:
    errors = row["recent_errors"] + row["baseline_errors"]
    return _is_sufficient(row, limits) and bool(errors >= limits.regression_min_errors)


def _test(tested: Sequence[Row]) -> None:
    """Gives every table of a tenant its two p-values and their adjusted values."""
    names = ("recent_errors", "recent_runs", "baseline_errors", "baseline_runs")
    for row in tested:
        row["p_value"], row["p_improved"] = fisher(*key(row, *names))
    for name in ("p_value", "p_improved"):
        name_adjusted = {"p_value": "p_adjusted", "p_improved": "p_improved_adjusted"}[name]
        for row, p in zip(tested, adjusted([row[name] for row in tested]), strict=True):
            row[name_adjusted] = p


def _verdict(row: Row, limits: Limits) -> str:
    if not _is_sufficient(row, limits):
        return "insufficient_data"
    if row["p_value"] is None:
        return "unchanged"
    if row["p_adjusted"] <= limits.significance:
        again = row["recent_episodes"] >= limits.regression_min_episodes
        return "regressed" if again else "outage"
    if row["p_improved_adjusted"] <= limits.significance:
        return "improved"
    return "unchanged"
