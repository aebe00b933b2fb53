"""Rules for showing a tree that is longer than the screen."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incorta_loads.analysis.rows import Row
from incorta_loads.terminal.tree_view import clipped, in_words, node_line
from incorta_loads.tree.statuses import STATUS_OUTCOMES

LEVELS = (3, 4, 10)
"""Groups, schemas per group, tables per schema."""


def tree(outcomes: dict[int, str] | None = None) -> list[Row]:
    """A plan whose tables succeed, except for the given outcomes by number."""
    rows: list[Row] = []
    tables = iter(range(1_000))

    def add(depth: int, parent: int | None) -> None:
        row: Row = {"node_id": len(rows), "parent_id": parent, "depth": depth}
        rows.append(row)
        row["outcome"] = "running"
        if depth == len(LEVELS):
            row["outcome"] = (outcomes or {}).get(next(tables), "success")
        else:
            for _ in range(LEVELS[depth]):
                add(depth + 1, row["node_id"])
        row["last_descendant_id"] = len(rows) - 1

    add(0, None)
    return rows


def test_a_tree_that_fits_is_shown_completely() -> None:
    """Nodes keep their order, and none is replaced by a count."""
    rows = tree()
    assert list(clipped(rows, len(rows))) == [(row, Counter()) for row in rows]


def test_running_and_failed_nodes_come_first_with_their_ancestors() -> None:
    """Other nodes are counted at their nearest visible ancestor."""
    shown = list(clipped(tree({50: "running", 51: "failure", 52: "queued", 95: "partial"}), 8))
    assert [(row["depth"], row["outcome"], in_words(hidden)) for row, hidden in shown] == [
        (0, "running", "40 success"),
        (1, "running", "30 success"),
        (2, "running", "7 success, 1 queued"),
        (3, "running", ""),
        (3, "failure", ""),
        (1, "running", "30 success"),
        (2, "running", "9 success"),
        (3, "partial", ""),
    ]


def test_errors_get_at_least_half_of_the_screen() -> None:
    """This holds for any number of running tables."""
    running = dict.fromkeys(range(60), "running")
    shown = [row["outcome"] for row, _ in clipped(tree(running | {119: "failure"}), 20)]
    assert "failure" in shown
    assert len(shown) == 20


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_tiny_screen_shows_the_root(most: int) -> None:
    """All other nodes are counted; a failed table is shown only if its ancestors fit too."""
    shown = list(clipped(tree({50: "failure"}), most))
    assert [row["depth"] for row, _ in shown] == [0, 1, 1][:most]
    assert sum((hidden for _, hidden in shown), Counter()) == {"success": 119, "failure": 1}


@given(
    st.dictionaries(st.integers(0, 119), st.sampled_from(STATUS_OUTCOMES), max_size=120),
    st.integers(1, 200),
)
def test_nothing_is_lost_or_counted_twice(outcomes: dict[int, str], most: int) -> None:
    """Each leaf is shown or counted once, each node follows its parent, and the limit of lines
    holds."""
    rows = tree(outcomes)
    shown = list(clipped(rows, most))
    ids = {row["node_id"] for row, _ in shown}
    assert len(ids) == len(shown) == min(most, len(rows))
    assert all(row["parent_id"] in ids for row, _ in shown if row["depth"])
    leaves = Counter(row["outcome"] for row in rows if row["depth"] == len(LEVELS))
    seen = Counter(row["outcome"] for row, _ in shown if row["depth"] == len(LEVELS))
    assert seen + sum((hidden for _, hidden in shown), Counter()) == leaves


@pytest.mark.parametrize(("depth", "blanks"), [(0, 0), (4, 8), (50, 100), (5_000, 100)])
def test_a_deep_chain_is_not_mostly_blanks(depth: int, blanks: int) -> None:
    """The output grows with the names, not with the square of the depth."""
    row = {"depth": depth, "outcome": "success", "type": "TABLE", "name": "t", "job_status": "Ok"}
    assert node_line(row).plain == " " * blanks + "✓ t  Ok"
