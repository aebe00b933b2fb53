"""How the nodes of a status tree are shown to people: a sign for the outcome, name and status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text

from incorta_loads.analysis.rows import Row
from incorta_loads.terminal.printing import can_show, printable
from incorta_loads.text import listed, shortened
from incorta_loads.tree.statuses import STATUS_OUTCOMES

STYLES = {"failure": "red", "partial": "red", "success": "green", "unknown": "yellow"}

_SIGNS = {
    "success": ("✓", "+"),
    "partial": ("!", "!"),
    "failure": ("✗", "x"),
    "interrupted": ("■", "#"),
    "skipped": ("–", "-"),
    "running": ("▸", ">"),
    "queued": ("…", "."),
    "unknown": ("?", "?"),
}
"""By outcome: the sign, and the one where the output takes ASCII only."""

_MOST_INDENTED = 50
"""Deeper nodes are indented as these: a chain of 5,000 would be mostly blanks."""

_ERRORS = ("failure", "partial")


def sign(outcome: str) -> str:
    """What says the outcome without colour."""
    return _SIGNS[outcome][0 if can_show("".join(shown for shown, _ in _SIGNS.values())) else 1]


def legend(counts: Mapping[str, int]) -> str:
    """What the signs say, each with how many there are: `✓ 12 success  ✗ 2 failure`."""
    return "  ".join(
        f"{sign(each)} {counts[each]} {each}" for each in STATUS_OUTCOMES if counts.get(each)
    )


def in_words(counts: Mapping[str, int]) -> str:
    """Such as `12 success, 2 failure`."""
    return listed(counts, STATUS_OUTCOMES)


def node_line(row: Row) -> Text:
    """One node, indented by its depth."""
    outcome = row["outcome"]
    indent = "  " * min(row["depth"], _MOST_INDENTED)
    text = f"{indent}{sign(outcome)} {node_name(row)}  {node_status(row)}"
    return Text(text, STYLES.get(outcome, ""))


def node_name(row: Row) -> str:
    """Its name in one line, or what is known instead."""
    kind = printable(shortened(row["type"] or "no type"))
    return printable(shortened(row["name"] or "")) or f"({kind} without a name)"


def node_status(row: Row) -> str:
    """Its status as received; with its state where no rule knows what that means."""
    status = row["job_status"] or "no status"
    if row["outcome"] == "unknown":
        status = f"{shortened(status)} ({shortened(row['state_type'] or 'no state')})"
    return printable(shortened(status))


def clipped(rows: Sequence[Row], most: int) -> Iterator[tuple[Row, Counter[str]]]:
    """At most so many nodes of one tree, in its order, each with the leaves it stands for as well.

    What is running or in error comes first, then what is above the rest, then the rest. The leaves
    that are left out are counted by outcome at the nearest node above them.
    """
    kept = _kept(rows, most)
    hidden: dict[int, Counter[str]] = {node_id: Counter() for node_id in kept}
    nearest: list[int] = []  # by node id: itself if it is kept, else the nearest one above
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
    yield from running[: most // 2]  # however many run, errors have their room
    yield from (row for row in leaves if row["outcome"] in _ERRORS)
    yield from running
    yield from sorted((row for row in rows if not _is_leaf(row)), key=lambda row: row["depth"])
    yield from (row for row in leaves if row["outcome"] not in ("success", "queued"))
    yield from leaves


def _is_leaf(row: Row) -> bool:
    return bool(row["last_descendant_id"] == row["node_id"])
