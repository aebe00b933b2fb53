"""Every mart once more, in plain Python, taking the definition of each measure literally.

Nothing here is fast, and nothing is shared with the models: a function reads like its definition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from statsmodels.stats.proportion import proportion_confint

from sql.base_rows import Fetch, Node

Row = dict[str, Any]

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
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"

RATE_TYPES = {
    "failure_rates_by_plan": ("LOAD_PLAN", ("load_plan",)),
    "failure_rates_by_group": ("GROUP", ("load_plan", "group_name")),
    "failure_rates_by_schema": ("SCHEMA", ("schema_name",)),
    "failure_rates_by_table": ("TABLE", ("schema_name", "table_name")),
    "failure_rates_by_plan_and_schema": ("SCHEMA", ("load_plan", "schema_name")),
    "failure_rates_by_plan_and_table": ("TABLE", ("load_plan", "schema_name", "table_name")),
}


def normalized(status: str | None) -> str:
    return (status or "").strip("\t\n\v\f\r ").translate(str.maketrans(_UPPER, _LOWER))


def outcome(state_type: str | None, job_status: str | None) -> str:
    state, status = normalized(state_type), normalized(job_status)
    if state == "terminator state":
        return next((name for name, held in _TERMINATED.items() if status in held), "unknown")
    if state == "load state":
        return "queued" if status in _QUEUED else "running"
    return "unknown"


def node_outcomes(nodes: Sequence[Node]) -> list[Row]:
    judged = [node._asdict() | _judged(outcome(node.state_type, node.job_status)) for node in nodes]
    for execution in _by(judged, "cluster", "tenant", "execution_id").values():
        for node in execution:
            node["failure_kind"] = _failure_kind(node, execution)
    return judged


def _judged(meaning: str) -> Row:
    return {
        "outcome": meaning,
        "is_counted": meaning in ("success", "partial", "failure"),
        "is_error": meaning in ("partial", "failure"),
    }


def _failure_kind(node: Row, execution: Sequence[Row]) -> str | None:
    if not node["is_error"]:
        return None
    below = _below(node, execution)
    if any(other["is_error"] for other in below):
        return "inherited"
    tables = [other for other in below if other["type"] == "TABLE"]
    group = _nearest_group(node, execution)
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


def _below(node: Row, execution: Sequence[Row]) -> list[Row]:
    return execution[node["node_id"] + 1 : node["last_descendant_id"] + 1]  # type: ignore[return-value]


def _nearest_group(node: Row, execution: Sequence[Row]) -> Row | None:
    if node["type"] == "GROUP":
        return node
    if node["parent_id"] is None:
        return None
    return _nearest_group(execution[node["parent_id"]], execution)


def executions(
    nodes: Sequence[Node],
    fetches: Sequence[Fetch],
    *,
    recent_executions: int = 100,
    live_executions: int = 1_000,
) -> list[Row]:
    loaded = _by([f._asdict() for f in fetches if f.outcome == "loaded"], *_EXECUTION)
    found = []
    for key, tree in _by(node_outcomes(nodes), *_EXECUTION).items():
        root = tree[0]
        tables = [node for node in tree if node["type"] == "TABLE"]
        found.append(
            dict(zip(_EXECUTION, key, strict=True))
            | {name: root[name] for name in ("load_plan", "state_type", "job_status", "outcome")}
            | {
                "is_final": normalized(root["state_type"]) == "terminator state"
                and not any(normalized(node["state_type"]) == "load state" for node in tree),
                "is_partial": False,
                "is_recent": False,
                "nodes": len(tree),
                "tables": len(tables),
                "table_errors": sum(table["is_error"] for table in tables),
                "tables_not_run": sum(
                    table["outcome"] in ("skipped", "interrupted") for table in tables
                ),
                "first_fetched_at": min(
                    (row["fetched_at"] for row in loaded.get(key, [])), default=root["fetched_at"]
                ),
                "last_fetched_at": root["fetched_at"],
            }
        )
    for tenant in _by(found, "cluster", "tenant").values():
        for execution in tenant:
            final = [other for other in tenant if other["is_final"]]
            of_plan = [o for o in final if o["load_plan"] == execution["load_plan"]]
            before = [o for o in of_plan if o["execution_id"] < execution["execution_id"]][-10:]
            most = max((other["tables"] for other in before), default=0)
            later = [o["execution_id"] > execution["execution_id"] for o in of_plan]
            later_of_tenant = [o["execution_id"] > execution["execution_id"] for o in final]
            execution["is_partial"] = execution["is_final"] and execution["tables"] < most / 2
            execution["is_recent"] = (
                sum(later) < recent_executions and sum(later_of_tenant) < live_executions
            )
    return found


def failure_rates(mart: str, nodes: Sequence[Node], fetches: Sequence[Fetch]) -> list[Row]:
    kind, names = RATE_TYPES[mart]
    keys = ("cluster", "tenant", *names)
    judged = node_outcomes(nodes)
    trees = _by(judged, *_EXECUTION)
    recent = {_key(e, *_EXECUTION) for e in executions(nodes, fetches) if e["is_recent"]}
    found = []
    runs_by_key = _by([node for node in judged if node["type"] == kind], *keys)
    for key, runs in runs_by_key.items():
        meanings = Counter(run["outcome"] for run in runs)
        counted = sum(run["is_counted"] for run in runs)
        errors = sum(run["is_error"] for run in runs)
        lately = [run for run in runs if _key(run, *_EXECUTION) in recent]
        lately_counted = sum(run["is_counted"] for run in lately)
        lately_errors = sum(run["is_error"] for run in lately)
        ids = [run["execution_id"] for run in runs]
        row = (
            dict(zip(keys, key, strict=True))
            | {"runs": len(runs), "executions": len(set(ids)), "counted": counted}
            | {
                "successes": meanings["success"],
                "partials": meanings["partial"],
                "failures": meanings["failure"],
            }
            | {
                meaning: meanings[meaning]
                for meaning in ("interrupted", "skipped", "running", "queued", "unknown")
            }
            | {"errors": errors}
            | _rate("failure_rate", meanings["failure"], counted)
            | _rate("error_rate", errors, counted)
            | {
                "first_execution_id": min(ids),
                "last_execution_id": max(ids),
                "last_success_execution_id": _last(runs, lambda run: run["outcome"] == "success"),
                "last_error_execution_id": _last(runs, lambda run: run["is_error"]),
                "recent_counted": lately_counted,
                "recent_errors": lately_errors,
            }
            | _rate("recent_error_rate", lately_errors, lately_counted)
        )
        if kind != "TABLE":
            row |= _tables_below(runs, trees)
        found.append(row)
    return found


def _last(runs: Iterable[Row], holds: Callable[[Row], bool]) -> int | None:
    return max((run["execution_id"] for run in runs if holds(run)), default=None)


def _rate(name: str, part: int, whole: int) -> Row:
    if whole == 0:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    low, high = proportion_confint(part, whole, alpha=0.05, method="wilson")
    return {
        name: part / whole,
        f"{name}_low": min(max(float(low), 0.0), 1.0),
        f"{name}_high": min(max(float(high), 0.0), 1.0),
    }


def _tables_below(runs: Sequence[Row], trees: dict[tuple[Any, ...], list[Row]]) -> Row:
    tables_of_runs = [
        [node for node in _below(run, trees[_key(run, *_EXECUTION)]) if node["type"] == "TABLE"]
        for run in runs
    ]
    counted = sum(table["is_counted"] for tables in tables_of_runs for table in tables)
    errors = sum(table["is_error"] for tables in tables_of_runs for table in tables)
    return {
        "tables_counted": counted,
        "table_errors": errors,
        "table_error_rate": errors / counted if counted else None,
        "runs_with_table_error": sum(
            any(table["is_error"] for table in tables) for tables in tables_of_runs
        ),
    }


def status_ledger(nodes: Sequence[Node]) -> list[Row]:
    keys = ("cluster", "tenant", "type", "state_type", "job_status", "outcome")
    return [
        dict(zip(keys, key, strict=True)) | {"nodes": len(group)}
        for key, group in _by(node_outcomes(nodes), *keys).items()
    ]


def coverage(nodes: Sequence[Node], fetches: Sequence[Fetch]) -> list[Row]:
    tenants = {*((n.cluster, n.tenant) for n in nodes), *((f.cluster, f.tenant) for f in fetches)}
    return [
        {"cluster": cluster, "tenant": tenant}
        | _coverage(
            [node for node in nodes if (node.cluster, node.tenant) == (cluster, tenant)],
            [fetch for fetch in fetches if (fetch.cluster, fetch.tenant) == (cluster, tenant)],
        )
        for cluster, tenant in tenants
    ]


def _coverage(nodes: Sequence[Node], fetches: Sequence[Fetch]) -> Row:
    asked: dict[int, list[Fetch]] = {}
    for fetch in fetches:
        asked.setdefault(fetch.execution_id, []).append(fetch)
    final = {row["execution_id"]: row["is_final"] for row in executions(nodes, fetches)}
    ids = {*asked, *final}
    last = Counter("loaded" if i in final else _last_fetch(asked[i]).outcome for i in ids)
    outcomes = ("loaded", "not_found", "forbidden", "rejected", "unavailable", "invalid_payload")
    return (
        {"ids_asked": len(ids)}
        | {outcome: last[outcome] for outcome in outcomes}
        | {
            "lowest_loaded_id": min(final, default=None),
            "highest_loaded_id": max(final, default=None),
            "ids_missing": max(final) - min(final) + 1 - len(final) if final else 0,
            "executions_not_final": sum(not is_final for is_final in final.values()),
            "aged": sum(_is_aged(i, asked, final) for i in asked),
            "last_fetched_at": max(
                *(node.fetched_at for node in nodes), *(fetch.fetched_at for fetch in fetches)
            ),
        }
    )


def _is_aged(execution_id: int, asked: dict[int, list[Fetch]], final: dict[int, bool]) -> bool:
    """Whether it would be asked again, had it not been asked over 30 days."""
    if execution_id in final:
        if final[execution_id]:
            return False
    elif _is_probed(execution_id, final) or _is_settled(execution_id, asked, final):
        return False
    times = [fetch.fetched_at for fetch in asked[execution_id]]
    return max(times) - min(times) >= timedelta(days=30)


def _is_probed(execution_id: int, final: dict[int, bool]) -> bool:
    """Every run looks for new ids among the 20 above the highest that has nodes."""
    highest = max(final, default=0)
    return highest < execution_id <= highest + 20


def _is_settled(execution_id: int, asked: dict[int, list[Fetch]], final: dict[int, bool]) -> bool:
    """Whether it was not found by a run that began after one that loaded a higher id."""
    last = _last_fetch(asked[execution_id])
    return last.outcome == "not_found" and any(
        fetch.outcome == "loaded" and fetch.run_id < last.run_id
        for higher in final
        if higher > execution_id
        for fetch in asked.get(higher, [])
    )


def _last_fetch(log: Sequence[Fetch]) -> Fetch:
    return max(log, key=lambda fetch: (fetch.fetched_at, fetch.run_id))


_EXECUTION = ("cluster", "tenant", "execution_id")


def _key(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def _by(found: Iterable[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in found:
        groups.setdefault(_key(row, *names), []).append(row)
    return groups
