"""The design effect: how many runs say as much as one, because errors come in streaks."""

from __future__ import annotations

from collections.abc import Sequence

from sql.reference.keys import TENANT, Row, by, named
from sql.reference.series import AllSeries, counted_of, streaks

Usual = dict[tuple[str | None, ...], float]
"""Usual length of streaks of errors, by tenant."""


def usual_streaks(series: AllSeries) -> Usual:
    """The mean over the tables of a tenant that have a counted run."""
    rows = [
        named(TENANT, names[:2]) | {"usual": _usual(counted_of(runs))}
        for names, runs in series.items()
        if counted_of(runs)
    ]
    return {
        tenant: sum(row["usual"] for row in of_tenant) / len(of_tenant)
        for tenant, of_tenant in by(rows, *TENANT).items()
    }


def _usual(counted: Sequence[Row]) -> float:
    """Of the streaks of errors that are over."""
    lengths = [len(streak) for streak in streaks(counted)[:-1] if streak[0]["is_error"]]
    return sum(length**2 for length in lengths) / sum(lengths) if lengths else 1.0


def design_effect(
    lengths: Sequence[int], errors: int, counted: int, usual: float, prior_errors: int
) -> float | None:
    """Of rows with streaks of errors of these lengths."""
    if counted == 0:
        return None
    mean = (sum(length**2 for length in lengths) + prior_errors * usual) / (
        sum(lengths) + prior_errors
    )
    return max(1.0, (mean + 1) * (1 - errors / counted) - 1)


def lengths_of_errors(counted: Sequence[Row]) -> list[int]:
    return [len(streak) for streak in streaks(counted) if streak[0]["is_error"]]
