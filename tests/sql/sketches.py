"""Histories drawn with letters: one line per table, one column per execution."""

from __future__ import annotations

from collections.abc import Mapping

from sql.base_rows import Node, Tree, rows

STATUSES = {".": "Success", "X": "Failed", "p": "Finished with Errors", "-": "Skipped"}
"""Letter → status of a table; with a blank, it has no node in the execution."""


def sketch(
    tenant: str, tables: Mapping[str, str], *, plans: str = "", unfinished: str = ""
) -> list[Node]:
    """Executions 1, 2, … of a tenant, with the tables in schema `s`.

    Args:
        tenant: the tenant, which separates this case from others in the warehouse.
        tables: the letters of each table, starting with execution 1.
        plans: the name of each execution's load plan, one letter each; default: all `P`.
        unfinished: `R` in the column of an execution that is still running.
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
