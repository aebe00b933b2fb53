"""The numbers in the definitions, with the values of `analysis.md`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Window lengths and thresholds, named like the variables of the dbt project.

    With small limits, a short history reaches cases that otherwise need hundreds of executions.
    """

    partial_window_executions: int = 10
    recent_executions: int = 100
    live_executions: int = 1_000
    latest_executions: int = 10
    prior_runs: int = 20
    behaviour_min_runs: int = 5
    behaviour_min_streak: int = 3
    recovered_runs: int = 20
    intermittent_runs: int = 120
    prior_errors: int = 5
    broken_level: float = 0.001
    broken_runs: int = 120
    incident_min_errors: int = 3
    incident_min_tables: int = 3
    recent_runs: int = 20
    baseline_runs: int = 100
    regression_min_runs: int = 20
    regression_gap_runs: int = 2
    regression_windows: tuple[int, ...] = (5, 10, 20, 40, 80)
    regression_baseline_trials: int = 200
    regression_min_trials: int = 20
    regression_level: float = 0.001
    verdict_level: float = 0.001
    notify_level: float = 0.0001
    notify_again_level: float = 0.1
    alert_settings: tuple[dict[str, object], ...] = (
        {"name": "current"},
        {"name": "eager", "notify_level": 0.001},
    )
    backtest_trials_after: int = 40
    backtest_min_trials: int = 20
    backtest_level: float = 0.05
    backtest_short_runs: int = 10
    significance: float = 0.05
    co_failure_min_episodes: int = 3
    co_failure_tables: int = 200
    co_failure_min_starts: int = 2
    duration_runs: int = 50
    duration_min_runs: int = 10
    time_zone: str = "UTC"
