"""The simulator's story as rows of the base tables, without HTTP."""

from __future__ import annotations

from typing import Any

from incorta_simulator.company.company import Company
from sql.base_rows import NOON, Fetch, History, Tree, rows


def story_history(company: Company, *, cluster: str = "simulator", tenant: str = "demo") -> History:
    """The rows that a run over all ids of a company loads, including running executions."""
    nodes, fetches = [], []
    for id_ in range(1, company.ids[-1] + 1):
        exists = company.exists(id_)
        outcome = "loaded" if exists else "not_found"
        fetches.append(Fetch(cluster, tenant, id_, "20261101T120000.000000Z-0", NOON, outcome))
        if exists:
            nodes += rows(_tree(company.next_tree(id_)), id_, tenant=tenant, cluster=cluster)
    return History(nodes, fetches)


def _tree(answer: dict[str, Any]) -> Tree:
    return Tree(
        answer["type"],
        answer["name"],
        answer["status"]["jobStatus"],
        tuple(map(_tree, answer.get("childStatusDetails", ()))),
        answer["status"]["stateType"],
    )
