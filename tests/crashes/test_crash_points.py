"""`kill -9` at the file operations and SQL statements of a small run."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crashes.scenario import State, broken, copied, count_points, crash, recover, state

GATE_POINTS = 8  # of each scenario
PROOF_POINTS = 200  # 4.5 s each: all of them would take an hour and a half


@dataclass
class Scenario:
    """A run that is going to be killed.

    Attributes:
        url: the cluster.
        origin: the warehouse before the run; None: there is none yet.
        expected: the state after an undisturbed run.
        points: the operations of that run.
    """

    url: str
    origin: Path | None
    expected: State
    points: list[str]


@pytest.fixture(scope="module", params=["a first run", "a later run"])
def scenario(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scenario]:
    """Creating the warehouse; or replacing, adding and retrying in one that is there."""
    directory = tmp_path_factory.mktemp("scenario")
    cluster = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("cluster.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert cluster.stdin is not None
    assert cluster.stdout is not None
    url = cluster.stdout.readline().strip()
    origin = None
    if request.param == "a later run":
        origin = copied(None, directory / "before")
        recover(origin, url)
        cluster.stdin.write("next\n")
        cluster.stdin.flush()
        assert cluster.stdout.readline() == "done\n"
    undisturbed = copied(origin, directory / "undisturbed")
    points = count_points(undisturbed, url)
    yield Scenario(url, origin, state(undisturbed), points)
    cluster.communicate(timeout=10)


def test_a_run_that_is_killed_anywhere_leaves_nothing_wrong(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Readers see whole executions; the next run ends where an undisturbed one would have."""
    assert len(scenario.points) > 100
    every = range(len(scenario.points))
    most = PROOF_POINTS if request.config.getoption("--full") else GATE_POINTS
    tried = random.Random(7).sample(every, min(most, len(every)))
    wrong = {}
    for fatal in tried:
        database = copied(scenario.origin, tmp_path / "crash")
        crash(database, scenario.url, fatal)
        if seen := broken(database):
            wrong[fatal, scenario.points[fatal]] = str(seen)
            continue
        recover(database, scenario.url)
        if state(database) != scenario.expected or broken(database):
            wrong[fatal, scenario.points[fatal]] = "another state after the next run"
    print(f"{len(tried)} crash points of {len(every)} tried, {len(wrong)} wrong")  # noqa: T201
    assert wrong == {}
