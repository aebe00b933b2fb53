"""`status_conflicts`: statuses of the cluster that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sql.reference.keys import EXECUTION, Row, by, key, named
from sql.reference.outcomes import below, has_ended, is_loading
from sql.reference.roles import Roles, has_line, with_own_name

_NODE = ("load_plan", "type", "name", "path", "state_type", "job_status", "outcome")


def status_conflicts(node_outcomes: Sequence[Row], users: Roles) -> list[Row]:
    return [
        named((*EXECUTION, "node_id"), key(node, *EXECUTION, "node_id"))
        | {"rule": rule}
        | named(_NODE, key(node, *_NODE))
        | {"evidence_node_id": evidence, "fetched_at": node["fetched_at"], "role": node["role"]}
        | named(
            ("schema_name", "table_name"), key(with_own_name(node), "schema_name", "table_name")
        )
        for execution in by(node_outcomes, *EXECUTION).values()
        for node in execution
        for rule, evidence in _conflicts(node, execution, users)
    ]


def _conflicts(
    node: Row, execution: Sequence[Row], users: Roles
) -> Iterator[tuple[str, int | None]]:
    descendants = below(node, execution)
    errors = [other["node_id"] for other in descendants if other["is_error"]]
    if node["outcome"] == "success" and errors:
        yield "success_above_error", errors[0]
    children = [other for other in descendants if other["parent_id"] == node["node_id"]]
    if node["is_error"] and children and all(c["outcome"] == "success" for c in children):
        yield "error_above_success", children[0]["node_id"]
    loading = [other["node_id"] for other in descendants if is_loading(other)]
    if has_ended(node) and loading:
        yield "ended_above_running", loading[0]
    if node["outcome"] == "unknown":
        yield "unknown_status", None
    if not has_line(node, users):
        yield "unknown_type", None
