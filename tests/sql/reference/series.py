"""The series of each table, its streaks, and `failure_episodes`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, zip_longest

from sql.reference.keys import SERIES, Row, by, named

AllSeries = dict[tuple[str | None, ...], list[Row]]
"""All runs of each series, in order."""


def all_series(node_outcomes: Sequence[Row]) -> AllSeries:
    tables = [node for node in node_outcomes if node["role"] == "table"]
    tables.sort(key=lambda run: (run["execution_id"], run["node_id"]))
    return by(tables, *SERIES)


def counted_of(runs: Sequence[Row]) -> list[Row]:
    return [run for run in runs if run["is_counted"]]


def streaks(counted: Sequence[Row]) -> list[list[Row]]:
    """Consecutive runs that are all in error, or all not."""
    return [list(streak) for _, streak in groupby(counted, key=lambda run: run["is_error"])]


def failure_episodes(series: AllSeries) -> list[Row]:
    found = []
    for names, runs in series.items():
        in_turn = streaks(counted_of(runs))
        for streak, following in zip_longest(in_turn, in_turn[1:]):
            if streak[0]["is_error"]:
                found.append(named(SERIES, names) | _episode(streak, following))
    return found


def _episode(streak: Sequence[Row], following: Sequence[Row] | None) -> Row:
    return {
        "first_execution_id": streak[0]["execution_id"],
        "first_node_id": streak[0]["node_id"],
        "last_execution_id": streak[-1]["execution_id"],
        "errors": len(streak),
        "failures": sum(run["outcome"] == "failure" for run in streak),
        "ended_by_execution_id": following[0]["execution_id"] if following else None,
        "is_open": following is None,
    }
