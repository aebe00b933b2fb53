"""One execution until it is final: asks for it again and again, never faster than told."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from incorta_loads.batches import batch_of
from incorta_loads.client import Answer, StatusClient
from incorta_loads.errors import RunFailedError, UnknownExecutionError
from incorta_loads.redaction import Redactor
from incorta_loads.seen_tree import SeenTree, Transition, transitions
from incorta_loads.settings import Settings
from incorta_loads.status_outcomes import StatusOutcomes, TypeRoles

FINISHED_WITH_ERRORS = 5
"""Exit code: the execution ended with errors."""

NOT_A_SUCCESS = 6
"""Exit code: the execution failed, was interrupted, or ended in any other way but with success."""

TIMED_OUT = 7
"""Exit code: the execution was not final within the time given."""

_REFUSED = {
    "forbidden": "the token's user needs View on a schema of the plan",
    "rejected": "the cluster, or something before it, refused the request",
}


class Screen(Protocol):
    """Is told what is seen, as soon as it is."""

    def saw(self, tree: SeenTree, changes: Sequence[Transition]) -> None:
        """An answer, and what it shows otherwise than the one before."""

    def no_answer(self, since: datetime, reason: str) -> None:
        """The first of any number of askings in a row without a tree."""

    def answers_again(self, silent_seconds: float) -> None:
        """The first tree after that."""


@dataclass(frozen=True, slots=True)
class Watched:
    """How watching ended.

    Attributes:
        execution_id: what was watched.
        answer: the last one that was a tree; None when there was none.
        tree: its tree.
        seconds: from the first asking on.
        reason: why the last asking brought no tree; None when it did.
    """

    execution_id: int
    answer: Answer | None = None
    tree: SeenTree | None = None
    seconds: float = 0.0
    reason: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether the execution has ended; else the time was over."""
        return self.tree is not None and self.tree.is_final

    @property
    def exit_code(self) -> int:
        """What the command says of it, once it is loaded."""
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
    outcomes: StatusOutcomes,
    roles: TypeRoles,
    screen: Screen,
) -> Watched:
    """Asks for an execution until it is final or the time is over.

    Args:
        settings: the cluster.
        execution_id: what to ask for.
        every_seconds: from an answer to the next question, at least.
        timeout_seconds: how long to go on; infinite: until it is final.
        outcomes: what statuses mean.
        roles: what types mean.
        screen: is told what is seen.

    Raises:
        ConfigurationError: the token or the tenant is wrong.
        UnknownExecutionError: the cluster has no such execution.
        RunFailedError: the cluster refuses to show it.
    """
    redactor = Redactor([settings.token])
    client = StatusClient(settings, redactor)
    watched = Watched(execution_id)
    began = time.monotonic()
    deadline = began + timeout_seconds
    silent_since: float | None = None
    try:
        while True:
            asked_at = time.monotonic()
            answer = client.fetch(execution_id, within_seconds=deadline - asked_at)
            tree, reason = _tree(answer, settings, redactor, (outcomes, roles))
            _refuse(answer, is_known=watched.tree is not None)
            now = time.monotonic()
            watched = replace(watched, seconds=now - began)
            if tree is not None:
                if silent_since is not None:
                    screen.answers_again(now - silent_since)
                    silent_since = None
                screen.saw(tree, transitions(watched.tree, tree) if watched.tree else [])
                watched = replace(watched, answer=answer, tree=tree, reason=None)
            elif now < deadline:
                if silent_since is None:
                    silent_since = asked_at
                    screen.no_answer(answer.fetched_at, reason or "")
                watched = replace(watched, reason=reason)
            elif watched.tree is None:  # our own end cut it: it says nothing against a tree
                watched = replace(watched, reason=watched.reason or reason)
            if watched.reason is None and watched.is_final:
                return watched
            time.sleep(max(0.0, min(every_seconds, deadline - now)))
            if time.monotonic() >= deadline:
                return replace(watched, seconds=time.monotonic() - began)
    finally:
        client.close()


def _tree(
    answer: Answer,
    settings: Settings,
    redactor: Redactor,
    meanings: tuple[StatusOutcomes, TypeRoles],
) -> tuple[SeenTree | None, str | None]:
    """The tree of an answer, or why it has none."""
    batch = batch_of(answer, settings, run_id="", redactor=redactor)
    (row,) = batch.fetches.select(["outcome", "message"]).to_pylist()
    if row["outcome"] == "loaded":
        return SeenTree.of(batch.nodes, *meanings), None
    return None, f"{row['outcome']}: {row['message']}"


def _refuse(answer: Answer, *, is_known: bool) -> None:
    """Raises for an answer that asking again will not make better."""
    wanted, said = answer.execution_id, (answer.message or "").rstrip(".")
    if answer.outcome == "not_found":
        has = "no longer has" if is_known else "has no"
        raise UnknownExecutionError(
            f"The cluster {has} execution {wanted} ({said}); name an id that the call that starts "
            "a load plan returned."
        )
    if answer.outcome in _REFUSED:
        raise RunFailedError(
            f"The cluster does not show execution {wanted} ({answer.outcome}: {said}): "
            f"{_REFUSED[answer.outcome]}; nothing was loaded."
        )
