"""Notifications of load plans whose last run was slower than before."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from incorta_loads.alerts.announce import announce_slower
from incorta_loads.alerts.receivers import Receivers
from incorta_loads.warehouse.tables import create_added
from support.webhook import Webhook, webhook

_DURATIONS = """
CREATE SCHEMA load_status;
CREATE SCHEMA load_analysis;
CREATE TABLE load_analysis.coverage (cluster TEXT, tenant TEXT);
CREATE TABLE load_analysis.plan_durations (
    cluster TEXT, tenant TEXT, load_plan TEXT, verdict TEXT, last_execution_id BIGINT,
    last_shortest_seconds DOUBLE, last_longest_seconds DOUBLE, runs BIGINT,
    median_shortest_seconds DOUBLE, median_longest_seconds DOUBLE
);
"""


TOOK = "execution 431 took 72–85 min; the median of 50 runs is 41–52 min"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(_DURATIONS)
        create_added(connection)
        yield connection


def run(warehouse: duckdb.DuckDBPyConnection, urls: list[str], *plans: tuple[str, str]) -> int:
    """A run after which these plans have these verdicts; returns how many it says are slower."""
    warehouse.execute("DELETE FROM load_analysis.plan_durations")
    for plan, verdict in plans:
        warehouse.execute(
            "INSERT INTO load_analysis.plan_durations "
            "VALUES ('c', 't', ?, ?, 431, 4320, 5100, 50, 2460, 3120)",
            [plan, verdict],
        )
    return len(announce_slower(warehouse, Receivers(urls), "run"))


def test_a_plan_that_became_slower_is_one_notification(
    warehouse: duckdb.DuckDBPyConnection, hook: Webhook
) -> None:
    """It says how long the last run took and how long they usually take."""
    assert run(warehouse, [hook.url], ("Finance", "slower"), ("Sales", "as_before")) == 1
    [message] = hook.messages
    [(event,)] = warehouse.execute("SELECT event_id FROM load_status.alerts").fetchall()
    assert message["title"] == "incorta-loads: 1 load plan slower than before"
    assert message["message"].splitlines() == [
        "c, tenant t",
        f"- Finance was slower than 90 % of its runs before: {TOOK}",
        f"Event {event}.",
    ]


def test_a_plan_is_reported_once_until_a_run_is_as_before(
    warehouse: duckdb.DuckDBPyConnection, hook: Webhook
) -> None:
    """A run of which that cannot be told changes nothing."""
    verdicts = ["slower", "slower", "cannot_tell", "slower", "as_before", "as_before", "slower"]
    said = [run(warehouse, [hook.url], ("Finance", verdict)) for verdict in verdicts]
    assert said == [1, 0, 0, 0, 0, 0, 1]
    assert len(hook.messages) == 2


def test_without_receivers_it_is_said_once_too(warehouse: duckdb.DuckDBPyConnection) -> None:
    """By the summary of the run."""
    assert [run(warehouse, [], ("Finance", "slower")) for _ in range(3)] == [1, 0, 0]


def test_a_receiver_that_was_down_gets_it_later(
    warehouse: duckdb.DuckDBPyConnection, hook: Webhook
) -> None:
    """The others do not get it again."""
    with webhook() as down:
        urls = [hook.url, down.url]
        down.status = 503
        run(warehouse, urls, ("Finance", "slower"))
        down.status = 200
        run(warehouse, urls, ("Finance", "slower"))
        run(warehouse, urls, ("Finance", "slower"))
        assert [len(hook.messages), len(down.messages)] == [1, 1]
        assert hook.messages == down.messages


def test_what_nobody_received_is_sent_by_the_next_run(
    warehouse: duckdb.DuckDBPyConnection, hook: Webhook
) -> None:
    """It is not recorded before."""
    hook.status = 500
    assert run(warehouse, [hook.url], ("Finance", "slower")) == 1
    hook.status = 200
    assert run(warehouse, [hook.url], ("Finance", "slower")) == 1
    assert len(hook.messages) == 1


def test_plans_of_several_clusters_name_theirs(
    warehouse: duckdb.DuckDBPyConnection, hook: Webhook
) -> None:
    """Each line does."""
    warehouse.execute(
        "INSERT INTO load_analysis.plan_durations SELECT unnest(['berlin', 'lyon']), 't', 'P', "
        "'slower', 431, 4320, 5100, 50, 2460, 3120"
    )
    announce_slower(warehouse, Receivers([hook.url]), "run")
    [message] = hook.messages
    lines = message["message"].splitlines()
    assert lines[:2] == ["berlin, tenant t", "lyon, tenant t"]
    assert lines[2].startswith("- berlin, tenant t: P was slower")
    assert lines[3].startswith("- lyon, tenant t: P was slower")
