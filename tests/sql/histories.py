"""Histories with all unusual cases that the models must handle, drawn with fixed seeds."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

from sql.base_rows import NOON, Fetch, History, Node, Tree, rows

STATUSES = (
    *[("Terminator State", "Success")] * 8,
    ("terminator state ", "\tSUCCEEDED\r\n"),
    ("Terminator State", "Failed"),
    ("Terminator State", "Failed"),
    ("Terminator State", "Finished With Errors"),
    ("Terminator State", "Interrupted"),
    ("Terminator State", "Skipped"),
    ("Terminator State", "not started"),
    ("Terminator State", "\u00a0Success"),
    ("Terminator State", None),
    ("Load State", "In Queue"),
    ("LOAD STATE", "Running"),
    ("Load State", None),
    (None, "Failed"),
    (None, None),
    ("İn Doubt", ""),
)
ENDED = tuple(status for status in STATUSES if status[0] == "Terminator State")
TYPES = (
    *("LOAD_PLAN", "GROUP", "GROUP", "SCHEMA", "TABLE", "TABLE", "TABLE"),
    *("table", " Table\t", "Schema", "MATERIALIZED_VIEW", "\u00a0TABLE", "", None),
)
NAMES = ("a", "b", "a/b", "~", "", None)
OUTCOMES = ("not_found", "not_found", "forbidden", "rejected", "unavailable", "invalid_payload")


def random_history() -> History:
    """Tenants with trees of any shape; one has over 1,000 ids, and one has no tree."""
    draw = random.Random(20261101)
    nodes: list[Node] = []
    fetches: list[Fetch] = []
    for cluster, tenant in (("c1", "t1"), ("c1", "t2"), ("c2", "t1")):
        loaded = sorted(draw.sample(range(100, 200), 60))
        for execution_id in loaded:
            tree = draw.choice((_any_tree, _usual_tree))(draw)
            at = NOON + timedelta(seconds=execution_id)
            nodes += rows(tree, execution_id, tenant=tenant, cluster=cluster, fetched_at=at)
        fetches += _ledger(draw, cluster, tenant, loaded)
    fetches += _ledger(draw, "c2", "hidden", [])
    for execution_id in range(1, 1_201):
        nodes += rows(_small_tree(draw, execution_id), execution_id, tenant="long", cluster="c1")
    return History(nodes, fetches)


def _any_tree(draw: random.Random, levels: int = 5) -> Tree:
    """Any type above any type, missing and repeated names, nested groups."""
    state_type, job_status = draw.choice(STATUSES)
    children = tuple(
        _any_tree(draw, levels - 1) for _ in range(draw.choice((0, 1, 2, 3, 4)) if levels else 0)
    )
    return Tree(draw.choice(TYPES), draw.choice(NAMES), job_status, children, state_type)


def _usual_tree(draw: random.Random) -> Tree:
    """A plan whose groups ran in sequence until one failed and blocked the rest."""
    failing = draw.randrange(6)
    groups = []
    for number in range(4):
        job_status = "Failed" if number >= failing else "Success"
        schemas = []
        for schema in draw.choices("xyz", k=draw.randrange(4)):
            statuses = [
                ("Terminator State", "Skipped") if number > failing else draw.choice(ENDED)
                for _ in range(draw.randrange(5))
            ]
            tables = tuple(
                Tree("TABLE", f"{schema}{place}", status, (), state)
                for place, (state, status) in enumerate(statuses)
            )
            schemas.append(Tree("SCHEMA", schema, job_status, tables))
        groups.append(Tree("GROUP", f"Group {number}", job_status, tuple(schemas)))
    return Tree("LOAD_PLAN", draw.choice(("Sales", "Stock", None)), "Failed", tuple(groups))


def _small_tree(draw: random.Random, execution_id: int) -> Tree:
    """Plan `Gone` last ran 1,100 executions ago; plan `Rare` is every tenth execution."""
    name = "Rare" if execution_id % 10 == 0 else "Often"
    if execution_id <= 100:
        name = "Gone"
    tables = tuple(
        Tree("TABLE", f"t{place}", draw.choice(("Success", "Failed", "Skipped")))
        for place in range(draw.choice((0, 1, 2, 4, 8)))
    )
    state_type = draw.choice(("Terminator State",) * 9 + ("Load State",))
    return Tree("LOAD_PLAN", name, "Finished with Errors", tables, state_type)


def _ledger(
    draw: random.Random, cluster: str, tenant: str, loaded: Sequence[int]
) -> Iterator[Fetch]:
    """The responses of twelve runs; an id whose ledger row was lost has nodes only."""
    starts = sorted(NOON + timedelta(hours=draw.randrange(24 * 90)) for _ in range(12))
    for execution_id in range(90, 240):
        loading = draw.randrange(14) if execution_id in loaded else None
        for number, start in enumerate(starts):
            if number != loading and draw.random() < 0.7:
                continue
            outcome = "loaded" if number == loading else draw.choice(OUTCOMES)
            run_id = f"{start:%Y%m%dT%H%M%S.%fZ}-{number:08x}"
            # late enough to be after, or at the same time as, the responses of a later run
            at = start + timedelta(hours=draw.randrange(200))
            yield Fetch(cluster, tenant, execution_id, run_id, at, outcome)
