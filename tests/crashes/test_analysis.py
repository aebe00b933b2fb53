"""A killed analysis leaves the previous one or the new one, never a mix."""

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
from incorta_simulator.company.company import Company
from sql.base_rows import History, insert_rows, write_base_tables
from sql.story_history import story_history
from support.proof import IS_PROOF

# Kills itself when the build logs its n-th step, so that nothing is cleaned up.
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
    """A warehouse with an analysis, and with rows added since then.

    Attributes:
        warehouse: the warehouse, for copying.
        old: the contents of the analysis.
        new: the contents after the next build.
        steps: the number of models and tests in the next build.
        seconds: the duration of the next build.
    """

    warehouse: Path
    old: str
    new: str
    steps: int
    seconds: float


def content(warehouse: Path) -> str:
    """All tables of the analysis, with a hash of their rows, and all views, with their SQL."""
    views = """
        SELECT view_name, sql FROM duckdb_views()
        WHERE schema_name LIKE 'load_analysis%' AND NOT internal ORDER BY ALL
    """
    tables = """
        SELECT schema_name || '.' || table_name FROM duckdb_tables()
        WHERE schema_name LIKE 'load_analysis%' ORDER BY ALL
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = [name for (name,) in connection.execute(tables).fetchall()]
        rows = [
            connection.execute(f"SELECT count(*), sum(hash(each)) FROM {name} AS each").fetchone()
            for name in names
        ]
        return repr([*zip(names, rows, strict=True), *connection.execute(views).fetchall()])


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
    """New executions for kept tables, or a full build of all tables."""
    directory = tmp_path_factory.mktemp("case")
    warehouse = directory / "warehouse.duckdb"
    history = story_history(Company(executions=60))
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
            connection.execute("DROP TABLE load_analysis_steps.build_state")
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


@pytest.mark.timeout(3_600)  # the full proof takes minutes, and more on a busy machine
def test_a_kill_at_any_step_leaves_the_old_analysis(
    case: Case, tmp_path: Path, report_figure: Callable[[str], None]
) -> None:
    """The full proof tries every model and test; the next build gives the new analysis."""
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
    report_figure(f"an analysis: {case.steps} steps, killed at {len(tried)}, 0 mixed")


def test_a_kill_at_any_time_leaves_the_old_or_the_new_analysis(
    case: Case, tmp_path: Path, report_figure: Callable[[str], None]
) -> None:
    """During the commit, either one is correct."""
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
    report_figure(f"an analysis: {kills} times killed at any time: {left}, 0 mixed")


def test_a_mix_would_be_detected(case: Case, tmp_path: Path) -> None:
    """An analysis with one new table among old ones equals neither."""
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
