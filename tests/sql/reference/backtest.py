"""`alert_backtest`: what would have been sent, run by run, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sql.reference.behaviour import is_no_chance
from sql.reference.chance import both_at_least, ratio
from sql.reference.keys import SERIES, TENANT, Row, by, named
from sql.reference.limits import Limits
from sql.reference.series import AllSeries, counted_of, streaks
from sql.reference.trials import Window, change_point, trials, twelve_digits, windows


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What `alert_settings` names."""

    name: str
    gap: int
    widths: tuple[int, ...]
    baseline: int
    notify_level: float
    again: float


def alert_settings(limits: Limits) -> list[Setting]:
    in_use: dict[str, Any] = {
        "gap": limits.regression_gap_runs,
        "widths": limits.regression_windows,
        "baseline": limits.regression_baseline_trials,
        "notify_level": limits.notify_level,
        "again": limits.notify_again_level,
    }
    return [Setting(**(in_use | setting)) for setting in limits.alert_settings]


def alert_backtest(series: AllSeries, limits: Limits) -> list[Row]:
    rates = _rates_so_far(series)
    found = []
    for names, runs in series.items():
        counted = counted_of(runs)
        for setting in alert_settings(limits):
            found += [named(SERIES, names) | row for row in _worse(counted, setting, limits)]
        found += [named(SERIES, names) | row for row in _broken(counted, rates[names[:2]], limits)]
    return found


# --- Worse ----------------------------------------------------------------------------------------


def _worse(counted: Sequence[Row], setting: Setting, limits: Limits) -> Iterator[Row]:
    all_trials = trials(counted, setting.gap)
    last_worse = last_no_worse = 0
    for look, (start, over) in enumerate(_looks(counted, setting.gap), 1):
        m = next(place for place, run in enumerate(all_trials, 1) if run is start)
        known = all_trials[:m]
        tested = windows(known, setting.widths, setting.baseline, limits.regression_min_trials)
        if not tested:
            continue
        p_value = min(1.0, len(tested) * min(window.p_worse for window in tested))
        is_told = p_value <= setting.notify_level and last_worse <= last_no_worse
        if p_value <= setting.notify_level:
            last_worse = look
        if p_value > setting.again:
            last_no_worse = look
        if is_told:
            shown = min(tested, key=lambda w: (twelve_digits(w.p_worse), w.recent_trials))
            widest = max(window.recent_trials + window.baseline_trials for window in tested)
            since = change_point(known[-widest:])
            later = all_trials[m:][: limits.backtest_trials_after]
            yield {
                "setting": setting.name,
                "kind": "worse",
                "start_execution_id": start["execution_id"],
                "start_node_id": start["node_id"],
                "told_at_execution_id": over["execution_id"],
                "since_execution_id": since and since.since["execution_id"],
                "delay_runs": since and counted.index(over) - counted.index(since.since) + 1,
                "p_value": p_value,
                "recent_trials": shown.recent_trials,
                "recent_starts": shown.recent_starts,
                "baseline_trials": shown.baseline_trials,
                "baseline_starts": shown.baseline_starts,
                "trials_after": len(later),
                "starts_after": sum(run["is_error"] for run in later),
                "became": _became(shown, later, limits),
            }


def _looks(counted: Sequence[Row], gap: int) -> Iterator[tuple[Row, Row]]:
    """Each start that is over, with the first counted run at which it is."""
    starts = [run for run in trials(counted, gap) if run["is_error"]]
    for start in starts:
        place = counted.index(start)
        for end in range(place + gap, len(counted)):
            if not any(run["is_error"] for run in counted[end - gap + 1 : end + 1]):
                yield start, counted[end]
                break


def _became(shown: Window, later: Sequence[Row], limits: Limits) -> str:
    starts = sum(run["is_error"] for run in later)
    if len(later) < limits.backtest_min_trials:
        return "open"
    population = shown.baseline_trials + len(later)
    p_after = both_at_least(starts, population, shown.baseline_starts + starts, len(later))
    if p_after <= limits.backtest_level:
        return "confirmed"
    if starts * shown.baseline_trials <= shown.baseline_starts * len(later):
        return "passed"
    return "unclear"


# --- Broken ---------------------------------------------------------------------------------------


def _rates_so_far(series: AllSeries) -> dict[tuple[Any, ...], dict[int, float]]:
    """Of each tenant: the error rate of all tables up to an execution."""
    found: dict[tuple[Any, ...], dict[int, float]] = {names[:2]: {} for names in series}
    tables = [run for runs in series.values() for run in counted_of(runs)]
    for tenant, runs in by(tables, *TENANT).items():
        errors = counted = 0
        for run in sorted(runs, key=lambda run: run["execution_id"]):
            errors, counted = errors + run["is_error"], counted + 1
            found[tenant][run["execution_id"]] = errors / counted
    return found


def _broken(counted: Sequence[Row], rates: dict[int, float], limits: Limits) -> Iterator[Row]:
    is_said = False
    successes = 0
    before: list[Row] = []
    all_streaks = streaks(counted)
    for streak in all_streaks:
        if not streak[0]["is_error"]:
            successes = len(streak)
            is_said = is_said and successes < limits.behaviour_min_streak
        else:
            for s, run in enumerate(streak, 1):
                if not is_said and _is_broken(s, before, rates[run["execution_id"]], limits):
                    is_said = True
                    yield {
                        "setting": "current",
                        "kind": "broken",
                        "start_execution_id": streak[0]["execution_id"],
                        "start_node_id": streak[0]["node_id"],
                        "told_at_execution_id": run["execution_id"],
                        "since_execution_id": streak[0]["execution_id"],
                        "delay_runs": s,
                        **dict.fromkeys(
                            (
                                *("p_value", "recent_trials", "recent_starts"),
                                *("baseline_trials", "baseline_starts"),
                                *("trials_after", "starts_after"),
                            )
                        ),
                        "became": _broken_became(streak, all_streaks, limits),
                    }
        before += streak


def _is_broken(s: int, before: Sequence[Row], rate: float, limits: Limits) -> bool:
    if len(before) + s < limits.behaviour_min_runs:
        return False
    if not any(run["outcome"] == "success" for run in before):
        return True
    window = before[-limits.broken_runs :]
    errors = sum(run["is_error"] for run in window)
    return s >= limits.behaviour_min_streak and is_no_chance(s, errors, len(window), rate, limits)


def _broken_became(
    streak: Sequence[Row], all_streaks: Sequence[Sequence[Row]], limits: Limits
) -> str:
    if streak is all_streaks[-1]:
        return "open"
    return "short" if len(streak) <= limits.backtest_short_runs else "long"


# --- Summary --------------------------------------------------------------------------------------


def alert_backtest_summary(series: AllSeries, backtest: Sequence[Row], limits: Limits) -> list[Row]:
    told = [(setting.name, "worse") for setting in alert_settings(limits)]
    found = []
    tables = [
        named(SERIES, names) | {"runs": len(counted_of(runs))} for names, runs in series.items()
    ]
    for tenant, of_tenant in by(tables, *TENANT).items():
        runs = sum(table["runs"] for table in of_tenant)
        for setting, kind in [*told, ("current", "broken")]:
            messages = [
                row
                for row in backtest
                if (row["cluster"], row["tenant"]) == tenant
                and (row["setting"], row["kind"]) == (setting, kind)
            ]
            found.append(
                named(TENANT, tenant)
                | {"setting": setting, "kind": kind, "tables": len(of_tenant), "table_runs": runs}
                | _totals(messages, runs)
            )
    return found


def _totals(messages: Sequence[Row], runs: int) -> Row:
    became = {
        name: sum(row["became"] == name for row in messages)
        for name in ("confirmed", "passed", "unclear", "open", "short", "long")
    }
    judged = became["confirmed"] + became["passed"] + became["unclear"]
    delays = [
        row["delay_runs"]
        for row in messages
        if row["became"] in ("confirmed", "long") and row["delay_runs"] is not None
    ]
    per_run = ratio(len(messages), runs)
    return {
        "messages": len(messages),
        "messages_per_million_runs": None if per_run is None else per_run * 1_000_000,
        **became,
        "share_confirmed": ratio(became["confirmed"], judged),
        "median_delay_runs": float(median(delays)) if delays else None,
    }
