"""Compares statuses and types, and names their possible meanings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Protocol

OutcomeOf = Callable[[str | None, str | None], str]
"""Maps state type and job status to one of `STATUS_OUTCOMES`."""


class RoleOf(Protocol):
    """Maps a node's type, whether it is a leaf, and its schema to one of `ROLES`."""

    def __call__(self, type_: str | None, *, is_leaf: bool, schema_name: str | None) -> str: ...


STATUS_OUTCOMES = (
    *("success", "partial", "failure", "interrupted"),
    *("skipped", "running", "queued", "unknown"),
)
"""Possible outcomes of a status."""

ERRORS = ("failure", "partial")
"""Outcomes that are errors."""

OUTCOME_SIGNS = dict(zip(STATUS_OUTCOMES, "✓!✗■–▸…?", strict=True))
"""Outcome → the sign that shows it without color."""

ROLES = ("load_plan", "group", "schema", "table", "none")
"""Possible roles of a node; `none` means no other role applies."""

ENDED_STATE = "terminator state"
RUNNING_STATE = "load state"
"""State types in the form that `compared` returns.

An execution is final if its root has ended and no node runs.
"""

_TO_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def compared(text: str | None) -> str:
    """Returns a state type, job status or type without outer blanks and with A–Z in lower case."""
    return (text or "").strip("\t\n\v\f\r ").translate(_TO_LOWER)


def is_final(state_types: Sequence[str | None]) -> bool:
    """Whether an execution has ended.

    Args:
        state_types: state types of its nodes, the root first.
    """
    root, *below = map(compared, state_types)
    return root == ENDED_STATE and RUNNING_STATE not in below
