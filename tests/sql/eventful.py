"""A history that contains every value that the marts can have."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from sql.base_rows import NOON, Fetch, History, Node, Tree, rows
from sql.characters import CHARACTERS

RHYTHMS = {"Hourly": 0.55, "Daily": 0.35, "Weekly": 0.07, "Rare": 0.02, None: 0.01}
"""Plans, and their share of the executions."""


class Execution(NamedTuple):
    """Its position among the executions of its plan, counted from the first and from the last."""

    execution_id: int
    load_plan: str | None
    from_start: int
    to_end: int


def eventful_history() -> History:
    """Two tenants of one cluster, and a tenant of the same name in another cluster."""
    draw = random.Random(20261102)
    nodes: list[Node] = []
    fetches: list[Fetch] = []
    for cluster, tenant, length in (("c3", "t1", 450), ("c3", "t2", 260), ("c4", "t1", 1_150)):
        tables = list(CHARACTERS) if length < 1_000 else ["flaky", "pair 1", "pair 2", "broken"]
        calendar = _calendar(draw, length)
        for execution in calendar:
            id_ = execution.execution_id
            tree = _tree(draw, execution, tables, failing_rate=6 / length)
            at = NOON + timedelta(minutes=id_)
            nodes += rows(tree, id_, tenant=tenant, cluster=cluster, fetched_at=at)
        fetches += _ledger(draw, cluster, tenant, {e.execution_id for e in calendar})
    return History(nodes, fetches)


def _calendar(draw: random.Random, length: int) -> list[Execution]:
    """Ids with gaps; plan `Ended` runs only at the beginning."""
    ids = sorted(draw.sample(range(1, length + length // 8), length))
    plans = draw.choices(list(RHYTHMS), list(RHYTHMS.values()), k=length)
    plans[: length // 10] = ["Ended"] * (length // 10)
    found = []
    for place, (execution_id, plan) in enumerate(zip(ids, plans, strict=True)):
        before, after = plans[:place].count(plan), plans[place + 1 :].count(plan)
        found.append(Execution(execution_id, plan, before, after))
    return found


def _tree(
    draw: random.Random, execution: Execution, tables: list[str | None], *, failing_rate: float
) -> Tree:
    """Two groups: if all of the first fails, the second does not run. Some trees are restarts."""
    if draw.random() < 0.08:
        tables = draw.sample(tables, 2)
    erp, unnamed = (_schema(draw, execution, name, tables) for name in ("erp", None))
    dwh = _schema(draw, execution, "dwh", tables[:3])
    if draw.random() < failing_rate:
        erp, unnamed = _all(erp, "Failed"), _all(unnamed, "Failed")
        dwh = _all(dwh, "Skipped")._replace(job_status="Failed")
    groups = [_above(draw, "GROUP", "1", (erp, unnamed)), _above(draw, "GROUP", "2", (dwh,))]
    if draw.random() < 0.03:
        odd_type = draw.choice(("table", None, "VIEW"))
        groups.append(Tree(odd_type, "odd", None, (), draw.choice(("Load State", "Unheard of"))))
    if draw.random() < 0.2:
        groups.append(Tree("GROUP", "3", "Success", (_of_odd_types(draw),)))
    tree = _above(draw, "LOAD_PLAN", execution.load_plan, tuple(groups))
    if execution.to_end == 0 or draw.random() < 0.02:
        return tree._replace(state_type="Load State", job_status="Running")
    return tree


def _schema(
    draw: random.Random, execution: Execution, name: str | None, tables: list[str | None]
) -> Tree:
    """The tables of each plan start at another offset, so that no two plans have the same
    tables."""
    skipped = {"Hourly": 1, "Weekly": 5, "Ended": 2}.get(execution.load_plan or "", 0)
    runs = tuple(
        Tree("TABLE", table, status)
        for place, table in enumerate(tables)
        if skipped == 0 or place % 7 != skipped
        for status in CHARACTERS[table](draw, execution.from_start, execution.to_end)
    )
    return _above(draw, "SCHEMA", name, runs)


def _of_odd_types(draw: random.Random) -> Tree:
    """A schema whose tables have unknown types, or unusual spellings."""
    kinds = ("MATERIALIZED_VIEW", "table", " Table\t", None, "VIEW")
    leaves = [Tree(kind, f"of {kind}", draw.choice(("Success", "Failed"))) for kind in kinds]
    folder = Tree("VIEW", "folder", "Success", (Tree("table", "in a folder", "Success"),))
    return Tree("schema", "views", "Success", (*leaves, folder))


def _above(draw: random.Random, kind: str, name: str | None, below: tuple[Tree, ...]) -> Tree:
    """A parent of these nodes, whose status sometimes contradicts theirs."""
    errors = any(child.job_status in ("Failed", "Finished with Errors") for child in below)
    rolled_up = "Finished with Errors" if errors else "Success"
    return Tree(kind, name, draw.choice(("Success", "Failed", *[rolled_up] * 38)), below)


def _all(schema: Tree, status: str) -> Tree:
    tables = tuple(table._replace(job_status=status) for table in schema.children)
    return schema._replace(job_status=status, children=tables)


def _ledger(draw: random.Random, cluster: str, tenant: str, loaded: set[int]) -> Iterator[Fetch]:
    """For ids without nodes, every outcome and ids never requested, some consecutive."""
    outcomes = ("not_found", "forbidden", "rejected", "unavailable", "invalid_payload", None)
    outcome = draw.choice(outcomes)
    for execution_id in range(1, max(loaded) + 30):
        if draw.random() < 0.6:
            outcome = draw.choice(outcomes)
        if execution_id in loaded:
            yield Fetch(cluster, tenant, execution_id, "run-1", NOON, "loaded")
        elif outcome is not None:
            # of two responses at the same time, the one of the later run is the latest
            yield Fetch(cluster, tenant, execution_id, "run-2", NOON, draw.choice(outcomes[:-1]))
            yield Fetch(cluster, tenant, execution_id, "run-3", NOON, outcome)
