"""Changes reported for drawn histories: the models, and the `alerts` table after each run."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest

from incorta_loads.alerts.events import unsent
from incorta_loads.alerts.sent import record_sent
from incorta_loads.warehouse.tables import create_added
from sql.base_rows import History
from sql.compiled import Model, built_in_memory
from sql.sketches import sketch
from support.one_table import NOON

# A bar is a run of the program; the list has the change that each run reports.
CASES: dict[str, tuple[str, list[str]]] = {
    "breaks": ("." * 30 + "XXX|", ["broken_since 31"]),
    "breaks, and goes on": ("." * 30 + "XXX|XX|XX|", ["broken_since 31", "", ""]),
    "is well after three successes": (
        "." * 30 + "XXXX|..|.|..|",
        ["broken_since 31", "", "recovered 35", ""],
    ),
    "was well three runs ago": (
        "." * 30 + "XXX|...X.|",
        ["broken_since 31", ""],
    ),
    "is well, long after, while a test still finds it worse": (
        "." * 60 + "XXXXXXX|" + "." * 10 + "|" + "." * 70 + "|" + "." * 60 + "|",
        ["broken_since 61", "recovered 68", "", ""],
    ),
    "is well, and nobody looked while the marts called it recovered": (
        "." * 60 + "XXXXXXX|" + "." * 80 + "|",
        ["broken_since 61", "recovered 68"],
    ),
    "breaks again": (
        "." * 60 + "XXXXXXX|" + "." * 80 + "|" + "XXXXX|",
        ["broken_since 61", "recovered 68", "broken_since 148"],
    ),
    "breaks again, and nobody looked while it was well": (
        "." * 60 + "XXXXXXX|" + "." * 80 + "XXXXX|XX|",
        ["broken_since 61", "broken_since 148", ""],
    ),
    "flickers": (
        "." * 60 + "XXX|.XXX|..XXX|.|XXX|",
        ["broken_since 61", "", "", "", ""],
    ),
    "flickers, and is well in the end": (
        "." * 60 + "XXX|.XXX|..X|...|",
        ["broken_since 61", "", "", "recovered 71"],
    ),
    "always fails, and then loads": ("XXXXX|...|", ["always_failing 1", "recovered 6"]),
    "got worse, then breaks, and is well": (
        "." * 60 + "X.." * 5 + "|XXX|...|" + "." * 130 + "|",
        ["regressed 61", "broken_since 76", "recovered 79", "healthy 79"],
    ),
    "got worse, and then not even that": (
        "." * 60 + "X.." * 5 + "|" + ("." * 20 + "X") * 4 + "|" + "X.." * 12 + "|",
        ["regressed 61", "", "regressed 159"],
    ),
}


@pytest.fixture(scope="module")
def reported(compiled: list[Model]) -> dict[str, list[str]]:
    """Case → the change reported by each of its runs; all cases run side by side."""
    runs = max(drawing.count("|") for drawing, _ in CASES.values())
    changes: dict[str, list[str]] = defaultdict(list)
    alerts: list[tuple[object, ...]] = []
    for run in range(1, runs + 1):
        nodes = []
        for tenant, (drawing, _) in CASES.items():
            letters = "".join(drawing.split("|")[:run])
            nodes += sketch(tenant, {"t": letters, "other": "." * len(letters)})
        with built_in_memory(compiled, History(nodes, [])) as warehouse:
            create_added(warehouse)
            if alerts:
                marks = ", ".join("?" * len(alerts[0]))
                warehouse.executemany(f"INSERT INTO load_status.alerts VALUES ({marks})", alerts)
            events = unsent(warehouse)
            at = NOON + timedelta(hours=run)
            if events:  # also those that are recorded only
                record_sent(warehouse, events, run_id=f"run {run}", announced_at=at, missed=[])
            alerts = warehouse.table("load_status.alerts").fetchall()
        reported_now = {
            each.tenant: f"{each.state} {each.since_execution_id}"
            for each in events
            if each.kind != "unchanged"
        }
        for tenant in CASES:
            changes[tenant].append(reported_now.get(tenant, ""))
    return changes


@pytest.mark.parametrize("case", CASES)
def test_each_change_is_reported_once(reported: dict[str, list[str]], case: str) -> None:
    """No change is repeated or left out, whatever runs there were in between."""
    drawing, expected = CASES[case]
    assert reported[case][: drawing.count("|")] == expected
