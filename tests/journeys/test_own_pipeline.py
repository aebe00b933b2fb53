"""The source in a user's own dlt project."""

from __future__ import annotations

import subprocess

import duckdb

from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, TOKEN, User
from support.patience import COMMAND_SECONDS

SCRIPT = """
import dlt
from incorta_loads.source import incorta_load_status

destination = dlt.destinations.duckdb("mine.duckdb", supports_transactions=True)
pipeline = dlt.pipeline(
    "mine", destination=destination, dataset_name="load_status", pipelines_dir="."
)
pipeline.run(incorta_load_status(ids="1-50"))
pipeline.run(incorta_load_status(ids="1-50"))
"""


def test_the_source_runs_in_a_users_own_pipeline(user: User, simulator: Simulator) -> None:
    """`.dlt` files configure it, and loading twice replaces complete executions."""
    user.settings.clear()
    (user.home / ".dlt").mkdir()
    (user.home / ".dlt" / "config.toml").write_text(
        f'[sources.incorta]\ncluster_url = "{simulator.url}"\ntenant = "demo"\n'
        "[runtime]\ndlthub_telemetry = false\n"
    )
    (user.home / ".dlt" / "secrets.toml").write_text(f'[sources.incorta]\ntoken = "{TOKEN}"\n')
    (user.home / "mine.py").write_text(SCRIPT)
    done = subprocess.run(
        [COMMAND.with_name("python"), "mine.py"],
        cwd=user.home,
        env=user.environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with duckdb.connect(user.home / "mine.duckdb", read_only=True) as connection:
        (nodes, keys, executions), (requested,) = (
            connection.execute(
                "SELECT count(*), count(DISTINCT (execution_id, node_id)), "
                "count(DISTINCT execution_id) FROM load_status.nodes"
            ).fetchone() or (),
            connection.execute("SELECT count(*) FROM load_status.fetches").fetchone() or (),
        )  # fmt: skip
    assert (nodes, executions, requested) == (keys, 48, 100)  # ids 32 and 45 are gaps
