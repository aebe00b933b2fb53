"""The xdist group of each test file, and the order in which groups start."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

# The files of a group share fixtures, which are created once if one worker runs all of them.
GROUPS = {
    "tests/incorta_loads/publication/report": "browser",
    "tests/sql/test_drawn.py": "drawn",  # it shares nothing, and takes as long as all others there
    "tests/sql": "random_warehouse, compiled",
    "tests/journeys/test_commands.py": "analyzed",
    "tests/journeys/test_exit_codes.py": "analyzed",
    "tests/journeys/test_findings.py": "analyzed",
    "tests/journeys/test_first_day.py": "analyzed",
    "tests/journeys/test_disk.py": "analyzed",
    "tests/journeys/test_publishing.py": "analyzed",
    "tests/journeys/test_run.py": "analyzed",
    "tests/journeys/test_terminal.py": "analyzed",
    "tests/journeys/test_notebook.py": "demo",
    "tests/journeys/test_documented.py": "demo",
    "tests/journeys/test_own_statuses.py": "demo",
}

# Long groups start first, so that no worker waits for another at the end.
LONGEST_FIRST = (
    "drawn",
    "random_warehouse, compiled",
    "analyzed",
    "demo",
    "browser",
    "tests/crashes/test_analysis.py",
    "tests/journeys/test_strange_surroundings.py",
    "tests/journeys/test_restored_cluster.py",
    "tests/incorta_loads/ingest/test_run.py",
    "tests/histories/test_any_order.py",
    "tests/crashes/test_crash_points.py",
    "tests/incorta_loads/warehouse/test_writing.py",
    "tests/histories/test_any_history.py",
    "tests/incorta_loads/analysis/test_build.py",
    "tests/journeys",
)


def group_of(nodeid: str) -> str:
    """The group of a test, or its file if it has none."""
    file, *_ = nodeid.split("::")
    return next((name for path, name in GROUPS.items() if file.startswith(path)), file)


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests in the order in which their groups should start."""

    def place(item: pytest.Item) -> int:
        group = group_of(item.nodeid)
        found = (at for at, begin in enumerate(LONGEST_FIRST) if group.startswith(begin))
        return next(found, len(LONGEST_FIRST))

    return sorted(items, key=place)
