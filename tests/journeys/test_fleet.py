"""Several clusters with tokens of their own, loaded into one warehouse side by side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.faults.faults import Refusal
from incorta_simulator.server.simulator import Simulator
from journeys.shell import User

NAMES = ("berlin", "lyon", "oslo")


@pytest.fixture
def clusters() -> Iterator[dict[str, Simulator]]:
    """Three clusters; each has other executions and another token."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                Simulator(
                    Company(seed=seed, executions=30 + seed, running=0), token=f"token-of-{name}-5f"
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
