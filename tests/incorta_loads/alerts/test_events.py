"""Which changes of a table are reported, and that each is reported once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from incorta_loads.alerts.events import Change, event_id, standing, unsent
from incorta_loads.alerts.sent import record_delivery, record_sent
from support.one_table import NOON, ObservedTable, unreported_table


@pytest.fixture
def observed() -> Iterator[ObservedTable]:
    """A table of which no change has been reported yet."""
    with unreported_table() as table:
        yield table


def test_a_break_is_reported_with_its_counts(observed: ObservedTable) -> None:
    """A break has the consecutive errors, the execution they began at, and the counts before it."""
    assert observed.run("broken_since") == [
        Change("c", "t", "s", "s.a", "broken", "broken_since", 88, 3, 3, 4, 37)
    ]


def test_a_regression_is_reported_with_its_counts(observed: ObservedTable) -> None:
    """A regression has the counts of both windows and the first episode of the recent window."""
    assert observed.run("intermittent", "regressed", 0.01) == [
        Change("c", "t", "s", "s.a", "regressed", "regressed", 70, 6, 20, 2, 100)
    ]


def test_a_recovery_is_reported_with_its_counts(observed: ObservedTable) -> None:
    """A recovery has the successes since the last episode and the counts of everything before."""
    observed.run("broken_since")
    assert observed.run("recovered") == [
        Change("c", "t", "s", "s.a", "well", "recovered", 93, 0, 3, 7, 37)
    ]


@pytest.mark.parametrize(
    ("behaviours", "reported"),
    [
        (["broken_since", "broken_since"], ["broken_since"]),
        (["always_failing", "broken_since"], ["always_failing"]),
        (["broken_since", "intermittent", "broken_since"], ["broken_since"]),
        (["broken_since", "gone", "broken_since"], ["broken_since"]),
        (["broken_since", "recovered", "recovered"], ["broken_since", "recovered"]),
        (["broken_since", "intermittent", "healthy"], ["broken_since", "healthy"]),
        (["recovered", "healthy", "intermittent", "new", "insufficient_data", "gone"], []),
        (
            ["broken_since", "recovered", "intermittent", "broken_since"],
            ["broken_since", "recovered", "broken_since"],
        ),
    ],
)
def test_each_change_is_reported_once(
    observed: ObservedTable, behaviours: list[str], reported: list[str]
) -> None:
    """Behaviours between broken and recovered report nothing."""
    for behaviour in behaviours:
        observed.run(behaviour)
    assert observed.reported == reported


def test_a_p_value_that_fluctuates_around_its_threshold_is_reported_once(
    observed: ObservedTable,
) -> None:
    """A table recovers only when its p-value is clearly above the threshold."""
    for p_adjusted in (0.049, 0.051, 0.049, 0.06, 0.03, 0.1):
        verdict = "regressed" if p_adjusted <= 0.05 else "unchanged"
        observed.run("recovered", verdict, p_adjusted)
    assert observed.reported == ["regressed"]


def test_a_second_regression_needs_an_error_after_the_recovery(observed: ObservedTable) -> None:
    """Adjusted p-values also change because of other tables."""
    observed.run("intermittent", "regressed", 0.01)
    observed.run("recovered", "unchanged", 0.2)
    observed.run("recovered", "regressed", 0.04)
    assert observed.reported == ["regressed", "recovered"]
    observed.run("intermittent", "regressed", 0.04, last_error=120)
    assert observed.reported == ["regressed", "recovered", "regressed"]


def test_a_regression_followed_by_a_break_is_reported_twice(observed: ObservedTable) -> None:
    """A break is worse than a regression, so a regression after a break is not reported."""
    observed.run("intermittent", "regressed", 0.01)
    observed.run("broken_since", "regressed", 0.01)
    observed.run("intermittent", "regressed", 0.01)
    assert observed.reported == ["regressed", "broken_since"]


def test_tables_of_a_schema_without_a_name_are_one_series(observed: ObservedTable) -> None:
    """NULL is compared like any other name."""
    observed.run("broken_since", schema=None)
    observed.run("broken_since", schema=None)
    assert observed.reported == ["broken_since"]


def test_a_missed_change_is_found_again_while_it_lasts(observed: ObservedTable) -> None:
    """The change is sent only to the receivers that missed it, with the current state."""
    observed.run("broken_since", missed=("a", "b"))
    [late] = unsent(observed.connection)
    assert late.missed == "a,b"
    record_delivery(observed.connection, [late], missed=["b"])
    assert [each.missed for each in unsent(observed.connection)] == ["b"]
    record_delivery(observed.connection, [late], missed=[])
    assert unsent(observed.connection) == []


def test_a_missed_change_that_no_longer_holds_is_not_sent(observed: ObservedTable) -> None:
    """The recovery that ended the change is new and goes to every receiver."""
    observed.run("broken_since", missed=("a",))
    assert [each.missed for each in observed.run("recovered")] == [None]


def test_an_event_id_depends_on_the_reported_changes(observed: ObservedTable) -> None:
    """A notification repeated after a kill has the same id; one with more changes has another."""
    first = Change("c", "t", "s", "s.a", "broken", "broken_since", 88, 3, 3, 4, 37)
    second = Change("c", "t", "s", "s.b", "broken", "broken_since", 88, 3, 3, 4, 37)
    later = Change("c", "t", "s", "s.a", "broken", "broken_since", 88, 4, 4, 4, 37)
    assert event_id([first, second]) == event_id([second, later])
    assert event_id([first]) != event_id([first, second])


def test_current_counts_include_reported_changes(observed: ObservedTable) -> None:
    """A broken table is not counted as regressed as well."""
    observed.run("broken_since", "regressed", 0.01)
    now = standing(observed.connection)
    assert (now.broken, now.regressed) == (1, 0)


def test_a_write_that_fails_is_rolled_back(observed: ObservedTable) -> None:
    """No row remains, and the connection stays usable."""
    observed.run("broken_since")
    before = observed.connection.table("load_status.alerts").fetchall()
    event = Change("c", "t", "s", "s.b", "broken", "broken_since", 1, 3, 3, 0, 0)
    nobody = replace(event, cluster=None)  # type: ignore[arg-type]
    with pytest.raises(duckdb.ConstraintException):
        record_sent(observed.connection, [event, nobody], run_id="r", announced_at=NOON, missed=[])
    assert observed.connection.table("load_status.alerts").fetchall() == before
