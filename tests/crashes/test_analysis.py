"""An analysis that is killed leaves the one before, or is there; never a mix of both."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from incorta_loads.analysis.build import build_models
from sql.base_rows import History, insert_rows, write_base_tables
from sql.eventful import eventful_history
from support.proof import IS_PROOF

# Kills itself when the build says its n-th step, as a power cut would: nothing is cleaned up.
BUILD = """
import logging, os, signal, sys
from pathlib import Path
from incorta_loads.analysis.build import build_models

steps = 0

def count(record):
    global steps
    steps += 1
    if steps == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return True

logger = logging.getLogger("incorta_loads.analysis.build")
logger.setLevel(logging.DEBUG)
logger.addFilter(count)
print(flush=True)
build_models(Path(sys.argv[1]))
print(steps)
"""


class Case(NamedTuple):
    """A warehouse with an analysis, and with rows that came since then.

    Attributes:
        warehouse: for copying.
        old: what the analysis says.
        new: what it says when it is built again.
        steps: how many models and tests that takes.
        seconds: how long it took.
    """

    warehouse: Path
    old: str
    new: str
    steps: int
    seconds: float


def content(warehouse: Path) -> str:
    """All relations of the analysis, with what is in them."""
    relations = """
        SELECT table_name FROM information_schema.tables
        WHERE table_schema = 'load_analysis' ORDER BY ALL
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = [name for (name,) in connection.execute(relations).fetchall()]
        found = [
            connection.execute(
                f'SELECT count(*), sum(hash(each)) FROM load_analysis."{name}" AS each'
            ).fetchone()
            for name in names
        ]
    return repr([*zip(names, found, strict=True)])


def copied(case: Path, directory: Path) -> Path:
    directory.mkdir(parents=True)
    copy = directory / case.name
    return Path(shutil.copyfile(case, copy))


def started(warehouse: Path, step: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(warehouse), str(step)], stdout=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module", params=["kept tables", "another project"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Executions that are new to tables that are kept; or all tables are built from nothing."""
    directory = tmp_path_factory.mktemp("case")
    warehouse = directory / "warehouse.duckdb"
    history = eventful_history()
    middle = sorted(row.execution_id for row in history.fetches)[len(history.fetches) // 2]
    first, later = (
        History(
            [row for row in history.nodes if (row.execution_id > middle) is is_later],
            [row for row in history.fetches if (row.execution_id > middle) is is_later],
        )
        for is_later in (False, True)
    )
    write_base_tables(warehouse, *first)
    build_models(warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        insert_rows(connection, later)
        if request.param == "another project":
            connection.execute("DROP TABLE load_analysis.build_state")
    finished = copied(warehouse, directory / "finished")
    process = started(finished, 0)
    assert process.stdout is not None
    process.stdout.readline()
    begun = time.monotonic()
    output, _ = process.communicate(timeout=60)
    seconds = time.monotonic() - begun
    assert process.returncode == 0
    old, new = content(warehouse), content(finished)
    assert old != new
    return Case(warehouse, old, new, int(output), seconds)


def test_killed_at_a_step(case: Case, tmp_path: Path, tell: Callable[[str], None]) -> None:
    """At every model and every test in the full proof; the next build brings the new analysis."""
    steps = range(1, case.steps + 1)
    tried = steps if IS_PROOF else random.Random(20261129).sample(steps, 3)
    for step in tried:
        warehouse = copied(case.warehouse, tmp_path / str(step))
        process = started(warehouse, step)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert content(warehouse) == case.old, step
        build_models(warehouse)
        assert content(warehouse) == case.new, step
        shutil.rmtree(warehouse.parent)
    tell(f"an analysis: {case.steps} steps, killed at {len(tried)}, 0 mixed")


def test_killed_at_any_time(case: Case, tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Also while it commits: then either is right, and nothing else."""
    draw = random.Random(20261130)
    kills = 30 if IS_PROOF else 3
    left = {"old": 0, "new": 0}
    for number in range(kills):
        warehouse = copied(case.warehouse, tmp_path / str(number))
        process = started(warehouse, 0)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(draw.uniform(0.2, 1.2) * case.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate(timeout=60)
        found = content(warehouse)
        assert found in (case.old, case.new), number
        left["old" if found == case.old else "new"] += 1
        shutil.rmtree(warehouse.parent)
    tell(f"an analysis: {kills} times killed at any time: {left}, 0 mixed")


def test_a_mix_would_be_seen(case: Case, tmp_path: Path) -> None:
    """One table of the new analysis among those of the old one is neither."""
    finished = tmp_path / "finished.duckdb"
    shutil.copyfile(case.warehouse, finished)
    build_models(finished)
    mixed = copied(case.warehouse, tmp_path / "mixed")
    with duckdb.connect(str(mixed)) as connection:
        connection.execute(f"ATTACH '{finished}' AS finished (READ_ONLY)")
        connection.execute(
            "CREATE OR REPLACE TABLE load_analysis.table_health AS "
            "FROM finished.load_analysis.table_health"
        )
    assert content(mixed) not in (case.old, case.new)
