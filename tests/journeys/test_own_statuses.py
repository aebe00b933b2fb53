"""Someone whose cluster has statuses of its own."""

from __future__ import annotations

import shutil

import pytest

from incorta_simulator.server.simulator import Simulator
from journeys.shell import Demo, User


@pytest.fixture
def analysed(user: User, demo: Demo) -> User:
    """A user with a warehouse that has such statuses."""
    shutil.copyfile(demo.warehouse, user.warehouse)
    return user


def test_users_say_what_their_statuses_mean(demo: Demo, analysed: User) -> None:
    """In a CSV file that the configuration names; until then they are listed, never guessed."""
    assert "9 nodes have a status without a rule" in demo.said
    assert "'Deferred' in state 'Terminator State'" in demo.said
    query = "SELECT DISTINCT outcome FROM load_analysis.node_outcomes WHERE job_status = 'Deferred'"
    assert analysed.asks(query) == [{"outcome": "unknown"}]
    assert "Deferred" in analysed.runs("coverage").stdout
    (analysed.home / "outcomes.csv").write_text(
        "state_type,job_status,outcome\n*,deferred,skipped\n"
    )
    analysed.settings["SOURCES__INCORTA__MODELS__STATUS_OUTCOMES"] = "outcomes.csv"
    again = analysed.runs("analyze")
    assert "without a rule" not in again.stderr
    assert analysed.asks(query) == [{"outcome": "skipped"}]


@pytest.mark.parametrize("command", ["run", "analyze"])
def test_a_bad_file_of_statuses_ends_a_run_before_it_begins(
    analysed: User, simulator: Simulator, command: str
) -> None:
    """Exit code 2 with line and reason; the cluster is not asked."""
    path = analysed.home / "outcomes.csv"
    path.write_text("state_type,job_status,outcome\n*,Parked,parked\n")
    analysed.settings["SOURCES__INCORTA__MODELS__STATUS_OUTCOMES"] = str(path)
    before = analysed.warehouse.read_bytes()
    done = analysed.runs(command, exit_code=2)
    assert done.stderr.startswith(f"Error: Line 2 of the status outcomes '{path}' has the outcome")
    assert simulator.requests == ()
    assert analysed.warehouse.read_bytes() == before
