"""`node_outcomes`: the outcome of each status, and the errors that are consequences."""

from __future__ import annotations

from collections.abc import Sequence

from sql.base_rows import Node, compared
from sql.reference.keys import EXECUTION, Row, by
from sql.reference.roles import Roles, role

_TERMINATED = {
    "success": ("success", "succeeded", "completed", "finished"),
    "partial": ("finished with errors", "completed with errors", "partially succeeded"),
    "failure": ("failed", "failure", "error"),
    "interrupted": (
        *("interrupted", "canceled", "cancelled", "aborted", "killed", "stopped", "terminated"),
    ),
    "skipped": ("skipped", "not started", "not run", "blocked", "disabled"),
}
_QUEUED = ("in queue", "queued", "pending", "waiting")


def has_ended(node: Row) -> bool:
    return compared(node["state_type"]) == "terminator state"


def is_loading(node: Row) -> bool:
    return compared(node["state_type"]) == "load state"


def outcome(state_type: str | None, job_status: str | None) -> str:
    state, status = compared(state_type), compared(job_status)
    if state == "terminator state":
        return next((name for name, held in _TERMINATED.items() if status in held), "unknown")
    if state == "load state":
        return "queued" if status in _QUEUED else "running"
    return "unknown"


def node_outcomes(nodes: Sequence[Node], users: Roles) -> list[Row]:
    in_preorder = sorted(
        nodes, key=lambda node: (node.cluster, node.tenant, node.execution_id, node.node_id)
    )
    judged = [
        node._asdict()
        | _judged(outcome(node.state_type, node.job_status))
        | {"failure_kind": None, "role": role(node, users)}
        for node in in_preorder
    ]
    for execution in by(judged, *EXECUTION).values():
        for node in execution:
            node["failure_kind"] = _failure_kind(node, execution)
    return judged


def below(node: Row, execution: Sequence[Row]) -> Sequence[Row]:
    """All descendants of a node, from the rows of its execution in preorder."""
    return execution[node["node_id"] + 1 : node["last_descendant_id"] + 1]


def above(node: Row, execution: Sequence[Row]) -> list[Row]:
    """All ancestors of a node, nearest first."""
    if node["parent_id"] is None:
        return []
    parent = execution[node["parent_id"]]
    return [parent, *above(parent, execution)]


def _judged(meaning: str) -> Row:
    return {
        "outcome": meaning,
        "is_counted": meaning in ("success", "partial", "failure"),
        "is_error": meaning in ("partial", "failure"),
    }


def _failure_kind(node: Row, execution: Sequence[Row]) -> str | None:
    if not node["is_error"]:
        return None
    descendants = below(node, execution)
    if any(other["is_error"] for other in descendants):
        return "inherited"
    tables = [other for other in descendants if other["role"] == "table"]
    group = next(
        (other for other in (node, *above(node, execution)) if other["role"] == "group"), None
    )
    if (
        tables
        and not any(table["is_counted"] for table in tables)
        and group is not None
        and any(
            other["is_error"] and other["last_descendant_id"] < group["node_id"]
            for other in execution
        )
    ):
        return "blocked"
    return "originated"
