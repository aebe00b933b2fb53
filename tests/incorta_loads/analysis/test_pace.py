"""How long an execution has been running, from the looks that the warehouse has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from incorta_loads.analysis.pace import Pace, pace_of
from sql.base_rows import Fetch, History, built

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def warehouse(directory: Path, *looks: tuple[float, int, str]) -> Path:
    """A warehouse with these looks: minute, execution id, outcome."""
    fetches = [
        Fetch("c", "t", id_, f"run {at:06}", minute(at), outcome) for at, id_, outcome in looks
    ]
    return built(directory / "warehouse.duckdb", *History([], fetches, []))


@pytest.mark.parametrize(
    ("looks", "started"),
    [
        ([], (None, None)),
        ([(0, 7, "not_found")], (0, None)),
        ([(0, 7, "not_found"), (5, 7, "loaded"), (6, 7, "loaded")], (0, 5)),
        # a later execution was there, or an earlier one was not
        ([(0, 7, "not_found"), (4, 8, "loaded")], (0, 4)),
        ([(0, 6, "not_found"), (3, 6, "loaded"), (5, 7, "loaded")], (0, 5)),
        # what is not there now, or was not after it began, says nothing
        ([(0, 7, "not_found"), (2, 6, "not_found"), (5, 7, "loaded"), (6, 8, "not_found")], (0, 5)),
        ([(0, 8, "not_found"), (5, 7, "loaded")], (None, 5)),
    ],
)
def test_the_start_is_between_two_looks(
    tmp_path: Path,
    looks: list[tuple[float, int, str]],
    started: tuple[float | None, float | None],
) -> None:
    """The last one at which it was not there, and the first one at which it was."""
    path = warehouse(tmp_path, (-60, 1, "loaded"), *looks)
    with duckdb.connect(path, read_only=True) as connection:
        pace = pace_of(connection, "c", "t", 7)
    expected = [None if at is None else minute(at) for at in started]
    assert [pace.started_after, pace.started_by] == expected


@pytest.mark.parametrize(
    ("pace", "missed", "words"),
    [
        (Pace(), None, "running for at least 4 min 0 s"),
        (Pace(started_by=minute(-10)), None, "running for at least 14 min 0 s"),
        (Pace(minute(-10), minute(-9)), None, "running for 13–14 min"),
        (Pace(minute(-10)), None, "running for 4–14 min"),
        (Pace(minute(-10)), minute(-1), "running for 240–300 s"),
    ],
)
def test_an_execution_runs_since_its_start(pace: Pace, missed: datetime | None, words: str) -> None:
    """This process first saw it at noon, four minutes ago."""
    assert pace.in_words("P", minute(4), missed=missed, seen=NOON) == words


def test_the_first_look_alone_says_nothing() -> None:
    """Not even that it runs for at least no time."""
    assert Pace().in_words("P", NOON, missed=None, seen=NOON) is None


def test_one_run_before_has_no_median() -> None:
    """It is called the last one."""
    usual = {"runs": 1, "median_shortest_seconds": 60.0, "median_longest_seconds": 90.0}
    pace = Pace(durations={"P": usual})
    words = pace.in_words("P", NOON, missed=None, seen=NOON)
    assert words == "the last one took 60–90 s"
    assert pace.in_words("other", NOON, missed=None, seen=NOON) is None
