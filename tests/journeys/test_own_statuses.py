"""A cluster with statuses of its own."""

from __future__ import annotations

import shutil

import pytest

from incorta_simulator.server.simulator import Simulator
from journeys.shell import Demo, User


@pytest.fixture
def analyzed(user: User, demo: Demo) -> User:
    """A user with a warehouse that has such statuses."""
    shutil.copyfile(demo.warehouse, user.warehouse)
    return user


def test_users_define_their_statuses(demo: Demo, analyzed: User) -> None:
    """A CSV file named in the configuration defines them; until then they are listed, never
    guessed."""
    assert "9 nodes have a status without a rule" in demo.stderr
    assert "'Deferred' in state 'Terminator State'" in demo.stderr
    query = "SELECT DISTINCT outcome FROM load_analysis.node_outcomes WHERE job_status = 'Deferred'"
    assert analyzed.queries(query) == [{"outcome": "unknown"}]
    assert "Deferred" in analyzed.runs("coverage").stdout
    (analyzed.home / "outcomes.csv").write_text(
        "state_type,job_status,outcome\n*,deferred,skipped\n"
    )
    analyzed.settings["SOURCES__INCORTA__MODELS__STATUS_OUTCOMES"] = "outcomes.csv"
    again = analyzed.runs("analyze")
    assert "without a rule" not in again.stderr
    assert analyzed.queries(query) == [{"outcome": "skipped"}]


@pytest.mark.parametrize("command", ["run", "analyze"])
def test_an_invalid_file_of_statuses_stops_a_run_before_it_starts(
    analyzed: User, simulator: Simulator, command: str
) -> None:
    """The exit code is 2 with line and reason, and the cluster gets no request."""
    path = analyzed.home / "outcomes.csv"
    path.write_text("state_type,job_status,outcome\n*,Parked,parked\n")
    analyzed.settings["SOURCES__INCORTA__MODELS__STATUS_OUTCOMES"] = str(path)
    before = analyzed.warehouse.read_bytes()
    done = analyzed.runs(command, exit_code=2)
    assert done.stderr.startswith(f"Error: Line 2 of the status outcomes '{path}' has the outcome")
    assert simulator.requests == ()
    assert analyzed.warehouse.read_bytes() == before
