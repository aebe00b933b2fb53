"""Names that code could quote, fold, trim or sort incorrectly."""

from __future__ import annotations

from sql.base_rows import NOON, Fetch, History, Node, Tree, rows

NAMES = (
    *("it's", 'so "quoted"', "back\\slash", "\\N", "%s {{ name }} $1", "-- ; /*", "null", "NULL"),
    *(" ", " a", "a ", "a\tb", "a\nb", "a\r\nb", "a\N{NO-BREAK SPACE}b", "a\N{ZERO WIDTH SPACE}b"),
    *("\x01", "\ufeffa", "\uffff", "e\N{COMBINING ACUTE ACCENT}", "é", "E", "e", "f", "_", "-"),
    *("İ", "\N{LATIN SMALL LETTER DOTLESS I}", "ß", "SS", "ﬁ", "fi", "表", "😀"),
)


def odd_names() -> History:
    """Each name is a plan, a group, a schema, a table, a status, a tenant and a cluster."""
    nodes: list[Node] = []
    for execution_id in range(2 * len(NAMES)):
        nodes += rows(_tree(execution_id), execution_id, tenant="odd names")
    for name in NAMES:
        nodes += rows(_tree(len(nodes)), 1, cluster=name, tenant=name)
    fetches = [Fetch(name, name, 3, name, NOON, "not_found") for name in NAMES]
    return History(nodes, fetches)


def _tree(number: int) -> Tree:
    """A table fails if its number and that of the execution have a common factor."""
    plan, group, schema = (NAMES[place % len(NAMES)] for place in (number, number + 1, number % 3))
    tables = tuple(
        Tree("TABLE", name, "Failed" if number % (place + 2) == 0 else "Success")
        for place, name in enumerate(NAMES)
    )
    below = Tree("SCHEMA", schema, "Success", tables)
    return Tree("LOAD_PLAN", plan, "Failed", (Tree("GROUP", group, group, (below,)),))
