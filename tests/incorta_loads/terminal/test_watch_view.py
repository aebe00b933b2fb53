"""Rules for the output of `watch`."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from incorta_loads.analysis.pace import Pace
from incorta_loads.ingest.seen_tree import SeenTree
from incorta_loads.terminal.watch_view import LiveTree, change_line
from incorta_loads.tree.changes import NodeChange, Place, Status

AT = datetime(2026, 11, 24, 19, 20, 5, 999_999, tzinfo=UTC)
FINAL, RUNNING = "Terminator State", "Load State"


def line(before: Status | None, after: Status | None, path: str = "/P/t", number: int = 0) -> str:
    return change_line(AT, NodeChange(Place("TABLE", path, number), (), before, after))


def test_a_transition_has_its_time_path_and_both_statuses() -> None:
    """The time is in UTC, with seconds."""
    assert line((RUNNING, "In Queue"), (RUNNING, "Running"), "/Plan/Group/Schema/table") == (
        "2026-11-24 19:20:05 UTC  /Plan/Group/Schema/table  In Queue → Running"
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, (RUNNING, "Running"), "new: Running"),
        ((RUNNING, "Running"), None, "gone, was: Running"),
        ((None, None), (FINAL, "Failed"), "no status → Failed"),
        ((RUNNING, "x"), (FINAL, "x"), "x (Load State) → x (Terminator State)"),
        ((None, "x"), (FINAL, "x"), "x (no state) → x (Terminator State)"),
        ((RUNNING, "a\n\u202e"), (FINAL, "b"), "a\\n\\u202e → b"),
    ],
)
def test_added_removed_and_changed_nodes_are_reported(
    before: Status | None, after: Status | None, expected: str
) -> None:
    """States are shown only if the statuses are equal; the report is always one line."""
    assert line(before, after) == f"2026-11-24 19:20:05 UTC  /P/t  {expected}"


def test_nodes_of_the_same_path_are_numbered_from_the_second_on() -> None:
    """Sibling names may repeat."""
    assert "  /P/t [2]  " in line((RUNNING, "a"), (RUNNING, "b"), number=1)


def test_a_long_path_keeps_its_beginning_and_end() -> None:
    """The table's name is at the end."""
    path = "/P/" + "x" * 100_000 + "/table"
    shown = line((RUNNING, "a"), (RUNNING, "b"), path)
    assert shown.startswith("2026-11-24 19:20:05 UTC  /P/xxx")
    assert shown.endswith("x/table  a → b")
    assert len(shown) < 1_050


def test_the_arrow_of_a_terminal_without_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The arrow has two ASCII characters."""
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert line((RUNNING, "a"), (RUNNING, "é")).endswith("  a -> \\xe9")


def shown(live: LiveTree) -> list[str]:
    console = Console(file=io.StringIO(), width=60)
    console.print(live.frame())
    assert isinstance(console.file, io.StringIO)
    return [each.rstrip() for each in console.file.getvalue().splitlines()]


def live_tree(pace: Pace = Pace()) -> LiveTree:  # noqa: B008 (frozen)
    console = Console(file=io.StringIO(), width=60, height=20)
    return LiveTree(console, "Execution 7 of c, tenant t", pace)


def seen_tree(at: datetime, name: str, role: str, state: str = RUNNING) -> SeenTree:
    """A tree of one node."""
    node = {"node_id": 0, "parent_id": None, "last_descendant_id": 0, "depth": 0, "path": "/P"}
    status = {"type": role.upper(), "name": name, "state_type": state, "job_status": "Running"}
    return SeenTree(at, [node | status | {"outcome": "running", "role": role}])


def test_the_screen_shows_whether_the_cluster_responds() -> None:
    """It shows missing responses before the first one and during an outage, until the next
    response."""
    live = live_tree()
    assert shown(live) == ["Execution 7 of c, tenant t", "requesting …"]
    live.not_there_yet(AT, 60)
    waiting = "not there yet; it may take 1 min 0 s to appear (--appear)"
    assert shown(live)[1] == waiting
    live.no_answer(AT, "unavailable: gone")
    assert shown(live)[1] == "no response since 2026-11-24 19:20:05 UTC (unavailable: gon…"
    live.answers_again(3)
    assert shown(live)[1] == waiting
    live.no_answer(AT, "unavailable: gone")
    live.answers_again(3)
    live.saw(seen_tree(AT + timedelta(seconds=4), "P" * 100, "table"), [])
    assert shown(live) == [
        "Execution 7 of c, tenant t, as of 2026-11-24 19:20:09 UTC",
        "watched for 0 s; running for < 4 s",
        "tables: ▸ 1 running",
        "▸ " + "P" * 57 + "…",
    ]
    assert live.lines == ["2026-11-24 19:20:09 UTC  /P  Running (first seen; tables: 1 running)"]


def test_the_screen_shows_how_long_it_has_run_and_how_long_such_runs_took() -> None:
    """Until the execution is final."""
    usual = {"runs": 50, "median_shortest_seconds": 2460.0, "median_longest_seconds": 3120.0}
    pace = Pace(AT - timedelta(minutes=13), AT - timedelta(minutes=12), {"Daily": usual})
    live = live_tree(pace)
    live.saw(seen_tree(AT, "Daily", "load_plan"), [])
    assert live.frame().renderables[1].plain == (  # type: ignore[union-attr]
        "watched for 0 s; running for 12–13 min; the last 50 took 41–52 min (median)"
    )
