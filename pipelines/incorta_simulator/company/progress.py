"""Tracks the progress of running executions, and keeps it in a file between starts."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

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

    def save(self, file: Path) -> None:
        """Writes the number of responses per execution, replacing the file by a rename."""
        with self._lock:
            text = json.dumps({"answers": self._answers}, indent=2)
        partial = file.with_name(f"{file.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)

    def load(self, file: Path) -> None:
        """Reads what `save` wrote; without a file, this is the first start."""
        if not file.exists():
            return
        saved = json.loads(file.read_text(encoding="utf-8"))["answers"]
        with self._lock:
            for execution_id in self._answers:
                self._answers[execution_id] = saved.get(str(execution_id), 0)
