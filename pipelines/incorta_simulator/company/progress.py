"""Tracks the progress of running executions."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ANSWERS_WHILE_RUNNING = 3


class Progress:
    """The running executions. They advance by requests, not by time.

    The first three responses about an execution show it running; all later ones show its end.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[int, int] = {}

    def begin(self, execution_ids: Iterable[int]) -> None:
        """Adds running executions."""
        with self._lock:
            self._answers.update(dict.fromkeys(execution_ids, 0))

    def move_on(self, execution_id: int) -> float | None:
        """Returns the share that is done, 0 at first; None if the execution is final."""
        with self._lock:
            answers = self._answers.get(execution_id, ANSWERS_WHILE_RUNNING)
            if answers >= ANSWERS_WHILE_RUNNING:
                return None
            self._answers[execution_id] = answers + 1
        return answers / ANSWERS_WHILE_RUNNING

    def finish_all(self) -> None:
        """Makes all running executions final."""
        with self._lock:
            self._answers = dict.fromkeys(self._answers, ANSWERS_WHILE_RUNNING)

    def running(self) -> tuple[int, ...]:
        """Ids whose next response will not be final, ascending."""
        with self._lock:
            return tuple(
                sorted(
                    execution_id
                    for execution_id, answers in self._answers.items()
                    if answers < ANSWERS_WHILE_RUNNING
                )
            )

    def answers(self) -> dict[int, int]:
        """Returns how many responses each execution has had."""
        with self._lock:
            return dict(self._answers)

    def restore(self, answers: Mapping[int, int]) -> None:
        """Continues from what `answers` returned earlier; executions without are at their begin."""
        with self._lock:
            for execution_id in self._answers:
                self._answers[execution_id] = answers.get(execution_id, 0)
