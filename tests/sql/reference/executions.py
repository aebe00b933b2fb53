"""`executions`: the result of each execution, and whether it is final, partial and recent."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from sql.base_rows import Fetch
from sql.reference.keys import EXECUTION, TENANT, Row, by, named
from sql.reference.limits import Limits
from sql.reference.outcomes import has_ended, is_loading


def executions(node_outcomes: Sequence[Row], fetches: Sequence[Fetch], limits: Limits) -> list[Row]:
    loaded = by([f._asdict() for f in fetches if f.outcome == "loaded"], *EXECUTION)
    found = [
        named(EXECUTION, key) | _execution(tree, loaded.get(key, []))
        for key, tree in by(node_outcomes, *EXECUTION).items()
    ]
    for of_tenant in by(found, *TENANT).values():
        final = [execution["execution_id"] for execution in of_tenant if execution["is_final"]]
        for of_plan in by(of_tenant, "load_plan").values():
            _compare(of_plan, final, limits)
    return found


def _execution(tree: Sequence[Row], loaded: Sequence[Row]) -> Row:
    root = tree[0]
    tables = [node for node in tree if node["role"] == "table"]
    return {name: root[name] for name in ("load_plan", "state_type", "job_status", "outcome")} | {
        "is_final": has_ended(root) and not any(map(is_loading, tree)),
        "is_partial": False,
        "is_recent": False,
        "nodes": len(tree),
        "tables": len(tables),
        "table_errors": sum(table["is_error"] for table in tables),
        "tables_not_run": sum(table["outcome"] in ("skipped", "interrupted") for table in tables),
        "first_fetched_at": min((row["fetched_at"] for row in loaded), default=root["fetched_at"]),
        "last_fetched_at": root["fetched_at"],
    }


def _compare(of_plan: Sequence[Row], final_of_tenant: Sequence[int], limits: Limits) -> None:
    """Compares each with final executions of its plan and its tenant; all are sorted by id."""
    final = [execution for execution in of_plan if execution["is_final"]]
    final_ids = [execution["execution_id"] for execution in final]
    for execution in of_plan:
        id_ = execution["execution_id"]
        before = final[: bisect_left(final_ids, id_)][-limits.partial_window_executions :]
        most = max((other["tables"] for other in before), default=0)
        later = len(final_ids) - bisect_right(final_ids, id_)
        later_of_tenant = len(final_of_tenant) - bisect_right(final_of_tenant, id_)
        execution["is_partial"] = execution["is_final"] and execution["tables"] < most / 2
        execution["is_recent"] = (
            later < limits.recent_executions and later_of_tenant < limits.live_executions
        )
