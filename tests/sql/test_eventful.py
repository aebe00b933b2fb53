"""The eventful history has at least one row for every value that the marts use."""

from __future__ import annotations

from collections import Counter

import pytest

from sql.eventful import eventful_history
from sql.reference.reading import Reading


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reading(eventful_history())


WORDS = {
    ("table_health", "behaviour"): (
        *("gone", "new", "insufficient_data", "always_failing"),
        *("broken_since", "recovered", "intermittent", "healthy"),
    ),
    ("table_regressions", "verdict"): (
        *("insufficient_data", "regressed", "outage", "improved", "unchanged"),
    ),
    ("alert_backtest", "kind"): ("worse", "broken"),
    ("alert_backtest", "became"): (*("confirmed", "passed", "unclear", "open", "short", "long"),),
    ("node_outcomes", "failure_kind"): ("inherited", "blocked", "originated", None),
    ("status_conflicts", "rule"): (
        *("success_above_error", "error_above_success", "ended_above_running"),
        *("unknown_status", "unknown_type"),
    ),
    ("gaps", "reason"): (
        *("not_found", "forbidden", "rejected", "unavailable", "invalid_payload"),
        "never_asked",
    ),
    ("failure_episodes", "is_open"): (True, False),
    ("incidents", "is_open"): (True, False),
    ("incident_tables", "is_open"): (True, False),
    ("executions", "is_partial"): (True, False),
    ("executions", "is_recent"): (True, False),
    ("executions", "is_final"): (True, False),
}


@pytest.mark.parametrize(("mart", "column"), WORDS)
def test_every_value_occurs(reading: Reading, mart: str, column: str) -> None:
    """The comparison with the models cannot test a value that does not occur."""
    found = Counter(row[column] for row in reading.mart(mart))
    assert set(found) == set(WORDS[mart, column])
