"""Prints the status tree of an execution, and how two executions differ."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.text import Text

from incorta_loads.analysis.comparison import Pair
from incorta_loads.analysis.queries import LAST
from incorta_loads.analysis.rows import Row, Rows
from incorta_loads.choices import Format
from incorta_loads.endpoint.execution_ids import is_id
from incorta_loads.terminal.printing import (
    code,
    print_line,
    print_rows,
    print_text,
    printable,
    value,
)
from incorta_loads.terminal.tree_view import legend, node_line
from incorta_loads.text import in_utc


def show_execution(execution: str, nodes: Rows, output: Format) -> None:
    """Prints the indented tree of an execution with a legend of its signs, or the rows as CSV.

    `execution` is how the user named it.

    As JSON, the tree is printed as it was received. If several clusters or tenants have the id,
    their trees follow each other; as JSON, each is on one line. If nodes is empty, nothing failed;
    as JSON, null is printed.
    """
    if output is Format.JSON:
        from incorta_loads.tree.flattening import encode  # noqa: PLC0415 (Arrow; not for the others)

        trees = groupby(nodes.rows, lambda row: (row["cluster"], row["tenant"]))
        lines = [encode(rows).decode() for _, rows in trees]
        sys.stdout.write("\n".join(lines or ["null"]) + "\n")
        return
    if output is Format.CSV:
        print_rows(nodes, output)
        return
    if not nodes.rows:
        print_line(f"Nothing failed in {_described(execution)}.")
        return
    print_text(*_tree_lines(nodes.rows))
    print_line(legend(Counter(row["outcome"] for row in nodes.rows)))


def _described(execution: str) -> str:
    if is_id(execution):
        return f"execution {execution}"
    return "the newest execution" + ("" if execution == LAST else f" of '{execution}'")


def _tree_lines(rows: Sequence[Row]) -> Iterator[Text]:
    """Yields the lines of each tree below a heading that identifies it."""
    for row in rows:
        if row["depth"] == 0:
            heading = (
                f"Execution {row['execution_id']} of {row['cluster']}, tenant {row['tenant']}, "
                f"as of {in_utc(row['fetched_at'])}"
            )
            yield Text(printable(heading), "bold")
        yield node_line(row)


def show_differences(
    pair: Pair, found: Rows, total: int, output: Format, *, is_of_names: bool
) -> None:
    """Prints the nodes that differ between two executions.

    Args:
        pair: the executions.
        found: the nodes to show.
        total: how many there are.
        output: format of the rows.
        is_of_names: whether other nodes were left out because of their names.
    """
    columns = [
        code("change"),
        value("type"),
        value("name"),
        code("outcome_before", f"in {pair.earlier}"),
        code("outcome", f"in {pair.later}"),
    ]
    title = f"From execution {pair.earlier} to {pair.later}"
    if output is Format.TABLE and not found.rows:
        none = "no node broke, recovered or changed" if total else "no node has another outcome"
        of_names = "; other names were left out" if is_of_names else ""
        print_line(f"{title}: {none}{of_names}.")
        return
    print_rows(found, output, columns=columns, title=title)
