"""Which files of tests go to the same worker, and which begin first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# What the files of a group share is made once where one worker runs them all.
GROUPS = {
    "tests/report": "browser",
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
    "tests/incorta_loads/test_ingest.py",
    "tests/histories/test_any_order.py",
    "tests/crashes/test_crash_points.py",
    "tests/incorta_loads/test_warehouse.py",
    "tests/histories/test_any_history.py",
    "tests/incorta_loads/test_models.py",
    "tests/journeys",
)


class Balanced(LoadScopeScheduling):  # type: ignore[misc]
    """Group after group, else file after file, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False  # a file of many tests may be a short one
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


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
