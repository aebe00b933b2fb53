"""Several clusters with tokens of their own, loaded into one warehouse side by side."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from crashes.readers import broken, broken_changes, state
from incorta_simulator.company.company import Company
from incorta_simulator.faults.faults import Exchange, Refusal
from incorta_simulator.server.simulator import Simulator
from journeys.shell import COMMAND, User
from support.patience import COMMAND_SECONDS, HANG_SECONDS
from support.proof import IS_PROOF

NAMES = ("berlin", "lyon", "oslo")


@pytest.fixture
def clusters() -> Iterator[dict[str, Simulator]]:
    """Three clusters; each has other executions and another token."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                Simulator(
                    Company(seed=seed, executions=30 + seed, running=2), token=f"token-of-{name}-5f"
                )
            )
            for seed, name in enumerate(NAMES, 1)
        }


@pytest.fixture
def user(tmp_path: Path, clusters: dict[str, Simulator]) -> User:
    """A user whose settings have the three clusters, and no other."""
    home = tmp_path / "home"
    (home / ".dlt").mkdir(parents=True)
    config = "[sources.incorta]\nmax_attempts = 1\n"
    secrets = ""
    for name, simulator in clusters.items():
        config += f'[sources.incorta.clusters.{name}]\ncluster_url = "{simulator.url}"\n'
        config += 'tenant = "demo"\n'
        secrets += f'[sources.incorta.clusters.{name}]\ntoken = "{simulator.token}"\n'
    (home / ".dlt/config.toml").write_text(config)
    (home / ".dlt/secrets.toml").write_text(secrets)
    return User(home, {})


def loaded(user: User) -> dict[str, list[int]]:
    """Cluster → the ids of its executions in the warehouse."""
    rows = user.queries(
        "SELECT cluster, execution_id FROM load_status.nodes WHERE node_id = 0 ORDER BY ALL"
    )
    return {
        name: [row["execution_id"] for row in rows if row["cluster"] == name]
        for name in {row["cluster"] for row in rows}
    }


def test_all_clusters_are_loaded_side_by_side(user: User, clusters: dict[str, Simulator]) -> None:
    """The summary has a line for each, and each got its own token."""
    printed = user.runs("run", "--all").stdout
    assert loaded(user) == {name: [*each.company.ids] for name, each in clusters.items()}
    for name, simulator in clusters.items():
        number = len(simulator.company.ids)
        [line] = [
            line for line in printed.splitlines() if line.startswith(f"{name}, tenant demo: ")
        ]
        assert f"{number} loaded" in line


def test_a_cluster_that_is_down_costs_the_others_nothing(
    user: User, clusters: dict[str, Simulator]
) -> None:
    """The exit code is that of the worst, and its error names the cluster; no token is shown."""
    for each in range(100):
        clusters["lyon"].faults.plan(each, Refusal(503))
        clusters["oslo"].faults.plan(each, Refusal(401))
    done = user.runs("run", "--all", exit_code=2)
    assert loaded(user) == {"berlin": [*clusters["berlin"].company.ids]}
    assert "oslo, tenant demo: 0 ids (no responses); ended early\n" in done.stdout
    assert done.stderr.endswith("set SOURCES__INCORTA__CLUSTERS__OSLO__TOKEN.\n")
    assert "Error: oslo, tenant demo: " in done.stderr
    assert "lyon, tenant demo: The cluster is down" in done.stderr
    assert not [each for each in clusters.values() if each.token in done.stdout + done.stderr]


def test_one_cluster_is_chosen_by_its_name(user: User, clusters: dict[str, Simulator]) -> None:
    """What is for one cluster needs the name if there are several."""
    user.runs("ingest", "--cluster", "lyon", "--ids", "1-5")
    assert loaded(user) == {"lyon": [each for each in clusters["lyon"].company.ids if each <= 5]}
    for command in (("ingest",), ("run",), ("watch", "1"), ("ingest", "--ids", "1-5")):
        assert "Several clusters are configured (berlin, lyon, oslo); choose one" in (
            user.runs(*command, exit_code=2).stderr
        )
    assert "choose it with --cluster NAME" in (
        user.runs("ingest", "--all", "--ids", "1-5", exit_code=2).stderr
    )
    assert "There is no cluster 'rome'" in user.runs("run", "--cluster", "rome", exit_code=2).stderr


def test_all_clusters_are_checked(user: User, clusters: dict[str, Simulator]) -> None:
    """One that does not answer does not hide the others."""
    assert user.runs("check", "--all").stdout.count("responds and accepts the tenant") == 3
    clusters["berlin"].stop()
    done = user.runs("check", "--all", exit_code=1)
    assert done.stdout.count("responds and accepts the tenant") == 2
    assert "Error: berlin, tenant demo: " in done.stderr


def test_a_token_may_be_in_the_environment(user: User, clusters: dict[str, Simulator]) -> None:
    """By the name of its cluster, over the files; one cluster may have several tenants."""
    (user.home / ".dlt/secrets.toml").unlink()
    for name, simulator in clusters.items():
        user.settings[f"SOURCES__INCORTA__CLUSTERS__{name.upper()}__TOKEN"] = simulator.token
    user.settings["SOURCES__INCORTA__CLUSTERS__OSLO__TENANTS"] = "demo,other"
    done = user.runs("ingest", "--all", exit_code=2)
    assert loaded(user) == {name: [*each.company.ids] for name, each in clusters.items()}
    assert "Error: oslo, tenant other: " in done.stderr


# --- Kills and signals ----------------------------------------------------------------------------


def calm(tmp_path: Path, user: User) -> User:
    """Another user of the same clusters, whose runs are never disturbed."""
    home = tmp_path / "calm"
    shutil.copytree(user.home / ".dlt", home / ".dlt")
    return User(home, {})


@pytest.mark.timeout(1_800)
def test_kills_of_a_run_over_all_clusters_change_nothing(
    tmp_path: Path,
    user: User,
    clusters: dict[str, Simulator],
    report_figure: Callable[[str], None],
) -> None:
    """Executions go on between the runs; readers see whole ones, and one run catches up."""
    draw = random.Random(21)
    others = calm(tmp_path, user)
    begin = time.monotonic()
    others.runs("ingest", "--all")
    seconds = time.monotonic() - begin
    kills, seen = 0, []
    while kills < (20 if IS_PROOF else 2):
        process = subprocess.Popen(
            [COMMAND, "ingest", "--all", "--quiet"],
            cwd=user.home,
            env=user.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with process:
            try:
                process.wait(draw.uniform(0.3, 1.0) * seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
        seen += [broken(user.warehouse)] if user.warehouse.exists() else []
        for simulator in clusters.values():
            simulator.company.finish_all()
            simulator.company.release(draw.randrange(20))
        others.runs("ingest", "--all")
    for simulator in clusters.values():
        simulator.company.finish_all()
    for person in (user, others):
        person.lets_a_day_pass()
        person.runs("ingest", "--all")
    report_figure(f"{kills} kills of runs over three clusters")
    assert [each for each in seen if each] == []
    assert broken_changes(user.warehouse) == ""
    assert state(user.warehouse) == state(others.warehouse)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_requests_to_all_clusters(
    user: User, clusters: dict[str, Simulator], number: signal.Signals
) -> None:
    """What was fetched is committed, and the next run requests the rest."""
    asked = threading.Event()

    class Signalled:
        def write(self, exchange: Exchange) -> None:
            asked.set()
            exchange.wait(0.2)
            exchange.write_last(exchange.normal().encode())

    for simulator in clusters.values():
        for each in range(20, 60):
            simulator.faults.plan(each, Signalled(), times=1)
    process = subprocess.Popen(
        [COMMAND, "ingest", "--all"], cwd=user.home, env=user.environment, stderr=subprocess.PIPE
    )
    assert asked.wait(HANG_SECONDS)
    process.send_signal(number)
    _, errors = process.communicate(timeout=COMMAND_SECONDS)
    assert process.returncode == 128 + number, errors
    assert b"what was fetched is committed" in errors
    user.runs("ingest", "--all")
    assert loaded(user) == {name: [*each.company.ids] for name, each in clusters.items()}
