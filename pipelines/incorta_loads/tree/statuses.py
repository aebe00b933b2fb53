"""Statuses and types: how they are compared, and the words for what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Protocol

OutcomeOf = Callable[[str | None, str | None], str]
"""State type and job status → one of `STATUS_OUTCOMES`."""


class RoleOf(Protocol):
    """The type of a node, whether it is a leaf, and its schema → one of `ROLES`."""

    def __call__(self, type_: str | None, *, is_leaf: bool, schema_name: str | None) -> str: ...


STATUS_OUTCOMES = (
    *("success", "partial", "failure", "interrupted"),
    *("skipped", "running", "queued", "unknown"),
)
"""What a status can mean."""

ROLES = ("load_plan", "group", "schema", "table", "none")
"""What a node of a type can be; `none` is none of the others."""

ENDED_STATE = "terminator state"
RUNNING_STATE = "load state"
"""State types, as `compared`. An execution is final if its root has ended and no node runs."""

_TO_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def compared(text: str | None) -> str:
    """A state type, job status or type as it is compared: no outer blanks, A–Z in lower case."""
    return (text or "").strip("\t\n\v\f\r ").translate(_TO_LOWER)


def is_final(state_types: Sequence[str | None]) -> bool:
    """Whether an execution has ended, by the state types of its nodes, the root first."""
    root, *below = map(compared, state_types)
    return root == ENDED_STATE and RUNNING_STATE not in below
