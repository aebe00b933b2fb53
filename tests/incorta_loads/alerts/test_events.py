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
    """A regression has the counts of both windows and the execution since which it is worse."""
    assert observed.run("intermittent", 0.0001) == [
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
        (["broken_since", "intermittent", "healthy"], ["broken_since", "recovered"]),
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
    """A table is no longer worse only when its p-value is clearly above the threshold."""
    for p_value in (0.00009, 0.00011, 0.00009, 0.05, 0.0001, 0.1):
        observed.run("recovered", p_value)
    assert observed.reported == ["regressed"]


def test_a_table_that_is_no_longer_worse_can_be_reported_again(observed: ObservedTable) -> None:
    """While it is intermittent, only a new regression is reported."""
    for p_value in (0.0001, 0.2, 0.05, 0.00005, 0.00005):
        observed.run("intermittent", p_value)
    assert observed.reported == ["regressed", "regressed"]


@pytest.mark.parametrize("between", [[], [("intermittent", 0.2)], [("intermittent", None)]])
def test_a_table_is_well_when_it_is_neither_worse_nor_failing(
    observed: ObservedTable, between: list[tuple[str, float | None]]
) -> None:
    """It may be no longer worse some time before it is healthy; both are needed, once."""
    for behaviour, p_value in [("intermittent", 0.0001), *between]:
        observed.run(behaviour, p_value)
    observed.run("healthy", 0.2)
    observed.run("healthy", 0.3)
    assert observed.reported == ["regressed", "healthy"]


def test_healthy_but_still_worse_is_not_well(observed: ObservedTable) -> None:
    """The p-value may stay small for a while after the last error."""
    observed.run("intermittent", 0.0001)
    observed.run("recovered", 0.01)
    assert observed.reported == ["regressed"]


def test_broken_and_worse_are_reported_separately(observed: ObservedTable) -> None:
    """The end of a break is not the end of a regression."""
    observed.run("intermittent", 0.0001)
    observed.run("broken_since", 0.0001)
    observed.run("recovered", 0.0001)
    assert observed.reported == ["regressed", "broken_since", "recovered"]
    observed.run("broken_since", 0.0001)
    observed.run("healthy", None)
    observed.run("healthy", None)
    assert observed.reported[3:] == ["broken_since", "healthy"]


def test_broken_and_worse_at_once_are_two_changes(observed: ObservedTable) -> None:
    """What is reported as broken does not set worse on or off."""
    observed.run("broken_since", 0.0001)
    assert observed.reported == ["broken_since", "regressed"]


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


def test_a_missed_regression_is_found_again_while_it_lasts(observed: ObservedTable) -> None:
    """It lasts as long as it is not reported again."""
    observed.run("intermittent", 0.0001, missed=("a",))
    assert [each.missed for each in observed.run("intermittent", 0.05, missed=("a",))] == ["a"]
    assert observed.run("intermittent", 0.2) == []
    assert observed.run("intermittent", 0.2) == []


def test_a_missed_recovery_is_found_again(observed: ObservedTable) -> None:
    """Whether it ended a break, or everything."""
    observed.run("broken_since")
    observed.run("healthy", missed=("a",))
    assert [each.missed for each in unsent(observed.connection)] == ["a"]
    observed.run("intermittent", 0.0001)
    observed.run("healthy", missed=("a",))
    assert [each.missed for each in unsent(observed.connection)] == ["a"]


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
    observed.run("broken_since", 0.0001)
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
