"""One analysis over the published lakes of several warehouses."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from incorta_loads.analysis.project import mart_names
from journeys.shell import User
from sql.base_rows import History, built
from sql.looked_at import looked_at

CLUSTERS = ("berlin", "Größe 1/2 %=&'")
MARTS = [name for name in mart_names() if not name.startswith("alert_backtest")]


def histories() -> list[History]:
    """The same executions in two clusters, one of which has a difficult name."""
    return [_of(looked_at().history, cluster) for cluster in CLUSTERS]


def _of(history: History, cluster: str) -> History:
    return History(
        [row._replace(cluster=cluster) for row in history.nodes],
        [row._replace(cluster=cluster) for row in history.fetches],
        [row._replace(cluster=cluster) for row in history.changes],
    )


def added(one: History, other: History) -> History:
    return History(
        one.nodes + other.nodes, one.fetches + other.fetches, one.changes + other.changes
    )


def cells(path: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    """Mart → its rows."""
    with duckdb.connect(path, read_only=True) as connection:
        return {
            mart: Counter(connection.execute(f"FROM load_analysis.{mart}").fetchall())
            for mart in MARTS
        }


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The published directories of two warehouses."""
    directories = []
    for number, history in enumerate(histories()):
        home = tmp_path_factory.mktemp(f"lake-{number}")
        path = built(home / "incorta_loads.duckdb", *history)
        User(home, {}).runs("publish")
        path.unlink()
        directories.append(home / "published")
    return directories


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path, {})


def analyzed(user: User, lakes: list[Path], exit_code: int = 0) -> str:
    options = [word for lake in lakes for word in ("--lake", str(lake))]
    return user.runs("analyze", *options, "--into", "all.duckdb", exit_code=exit_code).stderr


def test_all_cells_are_those_of_one_warehouse(
    user: User, published: list[Path], tmp_path: Path
) -> None:
    """Whatever the names of clusters are."""
    analyzed(user, published)
    whole = built(tmp_path / "whole.duckdb", *added(*histories()))
    found, expected = cells(tmp_path / "all.duckdb"), cells(whole)
    for mart in MARTS:
        assert found[mart] == expected[mart], mart


def test_commands_read_and_publish_the_analysis(user: User, published: list[Path]) -> None:
    """Also those that read nodes, which stay in the lakes."""
    analyzed(user, published)
    user.settings["DESTINATION__DUCKDB__CREDENTIALS"] = str(user.home / "all.duckdb")
    assert "Durations by plan" in user.runs("durations").stdout
    assert user.reads("health")
    assert user.reads("show", "5", "--cluster", "berlin")["type"] == "LOAD_PLAN"
    count = user.runs("sql", "SELECT count(*) AS n FROM nodes", "--format", "csv").stdout
    assert int(count.split()[1]) > 0
    refused = user.runs("sql", "FROM read_csv('/etc/passwd')", exit_code=None)
    assert refused.returncode != 0
    user.runs("publish")
    assert (user.home / "published/report.html").is_file()
    assert not (user.home / "published/lake").exists()


def test_another_analysis_follows_the_lakes(
    user: User, published: list[Path], tmp_path: Path
) -> None:
    """It has the lakes that were named last, and builds only what is due."""
    analyzed(user, published)
    assert "nothing has changed since the last analysis" in analyzed(user, published)
    analyzed(user, published[:1])
    clusters = {row[0] for row in cells(tmp_path / "all.duckdb")["executions"]}
    assert clusters == {"berlin"}


def test_lakes_with_the_same_executions_are_refused(
    user: User, published: list[Path], tmp_path: Path
) -> None:
    """They would be counted twice."""
    copy = tmp_path / "copy"
    shutil.copytree(published[0], copy)
    assert "cluster berlin, tenant looked at, whose executions would be counted twice" in (
        analyzed(user, [*published, copy], exit_code=2)
    )
    assert f"{user.home} has no lake" in analyzed(user, [user.home], exit_code=2)


def test_a_warehouse_is_not_replaced_by_an_analysis_of_lakes(
    user: User, published: list[Path], tmp_path: Path
) -> None:
    """And nothing is loaded into such an analysis."""
    built(tmp_path / "all.duckdb", *looked_at().history)
    assert "has executions of its own and was not changed" in (
        analyzed(user, published, exit_code=1)
    )
    assert "--into needs --lake" in user.runs("analyze", "--into", "x", exit_code=2).stderr
    user.runs("analyze", "--lake", str(published[0]))
    user.settings |= {
        "SOURCES__INCORTA__CLUSTER_URL": "http://127.0.0.1:9/incorta",
        "SOURCES__INCORTA__TENANT": "t",
        "SOURCES__INCORTA__TOKEN": "token-12345",
    }
    assert "is an analysis of lakes, which nothing can be loaded into" in (
        user.runs("ingest", exit_code=1).stderr
    )
