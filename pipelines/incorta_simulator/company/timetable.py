"""Executions that begin and end by a clock, as those of a real cluster do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Timetable:
    """When executions begin. All others do not follow the clock.

    Args:
        clock: Returns the time in seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.begins: dict[int, float] = {}

    def add(self, execution_ids: Iterable[int], every: float) -> None:
        """Lets executions begin, each so many seconds after the one before; the first likewise."""
        at = max([self._clock(), *self.begins.values()])
        for number, execution_id in enumerate(execution_ids, 1):
            self.begins[execution_id] = at + number * every

    def elapsed(self, execution_id: int) -> float | None:
        """Returns how long ago it began in seconds, negative before; None without a begin."""
        begin = self.begins.get(execution_id)
        return None if begin is None else self._clock() - begin
