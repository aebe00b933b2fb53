"""`execution_times`, `table_times` and what follows from them, by the definitions of times.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil
from zoneinfo import ZoneInfo

from sql.base_rows import Fetch, StatusChange, compared
from sql.reference.keys import EXECUTION, TENANT, Row, by, key, named
from sql.reference.limits import Limits
from sql.reference.outcomes import outcome

Looks = dict[tuple[object, ...], Row]
"""Execution → first_seen (F), last_missed (N), and its ledger rows and changes."""

_ENDS = ("success", "partial")


def execution_times(
    executions: Sequence[Row], fetches: Sequence[Fetch], changes: Sequence[StatusChange]
) -> list[Row]:
    looks = looks_of(executions, fetches, changes)
    return [row for group in by(executions, *TENANT).values() for row in _of_tenant(group, looks)]


def _of_tenant(executions: Sequence[Row], looks: Looks) -> Iterator[Row]:
    in_order = sorted(executions, key=lambda row: int(row["execution_id"]))
    own = [looks[key(row, *EXECUTION)] for row in in_order]
    firsts = [each["first_seen"] for each in own]
    from_here = [*accumulate(firsts[::-1], lambda one, other: _least((one, other)))][::-1]
    missed: list[datetime] = []  # of this execution and those before it
    for execution, seen, started_by in zip(in_order, own, from_here, strict=True):
        missed += [seen["last_missed"]] if seen["last_missed"] is not None else []
        started_after = None
        if started_by is not None:
            started_after = _most(at for at in missed if at < started_by)
        ended_after, ended_by = _end(seen, started_after) if execution["is_final"] else (None, None)
        yield (
            named(EXECUTION, key(execution, *EXECUTION))
            | {name: execution[name] for name in ("load_plan", "outcome", "is_final")}
            | {"started_after": started_after, "started_by": started_by}
            | {"ended_after": ended_after, "ended_by": ended_by}
            | _duration(started_after, started_by, ended_after, ended_by)
            | {"looks": len(seen["loaded"])}
        )


def looks_of(
    executions: Sequence[Row], fetches: Sequence[Fetch], changes: Sequence[StatusChange]
) -> Looks:
    fetched = by((each._asdict() for each in fetches), *EXECUTION)
    changed = by((each._asdict() for each in changes), *EXECUTION)
    found: Looks = {}
    for execution in executions:
        ids = key(execution, *EXECUTION)
        ledger = fetched.get(ids, [])
        loaded = [row for row in ledger if row["outcome"] == "loaded"]
        first = _least(
            [row["fetched_at"] for row in loaded]
            + [row["seen_after"] for row in changed.get(ids, [])]
        )
        missed = _most(
            row["fetched_at"]
            for row in ledger
            if first is not None and row["outcome"] == "not_found" and row["fetched_at"] < first
        )
        found[ids] = {
            "first_seen": first,
            "last_missed": missed,
            "loaded": sorted(loaded, key=lambda row: (row["fetched_at"], row["run_id"])),
            "changes": changed.get(ids, []),
        }
    return found


def _end(looks: Row, started_after: datetime | None) -> tuple[datetime | None, datetime | None]:
    known = [row for row in looks["loaded"] if row["is_final"] is not None]
    while known and not (known[0]["is_final"] and all(row["is_final"] for row in known)):
        known = known[1:]
    if not known:
        return None, None
    ended_by = known[0]["fetched_at"]
    running = [row["fetched_at"] for row in looks["loaded"] if row["is_final"] is False]
    running += [
        row["seen_after"]
        for row in looks["changes"]
        if row["seen_by"] == ended_by and compared(row["previous_state_type"]) == "load state"
    ]
    return _most(running) or started_after, ended_by


def table_times(
    named_nodes: Sequence[Row], times: Sequence[Row], looks: Looks, all_nodes: Sequence[Row]
) -> list[Row]:
    started = {key(row, *EXECUTION): row["started_after"] for row in times}
    place: dict[tuple[object, ...], tuple[object, ...]] = {}
    for same in by(all_nodes, *EXECUTION, "type", "path").values():
        in_order = sorted(same, key=lambda node: int(node["node_id"]))
        for occurrence, node in enumerate(in_order):
            place[key(node, *EXECUTION, "node_id")] = (*key(node, "type", "path"), occurrence)
    found = []
    for node in named_nodes:
        ids = key(node, *EXECUTION)
        if node["role"] != "table" or (started[ids] is None and not looks[ids]["changes"]):
            continue
        seen = _seen(node, place[(*ids, node["node_id"])], looks[ids], started[ids])
        begun = next(((a, b) for a, b, status in seen if outcome(*status) != "queued"), None)
        ended = None
        for after, at, (state, _) in seen:
            is_over = compared(state) == "terminator state"
            ended = (ended or (after, at)) if is_over else None
        (began_after, began_by), (ended_after, ended_by) = (
            begun or (None,) * 2,
            ended or (None,) * 2,
        )
        found.append(
            named((*EXECUTION, "node_id"), (*ids, node["node_id"]))
            | {n: node[n] for n in ("load_plan", "group_name", "schema_name", "table_name")}
            | {"outcome": node["outcome"], "began_after": began_after, "began_by": began_by}
            | {"ended_after": ended_after, "ended_by": ended_by}
            | _duration(began_after, began_by, ended_after, ended_by)
        )
    return found


def _seen(
    node: Row, place: tuple[object, ...], looks: Row, started_after: datetime | None
) -> list[tuple[datetime | None, datetime, tuple[str | None, str | None]]]:
    """Each status that was seen of it: the look before, the look, and the status."""
    own = sorted(
        (row for row in looks["changes"] if key(row, "type", "path", "occurrence") == place),
        key=lambda row: (row["seen_after"], row["seen_by"]),
    )
    seen = []
    if not own:
        seen.append((started_after, looks["first_seen"], (node["state_type"], node["job_status"])))
    elif own[0]["change"] != "appeared":
        first = own[0]["previous_state_type"], own[0]["previous_job_status"]
        seen.append((started_after, looks["first_seen"], first))
    return seen + [
        (row["seen_after"], row["seen_by"], (row["state_type"], row["job_status"]))
        for row in own
        if row["change"] != "vanished"
    ]


def plan_durations(times: Sequence[Row], executions: Sequence[Row], limits: Limits) -> list[Row]:
    names = (*TENANT, "load_plan")
    runs = _counted(times, executions)
    return [
        named(names, values)
        | _durations(sorted(group, key=lambda row: int(row["execution_id"])), limits)
        for values, group in by(runs, *names).items()
    ]


def table_durations(
    times: Sequence[Row],
    of_executions: Sequence[Row],
    executions: Sequence[Row],
    limits: Limits,
) -> list[Row]:
    names = (*TENANT, "load_plan", "schema_name", "table_name")
    longest = {key(row, *EXECUTION): row["longest_seconds"] for row in of_executions}
    found = []
    for values, group in by(_counted(times, executions), *names).items():
        runs = sorted(group, key=lambda row: (int(row["execution_id"]), int(row["node_id"])))
        last = runs[-limits.duration_runs :]
        both = [
            (row["longest_seconds"], longest[key(row, *EXECUTION)])
            for row in last
            if longest[key(row, *EXECUTION)] is not None
        ]
        share = None
        if both and (whole := statistics.median(each for _, each in both)):
            share = statistics.median(each for each, _ in both) / whole
        found.append(named(names, values) | _durations(runs, limits) | {"share_of_plan": share})
    return found


def _counted(times: Sequence[Row], executions: Sequence[Row]) -> list[Row]:
    usual = {key(e, *EXECUTION) for e in executions if e["is_final"] and not e["is_partial"]}
    return [
        row
        for row in times
        if key(row, *EXECUTION) in usual
        and row["outcome"] in _ENDS
        and row["longest_seconds"] is not None
    ]


def _durations(runs: Sequence[Row], limits: Limits) -> Row:
    runs = runs[-limits.duration_runs :]
    ends = {name: [row[f"{name}_seconds"] for row in runs] for name in ("shortest", "longest")}
    last = runs[-1]
    usual = [row["longest_seconds"] for row in runs[:-1]]
    verdict = "cannot_tell"
    if len(usual) < limits.duration_min_runs:
        verdict = "insufficient_data"
    elif last["shortest_seconds"] > _ninetieth(usual):
        verdict = "slower"
    elif last["longest_seconds"] <= _ninetieth(usual):
        verdict = "as_before"
    return {
        "runs": len(runs),
        "median_shortest_seconds": statistics.median(ends["shortest"]),
        "median_longest_seconds": statistics.median(ends["longest"]),
        "p90_shortest_seconds": _ninetieth(ends["shortest"]),
        "p90_longest_seconds": _ninetieth(ends["longest"]),
        "last_execution_id": last["execution_id"],
        "last_shortest_seconds": last["shortest_seconds"],
        "last_longest_seconds": last["longest_seconds"],
        "verdict": verdict,
    }


def _ninetieth(values: Sequence[float]) -> float:
    return sorted(values)[ceil(len(values) * 9 / 10) - 1]


def failures_by_day(
    times: Sequence[Row], executions: Sequence[Row], named_nodes: Sequence[Row], limits: Limits
) -> list[Row]:
    zone = ZoneInfo(limits.time_zone)
    tables = by((node for node in named_nodes if node["role"] == "table"), *EXECUTION)
    rows = []
    for row in times:
        days = {at and at.astimezone(zone).date() for at in (row["ended_after"], row["ended_by"])}
        own = tables.get(key(row, *EXECUTION), [])
        rows.append(
            row
            | {"day": days.pop() if len(days) == 1 else None}
            | {"table_counted": sum(table["is_counted"] for table in own)}
            | {"table_errors": sum(table["is_error"] for table in own)}
        )
    names = (*TENANT, "load_plan", "day")
    return [
        named(names, values)
        | {
            "executions": len(group),
            "counted": sum(row["outcome"] in (*_ENDS, "failure") for row in group),
            "errors": sum(row["outcome"] in ("partial", "failure") for row in group),
            "failures": sum(row["outcome"] == "failure" for row in group),
            "table_counted": sum(row["table_counted"] for row in group),
            "table_errors": sum(row["table_errors"] for row in group),
        }
        for values, group in by(rows, *names).items()
    ]


def _duration(
    begin_after: datetime | None,
    begin_by: datetime | None,
    end_after: datetime | None,
    end_by: datetime | None,
) -> Row:
    shortest = longest = None
    if begin_by is not None and end_after is not None:
        shortest = max(timedelta(0), end_after - begin_by).total_seconds()
    if begin_after is not None and end_by is not None:
        longest = (end_by - begin_after).total_seconds()
    return {"shortest_seconds": shortest, "longest_seconds": longest}


def _least(times: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in times if at is not None), default=None)


def _most(times: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)
