"""What is to be said of tables, and that it is said once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from incorta_loads.alerts.events import Change, event_id, standing, unsent
from incorta_loads.alerts.sent import record_delivery, record_sent
from support.one_table import NOON, Told, nothing_told


@pytest.fixture
def told() -> Iterator[Told]:
    """Nothing was said yet."""
    with nothing_told() as table:
        yield table


def test_a_break_is_said_with_its_counts(told: Told) -> None:
    """The streak, since when, and what was before it."""
    assert told.run("broken_since") == [
        Change("c", "t", "s", "s.a", "broken", "broken_since", 88, 3, 3, 4, 37)
    ]


def test_a_regression_is_said_with_its_counts(told: Told) -> None:
    """Both windows, since the first of the episodes in the recent one."""
    assert told.run("intermittent", "regressed", 0.01) == [
        Change("c", "t", "s", "s.a", "regressed", "regressed", 70, 6, 20, 2, 100)
    ]


def test_a_recovery_is_said_with_its_counts(told: Told) -> None:
    """The streak of successes since the last episode ended, and all that was before."""
    told.run("broken_since")
    assert told.run("recovered") == [
        Change("c", "t", "s", "s.a", "well", "recovered", 93, 0, 3, 7, 37)
    ]


@pytest.mark.parametrize(
    ("behaviours", "said"),
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
def test_each_change_is_said_once(told: Told, behaviours: list[str], said: list[str]) -> None:
    """What lies between broken and well says neither."""
    for behaviour in behaviours:
        told.run(behaviour)
    assert told.said == said


def test_a_test_that_flickers_at_its_threshold_is_said_once(told: Told) -> None:
    """It gets well only where chance is clearly enough to explain it."""
    for p_adjusted in (0.049, 0.051, 0.049, 0.06, 0.03, 0.1):
        verdict = "regressed" if p_adjusted <= 0.05 else "unchanged"
        told.run("recovered", verdict, p_adjusted)
    assert told.said == ["regressed"]


def test_a_table_gets_worse_again_only_by_an_error_after_it_was_well(told: Told) -> None:
    """Other tables move the adjusted p-value, too."""
    told.run("intermittent", "regressed", 0.01)
    told.run("recovered", "unchanged", 0.2)
    told.run("recovered", "regressed", 0.04)
    assert told.said == ["regressed", "recovered"]
    told.run("intermittent", "regressed", 0.04, last_error=120)
    assert told.said == ["regressed", "recovered", "regressed"]


def test_a_table_that_got_worse_and_then_breaks_is_said_twice(told: Told) -> None:
    """Breaking is more than getting worse, but not the other way round."""
    told.run("intermittent", "regressed", 0.01)
    told.run("broken_since", "regressed", 0.01)
    told.run("intermittent", "regressed", 0.01)
    assert told.said == ["regressed", "broken_since"]


def test_a_table_of_a_schema_without_a_name_is_one_series(told: Told) -> None:
    """NULL is a name like any other."""
    told.run("broken_since", schema=None)
    told.run("broken_since", schema=None)
    assert told.said == ["broken_since"]


def test_what_a_receiver_missed_is_found_again_as_long_as_it_is_so(told: Told) -> None:
    """Then its news is old: whoever missed it hears what is so then."""
    told.run("broken_since", missed=("a", "b"))
    [late] = unsent(told.connection)
    assert late.missed == "a,b"
    record_delivery(told.connection, [late], missed=["b"])
    assert [each.missed for each in unsent(told.connection)] == ["b"]
    record_delivery(told.connection, [late], missed=[])
    assert unsent(told.connection) == []


def test_what_was_missed_and_is_so_no_more_is_not_said(told: Told) -> None:
    """A recovery is new, and said to all."""
    told.run("broken_since", missed=("a",))
    assert [each.missed for each in told.run("recovered")] == [None]


def test_the_name_of_a_message_follows_from_what_it_says(told: Told) -> None:
    """A message that a kill repeats has the same name; one that says more has another."""
    first = Change("c", "t", "s", "s.a", "broken", "broken_since", 88, 3, 3, 4, 37)
    second = Change("c", "t", "s", "s.b", "broken", "broken_since", 88, 3, 3, 4, 37)
    later = Change("c", "t", "s", "s.a", "broken", "broken_since", 88, 4, 4, 4, 37)
    assert event_id([first, second]) == event_id([second, later])
    assert event_id([first]) != event_id([first, second])


def test_how_it_is_now_counts_what_was_said_too(told: Told) -> None:
    """A broken table is not worse as well."""
    told.run("broken_since", "regressed", 0.01)
    now = standing(told.connection)
    assert (now.broken, now.regressed) == (1, 0)


def test_a_write_that_fails_is_rolled_back(told: Told) -> None:
    """None of its rows stays, and the connection can be used on."""
    told.run("broken_since")
    before = told.connection.table("load_status.alerts").fetchall()
    event = Change("c", "t", "s", "s.b", "broken", "broken_since", 1, 3, 3, 0, 0)
    nobody = replace(event, cluster=None)  # type: ignore[arg-type]
    with pytest.raises(duckdb.ConstraintException):
        record_sent(told.connection, [event, nobody], run_id="r", announced_at=NOON, missed=[])
    assert told.connection.table("load_status.alerts").fetchall() == before
