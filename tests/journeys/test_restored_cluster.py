"""A restored cluster: its ids start over, and the history is not overwritten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from incorta_simulator.company.company import Company
from incorta_simulator.server.simulator import Simulator
from journeys.shell import TOKEN, User
from support.webhook import webhook


@pytest.fixture
def restored() -> Iterator[Simulator]:
    """The cluster after its restore: twenty executions, with ids that are already known."""
    with Simulator(Company(executions=20, seed=7), token=TOKEN) as simulator:
        yield simulator


def test_a_restored_cluster_is_reported_everywhere(analyzed: User, restored: Simulator) -> None:
    """`run`, `ingest`, `check`, `coverage`, the report and one notification report it."""
    user = User(analyzed.home, dict(analyzed.settings))
    before = user.queries("SELECT * FROM load_status.nodes ORDER BY ALL")
    highest = max(row["execution_id"] for row in before)
    user.settings["SOURCES__INCORTA__CLUSTER_URL"] = restored.url
    sentence = (
        "The cluster journey, tenant demo, seems to have been restored or migrated: execution "
        f"{highest}, the highest in the warehouse, is no longer there"
    )
    with webhook() as hook:
        user.settings["SOURCES__INCORTA__NOTIFY__URLS"] = hook.url
        assert sentence in user.runs("check", exit_code=3).stdout
        for _ in range(2):
            assert sentence in user.runs("run", exit_code=3).stdout
        assert hook.titles.count("incorta-loads: the ids of a cluster start over") == 1
    requested = [request.execution_id for request in restored.requests]
    assert requested == [highest] * 3
    assert sentence in user.runs("ingest", exit_code=3).stderr
    assert sentence in user.runs("coverage").stdout
    (covered,) = user.reads("coverage")
    assert covered["ids_restarted"] is True
    assert sentence in (user.home / "published" / "report.html").read_text()
    assert user.queries("SELECT * FROM load_status.nodes ORDER BY ALL") == before
    user.settings["SOURCES__INCORTA__CLUSTER"] = "journey-2"
    user.runs("ingest")
    counts = user.queries(
        "SELECT cluster, count(DISTINCT execution_id) AS n FROM load_status.nodes "
        "GROUP BY ALL ORDER BY ALL"
    )
    assert [row["cluster"] for row in counts] == ["journey", "journey-2"]
    assert counts[1]["n"] == 20
