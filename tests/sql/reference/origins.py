"""`failure_origins` and `fix_first`: nodes with a failure of their own, and which to fix first."""

from __future__ import annotations

from collections.abc import Sequence

from sql.reference.keys import EXECUTION, SERIES, TENANT, Row, by, in_order, key, named
from sql.reference.outcomes import above

CAUSE = (
    *TENANT,
    *("type", "load_plan", "group_name", "schema_name", "table_name", "name"),
)
_AMONG_EQUALS = ("schema_name", "table_name", "type", "name", "load_plan", "group_name")


def failure_origins(node_outcomes: Sequence[Row]) -> list[Row]:
    names = ("load_plan", "type", "group_name", "schema_name", "table_name", "name", "path")
    found = []
    for execution in by(node_outcomes, *EXECUTION).values():
        origins = [node for node in execution if node["failure_kind"] == "originated"]
        for node in origins:
            columns = (*EXECUTION, "node_id", *names, "outcome")
            found.append(
                named(columns, key(node, *columns))
                | {
                    "inherited_above": sum(n["is_error"] for n in above(node, execution)),
                    "origins_in_execution": len(origins),
                    "fetched_at": node["fetched_at"],
                    "role": node["role"],
                }
            )
    return found


def fix_first(
    failure_origins: Sequence[Row],
    executions: Sequence[Row],
    table_health: Sequence[Row],
    incident_tables: Sequence[Row],
) -> list[Row]:
    recent = {key(execution, *EXECUTION) for execution in executions if execution["is_recent"]}
    origins = [origin for origin in failure_origins if key(origin, *EXECUTION) in recent]
    found = [row for of_tenant in by(origins, *TENANT).values() for row in _causes(of_tenant)]
    health = {key(row, *SERIES): row for row in table_health}
    incidents = by([row for row in incident_tables if row["is_open"]], *SERIES)
    not_run = {key(each, *EXECUTION): each["tables_not_run"] for each in executions}
    latest = _latest(executions)
    still = {_cause(each) for each in origins if key(each, *EXECUTION) in latest}
    for row in found:
        names = (*key(row, *TENANT), row["schema_name"], row["name"])
        is_table = row["role"] == "table"
        of_table = health[names] if is_table else {}
        since, behaviour = of_table.get("failing_since_execution_id"), of_table.get("behaviour")
        row |= {
            "is_failing": since is not None and behaviour != "gone"
            if is_table
            else key(row, *CAUSE) in still,
            "failing_since_execution_id": since,
            "behaviour": behaviour,
            "incident_execution_id": max(
                (each["execution_id"] for each in incidents.get(names, ()) if is_table),
                default=None,
            ),
            "tables_not_run": not_run[(*key(row, *TENANT), row["last_execution_id"])],
        }
    return found


def _latest(executions: Sequence[Row]) -> set[tuple[object, ...]]:
    """The last final execution of each plan."""
    final = [each for each in executions if each["is_final"]]
    return {
        (*key(rows[0], *TENANT), max(each["execution_id"] for each in rows))
        for rows in by(final, *TENANT, "load_plan").values()
    }


def _cause(origin: Row) -> tuple[str | None, ...]:
    """A table or a schema is the same cause in any plan."""
    anywhere = {"load_plan": None, "group_name": None}
    return key(origin | (anywhere if origin["role"] in ("schema", "table") else {}), *CAUSE)


def _causes(origins_of_tenant: Sequence[Row]) -> list[Row]:
    tables = {_cause(origin) for origin in origins_of_tenant if origin["role"] == "table"}
    roles = {_cause(origin): origin["role"] for origin in origins_of_tenant}
    causes_of: dict[int, set[tuple[str | None, ...]]] = {}
    for origin in origins_of_tenant:
        causes_of.setdefault(origin["execution_id"], set()).add(_cause(origin))
    found = []
    for cause in set().union(*causes_of.values()):
        failed = [id_ for id_, causes in causes_of.items() if cause in causes]
        found.append(
            named(CAUSE, cause)
            | {
                "executions_failed": len(failed),
                "executions_only_cause": sum(len(causes_of[id_]) == 1 for id_ in failed),
                "share_of_failed_executions": len(failed) / len(causes_of),
                "last_execution_id": max(failed),
            }
        )
    found.sort(key=_urgency)
    fixed = set()
    for place, row in enumerate(found, 1):
        cause = key(row, *CAUSE)
        fixed.add(cause)
        row["fix_rank"] = place
        clean = sum(causes <= fixed for causes in causes_of.values())
        row["cumulative_clean_share"] = clean / len(causes_of)
        row["failed_executions"] = len(causes_of)
        row["cumulative_clean_executions"] = clean
        row["role"] = "table" if cause in tables else roles[cause]
    return found


def _urgency(row: Row) -> tuple[object, ...]:
    return (
        -row["executions_failed"],
        -row["executions_only_cause"],
        in_order(*key(row, *_AMONG_EQUALS)),
    )
