"""A warehouse of the first release, read and written by this version."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from journeys.shell import CHECKOUT, User

FIRST_RELEASE = CHECKOUT / "tests/incorta_loads/warehouse/files/of_first_release.duckdb.gz"


@pytest.fixture
def old(tmp_path: Path) -> User:
    """A user with a warehouse of 20 executions, analyzed by the first release."""
    user = User(tmp_path)
    user.warehouse.write_bytes(gzip.decompress(FIRST_RELEASE.read_bytes()))
    return user


def counts(failures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows by name, without the keys, which are new, and without intervals, which are wider now
    where errors come in streaks."""
    return sorted(
        (
            {
                name: value
                for name, value in row.items()
                if not name.endswith(("_low", "_high", "design_effect", "_key"))
            }
            for row in failures
        ),
        key=lambda row: (row["schema_name"], row["table_name"]),
    )


def test_a_warehouse_of_the_first_release_is_read_analyzed_and_published(old: User) -> None:
    """Nothing is lost or counted differently; the next analysis adds new columns."""
    nodes = old.queries("SELECT * FROM load_status.nodes ORDER BY ALL")
    fetches = old.queries("SELECT * FROM load_status.fetches ORDER BY ALL")
    failures = old.reads("failures")
    assert len(nodes) == 577
    assert len(failures) == 115
    assert "run incorta-loads analyze first" in old.runs("health", exit_code=1).stderr
    assert "run incorta-loads analyze first" in old.runs("publish", exit_code=1).stderr

    old.runs("analyze")
    old.runs("publish")
    assert counts(old.reads("failures")) == counts(failures)
    assert len(old.reads("health")) == 115
    assert old.queries("SELECT * FROM load_status.nodes ORDER BY ALL") == nodes
    assert old.queries("SELECT * FROM load_status.fetches ORDER BY ALL") == [
        row | {"is_final": None} for row in fetches
    ]
    assert old.queries("SELECT count(*) AS alerts FROM load_status.alerts") == [{"alerts": 0}]
    assert old.queries("FROM load_status.status_changes") == []
    times = old.queries("SELECT ended_by FROM load_analysis.execution_times")
    assert times
    assert {row["ended_by"] for row in times} == {None}  # the ledger did not know
    assert (old.home / "published" / "manifest.json").is_file()
