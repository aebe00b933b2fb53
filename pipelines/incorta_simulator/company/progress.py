"""How far the running executions are, and the file that keeps it from one start to the next."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ANSWERS_WHILE_RUNNING = 3


class Progress:
    """The executions that are not final yet. It moves on by being asked, not by time.

    The first three answers about one show it running, every further one shows how it ended.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[int, int] = {}

    def begin(self, execution_ids: Iterable[int]) -> None:
        """These start to run."""
        with self._lock:
            self._answers.update(dict.fromkeys(execution_ids, 0))

    def move_on(self, execution_id: int) -> float | None:
        """The share that is done now, 0 at first; None for one that is final."""
        with self._lock:
            answers = self._answers.get(execution_id, ANSWERS_WHILE_RUNNING)
            if answers >= ANSWERS_WHILE_RUNNING:
                return None
            self._answers[execution_id] = answers + 1
        return answers / ANSWERS_WHILE_RUNNING

    def finish_all(self) -> None:
        """Whatever runs is final from now on."""
        with self._lock:
            self._answers = dict.fromkeys(self._answers, ANSWERS_WHILE_RUNNING)

    def running(self) -> tuple[int, ...]:
        """Ids whose next answer will not be final, ascending."""
        with self._lock:
            return tuple(
                sorted(
                    execution_id
                    for execution_id, answers in self._answers.items()
                    if answers < ANSWERS_WHILE_RUNNING
                )
            )

    def save(self, file: Path) -> None:
        """Write how many answers each one has given, in one rename."""
        with self._lock:
            text = json.dumps({"answers": self._answers}, indent=2)
        partial = file.with_name(f"{file.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)

    def load(self, file: Path) -> None:
        """Take up what `save` wrote; no file means that this is the first start."""
        if not file.exists():
            return
        saved = json.loads(file.read_text(encoding="utf-8"))["answers"]
        with self._lock:
            for execution_id in self._answers:
                self._answers[execution_id] = saved.get(str(execution_id), 0)
