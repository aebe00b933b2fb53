"""Builds the status tree of one execution, as in the endpoint's response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from incorta_simulator.company.plans import Group, Plan, Schema

Path = tuple[str, ...]
"""Names below the plan: one for a group, three for a table, none for the plan itself."""

TABLE_PATH_LENGTH = 3

Tree = dict[str, Any]

SUCCESS = "Success"
FINISHED_WITH_ERRORS = "Finished with Errors"
FAILED = "Failed"
INTERRUPTED = "Interrupted"
SKIPPED = "Skipped"
IN_QUEUE = "In Queue"
RUNNING = "Running"
IN_PROGRESS = "In Progress"

UNFINISHED = frozenset({IN_QUEUE, RUNNING, IN_PROGRESS})
_HAS_A_SAY = UNFINISHED | {SUCCESS, FINISHED_WITH_ERRORS, FAILED, INTERRUPTED}


def roll_up(children: Collection[str]) -> str:
    """Returns the job status of a parent from those of its children; unusual ones are ignored."""
    kinds = _HAS_A_SAY.intersection(children)
    if kinds <= {SUCCESS}:
        return SUCCESS
    if kinds == {IN_QUEUE}:
        return IN_QUEUE
    if kinds & UNFINISHED:
        return IN_PROGRESS
    if INTERRUPTED in kinds:
        return INTERRUPTED
    if kinds == {FAILED}:
        return FAILED
    return FINISHED_WITH_ERRORS


def build(plan: Plan, statuses: Mapping[Path, str]) -> Tree:
    """Returns the whole tree: the tables with a status, and their parents.

    The status of a parent is the one for its path in `statuses`, or else derived from its children.
    """
    groups = [_group(group, statuses) for group in plan.groups]
    return _parent(plan.name, "LOAD_PLAN", statuses.get(()), groups)


def cut(tree: Tree, level: int) -> Tree:
    """Returns the first `level` levels of a tree: 1 is the plan alone, 4 is the whole tree."""
    children = tree.get("childStatusDetails", [])
    kept = {name: value for name, value in tree.items() if name != "childStatusDetails"}
    if level > 1 and children:
        kept["childStatusDetails"] = [cut(child, level - 1) for child in children]
    return kept


def _group(group: Group, statuses: Mapping[Path, str]) -> Tree | None:
    path = (group.name,)
    schemas = [_schema(schema, path, statuses) for schema in group.schemas]
    return _parent(group.name, "GROUP", statuses.get(path), schemas) if any(schemas) else None


def _schema(schema: Schema, above: Path, statuses: Mapping[Path, str]) -> Tree | None:
    path = (*above, schema.name)
    tables = [
        _node(table, "TABLE", statuses[*path, table])
        for table in schema.tables
        if (*path, table) in statuses
    ]
    return _parent(schema.name, "SCHEMA", statuses.get(path), tables) if tables else None


def _parent(name: str, kind: str, own_status: str | None, parts: Collection[Tree | None]) -> Tree:
    children = [part for part in parts if part is not None]
    rolled_up = roll_up([child["status"]["jobStatus"] for child in children])
    node = _node(name, kind, own_status or rolled_up)
    if children:
        node["childStatusDetails"] = children
    return node


def _node(name: str, kind: str, job_status: str) -> Tree:
    state_type = "Load State" if job_status in UNFINISHED else "Terminator State"
    return {
        "name": name,
        "type": kind,
        "status": {"stateType": state_type, "jobStatus": job_status},
    }
