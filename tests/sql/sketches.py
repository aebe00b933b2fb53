"""Histories that are drawn with letters: a table a line, an execution a column."""

from __future__ import annotations

from collections.abc import Mapping

from sql.base_rows import Node, Tree, rows

STATUSES = {".": "Success", "X": "Failed", "p": "Finished with Errors", "-": "Skipped"}
"""What a letter says of a table; a blank: it has no node in the execution."""


def sketch(
    tenant: str, tables: Mapping[str, str], *, plans: str = "", unfinished: str = ""
) -> list[Node]:
    """Executions 1, 2, … of a tenant, with the tables in schema `s`.

    Args:
        tenant: A case of its own among others in one warehouse.
        tables: The letters of each table, from execution 1 on.
        plans: The name of the load plan of each execution, a letter each; all `P` without it.
        unfinished: `R` in the column of an execution that still runs.
    """
    nodes: list[Node] = []
    for place in range(max(map(len, tables.values()))):
        runs = tuple(
            Tree("TABLE", name, STATUSES[letters[place]])
            for name, letters in tables.items()
            if letters[place : place + 1].strip()
        )
        running = unfinished[place : place + 1] == "R"
        tree = Tree(
            "LOAD_PLAN",
            plans[place : place + 1] or "P",
            "Running" if running else "Success",
            (Tree("SCHEMA", "s", "Success", runs),),
            "Load State" if running else "Terminator State",
        )
        nodes += rows(tree, place + 1, tenant=tenant)
    return nodes
