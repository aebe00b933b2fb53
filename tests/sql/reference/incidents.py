"""`incidents` and `incident_tables`: what broke at the same moment."""

from __future__ import annotations

from collections.abc import Sequence

from sql.reference.keys import EXECUTION, SERIES, Row, by, named
from sql.reference.limits import Limits
from sql.reference.series import AllSeries, counted_of


def incident_tables(
    series: AllSeries, episodes: Sequence[Row], executions: Sequence[Row], limits: Limits
) -> list[Row]:
    """The episodes of all incidents, each with the execution until which its table was well."""
    recent = {tuple(each[name] for name in EXECUTION) for each in executions if each["is_recent"]}
    broken = [
        episode
        for each in episodes
        if (episode := each | {"ok_until_execution_id": _ok_until(series, each)})
        and _counts(episode, recent, limits)
    ]
    found: list[Row] = []
    for of_tenant in by(broken, "cluster", "tenant").values():
        points = {each["first_execution_id"] for each in of_tenant}
        support = {point: sum(_spans(each, point) for each in of_tenant) for point in points}
        for each in of_tenant:
            own = [point for point in points if _spans(each, point)]
            best = max(own, key=lambda point: (support[point], point))
            found.append(each | {"execution_id": best})
    groups = by(found, *EXECUTION)
    return [
        {name: row[name] for name in (*EXECUTION, *COLUMNS)}
        for rows in groups.values()
        if len(by(rows, *SERIES)) >= limits.incident_min_tables
        for row in rows
    ]


COLUMNS = (
    "schema_name",
    "table_name",
    "first_execution_id",
    "first_node_id",
    "ok_until_execution_id",
    "errors",
    "is_open",
)


def incidents(
    tables: Sequence[Row], episodes: Sequence[Row], executions: Sequence[Row]
) -> list[Row]:
    """One row per point with enough tables."""
    plans = {tuple(each[name] for name in EXECUTION): each["load_plan"] for each in executions}
    last = {_key(each): each["last_execution_id"] for each in episodes}
    found = []
    for names, rows in by(tables, *EXECUTION).items():
        schemas = {row["schema_name"] for row in rows}
        of_plans = {plans[row["cluster"], row["tenant"], row["first_execution_id"]] for row in rows}
        found.append(
            named(EXECUTION, names)
            | {
                "tables": len(by(rows, *SERIES)),
                "open_tables": len(by([row for row in rows if row["is_open"]], *SERIES)),
                "schemas": len(schemas),
                "load_plans": len(of_plans),
                "schema_name": schemas.pop() if len(schemas) == 1 else None,
                "load_plan": of_plans.pop() if len(of_plans) == 1 else None,
                "broke_after_execution_id": max(row["ok_until_execution_id"] for row in rows),
                "broke_by_execution_id": min(row["first_execution_id"] for row in rows),
                "last_execution_id": max(last[_key(row)] for row in rows),
                "is_open": any(row["is_open"] for row in rows),
            }
        )
    return found


def _key(episode: Row) -> tuple[object, ...]:
    names = (*SERIES, "first_execution_id", "first_node_id")
    return tuple(episode[name] for name in names)


def _ok_until(series: AllSeries, episode: Row) -> int | None:
    """The execution of the last counted run before the episode."""
    begin = (episode["first_execution_id"], episode["first_node_id"])
    counted = counted_of(series[tuple(episode[name] for name in SERIES)])
    before = [run for run in counted if (run["execution_id"], run["node_id"]) < begin]
    return before[-1]["execution_id"] if before else None


def _counts(episode: Row, recent: set[tuple[object, ...]], limits: Limits) -> bool:
    first, ok_until = episode["first_execution_id"], episode["ok_until_execution_id"]
    is_long = episode["errors"] >= limits.incident_min_errors or episode["is_open"]
    is_recent = (episode["cluster"], episode["tenant"], first) in recent
    return is_long and is_recent and ok_until is not None and ok_until < first


def _spans(episode: Row, point: int) -> bool:
    return bool(episode["ok_until_execution_id"] < point <= episode["first_execution_id"])
