"""Formats the nodes of a status tree for people: a sign for the outcome, the name, the status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text

from incorta_loads.analysis.rows import Row
from incorta_loads.terminal.printing import can_show, printable
from incorta_loads.text import listed, shortened
from incorta_loads.tree.statuses import ERRORS, OUTCOME_SIGNS, STATUS_OUTCOMES

STYLES = {"failure": "red", "partial": "red", "success": "green", "unknown": "yellow"}

_ASCII_SIGNS = dict(zip(STATUS_OUTCOMES, "+!x#->.?", strict=True))
"""Outcome → its sign if the terminal shows only ASCII."""

_MOST_INDENTED = 50
"""Maximum depth of indentation, because a chain of 5,000 nodes would be mostly blanks."""


def sign(outcome: str) -> str:
    """Returns the sign that shows the outcome without color."""
    signs = OUTCOME_SIGNS if can_show("".join(OUTCOME_SIGNS.values())) else _ASCII_SIGNS
    return signs[outcome]


def legend(counts: Mapping[str, int]) -> str:
    """Returns the signs with their counts and outcomes, as `✓ 12 success  ✗ 2 failure`."""
    return "  ".join(
        f"{sign(each)} {counts[each]} {each}" for each in STATUS_OUTCOMES if counts.get(each)
    )


def in_words(counts: Mapping[str, int]) -> str:
    """Returns the counts as text such as `12 success, 2 failure`."""
    return listed(counts, STATUS_OUTCOMES)


def node_line(row: Row) -> Text:
    """Returns the line of one node, indented by its depth."""
    outcome = row["outcome"]
    indent = "  " * min(row["depth"], _MOST_INDENTED)
    text = f"{indent}{sign(outcome)} {node_name(row)}  {node_status(row)}"
    return Text(text, STYLES.get(outcome, ""))


def node_name(row: Row) -> str:
    """Returns the node's name on one line; a node without a name is described by its type."""
    kind = printable(shortened(row["type"] or "no type"))
    return printable(shortened(row["name"] or "")) or f"({kind} without a name)"


def node_status(row: Row) -> str:
    """Returns the node's status as received, followed by its state if no rule matches."""
    status = row["job_status"] or "no status"
    if row["outcome"] == "unknown":
        status = f"{shortened(status)} ({shortened(row['state_type'] or 'no state')})"
    return printable(shortened(status))


def clipped(rows: Sequence[Row], most: int) -> Iterator[tuple[Row, Counter[str]]]:
    """Returns at most `most` nodes of one tree, in its order, each with counts of omitted leaves.

    Leaves that are running or in error are kept first, then inner nodes, then the other leaves.
    Omitted leaves are counted by outcome at their nearest ancestor that is kept.
    """
    kept = _kept(rows, most)
    hidden: dict[int, Counter[str]] = {node_id: Counter() for node_id in kept}
    nearest: list[int] = []  # by node id: the node itself if kept, else its nearest kept ancestor
    for row in rows:
        node_id = row["node_id"]
        nearest.append(node_id if node_id in kept else nearest[row["parent_id"]])
        if node_id not in kept and _is_leaf(row):
            hidden[nearest[node_id]][row["outcome"]] += 1
    return ((rows[node_id], hidden[node_id]) for node_id in sorted(kept))


def _kept(rows: Sequence[Row], most: int) -> set[int]:
    if len(rows) <= most:
        return {row["node_id"] for row in rows}
    kept = {0}
    for row in _by_interest(rows, most):
        if len(kept) >= most:
            break
        chain: list[int] = []
        node_id = row["node_id"]
        while node_id not in kept and len(chain) < most - len(kept):
            chain.append(node_id)
            node_id = rows[node_id]["parent_id"]
        if node_id in kept:
            kept.update(chain)
    return kept


def _by_interest(rows: Sequence[Row], most: int) -> Iterable[Row]:
    leaves = [row for row in rows if _is_leaf(row)]
    running = [row for row in leaves if row["outcome"] == "running"]
    yield from running[: most // 2]  # leaves room for errors, however many are running
    yield from (row for row in leaves if row["outcome"] in ERRORS)
    yield from running
    yield from sorted((row for row in rows if not _is_leaf(row)), key=lambda row: row["depth"])
    yield from (row for row in leaves if row["outcome"] not in ("success", "queued"))
    yield from leaves


def _is_leaf(row: Row) -> bool:
    return bool(row["last_descendant_id"] == row["node_id"])
