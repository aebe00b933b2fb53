"""A cluster whose executions are looked at while they run, with the times at which all happened."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import NamedTuple

from sql.base_rows import NOON, Fetch, History, Node, StatusChange, Tree, rows
from support.answers import Seen, differences

CLUSTER, TENANT = "c5", "looked at"
EXECUTIONS = 120
PAUSE = timedelta(minutes=7)
AHEAD = 2
"""A run requests so many ids that do not exist yet."""

Span = tuple[datetime, datetime]
"""When something truly began and ended."""


class LookedAt(NamedTuple):
    """The history, and what truly happened.

    Attributes:
        history: the rows.
        looks: the times of all runs.
        executions: id → when it ran.
        tables: id and name → when the table ran.
    """

    history: History
    looks: list[datetime]
    executions: dict[int, Span]
    tables: dict[tuple[int, str], Span]


class _Execution(NamedTuple):
    """One execution: when its tables begin and end, one after the other, and how they end."""

    plan: str
    tables: dict[str, Span]
    statuses: dict[str, str]

    def span(self) -> Span:
        spans = [*self.tables.values()]
        return spans[0][0], spans[-1][1]

    def tree(self, at: datetime) -> Tree:
        leaves = []
        for name, (begin, end) in self.tables.items():
            state, job = "Load State", "In Queue" if at < begin else "Running"
            if at >= end:
                state, job = "Terminator State", self.statuses[name]
            leaves.append(Tree("TABLE", name, job, (), state))
        is_over = at >= self.span()[1]
        state = "Terminator State" if is_over else "Load State"
        job = "Success" if is_over else "In Progress"
        schema = Tree("SCHEMA", "s", job, tuple(leaves), state)
        return Tree("LOAD_PLAN", self.plan, job, (schema,), state)


def looked_at(seed: int = 20261130) -> LookedAt:
    """Executions of two plans, seen by runs that come every seven minutes, but for outages."""
    draw = random.Random(seed)
    executions = _executions(draw)
    last = max(each.span()[1] for each in executions.values())
    looks = [NOON]
    while looks[-1] < last:
        looks.append(looks[-1] + PAUSE * draw.choice((1, 1, 1, 1, 4)))
    fetches: list[Fetch] = []
    answers: dict[int, list[tuple[datetime, list[Node]]]] = {id_: [] for id_ in executions}
    final: set[int] = set()
    for number, look in enumerate(looks):
        started = [id_ for id_, each in executions.items() if each.span()[0] <= look]
        for place, id_ in enumerate(
            [*(id_ for id_ in started if id_ not in final), *_next(started)]
        ):
            at = look + timedelta(milliseconds=place)
            key = (CLUSTER, TENANT, id_, f"run {number:04}", at)
            if id_ not in started:
                fetches.append(Fetch(*key, "not_found"))
                continue
            is_final = look >= executions[id_].span()[1]
            fetches.append(Fetch(*key, "loaded", is_final))
            tree = executions[id_].tree(look)
            answers[id_].append(
                (at, rows(tree, id_, tenant=TENANT, cluster=CLUSTER, fetched_at=at))
            )
            if is_final:
                final.add(id_)
    history = History(
        [node for seen in answers.values() if seen for node in seen[-1][1]],
        fetches,
        [change for seen in answers.values() for change in _changes(seen)],
    )
    return LookedAt(
        history,
        looks,
        {id_: each.span() for id_, each in executions.items()},
        {
            (id_, name): span
            for id_, each in executions.items()
            for name, span in each.tables.items()
        },
    )


def _executions(draw: random.Random) -> dict[int, _Execution]:
    executions = {}
    begin = NOON + timedelta(minutes=3)
    for id_ in range(1, EXECUTIONS + 1):
        is_late = id_ > EXECUTIONS - 2
        plan = ("Fast", "Slow")[id_ % 2] if is_late else draw.choice(("Fast", "Slow"))
        names = ["a", "b", "c"] if plan == "Fast" else ["a", "d"]
        minutes = [draw.uniform(1, 9 if plan == "Fast" else 30) for _ in names]
        if is_late:  # much slower than before
            minutes = [each + 60 for each in minutes]
        times = [begin + timedelta(minutes=each) for each in accumulate(minutes, initial=0.0)]
        statuses = {name: draw.choice(("Success",) * 5 + ("Failed",)) for name in names}
        executions[id_] = _Execution(plan, dict(zip(names, pairwise(times), strict=True)), statuses)
        begin += timedelta(minutes=draw.uniform(1, 40))
    return executions


def _next(started: list[int]) -> list[int]:
    first = max(started, default=0) + 1
    return list(range(first, first + AHEAD))


def _changes(answers: list[tuple[datetime, list[Node]]]) -> list[StatusChange]:
    return [
        StatusChange(
            cluster=CLUSTER,
            tenant=TENANT,
            execution_id=later[0].execution_id,
            **each._asdict(),
            seen_after=seen_after,
            seen_by=seen_by,
        )
        for (seen_after, earlier), (seen_by, later) in pairwise(answers)
        for each in differences(map(seen, earlier), map(seen, later))
    ]


def seen(node: Node) -> Seen:
    """What of a node is compared."""
    names = (node.load_plan, node.group_name, node.schema_name, node.table_name)
    return Seen(node.type, node.path, node.state_type, node.job_status, names)
