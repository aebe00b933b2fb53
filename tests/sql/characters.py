"""How a table behaves from execution to execution: one function per character.

A function gets the position of an execution among those of its plan, counted from the first (0, 1,
…) and from the last (0, 1, …). It returns the statuses of the table's runs in the execution.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Character = Callable[[random.Random, int, int], tuple[str | None, ...]]

OK, BAD, SO_SO, SKIPPED = ("Success",), ("Failed",), ("Finished with Errors",), ("Skipped",)
ABSENT: tuple[str, ...] = ()


def failing(first_from_end: int, last_from_end: int = 0) -> Character:
    """Fails in a range of executions, both bounds included and counted from the end."""
    return lambda _, __, to_end: BAD if last_from_end <= to_end <= first_from_end else OK


def by_chance(rate: float, recent_rate: float | None = None, recent: int = 20) -> Character:
    """Fails at a rate, with another rate for the recent executions."""

    def statuses(draw: random.Random, _: int, to_end: int) -> tuple[str | None, ...]:
        now = rate if recent_rate is None or to_end >= recent else recent_rate
        return draw.choice((BAD, BAD, SO_SO)) if draw.random() < now else OK

    return statuses


def together(period: int) -> Character:
    """Fails in every `period`-th execution, together with other tables of that period."""
    return lambda draw, start, _: BAD if start % period == 0 or draw.random() < 0.02 else OK


def _rarely_run(draw: random.Random, _: int, __: int) -> tuple[str | None, ...]:
    return draw.choice((*[SKIPPED] * 80, ("Interrupted",), (None,), OK))


def _twice(draw: random.Random, _: int, __: int) -> tuple[str | None, ...]:
    return draw.choice((OK, BAD, SKIPPED)) + draw.choice((OK, OK, BAD, ABSENT))


CHARACTERS: dict[str | None, Character] = {
    "healthy": lambda *_: OK,
    "always failing": lambda draw, *_: draw.choice((BAD, SO_SO, SKIPPED)),
    "broken": failing(14),
    "just failed": failing(1),
    "recovered": failing(12, 5),
    "recovered long ago": failing(80, 70),
    "failed once": lambda _, start, __: BAD if start == 3 else OK,
    "flaky": by_chance(0.15),
    "very flaky": by_chance(0.6),
    "worsening": by_chance(0.03, 0.7),
    "improving": by_chance(0.6, 0.0),
    "had an outage": failing(11, 3),
    "new": lambda _, __, to_end: OK if to_end < 6 else ABSENT,
    "new and failing": lambda _, __, to_end: BAD if to_end < 6 else ABSENT,
    "dropped": lambda _, __, to_end: OK if to_end > 25 else ABSENT,
    "dropped and failing": lambda _, __, to_end: BAD if to_end > 25 else ABSENT,
    "rarely run": _rarely_run,
    "never run": lambda *_: SKIPPED,
    "twice": _twice,
    "pair 1": together(9),
    "pair 2": together(9),
    "pair 3": together(9),
    "": by_chance(0.1),
    None: by_chance(0.3),
}
"""Table name → character."""
