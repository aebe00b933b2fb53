"""Which files of tests go to the same worker of xdist, and which begin first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

# What the files of a group share is made once where one worker runs them all.
GROUPS = {
    "tests/incorta_loads/publication/report": "browser",
    "tests/sql": "random_warehouse, compiled",
    "tests/journeys/test_commands.py": "analysed",
    "tests/journeys/test_exit_codes.py": "analysed",
    "tests/journeys/test_findings.py": "analysed",
    "tests/journeys/test_first_day.py": "analysed",
    "tests/journeys/test_disk.py": "analysed",
    "tests/journeys/test_publishing.py": "analysed",
    "tests/journeys/test_run.py": "analysed",
    "tests/journeys/test_terminal.py": "analysed",
    "tests/journeys/test_notebook.py": "demo",
    "tests/journeys/test_documented.py": "demo",
    "tests/journeys/test_own_statuses.py": "demo",
    "tests/journeys/test_package.py": "demo",
}

# As long as there is enough for all workers to do, none waits for another in the end.
LONGEST_FIRST = (
    "random_warehouse, compiled",
    "analysed",
    "demo",
    "browser",
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
    """The group of a test, else its file."""
    file, *_ = nodeid.split("::")
    return next((name for path, name in GROUPS.items() if file.startswith(path)), file)


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Tests in the order in which their files should begin."""

    def place(item: pytest.Item) -> int:
        group = group_of(item.nodeid)
        found = (at for at, begin in enumerate(LONGEST_FIRST) if group.startswith(begin))
        return next(found, len(LONGEST_FIRST))

    return sorted(items, key=place)
