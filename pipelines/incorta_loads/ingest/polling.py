"""Polls one execution until it is final, no faster than the configured interval."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from incorta_loads.config.settings import Settings
from incorta_loads.endpoint.client import Answer, StatusClient
from incorta_loads.errors import RunFailedError, UnknownExecutionError
from incorta_loads.ingest.batches import batch_of
from incorta_loads.ingest.seen_tree import SeenTree
from incorta_loads.redaction import Redactor
from incorta_loads.text import duration
from incorta_loads.tree.changes import Look, NodeChange, changes_between
from incorta_loads.tree.statuses import OutcomeOf, RoleOf

FINISHED_WITH_ERRORS = 5
"""Exit code if the execution ended with errors."""

NOT_A_SUCCESS = 6
"""Exit code if the execution failed, was interrupted, or ended in another way without success."""

TIMED_OUT = 7
"""Exit code if the execution was not final within the timeout."""

_LAST_QUESTION_SECONDS = 10.0

_REFUSED = {
    "forbidden": "grant the token's user View on a schema of the plan",
    "rejected": "the cluster or a proxy refused the request",
}


class Screen(Protocol):
    """Receives each observation as soon as it is made."""

    def saw(self, tree: SeenTree, changes: Sequence[NodeChange]) -> None:
        """Receives a tree, and its changes since the previous one."""

    def no_answer(self, since: datetime, reason: str) -> None:
        """Receives the first of any number of consecutive requests without a tree."""

    def answers_again(self, silent_seconds: float) -> None:
        """Receives the first answer after such requests."""

    def not_there_yet(self, at: datetime, patience_seconds: float) -> None:
        """Receives each answer that the execution does not exist.

        Args:
            at: when it was received.
            patience_seconds: how long polling waits for the execution to appear.
        """


@dataclass(frozen=True, slots=True)
class Watched:
    """The result of watching an execution.

    Attributes:
        execution_id: the watched execution.
        answer: the last answer that was a tree; None if there was none.
        tree: the tree of that answer.
        seconds: time since the first request.
        reason: why the last request returned no tree; None if it returned one.
        looks: each answer that was a tree, with what had changed since the previous one.
    """

    execution_id: int
    answer: Answer | None = None
    tree: SeenTree | None = None
    seconds: float = 0.0
    reason: str | None = None
    looks: tuple[Look, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether the execution has ended. If not, watching timed out."""
        return self.tree is not None and self.tree.is_final

    @property
    def exit_code(self) -> int:
        """Exit code of the command once the execution is loaded."""
        if self.tree is None or not self.tree.is_final:
            return TIMED_OUT
        outcome = self.tree.root["outcome"]
        return {"success": 0, "partial": FINISHED_WITH_ERRORS}.get(outcome, NOT_A_SUCCESS)


def watch_until_final(
    settings: Settings,
    execution_id: int,
    *,
    every_seconds: float,
    timeout_seconds: float,
    appear_seconds: float,
    outcome_of: OutcomeOf,
    role_of: RoleOf,
    screen: Screen,
) -> Watched:
    """Polls an execution until it is final or the timeout is reached.

    If the timeout is reached during a pause, one last request reads the current state.

    Args:
        settings: the cluster.
        execution_id: the execution to poll.
        every_seconds: minimum pause from an answer to the next request.
        timeout_seconds: how long to poll; infinity means until the execution is final.
        appear_seconds: how long an execution that was never seen may be missing.
        outcome_of: maps statuses to outcomes.
        role_of: maps node types to roles.
        screen: receives the observations.

    Raises:
        ConfigurationError: the token or the tenant is wrong.
        UnknownExecutionError: the cluster has no such execution.
        RunFailedError: the cluster refuses to show the execution.
    """
    redactor = Redactor([settings.token])
    known = _Known(execution_id, screen, appear_seconds)
    deadline = known.began + timeout_seconds
    with (
        closing(StatusClient(settings, redactor)) as client,
        closing(StatusClient(_for_last_question(settings), redactor)) as last_client,
    ):
        while True:
            asked_at = time.monotonic()
            if asked_at < deadline:
                answer = client.fetch(execution_id, within_seconds=deadline - asked_at)
            else:
                answer = last_client.fetch(execution_id)
            is_over = time.monotonic() >= deadline
            tree, reason = _tree(answer, settings, redactor, (outcome_of, role_of))
            if tree is not None:
                known.saw(answer, tree)
            elif answer.outcome == "not_found":
                known.missed(answer, asked_at, is_over=is_over)
            else:
                _refuse(answer)
                known.got_nothing(answer, reason or "", asked_at, is_over=is_over)
            if is_over or known.watched.is_final:
                return known.at_the_end()
            time.sleep(known.pause_seconds(every_seconds, deadline))


def _for_last_question(settings: Settings) -> Settings:
    """Returns settings for a single attempt.

    A server that does not respond can then exceed the deadline only slightly.
    """
    limit_seconds = min(settings.timeout_seconds, _LAST_QUESTION_SECONDS)
    return replace(settings, max_attempts=1, timeout_seconds=limit_seconds)


class _Known:
    """The state of the execution according to the answers so far.

    Attributes:
        began: when watching began, on the monotonic clock in seconds.
        watched: the result if watching ended now.
    """

    def __init__(self, execution_id: int, screen: Screen, appear_seconds: float) -> None:
        self.began = time.monotonic()
        self.watched = Watched(execution_id)
        self._screen = screen
        self._appear_seconds = appear_seconds
        self._silent_since: float | None = None
        self._missing: Answer | None = None

    def saw(self, answer: Answer, tree: SeenTree) -> None:
        self._end_silence()
        before = self.watched.tree
        changes = changes_between(before.answer, tree.answer) if before else []
        self._screen.saw(tree, changes)
        self._missing = None
        looks = (*self.watched.looks, Look(tree.fetched_at, changes))
        self.watched = replace(self.watched, answer=answer, tree=tree, reason=None, looks=looks)

    def missed(self, answer: Answer, asked_at: float, *, is_over: bool) -> None:
        """Records that the cluster has no such execution.

        Raises:
            UnknownExecutionError: the execution was seen before, or the time to wait is over.
        """
        if self.watched.tree is not None or is_over or asked_at >= self._patient_until:
            raise self._unknown(answer)
        self._end_silence()
        self._missing = answer
        self.watched = replace(self.watched, reason=None)
        self._screen.not_there_yet(answer.fetched_at, self._appear_seconds)

    def got_nothing(self, answer: Answer, reason: str, asked_at: float, *, is_over: bool) -> None:
        """Records an answer without a tree.

        An answer that the deadline cut short does not contradict earlier answers.
        """
        if is_over:
            if self.watched.tree is None:
                self.watched = replace(self.watched, reason=self.watched.reason or reason)
            return
        self._missing = None
        self.watched = replace(self.watched, reason=reason)
        if self._silent_since is None:
            self._silent_since = asked_at
            self._screen.no_answer(answer.fetched_at, reason)

    def pause_seconds(self, every_seconds: float, deadline: float) -> float:
        """Returns the pause before the next request.

        It ends at the deadline, or earlier at the limit of waiting for the execution to appear.
        """
        until = min(deadline, self._patient_until if self._missing else math.inf)
        return max(0.0, min(every_seconds, until - time.monotonic()))

    def at_the_end(self) -> Watched:
        """Returns the result of watching.

        Raises:
            UnknownExecutionError: the execution was missing to the end.
        """
        if self._missing is not None:
            raise self._unknown(self._missing)
        return replace(self.watched, seconds=time.monotonic() - self.began)

    @property
    def _patient_until(self) -> float:
        return self.began + self._appear_seconds

    def _end_silence(self) -> None:
        if self._silent_since is not None:
            self._screen.answers_again(time.monotonic() - self._silent_since)
            self._silent_since = None

    def _unknown(self, answer: Answer) -> UnknownExecutionError:
        has, looked = "no longer has", ""
        if self.watched.tree is None:
            has = "has no"
            if self._appear_seconds:
                looked = f" after {duration(time.monotonic() - self.began)} of waiting for it"
        return UnknownExecutionError(
            f"The cluster {has} execution {answer.execution_id} ({_reason(answer)}){looked}; use "
            "the id that Incorta returned when the load plan was started."
        )


def _tree(
    answer: Answer,
    settings: Settings,
    redactor: Redactor,
    meanings: tuple[OutcomeOf, RoleOf],
) -> tuple[SeenTree | None, str | None]:
    """Returns the tree of an answer, or the reason why it has none."""
    batch = batch_of(answer, settings, run_id="", redactor=redactor)
    (row,) = batch.fetches.select(["outcome", "message"]).to_pylist()
    if row["outcome"] == "loaded":
        return SeenTree.of(batch.nodes, *meanings), None
    return None, f"{row['outcome']}: {row['message']}"


def _refuse(answer: Answer) -> None:
    """Rejects an answer that a retry cannot improve.

    Raises:
        RunFailedError: the outcome is `forbidden` or `rejected`.
    """
    if answer.outcome in _REFUSED:
        raise RunFailedError(
            f"The cluster does not show execution {answer.execution_id} ({answer.outcome}: "
            f"{_reason(answer)}): {_REFUSED[answer.outcome]}; nothing was loaded."
        )


def _reason(answer: Answer) -> str:
    return (answer.message or "").rstrip(".")
